"""Every place that holds what was received or what was derived from it.

A place names the code that owns it and what kind of data lies there. Some can say what they hold of a person and
forget it; for all others ``forgets`` says what is missing, or by what it goes. Whoever adds a top-level folder to the
lake adds it here. How a place is read and written is its owner's.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import polars as pl

from complaints_platform.lake import Lake, layout
from complaints_platform.lake.bundles import ROWS
from complaints_platform.lake.data_sets import CLEANED, TABLES, TableSpec
from complaints_platform.lake.key_index import ENTRY_COLUMNS
from complaints_platform.lake.tables import Table

PERSON_COLUMNS = ("person_key", "customer_key", "account_key")
RECORD = ("raw_sha256", "record_number")

Held = Mapping[str, int]
"""Where something of a person lies → how many rows or objects; empty if there is nothing."""


class Holding(StrEnum):
    """What kind of data a place holds."""

    RECEIVED = "as received"
    REDACTED = "redacted texts, hashed customers"
    HASHED = "hashed customers"
    NUMBERS = "numbers, names of objects"


RECEIVED, REDACTED, HASHED, NUMBERS = Holding


@dataclass(frozen=True)
class Person:
    """A customer: the keyed hashes of their names, and what was received of them (``complaint_id`` and ``RECORD``)."""

    keys: frozenset[str]
    complaints: pl.DataFrame

    @classmethod
    def of(cls, lake: Lake, keys: Collection[str]) -> Self:
        """Find the complaints of a customer by the hashes of their names; only those that are in ``cleaned``."""
        rows = CLEANED.table(lake).scan(columns=["complaint_id", *RECORD, "customer_key", "account_key"])
        theirs = rows.filter(pl.any_horizontal(pl.col("customer_key", "account_key").is_in(list(keys))))
        return cls(frozenset(keys), theirs.select("complaint_id", *RECORD).collect())


@dataclass(frozen=True)
class Place:
    """A place.

    Attributes:
        name: as people know it.
        where: the folder in the lake, or in words where it lies outside.
        holding: the kind of data.
        owner: the module that reads and writes it.
        forgets: how it forgets a person, or why it can't yet.
        holds: says what it holds of a person; None if that can't be told yet.
        forget: deletes what ``holds`` says, and returns that; None if it can't yet.
    """

    name: str
    where: str
    holding: Holding
    owner: str
    forgets: str
    holds: Callable[[Lake, Person], Held] | None = None
    forget: Callable[[Lake, Person], Held] | None = None


def _count(rows: pl.LazyFrame) -> int:
    return int(rows.select(pl.len()).collect().item())


def _some(counts: Mapping[str, int]) -> Held:
    return {where: count for where, count in counts.items() if count}


def _originals(_: Lake, person: Person) -> Held:
    records = person.complaints.group_by("raw_sha256").len().sort("raw_sha256").iter_rows()
    return {layout.original(sha256): count for sha256, count in records}


def _segments(lake: Lake, person: Person) -> Held:
    found = {}
    for source in lake.store.names(layout.RECEIPTS):
        for day in lake.segments.days(source):
            rows = lake.segments.read(lake.segments.day(source, day))
            found[f"{source}, {day}"] = rows.join(person.complaints, on=RECORD, how="semi").height
    return _some(found)


def _key_index(lake: Lake, person: Person) -> Held:
    index = Table(lake.store, layout.KEY_INDEX, ENTRY_COLUMNS, partition_by="source").scan()
    return _some({layout.KEY_INDEX: _count(index.join(person.complaints.lazy(), on=RECORD, how="semi"))})


def _reference(lake: Lake, person: Person) -> Held:
    key = pl.any_horizontal(pl.col("person_key", "account_key").is_in(list(person.keys)))
    return _some({file.key: lake.reference.read(file).filter(key).height for file in lake.reference.files()})


def _prepared(lake: Lake, person: Person) -> Held:
    found = {}
    for key in [entry.key for entry in lake.store.entries(layout.PREPARED) if entry.key.endswith(ROWS)]:
        with lake.store.open(key) as file:
            found[key] = pl.read_parquet(file).join(person.complaints, on=RECORD, how="semi").height
    return _some(found)


def _forget_prepared(lake: Lake, person: Person) -> Held:
    held = _prepared(lake, person)
    for key in held:  # a bundle without rows counts for nothing
        lake.store.delete(key)
    return held


def _corrections(lake: Lake, person: Person) -> Held:
    theirs = lake.corrections.read().lazy().filter(pl.col("complaint_id").is_in(_ids(person)))
    return _some({layout.CORRECTIONS: _count(theirs)})


def _forget_corrections(lake: Lake, person: Person) -> Held:
    held = _corrections(lake, person)
    lake.corrections.remove("complaint_id", _ids(person))
    return held


def _ids(person: Person) -> list[str]:
    return person.complaints["complaint_id"].to_list()


def _tables(lake: Lake, person: Person) -> Held:
    return _some({spec.sql_name: _in_table(spec, lake, person) for spec in TABLES})


def _in_table(spec: TableSpec, lake: Lake, person: Person) -> int:
    rows = spec.table(lake).scan()
    names = rows.collect_schema().names()
    theirs = [pl.col(name).is_in(list(person.keys)) for name in PERSON_COLUMNS if name in names]
    if "complaint_id" in names:
        theirs.append(pl.col("complaint_id").is_in(_ids(person)))
    if "sample_ids" in names and not person.complaints.is_empty():
        theirs.append(pl.col("sample_ids").str.contains_any(_ids(person)))
    return _count(rows.filter(pl.any_horizontal(theirs))) if theirs else 0


REBUILT = "not yet: comes from raw; rebuild its days once those forget"
NO = "no need"

PLACES = (
    Place("landing", "outside: COMPLAINTS_LANDING", RECEIVED, "intake/landing.py", "not yet: files stay after collect"),
    Place("originals", "originals", RECEIVED, "lake/originals.py", "not yet: the hash is the name", _originals),
    Place("raw segments", "raw", RECEIVED, "lake/segments.py", "not yet: made from originals", _segments),
    Place("packs", "packed", RECEIVED, "lake/bundles.py", "with the raw segments, which count them"),
    Place("key index", "index/keys", RECEIVED, "lake/key_index.py", "not yet: ids as sent", _key_index),
    Place("notes on moved records", "index/moved", RECEIVED, "lake/key_index.py", "not yet: ids as sent"),
    Place("receipts", "receipts", RECEIVED, "lake/receipts.py", "not yet: file names as sent"),
    Place("quarantine", "quarantine", NUMBERS, "lake/quarantine.py", "no need: reasons and record numbers"),
    Place("marks of files received", "received", NUMBERS, "lake/receipts.py", NO),
    Place("marks of release 0.1", "journal", NUMBERS, "operations/maintenance.py", "no need: maintenance deletes them"),
    Place("files collected", "arrivals", NUMBERS, "lake/arrivals.py", "no need: hashes of names"),
    Place("reading versions", "readings", NUMBERS, "intake/readings.py", NO),
    Place("reference data", "reference", HASHED, "lake/reference.py", "not yet: made from originals", _reference),
    Place("data keys", "keys", HASHED, "lake/keys.py", "no need: fingerprints; while rekeying, ids of corrections"),
    Place("prepared days", "prepared", REDACTED, "pipeline/prepared.py", "a cache", _prepared, _forget_prepared),
    Place("tables", "tables", REDACTED, "lake/tables.py", REBUILT, _tables),
    Place("older versions", "tables", REDACTED, "lake/tables.py", "after COMPLAINTS_MANIFEST_DAYS, by maintenance"),
    Place("manifests", "manifests", NUMBERS, "lake/manifests.py", NO),
    Place("days that wait", "unfinished.json", NUMBERS, "lake/manifests.py", NO),
    Place("profiles", "profiles", NUMBERS, "lake/profiles.py", "no need: sums of days"),
    Place("corrections", "corrections", REDACTED, "lake/labels.py", "by complaint", _corrections, _forget_corrections),
    Place("labels", "labels", REDACTED, "lake/labels.py", "not yet: a label names no complaint"),
    Place("classifiers", "models", REDACTED, "lake/models.py", "not yet: their words come from labels; train again"),
    Place("held-out labels", "models", NUMBERS, "lake/models.py", "no need: hashes of texts, and categories"),
    Place("reports", "reports", NUMBERS, "lake/reports.py", "no need: counts"),
    Place("notifications", "alerts", NUMBERS, "alerting/outbox.py", "no need: counts"),
    Place("audit log", "audit", NUMBERS, "lake/audit.py", "no need: no words, no literals"),
    Place("search index", "outside: COMPLAINTS_CACHE", REDACTED, "serving/store/search.py", "with the tables"),
    Place(
        "copy of tables",
        "outside: COMPLAINTS_CACHE",
        REDACTED,
        "serving/store/warehouse.py",
        "not yet: with the tables",
    ),
    Place("marts in Postgres", "outside: COMPLAINTS_POSTGRES", HASHED, "serving/postgres.py", "with the tables"),
    Place("event log", "outside: DAGSTER_HOME", NUMBERS, "instance/event_log.py", "no need: counts and days"),
)
"""Every place; what several rooms keep in one folder is a place each."""


def markdown() -> str:
    """Return the list as the table of ``docs/personal-data.md``."""
    rows = [f"| {each.name} | {each.where} | {each.holding} | {each.forgets} |" for each in PLACES]
    return "\n".join(["| place | where | holds | forgets a person |", "|---|---|---|---|", *rows])
