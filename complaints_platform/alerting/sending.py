"""The sender: each pass sends whatever is due in the outbox. Any number of senders may run."""

import logging
import os
import socket
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from complaints_platform.alerting.dead_man import call_if_due
from complaints_platform.alerting.delivery import AppriseTransport, Transport
from complaints_platform.alerting.outbox import Attempt, DeliveryResult, Outbox, ReceiverHealth
from complaints_platform.alerting.planning import Delivery, Message, deliveries, next_message
from complaints_platform.alerting.rendering import render
from complaints_platform.alerting.routes import Routes, load_routes
from complaints_platform.alerting.spool import spool
from complaints_platform.errors import AlertsError
from complaints_platform.platform import Platform
from complaints_platform.settings import secret_of_environment

LOG = logging.getLogger(__name__)

LONGEST_PASS = timedelta(seconds=40)
"""A pass ends after so long and the next continues; a tick of Dagster's may take 60 s."""


def utc_now() -> datetime:
    """Return the time (UTC)."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Sent:
    """What a pass has done: messages that arrived, messages that did not, deliveries that still wait."""

    messages: int = 0
    failed: int = 0
    waiting: int = 0
    errors: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return one line."""
        text = f"{self.messages} sent, {self.failed} failed, {self.waiting} waiting"
        return text + (f": {'; '.join(self.errors)}" if self.errors else "")

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(
            self.messages + other.messages,
            self.failed + other.failed,
            self.waiting + other.waiting,
            self.errors + other.errors,
        )


@dataclass(frozen=True)
class _MissingTransport:
    """Fails for a receiver that has no address."""

    why: str
    clock: Callable[[], datetime]

    def send(self, message: object, reached: tuple[str, ...]) -> DeliveryResult:
        del message
        return DeliveryResult(delivered=False, at=self.clock(), error=self.why, reached=reached)


def transports(routes: Routes, clock: Callable[[], datetime] = utc_now) -> dict[str, Transport]:
    """Return the transport of each receiver; without its environment variable it fails and says so."""
    found: dict[str, Transport] = {}
    for name, receiver in routes.receivers.items():
        address = secret_of_environment(receiver.url_env)
        missing = f"the environment variable {receiver.url_env} is not set"
        found[name] = AppriseTransport(address, clock) if address else _MissingTransport(missing, clock)
    return found


class Sender:
    """Sends what waits in one outbox, through the transport of each receiver; the clock returns UTC."""

    def __init__(
        self,
        outbox: Outbox,
        routes: Routes,
        transports: Mapping[str, Transport],
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._outbox = outbox
        self._routes = routes
        self._transports = transports
        self._clock = clock
        self._by = f"{socket.gethostname()} {os.getpid()}"

    def send_due(self) -> Sent:
        """Send all that is due, receiver by receiver; one that fails is left alone for a while."""
        started = self._clock()
        waiting: dict[str, list[Delivery]] = {}
        unreached: dict[str, set[str]] = {}
        for notification in self._outbox.pending():
            wanted = deliveries(
                notification,
                self._outbox.history(notification.id),
                self._routes,
                self._outbox.attempts,
                self._outbox.acknowledged(notification),
            )
            unreached[notification.id] = {each.address for each in wanted if not each.delivered}
            for each in wanted:
                if not each.delivered:
                    waiting.setdefault(each.receiver, []).append(each)
        result = Sent()
        for receiver, some in sorted(waiting.items()):
            sent, left = self._to(receiver, some, started)
            result += sent
            still = {(each.notification.id, each.address) for each in left}
            for each in some:
                if (each.notification.id, each.address) not in still:
                    unreached[each.notification.id].discard(each.address)
        for name, addresses in unreached.items():
            if not addresses:
                self._outbox.done(name)
        return result

    def _to(self, receiver: str, waiting: list[Delivery], started: datetime) -> tuple[Sent, list[Delivery]]:
        health = self._outbox.health(receiver)
        messages = failed = 0
        errors: list[str] = []
        while self._clock() - started < LONGEST_PASS:
            message = next_message(waiting, health, self._clock(), self._routes.together_from)
            claimed = self._claim(message) if message else None
            if claimed is None:
                break
            result = self._send(receiver, claimed)
            health = ReceiverHealth(0 if result.delivered else health.failures + 1, result.at, result.error)
            self._outbox.note_health(receiver, health)
            begun = {(each.notification.id, each.address) for each in claimed.deliveries}
            waiting = [each for each in waiting if (each.notification.id, each.address) not in begun]
            if result.delivered:
                messages += 1
                continue
            failed += 1
            errors.append(f"{receiver}: {result.error}")
            waiting += [each.tried(replace(each.attempts[-1], result=result)) for each in claimed.deliveries]
        return Sent(messages, failed, len(waiting), tuple(errors)), waiting

    def _claim(self, message: Message) -> Message | None:
        """Begin an attempt for everything in a message; None if another sender was faster.

        The first delivery decides: of two senders of the same message one gets none of it.
        """
        now = self._clock()
        name = message.name or f"together-{uuid.uuid4().hex}.{message.deliveries[0].receiver}"
        claimed: list[Delivery] = []
        for each in message.deliveries:
            attempt = Attempt(len(each.attempts) + 1, name, now)
            if self._outbox.begin(each.notification.id, each.address, attempt, self._by):
                claimed.append(each.tried(attempt))
            elif not claimed:
                return None
        return Message(name, tuple(claimed), message.tried + 1)

    def _send(self, receiver: str, message: Message) -> DeliveryResult:
        earlier = [attempt.result for each in message.deliveries for attempt in each.attempts if attempt.result]
        reached = tuple(sorted({recipient for result in earlier for recipient in result.reached}))
        transport = self._transports.get(receiver) or _MissingTransport("it is no longer a receiver", self._clock)
        result = transport.send(render(message, self._routes), reached)
        for each in message.deliveries:
            self._outbox.end(each.notification.id, each.address, each.attempts[-1].number, result)
        LOG.info("%s: %s", message.name, "delivered" if result.delivered else result.error)
        return result


def send_all(platform: Platform, clock: Callable[[], datetime] = utc_now) -> Sent:
    """Send what is waiting in the lake's outbox and in the spool, independently of each other.

    Without a routes file nothing is sent: another process may have one.

    Raises:
        AlertsError: the routes file is wrong, or an outbox can't be read; what the other holds was sent.
    """
    if platform.settings.alerts is None:
        return Sent()
    routes = load_routes(platform.settings.alerts)
    by_name = transports(routes, clock)
    result = Sent()
    problems = []
    outboxes = (spool(platform.settings.alerts_spool), Outbox(platform.lake.store))
    for outbox in outboxes:
        try:
            result += Sender(outbox, routes, by_name, clock).send_due()
        except Exception as error:
            LOG.exception("an outbox can't be read")
            problems.append(type(error).__name__)
    if problems:
        raise AlertsError(f"an outbox can't be read: {', '.join(problems)}; {result.describe()}")
    # While a receiver can't be reached, the calls stop, so that the switch alerts somebody.
    healths = [item for outbox in outboxes for item in outbox.receivers().items()]
    if not any(health.failures for name, health in healths if name in routes.receivers):
        call_if_due(routes, outboxes[-1], clock)
    return result
