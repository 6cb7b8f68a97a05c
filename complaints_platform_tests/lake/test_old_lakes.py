"""A lake that an earlier release wrote opens, gives the rows that it gave, and goes on growing.

``fixtures/lake-0.1.tar.xz`` was written by release 0.1 (commit 8ede214), in a checkout of it:

    .venv/bin/python …/complaints_platform_tests/lake/fixtures/make_lake.py lake-0.1.tar.xz
"""

import json
import tarfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from complaints_platform.commands.running import Runner
from complaints_platform.freshness.staleness import StalenessWatch
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.data_sets import CATEGORIZED, CLEANED, TABLES
from complaints_platform.operations.maintenance import Maintenance
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings

LAKES = sorted((Path(__file__).parent / "fixtures").glob("*.tar.xz"))
DAY = date(2026, 3, 12)
"""The day that came in many small files."""


class OldLake:
    """A lake of an earlier release, and what that release read out of it."""

    def __init__(self, archive, folder):
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
        self.folder = folder
        self.settings = load_settings(
            profile="test", lake=str(folder / "lake"), landing=str(folder / "landing"), sources=folder / "sources"
        )
        self.lake = Lake(self.settings.lake)
        self.fingerprints = json.loads((folder / "expected" / "fingerprints.json").read_text())

    def expected(self, name):
        return pl.read_parquet(self.folder / "expected" / f"{name}.parquet")

    def raw(self, source):
        days = [self.lake.segments.day(source, day) for day in self.lake.segments.days(source)]
        return pl.concat([self.lake.segments.read(day) for day in days])

    def send(self, name, text):
        (self.folder / "landing" / "texts").mkdir(parents=True, exist_ok=True)
        record = {"body": text, "at": f"{DAY}T09:00:00Z", "who": "+234801"}
        (self.folder / "landing" / "texts" / name).write_text(json.dumps(record))


@pytest.fixture(params=LAKES, ids=lambda path: path.name.removesuffix(".tar.xz"))
def old(request, tmp_path):
    return OldLake(request.param, tmp_path)


def rows(frame, columns):
    return sorted(frame.select(columns).rows(), key=repr)


def test_every_row_is_what_the_release_before_read(old):
    for spec in TABLES:
        name = f"{spec.schema}.{spec.name}"
        if (old.folder / "expected" / f"{name}.parquet").exists():
            expected = old.expected(name)
            assert rows(spec.table(old.lake).scan().collect(), expected.columns) == rows(expected, expected.columns), (
                name
            )
    for source, fingerprints in old.fingerprints.items():
        expected = old.expected(f"raw.{source}")
        assert rows(old.raw(source), expected.columns) == rows(expected, expected.columns), source
        days = [old.lake.segments.day(source, day) for day in old.lake.segments.days(source)]
        assert {str(day.day): day.fingerprint for day in days} == fingerprints, source


def test_it_knows_which_files_it_has_received(old):
    receipts = list(old.lake.receipts.all())
    assert len(receipts) == 38
    (day,) = old.lake.receipts.days()
    assert old.lake.receipts.received_on(day) == receipts
    assert old.lake.receipts.last_received(["forms", "texts"]).keys() == {"forms", "texts"}


def test_it_is_collected_into_maintained_and_updated(old):
    runner, watch = Runner(Platform(old.settings), dg.DagsterInstance.ephemeral()), StalenessWatch()
    Platform(old.settings).stale(watch)
    before = CLEANED.table(old.lake).scan().collect()
    old.send("new.ndjson", "a text that this release has collected")
    runner.collect()
    assert DAY in Platform(old.settings).stale(watch).days["cleaned/complaints"]
    list(runner.update())
    after = CLEANED.table(old.lake).scan().collect()
    assert rows(after.filter(pl.col("complaint_id").is_in(before["complaint_id"].implode())), ["text"]) == rows(
        before, ["text"]
    )
    assert after.height == before.height + 1
    assert CATEGORIZED.table(old.lake).scan().collect().height == after.height
    assert Platform(old.settings).stale().days == {}
    for number in range(40):
        old.send(f"{number}.ndjson", f"text {number}")
    runner.collect()
    raw = rows(old.raw("texts"), pl.all())
    now = max(datetime.now(UTC), *(receipt.received_at for receipt in old.lake.receipts.all()))
    for hours in (0, 2, 72):
        list(Maintenance(old.lake, {}, 7, now + timedelta(hours=hours)).run())
        assert rows(old.raw("texts"), pl.all()) == raw
    assert old.lake.store.names(layout.raw_day("texts", DAY)) == []
    assert [entry for entry in old.lake.store.entries(layout.JOURNAL) if not entry.is_folder] == []
