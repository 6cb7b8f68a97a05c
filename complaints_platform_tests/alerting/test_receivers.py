"""A mail server, a webhook and senders in processes of their own, killed in mid-flight: nothing lost, nothing twice.

"Twice" is by identity: a message that was kept and not confirmed comes again, as it was, with the same one.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from complaints_platform.alerting.dead_man import call_if_due
from complaints_platform.alerting.delivery import AppriseTransport
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.planning import Delivery, Message
from complaints_platform.alerting.rendering import render
from complaints_platform.alerting.routes import load_routes
from complaints_platform.alerting.sending import Sender, transports
from complaints_platform.errors import AlertsError
from complaints_platform.lake.store import open_store
from complaints_platform_tests.alerting.tools import Clock, condition

START_SECONDS = 20
RECEIVERS = Path(__file__).parent / "receivers.py"
NOW = datetime.now(UTC)
URLS = {
    "webhook": "json://token-of-the-hook:secret@127.0.0.1:{port}/services/T0KEN/hook",
    "mail": "mailto://127.0.0.1:{port}?from=platform@example.org&to=team@example.org",
}
SENDER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.routes import load_routes
from complaints_platform.alerting.sending import Sender, transports
from complaints_platform.lake.store import open_store
lake, routes, later = sys.argv[1:]
clock = lambda: datetime.now(UTC) + timedelta(minutes=float(later))
routes = load_routes(Path(routes))
Sender(Outbox(open_store(lake)), routes, transports(routes, clock), clock).send_due()
"""


