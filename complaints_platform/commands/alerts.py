"""``complaints alerts``: what is wrong, who was notified, and the process that watches and sends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from complaints_platform.alerting.events import AlertState, Condition, Notification, Severity
from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, author_or_user, print_json
from complaints_platform.errors import AlertsError, ComplaintsError

if TYPE_CHECKING:
    from complaints_platform.alerting.delivery import Transport
    from complaints_platform.alerting.observing import Memory, Observer
    from complaints_platform.alerting.outbox import DeliveryResult, Outbox
    from complaints_platform.alerting.routes import Routes
    from complaints_platform.platform import Platform

app = typer.Typer(help="What is wrong, who was notified, and who has acknowledged.", no_args_is_help=True)

OnlyState = Annotated[
    AlertState, typer.Option("--state", help="all, open, unacknowledged, waiting (not delivered yet) or resolved.")
]
AlertId = Annotated[str, typer.Argument(help="The alert's id, or the start of it.")]

SHORT_ID = 10

CHECKED_LATELY, CHECKS_MISSED = timedelta(minutes=10), 3
"""After so long, and so many missed checks, an empty list means nothing."""


@app.command("list")
def list_alerts(state: OnlyState = "all", as_json: AsJson = False) -> None:
    """List open alerts, and those of the last 30 days."""
    platform = open_platform()
    outboxes, now = _outboxes(platform), datetime.now(UTC)
    found = _listed(platform, outboxes, state)
    looked = outboxes[0].last_look()
    if as_json:
        print_json({**found, "looked_at": looked.isoformat() if looked else None})
        return
    if not found["alerts"]:
        typer.echo("no alerts")
    for alert in found["alerts"]:
        about = ", ".join(filter(None, [alert["source"], alert["day"]]))
        notified = len({each["receiver"] for each in alert["deliveries"] if each["delivered"]})
        remarks = [
            "acknowledged" if alert["acknowledged"] else "",
            f"{notified} notified" if notified else "",
            "waiting" if alert["waiting"] else "",
        ]
        typer.echo(
            f"{alert['id'][:SHORT_ID]}  {alert['state']:<8}  {alert['severity']:<8}  "
            f"{alert['opened_at'][:16].replace('T', ' ')}  {alert['title']}"
            + (f" ({about})" if about else "")
            + "".join(f", {remark}" for remark in remarks if remark)
        )
    late_after = max(CHECKED_LATELY, CHECKS_MISSED * timedelta(seconds=platform.settings.alerts_seconds))
    if looked is None or now - looked > late_after:
        since = f"since {looked:%Y-%m-%d %H:%M} UTC" if looked else "yet"
        typer.echo(
            f"the platform has not completed its checks {since}: is Dagster's daemon running? (complaints doctor)",
            err=True,
        )
    if platform.settings.alerts is None and any(alert["waiting"] for alert in found["alerts"]):
        typer.echo("nothing is sent from here: COMPLAINTS_ALERTS names no routes file", err=True)
    for receiver in found["receivers"]:
        if receiver["failures"]:
            failed = f"has failed {receiver['failures']} times in a row: {receiver['error']}"
            typer.echo(f"{receiver['receiver']} {failed}", err=True)


@app.command()
def show(alert: AlertId, as_json: AsJson = False) -> None:
    """Show one alert: what it means, what to do, its history, and who was notified."""
    platform = open_platform()
    found = _listed(platform, _outboxes(platform), "all")["alerts"]
    chosen = next(each for each in found if each["id"] == _id(found, alert))
    if as_json:
        print_json(chosen)
        return
    for name in ("title", "state", "severity", "text", "source", "day", "meaning", "next_step", "runbook"):
        if chosen[name]:
            typer.echo(f"{name.replace('_', ' ')}: {chosen[name]}")
    for change in chosen["history"]:
        typer.echo(f"{change['at'][:19]} {change['state']} ({change['severity']}): {change['text']}")
    for each in chosen["deliveries"]:
        ended = "delivered" if each["delivered"] else f"not delivered: {each['error'] or 'under way'}"
        typer.echo(f"{each['at'][:19]} {each['receiver']}, attempt {each['attempts']}: {ended}")
    if chosen["acknowledged"]:
        typer.echo(f"{chosen['acknowledged']['at'][:19]} acknowledged by {chosen['acknowledged']['by']}")


@app.command()
def ack(
    alert: AlertId,
    by: Annotated[str | None, typer.Option(help="Who acknowledges; by default the user of this machine.")] = None,
) -> None:
    """Acknowledge an alert: you are dealing with it, and escalation stops."""
    from complaints_platform.alerting.listing import acknowledge_newest, known, list_alerts
    from complaints_platform.alerting.routes import Routes

    platform = open_platform()
    outboxes = _outboxes(platform)
    name = _id(list_alerts(outboxes, "all", datetime.now(UTC), Routes())["alerts"], alert)
    outbox = next(each for each in outboxes if known(each, name))
    entry = acknowledge_newest(outbox, name, author_or_user(by), datetime.now(UTC))
    typer.echo(f"acknowledged by {entry.by} at {entry.at:%Y-%m-%d %H:%M} UTC")


@app.command("test")
def send_test(
    to: Annotated[list[str] | None, typer.Option("--to", help="Only this receiver; may be repeated.")] = None,
) -> None:
    """Send a test message to all receivers of the routes file, and report which arrived."""
    from complaints_platform.alerting.outbox import Outbox
    from complaints_platform.alerting.routes import load_routes
    from complaints_platform.alerting.sending import transports

    platform = open_platform()
    routes = load_routes(platform.settings.alerts)
    chosen = to or list(routes.receivers)
    unknown = sorted(set(chosen) - routes.receivers.keys())
    if unknown or not chosen:
        known = ", ".join(routes.receivers) or "none: set COMPLAINTS_ALERTS to a routes file"
        raise AlertsError(f"no receiver {', '.join(unknown) or 'to send to'}; receivers are {known}")
    now = datetime.now(UTC)
    condition = Condition("test", now.isoformat(), Severity.INFO, f"{author_or_user(None)} tries whether this arrives.")
    outbox = Outbox(platform.lake.store)
    # Not pending: it goes to these receivers, whatever the routes say about tests.
    notification = outbox.happened(condition, now, pending=False)
    if notification is None:
        raise AlertsError("another test was recorded at the same moment; try again")
    by_name = transports(routes)
    results = {name: _try(outbox, notification, name, by_name[name], routes) for name in chosen}
    for name, result in results.items():
        typer.echo(f"{name}: {'arrived' if result.delivered else f'did not arrive: {result.error}'}")
    if not all(result.delivered for result in results.values()):
        raise typer.Exit(1)


def _try(
    outbox: "Outbox", notification: Notification, name: str, transport: "Transport", routes: "Routes"
) -> "DeliveryResult":
    from complaints_platform.alerting.outbox import Attempt
    from complaints_platform.alerting.planning import Delivery, Message
    from complaints_platform.alerting.rendering import render

    message = Message(f"{notification.id}.{name}", (Delivery(notification, name, notification.at),))
    outbox.begin(notification.id, name, Attempt(1, message.name, datetime.now(UTC)), "complaints alerts test")
    result = transport.send(render(message, routes), ())
    outbox.end(notification.id, name, 1, result)
    return result


@app.command()
def send(
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Keep running, check every COMPLAINTS_ALERTS_SECONDS and watch Dagster's daemon."),
    ] = False,
) -> None:
    """Send what is waiting in the outbox. With --watch, keep doing so and notice when Dagster's daemon stops."""
    from complaints_platform.alerting.observing import Memory
    from complaints_platform.alerting.routes import load_routes
    from complaints_platform.alerting.sending import send_all

    platform = open_platform()
    load_routes(platform.settings.alerts)
    if platform.settings.alerts is None:
        typer.echo("COMPLAINTS_ALERTS names no routes file: alerts are recorded, nothing is sent", err=True)
    if not watch:
        sent = send_all(platform)
        typer.echo(sent.describe())
        if sent.failed:
            raise typer.Exit(1)
        return
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with _watching(platform) as observer:
        typer.echo(f"watching every {platform.settings.alerts_seconds} s", err=True)
        memory = Memory()
        while not stopped.is_set():
            memory = _look(platform, observer, memory)
            stopped.wait(platform.settings.alerts_seconds)
    typer.echo("stopped", err=True)


