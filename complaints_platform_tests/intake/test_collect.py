from datetime import UTC, date, datetime
from io import BytesIO

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.errors import LakeError
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.files import Status, collect_all
from complaints_platform.intake.landing import Landing, StoredFile, files_at
from complaints_platform.lake import Lake
from complaints_platform.lake.store import LocalStore
from complaints_platform.sources.contract import SourceContract

FIRST_DAY = date(2010, 1, 1)
HEADER = "id,at,changed,who,what\n"


def contract(**changes):
    attributes = {
        "description": "A test source.",
        "owner": "team:tests",
        "cadence": "daily",
        "channel": "web_form",
        "format": {"type": "csv"},
        "fields": {"source_id": "id", "text": "what", "occurred_at": "at", "updated_at": "changed", "customer": "who"},
    }
    return SourceContract.model_validate({**attributes, **changes})


class Clock:
    """A time that moves on by a second whenever it is asked."""

    def __init__(self):
        self.seconds = 0

    def __call__(self):
        self.seconds += 1
        return datetime.fromtimestamp(1_790_000_000 + self.seconds, UTC)


class Source:
    """One source over a lake, fed with CSV lines."""

    def __init__(self, folder, **changes):
        self.folder = folder
        self.lake = Lake(str(folder / "lake"))
        self.collector = Collector(self.lake, "forms", contract(**changes), FIRST_DAY, Clock())

    def drop(self, name, *lines, header=HEADER):
        store = LocalStore(self.folder / "landing")
        store.put(name, (header + "".join(f"{line}\n" for line in lines)).encode())
        (done,) = self.collector.collect([StoredFile(store, name, name)])
        return done

    def day(self, day):
        return self.lake.segments.day("forms", day)

    def texts(self, day):
        return sorted(self.lake.segments.read(self.day(day))["text"])

    def elsewhere(self, day):
        return self.day(day).elsewhere["source_id"].to_list()


@pytest.fixture
def source(tmp_path):
    return Source(tmp_path)


A, B = date(2026, 3, 10), date(2026, 3, 11)


def test_a_file_becomes_original_segments_quarantine_and_receipt(source):
    done = source.drop(
        "a.csv",
        "1,2026-03-10 08:00,,ann,no signal",
        "2,2026-03-11 09:00,,bob,too dear",
        "3,soon,,cat,slow",
        "4,2026-03-11 10:00,,dan,",
    )
    receipt = done.receipt
    assert done.status is Status.COLLECTED
    assert done.days == {A, B}
    assert (receipt.received, receipt.quarantined, receipt.filtered, receipt.days) == (
        4,
        2,
        0,
        {"2026-03-10": 1, "2026-03-11": 1},
    )
    assert source.texts(A) == ["no signal"]
    assert source.texts(B) == ["too dear"]
    assert sorted(source.lake.quarantine.read(receipt)["reason"]) == ["missing_text", "unreadable_time"]
    with source.lake.originals.open(receipt.sha256) as original:
        assert original.read() == (source.folder / "landing" / "a.csv").read_bytes()


def test_the_same_file_twice_is_a_no_op_that_says_so(source):
    line = "1,2026-03-10 08:00,,ann,no signal"
    source.drop("a.csv", line)
    before = {entry.key: entry.modified for entry in source.lake.store.entries(".") if not entry.is_folder}
    again = source.drop("renamed.csv", line)
    assert again.status is Status.ALREADY
    assert "already collected as a.csv" in again.describe()
    assert again.days == frozenset()
    assert {entry.key: entry.modified for entry in source.lake.store.entries(".") if not entry.is_folder} == before


def test_a_changed_contract_reads_the_file_again_and_the_old_segments_die(source):
    source.drop("a.csv", "1,2026-03-10 23:30,,ann,no signal")
    berlin = Source(source.folder, times={"zone": "America/New_York"})
    again = berlin.drop("a.csv", "1,2026-03-10 23:30,,ann,no signal")
    assert again.status is Status.READ_AGAIN
    assert again.days == {A, B}
    assert berlin.texts(A) == []
    assert berlin.texts(B) == ["no signal"]
    assert again.receipt.received_at == datetime.fromtimestamp(1_790_000_001, UTC)


