"""A message as people and machines read it. It contains no more than its notifications do."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from complaints_platform.alerting.events import Notification, Severity
from complaints_platform.alerting.planning import Delivery, Message
from complaints_platform.alerting.routes import Routes


@dataclass(frozen=True)
class Rendered:
    """A message, ready to send: a line, a plain text, and the same for machines (a mapping for each notification)."""

    name: str
    """Identity, by which receivers recognise a message they have."""
    in_reply_to: str
    """Identity of the message that this one follows, for mail programs."""
    title: str
    body: str
    severity: Severity
    """The worst in it."""
    notifications: list[dict[str, Any]]


def render(message: Message, routes: Routes) -> Rendered:
    """Return a message ready to send; the same message is always rendered the same."""
    first = message.deliveries[0]
    severity = max((each.notification.condition.severity for each in message.deliveries), key=lambda each: each.rank)
    if len(message.deliveries) == 1:
        title, body = _title(first), _body(first, routes)
        in_reply_to = f"{first.notification.opened_id}.{first.address}"
    else:
        title, body, in_reply_to = *_of_all(message, routes), ""
    values = [fields(each.notification, routes) for each in message.deliveries]
    return Rendered(message.name, "" if in_reply_to == message.name else in_reply_to, title, body, severity, values)


def fields(notification: Notification, routes: Routes) -> dict[str, Any]:
    """Return a notification for machines: JSON values, times and days in ISO 8601."""
    condition = notification.condition
    return {
        "id": notification.id,
        "condition": condition.key,
        "kind": condition.kind,
        "state": notification.state.value,
        "severity": condition.severity.value,
        "title": notification.texts.title,
        "text": condition.text,
        "source": condition.source,
        "day": condition.day.isoformat() if condition.day else None,
        "categories": list(condition.categories),
        "meaning": notification.texts.meaning,
        "next_step": notification.next_step,
        "runbook": routes.link(condition.kind),
        "at": notification.at.isoformat(),
        "opened_at": notification.opened_at.isoformat(),
    }


def _title(delivery: Delivery) -> str:
    title = delivery.notification.title()
    if delivery.unacknowledged is None:
        return title
    minutes = round(delivery.unacknowledged.total_seconds() / 60)
    return f"Not acknowledged for {minutes} minutes: {title}"


def _body(delivery: Delivery, routes: Routes) -> str:
    notification = delivery.notification
    condition = notification.condition
    lines = [
        condition.text,
        "",
        f"Source: {condition.source}" if condition.source else "",
        f"Day: {condition.day}" if condition.day else "",
        f"Categories: {', '.join(condition.categories)}" if condition.categories else "",
        f"What it means: {notification.texts.meaning}",
        f"Next step: {notification.next_step}",
        f"Runbook: {routes.link(condition.kind)}",
        f"Noticed: {notification.at:%Y-%m-%d %H:%M} UTC",
        f"Acknowledge: complaints alerts ack {notification.id}" if notification.is_open else "",
    ]
    return "\n".join(line for number, line in enumerate(lines) if line or number == 1)


def _of_all(message: Message, routes: Routes) -> tuple[str, str]:
    """Return title and body of several notifications, the worst first."""
    by_time = sorted(message.deliveries, key=lambda each: each.notification.at)
    worst_first = sorted(by_time, key=lambda each: -each.notification.condition.severity.rank)
    counts = Counter(each.notification.condition.severity for each in worst_first)
    title = f"{len(worst_first)} notifications: " + ", ".join(
        f"{count} {severity}" for severity, count in counts.items()
    )
    return title, "\n\n".join(
        f"{_title(each)}\n{each.notification.condition.text}\n"
        f"Next step: {each.notification.next_step}\n"
        f"{each.notification.at:%Y-%m-%d %H:%M} UTC, {each.notification.id}, "
        f"{routes.link(each.notification.condition.kind)}"
        for each in worst_first
    )
