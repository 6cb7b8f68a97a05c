"""The job ``maintenance``, hourly: the lake is kept small and fast, and Dagster's own history short.

What may go from the lake is decided in ``operations.maintenance``; here it is run and shown. What may go from
Dagster's history is decided here, as only Dagster knows it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import polars as pl
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from pydantic import Field

from complaints_platform.alerting.outbox import Outbox
from complaints_platform.defs.pools import MAINTENANCE
from complaints_platform.defs.previews import preview
from complaints_platform.intake.collectors import collectors
from complaints_platform.intake.files import batched
from complaints_platform.lake import Lake
from complaints_platform.operations.maintenance import Kept, Maintenance, Step
from complaints_platform.settings import Settings

RUNS_AT_ONCE = 500
EVENTS_AT_ONCE = 1000


class MaintenanceConfig(dg.Config):
    """What to do."""

    dry_run: bool = Field(default=False, description="Only list what would be done.")


def maintenance_of(settings: Settings) -> Maintenance:
    """Return what is to be done in the lake that ``settings`` name, as of now.

    Raises:
        ContractError: a source contract is wrong.
        SettingsError: the alias table of regions is wrong, or the data key is not the lake's.
    """
    readings = {name: collector.version for name, collector in collectors(settings).items()}
    kept = Kept(settings.audit_days, settings.report_days)
    return Maintenance(Lake(settings.lake), readings, settings.manifest_days, kept=kept)


def maintain(settings: Settings, *, dry_run: bool = False) -> Iterator[Step]:
    """Do everything that is due in the lake, and delete notifications that are long over; yield it step by step.

    Raises:
        ContractError: a source contract is wrong.
        SettingsError: the alias table of regions is wrong, or the data key is not the lake's.
        LakeError: something can't be read or written; what was done before stays.
    """
    work = maintenance_of(settings)
    yield from work.run(dry_run=dry_run)
    store = work.lake.store
    for key in Outbox(store).expired(work.now.date() - timedelta(days=settings.alerts_days)):
        entry = store.stat(key)
        if not dry_run:
            store.delete(key)
        yield Step("notifications", key, size=entry.size if entry else 0)


def summed_up(steps: Iterable[Step]) -> pl.DataFrame:
    """Return what (String), objects (Int64) and bytes (Int64) of maintenance, one row a kind, in order."""
    rows = [(step.what, step.objects, step.size) for step in steps]
    table = pl.DataFrame(rows, schema={"what": pl.String, "objects": pl.Int64, "bytes": pl.Int64}, orient="row")
    return table.group_by("what", maintain_order=True).sum()


def maintenance_definitions(settings: Settings) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """Return the job and its schedule."""

    @dg.op(
        pool=MAINTENANCE,
        description="Merge what came in small pieces, sum up logs, delete what nobody can need any more.",
    )
    def maintain_lake(context: dg.OpExecutionContext, config: MaintenanceConfig) -> None:
        table = summed_up(maintain(settings, dry_run=config.dry_run))
        context.add_output_metadata(
            {
                "objects": int(table["objects"].sum()),
                "bytes_freed": int(table["bytes"].sum()),
                "dry_run": config.dry_run,
                "what": dg.MetadataValue.md(preview(table)),
            }
        )

    @dg.op(
        pool=MAINTENANCE,
        description="Delete runs that ended long ago, but none that made some partition last.",
        ins={"after": dg.In(dg.Nothing)},
    )
    def forget_old_runs(context: dg.OpExecutionContext, config: MaintenanceConfig) -> None:
        before = datetime.now(UTC) - timedelta(days=settings.run_history_days)
        forgotten = list(old_runs(context.instance, before))
        if not config.dry_run:
            for run_id in forgotten:
                forget(context.instance, run_id)
        context.add_output_metadata(
            {"runs": len(forgotten), "that_ended_before": before.isoformat(), "dry_run": config.dry_run}
        )

    @dg.job(
        name="maintenance",
        description=(
            "Pack small segments, merge the key index, write checkpoints; delete expired manifests and what only they "
            "name, what killed runs left, what only older contracts had read, notifications, audit entries and reports "
            "that are older than the settings say, and Dagster's old runs. Safe at any time."
        ),
    )
    def maintenance() -> None:
        forget_old_runs(after=maintain_lake())

    schedule = dg.ScheduleDefinition(
        name="hourly_maintenance",
        job=maintenance,
        cron_schedule="17 * * * *",
        execution_timezone="UTC",
        default_status=(dg.DefaultScheduleStatus.RUNNING if settings.automation else dg.DefaultScheduleStatus.STOPPED),
        description="Keeps the lake small and fast, and Dagster's history short.",
    )
    return maintenance, schedule


def old_runs(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """Yield the ids of runs that ended before a time and made no partition last.

    Dagster deletes the events of a run with it. Without those of the run that made it last, a partition would
    count as never made.
    """
    finished = dg.RunsFilter(statuses=FINISHED_STATUSES, created_before=before)
    if instance.get_runs_count(finished) == 0:
        return
    needed = {run_id for key in instance.all_asset_keys() for run_id in _last_makers(instance, key, before)}
    cursor = None
    while records := instance.get_run_records(finished, limit=RUNS_AT_ONCE, cursor=cursor):
        cursor = records[-1].dagster_run.run_id
        for record in records:
            ended = record.end_time or record.create_timestamp.timestamp()
            if record.dagster_run.run_id not in needed and ended < before.timestamp():
                yield record.dagster_run.run_id


def forget(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, its events and what it printed."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.delete_run(run_id)


def _last_makers(instance: dg.DagsterInstance, key: dg.AssetKey, before: datetime) -> Iterator[str]:
    """Yield the runs that made the asset, or some partition of it, last, and that before a time."""
    last = instance.get_latest_materialization_event(key)
    if last is not None:
        yield last.run_id
    newest = instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
    for ids in batched(newest.values(), EVENTS_AT_ONCE):
        chosen = dg.AssetRecordsFilter(asset_key=key, before_timestamp=before.timestamp(), storage_ids=ids)
        for record in instance.fetch_materializations(chosen, limit=len(ids)).records:
            yield record.run_id