def test_a_record_that_moved_to_another_day_is_noted_on_both(source):
    source.drop("a.csv", "1,2026-03-10 08:00,2026-03-10 08:00,ann,no signal")
    before = source.day(A).fingerprint
    moved = source.drop("b.csv", "1,2026-03-11 08:00,2026-03-12 08:00,ann,no signal")
    assert moved.days == {A, B}
    assert source.elsewhere(A) == ["1"]
    assert source.elsewhere(B) == ["1"]
    assert source.day(A).fingerprint != before


def test_versions_meet_in_whatever_order_they_arrive(tmp_path):
    lines = {
        "a.csv": "1,2026-03-10 08:00,2026-03-10 08:00,ann,old",
        "b.csv": "1,2026-03-11 08:00,2026-03-12 08:00,ann,new",
    }
    for number, order in enumerate((["a.csv", "b.csv"], ["b.csv", "a.csv"])):
        source = Source(tmp_path / str(number))
        for name in order:
            source.drop(name, lines[name])
        newest = source.day(A).elsewhere.row(0, named=True)
        assert newest["updated_at"] == datetime(2026, 3, 12, 8, tzinfo=UTC)
        oldest = source.day(B).elsewhere.row(0, named=True)
        assert oldest["updated_at"] == datetime(2026, 3, 10, 8, tzinfo=UTC)


def test_a_note_counts_only_once_its_file_is_committed(source, monkeypatch):
    source.drop("a.csv", "1,2026-03-10 08:00,2026-03-10 08:00,ann,no signal")
    before = source.day(A).fingerprint
    monkeypatch.setattr(type(source.lake.receipts), "commit", lambda *_: (_ for _ in ()).throw(LakeError("killed")))
    with pytest.raises(LakeError, match="killed"):
        source.drop("b.csv", "1,2026-03-11 08:00,2026-03-12 08:00,ann,no signal")
    assert source.elsewhere(A) == []
    assert source.texts(B) == []
    assert source.day(A).fingerprint == before
    monkeypatch.undo()
    source.drop("b.csv", "1,2026-03-11 08:00,2026-03-12 08:00,ann,no signal")
    assert source.elsewhere(A) == ["1"]
    assert source.texts(B) == ["no signal"]


def test_a_record_corrected_back_leaves_no_stale_note(source):
    """A contract that moves a file's records to another day must not leave the old day superseding."""
    source.drop("a.csv", "1,2026-03-10 23:30,2026-03-10 23:30,ann,no signal")
    moved = Source(source.folder, times={"zone": "America/New_York"})
    moved.drop("a.csv", "1,2026-03-10 23:30,2026-03-10 23:30,ann,no signal")
    assert moved.texts(B) == ["no signal"]
    assert moved.elsewhere(B) == []


def test_records_of_withdrawn_contracts_filtered_by_the_contract_are_counted(tmp_path):
    source = Source(tmp_path, keep={"field": "who", "values": ["ann"]})
    done = source.drop("a.csv", "1,2026-03-10 08:00,,ann,no signal", "2,2026-03-10 08:00,,agent,we are sorry")
    assert (done.receipt.received, done.receipt.filtered, done.receipt.days) == (2, 1, {"2026-03-10": 1})


def test_a_folder_named_like_a_file_is_quarantined(source, tmp_path):
    (tmp_path / "landing" / "x.csv").mkdir(parents=True)
    (file,) = files_at([tmp_path / "landing" / "x.csv"])
    (done,) = source.collector.collect([file])
    (row,) = source.lake.quarantine.read(done.receipt).to_dicts()
    assert (row["reason"], row["record_number"]) == ("unreadable_file", 0)
    assert "is a folder" in row["detail"]
    assert done.receipt.received == done.receipt.quarantined == 1


