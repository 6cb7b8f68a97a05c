"""Where notifications are kept: written before they are sent, with every attempt to send them.

Every object is written once. A change of a condition is *created* under the condition's next number, which only
one process can do: so several may watch, and each change is noticed once. Attempts to deliver are created the same
way before anything is sent: so several may send, and each message goes out once. Marks (of what is open or pending)
are hints written before what they point at: a crash leaves a mark too many, never one too few.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Protocol

import orjson
from pydantic import TypeAdapter

from complaints_platform.alerting.conditions import change, happening, resolution
from complaints_platform.alerting.events import Condition, Notification, id_of, parse_id
from complaints_platform.errors import AlertsError
from complaints_platform.lake.layout import ALERTS

ATTEMPT = re.compile(r"(?P<address>[a-z0-9_~-]+)\.(?P<number>\d+)\.(?P<what>began|ended)")


class Objects(Protocol):
    """What an outbox needs of a storage: a part of ``lake.store.Store``."""

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None if there is none."""

    def put(self, key: str, blocks: bytes) -> None:
        """Write the object, replacing one that exists."""

    def create(self, key: str, data: bytes) -> bool:
        """Write the object unless there is one; tell whether it was written."""

    def names(self, prefix: str) -> list[str]:
        """Return the names directly below a folder, sorted."""

    def delete(self, key: str) -> None:
        """Delete the object if there is one."""


@dataclass(frozen=True)
class DeliveryResult:
    """How an attempt ended, and when (UTC); the error holds no secrets."""

    delivered: bool
    at: datetime
    error: str = ""
    reached: tuple[str, ...] = ()
    """The recipients who have it, as hashes, if the receiver has several."""


@dataclass(frozen=True)
class Attempt:
    """One attempt to deliver a notification to an address, counted from 1; ``at`` is when it began (UTC)."""

    number: int
    message: str
    """Identity of the message it went out in; the same message again has the same."""
    at: datetime
    result: DeliveryResult | None = None
    """None while it is under way, or for ever if the sender was killed."""


@dataclass(frozen=True)
class Acknowledgement:
    """Who has acknowledged a notification, and when (UTC)."""

    by: str
    at: datetime


@dataclass(frozen=True)
class ReceiverHealth:
    """Whether a receiver answers: how often it failed in a row, when it was last tried, and why it failed."""

    failures: int = 0
    at: datetime | None = None
    error: str = ""


Attempts = Mapping[str, Sequence[Attempt]]
"""Address → attempts, in order."""

_RESULT = TypeAdapter(DeliveryResult)
_ACKNOWLEDGEMENT = TypeAdapter(Acknowledgement)
_HEALTH = TypeAdapter(ReceiverHealth)


