"""``complaints alerts``: what is wrong, who was told, and the process that watches and sends."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from complaints_platform.alerting.events import AlertState, Condition, Notification, Severity
from complaints_platform.commands.printing import AsJson, author_or_user, print_json
from complaints_platform.errors import AlertsError, ComplaintsError
from complaints_platform.settings import Settings, load_settings

if TYPE_CHECKING:
    from complaints_platform.alerting.delivery import Way
    from complaints_platform.alerting.observing import Memory, Observer
    from complaints_platform.alerting.outbox import Outbox, Outcome
    from complaints_platform.alerting.routes import Routes

app = typer.Typer(help="What is wrong, who was told, and who has taken note.", no_args_is_help=True)

OnlyState = Annotated[
    AlertState, typer.Option("--state", help="all, open, unacknowledged, waiting (not delivered yet) or resolved.")
]
AlertId = Annotated[str, typer.Argument(help="Its id, or enough of its beginning.")]

SHORT_ID = 10

LOOKED_LATELY, LOOKS_MISSED = timedelta(minutes=10), 3
"""After so long, and so many looks that did not come, that nothing is open says nothing."""


@app.command("list")
def list_alerts(state: OnlyState = "all", as_json: AsJson = False) -> None:
    """List what is open, and what was noticed in the last 30 days."""
    from complaints_platform.alerting.listing import shown
    from complaints_platform.alerting.routes import load_routes
    from complaints_platform.alerting.sending import utc_now

    settings = load_settings()
    now, outboxes = utc_now(), _outboxes(settings)
    found = shown(outboxes, state, now, load_routes(settings.alerts))
    looked = outboxes[0].last_look()
    if as_json:
        print_json({**found, "looked_at": looked.isoformat() if looked else None})
        return
    if not found["alerts"]:
        typer.echo("no alerts")
    for alert in found["alerts"]:
        about = ", ".join(filter(None, [alert["source"], alert["day"]]))
        remarks = [
            "acknowledged" if alert["acknowledged"] else "",
            f"told {told}"
            if (told := len({each["receiver"] for each in alert["deliveries"] if each["delivered"]}))
            else "",
            "waiting" if alert["waiting"] else "",
        ]
        typer.echo(
            f"{alert['id'][:SHORT_ID]}  {alert['state']:<8}  {alert['severity']:<8}  "
            f"{alert['opened_at'][:16].replace('T', ' ')}  {alert['title']}"
            + (f" ({about})" if about else "")
            + "".join(f", {remark}" for remark in remarks if remark)
        )
    if looked is None or now - looked > max(LOOKED_LATELY, LOOKS_MISSED * timedelta(seconds=settings.alerts_seconds)):
        since = f"since {looked:%Y-%m-%d %H:%M} UTC" if looked else "yet"
        typer.echo(
            f"not everything has been looked at for what is wrong {since}: is Dagster's daemon running? "
            "(complaints doctor)",
            err=True,
        )
    if settings.alerts is None and any(alert["waiting"] for alert in found["alerts"]):
        typer.echo("nothing is sent from here: COMPLAINTS_ALERTS names no file of who hears what", err=True)
    for receiver in found["receivers"]:
        if receiver["failures"]:
            typer.echo(
                f"{receiver['receiver']} has not answered {receiver['failures']} times: {receiver['error']}", err=True
            )


@app.command()
def show(alert: AlertId, as_json: AsJson = False) -> None:
    """Say all of one alert: what it means, what to do, what became of it, who was told."""
    from complaints_platform.alerting.listing import shown
    from complaints_platform.alerting.routes import load_routes
    from complaints_platform.alerting.sending import utc_now

    settings = load_settings()
    found = shown(_outboxes(settings), "all", utc_now(), load_routes(settings.alerts))["alerts"]
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
        became = "delivered" if each["delivered"] else f"not delivered: {each['error'] or 'under way'}"
        typer.echo(f"{each['at'][:19]} {each['receiver']}, attempt {each['attempts']}: {became}")
    if chosen["acknowledged"]:
        typer.echo(f"{chosen['acknowledged']['at'][:19]} acknowledged by {chosen['acknowledged']['by']}")


@app.command()
def ack(
    alert: AlertId,
    by: Annotated[str | None, typer.Option(help="Who; by default the user of this machine.")] = None,
) -> None:
    """Acknowledge an alert: you know, and nobody else need be called."""
    from complaints_platform.alerting.listing import acknowledge_newest, known, shown
    from complaints_platform.alerting.routes import Routes
    from complaints_platform.alerting.sending import utc_now

    settings = load_settings()
    outboxes = _outboxes(settings)
    name = _id(shown(outboxes, "all", utc_now(), Routes())["alerts"], alert)
    outbox = next(each for each in outboxes if known(each, name))
    entry = acknowledge_newest(outbox, name, author_or_user(by), utc_now())
    typer.echo(f"acknowledged by {entry.by} at {entry.at:%Y-%m-%d %H:%M} UTC")


@app.command("test")
def send_test(
    to: Annotated[list[str] | None, typer.Option("--to", help="Only this receiver; may be repeated.")] = None,
) -> None:
    """Send a test message to all receivers of the routes file, now, and say which arrived."""
    from complaints_platform.alerting.outbox import Outbox
    from complaints_platform.alerting.routes import load_routes
    from complaints_platform.alerting.sending import utc_now, ways
    from complaints_platform.lake import Lake

    settings = load_settings()
    routes = load_routes(settings.alerts)
    wanted = to or list(routes.receivers)
    unknown = sorted(set(wanted) - routes.receivers.keys())
    if unknown or not wanted:
        there = ", ".join(routes.receivers) or "none: set COMPLAINTS_ALERTS to a routes file"
        raise AlertsError(f"no receiver {', '.join(unknown) or 'to send to'}; there are {there}")
    now = utc_now()
    condition = Condition("test", now.isoformat(), Severity.INFO, f"{author_or_user(None)} tries whether this arrives.")
    outbox = Outbox(Lake(settings.lake).store)
    # Not pending: it goes to these receivers, whatever the routes say of tests.
    notification = outbox.happened(condition, now, pending=False)
    if notification is None:
        raise AlertsError("a test was noted at this very moment; try again")
    reached = ways(routes)
    outcomes = {name: _try(outbox, notification, name, reached[name], routes) for name in wanted}
    for name, outcome in outcomes.items():
        typer.echo(f"{name}: {'arrived' if outcome.delivered else f'did not arrive: {outcome.error}'}")
    if not all(outcome.delivered for outcome in outcomes.values()):
        raise typer.Exit(1)


def _try(outbox: "Outbox", notification: Notification, name: str, way: "Way", routes: "Routes") -> "Outcome":
    from complaints_platform.alerting.outbox import Attempt
    from complaints_platform.alerting.planning import Delivery, Message
    from complaints_platform.alerting.rendering import render
    from complaints_platform.alerting.sending import utc_now

    message = Message(f"{notification.id}.{name}", (Delivery(notification, name, notification.at),))
    outbox.begin(notification.id, name, Attempt(1, message.name, utc_now()), "complaints alerts test")
    outcome = way.send(render(message, routes), ())
    outbox.end(notification.id, name, 1, outcome)
    return outcome


@app.command()
def send(
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay, look every COMPLAINTS_ALERTS_SECONDS, and watch Dagster's daemon.")
    ] = False,
) -> None:
    """Send what waits in the outbox. With --watch, be the process that notices when Dagster's daemon stops."""
    from complaints_platform.alerting.observing import Memory
    from complaints_platform.alerting.routes import load_routes
    from complaints_platform.alerting.sending import send_all

    settings = load_settings()
    load_routes(settings.alerts)
    if settings.alerts is None:
        typer.echo("COMPLAINTS_ALERTS names no routes file: what is noticed is kept, nothing is sent", err=True)
    if not watch:
        sent = send_all(settings)
        typer.echo(sent.describe())
        if sent.failed:
            raise typer.Exit(1)
        return
    with _watching(settings) as observer, _until_stopped() as stopped:
        typer.echo(f"watching every {settings.alerts_seconds} s", err=True)
        memory = Memory()
        while True:
            memory = _look(settings, observer, memory)
            if stopped.wait(settings.alerts_seconds):
                break
    typer.echo("stopped", err=True)


