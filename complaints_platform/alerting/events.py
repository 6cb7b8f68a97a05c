"""What a notification is: a condition, its state, and what it means to its reader.

Holds the texts of all kinds; each has a section in ``docs/runbook.md``. No text holds personal data, error messages
of runs or secrets, because notifications leave the company's systems through transports that others run.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

import orjson
from pydantic import TypeAdapter

KEY_DIGITS = 24
_ID = re.compile(rf"(?P<key>[0-9a-f]{{{KEY_DIGITS}}})-(?P<number>[0-9]{{4,9}})")

AlertState = Literal["all", "open", "unacknowledged", "waiting", "resolved"]
"""Which alerts to list."""


class Severity(StrEnum):
    """How bad it is; ``rank`` orders them."""

    INFO = "info"
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for the mildest."""
        return list(Severity).index(self)


class State(StrEnum):
    """How a condition has changed."""

    OPENED = "opened"
    WORSENED = "worsened"
    RESOLVED = "resolved"
    HAPPENED = "happened"
    """An event without an end, such as a report that is ready."""
    NOTED = "noted"
    """There are new facts about an open condition, not worth a notification."""


class KindTexts(NamedTuple):
    """The texts that all notifications of one kind share."""

    title: str
    meaning: str
    next_step: str


KINDS: Mapping[str, KindTexts] = {
    "source_silent": KindTexts(
        "A sender has fallen silent",
        "No new file has come from this source for longer than its cadence allows; its complaints are missing.",
        "Ask the source's owner whether the sender is running; check its landing folder and complaints status.",
    ),
    "volume_unusual": KindTexts(
        "Unusual number of complaints",
        "A source has sent far fewer or far more records for a day than on the same weekday before: some may be "
        "missing, or sent twice.",
        "Compare with the sender's own count; see the check's plot in Dagster, and complaints status.",
    ),
    "much_set_aside": KindTexts(
        "Many records can't be read",
        "A large share of a source's records is in quarantine: the sender has changed its format or sends garbage.",
        "Run complaints quarantine show --source …, fix the contract or tell the sender, then complaints quarantine "
        "replay.",
    ),
    "encoding_changed": KindTexts(
        "Texts arrive in the wrong encoding",
        "Many texts of a source are garbled, repaired or not: the sender has changed its encoding.",
        "Compare the contract's encoding with what the sender writes; after a fix run complaints quarantine replay.",
    ),
    "records_unusual": KindTexts(
        "Records look different",
        "Far more records of a source than before lack a field, arrive late or arrive twice: the sender has changed.",
        "Ask the sender what has changed; see the source's check records_as_usual in Dagster.",
    ),
    "check_failed": KindTexts(
        "A data check has failed",
        "Stored data breaks a rule of its data set, even if the run itself succeeded.",
        "Open the asset's checks in Dagster: the check shows its numbers, its limit and the rows concerned.",
    ),
    "incident": KindTexts(
        "Incident: complaints far above normal",
        "Customers complain far more than at this hour in other weeks: something outside is probably broken.",
        "Open the incident in the dashboard: categories, regions, first hours, examples. Tell the team in charge.",
    ),
    "run_failed": KindTexts(
        "A job is failing",
        "A run has failed and is not retried automatically; what it should have made is missing or out of date.",
        "Open the run in Dagster: its first error says what to do. You may repeat a run at any time.",
    ),
    "days_failing": KindTexts(
        "Days can't be brought up to date",
        "Updating the tables of these days has failed three times or more; all other days continue.",
        "Open the failed runs of update_tables in Dagster; the tag complaints/days names the days.",
    ),
    "sensor_failing": KindTexts(
        "A sensor or schedule is failing",
        "Its last evaluations ended in an error, so it starts nothing.",
        "Open it under Automation in Dagster: the tick shows the error. Run complaints doctor.",
    ),
    "ticks_stopped": KindTexts(
        "A sensor is not being evaluated",
        "It is turned on but has not been evaluated for a long time: its code does not load, or the daemon hangs.",
        "Look at Deployment in Dagster: does the code location load, is the daemon alive? Restart the daemon.",
    ),
    "daemon_stopped": KindTexts(
        "Dagster's daemon has stopped",
        "Without it nothing is collected, updated or scheduled. Nothing is lost: it continues where it stopped.",
        "Restart the daemon (its container, or make start); its log says why it stopped.",
    ),
    "watcher_stopped": KindTexts(
        "The watcher has stopped",
        "If Dagster's daemon stopped now, nobody would notice.",
        "Restart complaints alerts send --watch; its log says why it stopped.",
    ),
    "lake_unreachable": KindTexts(
        "The lake can't be reached",
        "Nothing can be read, stored or queried. Senders' files wait in the landing; nothing is lost.",
        "Check the object store or disk, its credentials and the network; run run complaints doctor.",
    ),
    "disk_low": KindTexts(
        "A disk is nearly full",
        "When it is full, nothing can be stored and Dagster stops.",
        "Free space or enlarge the disk; complaints maintain --dry-run shows what the lake could free.",
    ),
    "model_missing": KindTexts(
        "No classifier serves",
        "Complaints are collected and cleaned but not categorised: marts and reports are not updated.",
        "Look at the last run of train_classifier in Dagster; complaints update trains a model.",
    ),
    "report_ready": KindTexts(
        "A report is ready", "A new report can be read.", "Open it in the query service: /reports/kind/day."
    ),
    "test": KindTexts("A test", "Somebody is testing whether notifications arrive.", "Nothing: it has arrived."),
}


