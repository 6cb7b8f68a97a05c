"""Asset checks of sources: whether segments are intact, and whether each sender sends as usual.

What senders do is judged once an hour and with every run over days, not with each micro-batch. It warns and never
blocks: a strange day is a reason to ask the sender, and its complaints count all the same.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime

import dagster as dg
import polars as pl

from complaints_platform.alerting.checks import RECORDS, UNUSUAL, VOLUME
from complaints_platform.defs.automation import schedule_status
from complaints_platform.defs.checks import CONTRACT, ROWS_SHOWN, latest, result
from complaints_platform.defs.previews import drawing
from complaints_platform.errors import LakeError
from complaints_platform.instance.names import CHECKS
from complaints_platform.instance.partitions import days_made
from complaints_platform.lake.data_sets import CLEANED
from complaints_platform.pipeline.quality import judge_senders
from complaints_platform.platform import Platform
from complaints_platform.quality.assessments import Assessment
from complaints_platform.quality.contracts import broken
from complaints_platform.quality.plots import history_svg
from complaints_platform.schemas import KnownCustomer, RawRecord

FILES_LOOKED_AT = 31
CLEANED_KEY = dg.AssetKey([CLEANED.schema, CLEANED.name])


def sender_check_keys(sources: Sequence[str]) -> list[dg.AssetCheckKey]:
    """Return the keys of the checks that judge what senders send."""
    return [dg.AssetCheckKey(dg.AssetKey(["raw", source]), name) for source in sources for name in (VOLUME, RECORDS)]


def reference_check_keys(customers: Sequence[str]) -> list[dg.AssetCheckKey]:
    """Return the keys of the checks on reference data."""
    return [dg.AssetCheckKey(dg.AssetKey(["reference", source]), CONTRACT) for source in customers]


def source_checks(
    platform: Platform, sources: Sequence[str], customers: Sequence[str]
) -> list[dg.AssetChecksDefinition]:
    """Return the checks of all sources of complaints and of customers."""
    return [
        *([_senders(platform, sources)] if sources else []),
        *(_segments(platform, source) for source in sources),
        *(_reference(platform, source) for source in customers),
    ]


def hourly_checks(platform: Platform) -> dg.ScheduleDefinition:
    """Return the schedule that judges the newest days once an hour, running if the settings say so."""

    @dg.schedule(
        name="hourly_checks",
        job_name=CHECKS,
        cron_schedule="20 * * * *",
        execution_timezone="UTC",
        description="Judges the newest days: each source, and everything not judged with each micro-batch.",
        default_status=schedule_status(platform),
    )
    def hourly(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if CLEANED.table(platform.lake).version() is None:
            return dg.SkipReason("there are no days yet")
        return dg.RunRequest(run_key=f"checks {context.scheduled_execution_time:%Y-%m-%d %H}")

    return hourly


def _senders(platform: Platform, sources: Sequence[str]) -> dg.AssetChecksDefinition:
    descriptions = {
        VOLUME: (
            "Records of each day, compared with the level and the weekdays of the eight weeks before (medians). A day "
            "is judged once it is over and its files had time to arrive; the first 14 days are not judged."
        ),
        RECORDS: (
            "Lateness and the shares of repeated, repaired, damaged and incomplete records of each day, compared with "
            "the median of the four weeks before; the first 7 days are not judged."
        ),
    }

    @dg.multi_asset_check(
        name="check_senders_of_raw",
        specs=[
            dg.AssetCheckSpec(name, asset=["raw", source], description=description, additional_deps=[CLEANED_KEY])
            for source in sources
            for name, description in descriptions.items()
        ],
    )
    def senders(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        days = days_made(context.run, CLEANED_KEY)
        found = judge_senders(platform.lake, platform.contracts, platform.settings.holidays, days, datetime.now(UTC))
        for source, verdicts in found.items():
            yield _judged(source, VOLUME, verdicts[:1])
            yield _judged(source, RECORDS, verdicts[1:])

    return senders


def _judged(source: str, name: str, verdicts: Sequence[Assessment]) -> dg.AssetCheckResult:
    failing = [verdict for verdict in verdicts if not verdict.passed]
    judged = {point.day for verdict in verdicts for point in verdict.judged}
    said = " ".join(f"{verdict.describe()} {verdict.next_step}" for verdict in failing)
    calm = f"as usual on {len(judged)} days" if judged else "not enough history to judge"
    # What notifications are made of.
    unusual = [
        {
            "measure": verdict.measure,
            "day": verdict.failing[-1].day.isoformat(),
            "text": verdict.describe(),
            "next_step": verdict.next_step,
        }
        for verdict in failing
    ]
    panels = [(f"{source}: {verdict.measure}", [*verdict.history, *verdict.points]) for verdict in verdicts]
    return result(
        said or calm,
        passed=not failing,
        severity=dg.AssetCheckSeverity.WARN,
        days_judged=len(judged),
        **_newest(verdicts),
        source=source,
        **{UNUSUAL: dg.MetadataValue.json(unusual)},
        numbers=_numbers(verdicts).head(ROWS_SHOWN),
        history=dg.MetadataValue.md(drawing(history_svg(panels), f"records of {source}, by day")),
    )._replace(asset_key=dg.AssetKey(["raw", source]), check_name=name)


def _newest(verdicts: Sequence[Assessment]) -> dict[str, float]:
    """Return the numbers of each measure's newest judged day, which Dagster plots over evaluations."""
    newest = {verdict.measure.replace(" ", "_"): verdict.judged[-1] for verdict in verdicts if verdict.judged}
    numbers: dict[str, float | None] = {name: point.value for name, point in newest.items()}
    for name, point in newest.items():
        numbers |= {f"{name}_at_least": point.lower, f"{name}_at_most": point.upper}
    return {name: float(value) for name, value in numbers.items() if value is not None}