@contextmanager
def _watching(settings: Settings) -> Iterator["Observer"]:
    """Open Dagster's instance and the code's definitions; when it ends as it should, nobody need miss it."""
    from complaints_platform.alerting.observing import Observer, machine
    from complaints_platform.definitions import build_definitions
    from complaints_platform.instance.history import InstanceHistory
    from complaints_platform.instance.local import local_instance

    with local_instance() as instance:
        observer = Observer(settings, InstanceHistory(instance, build_definitions(settings).get_repository_def()))
        yield observer
        observer.outbox.retire(machine())


def _look(settings: Settings, observer: "Observer", memory: "Memory") -> "Memory":
    """Look once, and send; what fails is said and tried again."""
    from complaints_platform.alerting.sending import Sent, send_all, utc_now

    now = memory.now(utc_now())
    try:
        for each in observer.look(now, as_watcher=True):
            typer.echo(f"{each.at:%Y-%m-%d %H:%M:%S} {each.state}: {each.title()}", err=True)
    except Exception as error:  # noqa: BLE001  # stores and receivers have errors of their own; the watch goes on
        typer.echo(f"looking failed: {_said(error)}", err=True)
    try:
        sent = send_all(settings)
        if sent != Sent(waiting=sent.waiting):
            typer.echo(f"{utc_now():%Y-%m-%d %H:%M:%S} {sent.describe()}", err=True)
    except Exception as error:  # noqa: BLE001  # stores and receivers have errors of their own; the watch goes on
        typer.echo(f"sending failed: {_said(error)}", err=True)
    return now


def _said(error: Exception) -> str:
    """Return the platform's own words, and only the class of other errors: they may quote addresses with secrets."""
    return str(error) if isinstance(error, ComplaintsError) else type(error).__name__


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """Give an event that is set when the process is asked to end."""
    stopped = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    yield stopped


def _outboxes(settings: Settings) -> list["Outbox"]:
    from complaints_platform.alerting.outbox import Outbox
    from complaints_platform.alerting.spool import spool
    from complaints_platform.lake import Lake

    return [Outbox(Lake(settings.lake).store), spool(settings.alerts_spool)]


def _id(alerts: list[dict[str, Any]], beginning: str) -> str:
    ids = sorted(
        {alert["id"] for alert in alerts if any(str(change["id"]).startswith(beginning) for change in alert["history"])}
    )
    if len(ids) != 1:
        raise AlertsError(f"{len(ids)} alerts begin with {beginning!r}; complaints alerts list shows them")
    return str(ids[0])
