from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_records import KEY, NOON, raw_records

from complaints_platform.cleaning import DataKey, native_id_keys, prepare
from complaints_platform.cleaning.identity import (
    agent_keys,
    content_keys,
    customer_keys,
    normalize_persons,
    thread_keys,
)
from complaints_platform.errors import SettingsError


def strings(*values):
    return pl.Series(values, dtype=pl.String)


def test_ids_stay_what_they_are_for_as_long_as_a_lake_lives():
    assert native_id_keys("forms", strings("w-1", None)).to_list() == ["0b9b924791cecb686ef153765492998e", None]
    assert customer_keys(strings("@Ada"), KEY)[0] == customer_keys(strings("ada"), KEY)[0]


@settings(deadline=None)
@given(st.tuples(st.text(max_size=5), st.text(max_size=5)), st.tuples(st.text(max_size=5), st.text(max_size=5)))
def test_source_and_id_can_not_run_into_each_other(one, other):
    ids = [native_id_keys(source, strings(value))[0] for source, value in (one, other)]
    assert (ids[0] == ids[1]) == (one == other)


@pytest.mark.parametrize("field", ["source", "customer", "text", "occurred_at"])
def test_content_keys_differ_with_each_thing_that_was_sent(field):
    changed = {"source": "sms", "customer": "ada", "text": "other words", "occurred_at": NOON + timedelta(seconds=1)}
    keys = content_keys(raw_records({}, {field: changed[field]}), KEY)
    assert keys.n_unique() == 2


def test_content_keys_can_not_be_guessed_without_the_key():
    record = raw_records({"customer": "08031234567"})
    assert content_keys(record, KEY)[0] != content_keys(record, DataKey(b"another secret of tests", 7))[0]


def test_an_absent_customer_is_not_an_empty_one():
    assert content_keys(raw_records({"customer": None}, {"customer": ""}, {"customer": "-"}), KEY).n_unique() == 3


@pytest.mark.parametrize(
    ("values", "normal"),
    [
        (["+49 150 1234567", "0049 150 1234567", "49-1501234567", "4915 0123 4567"], "491501234567"),
        (["Ada@Example.COM ", "ada@example.com"], "ada@example.com"),
        (["@Ada_O", "ada_o"], "ada_o"),
        (["0803 123 4567", "+2348031234567", "2348031234567", "+234 803-123-4567"], "2348031234567"),
        (["07972 609 445", "+447972609445"], "447972609445"),
        (["0163 30554650", "+49 163 305 54650"], "4916330554650"),
        (["(912) 555-9725", "912.555.9725", "+1 912 555 9725"], "19125559725"),
        (["030 123-4567", "030 1234567"], "0301234567"),
        (["C-1001 "], "c-1001"),
    ],
)
def test_a_person_has_one_notation(values, normal):
    assert normalize_persons(strings(*values)).to_list() == [normal] * len(values)


def test_blank_and_missing_people_are_nobody():
    assert customer_keys(strings(None, "", "  ", "@"), KEY).to_list() == [None] * 4


def test_customers_agents_and_threads_never_share_a_hash():
    name = strings("ada")
    keys = {
        customer_keys(name, KEY)[0],
        agent_keys(name, KEY)[0],
        thread_keys("a", name, KEY)[0],
        thread_keys("b", name, KEY)[0],
    }
    assert len(keys) == 4


def test_hashes_change_with_the_key():
    other = DataKey(b"another secret of tests", 8)
    assert customer_keys(strings("ada"), KEY)[0] != customer_keys(strings("ada"), other)[0]


def test_a_long_secret_is_used_whole():
    long = b"x" * 100
    assert customer_keys(strings("a"), DataKey(long, 1))[0] != customer_keys(strings("a"), DataKey(long + b"y", 1))[0]


@pytest.mark.parametrize(("secret", "version"), [(b"short", 1), (b"x" * 32, 0)])
def test_a_weak_key_is_refused(secret, version):
    with pytest.raises(SettingsError):
        DataKey(secret, version)


def test_a_key_does_not_show_its_secret():
    assert "secret" not in repr(KEY)
    assert "secret" not in str(KEY)


def test_nothing_personal_leaves_prepare():
    record = {
        "customer": "ada@example.com",
        "agent": "Agent Smith",
        "thread": "case 77 Ada",
        "raw_record": "ada@example.com",
    }
    prepared = prepare(raw_records(record | {"text": "mail ada@example.com"}), KEY)
    everything = str(prepared.to_dicts())
    assert "ada" not in everything.lower()
    assert "smith" not in everything.lower()
    assert prepared["key_version"].to_list() == [7]


def test_short_fields_are_tidied():
    prepared = prepare(
        raw_records(
            {"region": " lagos  state ", "product": " Fibre\tXL ", "status": "OPEN ", "language": "EN"},
            {"region": "NEW YORK", "product": "", "status": None, "language": None},
            {"region": "NY"},
            {"region": "King's Lynn"},
            {"region": "SÃ£o Paulo"},
        ),
        KEY,
    )
    assert prepared["region"].to_list() == ["Lagos", "New York", "New York", "King's Lynn", "São Paulo"]
    assert prepared["product"].to_list()[:2] == ["Fibre XL", None]
    assert prepared["status"].to_list()[:2] == ["open", None]
    assert prepared["language"].to_list()[:2] == ["en", "en"]
