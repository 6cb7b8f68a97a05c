"""Service times: how long customers waited for a first answer and for a solution, and what is still open.

One row for each complaint of a source that sends such times. When it was to be answered is decided by the target
of the day on which it was made, so that a new target never changes old numbers.
"""

from collections.abc import Sequence
from datetime import date, timedelta

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
"""Status (lower case) of a complaint that is no longer open, though its source does not say since when."""

SECONDS_OF_MINUTE = 60

MEDIAN = 0.5
OPEN = OpenRows("backlog_from", "resolved_day")


class ServiceTime(DataSet, unique=["day", "complaint_id"]):
    """How long a complaint waited for its first answer and its solution, if its source says so. One row a complaint."""

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
    first_response_minutes: float = pa.Field(nullable=True, ge=0, description="Minutes until then.")
    first_response_business_minutes: float = pa.Field(
        nullable=True, ge=0, description="Minutes of working hours until then."
    )
    first_response_target_minutes: float = pa.Field(
        nullable=True,
        description="Minutes it may take by the target of local_day; null: no target, or never sent.",
    )
    first_response_clock: str = pa.Field(
        nullable=True, isin=["calendar", "business"], description="Which minutes the target counts."
    )
    first_response_due_at: UtcTime = pa.Field(nullable=True, description="When these minutes have passed (UTC).")
    first_response_timely: bool = pa.Field(
        nullable=True, description="Answered by then; null: not answered yet, or no target."
    )
    resolved_at: UtcTime = fields.RESOLVED_AT
    resolved_day: pl.Date = pa.Field(nullable=True, description="That day in the reporting time zone.")
    resolution_minutes: float = pa.Field(nullable=True, ge=0, description="Minutes until then.")
    resolution_business_minutes: float = pa.Field(
        nullable=True, ge=0, description="Minutes of working hours until then."
    )
    resolution_target_minutes: float = pa.Field(
        nullable=True,
        description="Minutes it may take by the target of local_day; null: no target, or never sent.",
    )
    resolution_clock: str = pa.Field(
        nullable=True, isin=["calendar", "business"], description="Which minutes the target counts."
    )
    resolution_due_at: UtcTime = pa.Field(nullable=True, description="When these minutes have passed (UTC).")
    resolution_timely: bool = pa.Field(
        nullable=True, description="Resolved by then; null: not resolved yet, or no target."
    )
    backlog_from: pl.Date = pa.Field(
        nullable=True,
        description="Local day from which it is open, until resolved_day; null: its source does not say when "
        "complaints are resolved, or says that it is closed but not since when.",
    )


def service_times(categorized: pl.DataFrame, rules: MartRules) -> pl.DataFrame:
    """Compute the service times of complaints.

    Args:
        categorized: rows of ``CategorizedComplaint`` (at least ``INPUT_COLUMNS``).
        rules: which sources send times, business time and targets.

    Returns:
        ``ServiceTime``, in order of time and id.
    """
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
        # What is closed without a time says nothing of how long it took: neither open nor late.
        .with_columns(solution_sent=pl.col("solution_sent") & (pl.col("resolved_at").is_not_null() | ~pl.col("closed")))
        .with_columns(backlog_from=pl.when("solution_sent").then("local_day"))
        .sort("opened_at", "complaint_id")
    )
    rows = _with_times(rows, rules, "first_response", "first_response_at", "answer_sent")
    rows = _with_times(rows, rules, "resolution", "resolved_at", "solution_sent")
    return conform(rows.select(polars_schema(ServiceTime).names()), ServiceTime)


def _with_times(rows: pl.DataFrame, rules: MartRules, measure: Measure, at: str, sent: str) -> pl.DataFrame:
    """Add minutes in both kinds of time, the target, when it ends and whether it was met."""
    names = {
        name: f"{measure}_{name}"
        for name in ("minutes", "business_minutes", "target_minutes", "clock", "due", "timely")
    }
    target = rows.select(target=pl.when(sent).then(rules.targets.of(measure))).unnest("target")
    calendar_due = rows["opened_at"] + pl.Series(target["minutes"] * SECONDS_OF_MINUTE * 1e6).cast(pl.Duration("us"))
    by_business = target["clock"] == "business"
    business_due = rules.calendar.after(rows["opened_at"], target["minutes"].set(~by_business, None))
    return rows.with_columns(
        ((pl.col(at) - pl.col("opened_at")).dt.total_microseconds() / (SECONDS_OF_MINUTE * 1e6)).alias(
            names["minutes"]
        ),
        rules.calendar.minutes_between(rows["opened_at"], rows[at]).alias(names["business_minutes"]),
        target["minutes"].alias(names["target_minutes"]),
        target["clock"].alias(names["clock"]),
        business_due.zip_with(by_business.fill_null(value=False), calendar_due).alias(f"{measure}_due_at"),
    ).with_columns((pl.col(at) <= pl.col(f"{measure}_due_at")).alias(names["timely"]))


