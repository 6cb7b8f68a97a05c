"""The IO manager on one partition, a range as one commit, fan-in with missing days, and scattered days."""

from collections import Counter
from datetime import date, timedelta

import dagster as dg
import pytest

from complaints_platform.defs.frames import DayFrames, StoredDays, frames_type
from complaints_platform.defs.io_manager import DeltaIOManager
from complaints_platform.errors import SchemaViolation
from complaints_platform.instance.partitions import MOST_PLANNED_DAYS, Batch, RunDays
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import DAILY, TRENDS
from complaints_platform.lake.tables import DayFrame
from complaints_platform_tests.frames import daily_rows

PARTITIONS = dg.DailyPartitionsDefinition("2026-03-01", end_date="2026-04-15")
FIRST = date(2026, 3, 1)


def daily(day, count):
    return daily_rows({"day": day, "complaints": count})


@pytest.fixture
def platform(tmp_path):
    lake = str(tmp_path / "lake")
    seen = {}

    @dg.asset(
        key=["mart", "daily_complaints"],
        dagster_type=frames_type(DAILY.model),
        partitions_def=PARTITIONS,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def upstream(context: dg.AssetExecutionContext, run_days: RunDays) -> DayFrames:
        days = run_days.of(context)
        count = int(context.run.tags.get("count", "1"))
        return DayFrames(context, days, (DayFrame(day, daily(day, count), f"f{day.day}") for day in days))

    @dg.asset(
        key=["mart", "complaint_trends"],
        dagster_type=frames_type(TRENDS.model),
        partitions_def=PARTITIONS,
        backfill_policy=dg.BackfillPolicy.single_run(),
        ins={
            "days": dg.AssetIn(
                ["mart", "daily_complaints"],
                dagster_type=frames_type(DAILY.model),
                partition_mapping=dg.TimeWindowPartitionMapping(
                    start_offset=-9, allow_nonexistent_upstream_partitions=True
                ),
            )
        },
    )
    def downstream(context: dg.AssetExecutionContext, run_days: RunDays, days: StoredDays) -> DayFrames:
        seen["days"] = [day.day for day in days.frames()]
        return DayFrames(context, run_days.of(context), iter(()))

    definitions = dg.Definitions(
        assets=[upstream, downstream],
        jobs=[
            dg.define_asset_job("up", dg.AssetSelection.assets(["mart", "daily_complaints"])),
            dg.define_asset_job("down", dg.AssetSelection.assets(["mart", "complaint_trends"])),
        ],
        resources={"io_manager": DeltaIOManager(Lake(lake)), "run_days": RunDays()},
        executor=dg.in_process_executor,
    )
    with dg.DagsterInstance.ephemeral() as instance:

        def run(job, days, **tags):
            batch = Batch(tuple(days))
            return definitions.resolve_job_def(job).execute_in_process(
                instance=instance, tags={**batch.tags, **tags}, run_config=batch.config, raise_on_error=True
            )

        yield run, DAILY.table(Lake(lake)), instance, seen


def days_from(first, count):
    return [first + timedelta(days=offset) for offset in range(count)]


def materialized(instance):
    return instance.get_materialized_partitions(dg.AssetKey(["mart", "daily_complaints"]))


def test_one_partition(platform):
    run, table, instance, _ = platform
    run("up", [FIRST])
    assert table.fingerprints() == {FIRST: "f1"}
    assert materialized(instance) == {"2026-03-01"}


def test_a_range_is_one_commit_and_marks_every_partition(platform):
    run, table, instance, _ = platform
    days = days_from(FIRST, 30)
    result = run("up", days)
    assert table.version() == 1  # version 0 creates the table
    assert table.row_counts() == dict.fromkeys(days, 1)
    assert materialized(instance) == {day.isoformat() for day in days}
    events = result.get_asset_materialization_events()
    assert all(
        event.step_materialization_data.materialization.metadata["dagster/partition_row_count"].value == 1
        for event in events
    )


def test_a_long_range_is_not_planned_day_by_day_and_every_partition_is_marked(platform):
    run, table, instance, _ = platform
    days = days_from(FIRST, MOST_PLANNED_DAYS + 9)
    result = run("up", days)
    assert table.version() == 1
    kinds = Counter(entry.dagster_event_type for entry in instance.all_logs(result.run_id))
    assert kinds[dg.DagsterEventType.ASSET_MATERIALIZATION] == len(days)
    assert kinds[dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED] == 0
    records = instance.fetch_materializations(dg.AssetKey(["mart", "daily_complaints"]), limit=1000).records
    told = {record.partition_key: record.asset_materialization for record in records}
    assert told.keys() == materialized(instance) == {day.isoformat() for day in days}
    for day in days:
        event = told[day.isoformat()]
        assert event.metadata["dagster/partition_row_count"].value == 1
        assert event.tags["dagster/data_version"] == event.metadata["fingerprint"].value == f"f{day.day}"


def test_scattered_days_are_one_run_that_touches_no_day_between(platform):
    run, table, instance, _ = platform
    scattered = [FIRST, FIRST + timedelta(days=7), FIRST + timedelta(days=20)]
    run("up", scattered)
    assert set(table.fingerprints()) == set(scattered)
    assert materialized(instance) == {day.isoformat() for day in scattered}


def test_running_again_replaces_only_its_own_days(platform):
    run, table, _, _ = platform
    run("up", days_from(FIRST, 5))
    run("up", days_from(FIRST + timedelta(days=1), 2), count="7")
    counts = dict(table.scan().select("day", "complaints").collect().iter_rows())
    assert counts == {day: 7 if day.day in {2, 3} else 1 for day in days_from(FIRST, 5)}


def test_fan_in_gives_the_days_that_exist(platform):
    run, _, _, seen = platform
    run("up", days_from(FIRST + timedelta(days=3), 2))
    run("down", [FIRST + timedelta(days=6)])
    assert seen["days"] == days_from(FIRST + timedelta(days=3), 2)


def test_bad_values_are_refused_before_anything_is_visible(platform):
    run, table, _, _ = platform
    run("up", days_from(FIRST, 3))
    with pytest.raises(SchemaViolation, match="mart/daily_complaints"):
        run("up", days_from(FIRST, 3), count="0")
    assert table.scan().collect()["complaints"].to_list() == [1, 1, 1]
