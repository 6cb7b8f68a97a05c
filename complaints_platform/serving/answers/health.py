"""How data and pipeline are, in numbers and plain words.

Most of it is read from the marts, so that it belongs to what the same screen shows. What only a look at the
landing and at all fingerprints can tell (the *pulse*) is taken now and then in the background: it costs more than
a request may.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from complaints_platform.freshness.staleness import StalenessWatch
from complaints_platform.lake.data_sets import DAILY, QUARANTINE, RECONCILIATION
from complaints_platform.platform import Platform
from complaints_platform.serving.models import (
    Freshness,
    Health,
    ModelHealth,
    OpenFile,
    Quality,
    QuarantineCount,
    ReconciliationHealth,
    SourceHealth,
)
from complaints_platform.serving.store.warehouse import Snapshot
from complaints_platform.sources.contract import SILENT_AFTER

log = logging.getLogger(__name__)
FILES_LISTED = 20
SAID_AGAIN_SECONDS = 300
REVIEW_IS_MUCH = 0.2
"""From this share of complaints for review on, it is said that the classifier needs labels."""


@dataclass(frozen=True)
class Pulse:
    """What can't be read from the marts."""

    taken_at: datetime | None = None
    cadences: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, int] = field(default_factory=dict)
    stale: Mapping[str, int] = field(default_factory=dict)
    model: str | None = None
    taxonomy: str | None = None
    trained_at: datetime | None = None

    @property
    def says(self) -> str:
        """What answers depend on: all of it, and now and then the time, as silence is a matter of it."""
        minutes = 0 if self.taken_at is None else int(self.taken_at.timestamp()) // SAID_AGAIN_SECONDS
        return repr((minutes, replace(self, taken_at=None)))

    @property
    def stale_days(self) -> int:
        """Stale days of the table that has the most of them."""
        return max(self.stale.values(), default=0)


