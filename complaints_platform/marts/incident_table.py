"""Incidents as rows that people read: where, when, how much, in which words. How they are found is ``incidents``'."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from complaints_platform.marts import topics
from complaints_platform.marts.incidents import Hour, Incident, hours_of, severity, time_of
from complaints_platform.marts.spikes import ALL, HOURS, Grid, Scores
from complaints_platform.schemas import NO_VALUE, Outcome
from complaints_platform.schemas import Incident as IncidentRow
from complaints_platform.schemas.model import polars_schema

TEXT_COLUMNS = ["complaint_id", "occurred_at", "text", "channel", "region", "category", "outcome", "near_duplicate_of"]

FAIR_SHARE = 0.1
"""Regions, categories and channels are named if they have so much of the excess."""

TOP_TERMS = 8
SAMPLES = 5
_NAMED = 3


@dataclass(frozen=True)
class Evidence:
    """Texts of the days of an incident, and of the day before it (``TEXT_COLUMNS``)."""

    texts: pl.DataFrame

    def of(self, categories: Sequence[str], regions: Sequence[str], first: datetime, end: datetime) -> "Evidence":
        """Return the complaints of some categories and regions from ``first`` to before ``end``."""
        region = pl.col("region").fill_null(NO_VALUE)
        inside = pl.col("occurred_at").is_between(first, end, closed="left")
        return Evidence(self.texts.filter(inside & pl.col("category").is_in(categories) & region.is_in(regions)))


def incident_rows(
    day: date, found: Sequence[tuple[Incident, Evidence]], grid: Grid, scores: Scores, zone: str
) -> pl.DataFrame:
    """Return ``Incident`` rows of the incidents that are open on a day, as of its end or newest hour.

    Args:
        day: the day.
        found: its incidents and their texts.
        grid: the counts that they were found in.
        scores: what is usual.
        zone: the reporting time zone, whose times the sentence about an incident names.
    """
    rows = [_row(day, incident, evidence, grid, scores, zone) for incident, evidence in found]
    return pl.DataFrame(rows, schema=polars_schema(IncidentRow))


def first_day_of(incident: Incident, grid: Grid) -> date:
    """Return the day on which an incident began."""
    return grid.first_day + timedelta(days=incident.start // HOURS)


def _row(  # what an incident is described from
    day: date, incident: Incident, evidence: Evidence, grid: Grid, scores: Scores, zone: str
) -> dict[str, Any]:
    hours = hours_of(incident, grid, scores, grid.index(day))
    peak = max(hours, key=lambda hour: (hour.observed - hour.expected, -hour.number))
    regions, categories = _named(incident, hours, grid, scores)
    start, end = time_of(incident.start, grid), time_of(hours[-1].number + 1, grid)
    observed, expected = sum(hour.observed for hour in hours), sum(hour.expected for hour in hours)
    counted = evidence.texts.filter(pl.col("outcome") == Outcome.COMPLAINT)
    inside = Evidence(counted).of(categories, regions, start, end).texts
    channels = _channels(incident, grid, counted, inside, expected)
    alike = counted.filter(pl.col("category").is_in(categories))
    unique = inside.filter(pl.col("near_duplicate_of").is_null())
    background = alike.filter(pl.col("near_duplicate_of").is_null()).join(unique, on="complaint_id", how="anti")
    terms = topics.standing_out(unique, background, TOP_TERMS)
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
    return row | {"explanation": _sentence(row, peak, categories, regions, channels, terms, ZoneInfo(zone))}


def _named(incident: Incident, hours: Sequence[Hour], grid: Grid, scores: Scores) -> tuple[list[str], list[str]]:
    """Return the regions and the categories with a fair share of the excess, the largest first."""
    series = grid.series
    shape = (len(series.regions), len(series.categories))
    excess = np.zeros(shape)
    for hour in hours:
        day, of_day = divmod(hour.number, HOURS)
        cells = grid.counts[day, of_day, series.cells] - scores.expected[day - scores.first, of_day, series.cells]
        excess += cells.reshape(shape)
    excess *= _shown(incident, grid)
    return _largest(excess.sum(1), series.regions), _largest(excess.sum(0), series.categories)


def _counted(incident: Incident, grid: Grid) -> list[list[str | None]]:
    """Return category, region and channel of each series whose complaints are those of the incident."""
    series = grid.series
    kinds = (
        (series.categories, series.category),
        (series.regions, series.region),
        (series.channels, series.channel),
    )
    return [
        [None if of_series[column] == ALL else names[of_series[column]] for names, of_series in kinds]
        for column in incident.parts(grid)
    ]


def _shown(incident: Incident, grid: Grid) -> Any:
    """Return the cells that an incident is about; a channel by itself is about all of its category, or everything."""
    if incident.cells.any():
        return incident.cells
    shown = np.zeros_like(incident.cells)
    for column in incident.channels:
        category = grid.series.category[column]
        shown[:, slice(None) if category == ALL else category] = True
    return shown


def _largest(excess: Any, names: Sequence[str]) -> list[str]:
    order = sorted(range(len(names)), key=lambda place: (-excess[place], names[place]))
    least = FAIR_SHARE * sum(value for value in excess if value > 0)
    return [names[place] for place in order if excess[place] > 0 and excess[place] >= least]


def _channels(
    incident: Incident, grid: Grid, counted: pl.DataFrame, inside: pl.DataFrame, expected: float
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
    used = topics.terms_of(texts).filter(pl.col("term").is_in(terms)).group_by("complaint_id").agg(terms=pl.len())
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
    """Say what happened, with the numbers of the row."""
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
    shown = [{NO_VALUE: "an unknown region"}.get(name, name) for name in names[:_NAMED]]
    more = len(names) - len(shown)
    if more:
        shown.append(f"{more} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "no channel"


def _clock(time: datetime, zone: ZoneInfo) -> str:
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M %Z}"
