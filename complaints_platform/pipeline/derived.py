"""Tables that are made of one other table, day by day, as marts are: which days of it, and their fingerprints.

The one list behind staleness and publishing, made from the list of marts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from complaints_platform.lake.data_sets import TABLES, TableSpec, table_of
from complaints_platform.lake.fingerprints import fingerprint, inputs_of, of_window
from complaints_platform.marts.definition import Mart
from complaints_platform.marts.registry import MARTS


@dataclass(frozen=True)
class Derived:
    """One such table."""

    mart: Mart
    spec: TableSpec
    source: TableSpec
    """The table that it is made of."""

    def fingerprint(
        self, day: date, source: Mapping[date, str], recipe: Iterable[object] = (), data: Iterable[object] = ()
    ) -> str:
        """Return the fingerprint (48 hex digits) of a day, given those of the days of the source that exist.

        ``recipe`` and ``data`` are what else decides how the day is made, such as settings, and of what. By what stands
        after the halves ``is_current`` knows the days of the source again, without knowing settings.
        """
        halves = of_window(self.mart.window(day), source, (self.mart.version, *recipe), data)
        return halves + self._made_from(day, source)

    def is_current(self, day: date, stored: str | None, source: Mapping[date, str]) -> bool:
        """Tell whether a day as stored was made of exactly these days of the source; None: it is not stored."""
        return stored is not None and inputs_of(stored) == self._made_from(day, source)

    def _made_from(self, day: date, source: Mapping[date, str]) -> str:
        return fingerprint("".join(f"{each} {source[each]}\n" for each in self.mart.window(day) if each in source))


_TABLE_NAMED = {spec.sql_name: spec for spec in TABLES}

DERIVED = tuple(
    Derived(mart, table_of(mart), _TABLE_NAMED[mart.source]) for mart in MARTS.values() if mart.recipe is not None
)
"""In the order in which they are made."""

DERIVED_OF: Mapping[TableSpec, Derived] = {derived.spec: derived for derived in DERIVED}
