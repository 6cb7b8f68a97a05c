"""Asset checks of the classifier: it can serve, and the present still looks like what it was made for.

Those of drift warn and never block: it is a reason to look and to label, not a fault of the data.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from complaints_platform.classification.drift import (
    CURRENT_DAYS,
    FEWEST_REFERENCE_DAYS,
    REFERENCE_DAYS,
    SMALLEST_SHIFT,
    Shift,
)
from complaints_platform.defs.checks import result
from complaints_platform.defs.previews import drawing
from complaints_platform.errors import ModelError
from complaints_platform.instance.partitions import days_made
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.learning.drift import Drift, measure_drift
from complaints_platform.learning.model import serving_model
from complaints_platform.platform import Platform
from complaints_platform.quality.plots import windows_svg

DESCRIPTIONS = {
    "category_shares": "Shares of the categories (population stability index)",
    "mean_confidence": "Mean confidence of the model",
    "unknown_words": "Share of words the model was not trained on",
    "needs_review": "Share of complaints that need review",
}
FEWEST_SEEDS_RIGHT = 0.5
"""A model learns the seeds; one that has forgotten half of them is broken or was trained on wrong labels."""

ASSET = dg.AssetKey([CATEGORIZED.schema, CATEGORIZED.name])


def check_name(number: str) -> str:
    """Return the name of the check on one of the numbers of ``drift.SMALLEST_SHIFT``."""
    return f"no_drift_of_{number}"


DRIFT_CHECKS = [dg.AssetCheckKey(ASSET, check_name(number)) for number in DESCRIPTIONS]


def classifier_checks(platform: Platform) -> list[dg.AssetChecksDefinition]:
    """Return the checks on ``categorized/complaints`` that watch the classifier."""

    @dg.multi_asset_check(
        name="classifier_drift",
        description=f"Compares the newest {CURRENT_DAYS} days with the {REFERENCE_DAYS} before them.",
        specs=[
            dg.AssetCheckSpec(
                check_name(number),
                asset=ASSET,
                description=(
                    f"{description} in the newest {CURRENT_DAYS} days, compared with up to {REFERENCE_DAYS} days "
                    f"before: a warning if they differ by more than {SMALLEST_SHIFT[number]:g} and by more than "
                    "shuffled days do."
                ),
            )
            for number, description in DESCRIPTIONS.items()
        ],
    )
    def classifier_drift(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        lake = platform.lake
        newest = max(days_made(context.run, ASSET) or CATEGORIZED.table(lake).row_counts(), default=None)
        drift = measure_drift(lake, newest) if newest else None
        for number in DESCRIPTIONS:
            yield _judged(drift, number)

    return [classifier_drift]


def _judged(drift: Drift | None, number: str) -> dg.AssetCheckResult:
    if drift is None:
        found = result("no days have been categorised yet", passed=True)
    else:
        (shift,) = (each for each in drift.shifts if each.name == number)
        enough = len(drift.reference) >= FEWEST_REFERENCE_DAYS
        found = result(
            _sentence(shift, drift, enough=enough),
            passed=not shift.drifted,
            severity=dg.AssetCheckSeverity.WARN,
            **_numbers(shift, drift),
            **({"threshold": shift.threshold} if enough else {}),
        )
    return found._replace(asset_key=ASSET, check_name=check_name(number))


def _numbers(shift: Shift, drift: Drift) -> dict[str, Any]:
    first, title, limits = drift.current[0].day, DESCRIPTIONS[shift.name], (shift.reference, shift.current)
    plot = windows_svg(title, shift.by_day, first, limits, shift.threshold)
    return {
        "distance": shift.distance,
        "p_value": shift.p_value,
        "newest_days": f"{first} to {drift.current[-1].day}",
        "days_before": len(drift.reference),
        "complaints_in_newest_days": sum(day.complaints for day in drift.current),
        "complaints_before": sum(day.complaints for day in drift.reference),
        "model_versions": ", ".join(drift.model_versions),
        "by_day": dg.MetadataValue.md(drawing(plot, f"{title} by day")),
        **(
            {"categories": _shares(drift)}
            if shift.name == "category_shares"
            else {"before": shift.reference, "now": shift.current}
        ),
    }


def _sentence(shift: Shift, drift: Drift, *, enough: bool) -> str:
    if not enough:
        before, now = len(drift.reference), len(drift.current)
        return f"only {before} days before the newest {now}: not enough to tell drift from chance"
    if shift.name == "category_shares":
        numbers = f"index {shift.distance:.3f}"
    else:
        numbers = f"{shift.reference:.3f} before, {shift.current:.3f} now"
    mixed = "; several models categorised these days" if len(drift.model_versions) > 1 else ""
    return f"{'drift' if shift.drifted else 'no drift'}: {numbers}, limit {shift.threshold:.3f}{mixed}"


def _shares(drift: Drift) -> pl.DataFrame:
    """Return each category's share before and now, in percent, largest change first."""
    rows = []
    totals = [max(1, sum(day.complaints for day in days)) for days in (drift.reference, drift.current)]
    for name in sorted({name for day in (*drift.reference, *drift.current) for name in day.by_category}):
        before, now = (
            100 * sum(day.by_category.get(name, 0) for day in days) / total
            for days, total in zip((drift.reference, drift.current), totals, strict=True)
        )
        rows.append((name, round(before, 2), round(now, 2), round(now - before, 2)))
    table = pl.DataFrame(rows, schema=["category", "before %", "now %", "change"], orient="row")
    return table.sort(pl.col("change").abs(), descending=True)


def model_check(platform: Platform) -> dg.AssetChecksDefinition:
    """Return the check of ``classifier/model``."""

    @dg.asset_check(
        asset=["classifier", "model"],
        name="can_serve",
        description="The model that serves can be loaded, and classifies the seed phrases of its taxonomy correctly.",
        blocking=True,
    )
    def can_serve() -> dg.AssetCheckResult:
        from complaints_platform.classification.prediction import classify

        lake = platform.lake
        try:
            model = serving_model(lake)
        except ModelError as error:
            return dg.AssetCheckResult(passed=False, description=str(error))
        phrases = pl.DataFrame(model.taxonomy.seed_phrases(), schema=["text", "subcategory"], orient="row")
        meant = [model.taxonomy.parent(name) for name in phrases["subcategory"]]
        right = int((classify(model, phrases["text"])["category"] == pl.Series(meant, dtype=pl.String)).sum())
        share = right / max(1, phrases.height)
        return dg.AssetCheckResult(
            passed=share >= FEWEST_SEEDS_RIGHT,
            description=f"{model.version} classifies {right} of {phrases.height} seed phrases correctly",
            metadata={"share": share, "least_allowed": FEWEST_SEEDS_RIGHT, "model_version": model.version},
        )

    return can_serve
