"""Every place that holds what was received or what was derived from it, and what it holds of a person.

Whoever adds a top-level folder to the lake adds it here. How a place is read and written is its owner's.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Self

import polars as pl

from complaints_platform.lake import Lake, layout
from complaints_platform.lake.bundles import ROWS
from complaints_platform.lake.data_sets import CLEANED, TABLES
from complaints_platform.lake.key_index import ENTRY_COLUMNS
from complaints_platform.lake.tables import Table

RECORD = ("raw_sha256", "record_number")

Held = Mapping[str, int]
"""Where something of a person lies → how many rows or objects; empty if there is nothing."""

RECEIVED = "as received"
REDACTED = "redacted texts, hashed customers"
HASHED = "hashed customers"
NUMBERS = "numbers, names of objects"


@dataclass(frozen=True)
class Person:
    """A customer: the keyed hashes of their names, and what was received of them (``complaint_id`` and ``RECORD``)."""

    keys: frozenset[str]
    complaints: pl.DataFrame

    @classmethod
    def of(cls, lake: Lake, keys: Collection[str]) -> Self:
        """Find the complaints of a customer by the hashes of their names (``cleaning.identity`` makes them).

        Only those in ``cleaned`` are found: records in quarantine and originals that were not collected are not, and
        once tables have forgotten a customer nothing leads back to the records.
        """
        person = cls(frozenset(keys), pl.DataFrame())
        rows = CLEANED.table(lake).scan(columns=["complaint_id", *RECORD, "customer_key", "account_key"])
        theirs = rows.filter(person.named_in("customer_key", "account_key"))
        return cls(person.keys, theirs.select("complaint_id", *RECORD).collect())

    @property
    def ids(self) -> list[str]:
        """Ids of their complaints."""
        return self.complaints["complaint_id"].to_list()

    def named_in(self, *columns: str) -> pl.Expr:
        """Return the condition that one of some columns holds one of the hashes."""
        return pl.any_horizontal(pl.col(columns).is_in(list(self.keys)))

    def count(self, records: pl.DataFrame | pl.LazyFrame) -> int:
        """Return how many records (with the columns ``RECORD``) are theirs."""
        theirs = records.lazy().join(self.complaints.lazy(), on=RECORD, how="semi")
        return int(theirs.select(pl.len()).collect().item())


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
    holding: str
    owner: str
    forgets: str
    holds: Callable[[Lake, Person], Held] | None = None
    forget: Callable[[Lake, Person], Held] | None = None


def _some(counts: Mapping[str, int]) -> Held:
    return {where: count for where, count in counts.items() if count}


def _originals(_: Lake, person: Person) -> Held:
    records = person.complaints.group_by("raw_sha256").len().sort("raw_sha256").iter_rows()
    return {layout.original(sha256): count for sha256, count in records}


def _segments(lake: Lake, person: Person) -> Held:
    days = [(source, day) for source in lake.store.names(layout.RECEIPTS) for day in lake.segments.days(source)]
    return _some(
        {f"{source}, {day}": person.count(lake.segments.read(lake.segments.day(source, day))) for source, day in days}
    )


def _key_index(lake: Lake, person: Person) -> Held:
    index = Table(lake.store, layout.KEY_INDEX, ENTRY_COLUMNS, partition_by="source").scan(columns=RECORD)
    return _some({layout.KEY_INDEX: person.count(index)})


def _reference(lake: Lake, person: Person) -> Held:
    theirs = person.named_in("person_key", "account_key")
    return _some({file.key: lake.reference.read(file).filter(theirs).height for file in lake.reference.files()})


def _prepared(lake: Lake, person: Person) -> Held:
    found = {}
    for key in [entry.key for entry in lake.store.entries(layout.PREPARED) if entry.key.endswith(ROWS)]:
        with lake.store.open(key) as file:
            found[key] = person.count(pl.read_parquet(file))
    return _some(found)


def _forget_prepared(lake: Lake, person: Person) -> Held:
    held = _prepared(lake, person)
    for key in held:  # a bundle without rows counts for nothing
        lake.store.delete(key)
    return held


def _corrections(lake: Lake, person: Person) -> Held:
    theirs = lake.corrections.read().filter(pl.col("complaint_id").is_in(person.ids))
    return _some({layout.CORRECTIONS: theirs.height})


def _forget_corrections(lake: Lake, person: Person) -> Held:
    held = _corrections(lake, person)
    lake.corrections.remove("complaint_id", person.ids)
    return held


def _tables(lake: Lake, person: Person) -> Held:
    found = {}
    for spec in TABLES:
        rows = spec.table(lake).scan()
        names = rows.collect_schema().names()
        theirs = [person.named_in(name) for name in ("person_key", "customer_key", "account_key") if name in names]
        if "complaint_id" in names:
            theirs.append(pl.col("complaint_id").is_in(person.ids))
        if "sample_ids" in names and person.ids:
            theirs.append(pl.col("sample_ids").str.contains_any(person.ids))
        if theirs:
            found[spec.sql_name] = int(rows.filter(pl.any_horizontal(theirs)).select(pl.len()).collect().item())
    return _some(found)


REBUILT = "not yet: comes from raw; rebuild its days once those forget"
NO = "no need"
OWN_CACHE = "outside: COMPLAINTS_CACHE"

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
    Place("search index", OWN_CACHE, REDACTED, "serving/store/search.py", "with the tables"),
    Place("copy of tables", OWN_CACHE, REDACTED, "serving/store/warehouse.py", "not yet: with the tables"),
    Place("marts in Postgres", "outside: COMPLAINTS_POSTGRES", HASHED, "serving/postgres.py", "with the tables"),
    Place("event log", "outside: DAGSTER_HOME", NUMBERS, "instance/event_log.py", "no need: counts and days"),
)
"""Every place; what several rooms keep in one folder is a place each."""


def markdown() -> str:
    """Return the list as the table of ``docs/personal-data.md``."""
    rows = [f"| {each.name} | {each.where} | {each.holding} | {each.forgets} |" for each in PLACES]
    return "\n".join(["| place | where | holds | forgets a person |", "|---|---|---|---|", *rows])
