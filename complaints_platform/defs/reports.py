"""The reports in Dagster: two assets, with a job and a schedule each."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from complaints_platform.alerting.events import Condition, Severity
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.defs.automation import schedule_status
from complaints_platform.defs.tables import ANALYTICS_OWNER
from complaints_platform.instance.partitions import daily_partitions
from complaints_platform.lake.data_sets import DAILY
from complaints_platform.platform import Platform
from complaints_platform.serving.report.figures import Figures, Kind
from complaints_platform.serving.report.making import make_and_keep
from complaints_platform.serving.report.sentences import sentences, title

DESCRIPTIONS: dict[Kind, str] = {
    "daily": "What happened on one day, compared with the day and week before: numbers, largest changes, incidents.",
    "weekly": "What happened in the seven days up to and including this one, compared with the seven before.",
}
CRON: dict[Kind, str] = {"daily": "0 7 * * *", "weekly": "15 7 * * 1"}
"""After the daily close, which is at half past midnight."""


def report_definitions(platform: Platform) -> tuple[list[dg.AssetsDefinition], list[Any], list[dg.ScheduleDefinition]]:
    """Return the assets of the reports, their jobs and their schedules."""
    kinds: Sequence[Kind] = ("daily", "weekly")
    jobs = {kind: dg.define_asset_job(f"{kind}_report", [f"report/{kind}"]) for kind in kinds}
    return (
        [_report(platform, kind) for kind in kinds],
        list(jobs.values()),
        [_schedule(platform, kind, jobs[kind]) for kind in kinds],
    )


def last_day(now: datetime, zone: ZoneInfo) -> date:
    """Return the last completed day in the company's time zone."""
    return now.astimezone(zone).date() - timedelta(days=1)


def _report(platform: Platform, kind: Kind) -> dg.AssetsDefinition:
    @dg.asset(
        key=["report", kind],
        description=f"{DESCRIPTIONS[kind]}\n\nA page for mail and print; each is kept as it was sent.",
        group_name="reports",
        owners=[ANALYTICS_OWNER],
        kinds={"html", "duckdb"},
        partitions_def=daily_partitions(platform.settings.first_day),
        # The marts of the days around are read as they are published: the lineage is drawn, no day is waited for.
        deps=[dg.AssetDep([DAILY.schema, DAILY.name], partition_mapping=dg.TimeWindowPartitionMapping())],
        metadata={"dagster/uri": f"{platform.settings.lake}/reports/{kind}"},
    )
    def report(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        made, kept = make_and_keep(platform, kind, date.fromisoformat(context.partition_key))
        context.log.info(f"{title(made.figures)}: {kept.name}")
        _tell(Outbox(platform.lake.store), kind, made.figures)
        return dg.MaterializeResult(metadata=_metadata(made.figures, len(made.page.encode()), kept.name))

    return report


def _tell(outbox: Outbox, kind: Kind, figures: Figures) -> None:
    """Notify people once per reported day, however often the report is made again."""
    day = figures.period.last
    ready = Condition(
        "report_ready",
        f"{kind} {day}",
        Severity.INFO,
        f"The {kind} report is ready. {title(figures)}. {sentences(figures)[0]}",
        day=day,
        facts={"page": f"/reports/{kind}/{day}"},
        next_step=f"Open /reports/{kind}/{day} in the query service.",
    )
    outbox.happened(ready, datetime.now(UTC))


def _metadata(figures: Figures, size: int, name: str) -> dict[str, Any]:
    complaints, before = figures.headline("complaints")
    return {
        "title": title(figures),
        "in words": dg.MetadataValue.md("\n".join(f"- {_escaped(sentence)}" for sentence in sentences(figures))),
        "complaints": int(complaints or 0),
        "before": None if before is None else int(before),
        "incidents": len(figures.overview.incidents),
        "manifest": figures.manifest,
        "bytes": size,
        "kept as": name,
    }


def _escaped(text: str) -> str:
    """Keep text from becoming markup."""
    return "".join(f"\\{mark}" if mark in "\\`*_{}[]<>#|" else mark for mark in text)


def _schedule(platform: Platform, kind: Kind, job: Any) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=f"{kind}_report",
        job=job,
        cron_schedule=CRON[kind],
        execution_timezone=platform.settings.time_zone,
        description=f"Makes the {kind} report, once the day is closed.",
        default_status=schedule_status(platform),
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = last_day(context.scheduled_execution_time, ZoneInfo(platform.settings.time_zone))
        lake = platform.lake
        manifest = lake.manifests.newest()
        first = None if manifest is None else min(DAILY.table_in(lake, manifest).row_counts(), default=None)
        if first is None:
            return dg.SkipReason("no tables have been published in the lake yet")
        if first > day:
            return dg.SkipReason(f"the data starts on {first}, after {day}")
        return dg.RunRequest(run_key=f"{kind} report {day}", partition_key=day.isoformat())

    return schedule
