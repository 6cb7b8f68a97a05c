"""Asset checks: promises that must hold of what was written, each with its numbers."""

from collections.abc import Iterable
from datetime import date

import dagster as dg
import polars as pl

from complaints_platform.defs.partitions import days_made
from complaints_platform.defs.previews import preview
from complaints_platform.lake import Lake
from complaints_platform.lake.tables import Table
from complaints_platform.pipeline import data_sets
from complaints_platform.pipeline.cleaned import LOOK_BACK, CleanedRecipe, live
from complaints_platform.schemas import Outcome, empty_frame
from complaints_platform.settings import Settings

MOST_SET_ASIDE = 0.05
"""Share of a source's records of a day above which its sender or its contract is more likely wrong than they."""

ROWS_SHOWN = 60

DAYS_WITHOUT_A_RUN = 31
"""A check that is started by itself, not with its asset, looks at the newest days."""


def latest(materialised: Iterable[date]) -> list[date]:
    """Return the newest of the materialised days."""
    return sorted(materialised)[-DAYS_WITHOUT_A_RUN:]


def _key(spec: data_sets.TableSpec) -> dg.AssetKey:
    return dg.AssetKey([spec.schema, spec.name])


def table_checks(settings: Settings) -> list[dg.AssetChecksDefinition]:
    """Return the checks of all tables."""
    return [
        _cleaned_agrees_with_receipts(settings),
        _daily_agrees_with_detail(settings),
        _files_reconcile(settings),
        _little_is_set_aside(settings),
    ]


