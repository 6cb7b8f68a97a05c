"""Reference data: who the customers are, hashed at the door, and joined to complaints by what held at the time."""

import json
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import polars as pl
import pytest

from complaints_platform.cleaning import DataKey
from complaints_platform.cleaning.identity import customer_keys
from complaints_platform.cleaning.regions import load_regions
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.customers import CustomersCollector
from complaints_platform.intake.landing import files_at
from complaints_platform.lake import Lake
from complaints_platform.platform import Platform
from complaints_platform.settings import DEVELOPMENT_DATA_KEY
from complaints_platform.sources.contract import CustomersContract, SourceContract
from complaints_platform_tests.contracts import OWNER, write_contract

KEY = DataKey(DEVELOPMENT_DATA_KEY.encode(), 1)
SHARED = {"description": "A test source.", "owner": OWNER, "cadence": "daily", "format": {"type": "csv"}}
FIELDS = {
    "customer": "account",
    "identifiers": ["phone", "mail"],
    "region": "state",
    "segment": "kind",
    "product": "plan",
}
SNAPSHOT = {**SHARED, "fields": FIELDS}
CHANGES = {**SHARED, "fields": {**FIELDS, "valid_from": "since"}}
COMPLAINTS = {
    **SHARED,
    "channel": "web_form",
    "fields": {"source_id": "id", "text": "what", "occurred_at": "at", "customer": "who", "region": "where"},
}
HEADER = "account,phone,mail,state,kind,plan,since"
ADA = "A1,+2348031234567,ada@example.com,lagos state,business,Fibre,2026-01-01"


class World:
    """A lake with one source of customers and one of complaints."""

    def __init__(self, folder, contract):
        self.folder = folder
        self.lake = Lake(str(folder / "lake"))
        self.now = datetime(2026, 1, 1, 8, tzinfo=UTC)
        self.contract = contract
        write_contract(folder / "sources", "forms", COMPLAINTS)

    def customers(self, key=KEY, contract=None):
        return CustomersCollector(
            self.lake,
            "crm",
            CustomersContract.model_validate(contract or self.contract),
            key,
            load_regions(),
            lambda: self.now,
        )

    def collect(self, collector, name, *lines):
        path = self.folder / name
        path.write_text("\n".join(lines))
        (done,) = collector.collect(list(files_at([path])))
        return done

    def know(self, *lines, day=None, name=None):
        self.now = self.now + timedelta(hours=1) if day is None else datetime.combine(day, datetime.min.time(), UTC)
        return self.collect(self.customers(), name or f"crm-{self.now:%Y%m%d%H}.csv", HEADER, *lines)

    def complain(self, *lines):
        contract = SourceContract.model_validate(COMPLAINTS)
        collector = Collector(self.lake, "forms", contract, date(2010, 1, 1), lambda: datetime(2026, 12, 1, tzinfo=UTC))
        return self.collect(collector, "forms.csv", "id,what,at,who,where", *lines)

    def recipe(self, make_settings):
        return Platform(make_settings(sources=self.folder / "sources", lake=str(self.folder / "lake"))).cleaned_recipe()

    def cleaned(self, make_settings, *days):
        return {day.day: day for day in self.recipe(make_settings).frames(list(days))}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path, CHANGES)


def key_of(name):
    return customer_keys(pl.Series([name]), KEY).item()


MARCH = date(2026, 3, 10)


def test_a_customer_is_known_under_every_name_and_fills_what_the_sender_left_out(world, make_settings):
    world.know(ADA)
    world.complain(
        "1,no signal,2026-03-10T08:00:00,0803 123 4567,",
        "2,no signal,2026-03-10T09:00:00,Ada@Example.com,Kano",
        "3,no signal,2026-03-10T10:00:00,a1,",
        "4,no signal,2026-03-10T11:00:00,someone@example.com,",
        "5,no signal,2026-03-10T12:00:00,,",
    )
    frame = world.cleaned(make_settings, MARCH)[MARCH].frame.sort("source_id")
    assert frame["account_key"].to_list() == [key_of("A1")] * 3 + [None] * 2
    assert frame["region"].to_list() == ["Lagos", "Kano", "Lagos", None, None]
    assert frame["segment"].to_list() == ["business"] * 3 + [None] * 2
    assert frame["product"].to_list() == ["Fibre"] * 3 + [None] * 2
    assert frame["customer_key"].n_unique() == 5, "names stay apart; only the account joins them"


def known(world, name, *days):
    persons = pl.Series([key_of(name)])
    rows = world.lake.reference.known(world.lake.reference.files(), persons)
    from complaints_platform.cleaning.customers import as_of

    return as_of(pl.DataFrame({"person_key": [persons.item()] * len(days), "day": list(days)}), rows)


