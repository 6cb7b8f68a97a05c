"""Which changes of a condition are worth a message: opened, worsened, resolved, each once. Pure functions."""

from dataclasses import replace
from datetime import datetime, timedelta

from complaints_platform.alerting.events import Condition, Notification, State


def change(last: Notification | None, condition: Condition, now: datetime) -> Notification | None:
    """Return the change that a condition makes, given its last one; None if nothing has changed.

    A condition that eases keeps its severity until it is resolved: one that swings between two severities would
    otherwise send a notification at every swing.
    """
    if last is None or not last.is_open:
        number = last.number + 1 if last else 1
        return Notification(condition, State.OPENED, number, now, number, now)
    worse = condition.severity.rank > last.condition.severity.rank
    if not worse and condition.facts == last.condition.facts:
        return None
    if not worse:
        condition = replace(condition, severity=last.condition.severity)
    state = State.WORSENED if worse else State.NOTED
    return Notification(condition, state, last.number + 1, now, last.opened, last.opened_at)


def resolution(last: Notification, now: datetime) -> Notification:
    """Return the change that resolves an open condition."""
    lasted = _lasted(now - last.opened_at)
    condition = replace(
        last.condition,
        text=f"Resolved after {lasted}. It was: {last.condition.text}",
        next_step="Nothing: it is resolved.",
    )
    return Notification(condition, State.RESOLVED, last.number + 1, now, last.opened, last.opened_at)


def happening(last: Notification | None, condition: Condition, now: datetime) -> Notification | None:
    """Return the notification of an event without an end; None if there was one before."""
    return Notification(condition, State.HAPPENED, 1, now, 1, now) if last is None else None


def _lasted(time: timedelta) -> str:
    minutes = max(1, round(time.total_seconds() / 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