def _numbers(verdicts: Sequence[Assessment]) -> pl.DataFrame:
    """Return the newest day of each measure, and all failing days."""
    rows = [
        (verdict.measure, point.day, point.value, point.usual, point.lower, point.upper, "no" if point.fails else "yes")
        for verdict in verdicts
        for point in [*verdict.failing, *(each for each in verdict.points[-1:] if not each.fails)]
    ]
    numbers = dict.fromkeys(["value", "usual", "at least", "at most"], pl.Float64)
    schema = {"measure": pl.String, "day": pl.Date, **numbers, "passes": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row", strict=False)


def _segments(platform: Platform, source: str) -> dg.AssetChecksDefinition:
    key = dg.AssetKey(["raw", source])

    @dg.asset_check(
        asset=key,
        name="segments_are_whole",
        description=(
            "The live segments of each day can be read, match their receipts, hold only records of that day, and obey "
            "the model of raw records."
        ),
        blocking=True,
    )
    def segments_are_whole(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        segments = platform.lake.segments
        days = days_made(context.run, key) or latest(segments.days(source))
        wrong: list[tuple[date, str]] = []
        records = 0
        for day in days:
            raw_day = segments.day(source, day)
            try:
                frame = segments.read(raw_day)
            except (LakeError, pl.exceptions.PolarsError) as error:
                wrong.append((day, f"can't be read: {str(error).splitlines()[0]}"))
                continue
            records += frame.height
            if frame.height != raw_day.rows:
                wrong.append((day, f"{frame.height} records, {raw_day.rows} in receipts"))
            elsewhere = frame.filter(pl.col("occurred_at").dt.date() != day).height
            if elsewhere:
                wrong.append((day, f"{elsewhere} records of other days"))
            wrong += [
                (day, f"{column} {rule}: not in {rows} records")
                for column, rule, rows in broken(RawRecord, frame.lazy()).iter_rows()
            ]
        table = pl.DataFrame(wrong, schema=["day", "what is wrong"], orient="row")
        bad = table["day"].n_unique() if wrong else 0
        return result(
            f"{len(days) - bad} of {len(days)} days are intact",
            passed=not wrong,
            days=len(days),
            records=records,
            what_is_wrong=table.head(20),
        )

    return segments_are_whole


def _reference(platform: Platform, source: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=["reference", source],
        name=CONTRACT,
        description="Reference data of customers obeys its model: types and nulls.",
    )
    def keeps_its_contract() -> dg.AssetCheckResult:
        lake = platform.lake
        files = lake.reference.files(source)[-FILES_LOOKED_AT:]
        wrong: list[tuple[str, str, str, int]] = []
        names = 0  # a customer has a row for each
        for file in files:
            frame = lake.reference.read(file)
            names += frame.height
            wrong += [(file.receipt.sha256[:12], *row) for row in broken(KnownCustomer, frame.lazy()).iter_rows()]
        table = pl.DataFrame(wrong, schema=["file", "column", "rule", "rows"], orient="row")
        return result(
            f"{len(files) - table['file'].n_unique()} of {len(files)} files obey the model",
            passed=not wrong,
            files=len(files),
            names=names,
            broken=table.head(20),
        )

    return keeps_its_contract
