"""Tables that are made of one other table, day by day: of which, how far each looks back, and their fingerprints.

The one list behind staleness and publishing. What is computed stands in ``marts``, by which functions of this
package in ``marts.py`` beside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

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
from complaints_platform.lake.fingerprints import fingerprint, inputs_of, of_window
from complaints_platform.marts import (
    MARTS_VERSION,
    SPIKES_VERSION,
    TOPICS_VERSION,
    complaint_trends,
    contacts,
    customer_features,
)
from complaints_platform.marts.incidents import SCORED_DAYS
from complaints_platform.marts.spikes import HISTORY_DAYS
from complaints_platform.marts.topics import TOPIC_DAYS


@dataclass(frozen=True)
class Derived:
    """One such table."""

    spec: TableSpec
    source: TableSpec
    """The table that it is made of."""
    version: str = MARTS_VERSION
    """Of its definition."""
    look_back: int = 0
    """Days before its own that a day reads; it reads nothing else of the source."""

    def window(self, day: date) -> list[date]:
        """Return the days of the source that a day reads, in order."""
        return [day - timedelta(days=back) for back in range(self.look_back, -1, -1)]

    def fingerprint(
        self, day: date, source: Mapping[date, str], recipe: Iterable[object] = (), data: Iterable[object] = ()
    ) -> str:
        """Return the fingerprint (48 hex digits) of a day.

        What it says after its halves is by which ``is_current`` knows the days of the source again, without
        knowing settings.

        Args:
            day: which one.
            source: fingerprints of the days of the source that exist.
            recipe: what else decides how the day is made, such as settings.
            data: of what else it is made.
        """
        return of_window(self.window(day), source, (self.version, *recipe), data) + self._made_from(day, source)

    def is_current(self, day: date, stored: str | None, source: Mapping[date, str]) -> bool:
        """Tell whether a day as stored was made of exactly these days of the source; None: it is not stored."""
        return stored is not None and inputs_of(stored) == self._made_from(day, source)

    def _made_from(self, day: date, source: Mapping[date, str]) -> str:
        return fingerprint("".join(f"{each} {source[each]}\n" for each in self.window(day) if each in source))


DERIVED = (
    Derived(DAILY, CATEGORIZED),
    Derived(TRENDS, DAILY, look_back=complaint_trends.LOOK_BACK_DAYS),
    Derived(RATES, DAILY),
    Derived(SERVICE, CATEGORIZED),
    Derived(CONTACTS, CATEGORIZED, look_back=contacts.LOOK_BACK_DAYS),
    Derived(FEATURES, CATEGORIZED, look_back=customer_features.LOOK_BACK_DAYS),
    Derived(HOURLY, CATEGORIZED, SPIKES_VERSION),
    # The texts of the few days on which something is open are read besides, to describe it.
    Derived(INCIDENTS, HOURLY, SPIKES_VERSION, HISTORY_DAYS + SCORED_DAYS),
    Derived(TERMS, CATEGORIZED, TOPICS_VERSION),
    Derived(TOPICS, TERMS, TOPICS_VERSION, TOPIC_DAYS),
)
"""In the order in which they are made."""

DERIVED_OF: Mapping[TableSpec, Derived] = {derived.spec: derived for derived in DERIVED}
