"""What ``instance`` takes from Dagster beyond its promises, and what each must mean: an upgrade shows what breaks."""

import ast
import inspect
import logging
import typing
from importlib import import_module
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance import utils as instance_utils
from dagster._core.storage import tags
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from complaints_platform.instance import event_log, history, partitions
from complaints_platform.instance.run_launcher import WatchedRunLauncher

ROOM = Path(event_log.__file__).parent
DAYS = ("2026-03-01", "2026-03-02")


def private_names():
    """Return all names that the room imports from Dagster's private modules."""
    return {
        f"{node.module}.{alias.name}"
        for path in ROOM.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("dagster._")
        for alias in node.names
    }


def parameters(function):
    return list(inspect.signature(function).parameters)


def attributes(kind):
    """Return what objects of a class have, fields of records and named tuples included."""
    return {*dir(kind), *typing.get_type_hints(kind), *getattr(kind, "_fields", ())}


MEANT = {
    "dagster._core.events.ASSET_EVENTS": lambda kinds: (
        {dg.DagsterEventType.ASSET_MATERIALIZATION, dg.DagsterEventType.ASSET_OBSERVATION} <= set(kinds)
        and dg.DagsterEventType.STEP_SUCCESS not in kinds
    ),
    "dagster._core.events.DagsterEventBatchMetadata": lambda kind: kind("a", is_end=True) == ("a", True),
    "dagster._core.storage.event_log.schema.SqlEventLogStorageTable": lambda table: (
        table.name == "event_logs" and table.c.id.primary_key
    ),
    "dagster._core.storage.event_log.sqlite.sqlite_event_log.INDEX_SHARD_NAME": lambda name: name == "index",
    "dagster._core.storage.event_log.sqlite.sqlite_event_log.SqliteEventLogStorage": lambda kind: (
        parameters(kind.__init__)[:3] == ["self", "base_dir", "inst_data"]
        and parameters(kind._connect) == ["self", "shard"]
        and parameters(kind._initdb)[:2] == ["self", "engine"]
        and parameters(kind.conn_string_for_shard) == ["self", "shard_name"]
        and parameters(kind._event_to_row) == ["self", "event"]
        and parameters(kind.store_event_batch) == ["self", "events"]
        and parameters(kind._store_asset_event) == ["self", "conn", "event", "event_id"]
        and parameters(kind._store_asset_event_tags)[:4] == ["self", "conn", "events", "event_ids"]
        and {"run_connection", "index_transaction", "store_event", "dispose"} <= attributes(kind)
    ),
    "dagster._core.storage.sqlite.SQLITE_BUSY_TIMEOUT_SECONDS": lambda seconds: 1 <= seconds <= 600,
    "dagster._serdes.ConfigurableClassData": lambda kind: (
        parameters(kind)[:3] == ["module_name", "class_name", "config_yaml"]
    ),
    "dagster._core.launcher.CheckRunHealthResult": lambda kind: kind("status", "why")[:2] == ("status", "why"),
    "dagster._core.launcher.WorkerStatus": lambda kind: {"RUNNING", "NOT_FOUND"} <= set(kind.__members__),
    "dagster._core.storage.tags.GRPC_INFO_TAG": lambda name: name == ".dagster/grpc_info",
    "dagster._grpc.client.DagsterGrpcClient": lambda kind: (
        {"host", "port", "socket", "use_ssl"} <= set(parameters(kind))
        and parameters(kind.can_cancel_execution)[:2] == ["self", "can_cancel_execution_request"]
    ),
    "dagster._grpc.types.CanCancelExecutionRequest": lambda kind: kind(run_id="a").run_id == "a",
    "dagster._grpc.types.CanCancelExecutionResult": lambda kind: kind(can_cancel=True).can_cancel,
    "dagster._core.execution.context_creation_job": lambda module: (
        parameters(module.default_system_loggers) in (["instance"], ["_instance"])
    ),
    "dagster._core.scheduler.instigation.InstigatorState": lambda kind: (
        {"instigator_name", "instigator_data", "instigator_origin_id", "selector_id", "is_running"} <= attributes(kind)
    ),
    "dagster._core.scheduler.instigation.SensorInstigatorData": lambda kind: (
        (kind(cursor="a", min_interval=6).cursor, kind(min_interval=6).min_interval) == ("a", 6)
    ),
    "dagster._core.scheduler.instigation.TickStatus": lambda kind: (
        set(kind.__members__) == {"STARTED", "SKIPPED", "SUCCESS", "FAILURE"}
    ),
    "dagster._core.storage.asset_check_execution_record.AssetCheckExecutionRecord": lambda kind: (
        {"key", "run_id", "event", "status", "create_timestamp"} <= attributes(kind)
    ),
    "dagster._core.storage.asset_check_execution_record.AssetCheckExecutionRecordStatus": lambda kind: (
        {"PLANNED", "SUCCEEDED", "FAILED"} == set(kind.__members__)
    ),
}
"""Private name → whether it is what we take it for."""


def test_every_private_name_has_its_meaning_here():
    assert private_names() == MEANT.keys()


@pytest.mark.parametrize("name", sorted(MEANT))
def test_a_private_name_means_what_we_take_it_for(name):
    module, _, attribute = name.rpartition(".")
    held_by = import_module(module)
    assert MEANT[name](getattr(held_by, attribute) if hasattr(held_by, attribute) else import_module(name))


