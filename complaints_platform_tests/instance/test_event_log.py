"""The event log keeps what the stock storage keeps, in the stock storage's files, in fewer transactions."""

import shutil
from contextlib import contextmanager

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from complaints_platform.instance import event_log
from complaints_platform.instance.event_log import BatchingSqliteEventLogStorage, log_together
from complaints_platform.instance.local import INSTANCE_FILE

DAYS = [f"2026-03-{day:02d}" for day in range(1, 31)]
RANGE = {"dagster/asset_partition_range_start": DAYS[0], "dagster/asset_partition_range_end": DAYS[-1]}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def definitions():
    partitions = dg.DailyPartitionsDefinition("2026-01-01")

    @dg.asset(partitions_def=partitions, backfill_policy=dg.BackfillPolicy.single_run())
    def table(context: dg.AssetExecutionContext) -> None:
        for day in context.partition_keys:
            context.add_asset_metadata({"rows": int(day[-2:])}, partition_key=day)

    @dg.asset_check(asset=table)
    def is_sound():
        return dg.AssetCheckResult(passed=True)

    @dg.op
    def report(context: dg.OpExecutionContext):
        events = [
            dg.AssetMaterialization(["raw"], partition=day, tags={"dagster/data_version": f"v{day}"}) for day in DAYS
        ]
        log_together(context, events)

    @dg.job
    def collect():
        report()

    by_day = dg.define_asset_job("by_day", [table], partitions_def=partitions)
    return dg.Definitions([table], asset_checks=[is_sound], jobs=[collect, by_day], executor=dg.in_process_executor)


@contextmanager
def instance(home, monkeypatch, *, stock):
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.delenv(event_log.BATCH_VARIABLE, raising=False)
    if not stock:
        shutil.copy(INSTANCE_FILE, home / "dagster.yaml")
    with dg.DagsterInstance.get() as opened:
        yield opened


def run_both_jobs(opened):
    for job, tags in (("collect", {}), ("by_day", RANGE)):
        result = definitions().resolve_job_def(job).execute_in_process(instance=opened, tags=tags, run_config=QUIET)
        assert result.success


def what_is_known(opened):
    """All that the UI and staleness read, without ids and times."""
    raw, table = dg.AssetKey("raw"), dg.AssetKey("table")
    logs = {
        run.job_name: [(entry.dagster_event_type, entry.step_key) for entry in opened.all_logs(run.run_id)]
        for run in opened.get_runs()
    }
    records = opened.fetch_materializations(table, limit=100).records
    return {
        "logs": logs,
        "materialized": {key: opened.get_materialized_partitions(key) for key in (raw, table)},
        "versions": opened.get_latest_data_version_record(raw, partition_key=DAYS[3]).asset_materialization.tags[
            "dagster/data_version"
        ],
        "rows": {record.partition_key: record.asset_materialization.metadata["rows"].value for record in records},
        "latest": opened.get_latest_materialization_event(raw).asset_materialization.partition,
        "assets": set(opened.all_asset_keys()),
        "checks": [
            (key.name, record.status.value)
            for key, record in opened.event_log_storage.get_latest_asset_check_execution_by_key(
                [dg.AssetCheckKey(table, "is_sound")]
            ).items()
        ],
    }


@pytest.fixture
def connections(monkeypatch):
    """Count how often a database is opened for writing or reading."""
    opened = []
    connect = BatchingSqliteEventLogStorage._connect

    @contextmanager
    def counting(self, shard):
        opened.append(shard)
        with connect(self, shard) as connection:
            yield connection

    monkeypatch.setattr(BatchingSqliteEventLogStorage, "_connect", counting)
    return opened


def test_it_knows_the_same_as_the_stock_storage_with_fewer_transactions(tmp_path, monkeypatch, connections):
    with instance(tmp_path / "stock", monkeypatch, stock=True) as opened:
        assert type(opened.event_log_storage) is SqliteEventLogStorage
        run_both_jobs(opened)
        expected = what_is_known(opened)
    with instance(tmp_path / "ours", monkeypatch, stock=False) as opened:
        assert type(opened.event_log_storage) is BatchingSqliteEventLogStorage
        connections.clear()
        run_both_jobs(opened)
        transactions = len(connections)
        known = what_is_known(opened)
    assert known == expected
    assert expected["rows"] == {day: int(day[-2:]) for day in DAYS}
    events = sum(map(len, known["logs"].values()))
    assert transactions < events


def test_the_entry_of_an_asset_is_written_once_for_many_events(tmp_path, monkeypatch):
    written, write = [], BatchingSqliteEventLogStorage._store_asset_event

    def counting(self, connection, entry, event_id):
        written.append(entry.get_dagster_event().partition)
        write(self, connection, entry, event_id)

    monkeypatch.setattr(BatchingSqliteEventLogStorage, "_store_asset_event", counting)
    with instance(tmp_path / "home", monkeypatch, stock=False) as opened:
        run = definitions().resolve_job_def("collect").execute_in_process(instance=opened, run_config=QUIET)
        kinds = [entry.dagster_event_type for entry in opened.all_logs(run.run_id)]
    assert kinds.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == len(DAYS)
    assert written == [DAYS[-1]]


def test_the_stock_storage_reads_its_files(tmp_path, monkeypatch):
    with instance(tmp_path / "home", monkeypatch, stock=False) as opened:
        run_both_jobs(opened)
        known = what_is_known(opened)
    (tmp_path / "home" / "dagster.yaml").unlink()
    with dg.DagsterInstance.get() as opened:
        assert type(opened.event_log_storage) is SqliteEventLogStorage
        assert what_is_known(opened) == known


def test_a_run_is_followed_while_it_writes(tmp_path, monkeypatch):
    """The UI watches the run's own database file: it has to change with the first events, not at the end."""
    sizes = []

    @dg.op
    def look(context: dg.OpExecutionContext):
        path = tmp_path / "home" / "history" / "runs" / f"{context.run_id}.db"
        sizes.append(path.stat().st_mtime_ns)
        context.log.info("one more event")
        sizes.append(path.stat().st_mtime_ns)

    @dg.job
    def job():
        look()

    with instance(tmp_path / "home", monkeypatch, stock=False) as opened:
        assert job.execute_in_process(instance=opened, run_config=QUIET).success
    assert sizes[0] < sizes[1]