def test_a_file_that_grows_while_it_is_read_is_left_alone(source):
    class Growing:
        name = "growing.csv"
        is_folder = False
        reads = 0

        def open(self):
            return BytesIO((HEADER + "1,2026-03-10 08:00,,ann,no signal\n").encode())

        def state(self):
            self.reads += 1
            return (self.reads, 0.0)

    (done,) = source.collector.collect([Growing()])
    assert done.status is Status.GROWING
    assert source.day(A).segments == ()


def test_one_unreadable_file_does_not_stop_the_others(source, tmp_path):
    store = LocalStore(tmp_path / "landing")
    store.put("good.csv", (HEADER + "1,2026-03-10 08:00,,ann,no signal\n").encode())
    jobs = [(source.collector, StoredFile(store, name, name)) for name in ("missing.csv", "good.csv")]
    missing, good = (done for _, done in collect_all(jobs, 2))
    assert missing.status is Status.FAILED
    assert "missing.csv" in missing.error
    assert good.status is Status.COLLECTED


def test_two_copies_collected_at_once_count_once(source, tmp_path):
    store = LocalStore(tmp_path / "landing")
    for name in ("a.csv", "b.csv"):
        store.put(name, (HEADER + "1,2026-03-10 08:00,,ann,no signal\n").encode())
    first, second = source.collector.collect([StoredFile(store, name, name) for name in ("a.csv", "b.csv")], workers=2)
    assert (first.status, second.status) == (Status.COLLECTED, Status.ALREADY)
    assert second.receipt == first.receipt
    assert source.texts(A) == ["no signal"]


def test_files_collected_at_once_see_each_other(source, tmp_path):
    store = LocalStore(tmp_path / "landing")
    store.put("a.csv", (HEADER + "1,2026-03-10 08:00,2026-03-10 08:00,ann,old\n").encode())
    store.put("b.csv", (HEADER + "1,2026-03-11 08:00,2026-03-12 08:00,ann,new\n").encode())
    source.collector.collect([StoredFile(store, name, name) for name in ("a.csv", "b.csv")], workers=2)
    assert source.elsewhere(A) == ["1"]
    assert source.elsewhere(B) == ["1"]


def test_the_landing_leaves_hidden_and_unfinished_files_alone(tmp_path):
    store = LocalStore(tmp_path)
    for name in ("a.csv", ".hidden.csv", "b.csv.tmp", "c.csv.part", "sub/d.csv", ".git/e.csv", "ne\nw #%.csv"):
        store.put(f"forms/{name}", b"x")
    (tmp_path / "forms" / "folder.csv").mkdir()
    files = Landing(str(tmp_path)).files("forms")
    assert [(file.name, file.is_folder) for file in files] == [
        ("a.csv", False),
        ("folder.csv", True),
        ("ne\nw #%.csv", False),
        ("sub/d.csv", False),
    ]


RECORDS = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", ""]),
        st.sampled_from(["2026-03-10 08:00", "2026-03-11 09:00", "2026-03-12 10:00", "bad"]),
        st.sampled_from(["2026-03-13 08:00", "2026-03-14 08:00", ""]),
        st.sampled_from(["ann", ""]),
        st.sampled_from(["no signal", "too dear", ""]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=20, deadline=None)
@given(records=RECORDS, cut=st.integers(min_value=0, max_value=12))
def test_nothing_is_lost_whatever_files_the_records_come_in(tmp_path_factory, records, cut):
    source = Source(tmp_path_factory.mktemp("lake"))
    parts = [part for part in (records[:cut], records[cut:]) if part]
    receipts = {}
    for number, part in enumerate(parts):
        done = source.drop(f"{number}.csv", *(",".join(record) for record in part))
        receipts[done.receipt.sha256] = done.receipt
    for receipt in receipts.values():
        assert receipt.received == sum(receipt.days.values()) + receipt.filtered + receipt.quarantined
    assert sum(receipt.received for receipt in receipts.values()) == sum(
        len(part) for part in {tuple(part) for part in parts}
    )
    stored = pl.concat(
        [source.lake.segments.read(source.day(day)) for day in source.lake.segments.days("forms")] or [pl.DataFrame()]
    )
    assert stored.height == sum(sum(receipt.days.values()) for receipt in receipts.values())