@contextmanager
def _watching(platform: "Platform") -> Iterator["Observer"]:
    """Open Dagster's instance and the code's definitions; sign off at a proper end, so that nobody is alerted."""
    from complaints_platform.alerting.observing import Observer, machine
    from complaints_platform.definitions import build_definitions
    from complaints_platform.instance.history import InstanceHistory
    from complaints_platform.instance.local import local_instance

    with local_instance() as instance:
        observer = Observer(platform, InstanceHistory(instance, build_definitions(platform).get_repository_def()))
        yield observer
        observer.outbox.retire(machine())


def _look(platform: "Platform", observer: "Observer", memory: "Memory") -> "Memory":
    """Check once, and send; failures are printed and retried."""
    from complaints_platform.alerting.sending import Sent, send_all

    now = memory.now(datetime.now(UTC))
    try:
        for each in observer.look(now, as_watcher=True):
            typer.echo(f"{each.at:%Y-%m-%d %H:%M:%S} {each.state}: {each.title()}", err=True)
    except Exception as error:  # noqa: BLE001  # stores and receivers have errors of their own; the watch goes on
        typer.echo(f"checking failed: {_safe_text(error)}", err=True)
    try:
        sent = send_all(platform)
        if sent != Sent(waiting=sent.waiting):
            typer.echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {sent.describe()}", err=True)
    except Exception as error:  # noqa: BLE001  # stores and receivers have errors of their own; the watch goes on
        typer.echo(f"sending failed: {_safe_text(error)}", err=True)
    return now


def _safe_text(error: Exception) -> str:
    """Return the text of the platform's own errors, and only the class of others: they may quote secret addresses."""
    return str(error) if isinstance(error, ComplaintsError) else type(error).__name__


def _outboxes(platform: "Platform") -> list["Outbox"]:
    from complaints_platform.alerting.outbox import Outbox
    from complaints_platform.alerting.spool import spool

    return [Outbox(platform.lake.store), spool(platform.settings.alerts_spool)]


def _listed(platform: "Platform", outboxes: list["Outbox"], state: AlertState) -> dict[str, Any]:
    from complaints_platform.alerting import listing
    from complaints_platform.alerting.routes import load_routes

    return listing.list_alerts(outboxes, state, datetime.now(UTC), load_routes(platform.settings.alerts))


def _id(alerts: list[dict[str, Any]], beginning: str) -> str:
    ids = sorted(
        {alert["id"] for alert in alerts if any(str(change["id"]).startswith(beginning) for change in alert["history"])}
    )
    if len(ids) != 1:
        raise AlertsError(f"{len(ids)} alerts start with {beginning!r}; see complaints alerts list")
    return str(ids[0])
