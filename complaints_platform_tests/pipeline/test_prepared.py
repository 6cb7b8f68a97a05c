"""A growing day: what was prepared of it is kept, merged, and never changes what comes out."""

import random
from datetime import date, timedelta

import pytest

from complaints_platform.intake.collect import Collector
from complaints_platform.intake.landing import files_at
from complaints_platform.lake import Lake
from complaints_platform.lake.bundles import Bundles
from complaints_platform.pipeline import prepared
from complaints_platform.platform import Platform
from complaints_platform.sources.contract import SourceContract
from complaints_platform_tests.contracts import OWNER, write_contract

FORMS = {
    "description": "A test source.",
    "owner": OWNER,
    "cadence": "stream",
    "channel": "web_form",
    "format": {"type": "csv"},
    "fields": {"text": "what", "occurred_at": "at", "customer": "who"},
}
DAY = date(2026, 3, 10)


class Growing:
    """A day to which a file of a few complaints is added again and again."""

    def __init__(self, folder, make_settings):
        write_contract(folder / "sources", "forms", FORMS)
        self.folder = folder
        self.settings = make_settings(sources=folder / "sources", workers=1)
        self.lake = Lake(self.settings.lake)
        self.files = 0

    def collector(self, **changes):
        return Collector(self.lake, "forms", SourceContract.model_validate({**FORMS, **changes}), date(2010, 1, 1))

    def grow(self, count=1, day=DAY):
        paths = []
        for _ in range(count):
            self.files += 1
            path = self.folder / f"{self.files:04}.csv"
            hour, minute = divmod(self.files, 60)
            time = f"{day.isoformat()}T{hour:02}:{minute:02}:00"
            first = f"no signal at number {self.files} in our street,{time},{self.files % 3}"
            path.write_text(f"what,at,who\n{first}\nthe bill,{time},1")
            paths.append(path)
        self.collector().collect(list(files_at(paths)))

    def recipe(self):
        return Platform(self.settings).cleaned_recipe()

    def clean(self, day=DAY):
        (made,) = self.recipe().frames([day])
        return made

    def bundles(self):
        return [entry for entry in self.lake.store.entries("prepared") if entry.key.endswith(".parquet")]


@pytest.fixture
def growing(tmp_path, make_settings):
    return Growing(tmp_path, make_settings)


def without_bundles(growing, monkeypatch, day=DAY):
    with monkeypatch.context() as patch:
        patch.setattr(prepared, "MANY_SEGMENTS", 10**9)
        return growing.clean(day)


def test_a_day_made_piece_by_piece_is_the_day_made_at_once(growing, monkeypatch):
    chance = random.Random(5)  # noqa: S311 - reproducible, nothing secret
    monkeypatch.setattr(prepared, "MANY_SEGMENTS", 3)
    for step in range(12):
        growing.grow(chance.randrange(1, 5))
        if step == 7:
            growing.collector(times={"zone": "Africa/Lagos", "formats": ["iso8601"]}).read_again(
                list(growing.lake.receipts.all())[:3]
            )
        made, at_once = growing.clean(), without_bundles(growing, monkeypatch)
        assert made.frame.equals(at_once.frame), f"step {step}"
        assert made.fingerprint == at_once.fingerprint


def test_only_new_segments_are_prepared(growing, monkeypatch):
    monkeypatch.setattr(prepared, "MANY_SEGMENTS", 3)
    growing.grow(10)
    growing.clean()
    rows = []
    real = prepared.PreparedDays._prepared

    def counted(self, segments):
        frame = real(self, segments)
        rows.append(frame.height)
        return frame

    monkeypatch.setattr(prepared.PreparedDays, "_prepared", counted)
    growing.grow(2)
    growing.clean()
    assert rows == [0, 4], "nothing of the day before, two records of each new file"


def test_bundles_stay_few_and_rows_are_written_few_times(growing, monkeypatch):
    monkeypatch.setattr(prepared, "MANY_SEGMENTS", 1)
    written = []
    real = Bundles.write

    def counted(self, members, frame, now):
        written.append(frame.height)
        return real(self, members, frame, now)

    monkeypatch.setattr(Bundles, "write", counted)
    for _ in range(60):
        growing.grow()
        growing.clean()
        assert len(growing.bundles()) <= prepared.MOST_BUNDLES
    assert sum(written) <= 120 * 8


def test_a_bundle_that_is_gone_or_half_there_is_prepared_again(growing, monkeypatch):
    monkeypatch.setattr(prepared, "MANY_SEGMENTS", 3)
    growing.grow(6)
    expected = growing.clean().frame
    for entry in growing.bundles():
        growing.lake.store.delete(entry.key)
    assert growing.clean().frame.equals(expected)


@pytest.mark.parametrize(
    "description", [b"{", b'{"members": ["forms/1"], "rows": 2}'], ids=["damaged", "of release 0.1"]
)
def test_what_cannot_be_read_is_deleted_and_prepared_again(growing, monkeypatch, description):
    monkeypatch.setattr(prepared, "MANY_SEGMENTS", 3)
    growing.grow(6)
    expected = growing.clean().frame
    (rows,) = growing.bundles()
    growing.lake.store.put(rows.key.replace(".parquet", ".json"), description)
    assert growing.clean().frame.equals(expected)
    assert len(growing.bundles()) == 1


def test_days_of_few_segments_keep_nothing(growing):
    growing.grow(prepared.MANY_SEGMENTS - 1)
    growing.clean()
    assert growing.bundles() == []


def test_what_was_kept_of_days_long_gone_is_deleted(growing, monkeypatch):
    monkeypatch.setattr(prepared, "MANY_SEGMENTS", 1)
    growing.grow(2)
    growing.clean()
    growing.grow(2, DAY + timedelta(days=9))
    growing.clean(DAY + timedelta(days=9))
    assert {entry.key.split("/")[1] for entry in growing.bundles()} == {"day=2026-03-19"}


def test_another_data_key_uses_no_bundle_of_the_old_one(growing, monkeypatch, make_settings):
    monkeypatch.setattr(prepared, "MANY_SEGMENTS", 1)
    growing.grow(3)
    before = growing.clean().frame
    growing.settings = growing.settings.model_copy(update={"languages": ("en",)})
    after = growing.clean().frame
    assert after.height == before.height
    assert len({entry.key.split("/")[2] for entry in growing.bundles()}) == 2
