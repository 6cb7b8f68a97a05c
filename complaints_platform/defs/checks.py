"""Asset checks: promises that must hold of what was written, each with its numbers, threshold and history.

Judgement stands in ``quality``; here it is wired to assets. All checks of a table are one step, because a step costs
more than most checks do. A blocking check keeps what is wrong from flowing on; what is only unusual warns.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dagster as dg
import polars as pl

from complaints_platform.alerting.checks import QUARANTINED_SHARE, TOO_MANY
from complaints_platform.defs.previews import drawing, preview
from complaints_platform.instance.partitions import days_made
from complaints_platform.lake import Lake, data_sets
from complaints_platform.lake.data_sets import TableSpec
from complaints_platform.lake.fingerprints import is_made_of
from complaints_platform.lake.tables import Table
from complaints_platform.learning.model import serving_model
from complaints_platform.marts.local_days import last_local_day
from complaints_platform.pipeline.cleaned import LOOK_BACK, live
from complaints_platform.pipeline.derived import DERIVED, DERIVED_OF
from complaints_platform.pipeline.quality import dangling_references
from complaints_platform.platform import Platform
from complaints_platform.quality.assessments import Point
from complaints_platform.quality.contracts import broken, rules
from complaints_platform.quality.plots import history_svg
from complaints_platform.schemas import Outcome, empty_frame

MOST_QUARANTINED = 0.05
"""Above this share of a source's records of a day, the sender or the contract is probably wrong."""

GARBAGE = 0.5
"""Above this share the file is not what the contract describes: an error, not a warning."""

ROWS_SHOWN = 60

DAYS_WITHOUT_A_RUN = 31
"""A check that runs without its asset judges the newest days."""

DAYS_OF_HISTORY = 28
"""How many earlier days plots show."""

CONTRACT = "keeps_its_contract"

FLOWS_ON = frozenset({data_sets.CLEANED, *(each.source for each in DERIVED)})
"""Tables that others are built from: errors in them must be stopped at once."""


Judge = Callable[[Platform, list[date], Table], dg.AssetCheckResult]
"""Takes the platform, the days to judge and the table as it is now; asset and name of the result are added."""


@dataclass(frozen=True)
class Check:
    """One check of a table: its name, and how days are judged."""

    name: str
    description: str
    judge: Judge
    blocking: bool = False
    often: bool = True
    """Also with each micro-batch; otherwise once an hour, and when whole days are built."""


CHECKS: dict[TableSpec, list[Check]] = {}
"""The checks of each table beside its contract: the functions below with ``_check``."""


def _check(
    spec: TableSpec, name: str, description: str, *, blocking: bool = False, often: bool = True
) -> Callable[[Judge], Judge]:
    """Return the decorator that makes a function a check of a table."""

    def add(judge: Judge) -> Judge:
        CHECKS.setdefault(spec, []).append(Check(name, description, judge, blocking, often))
        return judge

    return add


def result(
    description: str, *, passed: bool, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR, **metadata: Any
) -> dg.AssetCheckResult:
    """Return the result of a check; frames in its metadata become tables."""
    tables = {name: dg.MetadataValue.md(preview(it)) for name, it in metadata.items() if isinstance(it, pl.DataFrame)}
    return dg.AssetCheckResult(
        passed=passed, severity=severity, description=description, metadata={**metadata, **tables}
    )


def latest(materialised: Iterable[date]) -> list[date]:
    """Return the newest of the materialised days."""
    return sorted(materialised)[-DAYS_WITHOUT_A_RUN:]


