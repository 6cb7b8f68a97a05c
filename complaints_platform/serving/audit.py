"""What the audit log says of a request: who, when, what and how many rows; no secrets, no personal data.

People may type a name or a phone number into a search or a query, so words and literals are left out. Requests
for single records, queries, exports and decisions are on disk before they are answered; others within seconds.
"""

import re
import threading
from collections.abc import Iterable
from itertools import islice
from typing import Any

from complaints_platform.lake.audit import Audit
from complaints_platform.serving.scope import DIMENSIONS

CHOICES = {*DIMENSIONS, "by", "compare", "format", "grain", "near_duplicates", "needs_review", "open", "sort", "state"}
KEPT_PARAMETERS = CHOICES | {"from", "to", "incident", "limit"}
"""Query parameters whose values come from closed lists or are days and numbers; of others only the length is kept."""

LONGEST_VALUE = 100
LONGEST_SQL = 2000
WAITS_AT_MOST = 100
"""So many entries are written without waiting for the next flush."""

LITERALS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$\w*\$.*?\$\w*\$|--[^\n]*|/\*.*?\*/|\b\d[\w.]*", re.DOTALL)


def without_literals(sql: str) -> str:
    """Return a query without comments, quoted names and values, which may hold personal data."""
    return " ".join(LITERALS.sub(lambda found: "" if found[0].startswith(("--", "/*")) else "?", sql).split())


def logged_sql(sql: str) -> dict[str, Any]:
    """Return what is kept of a query: its shape."""
    return {"sql": without_literals(sql)[:LONGEST_SQL]}


def logged_parameters(parameters: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return what is kept of query parameters."""
    gathered: dict[str, list[str]] = {}
    for name, value in parameters:
        gathered.setdefault(name, []).append(value)
    return {
        name: [value[:LONGEST_VALUE] for value in values]
        if name in KEPT_PARAMETERS
        else f"{sum(map(len, values))} characters"
        for name, values in sorted(gathered.items())
    }


class AuditLog:
    """Gathers entries and writes them in batches."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit
        self._waiting: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def note(self, entry: dict[str, Any]) -> None:
        """Add an entry to the next batch."""
        with self._lock:
            self._waiting.append(entry)
            full = len(self._waiting) >= WAITS_AT_MOST
        if full:
            self.flush()

    def write(self, entry: dict[str, Any]) -> None:
        """Write an entry now.

        Raises:
            LakeError: it can't be written; then what it speaks of must not be answered.
        """
        self._audit.add([entry])

    def flush(self) -> None:
        """Write what waits.

        Raises:
            LakeError: it can't be written; it waits on.
        """
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            self._audit.add(batch)
        except Exception:
            with self._lock:
                self._waiting = [*batch, *self._waiting]
            raise

    def newest(self, limit: int) -> list[dict[str, Any]]:
        """Return the newest entries, newest first."""
        self.flush()
        return list(islice(self._audit.newest(), limit))
