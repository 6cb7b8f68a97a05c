"""What a company or a sender's bad habits add: account numbers of its own, times in the wrong order."""

from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.cleaning import Rules, clean_texts, prepare
from complaints_platform_tests.cleaning.raw_records import KEY, NOON, raw_records

ACCOUNT = r"\b(?:AC|CUST)-?[0-9]{6,8}\b"


def test_account_numbers_of_the_company_are_redacted_in_its_own_source_only():
    frame = raw_records(
        {"text": "please credit AC-1234567 today", "source": "forms"},
        {"text": "please credit AC-1234567 today", "source": "other"},
    )
    texts = prepare(frame, KEY, Rules(account_patterns={"forms": ACCOUNT}))["text"].to_list()
    assert texts == ["please credit <ACCOUNT> today", "please credit AC-1234567 today"]


@given(st.lists(st.sampled_from(["AC-1234567", "CUST12345678", "AC123", "my bill", "<ACCOUNT>", "08031234567"])))
def test_cleaning_the_cleaned_changes_nothing(parts):
    once = clean_texts(pl.Series([" ".join(parts)]), ACCOUNT)
    assert clean_texts(once, ACCOUNT).to_list() == once.to_list()


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("answered", "resolved", "sent_flags", "flags"),
    [
        (HOUR, 2 * HOUR, None, None),
        (timedelta(0), timedelta(0), None, None),
        (-HOUR, 2 * HOUR, None, "first_response_at before occurred_at"),
        (HOUR, -HOUR, None, "resolved_at before occurred_at"),
        (-HOUR, -HOUR, None, "first_response_at before occurred_at; resolved_at before occurred_at"),
        (None, -HOUR, "updated_at unreadable", "updated_at unreadable; resolved_at before occurred_at"),
        (None, None, "updated_at unreadable", "updated_at unreadable"),
    ],
)
def test_answers_before_the_complaint_are_flagged_and_not_used(answered, resolved, sent_flags, flags):
    record = {
        "first_response_at": None if answered is None else NOON + answered,
        "resolved_at": None if resolved is None else NOON + resolved,
        "time_flags": sent_flags,
    }
    row = prepare(raw_records(record), KEY).to_dicts()[0]
    assert row["time_flags"] == flags
    used = [row[name] for name in ("first_response_at", "resolved_at") if row[name] is not None]
    assert all(time >= NOON for time in used)
    assert len(used) == sum(step is not None and step >= timedelta(0) for step in (answered, resolved))


def test_tokens_in_short_fields_keep_their_form_when_cleaned_again():
    sent = {
        "region": "08031234567",
        "status": "CALL 08031234567",
        "language": "ada@example.com",
        "product": "IP 10.1.2.3",
    }
    once = prepare(raw_records(sent), KEY)
    expected = {"region": "<PHONE>", "status": "call <PHONE>", "language": "<EMAIL>", "product": "IP <IP>"}
    assert once.select(expected.keys()).to_dicts() == [expected]
    again = prepare(raw_records(once.select(expected.keys()).to_dicts()[0]), KEY)
    assert again.select(expected.keys()).to_dicts() == [expected]
