"""What a mart is: one object with everything the platform has to know about it.

Assets, the catalogue of tables, staleness, publishing, documentation and the query service are made from these
objects, which ``registry`` lists. Each mart's computation is in its own file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import polars as pl

from complaints_platform.marts.business_time import BusinessCalendar
from complaints_platform.marts.targets import Targets
from complaints_platform.schemas import DataSet

MARTS_VERSION = "4"
"""Part of the fingerprint of every mart that has no version of its own: raise it when a definition changes."""

CATEGORIZED = "categorized.complaints"
"""SQL name of the table that most marts are made from."""

COMPLAINT = "outcome = 'complaint'"
"""What counts in the detail: not duplicates, superseded versions or retracted records."""

BY_COMPLAINT = ("source", "channel", "region", "product", "category", "subcategory")
"""Dimensions of marts whose rows have all that is known of a complaint."""

Grain = Literal["total", "day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("total", "day", "week", "month")


@dataclass(frozen=True)
class OpenRows:
    """For metrics of a state, not of events: which rows count at the end of a day."""

    since: str
    """Column of the day from which a row counts."""
    until: str
    """Column of the day from which it no longer counts; null: it still counts."""


@dataclass(frozen=True)
class Detail:
    """The same number from ``categorized.complaints``, with which a test compares the mart."""

    expression: str
    """A DuckDB SQL aggregate over its rows."""
    filter: str
    """A DuckDB SQL condition on its rows."""


@dataclass(frozen=True)
class Metric:
    """One number. All its SQL is constant; requests choose among closed lists of columns."""

    name: str
    title: str
    description: str
    formula: str
    """How it is computed, in words."""
    expression: str
    """A DuckDB SQL aggregate over rows of its mart; null where there is nothing to compute it from. If the metric has
    ``open_rows``, it is one over the ages of what is open: age (days), rows_of_age (how many are so old),
    rows_up_to_age (how many are so old or younger) and rows_open (how many there are)."""
    unit: str = "complaints"
    """What the value counts: complaints, minutes, share (0..1), …"""
    better: Literal["lower", "higher"] | None = None
    detail: Detail | None = None
    """None where settings (targets, business hours) or chains of complaints decide: no constant SQL can say it."""
    dtype: Literal["integer", "number"] = "integer"
    filter: str = ""
    """A DuckDB SQL condition on rows of the mart that have something to measure; empty: all have. The expression passes
    over others by itself; with the condition, groups of nothing else are absent."""
    open_rows: OpenRows | None = None
    """If given, a period's value is that at the end of its last day; otherwise, that of the rows of its days."""
    table: str = ""
    """SQL name of its mart, which sets it."""
    dimensions: tuple[str, ...] = ()
    """Columns by which it may be grouped and filtered; its mart sets them."""


@dataclass(frozen=True, order=True)
class TimesSent:
    """Which times a source sends, by its contract. If it sends none, a missing time means nothing."""

    first_response: bool
    resolution: bool


@dataclass(frozen=True)
class MartRules:
    """The settings and source contracts that marts depend on."""

    times: Mapping[str, TimesSent]
    """By source; sources that send no times may be absent."""
    calendar: BusinessCalendar
    targets: Targets

    @property
    def zone(self) -> str:
        """The reporting time zone."""
        return self.calendar.zone

    @property
    def answering(self) -> list[str]:
        """Sources that report first responses."""
        return sorted(source for source, sent in self.times.items() if sent.first_response)

    @property
    def resolving(self) -> list[str]:
        """Sources that report resolutions."""
        return sorted(source for source, sent in self.times.items() if sent.resolution)


@dataclass(frozen=True)
class Window:
    """What one day of a mart is made from."""

    day: date
    today: pl.DataFrame
    """The day of the source table; no rows if it does not exist."""
    before: Sequence[pl.DataFrame]
    """The days before it that exist, in order, reduced to the columns that the mart keeps of them."""
    rules: MartRules
    accounts: pl.DataFrame
    """What reference data says of accounts (some columns of ``KnownCustomer``); no rows if the mart does not ask."""

    @property
    def together(self) -> pl.DataFrame:
        """All days, in order. Only for marts that keep all columns."""
        return pl.concat([self.today.clear(), *self.before, self.today])


@dataclass(frozen=True)
class ByDay:
    """Makes each day by itself."""

    make: Callable[[Window], pl.DataFrame]
    columns: Sequence[str]
    """Columns read from the source table."""
    prepare: Callable[[pl.DataFrame, MartRules], pl.DataFrame] | None = None
    """Applied to each day as soon as it is read."""
    keep: Sequence[str] | None = None
    """Columns of a prepared day that are kept for the days after; None: all."""
    every_day: bool = False
    """Also makes days that the source table does not have."""


@dataclass(frozen=True)
class Span:
    """What several days of a mart are made from."""

    days: Sequence[date]
    """In order."""
    first: date
    """The first day that they look back to."""
    rows: pl.DataFrame
    """The source table from then to the last of ``days``."""
    rules: MartRules
    texts: Callable[[Sequence[date]], pl.DataFrame]
    """Reads days of ``categorized.complaints`` (the columns that the mart names)."""


@dataclass(frozen=True)
class BySpan:
    """Makes days that lie close together at once, as they share most of the work; also days without a source."""

    make: Callable[[Span], Iterator[pl.DataFrame]]
    """Yields the rows of each of the days, in order. Those of one day must not depend on which other days are made."""
    text_columns: Sequence[str]
    """What may be read of ``categorized.complaints`` besides, to describe rows: it decides no fingerprint."""
    most_days: int = 31
    most_days_between: int = 0


@dataclass(frozen=True)
class Mart:
    """One mart."""

    name: str
    """Its name in SQL: ``mart.…``, after its file."""
    title: str
    grain: str
    """What one row is, in words."""
    description: str
    model: type[DataSet]
    recipe: ByDay | BySpan | None
    """None: ``pipeline.reconciliation`` makes it, by the day on which files were received."""
    source: str = CATEGORIZED
    """SQL name of the table that it is made from."""
    look_back: int = 0
    """Days before its own that a day reads; it reads nothing else of the source."""
    version: str = MARTS_VERSION
    """Of its definition; part of its fingerprints."""
    settings: Callable[[MartRules, date], Sequence[object]] = lambda _rules, _day: ()
    """All settings that decide a day; part of its fingerprint."""
    reads_accounts: bool = False
    """Reads reference data of customers besides."""
    dimensions: tuple[str, ...] = ()
    """Columns by which its metrics may be grouped and filtered."""
    metrics: tuple[Metric, ...] = ()
    day_column: str = "day"
    """The day by which readers group and filter; ``day`` itself is always the partition (UTC)."""
    by_complaint: bool = False
    """One row per complaint: as long as the detail, though narrow. The others stay small."""

    def __post_init__(self) -> None:
        """Set the mart of each metric."""
        metrics = tuple(replace(metric, table=self.name, dimensions=self.dimensions) for metric in self.metrics)
        object.__setattr__(self, "metrics", metrics)

    @property
    def by_received_day(self) -> bool:
        """Partitioned by the day a file was received, not the day of the complaint."""
        return self.recipe is None

    def window(self, day: date) -> list[date]:
        """Return the days of the source that a day reads, in order."""
        return [day - timedelta(days=back) for back in range(self.look_back, -1, -1)]


def by_zone(rules: MartRules, _day: date) -> Sequence[object]:
    """Return the settings of a mart that only the reporting time zone decides."""
    return [rules.zone]
