"""Marts in Postgres: one asset, if a database is configured."""

from typing import Any

import dagster as dg
from pydantic import SecretStr

from complaints_platform.defs.automation import schedule_status
from complaints_platform.defs.tables import ANALYTICS_OWNER
from complaints_platform.instance.history import UNDER_WAY
from complaints_platform.platform import Platform
from complaints_platform.serving.postgres import ABOUT, PUBLISHED, publish, published_manifest

JOB = "publish_to_postgres"


def postgres_definitions(platform: Platform) -> dg.Definitions:
    """Return the asset, its job and its schedule; nothing if no database is configured."""
    if platform.settings.postgres is None:
        return dg.Definitions()
    asset = _marts(platform, platform.settings.postgres)
    job = dg.define_asset_job(JOB, [asset.key.to_user_string()])
    return dg.Definitions(assets=[asset], jobs=[job], schedules=[_schedule(platform, platform.settings.postgres, job)])


def _marts(platform: Platform, url: SecretStr) -> dg.AssetsDefinition:
    schema = platform.settings.postgres_schema

    @dg.asset(
        key=["postgres", "marts"],
        description=(
            "All marts as tables of a Postgres schema, for BI tools. They are written to a staging schema and "
            "swapped in within one transaction: readers see either all old or all new tables."
        ),
        group_name="marts",
        owners=[ANALYTICS_OWNER],
        kinds={"postgres"},
        deps=[dg.AssetDep([spec.schema, spec.name]) for spec in PUBLISHED],
        metadata={"schema": schema},
    )
    def marts(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        done = publish(platform.lake, url, schema)
        context.log.info(f"manifest {done.manifest}: {len(done.tables)} tables")
        rows = "\n".join(f"| {schema}.{table.name} | {table.rows:,} |" for table in done.tables)
        return dg.MaterializeResult(
            metadata={
                "manifest": done.manifest,
                "dagster/row_count": sum(table.rows for table in done.tables),
                "tables": dg.MetadataValue.md(f"| table | rows |\n|---|---:|\n{rows}"),
                "version is in": f"{schema}.{ABOUT}",
            }
        )

    return marts


def _schedule(platform: Platform, url: SecretStr, job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=JOB,
        job=job,
        cron_schedule="*/15 * * * *",
        execution_timezone=platform.settings.time_zone,
        description="Publishes the marts to Postgres if they have changed.",
        default_status=schedule_status(platform),
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        newest = platform.lake.manifests.newest()
        if newest is None:
            return dg.SkipReason("no tables have been published in the lake yet")
        if context.instance.get_runs(dg.RunsFilter(job_name=JOB, statuses=UNDER_WAY), limit=1):
            return dg.SkipReason("a run is publishing right now")
        if published_manifest(url, platform.settings.postgres_schema) == (newest.number, newest.published_at):
            return dg.SkipReason(f"Postgres holds manifest {newest.number}, the newest")
        return dg.RunRequest(run_key=f"postgres {newest.number} {newest.published_at.isoformat()}")

    return schedule