def _waiting(name: str, title: str, done: str, at: str) -> tuple[Metric, ...]:
    """Return median and 90th percentile of the time until ``at``, in all hours and in working hours."""
    in_detail = f"date_diff('microseconds', occurred_at, {at}) / 6e7"

    def metric(share: str, words: str, quantile: float, *, business: bool) -> Metric:
        column = f"{name}_business_minutes" if business else f"{name}_minutes"
        kind = "minutes of working hours" if business else "minutes"
        return Metric(
            name=f"{name}_{'median' if quantile == MEDIAN else 'p90'}{'_business' if business else ''}",
            title=f"{title}: {words}{' (working hours)' if business else ''}",
            description=f"{share} of the {done} complaints were {done} within this many {kind}.",
            unit="minutes",
            formula=f"{words} of {column}, interpolated, by the day of the complaint",
            expression=f"quantile_cont({column}, {quantile})",
            filter=f"{column} IS NOT NULL",
            better="lower",
            detail=None
            if business
            else Detail(f"quantile_cont({in_detail}, {quantile})", f"{COMPLAINT} AND {at} IS NOT NULL"),
            dtype="number",
        )

    return tuple(
        metric(*which, business=business)
        for business in (False, True)
        for which in (("Half", "median", MEDIAN), ("Nine in ten", "90th percentile", 0.9))
    )


def _timely(name: str, title: str, done: str, besides: str = "") -> Metric:
    """Return the share of complaints that were dealt with in time; ``besides`` is said of what does not count."""
    due = f"{name}_timely IS NOT NULL OR {name}_due_at <= now()"
    return Metric(
        name=f"{name}_timely_rate",
        title=title,
        description=f"Share of the complaints that were {done} in time, of those that were {done} or should have been "
        f"by now. The target is that of the day on which the complaint was made.{besides}",
        unit="share",
        formula=f"{name}_timely / ({name}_timely is known, or {name}_due_at has passed), by the day of the complaint",
        expression=f"count(*) FILTER ({name}_timely) / nullif(count(*) FILTER ({due}), 0)",
        better="higher",
        dtype="number",
    )


def _settings(rules: MartRules, day: date) -> Sequence[object]:
    # What a source sends is hashed in the words of the first release, or every day of every lake were stale.
    sent = [
        f"({source!r}, Told(first_response={times.first_response}, resolution={times.resolution}))"
        for source, times in sorted(rules.times.items())
    ]
    # A complaint's local day is at most a day off: later targets can't be its.
    return [*rules.calendar.fingerprint, *sent, *rules.targets.until(day + timedelta(days=1))]


MART = Mart(
    name="mart.service_times",
    title="Service times",
    grain="a complaint of a source whose contract maps first_response_at or resolved_at",
    description="How long customers waited for an answer and a solution, in all hours and in working hours; by which "
    "target, as of the day of the complaint; and since and until when the complaint was open.",
    model=ServiceTime,
    recipe=ByDay(lambda window: service_times(window.today, window.rules), INPUT_COLUMNS),
    settings=_settings,
    dimensions=BY_COMPLAINT,
    day_column="local_day",
    by_complaint=True,
    metrics=(
        *_waiting("first_response", "First response", "answered", "first_response_at"),
        *_waiting("resolution", "Resolution", "resolved", "resolved_at"),
        Metric(
            name="answered",
            title="Answered",
            description="Complaints that were answered, by the day of the complaint.",
            unit="complaints",
            formula="number of complaints with first_response_at",
            expression="count(first_response_at)",
            detail=Detail("count(first_response_at)", COMPLAINT),
        ),
        Metric(
            name="resolved",
            title="Resolved",
            description="Complaints that were resolved, by the day of the complaint.",
            unit="complaints",
            formula="number of complaints with resolved_at",
            expression="count(resolved_at)",
            detail=Detail("count(resolved_at)", COMPLAINT),
        ),
        _timely("first_response", "Answered in time", "answered"),
        _timely(
            "resolution",
            "Resolved in time",
            "resolved",
            " What is closed without a time does not count: it is neither open nor late.",
        ),
        Metric(
            name="backlog",
            title="Open complaints",
            description="Complaints that were open when the period ended, of sources that say when they are resolved.",
            unit="complaints",
            formula="number of complaints with backlog_from <= last day, and resolved_day none or later",
            expression="CAST(coalesce(sum(rows_of_age), 0) AS BIGINT)",
            better="lower",
            open_rows=OPEN,
        ),
        Metric(
            name="backlog_median_age",
            title="Age of open complaints: median",
            description="For how many days half of the complaints had been open when the period ended.",
            unit="days",
            formula="median of last day - backlog_from over open complaints",
            # Half way between the two in the middle, which are one if their number is odd.
            expression="(min(age) FILTER (2 * rows_up_to_age >= rows_open) "
            "+ min(age) FILTER (2 * rows_up_to_age > rows_open)) / 2",
            better="lower",
            dtype="number",
            open_rows=OPEN,
        ),
        Metric(
            name="backlog_over_30_days",
            title="Open for more than 30 days",
            description="Complaints that had been open for more than 30 days when the period ended.",
            unit="complaints",
            formula="number of open complaints with last day - backlog_from > 30",
            expression="CAST(coalesce(sum(rows_of_age) FILTER (age > 30), 0) AS BIGINT)",
            better="lower",
            open_rows=OPEN,
        ),
    ),
)