class Outbox:
    """The outbox in one storage."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._written: dict[str, Notification] = {}
        self._ended: dict[str, Attempt] = {}

    def observe(self, kind: str, conditions: Iterable[Condition], now: datetime, about: str = "") -> list[Notification]:
        """Record all conditions of one kind; those that were open and are not among them are resolved.

        Subjects that don't begin with ``about`` are left alone. Returned are the changes that this call has recorded;
        another process may have recorded some before.
        """
        found = {condition.key: condition for condition in conditions}
        open_before = {
            last.condition.key: last
            for last in self.open()
            if last.condition.kind == kind and last.condition.subject.startswith(about)
        }
        changes = [change(open_before.get(key) or self.last(key), found[key], now) for key in sorted(found)]
        changes += [resolution(last, now) for key, last in sorted(open_before.items()) if key not in found]
        return [each for each in changes if each is not None and self._add(each)]

    def happened(self, condition: Condition, now: datetime, *, pending: bool = True) -> Notification | None:
        """Record an event that has no end, to be delivered if pending; None if it was recorded before."""
        notification = happening(self.last(condition.key), condition, now)
        return notification if notification is not None and self._add(notification, pending=pending) else None

    def _add(self, notification: Notification, *, pending: bool = True) -> bool:
        name = notification.id
        if not notification.is_silent:
            self._objects.put(f"{ALERTS}/days/{notification.at.date()}/{name}", b"")
            if pending:
                self._objects.put(f"{ALERTS}/pending/{name}", b"")
        if notification.is_open:
            self._objects.put(f"{ALERTS}/open/{notification.opened_id}", b"")
        written = self._objects.create(_key(name), notification.to_json())
        if not notification.is_open:
            self._objects.delete(f"{ALERTS}/open/{notification.opened_id}")
        return written

    def open(self) -> list[Notification]:
        """Return the last change of every open condition."""
        found = {}
        for name in self._objects.names(f"{ALERTS}/open"):
            key, opened = parse_id(name)
            last = self.last(key)
            if last is not None and last.opened > opened:
                self._objects.delete(f"{ALERTS}/open/{name}")  # of an episode that has ended
            elif last is not None and last.is_open:
                found[key] = last
            elif last is not None and last.opened == opened:
                self._objects.delete(f"{ALERTS}/open/{name}")
        return list(found.values())

    def last(self, key: str) -> Notification | None:
        """Return the last change of a condition."""
        numbers = self._numbers(key)
        return self.get(id_of(key, numbers[-1])) if numbers else None

    def _numbers(self, key: str) -> list[int]:
        return sorted(int(name.removesuffix(".json")) for name in self._objects.names(f"{ALERTS}/conditions/{key}"))

    def get(self, name: str) -> Notification | None:
        """Return the notification of an id, or None if there is none."""
        if name not in self._written:
            data = self._objects.get(_key(name))
            if data is None:
                return None
            self._written[name] = Notification.from_json(data)
        return self._written[name]

    def history(self, name: str) -> list[Notification]:
        """Return all changes of the episode that a notification belongs to, in order."""
        key, _ = parse_id(name)
        all_of_it = [each for number in self._numbers(key) if (each := self.get(id_of(key, number))) is not None]
        opened = next((each.opened for each in all_of_it if each.id == name), None)
        return [each for each in all_of_it if each.opened == opened]

    def since(self, day: date) -> list[Notification]:
        """Return the notifications of a day (UTC) and all later ones, in order of time."""
        days = [each for each in self._objects.names(f"{ALERTS}/days") if date.fromisoformat(each) >= day]
        return self._in_order(name for each in days for name in self._objects.names(f"{ALERTS}/days/{each}"))

    def _in_order(self, names: Iterable[str]) -> list[Notification]:
        found = [notification for name in names if (notification := self.get(name)) is not None]
        return sorted(found, key=lambda notification: (notification.at, notification.id))

    def pending(self) -> list[Notification]:
        """Return what is not delivered to everyone yet, in order of time.

        A mark whose notification was never written stays: the next check of its condition writes it.
        """
        return self._in_order(self._objects.names(f"{ALERTS}/pending"))

    def counts(self) -> dict[str, int]:
        """Count open conditions (open) and notifications not delivered to everyone yet (waiting)."""
        return {"open": len(self.open()), "waiting": len(self.pending())}

    def oldest_unsent(self) -> datetime | None:
        """Return when the oldest notification not delivered to everyone yet was written."""
        return min((notification.at for notification in self.pending()), default=None)

    def done(self, name: str) -> None:
        """Take a notification from what is pending."""
        self._objects.delete(f"{ALERTS}/pending/{name}")

    def attempts(self, name: str) -> dict[str, list[Attempt]]:
        """Return all attempts to deliver a notification, by address."""
        folder = f"{ALERTS}/deliveries/{name}"
        names = set(self._objects.names(folder))
        found: dict[str, list[Attempt]] = {}
        parsed = [match for each in names if (match := ATTEMPT.fullmatch(each)) and match["what"] == "began"]
        for match in sorted(parsed, key=lambda match: int(match["number"])):
            attempt = self._attempt(f"{folder}/{match['address']}.{match['number']}", names)
            if attempt is not None:
                found.setdefault(match["address"], []).append(attempt)
        return found

    def _attempt(self, key: str, names: set[str]) -> Attempt | None:
        if key in self._ended:
            return self._ended[key]
        began = self._objects.get(f"{key}.began")
        if began is None:
            return None
        values = orjson.loads(began)
        result = None
        if f"{key.rsplit('/', 1)[-1]}.ended" in names and (ended := self._objects.get(f"{key}.ended")) is not None:
            result = _RESULT.validate_json(ended)
        attempt = Attempt(int(key.rsplit(".", 1)[-1]), values["message"], datetime.fromisoformat(values["at"]), result)
        if result is not None:
            self._ended[key] = attempt
        return attempt

    def begin(self, name: str, address: str, attempt: Attempt, by: str) -> bool:
        """Claim an attempt before anything is sent; of several senders exactly one gets True."""
        data = orjson.dumps({"message": attempt.message, "at": attempt.at, "by": by})
        return self._objects.create(f"{_attempt_key(name, address, attempt.number)}.began", data)

    def end(self, name: str, address: str, number: int, result: DeliveryResult) -> None:
        """Record how an attempt ended."""
        self._objects.create(f"{_attempt_key(name, address, number)}.ended", orjson.dumps(asdict(result)))

    def expired(self, before: date) -> Iterator[str]:
        """Yield the keys of objects that may be deleted, in the order in which to delete them.

        These are all that were resolved before a day (UTC) and delivered, except the last change of each condition:
        so no id is used twice, and no event is notified twice. What is open, acknowledged or not, and what waits for
        delivery is kept, however old it is.
        """
        waiting = set(self._objects.names(f"{ALERTS}/pending"))
        yielded: set[str] = set()
        for day in self._objects.names(f"{ALERTS}/days"):
            for name in self._objects.names(f"{ALERTS}/days/{day}") if date.fromisoformat(day) < before else ():
                episode = self.history(name)
                if name in waiting or (episode and not _is_past(episode, before, waiting)):
                    continue
                for key in [*self._keys(name, episode), f"{ALERTS}/days/{day}/{name}"]:
                    if key not in yielded:
                        yielded.add(key)
                        yield key

    def _keys(self, name: str, episode: Sequence[Notification]) -> Iterator[str]:
        """Yield the keys of an episode, or what is left of a deleted notification, without marks of days."""
        condition, _ = parse_id(name)
        last = self.last(condition)
        acknowledged = set(self._objects.names(f"{ALERTS}/acknowledged/{condition}"))
        for id_ in [each.id for each in episode] or [name]:
            _, number = parse_id(id_)
            yield from (
                f"{ALERTS}/deliveries/{id_}/{each}" for each in self._objects.names(f"{ALERTS}/deliveries/{id_}")
            )
            if f"{number:04d}.json" in acknowledged:
                yield f"{ALERTS}/acknowledged/{condition}/{number:04d}.json"
            if episode and last is not None and last.id != id_:
                yield _key(id_)

    def acknowledge(self, name: str, by: str, now: datetime) -> Acknowledgement:
        """Acknowledge a notification; the first acknowledgement stays.

        Raises:
            AlertsError: there is no such notification.
        """
        try:
            notification = self.get(name)
        except ValueError:
            notification = None
        if notification is None:
            raise AlertsError(f"no notification {name!r}; complaints alerts list shows them")
        entry = Acknowledgement(by, now)
        key, number = parse_id(name)
        if not self._objects.create(f"{ALERTS}/acknowledged/{key}/{number:04d}.json", orjson.dumps(asdict(entry))):
            return self.acknowledged(notification) or entry
        return entry

    def acknowledged(self, notification: Notification) -> Acknowledgement | None:
        """Return who has acknowledged a notification, or a later one of the same episode."""
        key = notification.condition.key
        for name in self._objects.names(f"{ALERTS}/acknowledged/{key}"):
            number = int(name.removesuffix(".json"))
            acknowledged = self.get(id_of(key, number)) if number >= notification.number else None
            if acknowledged is not None and acknowledged.opened == notification.opened:
                data = self._objects.get(f"{ALERTS}/acknowledged/{key}/{name}")
                if data is not None:
                    return _ACKNOWLEDGEMENT.validate_json(data)
        return None

    def health(self, receiver: str) -> ReceiverHealth:
        """Return whether a receiver answers."""
        data = self._objects.get(f"{ALERTS}/receivers/{receiver}.json")
        return ReceiverHealth() if data is None else _HEALTH.validate_json(data)

    def note_health(self, receiver: str, health: ReceiverHealth) -> None:
        """Remember whether a receiver answers."""
        self._objects.put(f"{ALERTS}/receivers/{receiver}.json", orjson.dumps(asdict(health)))

    def receivers(self) -> dict[str, ReceiverHealth]:
        """Return all receivers that anything was ever sent to."""
        names = [name.removesuffix(".json") for name in self._objects.names(f"{ALERTS}/receivers")]
        return {name: self.health(name) for name in names}

    def alive(self, watcher: str, now: datetime) -> None:
        """Record that a watcher is alive."""
        self._note_time(f"watchers/{watcher}", now)

    def watchers(self) -> dict[str, datetime]:
        """Return when each watcher was last alive."""
        names = [name.removesuffix(".json") for name in self._objects.names(f"{ALERTS}/watchers")]
        return {name: at for name in names if (at := self._time(f"watchers/{name}")) is not None}

    def note_look(self, now: datetime) -> None:
        """Record that everything was checked."""
        self._note_time("looked", now)

    def last_look(self) -> datetime | None:
        """Return when everything was last checked; None: never, so that an empty list means nothing."""
        return self._time("looked")

    def note_call(self, now: datetime) -> None:
        """Remember when the dead man's switch was called."""
        self._note_time("dead_man", now)

    def last_call(self) -> datetime | None:
        """Return when the dead man's switch was last called."""
        return self._time("dead_man")

    def retire(self, watcher: str) -> None:
        """Forget a watcher that has ended properly."""
        self._objects.delete(f"{ALERTS}/watchers/{watcher}.json")

    def _note_time(self, what: str, now: datetime) -> None:
        self._objects.put(f"{ALERTS}/{what}.json", orjson.dumps({"at": now}))

    def _time(self, what: str) -> datetime | None:
        data = self._objects.get(f"{ALERTS}/{what}.json")
        return None if data is None else datetime.fromisoformat(orjson.loads(data)["at"])


def _is_past(episode: Sequence[Notification], before: date, waiting: AbstractSet[str]) -> bool:
    """Tell whether an episode was resolved before a day and all of it was delivered."""
    last = episode[-1]
    return not last.is_open and last.at.date() < before and not any(each.id in waiting for each in episode)


def _key(name: str) -> str:
    key, number = parse_id(name)
    return f"{ALERTS}/conditions/{key}/{number:04d}.json"


def _attempt_key(name: str, address: str, number: int) -> str:
    return f"{ALERTS}/deliveries/{name}/{address}.{number}"
