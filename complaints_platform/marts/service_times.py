"""Service times: how long customers waited for a first answer and for a solution, and what is still open.

One row for each complaint of a source that tells such times. When it was to be answered is decided by the target
of the day on which it was made, so that a new target never changes old numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from complaints_platform.marts.business_time import BusinessCalendar
from complaints_platform.marts.local_days import local_day
from complaints_platform.marts.targets import Measure, Targets
from complaints_platform.schemas import Outcome, ServiceTime, conform
from complaints_platform.schemas.model import polars_schema

INPUT_COLUMNS = [
    "day",
    "complaint_id",
    "source",
    "channel",
    "region",
    "product",
    "segment",
    "category",
    "subcategory",
    "occurred_at",
    "first_response_at",
    "resolved_at",
    "status",
    "outcome",
]

CLOSED = ("closed", "resolved", "solved", "done", "completed", "cancelled", "canceled", "rejected", "withdrawn")
"""Status (lower case) of a complaint that is no longer open, though nobody says since when."""

SECONDS_OF_MINUTE = 60


@dataclass(frozen=True, order=True)
class Told:
    """Which times a source tells, by its contract. Where none is told, a missing time says nothing."""

    first_response: bool
    resolution: bool


@dataclass(frozen=True)
class ServiceRules:
    """What decides the mart beside the complaints."""

    told: Mapping[str, Told]
    """By source; sources that tell nothing may be absent."""
    calendar: BusinessCalendar
    targets: Targets


def service_times(categorized: pl.DataFrame, rules: ServiceRules) -> pl.DataFrame:
    """Compute the service times of complaints.

    Args:
        categorized: rows of ``CategorizedComplaint`` (at least ``INPUT_COLUMNS``).
        rules: which sources tell times, business time and targets.

    Returns:
        ``ServiceTime``, in order of time and id.
    """
    answering = [source for source, told in rules.told.items() if told.first_response]
    resolving = [source for source, told in rules.told.items() if told.resolution]
    zone = rules.calendar.zone
    rows = (
        categorized.filter(
            pl.col("outcome") == Outcome.COMPLAINT, pl.col("source").is_in(sorted({*answering, *resolving}))
        )
        .rename({"occurred_at": "opened_at"})
        .with_columns(local_day=local_day("opened_at", zone), resolved_day=local_day("resolved_at", zone))
        .with_columns(
            answer_told=pl.col("source").is_in(answering),
            solution_told=pl.col("source").is_in(resolving),
            closed=pl.col("resolved_at").is_not_null() | pl.col("status").is_in(CLOSED).fill_null(value=False),
        )
        # What is closed without a time says nothing of how long it took: neither open nor late.
        .with_columns(solution_told=pl.col("solution_told") & (pl.col("resolved_at").is_not_null() | ~pl.col("closed")))
        .with_columns(backlog_from=pl.when("solution_told").then("local_day"))
        .sort("opened_at", "complaint_id")
    )
    rows = _with_times(rows, rules, "first_response", "first_response_at", "answer_told")
    rows = _with_times(rows, rules, "resolution", "resolved_at", "solution_told")
    return conform(rows.select(polars_schema(ServiceTime).names()), ServiceTime)


def _with_times(rows: pl.DataFrame, rules: ServiceRules, measure: Measure, at: str, told: str) -> pl.DataFrame:
    """Add minutes in both kinds of time, the target, when it ends and whether it was met."""
    names = {
        name: f"{measure}_{name}"
        for name in ("minutes", "business_minutes", "target_minutes", "clock", "due", "timely")
    }
    target = rows.select(target=pl.when(told).then(rules.targets.of(measure))).unnest("target")
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
