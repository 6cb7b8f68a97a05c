"""Incidents as rows for people: where, when, how much, in which words.

``incident_detection`` finds them. The rows of a day depend only on a bounded window of hourly counts, so they are the
same whatever the order in which days are made; texts are read only to describe open incidents.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandera.polars as pa
import polars as pl

from complaints_platform.marts import hourly_complaints
from complaints_platform.marts.definition import BySpan, Mart, Span, by_zone
from complaints_platform.marts.expectations import ALL, HISTORY_DAYS, HOURS, Grid, Scores, grid_of, score
from complaints_platform.marts.hourly_complaints import INCIDENTS_VERSION
from complaints_platform.marts.incident_detection import (
    SCORED_DAYS,
    DetectedIncident,
    Hour,
    find_incidents,
    hours_of,
    severity,
    time_of,
)
from complaints_platform.marts.terms import standing_out, terms_of
from complaints_platform.schemas import NO_VALUE, DataSet, Outcome, UtcTime, empty_frame, fields
from complaints_platform.schemas.model import polars_schema

TEXT_COLUMNS = ["complaint_id", "occurred_at", "text", "channel", "region", "category", "outcome", "near_duplicate_of"]

FAIR_SHARE = 0.1
"""Regions, categories and channels with at least this share of the excess are named."""

TOP_TERMS = 8
SAMPLES = 5
_NAMED = 3


class IncidentDay(DataSet, unique=["day", "incident_id"]):
    """Incidents: one row for each day on which one is open; its newest row describes all of it.

    Lists are JSON arrays, so that every reader of the table can take them; `(none)` stands for an unknown region.
    """

    day: pl.Date = pa.Field(
        description="Day (UTC); the row describes the incident as of its end or newest hour. Partition."
    )
    incident_id: str = pa.Field(
        str_length={"min_value": 16, "max_value": 16}, description="Stable id: the same on all its days."
    )
    started_at: UtcTime = pa.Field(description="Start of its first hour (UTC).")
    detected_at: UtcTime = pa.Field(description="End of the hour whose data revealed it (UTC).")
    peak_at: UtcTime = pa.Field(description="Start of the hour with the largest excess (UTC).")
    ended_at: UtcTime = pa.Field(
        nullable=True, description="End of its last hour (UTC), once it has ended; null while it is open."
    )
    severity: str = pa.Field(
        isin=["minor", "major", "critical"],
        description="Excess of the worst hour against an average hour of all complaints: critical from a half, major "
        "from a tenth.",
    )
    observed: int = pa.Field(ge=1, description="Complaints during the incident, in its regions and categories.")
    expected: float = pa.Field(ge=0, description="Complaints expected there in these hours.")
    excess: float = pa.Field(description="observed - expected.")
    ratio: float = pa.Field(ge=0, description="observed / expected.")
    categories: str = pa.Field(description="Categories it appears in, the largest excess first (JSON array).")
    regions: str = pa.Field(description="Regions it appears in, the largest excess first (JSON array).")
    channels: str = pa.Field(description="Channels that brought most of the excess, the largest first (JSON array).")
    counted: str = pa.Field(
        nullable=True,
        description="What observed counts from started_at on: JSON array of [category, region, channel], null for any"
        f"{fields.EARLIER}.",
    )
    top_terms: str = pa.Field(description="Words and word pairs that stand out in its texts (JSON array).")
    sample_ids: str = pa.Field(description="complaint_id of a few of its complaints around the peak (JSON array).")
    series: str = pa.Field(
        description="Its hours: JSON array of [start of the hour, observed, expected, upper], where more than upper is "
        "three standard deviations above expected."
    )
    explanation: str = pa.Field(
        description="What happened, in a sentence made of these numbers, with times of the reporting zone."
    )


def _row(  # what an incident is described from
    day: date, incident: DetectedIncident, texts: pl.DataFrame, grid: Grid, scores: Scores, zone: ZoneInfo
) -> dict[str, Any]:
    hours = hours_of(incident, grid, scores, grid.index(day))
    peak = max(hours, key=lambda hour: (hour.observed - hour.expected, -hour.number))
    regions, categories = _named(incident, hours, grid, scores)
    start, end = time_of(incident.start, grid), time_of(hours[-1].number + 1, grid)
    observed, expected = sum(hour.observed for hour in hours), sum(hour.expected for hour in hours)
    counted = texts.filter(pl.col("outcome") == Outcome.COMPLAINT)
    inside = counted.filter(
        pl.col("occurred_at").is_between(start, end, closed="left"),
        pl.col("category").is_in(categories),
        pl.col("region").fill_null(NO_VALUE).is_in(regions),
    )
    channels = _channels(incident, grid, counted, inside, expected)
    alike = counted.filter(pl.col("category").is_in(categories))
    unique = inside.filter(pl.col("near_duplicate_of").is_null())
    background = alike.filter(pl.col("near_duplicate_of").is_null()).join(unique, on="complaint_id", how="anti")
    terms = standing_out(unique, background, TOP_TERMS)
    row = {
        "day": day,
        "incident_id": incident.identity,
        "started_at": start,
        "detected_at": time_of(incident.detected + 1, grid),
        "peak_at": time_of(peak.number, grid),
        "ended_at": None if incident.end is None else time_of(incident.end, grid),
        "severity": severity(hours, scores),
        "observed": observed,
        "expected": round(expected, 2),
        "excess": round(observed - expected, 2),
        "ratio": round(observed / max(expected, 0.01), 2),
        "categories": json.dumps(categories, ensure_ascii=False),
        "regions": json.dumps(regions, ensure_ascii=False),
        "channels": json.dumps(channels, ensure_ascii=False),
        "counted": json.dumps(_counted(incident, grid), ensure_ascii=False),
        "top_terms": json.dumps(terms, ensure_ascii=False),
        "sample_ids": json.dumps(_samples(unique, terms, time_of(peak.number, grid))),
        "series": json.dumps(
            [
                [time_of(hour.number, grid).isoformat(), hour.observed, round(hour.expected, 2), round(hour.upper, 2)]
                for hour in hours
            ]
        ),
    }
    return row | {"explanation": _sentence(row, peak, categories, regions, channels, terms, zone)}


def _named(
    incident: DetectedIncident, hours: Sequence[Hour], grid: Grid, scores: Scores
) -> tuple[list[str], list[str]]:
    """Return the regions and the categories with a fair share of the excess, the largest first."""
    series = grid.series
    shape = (len(series.regions), len(series.categories))
    excess = np.zeros(shape)
    for hour in hours:
        day, of_day = divmod(hour.number, HOURS)
        cells = grid.counts[day, of_day, series.cells] - scores.expected[day - scores.first, of_day, series.cells]
        excess += cells.reshape(shape)
    excess *= _cells(incident, grid)
    return _largest(excess.sum(1), series.regions), _largest(excess.sum(0), series.categories)


def _counted(incident: DetectedIncident, grid: Grid) -> list[list[str | None]]:
    """Return category, region and channel of each series whose complaints are those of the incident."""
    series = grid.series
    kinds = ((series.categories, series.category), (series.regions, series.region), (series.channels, series.channel))
    return [
        [None if of_series[column] == ALL else names[of_series[column]] for names, of_series in kinds]
        for column in incident.parts(grid)
    ]


def _cells(incident: DetectedIncident, grid: Grid) -> Any:
    """Return the cells that an incident is about; a channel by itself is about all of its category, or everything."""
    if incident.cells.any():
        return incident.cells
    cells = np.zeros_like(incident.cells)
    for column in incident.channels:
        category = grid.series.category[column]
        cells[:, slice(None) if category == ALL else category] = True
    return cells


def _largest(excess: Any, names: Sequence[str]) -> list[str]:
    order = sorted(range(len(names)), key=lambda place: (-excess[place], names[place]))
    least = FAIR_SHARE * sum(value for value in excess if value > 0)
    return [names[place] for place in order if excess[place] > 0 and excess[place] >= least]


def _channels(
    incident: DetectedIncident, grid: Grid, counted: pl.DataFrame, inside: pl.DataFrame, expected: float
) -> list[str]:
    """Return the channels that brought most of the excess; what is usual of each is its share outside the incident."""
    own = {grid.series.channels[grid.series.channel[column]] for column in incident.channels}
    if own and not incident.cells.any():
        return sorted(own)
    outside = counted.join(inside, on="complaint_id", how="anti")["channel"].value_counts()
    shares = {channel: count / max(outside["count"].sum(), 1) for channel, count in outside.iter_rows()}
    here = dict(inside["channel"].value_counts().iter_rows())
    names = sorted(here)
    return _largest(np.array([here[name] - expected * shares.get(name, 0.0) for name in names]), names)


def _samples(texts: pl.DataFrame, terms: Sequence[str], peak: datetime) -> list[str]:
    """Return complaints that use many of the terms, those near the peak first among equals."""
    if texts.is_empty():
        return []
    used = terms_of(texts).filter(pl.col("term").is_in(terms)).group_by("complaint_id").agg(terms=pl.len())
    far = (pl.col("occurred_at") - peak).dt.total_seconds().abs()
    ranked = texts.join(used, on="complaint_id", how="left").with_columns(pl.col("terms").fill_null(0), far=far)
    order = ranked.sort("terms", "far", "complaint_id", descending=[True, False, False])
    return order["complaint_id"].head(SAMPLES).to_list()


def _sentence(  # noqa: PLR0913, PLR0917  # what an incident is described from
    row: dict[str, Any],
    peak: Hour,
    categories: Sequence[str],
    regions: Sequence[str],
    channels: Sequence[str],
    terms: Sequence[str],
    zone: ZoneInfo,
) -> str:
    """Describe what happened, with the numbers of the row."""
    where = f" from {_listed(regions)}" if regions else ""
    about = f" about {_listed([category.replace('_', ' ') for category in categories])}" if categories else ""
    until = f"until {_clock(row['ended_at'], zone)}, now over" if row["ended_at"] is not None else "and going on"
    words = f" Words that stand out: {', '.join(terms[:5])}." if terms else ""
    return (
        f"{row['observed']:,} complaints{about}{where} since {_clock(row['started_at'], zone)} {until}: "
        f"{row['ratio']:.1f} times the usual {row['expected']:,.1f}. "
        f"The worst hour began at {_clock(row['peak_at'], zone)} with {peak.observed:,} (usual: {peak.expected:,.1f}); "
        f"most came by {_listed([channel.replace('_', ' ') for channel in channels])}.{words}"
    )


def _listed(names: Sequence[str]) -> str:
    named = [{NO_VALUE: "an unknown region"}.get(name, name) for name in names[:_NAMED]]
    more = len(names) - len(named)
    if more:
        named.append(f"{more} more")
    return named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}" if named else "no channel"


def _clock(time: datetime, zone: ZoneInfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _make(span: Span) -> Iterator[pl.DataFrame]:
    if span.rows.is_empty():
        yield from (empty_frame(IncidentDay) for _ in span.days)
        return
    last = span.days[-1]
    grid = grid_of(span.rows, span.first, last)
    scores = score(grid, max(0, grid.index(span.days[0]) - SCORED_DAYS), grid.index(last))
    for day in span.days:
        rows = []
        for incident in find_incidents(grid, scores, grid.index(day), grid.index(day)):
            began = span.first + timedelta(days=incident.start // HOURS)
            # Of the day before as well: what is usual shows there.
            texts = span.texts([began + timedelta(days=number) for number in range(-1, (day - began).days + 1)])
            rows.append(_row(day, incident, texts, grid, scores, ZoneInfo(span.rules.zone)))
        yield pl.DataFrame(rows, schema=polars_schema(IncidentDay))


MART = Mart(
    name="mart.incidents",
    title="Incidents",
    grain="an incident and a day on which it is open; its newest row describes all of it",
    description="Complaints above what is usual for the hour, weekday and place, by more than chance explains.",
    model=IncidentDay,
    # What is usual is worked out once for all days of a span.
    recipe=BySpan(_make, TEXT_COLUMNS, most_days_between=SCORED_DAYS),
    source=hourly_complaints.MART.name,
    look_back=HISTORY_DAYS + SCORED_DAYS,
    version=INCIDENTS_VERSION,
    settings=by_zone,
)