def table_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Return the checks of all tables, one definition per table."""
    return [_checks_of(spec, platform) for spec in data_sets.TABLES]


def rare_checks() -> list[dg.AssetCheckKey]:
    """Return the checks of tables that do not run with each micro-batch."""
    return [
        dg.AssetCheckKey(dg.AssetKey([spec.schema, spec.name]), check.name)
        for spec in data_sets.TABLES
        for check in _all_checks(spec)
        if not check.often
    ]


def _all_checks(spec: TableSpec) -> list[Check]:
    return [_contract(spec), *CHECKS.get(spec, ())]


def _checks_of(spec: TableSpec, platform: Platform) -> dg.AssetChecksDefinition:
    key = dg.AssetKey([spec.schema, spec.name])
    checks = _all_checks(spec)

    @dg.multi_asset_check(
        name=f"check_{spec.schema}_{spec.name}",
        specs=[
            dg.AssetCheckSpec(check.name, asset=key, description=check.description, blocking=check.blocking)
            for check in checks
        ],
        can_subset=True,
    )
    def judged(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        stored = spec.table(platform.lake).as_of_now()
        days = days_made(context.run, key) or latest(stored.row_counts())
        selected = {each.name for each in context.op_execution_context.selected_asset_check_keys}
        for check in checks:
            if check.name in selected:
                yield check.judge(platform, days, stored)._replace(asset_key=key, check_name=check.name)

    return judged


def plot(title: str, points: Sequence[Point]) -> dg.MetadataValue:
    """Return one measure by day as metadata."""
    return dg.MetadataValue.md(drawing(history_svg([(title, points)]), f"{title}, by day"))


def _contract(spec: TableSpec) -> Check:
    promises = len(rules(spec.model))

    def judge(_platform: Platform, days: list[date], table: Table) -> dg.AssetCheckResult:
        counts = table.row_counts()
        rows = sum(counts.get(day, 0) for day in days)
        found = broken(spec.model, table.scan(*(day.isoformat() for day in days)))
        return result(
            f"{promises - found.height} of {promises} rules hold for {rows:,} rows"
            + "".join(f"; {column} {rule}: not in {rows:,} rows" for column, rule, rows in found.head(3).iter_rows()),
            passed=found.is_empty(),
            rows=rows,
            rules=promises,
            rules_broken=found.height,
            broken=found.head(ROWS_SHOWN),
            history=plot("rows", _until(days, counts)),
        )

    return Check(
        CONTRACT,
        "Stored rows obey the model of their data set: types, nulls, ranges, closed lists, uniqueness.",
        judge,
        blocking=True,
        often=spec in FLOWS_ON,
    )


def _until(days: Sequence[date], values: Mapping[date, int], expected: Mapping[date, int] | None = None) -> list[Point]:
    """Return points of ``days`` and the days before them, red where they differ from ``expected``."""
    if not days:
        return []
    first, last, due = min(days) - timedelta(days=DAYS_OF_HISTORY), max(days), expected or {}
    listed = sorted(day for day in values.keys() | set(days) if first <= day <= last)
    return [Point(day, values.get(day, 0), due.get(day), due.get(day), due.get(day)) for day in listed]


@_check(
    data_sets.CLEANED,
    "no_record_lost_or_added",
    "Each day has exactly the rows that the receipts of its live segments list.",
    blocking=True,
)
def _cleaned_agrees_with_receipts(platform: Platform, days: list[date], stored: Table) -> dg.AssetCheckResult:
    recipe = platform.cleaned_recipe()
    rows, fingerprints = stored.row_counts(), stored.fingerprints()
    expected, wrong, newer = {}, [], []
    for day in days:
        raw = recipe.raw_days(day)
        expected[day] = sum(each.rows for each in raw)
        if expected[day] == rows.get(day, 0):
            continue
        if day in rows and fingerprints[day] != recipe.fingerprint(
            day, live(recipe.raw_days(day - LOOK_BACK)), live(raw)
        ):
            newer.append(day)  # files came while the day was made: it is stale, not wrong
        else:
            wrong.append((day, expected[day], rows.get(day, 0)))
    table = pl.DataFrame(wrong, schema=["day", "in receipts", "in cleaned/complaints"], orient="row")
    judged = {day: count for day, count in expected.items() if day not in newer}
    return result(
        f"{len(days) - len(wrong)} of {len(days)} days agree with their receipts"
        + (f"; new files have arrived for {len(newer)} of them" if newer else ""),
        passed=not wrong,
        rows=sum(rows.get(day, 0) for day in days),
        expected_rows=sum(expected.values()),
        days_that_differ=table.head(20),
        history=plot("rows; red where receipts disagree", _until(days, rows, judged)),
    )


@_check(
    data_sets.CLEANED,
    "references_resolve",
    "The original file of each complaint exists, and so does the complaint that a duplicate repeats.",
    often=False,
)
def _references_resolve(platform: Platform, days: list[date], _stored: Table) -> dg.AssetCheckResult:
    recipe = platform.cleaned_recipe()
    lost = dangling_references(recipe.lake, recipe.sources, days)
    by_day = dict(lost.group_by("day").agg(pl.col("rows").sum()).iter_rows())
    return result(
        "all originals and all complaints referred to exist"
        if lost.is_empty()
        else f"{lost['rows'].sum():,} complaints refer to missing objects: " + ", ".join(sorted(set(lost["refers"]))),
        passed=lost.is_empty(),
        days=len(days),
        dangling=int(lost["rows"].sum()),
        allowed=0,
        what_is_missing=lost.head(20),
        history=plot("dangling references", _until(days, by_day, dict.fromkeys(days, 0))),
    )


@_check(
    data_sets.CATEGORIZED,
    "agrees_with_cleaned",
    "Each day has the rows of cleaned/complaints; only complaints have a category, one of the taxonomy.",
    blocking=True,
)
def _categorized_agrees_with_cleaned(platform: Platform, days: list[date], stored: Table) -> dg.AssetCheckResult:
    lake = platform.lake
    cleaned = data_sets.CLEANED.table(lake).as_of_now()
    rows, made = stored.row_counts(), stored.fingerprints()
    before = cleaned.fingerprints()
    of_these = {day for day in days if day in made and day in before and is_made_of(made[day], before[day])}
    expected = {day: count for day, count in cleaned.row_counts().items() if day in of_these}
    wrong = [(day, expected[day], rows.get(day, 0)) for day in sorted(expected) if expected[day] != rows.get(day, 0)]
    model = serving_model(lake)
    has, is_complaint = pl.col("category").is_not_null(), pl.col("outcome") == Outcome.COMPLAINT.value
    # What an older model or a person said may be of an older taxonomy: stale at most, not wrong.
    said_by_it = (pl.col("model_version") == model.version) & (pl.col("category_source") == "model")
    columns = ["day", "outcome", "category", "category_source", "model_version"]
    odd = (
        stored.scan(*(day.isoformat() for day in days), columns=columns)
        .filter((has != is_complaint) | (has & said_by_it & ~pl.col("category").is_in(model.taxonomy.category_names)))
        .group_by("day", "category")
        .agg(rows=pl.len())
        .sort("day", "category")
        .collect()
    )
    table = pl.DataFrame(wrong, schema=["day", "in cleaned", "in categorized"], orient="row")
    return result(
        f"{len(days) - len(wrong)} of {len(days)} days have the rows of cleaned/complaints"
        + ("" if odd.is_empty() else f"; {odd['rows'].sum():,} rows with a missing, unknown or superfluous category"),
        passed=not wrong and odd.is_empty(),
        rows=sum(rows.get(day, 0) for day in days),
        expected_rows=sum(expected.values()),
        odd_categories=int(odd["rows"].sum()),
        days_that_differ=table.head(20),
        odd=odd.head(20),
        history=plot("rows; red where cleaned/complaints differs", _until(days, rows, expected)),
    )


@_check(
    data_sets.DAILY,
    "agrees_with_detail",
    "The mart's total of each day equals the number of complaints in categorized/complaints.",
    blocking=True,
)
def _daily_agrees_with_detail(platform: Platform, days: list[date], stored: Table) -> dg.AssetCheckResult:
    complaints = (pl.col("outcome") == Outcome.COMPLAINT.value).sum()
    detail = _sums(data_sets.CATEGORIZED.table(platform.lake).as_of_now(), days, ["outcome"], complaints)
    mart = _sums(stored, _with_history(days), ["complaints"], pl.col("complaints").sum())
    return _agreement(days, mart, detail, "detail")


@_check(
    data_sets.TRENDS,
    "agrees_with_daily",
    "The trends' total of each day equals that of mart/daily_complaints.",
    often=False,
)
def _trends_agree_with_daily(platform: Platform, days: list[date], stored: Table) -> dg.AssetCheckResult:
    source = data_sets.DAILY.table(platform.lake).as_of_now()
    made, made_of = stored.fingerprints(), source.fingerprints()
    # Between two tables of a run that is at work days differ for a moment.
    days = [day for day in days if DERIVED_OF[data_sets.TRENDS].is_current(day, made.get(day), made_of)]
    days = sorted(set(days) - _days_of_an_earlier_release(stored, days))
    daily = _sums_of_local_days(source, days, platform.settings.time_zone)
    of_day = pl.col("complaints").filter(pl.col("period") == "day").sum()
    trends = _sums(stored, _with_history(days), ["period", "complaints"], of_day)
    return _agreement(days, trends, daily, "mart/daily_complaints")


def _days_of_an_earlier_release(trends: Table, days: list[date]) -> set[date]:
    """Return the days whose trends still count UTC days, until they are rebuilt."""
    if not days:
        return set()
    stored = trends.scan(*(day.isoformat() for day in days), columns=["day", "local_day"])
    return set(stored.filter(pl.col("local_day").is_null()).select("day").unique().collect()["day"])


def _sums_of_local_days(daily: Table, days: list[date], zone: str) -> dict[date, int]:
    """Return the complaints of the last local day that is over by the end of a day."""
    stored = daily.row_counts()
    read = sorted({each for day in days for each in (day - timedelta(days=1), day) if each in stored})
    if not read:
        return {}
    rows = daily.scan(*(day.isoformat() for day in read), columns=["local_day", "complaints"])
    counted = dict(rows.group_by("local_day").agg(pl.col("complaints").sum().cast(pl.Int64)).collect().iter_rows())
    return {day: counted.get(last_local_day(day, zone), 0) for day in days}


def _agreement(days: list[date], mart: Mapping[date, int], other: Mapping[date, int], name: str) -> dg.AssetCheckResult:
    wrong = [(day, other.get(day, 0), mart.get(day, 0)) for day in days if other.get(day, 0) != mart.get(day, 0)]
    table = pl.DataFrame(wrong, schema=["day", name, "mart"], orient="row")
    expected = {day: other.get(day, 0) for day in days}
    return result(
        f"{len(days) - len(wrong)} of {len(days)} days agree with the {name}",
        passed=not wrong,
        complaints_in_mart=sum(mart.get(day, 0) for day in days),
        complaints_expected=sum(expected.values()),
        days_that_differ=table.head(20),
        history=plot("complaints; red where they differ", _until(days, mart, expected)),
    )


def _with_history(days: Sequence[date]) -> list[date]:
    if not days:
        return []
    before = [min(days) - timedelta(days=back) for back in range(DAYS_OF_HISTORY, 0, -1)]
    return [*before, *days]


def _sums(table: Table, days: Sequence[date], columns: list[str], expression: pl.Expr) -> dict[date, int]:
    """Return day → value of ``expression`` over its rows, in one read; days that are not stored are absent."""
    stored = table.row_counts()
    there = [day for day in days if day in stored]
    if not there:
        return {}
    found = (
        table.scan(*(day.isoformat() for day in there), columns=["day", *columns])
        .group_by("day")
        .agg(value=expression.cast(pl.Int64))
        .collect()
    )
    return dict.fromkeys(there, 0) | dict(found.iter_rows())


FATES = ["complaints", "duplicates", "superseded", "retracted", "filtered", "quarantined"]


@_check(
    data_sets.RECONCILIATION,
    "every_file_reconciles",
    "received = complaints + duplicates + superseded + retracted + filtered + quarantined, per file.",
)
def _files_reconcile(_platform: Platform, days: list[date], stored: Table) -> dg.AssetCheckResult:
    frames = [day.frame for day in stored.read_days(_with_history(days))]
    files = pl.concat([empty_frame(data_sets.RECONCILIATION.model), *frames])
    unaccounted = (pl.col("received") - pl.sum_horizontal(FATES)).abs().sum()
    by_day = dict(files.group_by("day").agg(unaccounted).iter_rows())
    files = files.filter(pl.col("day").is_in(days))
    wrong = files.filter(~pl.col("reconciles"))
    waiting = int(files["waiting"].sum())
    return result(
        f"{files.height - wrong.height} of {files.height} files reconcile"
        + (f"; {waiting} records are waiting for their day in cleaned/complaints" if waiting else ""),
        passed=wrong.is_empty(),
        files=files.height,
        received=int(files["received"].sum()),
        waiting=waiting,
        files_that_differ=wrong.head(20),
        history=plot("records not accounted for", _until(days, by_day, dict.fromkeys(days, 0))),
        # What waits comes by itself; what neither is there nor waits is lost, or counted twice.
        severity=dg.AssetCheckSeverity.WARN
        if wrong.filter(pl.col("received") != pl.sum_horizontal([*FATES, "waiting"])).is_empty()
        else dg.AssetCheckSeverity.ERROR,
    )


@_check(
    data_sets.QUARANTINE,
    QUARANTINED_SHARE,
    f"At most {MOST_QUARANTINED:.0%} of a source's records of a day are in quarantine; above {GARBAGE:.0%} it "
    "is an error. Inspect them with complaints quarantine show; after fixing the contract, run complaints "
    "quarantine replay.",
)
def _quarantine_is_small(platform: Platform, days: list[date], stored: Table) -> dg.AssetCheckResult:
    frames = [day.frame for day in stored.read_days(_with_history(days), ["day", "source", "reason"])]
    quarantined = pl.concat([empty_frame(data_sets.QUARANTINE.model).select("day", "source", "reason"), *frames])
    by_source = _received(platform.lake, days).join(
        quarantined.group_by("day", "source").agg(quarantined=pl.len().cast(pl.Int64)), on=["day", "source"], how="left"
    )
    by_source = (
        by_source.with_columns(pl.col("quarantined").fill_null(0))
        .with_columns(share=pl.when(pl.col("received") > 0).then((pl.col("quarantined") / pl.col("received")).round(4)))
        .sort("day", "source", descending=[True, False])
    )
    of_run = by_source.filter(pl.col("day").is_in(days))
    quarantined = quarantined.filter(pl.col("day").is_in(days))
    by_reason = (
        quarantined.group_by("source", "reason").agg(records=pl.len()).sort("records", "source", descending=True)
    )
    wrong = of_run.filter(pl.col("share") > MOST_QUARANTINED)
    garbage = of_run.filter(pl.col("share") > GARBAGE)
    panels = [
        (
            f"{source}: share in quarantine",
            [Point(day, share or 0.0, None, None, MOST_QUARANTINED) for day, share in rows.sort("day").iter_rows()],
        )
        for (source,), rows in by_source.select("day", "share", "source").group_by("source", maintain_order=True)
        for rows in [rows.select("day", "share")]
    ]
    # What notifications are made of.
    too_many = dg.MetadataValue.json(
        [
            {"day": day.isoformat(), "source": source, "share": share}
            for day, source, share in _named(wrong).tail(ROWS_SHOWN).iter_rows()
        ]
    )
    return result(
        f"{quarantined.height:,} of {int(of_run['received'].sum()):,} records are in quarantine"
        + "".join(
            f"; {source} on {day}: {share:.0%}, above the limit"
            for day, source, share in _named(wrong).tail(5).iter_rows()
        ),
        passed=wrong.is_empty(),
        quarantined=quarantined.height,
        received=int(of_run["received"].sum()),
        most_allowed=MOST_QUARANTINED,
        **{TOO_MANY: too_many},
        by_source_and_day=of_run.head(ROWS_SHOWN),
        by_reason=by_reason.head(ROWS_SHOWN),
        history=dg.MetadataValue.md(drawing(history_svg(sorted(panels)), "share in quarantine, by source and day")),
        severity=dg.AssetCheckSeverity.WARN if garbage.is_empty() else dg.AssetCheckSeverity.ERROR,
    )


def _named(shares: pl.DataFrame) -> pl.DataFrame:
    return shares.select("day", "source", "share").sort("day", "source")


def _received(lake: Lake, days: Sequence[date]) -> pl.DataFrame:
    """Return day, source and received: for the run's days from receipts, for earlier ones from the reconciliation."""
    schema = {"day": pl.Date, "source": pl.String, "received": pl.Int64}
    now = pl.DataFrame(
        [(day, receipt.source, receipt.received) for day in days for receipt in lake.receipts.received_on(day)],
        schema=schema,
        orient="row",
    )
    before = [
        day.frame
        for day in data_sets.RECONCILIATION.table(lake).read_days(_with_history(days), list(schema))
        if day.day not in set(days)
    ]
    return pl.concat([now, *before]).group_by("day", "source").agg(pl.col("received").sum())
