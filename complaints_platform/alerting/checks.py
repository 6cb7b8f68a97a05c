"""What failed checks mean, and when they are resolved: pure functions of evaluations.

A check judges the days of its run. If it breaks a rule of the data, it is resolved when *those* days have passed; if it
is about a sender, when the same or newer days are normal again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from complaints_platform.alerting.events import Condition, Severity

KINDS_OF_CHECKS = ("check_failed", "volume_unusual", "records_unusual", "encoding_changed", "much_set_aside")

VOLUME = "volume_as_usual"
RECORDS = "records_as_usual"
QUARANTINED_SHARE = "little_is_set_aside"

UNUSUAL = "unusual"
"""Metadata of checks of senders: measure, newest day, sentence and next step of each that fails, as JSON."""

TOO_MANY = "too_many"
"""Metadata of ``little_is_set_aside``: day, source and share above the limit, as JSON."""

ENCODING_MEASURES = {"repaired texts", "damaged texts"}


class Unusual(NamedTuple):
    """A measure of a sender that is unusual."""

    measure: str
    day: date
    """The newest day on which it is."""
    text: str
    next_step: str


class Share(NamedTuple):
    """A share of quarantined records, of one source and day, that is above the limit."""

    day: date
    source: str
    share: float
    """0 to 1."""


@dataclass(frozen=True)
class Evaluation:
    """The result of a check of an asset (``schema/name``)."""

    asset: str
    check: str
    passed: bool
    is_error: bool
    """It is an error, not a warning."""
    description: str
    """Its sentence, with numbers."""
    days: tuple[date, ...] = ()
    """Days of the run; none if it is not about days."""
    unusual: tuple[Unusual, ...] = ()
    """For checks of senders, the measures that fail."""
    too_many: tuple[Share, ...] = ()
    """For ``little_is_set_aside``, the sources and days above the limit."""

    @property
    def name(self) -> str:
        """Asset and check."""
        return f"{self.asset}:{self.check}"

    @property
    def about_a_sender(self) -> bool:
        """Tell whether it judges a sender, and so always the newest days."""
        return self.check in {VOLUME, RECORDS}


def conditions_of(evaluation: Evaluation) -> list[Condition]:
    """Return the conditions that a failed evaluation means; none if it passed."""
    if evaluation.passed:
        return []
    if evaluation.about_a_sender:
        return _of_sender(evaluation)
    if evaluation.check == QUARANTINED_SHARE:
        return _much_quarantined(evaluation)
    newest = max(evaluation.days, default=None)
    return [
        Condition(
            "check_failed",
            evaluation.name,
            Severity.MAJOR if evaluation.is_error else Severity.MINOR,
            f"{evaluation.check} of {evaluation.asset}: {evaluation.description}",
            source=_source_of(evaluation.asset),
            day=newest,
            facts=_facts(evaluation, evaluation.days),
        )
    ]


def failing_now(before: Iterable[Condition], evaluations: Iterable[Evaluation]) -> list[Condition]:
    """Return all conditions of checks, given those before and some evaluations in their order.

    Repeating the same evaluations changes nothing.
    """
    failing = {condition.key: condition for condition in before}
    for evaluation in evaluations:
        found = {condition.key: condition for condition in conditions_of(evaluation)}
        for key, condition in list(failing.items()):
            if condition.facts.get("check") == evaluation.name and key not in found:
                left = _left(condition, evaluation)
                if left is None:
                    del failing[key]
                else:
                    failing[key] = left
        failing |= {key: _together(failing.get(key), condition) for key, condition in found.items()}
    return list(failing.values())


def _of_sender(evaluation: Evaluation) -> list[Condition]:
    source = _source_of(evaluation.asset)
    days = sorted(each.day for each in evaluation.unusual)
    if evaluation.check == VOLUME:
        kind, severity = "volume_unusual", Severity.MAJOR
    elif any(each.measure in ENCODING_MEASURES for each in evaluation.unusual):
        kind, severity = "encoding_changed", Severity.MAJOR
    else:
        kind, severity = "records_unusual", Severity.MINOR
    return [
        Condition(
            kind,
            source or evaluation.asset,
            severity,
            " ".join(each.text for each in evaluation.unusual) or evaluation.description,
            source=source,
            day=days[-1] if days else None,
            facts=_facts(evaluation, days),
            next_step=" ".join(dict.fromkeys(each.next_step for each in evaluation.unusual)),
        )
    ]


def _much_quarantined(evaluation: Evaluation) -> list[Condition]:
    by_source: dict[str, list[Share]] = {}
    for each in sorted(evaluation.too_many):
        by_source.setdefault(each.source, []).append(each)
    return [
        Condition(
            "much_set_aside",
            source,
            Severity.MAJOR if evaluation.is_error else Severity.MINOR,
            f"{found[-1].share:.0%} of the records from {source} on {found[-1].day} can't be read.",
            source=source,
            day=found[-1].day,
            facts=_facts(evaluation, [each.day for each in found]),
            next_step=(
                f"complaints quarantine show --source {source} says why. Fix the contract or tell the sender, then run "
                f"complaints quarantine replay --source {source}."
            ),
        )
        for source, found in sorted(by_source.items())
    ]


def _left(condition: Condition, evaluation: Evaluation) -> Condition | None:
    """Return what is left of a condition after its check passed on some days; None if it is resolved."""
    days = {date.fromisoformat(day) for day in condition.facts.get("days", ())}
    if not evaluation.days or evaluation.about_a_sender:
        return None  # the newest days have passed
    if not days:
        return condition  # it was about the newest days, and these may be others
    if condition.kind != "check_failed":
        return condition if max(evaluation.days) < max(days) else None
    left = sorted(days - set(evaluation.days))
    return replace(condition, facts=_facts(evaluation, left)) if left else None


def _together(before: Condition | None, now: Condition) -> Condition:
    if before is None:
        return now
    days = sorted({*before.facts.get("days", ()), *now.facts.get("days", ())})
    if days == before.facts.get("days") and now.severity.rank <= before.severity.rank:
        return before
    return replace(now, facts={**now.facts, "days": days})


def _facts(evaluation: Evaluation, days: Sequence[date]) -> dict[str, object]:
    return {"check": evaluation.name, "days": sorted({day.isoformat() for day in days})}


def _source_of(asset: str) -> str | None:
    schema, _, name = asset.partition("/")
    return name if schema in {"raw", "reference"} else None