def _cleaned_agrees_with_receipts(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=_key(data_sets.CLEANED),
        name="no_record_lost_or_added",
        description="Each day holds exactly as many rows as the receipts of its live segments say.",
        blocking=True,
    )
    def no_record_lost_or_added(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        recipe = CleanedRecipe.of(settings)
        stored = data_sets.CLEANED.table(recipe.lake)
        rows, fingerprints = stored.row_counts(), stored.fingerprints()
        days = days_made(context.run, _key(data_sets.CLEANED)) or latest(rows)
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
        return dg.AssetCheckResult(
            passed=not wrong,
            severity=dg.AssetCheckSeverity.ERROR,
            description=(
                f"{len(days) - len(wrong)} of {len(days)} days agree with their receipts"
                + (f"; files came for {len(newer)} of them meanwhile" if newer else "")
            ),
            metadata={
                "rows": sum(rows.get(day, 0) for day in days),
                "expected_rows": sum(expected.values()),
                "days_that_differ": dg.MetadataValue.md(preview(table.head(20))),
            },
        )

    return no_record_lost_or_added


def _daily_agrees_with_detail(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=_key(data_sets.DAILY),
        name="agrees_with_detail",
        description="The mart's total of each day equals the number of complaints in categorized/complaints.",
    )
    def agrees_with_detail(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake = Lake(settings.lake)
        days = days_made(context.run, _key(data_sets.DAILY)) or latest(data_sets.DAILY.table(lake).row_counts())
        detail = _sums(
            data_sets.CATEGORIZED.table(lake), days, "outcome", (pl.col("outcome") == Outcome.COMPLAINT).sum()
        )
        mart = _sums(data_sets.DAILY.table(lake), days, "complaints", pl.col("complaints").sum())
        wrong = [(day, detail.get(day, 0), mart.get(day, 0)) for day in days if detail.get(day, 0) != mart.get(day, 0)]
        table = pl.DataFrame(wrong, schema=["day", "detail", "mart"], orient="row")
        return dg.AssetCheckResult(
            passed=not wrong,
            severity=dg.AssetCheckSeverity.ERROR,
            description=f"{len(days) - len(wrong)} of {len(days)} days agree with the detail",
            metadata={
                "complaints_in_mart": sum(mart.values()),
                "complaints_in_detail": sum(detail.values()),
                "days_that_differ": dg.MetadataValue.md(preview(table.head(20))),
            },
        )

    return agrees_with_detail


def _sums(table: Table, days: list[date], column: str, expression: pl.Expr) -> dict[date, int]:
    return {day.day: int(day.frame.select(expression).item()) for day in table.read_days(days, [column])}


def _files_reconcile(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=_key(data_sets.RECONCILIATION),
        name="every_file_reconciles",
        description="received = complaints + duplicates + superseded + retracted + filtered + quarantined, per file.",
    )
    def every_file_reconciles(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        table = data_sets.RECONCILIATION.table(Lake(settings.lake))
        days = days_made(context.run, _key(data_sets.RECONCILIATION)) or latest(table.row_counts())
        frames = [day.frame for day in table.read_days(days)]
        files = pl.concat([empty_frame(data_sets.RECONCILIATION.model), *frames])
        wrong = files.filter(~pl.col("reconciles"))
        waiting = int(files["waiting"].sum())
        return dg.AssetCheckResult(
            passed=wrong.is_empty(),
            severity=dg.AssetCheckSeverity.WARN if waiting else dg.AssetCheckSeverity.ERROR,
            description=(
                f"{files.height - wrong.height} of {files.height} files reconcile"
                + (f"; {waiting} records wait for their day in cleaned/complaints" if waiting else "")
            ),
            metadata={
                "files": files.height,
                "received": int(files["received"].sum()),
                "waiting": waiting,
                "files_that_differ": dg.MetadataValue.md(preview(wrong.head(20))),
            },
        )

    return every_file_reconciles


def _little_is_set_aside(settings: Settings) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=_key(data_sets.QUARANTINE),
        name="little_is_set_aside",
        description=(
            f"Of each source and day received, at most {MOST_SET_ASIDE:.0%} of the records are in quarantine. "
            "Look at them with complaints quarantine show; after the contract is fixed, complaints quarantine replay."
        ),
    )
    def little_is_set_aside(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        lake = Lake(settings.lake)
        table = data_sets.QUARANTINE.table(lake)
        days = days_made(context.run, _key(data_sets.QUARANTINE)) or latest(table.row_counts())
        frames = [day.frame for day in table.read_days(days, ["day", "source", "reason"])]
        set_aside = pl.concat([empty_frame(data_sets.QUARANTINE.model).select("day", "source", "reason"), *frames])
        received = pl.DataFrame(
            [(day, receipt.source, receipt.received) for day in days for receipt in lake.receipts.received_on(day)],
            schema={"day": pl.Date, "source": pl.String, "received": pl.Int64},
            orient="row",
        )
        by_source = (
            received.group_by("day", "source")
            .agg(pl.col("received").sum())
            .join(
                set_aside.group_by("day", "source").agg(quarantined=pl.len().cast(pl.Int64)),
                on=["day", "source"],
                how="left",
            )
            .with_columns(pl.col("quarantined").fill_null(0))
            .with_columns(share=(pl.col("quarantined") / pl.col("received")).round(4))
            .sort("day", "source", descending=[True, False])
        )
        by_reason = (
            set_aside.group_by("source", "reason").agg(records=pl.len()).sort("records", "source", descending=True)
        )
        wrong = by_source.filter(pl.col("share") > MOST_SET_ASIDE)
        return dg.AssetCheckResult(
            passed=wrong.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            description=(
                f"{set_aside.height:,} of {int(received['received'].sum()):,} records are in quarantine"
                + (f"; too many of {', '.join(sorted(set(wrong['source'])))}" if wrong.height else "")
            ),
            metadata={
                "quarantined": set_aside.height,
                "received": int(received["received"].sum()),
                "most_allowed": MOST_SET_ASIDE,
                "by_source_and_day": dg.MetadataValue.md(preview(by_source.head(ROWS_SHOWN))),
                "by_reason": dg.MetadataValue.md(preview(by_reason.head(ROWS_SHOWN))),
            },
        )

    return little_is_set_aside
