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
DAYS_NAMED = 5


@dataclass(frozen=True)
class EndedRun:
    """A run that has ended and is not retried automatically.

    Attributes:
        job: its job.
        run: its id.
        succeeded: whether it did.
        at: when it ended (UTC).
        step: the step that failed first.
        error: that error's class; never its message, which may quote data.
        day: the last day that the run was about.
    """

    job: str
    run: str
    succeeded: bool
    at: datetime
    step: str = ""
    error: str = ""
    day: date | None = None


def failing_jobs(before: Iterable[Condition], runs: Iterable[EndedRun]) -> list[Condition]:
    """Return the jobs whose last run failed, after some runs have ended.

    Repeating the same runs changes nothing.

    Args:
        before: those that failed before; one that still fails stays as it is.
        runs: in the order in which they ended.
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
    """Return the condition that days can't be brought up to date; more than a few are critical.

    Args:
        days: those that have failed often enough to report.
        attempts: how often the worst of them has failed.
    """
    if not days:
        return []
    ordered = sorted(set(days))
    named = ", ".join(map(str, ordered[-DAYS_NAMED:]))
    more = f" and {len(ordered) - DAYS_NAMED} more" if len(ordered) > DAYS_NAMED else ""
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