class PulseTaker:
    """Takes the pulse again and again."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._watch = StalenessWatch()
        self._lock = threading.Lock()

    def take(self) -> Pulse:
        """Look at contracts, landing, fingerprints and model.

        Raises:
            ComplaintsError: lake, landing or a contract can't be read.
        """
        lake, landing, contracts = self._platform.lake, self._platform.landing, self._platform.contracts
        with self._lock:
            stale = self._platform.stale(self._watch)
        serving = lake.models.serving()
        trained = [
            entry.at
            for entry in lake.models.history()
            if serving is not None and entry.at is not None and entry.model.version == serving.version
        ]
        return Pulse(
            datetime.now(UTC),
            {name: contract.cadence for name, contract in contracts.items()},
            {name: len(landing.look(name, lake.arrivals.taken(name)).waiting) for name in contracts},
            {name: len(days) for name, days in stale.days.items()},
            serving.version if serving else None,
            serving.taxonomy_version if serving else None,
            min(trained, default=None),
        )


def freshness(snapshot: Snapshot, pulse: Pulse) -> list[Freshness]:
    """Return of each source that has a contract when it was heard of, and whether it has fallen silent."""
    heard: dict[str, datetime] = dict(
        snapshot.rows(f"SELECT source, max(received_at) FROM {RECONCILIATION.sql_name} GROUP BY source")  # noqa: S608  # a name of the registry
    )
    now = datetime.now(UTC)
    found = []
    for source, cadence in pulse.cadences.items():
        last = heard.get(source)
        deadline = None if last is None else last + SILENT_AFTER[cadence]
        found.append(
            Freshness(
                source=source,
                cadence=cadence,
                last_received_at=last,
                deadline_at=deadline,
                late=deadline is not None and deadline < now,
            )
        )
    return found


def health(snapshot: Snapshot, pulse: Pulse) -> Health:
    """Return how data and pipeline are."""
    sources = _sources(snapshot, pulse)
    quarantine = snapshot.dicts(
        f"SELECT source, reason, count(*) AS records FROM {QUARANTINE.sql_name} GROUP BY ALL ORDER BY 3 DESC, 1, 2"  # noqa: S608  # a name of the registry
    )
    reconciliation = _reconciliation(snapshot)
    review = snapshot.rows(
        f"SELECT sum(needs_review) / sum(complaints) FROM {DAILY.sql_name} "  # noqa: S608  # a name of the registry
        f"WHERE day > (SELECT max(day) - 30 FROM {DAILY.sql_name})"
    )[0][0]
    return Health(
        as_of=snapshot.as_of,
        looked_at=pulse.taken_at,
        sources=sources,
        quarantine=[QuarantineCount(**row) for row in quarantine],
        reconciliation=reconciliation,
        quality=_quality(snapshot, sources, reconciliation, review),
        stale=dict(pulse.stale),
        model=ModelHealth(
            version=pulse.model,
            taxonomy_version=pulse.taxonomy,
            trained_at=pulse.trained_at,
            needs_review_share=review,
        ),
        sentences=_sentences(sources, reconciliation, pulse, review),
    )


def _sources(snapshot: Snapshot, pulse: Pulse) -> list[SourceHealth]:
    counted = snapshot.dicts(
        "SELECT source, count(*) AS files, sum(received)::BIGINT AS received, "  # noqa: S608  # a name of the registry
        f"sum(quarantined)::BIGINT AS quarantined FROM {RECONCILIATION.sql_name} GROUP BY source"
    )
    counts = {row["source"]: row for row in counted}
    nothing = {"files": 0, "received": 0, "quarantined": 0}
    return [
        SourceHealth(
            **{**nothing, **counts.get(fresh.source, {}), **fresh.model_dump(exclude={"deadline_at"})},
            waiting=pulse.waiting.get(fresh.source, 0),
        )
        for fresh in freshness(snapshot, pulse)
    ]


def _reconciliation(snapshot: Snapshot) -> ReconciliationHealth:
    [counts] = snapshot.dicts(
        f"SELECT count(*) AS files, count(*) FILTER (reconciles) AS reconciled FROM {RECONCILIATION.sql_name}"  # noqa: S608  # a name of the registry
    )
    still_open = snapshot.dicts(
        f"SELECT source, file_name, received_at, received, waiting FROM {RECONCILIATION.sql_name} "  # noqa: S608  # a name of the registry
        f"WHERE NOT reconciles ORDER BY received_at DESC LIMIT {FILES_LISTED}"
    )
    return ReconciliationHealth(**counts, open=[OpenFile(**row) for row in still_open])


def _quality(
    snapshot: Snapshot, sources: list[SourceHealth], reconciliation: ReconciliationHealth, review: float | None
) -> list[Quality]:
    received = sum(source.received for source in sources)
    quarantined = sum(source.quarantined for source in sources)
    duplicates = snapshot.rows(f"SELECT sum(duplicates) FROM {RECONCILIATION.sql_name}")[0][0] or 0  # noqa: S608  # a name of the registry
    shares = [
        (
            "readable",
            "Readable records",
            1 - quarantined / received if received else None,
            f"{quarantined:,} of {received:,} records could not be read and are in quarantine.",
        ),
        (
            "reconciled",
            "Files accounted for",
            reconciliation.reconciled / reconciliation.files if reconciliation.files else None,
            f"Every record is accounted for in {reconciliation.reconciled:,} of {reconciliation.files:,} files.",
        ),
        (
            "duplicates",
            "Duplicates",
            duplicates / received if received else None,
            f"{duplicates:,} records repeat another exactly and are not counted again.",
        ),
        ("needs_review", "Need review", review, "Share of the last 30 days' complaints whose category is uncertain."),
    ]
    return [
        Quality(metric=name, title=title, value=value, unit="share", words=words)
        for name, title, value, words in shares
    ]


def _sentences(
    sources: list[SourceHealth], reconciliation: ReconciliationHealth, pulse: Pulse, review: float | None
) -> list[str]:
    """Return findings, the most urgent first; one saying that all is well if there are none."""
    if pulse.taken_at is None:
        return ["The state of the sources is not known yet: it is checked soon after the start."]
    found = [
        f"{source.source} has sent nothing since {source.last_received_at:%Y-%m-%d %H:%M} UTC; "
        f"its cadence is {source.cadence.replace('_', '-')}."
        for source in sources
        if source.late and source.last_received_at is not None
    ]
    found += [f"{source.source} has never sent a file." for source in sources if source.last_received_at is None]
    missing = reconciliation.files - reconciliation.reconciled
    if missing:
        found.append(f"{missing:,} files are not fully accounted for yet.")
    found += [
        f"{source.waiting:,} files of {source.source} are waiting to be collected."
        for source in sources
        if source.waiting
    ]
    found += [
        f"{source.quarantined:,} of {source.received:,} records of {source.source} are in quarantine."
        for source in sources
        if source.quarantined
    ]
    if pulse.stale_days:
        found.append(f"{pulse.stale_days:,} days are stale and will be rebuilt.")
    if review is not None and review > REVIEW_IS_MUCH:
        found.append(f"{review:.0%} of the last 30 days' complaints need review: corrections would help.")
    return found or ["All files are accounted for, nothing is waiting, and every source is on time."]
