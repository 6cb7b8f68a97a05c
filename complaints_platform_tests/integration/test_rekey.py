"""The data key leaks: everything hashed is hashed anew, corrections follow, and no old hash is left."""

import polars as pl
import pytest

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.cleaning import DataKey
from complaints_platform.commands.running import Runner
from complaints_platform.instance.local import local_instance
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, CLEANED
from complaints_platform.learning.corrections import import_corrections
from complaints_platform.lifecycle import rekey
from complaints_platform.platform import Platform
from complaints_platform.sources.contract import CUSTOMERS
from complaints_platform_tests.contracts import OWNER, write_contract

SHARED = {"description": "A test source.", "owner": OWNER, "cadence": "daily", "format": {"type": "csv"}}
CALLS = {**SHARED, "channel": "call", "fields": {"text": "what", "occurred_at": "at", "customer": "who", "agent": "by"}}
CRM = {**SHARED, "fields": {"customer": "account", "identifiers": ["phone"], "valid_from": "since"}}
LINES = [
    "what,at,who,by",
    "no signal in our street,2026-03-10T08:00:00,08031234567,smith",
    "the bill is wrong again,2026-03-10T09:00:00,08031234567,smith",
    "the bill is wrong again,2026-03-11T10:00:00,ada@example.com,jones",
]
NEW = {"data_key": "another secret that nobody has leaked so far", "data_key_version": 2}


@pytest.fixture
def world(make_settings, tmp_path):
    """Settings over a lake with three calls, of which a person corrected one."""
    write_contract(tmp_path / "sources", "calls", CALLS)
    write_contract(tmp_path / "sources", "crm", CRM, CUSTOMERS)
    for name, text in {"calls": "\n".join(LINES), "crm": "account,phone,since\nA7,08031234567,2026-01-01"}.items():
        (tmp_path / "landing" / name).mkdir(parents=True)
        (tmp_path / "landing" / name / f"{name}.csv").write_text(text)
    settings = make_settings(sources=tmp_path / "sources")
    with local_instance() as instance:
        runner = Runner(Platform(settings), instance)
        runner.collect()
        list(runner.update())
        corrected = rows(settings, CATEGORIZED)[1]["complaint_id"]
        (tmp_path / "corrections.csv").write_text(f"complaint_id,category\n{corrected},privacy_security\n")
        import_corrections(Lake(settings.lake), load_taxonomy(None), tmp_path / "corrections.csv", "a reviewer")
        list(runner.update())

    def with_key(**changes):
        return make_settings(sources=tmp_path / "sources", **changes)

    return with_key


def rows(settings, spec):
    table = spec.table(Lake(settings.lake))
    return [row for day in table.read_days(sorted(table.row_counts())) for row in day.frame.to_dicts()]


def hashes(settings):
    names = ("complaint_id", "customer_key", "account_key", "agent_key")
    return {row[name] for row in rows(settings, CLEANED) for name in names if row[name]}


def everything_stored(lake):
    """All strings in all Parquet files from ``cleaned`` on, live or not, and in reference data."""
    found = set()
    for folder in ("tables", "reference"):
        for entry in lake.store.entries(folder):
            if entry.key.endswith(".parquet") and "_delta_log" not in entry.key:
                with lake.store.open(entry.key) as file:
                    frame = pl.read_parquet(file)
                for column in frame.select(pl.col(pl.String)).iter_columns():
                    found.update(column.drop_nulls().to_list())
    return found


def test_after_rekeying_no_old_hash_is_left_and_corrections_stay_with_their_complaints(world):
    before = world()
    old, lake = hashes(before), Lake(before.lake)
    assert old <= everything_stored(lake)
    assert rows(before, CATEGORIZED)[1]["category_source"] == "person"
    after = world(**NEW)
    with local_instance() as instance:
        steps = list(Runner(Platform(after), instance).rekey())
        assert list(Runner(Platform(after), instance).update()) == []
    assert "1 corrections carried over to new complaint ids" in steps
    assert not old & hashes(after)
    assert not old & everything_stored(lake)
    assert not lake.keys.has_places(2)
    assert {row["key_version"] for row in rows(after, CLEANED)} == {2}
    (wrong_bill,) = [row for row in rows(after, CATEGORIZED) if row["category_source"] == "person"]
    assert (wrong_bill["text"], wrong_bill["category"]) == ("the bill is wrong again", "privacy_security")
    assert wrong_bill["day"].isoformat() == "2026-03-10"
    assert len({row["account_key"] for row in rows(after, CLEANED)} - {None}) == 1


@pytest.mark.drill
def test_an_interrupted_rekeying_goes_on_where_it_was(world):
    after = world(**NEW)
    lake = Lake(after.lake)
    key = DataKey(after.data_key.get_secret_value().encode(), after.data_key_version)
    assert rekey.begin(lake, key)
    with local_instance() as instance:
        runner = Runner(Platform(after), instance)
        list(runner.update())
        assert rekey.carry_corrections_over(lake, key) == 1
        steps = list(runner.rekey())
        assert "0 corrections carried over to new complaint ids" in steps
        assert list(runner.update()) == []
    assert [row["category_source"] for row in rows(after, CATEGORIZED)].count("person") == 1