def test_what_held_at_the_time_counts(world):
    world.know(ADA, "A2,+2348031234567,,Kano,consumer,Fibre,2026-03-01")
    state = known(world, "+2348031234567", date(2025, 12, 31), date(2026, 1, 1), date(2026, 2, 28), date(2026, 3, 1))
    assert state["region"].to_list() == [None, "Lagos", "Lagos", "Kano"]
    assert state["account_key"].to_list() == [None, key_of("A1"), key_of("A1"), key_of("A2")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_dated_changes_may_come_in_any_order(tmp_path, order):
    world = World(tmp_path, CHANGES)
    rows = [
        ADA,
        ADA.replace("lagos state", "Kano").replace("2026-01-01", "2026-02-01"),
        ADA.replace("2026-01-01", "2026-03-01"),
    ]
    for number in order:
        world.know(rows[number])
    state = known(world, "a1", date(2026, 1, 15), date(2026, 2, 15), date(2026, 3, 15))
    assert state["region"].to_list() == ["Lagos", "Kano", "Lagos"]


def test_a_snapshot_adds_only_what_changed(tmp_path):
    world = World(tmp_path, SNAPSHOT)
    world.know(ADA, "B1,,b@example.com,Kano,consumer,Fibre,", day=date(2026, 1, 1))
    world.know(
        ADA.replace("lagos state", "Rivers"), "B1,,b@example.com,Kano,consumer,Fibre,", "C1,,,,,,", day=date(2026, 2, 1)
    )
    world.know(
        ADA.replace("lagos state", "Rivers"),
        "B1,,b@example.com,Kano,consumer,Fibre,",
        "C1,,,,,, ",
        day=date(2026, 3, 1),
    )
    files = world.lake.reference.files()
    assert [file.valid_from for file in files] == [date(2026, 1, 1), date(2026, 2, 1)], "the third changed nothing"
    assert known(world, "a1", date(2026, 1, 31), date(2026, 2, 1))["region"].to_list() == ["Lagos", "Rivers"]
    everyone = world.lake.reference.known(
        files, pl.Series(map(key_of, ["a1", "b1", "c1", "ada@example.com", "b@example.com"]))
    )
    assert everyone.height == 3 + 2 + 2 - 1 + 1  # Ada has three names, of which the third is a phone not asked for


def test_receipts_reconcile_and_bad_records_are_set_aside(world):
    done = world.know(ADA, ",,nobody@example.com,,,,2026-01-01", "B1,,,,,,soon", "C1,,,,,,")
    receipt = done.receipt
    assert (receipt.received, receipt.filtered, receipt.quarantined, receipt.days) == (4, 1, 3, {})
    reasons = world.lake.quarantine.read(receipt)
    assert reasons["reason"].to_list() == ["missing_customer", "unreadable_time", "missing_time"]
    assert reasons["record_number"].to_list() == [2, 3, 4]


def test_the_same_file_again_is_a_no_op_and_a_broken_one_is_set_aside(world):
    world.know(ADA, name="crm.csv")
    again = world.know(ADA, name="again.csv")
    assert again.status == "already collected"
    broken = world.collect(world.customers(), "broken.csv", "nothing,here", "1,2")
    assert world.lake.quarantine.read(broken.receipt)["reason"].to_list() == ["missing_column"]
    assert len(world.lake.reference.files()) == 1


def test_nothing_personal_is_stored_beside_the_original(world):
    world.know(ADA)
    entries = [entry for entry in world.lake.store.entries("reference") if not entry.is_folder]
    assert entries
    for entry in entries:
        with world.lake.store.open(entry.key) as file:
            text = json.dumps(pl.read_parquet(file).to_dicts(), default=str).lower()
        assert not [word for word in ("ada", "803123", 'a1"') if word in text]


def test_days_before_anything_holds_stay_as_they_are(world, make_settings):
    world.complain("1,no signal,2026-03-10T08:00:00,a1,", "2,no signal,2026-05-10T08:00:00,a1,")
    days = [MARCH, date(2026, 5, 10)]
    before = {day: made.fingerprint for day, made in world.cleaned(make_settings, *days).items()}
    world.know(ADA.replace("2026-01-01", "2026-04-01"))
    after = {day: made.fingerprint for day, made in world.cleaned(make_settings, *days).items()}
    assert before[MARCH] == after[MARCH]
    assert before[days[1]] != after[days[1]]


def test_another_data_key_reads_all_files_again(world):
    world.know(ADA)
    other = DataKey(b"another secret, of tests as well", 2)
    (done,) = world.customers(other).refresh()
    assert done.status == "read again"
    (file,) = world.lake.reference.files()
    person = customer_keys(pl.Series(["ada@example.com"]), other)
    assert world.lake.reference.known([file], person).height == 1
    assert world.lake.reference.known([file], pl.Series([key_of("ada@example.com")])).is_empty()
    assert world.customers(other).refresh() == []
