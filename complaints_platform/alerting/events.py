"""What a notification is: a condition, its state, and what it means for whoever reads it.

The texts of all kinds stand here; each has a section in ``docs/runbook.md``. No text holds personal data, error
messages of runs or secrets: a notification leaves the company's systems by ways that others run.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple, Self

import orjson

KEY_DIGITS = 24
_ID = re.compile(rf"(?P<key>[0-9a-f]{{{KEY_DIGITS}}})-(?P<number>[0-9]{{4,9}})")

AlertState = Literal["all", "open", "unacknowledged", "waiting", "resolved"]
"""By what alerts can be chosen."""


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
    """What has become of a condition."""

    OPENED = "opened"
    WORSENED = "worsened"
    RESOLVED = "resolved"
    HAPPENED = "happened"
    """Something that has no end: a report that is ready."""
    NOTED = "noted"
    """More is known of an open condition; nobody is notified."""


class Kind(NamedTuple):
    """What a kind of notification says to everyone who gets one."""

    title: str
    meaning: str
    next_step: str


KINDS: Mapping[str, Kind] = {
    "source_silent": Kind(
        "A sender has fallen silent",
        "No new file has come from this source for longer than its cadence allows; its complaints are missing.",
        "Ask the source's owner whether the sender runs; look into its landing folder; complaints status.",
    ),
    "volume_unusual": Kind(
        "An unusual number of complaints",
        "A source has sent far fewer or far more records of a day than its weekdays before: a part may be missing "
        "or sent twice.",
        "Compare with the sender's own count; look at the check's plot in Dagster and at complaints status.",
    ),
    "much_set_aside": Kind(
        "Many records can't be read",
        "A large share of a source's records went to quarantine: the sender has changed its format, or sends garbage.",
        "complaints quarantine show --source …, fix the contract or tell the sender, complaints quarantine replay.",
    ),
    "encoding_changed": Kind(
        "Texts arrive in a wrong encoding",
        "Many texts of a source had to be repaired, or could not be: the sender has changed its encoding.",
        "Compare the contract's encoding with what the sender writes; complaints quarantine replay after a fix.",
    ),
    "records_unusual": Kind(
        "Records are not made as usual",
        "Far more records of a source than before lack a field, come late or come twice: its sender has changed.",
        "Ask the sender what has changed; look at the check records_as_usual of the source in Dagster.",
    ),
    "check_failed": Kind(
        "A check of the data has failed",
        "What was written breaks a promise of its data set; the run itself may have succeeded.",
        "Open the asset's checks in Dagster: the check shows its numbers, its limit and the rows concerned.",
    ),
    "incident": Kind(
        "A spike of complaints",
        "Customers complain far more than at this hour of other weeks: something is out of order outside.",
        "Open the incident in the dashboard: categories, regions, first hours and examples; tell whoever runs it.",
    ),
    "run_failed": Kind(
        "A job fails",
        "A run has failed and is not tried again by itself; what it should have made is missing or old.",
        "Open the run in Dagster: its first error says what to do. Runs may be repeated at any time.",
    ),
    "days_failing": Kind(
        "Days can't be brought up to date",
        "The tables of these days failed three times or more; all other days go on.",
        "Open the failed runs of update_tables in Dagster; the tag complaints/days names the days.",
    ),
    "sensor_failing": Kind(
        "A sensor or schedule fails",
        "Its last evaluations ended in an error: what it should start does not start.",
        "Open it under Automation in Dagster: the tick shows the error. complaints doctor checks the surroundings.",
    ),
    "ticks_stopped": Kind(
        "A sensor is not looked at any more",
        "It is turned on, but has not been evaluated for long: its code does not load, or the daemon hangs.",
        "Look at Deployment in Dagster: does the code location load, is the daemon alive? Restart the daemon.",
    ),
    "daemon_stopped": Kind(
        "Dagster's daemon has stopped",
        "Without it nothing is collected, made or scheduled. Nothing is lost: it goes on where it stopped.",
        "Restart the daemon (its container, or make start); its log says why it ended.",
    ),
    "watcher_stopped": Kind(
        "The watching process has stopped",
        "Nobody would notice now if Dagster's daemon stopped.",
        "Restart complaints alerts send --watch; its log says why it ended.",
    ),
    "lake_unreachable": Kind(
        "The lake can't be reached",
        "Nothing can be read, stored or answered. Senders' files wait in the landing; nothing is lost.",
        "Check the object store or disk, its credentials and the network; complaints doctor.",
    ),
    "disk_low": Kind(
        "A disk is nearly full",
        "When it is full, nothing can be stored and Dagster stops.",
        "Free space or enlarge the disk; complaints maintain --dry-run shows what the lake could give back.",
    ),
    "model_missing": Kind(
        "No classifier serves",
        "Complaints are collected and cleaned, but not categorised: marts and reports stand still.",
        "Look at the last run of train_classifier in Dagster; complaints update trains one.",
    ),
    "report_ready": Kind(
        "A report is ready", "A report was made and can be read.", "Open it at the query service: /reports/kind/day."
    ),
    "test": Kind(
        "A test", "Somebody tries whether notifications arrive.", "Nothing: it arrived. complaints alerts ack."
    ),
}


def key_of(kind: str, subject: str) -> str:
    """Return the name of the condition ``kind`` of ``subject``."""
    return hashlib.sha256(f"{kind}\n{subject}".encode()).hexdigest()[:KEY_DIGITS]


@dataclass(frozen=True)
class Condition:
    """Something that is so just now.

    Attributes:
        kind: one of ``KINDS``.
        subject: what it is about; kind and subject are the condition's identity.
        severity: how bad it is.
        text: one sentence with the numbers.
        source: the source concerned, if it is one.
        day: the day concerned.
        categories: the complaints' categories concerned.
        facts: more, as JSON values.
        next_step: what to do, where it is more special than what the kind says.
    """

    kind: str
    subject: str
    severity: Severity
    text: str
    source: str | None = None
    day: date | None = None
    categories: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    next_step: str = ""

    @property
    def key(self) -> str:
        """Name of the condition."""
        return key_of(self.kind, self.subject)


@dataclass(frozen=True)
class Notification:
    """A change of a condition's state: written once, never changed.

    Attributes:
        condition: as it was then.
        state: what it became.
        number: the how manieth change of this condition it is, from 1; with the condition's key the identity.
        at: when it was noticed (UTC).
        opened: number of the change by which the present episode began.
        opened_at: when that was.
    """

    condition: Condition
    state: State
    number: int
    at: datetime
    opened: int
    opened_at: datetime

    @property
    def id(self) -> str:
        """Identity: the same change, noticed twice, has the same."""
        return id_of(self.condition.key, self.number)

    @property
    def opened_id(self) -> str:
        """Id of the notification by which the episode began."""
        return id_of(self.condition.key, self.opened)

    @property
    def is_open(self) -> bool:
        """Tell whether the condition goes on after this change."""
        return self.state not in {State.RESOLVED, State.HAPPENED}

    @property
    def is_silent(self) -> bool:
        """Tell whether nobody is to be notified."""
        return self.state is State.NOTED

    @property
    def kind(self) -> Kind:
        """The texts of its kind."""
        return KINDS[self.condition.kind]

    @property
    def next_step(self) -> str:
        """What to do."""
        return self.condition.next_step or self.kind.next_step

    def title(self) -> str:
        """Say it in one line: state, kind, source and day."""
        about = ", ".join(str(part) for part in (self.condition.source, self.condition.day) if part is not None)
        resolved = "Over: " if self.state is State.RESOLVED else "Worse: " if self.state is State.WORSENED else ""
        return f"[{self.condition.severity}] {resolved}{self.kind.title}" + (f" ({about})" if about else "")

    def to_json(self) -> bytes:
        """Return it as stored."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """Read what ``to_json`` returned."""
        values = orjson.loads(data)
        condition = values["condition"]
        return cls(
            Condition(
                condition["kind"],
                condition["subject"],
                Severity(condition["severity"]),
                condition["text"],
                condition["source"],
                None if condition["day"] is None else date.fromisoformat(condition["day"]),
                tuple(condition["categories"]),
                condition["facts"],
                condition["next_step"],
            ),
            State(values["state"]),
            values["number"],
            datetime.fromisoformat(values["at"]),
            values["opened"],
            datetime.fromisoformat(values["opened_at"]),
        )


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
        raise ValueError(f"{name!r} is no id of a notification")
    return match["key"], int(match["number"])
