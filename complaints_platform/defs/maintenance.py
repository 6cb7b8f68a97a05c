"""The hourly job ``maintenance``: it keeps the lake small and fast, and Dagster's history short.

What may go is decided in ``operations.maintenance`` and ``instance.retention``; here it is run and shown.
"""

from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field

from complaints_platform.defs.automation import schedule_status
from complaints_platform.defs.previews import preview
from complaints_platform.instance.names import MAINTENANCE_POOL
from complaints_platform.instance.retention import forget, old_runs
from complaints_platform.operations.maintenance import maintain, summed_up
from complaints_platform.platform import Platform


class MaintenanceConfig(dg.Config):
    """What to do."""

    dry_run: bool = Field(default=False, description="Only list what would be done.")


def maintenance_definitions(platform: Platform) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """Return the job and its schedule."""

    @dg.op(pool=MAINTENANCE_POOL, description="Merge small pieces, sum up logs, delete what nothing needs any more.")
    def maintain_lake(context: dg.OpExecutionContext, config: MaintenanceConfig) -> None:
        table = summed_up(maintain(platform, dry_run=config.dry_run))
        context.add_output_metadata(
            {
                "objects": int(table["objects"].sum()),
                "bytes_freed": int(table["bytes"].sum()),
                "dry_run": config.dry_run,
                "what": dg.MetadataValue.md(preview(table)),
            }
        )

    @dg.op(
        pool=MAINTENANCE_POOL,
        description="Delete runs that ended long ago, except the last of each partition.",
        ins={"after": dg.In(dg.Nothing)},
    )
    def forget_old_runs(context: dg.OpExecutionContext, config: MaintenanceConfig) -> None:
        before = datetime.now(UTC) - timedelta(days=platform.settings.run_history_days)
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
            "Pack small segments, merge the key index, write checkpoints. Delete expired manifests and files that only "
            "they name, leftovers of killed runs, segments of older contracts, Dagster's old runs, and notifications, "
            "audit entries and reports older than the settings allow. Safe at any time."
        ),
    )
    def maintenance() -> None:
        forget_old_runs(after=maintain_lake())

    schedule = dg.ScheduleDefinition(
        name="hourly_maintenance",
        job=maintenance,
        cron_schedule="17 * * * *",
        execution_timezone="UTC",
        default_status=schedule_status(platform),
        description="Keeps the lake small and fast, and Dagster's history short.",
    )
    return maintenance, schedule
