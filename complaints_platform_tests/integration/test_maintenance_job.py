"""The job ``maintenance`` and ``complaints maintain``: what they show, and what they leave of Dagster's history."""

import json
import os
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from typer.testing import CliRunner

from complaints_platform.cli import app
from complaints_platform.definitions import build_definitions
from complaints_platform.instance.retention import forget, old_runs
from complaints_platform.platform import Platform

DAYS = ["2026-03-01", "2026-03-02", "2026-03-03"]
SOON = datetime.now(UTC) + timedelta(days=1)


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(DAYS))
def by_day():
    return 1


@dg.asset
def whole():
    return 1


@dg.op
def fails():
    raise dg.Failure("always")


@dg.job
def failing():
    fails()


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral


def made(instance, asset, day=None):
    return dg.materialize([asset], instance=instance, partition_key=day).run_id


def test_only_runs_that_made_no_partition_last_are_forgotten(instance):
    first = [made(instance, by_day, day) for day in DAYS]
    again = made(instance, by_day, DAYS[0])
    twice = [made(instance, whole) for _ in range(2)]
    failed = failing.execute_in_process(instance=instance, raise_on_error=False).run_id
    assert list(old_runs(instance, datetime.now(UTC) - timedelta(days=1))) == []
    forgotten = set(old_runs(instance, SOON))
    assert forgotten == {first[0], twice[0], failed}
    for run_id in forgotten:
        forget(instance, run_id)
    assert {run.run_id for run in instance.get_runs()} == {again, *first[1:], twice[1]}
    assert instance.get_materialized_partitions(by_day.key) == set(DAYS)
    assert instance.get_latest_materialization_event(whole.key).run_id == twice[1]
    assert list(old_runs(instance, SOON)) == []


def test_a_run_that_is_still_at_work_is_not_forgotten(instance):
    seen = []

    @dg.op
    def look():
        seen.extend(old_runs(instance, SOON))

    @dg.job
    def looking():
        look()

    looking.execute_in_process(instance=instance)
    assert seen == []


def test_runs_are_forgotten_in_pages(instance, monkeypatch):
    monkeypatch.setattr("complaints_platform.instance.retention.RUNS_AT_ONCE", 2)
    runs = {failing.execute_in_process(instance=instance, raise_on_error=False).run_id for _ in range(5)}
    assert set(old_runs(instance, SOON)) == runs


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_job_says_what_it_did(instance, make_settings, tmp_path, dry_run):
    settings = make_settings()
    left = tmp_path / "lake" / "raw" / ".tmp-1"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    config = {"config": {"dry_run": dry_run}}
    result = (
        build_definitions(Platform(settings))
        .resolve_job_def("maintenance")
        .execute_in_process(instance=instance, run_config={"ops": {"maintain_lake": config, "forget_old_runs": config}})
    )
    assert result.success
    metadata = {
        event.step_key: event.step_output_data.metadata for event in result.all_events if event.is_successful_output
    }
    assert metadata["maintain_lake"]["bytes_freed"].value == 4
    assert "left half-written" in metadata["maintain_lake"]["what"].value
    assert metadata["forget_old_runs"]["runs"].value == 0
    assert left.exists() is dry_run


def test_the_command_lists_and_then_does(make_settings, tmp_path, monkeypatch):
    settings = make_settings()
    for name in ("lake", "landing", "profile"):
        monkeypatch.setenv(f"COMPLAINTS_{name.upper()}", getattr(settings, name))
    left = tmp_path / "lake" / "originals" / "incoming" / "x"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    listed = CliRunner().invoke(app, ["maintain", "--dry-run"])
    assert listed.exit_code == 0, listed.output
    assert "left half-written: originals/incoming/x" in listed.stdout
    assert left.exists()
    done = CliRunner().invoke(app, ["maintain", "--json"])
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "dry_run": False,
        "lake": [{"what": "left half-written", "objects": 1, "bytes": 4}],
        "runs": 0,
    }
    assert not left.exists()