@dataclass(frozen=True)
class Condition:
    """Something that is wrong now; its identity is kind (one of ``KINDS``) and subject."""

    kind: str
    subject: str
    severity: Severity
    text: str
    """One sentence with the numbers."""
    source: str | None = None
    day: date | None = None
    categories: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Further details, as JSON values."""
    next_step: str = ""
    """What to do, if it is more specific than the kind's."""

    @property
    def key(self) -> str:
        """Name of the condition."""
        return hashlib.sha256(f"{self.kind}\n{self.subject}".encode()).hexdigest()[:KEY_DIGITS]


@dataclass(frozen=True)
class Notification:
    """A change of a condition's state, noticed at a time (UTC): written once, never changed."""

    condition: Condition
    state: State
    number: int
    """Of the change, counted per condition from 1; with the condition's key it is the identity."""
    at: datetime
    opened: int
    """Number of the change that opened the current episode."""
    opened_at: datetime

    @property
    def id(self) -> str:
        """Identity: a change that is noticed twice has one id."""
        return id_of(self.condition.key, self.number)

    @property
    def opened_id(self) -> str:
        """Id of the notification that opened the episode."""
        return id_of(self.condition.key, self.opened)

    @property
    def is_open(self) -> bool:
        """Tell whether the condition is open after this change."""
        return self.state not in {State.RESOLVED, State.HAPPENED}

    @property
    def is_silent(self) -> bool:
        """Tell whether nobody is to be notified."""
        return self.state is State.NOTED

    @property
    def texts(self) -> KindTexts:
        """The texts of its kind."""
        return KINDS[self.condition.kind]

    @property
    def next_step(self) -> str:
        """What to do."""
        return self.condition.next_step or self.texts.next_step

    def title(self) -> str:
        """Return one line: state, kind, source and day."""
        about = ", ".join(str(part) for part in (self.condition.source, self.condition.day) if part is not None)
        change = {State.RESOLVED: "Resolved: ", State.WORSENED: "Worse: "}.get(self.state, "")
        return f"[{self.condition.severity}] {change}{self.texts.title}" + (f" ({about})" if about else "")

    def to_json(self) -> bytes:
        """Return it as stored."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, data: bytes) -> "Notification":
        """Read what ``to_json`` returned."""
        return _STORED.validate_json(data)


_STORED = TypeAdapter(Notification)


def id_of(key: str, number: int) -> str:
    """Return the id of a condition's change."""
    return f"{key}-{number:04d}"


def parse_id(name: str) -> tuple[str, int]:
    """Take an id apart: key of the condition, number of the change.

    Raises:
        ValueError: it is no id.
    """
    match = _ID.fullmatch(name)
    if match is None or id_of(match["key"], int(match["number"])) != name:  # 1 and 0001 must not be two names of one
        raise ValueError(f"{name!r} is not the id of a notification")
    return match["key"], int(match["number"])