class Server:
    """A receiver that can be killed and started again at the same address, with the same memory."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.file = folder / f"{kind}.jsonl"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = URLS[kind].format(port=self.port)
        self.process = None

    def start(self, dies_at=0, slow_at=0):
        self.process = subprocess.Popen(
            [sys.executable, RECEIVERS, self.kind, str(self.port), self.file, str(dies_at), str(slow_at)]
        )
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    @property
    def kept(self):
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []


@pytest.fixture(params=["webhook", "mail"])
def server(request, tmp_path, monkeypatch):
    server = Server(request.param, tmp_path)
    monkeypatch.setenv("RECEIVER_URL", server.url)
    yield server
    server.kill()


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


class Place:
    def __init__(self, folder):
        self.lake = folder / "lake"
        self.file = folder / "routes.yaml"
        self.file.write_text("receivers: {one: {url_env: RECEIVER_URL}}\nroutes: [{name: all, to: [one]}]\n")
        self.outbox = Outbox(open_store(str(self.lake)))
        self.clock = Clock(NOW)

    def open(self, *subjects):
        return self.outbox.observe("run_failed", [condition(subject) for subject in subjects], self.clock())

    def look(self):
        routes = load_routes(self.file)
        return Sender(Outbox(open_store(str(self.lake))), routes, transports(routes, self.clock), self.clock).send_due()

    def told(self, server):
        """Return notification → times it was kept, each message counted once by its identity."""
        once = {each["id"]: each for each in server.kept}
        return Counter(name for each in once.values() for name in told_by(each))


def told_by(kept):
    if "told" in kept:
        return kept["told"]
    return sorted(set(re.findall(r"[0-9a-f]{24}-\d{4}", kept["text"])))


def test_a_receiver_killed_between_keeping_and_confirming_has_everything_once(server, place):
    changes = place.open("a", "b", "c", "d")
    server.start(dies_at=2)
    assert place.look().failed == 1
    assert len(server.kept) == 2
    place.clock.move(minutes=1)
    assert place.look().failed == 1  # it is down
    changes += place.open("a", "b", "c", "d", "e", "f", "g", "h")
    server.start()
    place.clock.move(minutes=2)
    place.look()
    assert place.told(server) == {change.id: 1 for change in changes}
    first, second, again, *_ = server.kept
    assert second == again
    assert first != second
    assert len(server.kept) <= 4  # the fifth to the eighth come together with the third and the fourth
    assert place.outbox.pending() == []
    place.clock.move(hours=1)
    assert place.look().messages == 0


@pytest.mark.parametrize("server", ["webhook"], indirect=True)
def test_a_sender_killed_while_the_receiver_has_the_message_tells_everything_once(server, place):
    changes = place.open("a", "b", "c")
    server.start(slow_at=2)
    arguments = [sys.executable, "-c", SENDER, place.lake, place.file]
    sender = subprocess.Popen([*arguments, "0"], env=dict(os.environ))
    deadline = time.monotonic() + START_SECONDS
    while len(server.kept) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    sender.send_signal(signal.SIGKILL)
    sender.wait()
    server.kill()
    server.start()
    # Two start at once: what the killed one had begun is found, and sent by one of them.
    both = [subprocess.Popen([*arguments, "4"], env=dict(os.environ)) for _ in range(2)]
    assert [each.wait(timeout=60) for each in both] == [0, 0]
    assert place.told(server) == {change.id: 1 for change in changes}
    assert len(server.kept) == 4
    assert place.outbox.pending() == []


def test_a_mail_has_one_identity_and_follows_the_one_it_goes_on_with(tmp_path, place, monkeypatch):
    server = Server("mail", tmp_path)
    monkeypatch.setenv("RECEIVER_URL", server.url.replace("team@", "team@example.org,other@"))
    server.start()
    try:
        (change,) = place.open("collect")
        place.look()
        place.open()
        place.look()
    finally:
        server.kill()
    kept = server.kept
    assert sorted(each["to"][0] for each in kept[:2]) == ["other@example.org", "team@example.org"]
    assert [each["ids"] for each in kept[:2]] == [[f"<{change.id}.one@complaints-platform>"]] * 2
    assert {each["answers"] for each in kept[2:]} == {f"<{change.id}.one@complaints-platform>"}
    assert kept[0]["subject"] == "[major] A job is failing"
    assert "Next step: Open the run in Dagster" in kept[0]["text"]


def test_a_webhook_says_everything_in_fields(tmp_path, place, monkeypatch):
    server = Server("webhook", tmp_path)
    monkeypatch.setenv("RECEIVER_URL", server.url)
    server.start()
    try:
        (change,) = place.open("collect")
        place.look()
    finally:
        server.kill()
    (kept,) = server.kept
    assert kept["id"] == kept["body"]["id"] == f"{change.id}.one"
    (fields,) = kept["body"]["notifications"]
    assert fields["kind"] == "run_failed"
    assert fields["state"] == "opened"
    assert fields["severity"] == "major"
    assert fields["next_step"]
    assert fields["runbook"] == "docs/runbook.md#run_failed"


def test_no_error_shows_an_address(tmp_path, place, monkeypatch):
    server = Server("webhook", tmp_path)
    monkeypatch.setenv("RECEIVER_URL", server.url)
    place.open("collect")
    sent = place.look()
    assert sent.failed == 1
    said = sent.describe() + json.dumps([str(each) for each in place.outbox.receivers().items()])
    for path in place.lake.rglob("*"):
        said += path.read_text() if path.is_file() else ""
    for secret in ("token-of-the-hook", "T0KEN", "secret@"):
        assert secret not in said
    for address in ("nonsense", "json://", "slack://too/short"):
        monkeypatch.setenv("RECEIVER_URL", address)
        place.clock.move(minutes=30)
        assert place.look().failed == 1


def test_a_receiver_without_an_address_says_which_variable_is_missing(place):
    place.open("collect")
    assert place.look().errors == ("one: the environment variable RECEIVER_URL is not set",)


def test_a_text_message_is_cut_to_what_it_has_room_for(place, monkeypatch):
    from apprise.plugins.africas_talking import NotifyAfricasTalking

    sent = []

    def keep(_self, body, title="", **_):
        sent.append(title + body)
        return True

    monkeypatch.setattr(NotifyAfricasTalking, "send", keep)
    (change,) = place.open("collect")
    rendered = render(Message("m", (Delivery(change, "one", NOW),)), load_routes(place.file))
    transport = AppriseTransport(SecretStr("atalk://user@apikey/+2348012345678"), place.clock)
    assert transport.send(rendered, ()).delivered
    assert len(sent) == 1
    assert len(sent[0]) <= NotifyAfricasTalking.body_maxlen
    assert "A job is failing" in sent[0]


def test_the_dead_mans_switch_is_called_as_long_as_all_is_well(tmp_path, place, monkeypatch):
    server = Server("webhook", tmp_path)
    place.file.write_text("dead_man: {url_env: SWITCH_URL, every_minutes: 5}\n")
    routes = load_routes(place.file)
    monkeypatch.setenv("SWITCH_URL", f"http://127.0.0.1:{server.port}/call")
    assert not call_if_due(routes, place.outbox, place.clock)  # nobody is there, and the next look tries again
    server.start()
    try:
        called = []
        for _ in range(12):
            called.append(call_if_due(routes, place.outbox, place.clock))
            place.clock.move(minutes=1)
    finally:
        server.kill()
    assert called == [True, *[False] * 4, True, *[False] * 4, True, False]
    assert [each["call"] for each in server.kept] == ["/call"] * 3
    monkeypatch.setenv("SWITCH_URL", "file:///etc/passwd")
    place.clock.move(minutes=5)
    with pytest.raises(AlertsError, match="SWITCH_URL must hold an http"):
        call_if_due(routes, place.outbox, place.clock)
