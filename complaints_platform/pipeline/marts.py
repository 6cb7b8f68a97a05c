"""The recipes of the marts: which days each reads, and its fingerprint. Formulas stand in ``marts``."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self, TypeAlias

import polars as pl

from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import (
    CATEGORIZED,
    CONTACTS,
    DAILY,
    FEATURES,
    HOURLY,
    INCIDENTS,
    RATES,
    SERVICE,
    TERMS,
    TOPICS,
    TRENDS,
    TableSpec,
)
from complaints_platform.lake.fingerprints import data_of, of_window
from complaints_platform.lake.receipts import Receipt
from complaints_platform.lake.reference import ReferenceFile
from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.marts import MARTS_VERSION
from complaints_platform.marts import complaint_trends as complaint_trends_mart
from complaints_platform.marts import contacts as contacts_mart
from complaints_platform.marts import customer_features as features_mart
from complaints_platform.marts import daily_complaints as daily_complaints_mart
from complaints_platform.marts import service_times as service_times_mart
from complaints_platform.marts.business_time import BusinessCalendar, WorkingHours
from complaints_platform.marts.complaint_rates import complaint_rates, subscribers
from complaints_platform.marts.complaint_trends import complaint_trends
from complaints_platform.marts.contacts import contacts, of_known_customers
from complaints_platform.marts.customer_features import HISTORY_COLUMNS, customer_features, history
from complaints_platform.marts.daily_complaints import daily_complaints
from complaints_platform.marts.hourly_complaints import HOURLY_COLUMNS, hourly_complaints
from complaints_platform.marts.reconciliation import FILE_COLUMNS, OUTCOME_COLUMNS, count_outcomes, reconciliation
from complaints_platform.marts.service_times import ServiceRules, Told, service_times
from complaints_platform.marts.targets import PACKAGED_TARGETS, load_targets
from complaints_platform.marts.topics import TERM_COLUMNS, emerging_topics, term_counts
from complaints_platform.pipeline.derived import DERIVED_OF
from complaints_platform.pipeline.quarantined import receipts_fingerprint
from complaints_platform.pipeline.spikes import IncidentRecipe
from complaints_platform.schemas import DailyComplaints, TermCount, empty_frame
from complaints_platform.schemas.model import polars_schema
from complaints_platform.settings import Settings
from complaints_platform.sources.contract import load_contracts

TREND_COLUMNS = ["local_day", *complaint_trends_mart.GROUP, *daily_complaints_mart.VERSIONS, "complaints"]

Prepare: TypeAlias = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class MartRecipes:
    """Makes days of the marts of one other table (``pipeline.derived``)."""

    lake: Lake
    service: ServiceRules
    reference: Sequence[ReferenceFile]
    """What is known of customers."""

    @classmethod
    def of(cls, settings: Settings, reference: Sequence[ReferenceFile] | None = None) -> Self:
        """Return the recipes under ``settings``; ``reference`` is what the lake knows of customers, if it is at hand.

        Raises:
            ContractError: a source contract is wrong.
            SettingsError: business hours, holidays or targets are wrong.
        """
        lake = Lake(settings.lake)
        told = {
            name: Told(contract.fields.first_response_at is not None, contract.fields.resolved_at is not None)
            for name, contract in load_contracts(settings.sources).items()
        }
        hours = WorkingHours.parse(settings.business_hours)
        calendar = BusinessCalendar(settings.time_zone, hours, settings.holidays)
        targets = load_targets(settings.targets or PACKAGED_TARGETS)
        known = lake.reference.files() if reference is None else reference
        return cls(lake, ServiceRules(told, calendar, targets), known)

    @property
    def zone(self) -> str:
        """The reporting time zone."""
        return self.service.calendar.zone

    @property
    def resolving(self) -> list[str]:
        """Sources that tell when complaints are resolved."""
        return sorted(source for source, told in self.service.told.items() if told.resolution)

    @property
    def made_by(self) -> object:
        """All that decides days of marts beside the table that they are made of; equal if it is the same."""
        return self.service, [file.identity for file in self.reference]

    def fingerprint(self, spec: TableSpec, day: date, source: Mapping[date, str]) -> str:
        """Return the fingerprint of a day of a mart, given those of the table that it is made of."""
        data = [file.identity for file in self._known(day)] if spec is RATES else []
        return DERIVED_OF[spec].fingerprint(day, source, self._settings(spec, day), data)

    def _settings(self, spec: TableSpec, day: date) -> Sequence[object]:
        """Return the settings that decide a day of a mart."""
        if spec in {DAILY, CONTACTS, TRENDS, INCIDENTS}:
            return [self.zone]
        if spec is FEATURES:
            return self.resolving
        if spec is SERVICE:
            # A complaint's local day is at most a day off: later targets can't be its.
            targets = self.service.targets.until(day + timedelta(days=1))
            return [*self.service.calendar.fingerprint, *sorted(self.service.told.items()), *targets]
        return []

    def frames(self, spec: TableSpec, days: Sequence[date], source: Table) -> Iterator[DayFrame]:
        """Yield a mart for each of ``days``, in order; ``source`` is the table that it is made of.

        Days that the source does not have are left out, but for what tells of the days before as well: trends,
        incidents, topics.
        """
        makers: Mapping[TableSpec, Callable[[Sequence[date], Table], Iterator[_Made]]] = {
            DAILY: self._daily,
            TRENDS: self._trends,
            RATES: self._rates,
            SERVICE: self._service,
            CONTACTS: self._contacts,
            FEATURES: self._features,
            HOURLY: self._hourly,
            INCIDENTS: self._incidents,
            TERMS: self._terms,
            TOPICS: self._topics,
        }
        for window, frame in makers[spec](sorted(days), source):
            yield DayFrame(window.day, frame, self.fingerprint(spec, window.day, window.fingerprints))

    def _daily(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        for window in _windows(DAILY, days, source, daily_complaints_mart.INPUT_COLUMNS):
            if window.today is not None:
                yield window, daily_complaints(window.today, self.zone)

    def _trends(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        nothing = empty_frame(DailyComplaints).select(TREND_COLUMNS)
        for window in _windows(TRENDS, days, source, TREND_COLUMNS):
            yield window, complaint_trends(window.day, pl.concat([nothing, *window.frames]), self.zone)

    def _rates(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        accounts = self.lake.reference.accounts(self._known(days[-1])) if days else pl.DataFrame()
        for window in _windows(RATES, days, source, ["region", "product", "complaints"]):
            if window.today is not None:
                yield window, complaint_rates(window.day, window.today, subscribers(accounts, window.day))

    def _service(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        for window in _windows(SERVICE, days, source, service_times_mart.INPUT_COLUMNS):
            if window.today is not None:
                yield window, service_times(window.today, self.service)

    def _contacts(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        def narrow(frame: pl.DataFrame) -> pl.DataFrame:
            return frame.select(*contacts_mart.CHAIN, *contacts_mart.ORDER)

        windows = _windows(CONTACTS, days, source, contacts_mart.INPUT_COLUMNS, of_known_customers, narrow)
        for window in windows:
            if window.today is not None:
                today = narrow(window.today)
                yield window, contacts(window.today, pl.concat([today.clear(), *window.before]), self.zone)

    def _features(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        def prepared(frame: pl.DataFrame) -> pl.DataFrame:
            return history(frame, self.resolving)

        def narrow(frame: pl.DataFrame) -> pl.DataFrame:
            return frame.select(HISTORY_COLUMNS)

        for window in _windows(FEATURES, days, source, features_mart.INPUT_COLUMNS, prepared, narrow):
            if window.today is not None:
                yield window, customer_features(window.day, window.today, window.before)

    def _hourly(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        for window in _windows(HOURLY, days, source, HOURLY_COLUMNS):
            if window.today is not None:
                yield window, hourly_complaints(window.today)

    def _incidents(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        for day, frame, fingerprints in IncidentRecipe(source, CATEGORIZED.table(self.lake), self.zone).frames(days):
            yield _Window(day, None, [], fingerprints), frame

    def _terms(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        for window in _windows(TERMS, days, source, TERM_COLUMNS):
            if window.today is not None:
                yield window, term_counts(window.day, window.today)

    def _topics(self, days: Sequence[date], source: Table) -> Iterator["_Made"]:
        for window in _windows(TOPICS, days, source, list(polars_schema(TermCount))):
            yield window, emerging_topics(window.day, pl.concat([empty_frame(TermCount), *window.frames]))

    def _known(self, day: date) -> list[ReferenceFile]:
        return [file for file in self.reference if file.valid_from <= day]


@dataclass(frozen=True)
class _Window:
    """What a day of a mart is made of."""

    day: date
    today: pl.DataFrame | None
    before: list[pl.DataFrame]
    """The days before it, in order, as far as they are there."""
    fingerprints: Mapping[date, str]

    @property
    def frames(self) -> list[pl.DataFrame]:
        """All of them."""
        return self.before if self.today is None else [*self.before, self.today]


_Made: TypeAlias = tuple[_Window, pl.DataFrame]


def _as_it_is(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


def _windows(  # of what, which days, and what is kept of them
    spec: TableSpec,
    days: Sequence[date],
    source: Table,
    columns: Sequence[str],
    prepare: Prepare = _as_it_is,
    narrow: Prepare = _as_it_is,
) -> Iterator[_Window]:
    """Yield what each of ``days`` (in order) is made of; each day of the source is read once.

    Args:
        spec: the mart.
        days: which days of it.
        source: the table that it is made of.
        columns: what is read of it.
        prepare: what is done with each day at once.
        narrow: what is kept of it for the days after.
    """
    derived = DERIVED_OF[spec]
    reached = sorted({each for day in days for each in derived.window(day)})
    stored = source.read_days(reached, columns)
    coming = next(stored, None)
    held: deque[DayFrame] = deque()
    for day in days:
        first, today = day - timedelta(days=derived.look_back), None
        while held and held[0].day < first:
            held.popleft()
        before = None
        while coming is not None and coming.day <= day:
            frame = prepare(coming.frame)
            if coming.day == day:
                today, before = frame, [each.frame for each in held]
            held.append(DayFrame(coming.day, narrow(frame), coming.fingerprint))
            coming = next(stored, None)
        yield _Window(
            day,
            today,
            [each.frame for each in held] if before is None else before,
            {each.day: each.fingerprint for each in held},
        )


def reconciliation_fingerprint(receipts: str, reached: Iterable[date], cleaned: Mapping[date, str]) -> str:
    """Return the fingerprint of a day of ``mart/reconciliation``.

    Args:
        receipts: fingerprint of the receipts of the files received on it.
        reached: days of occurrence that they have records in.
        cleaned: fingerprints of all cleaned days.
    """
    return of_window(reached, cleaned, recipe=(MARTS_VERSION,), data=(data_of(receipts),))


@dataclass(frozen=True)
class ReconciliationRecipe:
    """Makes days of ``mart/reconciliation`` from receipts and the cleaned days they reach."""

    lake: Lake
    cleaned: Table

    def frames(self, days: Sequence[date]) -> Iterator[DayFrame]:
        """Yield the reconciliation of the files received on each of ``days``."""
        cleaned = self.cleaned.fingerprints()
        for day in days:
            receipts = self.lake.receipts.received_on(day)
            reached = days_reached(receipts)
            frame = self._reconciled(receipts, reached)
            made_from = reconciliation_fingerprint(receipts_fingerprint(receipts), reached, cleaned)
            yield DayFrame(day, frame, made_from)

    def _reconciled(self, receipts: Sequence[Receipt], days: Sequence[date]) -> pl.DataFrame:
        """Reconcile files with the days that they reach."""
        frames = [pl.DataFrame(schema={**dict.fromkeys(OUTCOME_COLUMNS, pl.String), "rows": pl.Int64})]
        taken_in: set[tuple[date, str, str]] = set()
        for day in self.cleaned.read_days(days, columns=OUTCOME_COLUMNS):
            counted = count_outcomes(day.frame)
            frames.append(counted)
            taken_in.update((day.day, *file) for file in counted.select("source", "raw_sha256").iter_rows())
        return reconciliation(_file_rows(receipts, taken_in), pl.concat(frames))


def days_reached(receipts: Iterable[Receipt]) -> list[date]:
    """Return the days of occurrence that some files have records in."""
    return sorted({date.fromisoformat(day) for receipt in receipts for day in receipt.days})


def _file_rows(receipts: Sequence[Receipt], taken_in: set[tuple[date, str, str]]) -> pl.DataFrame:
    """Return ``FILE_COLUMNS``; ``taken_in`` says which day holds rows of which source and file.

    A day that holds none of a file's rows was made before the file came: they wait. Whatever else is missing is lost.
    """
    return pl.DataFrame(
        [
            (
                receipt.received_day,
                receipt.source,
                receipt.file_name,
                receipt.sha256,
                receipt.received_at,
                receipt.received,
                receipt.filtered,
                receipt.quarantined,
                sum(
                    rows
                    for day, rows in receipt.days.items()
                    if (date.fromisoformat(day), receipt.source, receipt.sha256) not in taken_in
                ),
            )
            for receipt in receipts
        ],
        schema=FILE_COLUMNS,
        orient="row",
    )
