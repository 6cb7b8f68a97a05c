"""Alerts for people: on the terminal and in the query service.

An *alert* is one episode of a condition, from opened to resolved.
"""

from datetime import date, datetime, timedelta
from typing import Any

from complaints_platform.alerting.events import AlertState, Notification, State
from complaints_platform.alerting.outbox import Acknowledgement, Outbox
from complaints_platform.alerting.rendering import fields
from complaints_platform.alerting.routes import Routes
from complaints_platform.alerting.sending import utc_now
from complaints_platform.lake import Lake

DAYS_LISTED = 30


def alerts_for_api(lake: Lake, state: AlertState = "all", routes: Routes | None = None) -> dict[str, Any]:
    """Return the alerts of the last 30 days and all open ones, newest first, as JSON values.

    Returns:
        ``alerts``: id, kind, title, state (open, resolved or happened), severity, text, source, day, categories,
        meaning, next_step, runbook, opened_at, changed_at, acknowledged (by, at) or null, deliveries (receiver,
        delivered, attempts, error, at), waiting, history (id, state, severity, text, at). ``receivers``: name,
        failures, at, error.
    """
    return list_alerts([Outbox(lake.store)], state, utc_now(), routes or Routes())


def acknowledge(lake: Lake, name: str, by: str) -> dict[str, Any]:
    """Acknowledge an alert (by its id, or that of a notification in its history); the first acknowledgement stays.

    Returns:
        ``id``, ``by`` and ``at``.

    Raises:
        AlertsError: there is no such alert.
    """
    entry = acknowledge_newest(Outbox(lake.store), name, by, utc_now())
    return {"id": name, "by": entry.by, "at": entry.at.isoformat()}


def acknowledge_newest(outbox: Outbox, name: str, by: str, now: datetime) -> Acknowledgement:
    """Acknowledge the newest change of the alert that a notification belongs to.

    Raises:
        AlertsError: there is no such notification.
    """
    newest = name
    if known(outbox, name):
        newest = [each for each in outbox.history(name) if not each.is_silent][-1].id
    return outbox.acknowledge(newest, by, now)


def known(outbox: Outbox, name: str) -> bool:
    """Tell whether an outbox holds a notification."""
    try:
        return outbox.get(name) is not None
    except ValueError:
        return False


def list_alerts(outboxes: list[Outbox], state: AlertState, now: datetime, routes: Routes) -> dict[str, Any]:
    """Return the alerts of some outboxes as ``alerts_for_api`` does."""
    since = (now - timedelta(days=DAYS_LISTED)).date()
    found = [alert for outbox in outboxes for alert in _alerts(outbox, since, routes)]
    chosen = sorted(filter(_CHOICES[state], found), key=lambda alert: (alert["changed_at"], alert["id"]), reverse=True)
    receivers = [
        {
            "receiver": name,
            "failures": health.failures,
            "at": health.at.isoformat() if health.at else None,
            "error": health.error,
        }
        for outbox in outboxes
        for name, health in outbox.receivers().items()
    ]
    return {"alerts": chosen, "receivers": receivers}


_CHOICES = {
    "all": bool,
    "open": lambda alert: alert["state"] == "open",
    "unacknowledged": lambda alert: alert["state"] == "open" and alert["acknowledged"] is None,
    "waiting": lambda alert: alert["waiting"],
    "resolved": lambda alert: alert["state"] == "resolved",
}


def _alerts(outbox: Outbox, since: date, routes: Routes) -> list[dict[str, Any]]:
    pending = {notification.id for notification in outbox.pending()}
    opened = {each.opened_id for each in [*outbox.since(since), *outbox.open()]}
    return [_alert(outbox, name, pending, routes) for name in sorted(opened)]


def _alert(outbox: Outbox, name: str, pending: set[str], routes: Routes) -> dict[str, Any]:
    history = outbox.history(name)
    last = history[-1]
    said = [each for each in history if not each.is_silent]
    by = next((entry for each in reversed(said) if (entry := outbox.acknowledged(each))), None)
    newest = fields(last, routes)
    taken = ("kind", "title", "severity", "text", "source", "day", "categories", "meaning", "next_step", "runbook")
    return {
        "id": name,
        "state": "open" if last.is_open else "happened" if last.state is State.HAPPENED else "resolved",
        **{field: newest[field] for field in taken},
        "opened_at": last.opened_at.isoformat(),
        "changed_at": said[-1].at.isoformat(),
        "acknowledged": {"by": by.by, "at": by.at.isoformat()} if by else None,
        "deliveries": [delivery for each in said for delivery in _deliveries(outbox, each)],
        "waiting": any(each.id in pending for each in said),
        "history": [
            {
                "id": each.id,
                "state": each.state.value,
                "severity": each.condition.severity.value,
                "text": each.condition.text,
                "at": each.at.isoformat(),
            }
            for each in said
        ],
    }


def _deliveries(outbox: Outbox, notification: Notification) -> list[dict[str, Any]]:
    return [
        {
            "notification": notification.id,
            "receiver": address,
            "attempts": len(attempts),
            "delivered": result is not None and result.delivered,
            "error": result.error if result else "",
            "at": (result.at if result else attempts[-1].at).isoformat(),
        }
        for address, attempts in sorted(outbox.attempts(notification.id).items())
        for result in [attempts[-1].result]
    ]
