"""The overview: how many, where, what, against as many days before, and what needs attention now."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from complaints_platform.marts.registry import METRICS
from complaints_platform.serving.answers.health import Pulse, freshness
from complaints_platform.serving.answers.incidents import incidents_in
from complaints_platform.serving.answers.metric_values import Number, by_day, mixed_versions, now_and_before, parts
from complaints_platform.serving.models import DayValue, Headline, OfCategory, OfChannel, OfRegion, Overview, Share
from complaints_platform.serving.scope import Filters, Period
from complaints_platform.serving.scope import period as period_of
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

PARTS: Mapping[str, type[Share]] = {"category": OfCategory, "region": OfRegion, "channel": OfChannel}
NO_FILTERS = Filters({})


def overview(
    snapshot: Snapshot,
    first: date | None,
    last: date | None,
    filters: Filters,
    pulse: Pulse,
    review_waiting: int | None = None,
) -> Overview:
    """Return the overview of a period, by default of the last 30 days that have data."""
    there = snapshot.days(COMPLAINTS.table)
    chosen = period_of(first, last, there)
    always: dict[str, Any] = {
        "as_of": snapshot.as_of,
        "freshness": freshness(snapshot, pulse),
        "looked_at": pulse.taken_at,
        "review_waiting": review_waiting,
        "stale_days": pulse.stale_days,
    }
    if chosen is None:
        days: dict[str, Any] = dict.fromkeys(("first", "last", "previous_from", "previous_to"))
        lists: dict[str, Any] = {f"by_{name}": [] for name in PARTS}
        return Overview(**always, **days, **lists, by_day=[], headline=[], incidents=[], mixed_versions=False)
    earlier = chosen.before
    # A period of which the data knows only a part would look like a rise that there was not.
    known = there is not None and there[0] <= earlier.first
    shares: dict[str, Any] = {f"by_{name}": _parts(snapshot, chosen, name, filters, known=known) for name in PARTS}
    return Overview(
        **always,
        **shares,
        first=chosen.first,
        last=chosen.last,
        previous_from=earlier.first,
        previous_to=earlier.last,
        headline=_headlines(snapshot, chosen, filters, known=known),
        by_day=_by_day(snapshot, chosen, filters, known=known),
        incidents=incidents_in(snapshot, chosen, filters),
        mixed_versions=mixed_versions(snapshot, Period(earlier.first, chosen.last)),
    )


def _headlines(snapshot: Snapshot, period: Period, filters: Filters, *, known: bool) -> list[Headline]:
    """Return the metrics that the filters can be asked of, now and before."""
    metrics = [METRICS[name] for name in HEADLINES if filters.where.keys() <= set(METRICS[name].dimensions)]
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


def _parts(snapshot: Snapshot, period: Period, name: str, filters: Filters, *, known: bool) -> list[Share]:
    """Return the complaints of each value of a dimension, largest first."""
    found = [
        (None if value is None else str(value), _int(now), _int(then))
        for (value,), (now, then) in parts(snapshot, COMPLAINTS, period, (name,), filters).items()
    ]
    found.sort(key=lambda part: (-part[1], -part[2], part[0] or ""))
    return [
        PARTS[name].model_validate({name: value, "value": now, "previous": then if known else None})
        for value, now, then in found
    ]


def _int(value: Number) -> int:
    return int(value or 0)
