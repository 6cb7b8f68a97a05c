"""Service times: how long customers waited for a first response and a resolution, and the backlog.

One row for each complaint of a source that sends such times. When a response was due depends on the target of the
day on which the complaint was made, so that a new target never changes old numbers.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.definition import (
    BY_COMPLAINT,
    COMPLAINT,
    ByDay,
    Detail,
    Mart,
    MartRules,
    Metric,
    OpenRows,
)
from complaints_platform.marts.local_days import local_day
from complaints_platform.marts.targets import Measure
from complaints_platform.schemas import DataSet, Outcome, UtcTime, conform, fields
from complaints_platform.schemas.model import polars_schema

INPUT_COLUMNS = [
    *("day", "complaint_id", *BY_COMPLAINT, "segment", "status", "outcome"),
    *("occurred_at", "first_response_at", "resolved_at"),
]

CLOSED = ("closed", "resolved", "solved", "done", "completed", "cancelled", "canceled", "rejected", "withdrawn")
"""Status (lower case) of a closed complaint, even if its source does not say when it was closed."""

MICROSECONDS = 6e7
"""Of a minute."""

MEDIAN = 0.5
OPEN = OpenRows("backlog_from", "resolved_day")


def _minutes(description: str) -> Any:
    return pa.Field(nullable=True, ge=0, description=description)


def _target() -> Any:
    return pa.Field(
        nullable=True,
        description="Target of local_day, in minutes; null: no target, or the source sends no such times.",
    )


def _clock() -> Any:
    return pa.Field(
        nullable=True,
        isin=["calendar", "business"],
        description="Whether the target counts all minutes or working hours.",
    )


class ServiceTime(DataSet, unique=["day", "complaint_id"]):
    """How long a complaint waited for its first response and its resolution. One row per complaint."""

    day: pl.Date = fields.DAY
    local_day: pl.Date = fields.LOCAL_DAY
    complaint_id: str = fields.COMPLAINT_ID
    source: str = fields.SOURCE
    channel: str = fields.CHANNEL
    region: str = fields.REGION
    product: str = fields.PRODUCT
    category: str = fields.CATEGORY
    subcategory: str = fields.SUBCATEGORY
    opened_at: UtcTime = pa.Field(description="When it was made (UTC).")
    first_response_at: UtcTime = fields.FIRST_RESPONSE_AT
    first_response_minutes: float = _minutes("Minutes until then.")
    first_response_business_minutes: float = _minutes("Minutes of working hours until then.")
    first_response_target_minutes: float = _target()
    first_response_clock: str = _clock()
    first_response_due_at: UtcTime = pa.Field(nullable=True, description="When it is due (UTC).")
    first_response_timely: bool = pa.Field(
        nullable=True, description="Answered in time; null: not answered yet, or no target."
    )
    resolved_at: UtcTime = fields.RESOLVED_AT
    resolved_day: pl.Date = pa.Field(nullable=True, description="That day in the reporting time zone.")
    resolution_minutes: float = _minutes("Minutes until then.")
    resolution_business_minutes: float = _minutes("Minutes of working hours until then.")
    resolution_target_minutes: float = _target()
    resolution_clock: str = _clock()
    resolution_due_at: UtcTime = pa.Field(nullable=True, description="When it is due (UTC).")
    resolution_timely: bool = pa.Field(
        nullable=True, description="Resolved in time; null: not resolved yet, or no target."
    )
    backlog_from: pl.Date = pa.Field(
        nullable=True,
        description="Local day from which it is open, until resolved_day; null: its source does not say when "
        "complaints are resolved, or when this one was closed.",
    )


def service_times(categorized: pl.DataFrame, rules: MartRules) -> pl.DataFrame:
    """Return ``ServiceTime`` of ``CategorizedComplaint`` rows (``INPUT_COLUMNS``), in order of time and id."""
    zone = rules.zone
    rows = (
        categorized.filter(
            pl.col("outcome") == Outcome.COMPLAINT, pl.col("source").is_in(sorted({*rules.answering, *rules.resolving}))
        )
        .rename({"occurred_at": "opened_at"})
        .with_columns(local_day=local_day("opened_at", zone), resolved_day=local_day("resolved_at", zone))
        .with_columns(
            answer_sent=pl.col("source").is_in(rules.answering),
            solution_sent=pl.col("source").is_in(rules.resolving),
            closed=pl.col("resolved_at").is_not_null() | pl.col("status").is_in(CLOSED).fill_null(value=False),
        )
        # A complaint closed without a time is neither open nor late: how long it took is unknown.
        .with_columns(solution_sent=pl.col("solution_sent") & (pl.col("resolved_at").is_not_null() | ~pl.col("closed")))
        .with_columns(backlog_from=pl.when("solution_sent").then("local_day"))
        .sort("opened_at", "complaint_id")
    )
    rows = _with_times(rows, rules, "first_response", "first_response_at", "answer_sent")
    rows = _with_times(rows, rules, "resolution", "resolved_at", "solution_sent")
    return conform(rows.select(polars_schema(ServiceTime).names()), ServiceTime)


def _with_times(rows: pl.DataFrame, rules: MartRules, measure: Measure, at: str, sent: str) -> pl.DataFrame:
    """Add minutes in both kinds of time, the target, when it is due and whether it was met."""
    target = rows.select(target=pl.when(sent).then(rules.targets.of(measure))).unnest("target")
    calendar_due = rows["opened_at"] + pl.Series(target["minutes"] * 60 * 1e6).cast(pl.Duration("us"))
    by_business = target["clock"] == "business"
    business_due = rules.calendar.after(rows["opened_at"], target["minutes"].set(~by_business, None))
    return rows.with_columns(
        (pl.col(at) - pl.col("opened_at")).dt.total_microseconds().truediv(MICROSECONDS).alias(f"{measure}_minutes"),
        rules.calendar.minutes_between(rows["opened_at"], rows[at]).alias(f"{measure}_business_minutes"),
        target["minutes"].alias(f"{measure}_target_minutes"),
        target["clock"].alias(f"{measure}_clock"),
        business_due.zip_with(by_business.fill_null(value=False), calendar_due).alias(f"{measure}_due_at"),
    ).with_columns((pl.col(at) <= pl.col(f"{measure}_due_at")).alias(f"{measure}_timely"))


def _waiting(name: str, title: str, done: str, at: str) -> tuple[Metric, ...]:
    """Return median and 90th percentile of the time until ``at``, in all hours and in working hours."""
    in_detail = f"date_diff('microseconds', occurred_at, {at}) / 6e7"

    def metric(share: str, words: str, quantile: float, *, business: bool) -> Metric:
        column = f"{name}_business_minutes" if business else f"{name}_minutes"
        kind = "working minutes" if business else "minutes"
        return Metric(
            name=f"{name}_{'median' if quantile == MEDIAN else 'p90'}{'_business' if business else ''}",
            title=f"{title}: {words}{' (working hours)' if business else ''}",
            description=f"{share} of the {done} complaints were {done} within this many {kind}.",
            unit="minutes",
            dtype="number",
            formula=f"{words} of {column}, interpolated, by the day of the complaint",
            expression=f"quantile_cont({column}, {quantile})",
            filter=f"{column} IS NOT NULL",
            better="lower",
            detail=None
            if business
            else Detail(f"quantile_cont({in_detail}, {quantile})", f"{COMPLAINT} AND {at} IS NOT NULL"),
        )

    return tuple(
        metric(*which, business=business)
        for business in (False, True)
        for which in (("Half", "median", MEDIAN), ("Nine in ten", "90th percentile", 0.9))
    )


def _done(name: str, at: str) -> Metric:
    return Metric(
        name=name,
        title=name.capitalize(),
        description=f"Complaints that have been {name}, by the day they were made.",
        formula=f"number of complaints with {at}",
        expression=f"count({at})",
        detail=Detail(f"count({at})", COMPLAINT),
    )


def _timely(name: str, title: str, done: str, besides: str = "") -> Metric:
    """Return the share of complaints dealt with in time; ``besides`` adds what does not count."""
    due = f"{name}_timely IS NOT NULL OR {name}_due_at <= now()"
    return Metric(
        name=f"{name}_timely_rate",
        title=title,
        description=f"Share {done} in time, of the complaints that were {done} or should have been by now. The target "
        f"is that of the day on which the complaint was made.{besides}",
        unit="share",
        dtype="number",
        formula=f"{name}_timely / ({name}_timely is known, or {name}_due_at has passed), by the day of the complaint",
        expression=f"count(*) FILTER ({name}_timely) / nullif(count(*) FILTER ({due}), 0)",
        better="higher",
    )


def _settings(rules: MartRules, day: date) -> Sequence[object]:
    # What a source sends is hashed in the words of the first release: otherwise every day of every lake would be stale.
    sent = [
        f"({source!r}, Told(first_response={times.first_response}, resolution={times.resolution}))"
        for source, times in sorted(rules.times.items())
    ]
    # A complaint's local day is at most a day off, so later targets can't apply.
    return [*rules.calendar.fingerprint, *sent, *rules.targets.until(day + timedelta(days=1))]


MART = Mart(
    name="mart.service_times",
    title="Service times",
    grain="a complaint of a source whose contract maps first_response_at or resolved_at",
    description="How long customers waited for a first response and a resolution, in all hours and in working hours; "
    "the targets, as of the day of the complaint; and when the complaint was open.",
    model=ServiceTime,
    recipe=ByDay(lambda window: service_times(window.today, window.rules), INPUT_COLUMNS),
    settings=_settings,
    dimensions=BY_COMPLAINT,
    day_column="local_day",
    by_complaint=True,
    metrics=(
        *_waiting("first_response", "First response", "answered", "first_response_at"),
        *_waiting("resolution", "Resolution", "resolved", "resolved_at"),
        _done("answered", "first_response_at"),
        _done("resolved", "resolved_at"),
        _timely("first_response", "Answered in time", "answered"),
        _timely(
            "resolution",
            "Resolved in time",
            "resolved",
            " Complaints closed without a time do not count: they are neither open nor late.",
        ),
        Metric(
            name="backlog",
            title="Backlog",
            description="Complaints open at the end of the period, of sources that report resolutions.",
            formula="number of complaints with backlog_from <= last day, and resolved_day none or later",
            expression="CAST(coalesce(sum(rows_of_age), 0) AS BIGINT)",
            better="lower",
            open_rows=OPEN,
        ),
        Metric(
            name="backlog_median_age",
            title="Backlog: median age",
            description="Median age in days of the complaints open at the end of the period.",
            unit="days",
            dtype="number",
            formula="median of last day - backlog_from over open complaints",
            # Half way between the two in the middle, which are one if their number is odd.
            expression="(min(age) FILTER (2 * rows_up_to_age >= rows_open) "
            "+ min(age) FILTER (2 * rows_up_to_age > rows_open)) / 2",
            better="lower",
            open_rows=OPEN,
        ),
        Metric(
            name="backlog_over_30_days",
            title="Backlog over 30 days",
            description="Complaints open for more than 30 days at the end of the period.",
            formula="number of open complaints with last day - backlog_from > 30",
            expression="CAST(coalesce(sum(rows_of_age) FILTER (age > 30), 0) AS BIGINT)",
            better="lower",
            open_rows=OPEN,
        ),
    ),
)
