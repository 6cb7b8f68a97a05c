"""What the tests of notifications share: conditions, a clock, transports that keep what they are given."""

from datetime import UTC, date, datetime, timedelta

from complaints_platform.alerting.events import Condition, Severity
from complaints_platform.alerting.outbox import DeliveryResult, Outbox
from complaints_platform.alerting.routes import load_routes
from complaints_platform.alerting.sending import Sender
from complaints_platform.alerting.spool import MemoryObjects

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = date(2026, 3, 10)


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def move(self, **time):
        self.now += timedelta(**time)


class Keeps:
    """A way that keeps what it is given; ``works`` and ``crashes`` say what becomes of it."""

    def __init__(self, clock):
        self.clock = clock
        self.works = True
        self.crashes = False
        self.tried = []
        self.arrived = []

    def send(self, message, reached):
        self.tried.append(message)
        if self.works:
            self.arrived.append(message)
        if self.crashes:
            raise KeyboardInterrupt  # as if the process were killed: nothing more is written
        return DeliveryResult(self.works, self.clock(), "" if self.works else "refused", reached)

    @property
    def names(self):
        return [message.name for message in self.arrived]

    @property
    def told(self):
        """Ids of the notifications that arrived, whatever the message."""
        return [each["id"] for message in self.arrived for each in message.notifications]


class Office:
    """An outbox in memory, routes, and a sender whose receivers keep everything."""

    def __init__(self, tmp_path, routes, objects=None):
        path = tmp_path / "routes.yaml"
        path.write_text(routes)
        self.routes = load_routes(path)
        self.clock = Clock()
        self.objects = objects or MemoryObjects()
        self.outbox = Outbox(self.objects)
        self.transports = {name: Keeps(self.clock) for name in self.routes.receivers}
        self.sender = self.another_sender()

    def another_sender(self):
        """Return a sender as another process has it: with nothing in memory."""
        return Sender(Outbox(self.objects), self.routes, self.transports, self.clock)

    def open(self, *subjects, kind="run_failed", severity=Severity.MAJOR, **more):
        """Let exactly these conditions of a kind be so now; return the changes."""
        found = [condition(subject, kind, severity, **more) for subject in subjects]
        return self.outbox.observe(kind, found, self.clock())


def condition(subject="collect", kind="run_failed", severity=Severity.MAJOR, **more):
    return Condition(kind, subject, severity, f"{subject} is wrong.", **more)