def test_tags_that_we_write_or_read_are_those_of_dagster():
    assert partitions.REPORTED_BY_ASSETS_TAG == tags.EXTERNALLY_MANAGED_ASSETS_TAG
    assert partitions.FIRST_TAG == tags.ASSET_PARTITION_RANGE_START_TAG
    assert partitions.LAST_TAG == tags.ASSET_PARTITION_RANGE_END_TAG
    assert history.WILL_RETRY_TAG == tags.WILL_RETRY_TAG


def test_events_come_together_where_the_variable_is_set(monkeypatch):
    monkeypatch.setenv(event_log.BATCH_VARIABLE, "7")
    assert instance_utils._get_event_batch_size() == 7


def test_the_stock_storage_keeps_what_ours_relies_on(tmp_path):
    storage = SqliteEventLogStorage(str(tmp_path))
    with storage.run_connection("a"):
        assert "a" in storage._initialized_dbs
    assert storage._db_lock.acquire(blocking=False)
    storage.dispose()


def test_materialisations_are_logged_with_their_batch_by_a_step():
    assert parameters(dg.DagsterEvent.asset_materialization)[:3] == [
        "step_context",
        "materialization",
        "batch_metadata",
    ]
    assert parameters(dg.OpExecutionContext.get_step_execution_context) == ["self"]


@pytest.fixture
def instance():
    with dg.instance_for_test() as opened:
        yield opened


def by_day():
    @dg.asset(partitions_def=dg.DailyPartitionsDefinition("2026-01-01"), backfill_policy=dg.BackfillPolicy.single_run())
    def table() -> None:
        pass

    @dg.asset_check(asset=table)
    def is_sound():
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"rows": 1})

    return dg.Definitions([table], asset_checks=[is_sound], jobs=[dg.define_asset_job("by_day")])


def made(instance, **more):
    tags_of_run = {partitions.FIRST_TAG: DAYS[0], partitions.LAST_TAG: DAYS[1], **more}
    result = by_day().resolve_job_def("by_day").execute_in_process(instance=instance, tags=tags_of_run)
    assert result.success
    return result.run_id


def materialised(instance, run_id):
    logs = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    return [entry.dagster_event.partition for entry in logs]


def test_a_range_of_days_is_one_run_and_the_run_says_which_it_made(instance):
    assert materialised(instance, made(instance)) == list(DAYS)


def test_a_run_whose_assets_report_their_days_themselves_says_nothing_of_them(instance):
    run_id = made(instance, **{partitions.REPORTED_BY_ASSETS_TAG: "true"})
    assert materialised(instance, run_id) == []
    planned = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    assert list(instance.all_logs(run_id, of_type=planned)) == []


def test_what_checks_said_is_kept_newest_first_with_all_that_alerts_need(instance):
    runs = [made(instance), made(instance)]
    key = dg.AssetCheckKey(dg.AssetKey("table"), "is_sound")
    storage = instance.event_log_storage
    assert storage.get_latest_asset_check_execution_by_key([key])[key].run_id == runs[-1]
    assert len(storage.get_asset_check_execution_history(key, 9)) == len(runs) * (len(DAYS) + 1)  # a plan of each day
    spoke = storage.get_asset_check_execution_history(key, 9, status=history.SPOKEN)
    assert [record.run_id for record in spoke] == runs[::-1]
    said = spoke[0].event.dagster_event.event_specific_data
    assert (said.passed, said.severity, said.metadata["rows"].value) == (False, dg.AssetCheckSeverity.WARN, 1)


def test_the_newest_maker_of_each_day_is_known_and_goes_with_its_events(instance):
    first, last = made(instance), made(instance)
    key = dg.AssetKey("table")
    newest = instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
    assert newest.keys() == set(DAYS)
    chosen = dg.AssetRecordsFilter(asset_key=key, storage_ids=list(newest.values()))
    assert {record.run_id for record in instance.fetch_materializations(chosen, limit=5).records} == {last}
    instance.delete_run(last)
    assert instance.get_run_by_id(last) is None
    assert {record.run_id for record in instance.fetch_materializations(key, limit=9).records} == {first}


def test_states_and_ticks_of_a_sensor_are_read_by_origin_and_selector(instance):
    assert list(instance.all_instigator_state()) == []
    assert parameters(instance.get_ticks)[:2] == ["origin_id", "selector_id"]
    assert "limit" in parameters(instance.get_ticks)
    assert instance.get_daemon_heartbeats() == {}
    assert {"SENSOR", "SCHEDULER"} <= set(instance.get_required_daemon_types())


def test_runs_log_by_the_loggers_that_the_module_names(monkeypatch, instance):
    written = []

    class Keeps(logging.Handler):
        def emit(self, record):
            written.append(record.getMessage())

    @dg.logger
    def ours(_context):
        logger = logging.getLoggerClass()("ours")
        logger.addHandler(Keeps())
        return logger

    module = import_module("dagster._core.execution.context_creation_job")
    monkeypatch.setattr(module, "default_system_loggers", lambda _instance: [(ours, {})])
    made(instance)
    assert any("RUN_SUCCESS" in line for line in written)


def test_without_our_launcher_nobody_asks_whether_a_run_still_lives():
    assert not dg.DefaultRunLauncher().supports_check_run_worker_health
    assert WatchedRunLauncher().supports_check_run_worker_health


def test_days_are_listed_under_the_time_that_dagster_loads_partitions_with():
    assert parameters(dg.partition_loading_context)[:2] == ["effective_dt", "dynamic_partitions_store"]
