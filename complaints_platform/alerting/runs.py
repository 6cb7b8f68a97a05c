"""Which jobs fail, given runs that have ended, and which days can't be updated: pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from complaints_platform.alerting.events import Condition, Severity

BY_HAND = "__ASSET_JOB"
"""Dagster's name for runs of assets that somebody has selected."""

ESSENTIAL = {"collect"}
"""Without them no data arrives."""

FEW_DAYS = 5
"""More failing days are critical, and only the last so many are named."""


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended, at a time (UTC), and is not retried automatically; ``run`` is its id."""

    job: str
    run: str
    succeeded: bool
    at: datetime
    step: str = ""
    """The step that failed first."""
    error: str = ""
    """That error's class; never its message, which may quote data."""
    day: date | None = None
    """The last day that the run was about."""


def failing_jobs(before: Iterable[Condition], runs: Iterable[EndedRun]) -> list[Condition]:
    """Return the jobs whose last run failed, after some runs have ended (in that order).

    One that failed before and still fails stays as it is. Repeating the same runs changes nothing.
    """
    failing = {condition.subject: condition for condition in before}
    for run in runs:
        if run.succeeded:
            failing.pop(run.job, None)
        elif run.job not in failing:
            failing[run.job] = _failed(run)
    return list(failing.values())


def _failed(run: EndedRun) -> Condition:
    name = "A run of manually selected assets" if run.job == BY_HAND else f"A run of {run.job}"
    step = f" in step {run.step}" if run.step else ""
    error = f" with {run.error}" if run.error else ""
    return Condition(
        "run_failed",
        run.job,
        Severity.CRITICAL if run.job in ESSENTIAL else Severity.MAJOR,
        f"{name} failed{step}{error} at {run.at:%Y-%m-%d %H:%M} UTC.",
        day=run.day or run.at.date(),
        next_step=f"Open run {run.run[:8]} in Dagster: its first error says what to do. You may repeat it at any time.",
    )


def failing_days(days: Sequence[date], attempts: int) -> list[Condition]:
    """Return the condition that days can't be brought up to date, the worst of them in so many attempts.

    More than a few days are critical.
    """
    if not days:
        return []
    ordered = sorted(set(days))
    named = ", ".join(map(str, ordered[-FEW_DAYS:]))
    more = f" and {len(ordered) - FEW_DAYS} more" if len(ordered) > FEW_DAYS else ""
    return [
        Condition(
            "days_failing",
            "tables",
            Severity.CRITICAL if len(ordered) > FEW_DAYS else Severity.MAJOR,
            f"The tables of {named}{more} could not be brought up to date in {attempts} attempts.",
            day=ordered[-1],
            facts={"days": [day.isoformat() for day in ordered]},
        )
    ]
