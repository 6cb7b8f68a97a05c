"""Which days are judged and what they are compared with. How they are judged stands in ``quality``."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from complaints_platform.cleaning.text import count_misread
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CLEANED
from complaints_platform.lake.profiles import FINGERPRINT
from complaints_platform.marts.business_time import public_holidays
from complaints_platform.quality import rates, volume
from complaints_platform.quality.assessments import Assessment
from complaints_platform.quality.profile import PROFILE_SCHEMA, PROFILE_VERSION, PROFILED_COLUMNS, profile
from complaints_platform.quality.references import REFERENCE_COLUMNS, dangling
from complaints_platform.sources.contract import SILENT_AFTER, SourceContract

MOST_DAYS = 31
"""A run over more days is judged by its newest ones."""

NEWEST_DAYS = 4
"""Judged in any case: a daily source's day is over 36 hours after its end."""

ORIGINALS_LOOKED_FOR = 200
"""Files of a run whose originals are looked up, evenly spread; each is a question to the store."""

STORED_SCHEMA = pl.Schema({**PROFILE_SCHEMA, FINGERPRINT: pl.String()})
NO_SOURCE = ""
"""A row of it says that a day was profiled, whatever came on it."""


@dataclass(frozen=True)
class Profiled:
    """Profiles of stored days."""

    days: list[date]
    """All days that are stored, in order; one on which nothing came has no rows."""
    rows: pl.DataFrame
    """``quality.profile.PROFILE_SCHEMA``, by day and source."""

    def of(self, source: str) -> pl.DataFrame:
        """Return the rows of a source."""
        return self.rows.filter(pl.col("source") == source)


def profiles(lake: Lake, sources: Sequence[str], days: Collection[date]) -> Profiled:
    """Return the profiles of some days of ``cleaned/complaints`` and all sources, as far as they are stored.

    Only days that are new or were made again since the last time are read; the others' sums are in the lake.
    """
    table = CLEANED.table(lake)
    fingerprints = {day: _state(value) for day, value in table.fingerprints().items() if day in days}
    now = pl.DataFrame(list(fingerprints.items()), schema={"day": pl.Date, FINGERPRINT: pl.String}, orient="row")
    known = lake.profiles.read(fingerprints, STORED_SCHEMA).join(now, on=["day", FINGERPRINT], how="semi")
    missing = sorted(fingerprints.keys() - set(known["day"]))
    if missing:
        made = [pl.DataFrame(schema=STORED_SCHEMA)]
        for day in table.read_days(missing, PROFILED_COLUMNS):
            mark = pl.DataFrame([{"day": day.day, "source": NO_SOURCE}], schema=PROFILE_SCHEMA)
            rows = pl.concat([profile(day.day, day.frame, _repaired(lake, sources, day.day)), mark])
            made.append(rows.with_columns(pl.lit(_state(day.fingerprint)).alias(FINGERPRINT)))
        fresh = pl.concat(made)
        lake.profiles.write(missing, fresh)
        known = pl.concat([known, fresh])
    rows = known.filter(pl.col("source") != NO_SOURCE).select(PROFILE_SCHEMA.names()).sort("day", "source")
    return Profiled(sorted(set(known["day"])), rows)


def _state(fingerprint: str) -> str:
    """Return of what a profile was made and how: the stored day's fingerprint, and the profile's version."""
    return f"{fingerprint} {PROFILE_VERSION}"


def judge_senders(
    lake: Lake, contracts: Mapping[str, SourceContract], country: str, days: Iterable[date], now: datetime
) -> dict[str, list[Assessment]]:
    """Judge each source on some days (of many, the newest ``MOST_DAYS``), and on the newest stored ones.

    Returns source → verdicts: volume, lateness, then ``rates.RATES``. All pass where no day is stored. A day's volume
    is judged once the day is over and its files had time to come. Holidays are those of ``country``, if any.

    Raises:
        SettingsError: the place of the holidays is not known.
    """
    stored = CLEANED.table(lake).row_counts()
    ordered = sorted(day for day in stored if day <= now.astimezone(UTC).date())
    asked = sorted(set(ordered[-NEWEST_DAYS:]) | (set(sorted(days)[-MOST_DAYS:]) & set(ordered)))
    if not asked:
        return {source: [] for source in contracts}
    # What a day is judged by, and nothing of what lies between an old day and the newest.
    needed = {day - timedelta(days=back) for day in asked for back in range(volume.WINDOW.days + 1)}
    profiled = profiles(lake, sorted(contracts), needed)
    holidays = public_holidays(country, min(needed).year, max(needed).year)
    verdicts = {}
    for source, contract in contracts.items():
        slack = SILENT_AFTER[contract.cadence]
        rows = profiled.of(source)
        records = dict(rows.select("day", pl.col("rows") - pl.col("duplicates")).iter_rows())
        counts = {day: records.get(day, 0) for day in profiled.days}
        over = {day for day in asked if datetime.combine(day + timedelta(days=1), time(), UTC) + slack <= now}
        verdicts[source] = [
            volume.judge_volume(source, counts, over, asked, holidays),
            rates.judge_lateness(source, rows, asked, slack),
            *rates.judge_rates(source, rows, asked),
        ]
    return verdicts


def dangling_references(lake: Lake, sources: Sequence[str], days: Sequence[date]) -> pl.DataFrame:
    """Return what complaints of some days refer to although it does not exist: day, refers (column), to (value), rows.

    Originals: every file must have a receipt whose segments are live; ``ORIGINALS_LOOKED_FOR`` of them are looked up.
    """
    table = CLEANED.table(lake)
    read = sorted({each for day in days for each in (day - timedelta(days=1), day)})
    frames = {day.day: day.frame for day in table.read_days(read, REFERENCE_COLUMNS)}
    live = {
        day: {receipt.sha256 for source in sources for _, receipt in lake.segments.day(source, day).segments}
        for day in days
    }
    files = sorted(set().union(*live.values()))
    looked_for = files[:: max(1, len(files) // ORIGINALS_LOOKED_FOR)]
    gone = {sha256 for sha256 in looked_for if not lake.originals.exists(sha256)}
    found = [pl.DataFrame(schema={"day": pl.Date, "refers": pl.String, "to": pl.String, "rows": pl.Int64})]
    for day in days:
        if day in frames:
            lost = dangling(frames[day], frames.get(day - timedelta(days=1)), live[day] - gone)
            found.append(lost.select(pl.lit(day).alias("day"), "refers", "to", "rows"))
    return pl.concat(found)


def _repaired(lake: Lake, sources: Sequence[str], day: date) -> dict[str, int]:
    raw_days = [lake.segments.day(source, day) for source in sources]
    return {
        raw.source: sum(count_misread(frame["text"]) for _, frame in lake.segments.read_each(raw))
        for raw in raw_days
        if raw.segments
    }
