"""The sensors, tick by tick, over a small lake: what they ask for, why, and what becomes of it."""

import json
import os
import time
from datetime import datetime, timedelta

import pytest

from complaints_platform.defs import automation
from complaints_platform.lake.data_sets import CLEANED, RECONCILIATION
from complaints_platform.pipeline.cleaned import CleanedRecipe
from complaints_platform.platform import Platform
from complaints_platform_tests import contracts
from complaints_platform_tests.integration.ticking import TEXTS, TODAY, Installation
from complaints_platform_tests.small_lake import SOURCE


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A platform whose first file has reached the marts."""
    platform = Installation(tmp_path_factory.mktemp("sensors"))
    platform.send("first", [TODAY, TODAY - timedelta(days=1)])
    platform.runs = platform.settle()
    return platform


def test_a_file_reaches_the_marts_in_three_runs_and_then_there_is_rest(shared):
    assert shared.runs == 3  # collect, the first training, the tables
    assert Platform(shared.settings).stale().days == {}
    assert shared.rows().height == 6
    for sensor, why in {
        "landing": "no new files",
        "changes": "contracts and taxonomy have not changed",
        "update_tables": "everything that is due is up to date",
    }.items():
        assert shared.tick(sensor)[0].skip_message == why


def test_a_request_says_which_files_and_days_it_is_about(shared):
    shared.send("said", [TODAY])
    landing, _ = shared.tick("landing")
    assert landing.run_requests[0].tags["complaints/files"] == "1 file: forms/said.csv"
    update, _ = shared.tick("update_tables")
    assert f"cleaned/complaints: {TODAY}" in update.run_requests[0].tags["complaints/days"]


def test_a_file_that_is_replaced_under_its_name_is_taken_again_even_if_size_and_time_stay(shared):
    path = shared.send("replaced", [TODAY], "one")
    before = path.stat()
    shared.settle()
    replacement = path.with_name(".new")
    replacement.write_text(path.read_text().replace("one", "two"))
    os.utime(replacement, ns=(before.st_atime_ns, before.st_mtime_ns))
    replacement.replace(path)
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert shared.tick("landing")[1] == [True]
    shared.settle()
    rows = shared.rows()
    texts = rows.filter(rows["source_id"].str.starts_with("replaced"))["text"].to_list()
    assert sum(text.endswith("two") for text in texts) == len(TEXTS)


def test_a_file_that_grows_is_left_alone(tmp_path):
    platform = Installation(tmp_path)
    platform.settings = platform.settings.model_copy(update={"settle_seconds": 3600})
    platform.load()
    platform.send("growing", [TODAY])
    landing, _ = platform.tick("landing")
    assert landing.skip_message == "1 file not settled yet"


def test_a_record_of_long_ago_makes_only_its_own_days(shared):
    old = TODAY - timedelta(days=700)
    shared.send("old", [old])
    shared.tick("landing")
    update, (success,) = shared.tick("update_tables")
    assert success
    days = update.run_requests[0].run_config["resources"]["run_days"]["config"]["tables"]
    assert days["cleaned/complaints"] == [str(old)]
    assert days["mart/reconciliation"] == [str(TODAY)]
    assert Platform(shared.settings).stale().days == {}


def test_a_changed_contract_is_applied_by_hand_at_night_or_at_once(tmp_path):
    platform = Installation(tmp_path, changes="by_hand")
    platform.send("first", [TODAY])
    platform.settle()
    changed = {**SOURCE, "channel": "sms"}
    contracts.write_contract(tmp_path / "sources", "forms", changed)
    platform.load()
    assert "older contract, by_hand" in platform.tick("changes")[0].skip_message
    assert set(platform.rows()["channel"]) == {"web_form"}
    platform.settings = platform.settings.model_copy(update={"changes": "at_once"})
    platform.load()
    platform.settle()
    assert set(platform.rows()["channel"]) == {"sms"}
    assert platform.tick("changes")[0].skip_message == "contracts and taxonomy have not changed"


def test_a_day_that_fails_is_isolated_tried_again_later_and_reported(tmp_path, monkeypatch):
    platform = Installation(tmp_path)
    days = [TODAY - timedelta(days=age) for age in range(4)]
    platform.send("first", days)
    platform.tick("landing")
    platform.tick("changes")
    good = CleanedRecipe.frames
    bad = days[2]

    def fails(self, wanted):
        if bad in wanted:
            raise ValueError("this day can't be made")
        return good(self, wanted)

    monkeypatch.setattr(CleanedRecipe, "frames", fails)
    clock = Clock(time.time())
    monkeypatch.setattr(automation, "datetime", clock)
    reported = []
    while str(bad) not in reported:
        data, _ = platform.tick("update_tables")
        reported += [event.partition for event in data.asset_events]
        clock.seconds += 120
    assert set(CLEANED.table(platform.lake).row_counts()) == set(days) - {bad}
    # What only reads it (trends of later days, reconciliation of today) stays stale and is not reported.
    assert reported == [str(bad)]
    while data.run_requests:
        data, _ = platform.tick("update_tables")
    assert f"could not be brought up to date: {bad}" in data.skip_message
    monkeypatch.setattr(CleanedRecipe, "frames", good)
    monkeypatch.setattr(automation, "RELEASE", "the next one")
    assert platform.settle() == 1
    assert Platform(platform.settings).stale().days == {}
    assert RECONCILIATION.table(platform.lake).scan().collect()["reconciles"].all()


class Clock:
    """Stands for ``datetime`` in the sensors: the time is what the test says."""

    def __init__(self, seconds):
        self.seconds = seconds

    def now(self, zone):
        return datetime.fromtimestamp(self.seconds, zone)


def test_files_taken_in_while_a_range_is_made_again_are_not_lost(shared, monkeypatch):
    good = CleanedRecipe.frames

    def meanwhile(self, wanted):
        for number, frame in enumerate(good(self, wanted)):
            if number == 0:
                shared.send("meanwhile", [TODAY, TODAY - timedelta(days=1)])
                assert shared.tick("landing")[1] == [True]
            yield frame

    monkeypatch.setattr(CleanedRecipe, "frames", meanwhile)
    job = shared.definitions.resolve_job_def("complaints_by_day")
    first, last = str(TODAY - timedelta(days=1)), str(TODAY)
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    assert job.execute_in_process(instance=shared.instance, tags=tags).success
    monkeypatch.setattr(CleanedRecipe, "frames", good)
    assert shared.settle() == 1
    ids = shared.rows()["source_id"].to_list()
    assert sum(name.startswith("meanwhile") for name in ids) == 2 * len(TEXTS)
    assert Platform(shared.settings).stale().days == {}


def test_the_cursors_stay_small(shared):
    assert all(len(cursor) < 400 for cursor in shared.cursors.values() if cursor)


@pytest.mark.drill
def test_ticks_stay_short_with_a_hundred_thousand_files_in_history(shared):
    folder = shared.root / "landing" / "forms" / "history"
    folder.mkdir()
    for number in range(100_000):
        (folder / f"{number:06d}.csv").touch()
    landing = automation.Landing(shared.settings.landing)
    shared.lake.arrivals.note("forms", [file.identity for file in landing.files("forms")], [])
    seconds = []
    for _ in range(40):
        begun = time.process_time()  # of all threads: what else the machine does is not the tick's
        data, _ = shared.tick("landing", run=False)
        seconds.append(time.process_time() - begun)
        assert not data.run_requests
    p95 = sorted(seconds)[37]
    bytes_kept = len(json.dumps(data.cursor))
    print(f"landing ticks with 100,000 files in history: p95 {p95:.2f} CPU s; cursor {bytes_kept} bytes")  # noqa: T201
    assert p95 <= 1
