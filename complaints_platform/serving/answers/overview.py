"""The overview: how many, where, what, against as many days before, and what needs attention now."""

from collections.abc import Sequence
from datetime import date, timedelta

from complaints_platform.marts.registry import METRICS
from complaints_platform.serving.answers.health import Pulse, freshness
from complaints_platform.serving.answers.incidents import incidents_in
from complaints_platform.serving.answers.metric_values import Number, by_day, mixed_versions, now_and_before, parts
from complaints_platform.serving.http.request_parameters import Filters, Period
from complaints_platform.serving.http.request_parameters import period as period_of
from complaints_platform.serving.models import DayValue, Headline, OfCategory, OfChannel, OfRegion, Overview
from complaints_platform.serving.store.warehouse import Snapshot

COMPLAINTS = METRICS["complaints"]
HEADLINES = (
    "complaints",
    "cases",
    "complaints_per_1000_subscribers",
    "repeat_rate_7_days",
    "first_response_median",
    "resolution_median",
    "first_response_timely_rate",
    "backlog",
    "severe_share",
    "negative_share",
    "near_duplicates",
    "review_share",
)
"""Metrics that are shown first, in this order."""

NO_FILTERS = Filters({})


def overview(
    snapshot: Snapshot,
    first: date | None,
    last: date | None,
    filters: Filters,
    pulse: Pulse,
    review_waiting: int | None = None,
) -> Overview:
    """Return the overview of a period, by default of the last 30 days that have data.

    Args:
        snapshot: the marts.
        first: the first day, if it is named.
        last: the last day, if it is named.
        filters: what counts.
        pulse: what can't be read from the marts.
        review_waiting: how many complaints wait for a decision, where it is known.
    """
    there = snapshot.days(COMPLAINTS.table)
    chosen = period_of(first, last, there)
    if chosen is None:
        return Overview(
            as_of=snapshot.as_of,
            first=None,
            last=None,
            previous_from=None,
            previous_to=None,
            headline=[],
            by_day=[],
            by_category=[],
            by_region=[],
            by_channel=[],
            incidents=[],
            freshness=freshness(snapshot, pulse),
            looked_at=pulse.taken_at,
            review_waiting=review_waiting,
            stale_days=pulse.stale_days,
            mixed_versions=False,
        )
    earlier = chosen.before
    # A period of which the data knows only a part would look like a rise that there was not.
    known = there is not None and there[0] <= earlier.first
    return Overview(
        as_of=snapshot.as_of,
        first=chosen.first,
        last=chosen.last,
        previous_from=earlier.first,
        previous_to=earlier.last,
        headline=_headlines(snapshot, chosen, filters, known=known),
        by_day=_by_day(snapshot, chosen, filters, known=known),
        by_category=[
            OfCategory(category=name, value=now, previous=then if known else None)
            for name, now, then in _parts(snapshot, chosen, "category", filters)
        ],
        by_region=[
            OfRegion(region=name, value=now, previous=then if known else None)
            for name, now, then in _parts(snapshot, chosen, "region", filters)
        ],
        by_channel=[
            OfChannel(channel=name, value=now, previous=then if known else None)
            for name, now, then in _parts(snapshot, chosen, "channel", filters)
        ],
        incidents=incidents_in(snapshot, chosen, filters),
        freshness=freshness(snapshot, pulse),
        looked_at=pulse.taken_at,
        review_waiting=review_waiting,
        stale_days=pulse.stale_days,
        mixed_versions=mixed_versions(snapshot, Period(earlier.first, chosen.last)),
    )


def _headlines(snapshot: Snapshot, period: Period, filters: Filters, *, known: bool) -> list[Headline]:
    """Return the metrics that the filters can be asked of, now and before."""
    metrics = [metric for metric in (METRICS[name] for name in HEADLINES) if filters.only(metric.dimensions)]
    found = now_and_before(snapshot, metrics, period, filters)
    return [
        Headline(
            metric=metric.name,
            title=metric.title,
            unit=metric.unit,
            value=found[metric.name][0],
            previous=found[metric.name][1] if known else None,
            better=metric.better,
        )
        for metric in metrics
    ]


def _by_day(snapshot: Snapshot, period: Period, filters: Filters, *, known: bool) -> list[DayValue]:
    """Return every day of the period, also those without complaints."""
    found = by_day(snapshot, COMPLAINTS, period, filters)
    days = [period.first + timedelta(days=number) for number in range(period.days)]
    length = timedelta(days=period.days)
    return [
        DayValue(day=day, value=_int(found.get(day)), previous=_int(found.get(day - length)) if known else None)
        for day in days
    ]


def _parts(
    snapshot: Snapshot, period: Period, dimension: str, filters: Filters
) -> Sequence[tuple[str | None, int, int]]:
    """Return value, count now and count before of a dimension, largest first."""
    found = [
        (None if name is None else str(name), _int(now), _int(then))
        for (name,), (now, then) in parts(snapshot, COMPLAINTS, period, (dimension,), filters).items()
    ]
    return sorted(found, key=lambda part: (-part[1], -part[2], part[0] or ""))


def _int(value: Number) -> int:
    return int(value or 0)
