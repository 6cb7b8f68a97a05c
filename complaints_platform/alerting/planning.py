"""What is sent next, to whom, together with what: pure functions of what waits and what was tried.

An *address* is a receiver's name, followed by ``~<step>`` if the notification comes by escalation. A message that was
tried and may have arrived is repeated unchanged, with its identity; what was never tried may be combined.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from complaints_platform.alerting.events import Notification, State
from complaints_platform.alerting.outbox import Acknowledgement, Attempt, Attempts, ReceiverHealth
from complaints_platform.alerting.routes import Route, Routes

FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)

LOST_AFTER = timedelta(minutes=3)
"""An older attempt without an end was made by a sender that was killed: sending takes seconds."""

OTHERS_FIRST_AFTER = 5
"""After so many failures the receiver may be refusing this one message: others are sent first."""

MOST_TOGETHER = 100


@dataclass(frozen=True)
class Delivery:
    """A notification that is to reach an address, when (UTC), and what was tried."""

    notification: Notification
    address: str
    due: datetime
    together: bool = False
    """It belongs in a digest."""
    attempts: tuple[Attempt, ...] = ()
    unacknowledged: timedelta | None = None
    """For escalations, how long nobody has acknowledged it."""

    @property
    def receiver(self) -> str:
        """Name of the receiver."""
        return receiver_of(self.address)

    @property
    def delivered(self) -> bool:
        """Tell whether it has arrived."""
        return any(attempt.result is not None and attempt.result.delivered for attempt in self.attempts)

    def tried(self, attempt: Attempt) -> "Delivery":
        """Return the delivery after one more attempt."""
        earlier = tuple(each for each in self.attempts if each.number != attempt.number)
        return replace(self, attempts=(*earlier, attempt))


@dataclass(frozen=True)
class Message:
    """What is sent at once: one notification, or several together in order of time; and how often it was tried."""

    name: str
    """Its identity, the same however often it is tried; "" for several that were never tried."""
    deliveries: tuple[Delivery, ...]
    tried: int = 0


def receiver_of(address: str) -> str:
    """Return the receiver of an address."""
    return address.partition("~")[0]


def deliveries(
    notification: Notification,
    history: Sequence[Notification],
    routes: Routes,
    attempts: Callable[[str], Attempts],
    acknowledged: Acknowledgement | None,
) -> list[Delivery]:
    """Return the deliveries of a notification, including those that have arrived.

    ``history`` is all changes of its episode, in order; ``attempts`` returns what was tried for one of them (by id).
    """
    own = attempts(notification.id)
    found: dict[str, Delivery] = {}
    steps: dict[str, Delivery] = {}
    for route in (route for route in routes.routes if route.takes(notification)):
        due = route.due(notification, routes.zone)
        for name in route.to:
            if name not in found or due < found[name].due:
                tried = tuple(own.get(name, ()))
                found[name] = Delivery(notification, name, due, route.digest is not None, tried)
        steps = {**{each.address: each for each in _steps(notification, route, due, own)}, **steps}
    if notification.state is State.RESOLVED:
        for name in sorted(_escalated_before(notification, history, attempts) - found.keys()):
            found[name] = Delivery(notification, name, notification.at, attempts=tuple(own.get(name, ())))
    is_past = any(later.number > notification.number and not later.is_silent for later in history)
    if acknowledged is not None or is_past:
        # What has begun is completed: the receiver may have it.
        steps = {address: step for address, step in steps.items() if step.attempts}
    return [*found.values(), *steps.values()]


def _steps(notification: Notification, route: Route, due: datetime, own: Attempts) -> list[Delivery]:
    if not notification.is_open or notification.is_silent:
        return []
    return [
        Delivery(
            notification,
            f"{name}~{number}",
            due + timedelta(minutes=step.after_minutes),
            attempts=tuple(own.get(f"{name}~{number}", ())),
            unacknowledged=timedelta(minutes=step.after_minutes),
        )
        for number, step in enumerate(route.escalate, 1)
        for name in step.to
    ]


def _escalated_before(
    notification: Notification, history: Sequence[Notification], attempts: Callable[[str], Attempts]
) -> set[str]:
    earlier = [each for each in history if each.number < notification.number and not each.is_silent]
    return {receiver_of(address) for each in earlier for address in attempts(each.id) if "~" in address}


def next_message(
    waiting: Sequence[Delivery], health: ReceiverHealth, now: datetime, together_from: int
) -> Message | None:
    """Return what a receiver gets next of all that waits; None if there is nothing, or it is too early to try again.

    More new ones than ``together_from`` are sent together.
    """
    if health.at is not None and health.failures and now < health.at + pause(health.failures):
        return None
    begun = _begun(waiting, now)
    fresh = sorted(
        (each for each in waiting if not each.attempts and each.due <= now), key=lambda each: each.notification.at
    )
    for message in begun:
        if message.tried < OTHERS_FIRST_AFTER:
            return message
    if fresh:
        return _of_fresh(fresh, together_from)
    for message in begun:
        if now >= max(each.attempts[-1].at for each in message.deliveries) + pause(message.tried):
            return message
    return None


def pause(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * (1 << min(failures - 1, 20)))


def _begun(waiting: Sequence[Delivery], now: datetime) -> list[Message]:
    """Return the messages that have failed, in order of time; those under way are left alone."""
    found: dict[str, list[Delivery]] = {}
    for each in waiting:
        if each.attempts:
            found.setdefault(each.attempts[-1].message, []).append(each)
    messages = [
        Message(
            name,
            tuple(sorted(group, key=lambda each: (each.notification.at, each.notification.id))),
            max(len(each.attempts) for each in group),
        )
        for name, group in found.items()
        if not any(each.attempts[-1].result is None and now < each.attempts[-1].at + LOST_AFTER for each in group)
    ]
    return sorted(messages, key=lambda message: (message.deliveries[0].notification.at, message.name))


def _of_fresh(fresh: Sequence[Delivery], together_from: int) -> Message:
    if len(fresh) > together_from:
        return Message("", tuple(fresh[:MOST_TOGETHER]))
    gathered = [each for each in fresh if each.together]
    if len(gathered) > 1:
        return Message("", tuple(gathered[:MOST_TOGETHER]))
    return Message(f"{fresh[0].notification.id}.{fresh[0].address}", (fresh[0],))
