"""Drift: whether the newest days of categorised complaints differ from the days before by more than days do anyway.

Each day is summed up in a few numbers, and windows of days are compared. How much they differ by chance is learnt
from the days themselves, dealt at random to both windows many times. A day counts as a whole, so that an outage or a
holiday is not taken for drift, as it would be by tests that treat each complaint as a draw of its own.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from complaints_platform.classification.arrays import Booleans, Floats
from complaints_platform.classification.tokens import normalise_token, tokenise, words

REFERENCE_DAYS = 28
CURRENT_DAYS = 7
"""Whole weeks: what people complain about differs between working days and weekends."""
FEWEST_REFERENCE_DAYS = 7
SHUFFLES = 999
SIGNIFICANCE = 0.01
SMALLEST_SHIFT = {"category_shares": 0.1, "mean_confidence": 0.03, "unknown_words": 0.03, "needs_review": 0.05}
"""Smaller differences don't matter even if they are certain.

0.1 is the usual bound of a small shift of the population stability index (Siddiqi 2006, "Credit Risk Scorecards"); the
others are differences of means and shares.
"""
_SMOOTHING = 0.5
"""Added to every count, so that a category that one window lacks does not make the index infinite (Jeffreys)."""

WORDS_SAMPLED = 500
"""Texts of a day, evenly spread, in which unknown words are counted."""


@dataclass(frozen=True)
class DayProfile:
    """What one day's complaints look like to the classifier. Sums and counts, so that days add up."""

    day: date
    complaints: int
    by_category: dict[str, int]
    by_model: int
    """Complaints of which the model, not a person, gave the category; the following are over these."""
    confidence: float
    """Sum of confidences."""
    needs_review: int
    words: int
    """Words in the sampled texts."""
    unknown_words: int
    """Words among them that the model has never seen."""
    model_versions: frozenset[str]


def words_of(texts: Iterable[str | None]) -> set[str]:
    """Return the words of ``texts`` as the classifier takes them, such as those that it was trained on."""
    batch = tokenise(pl.Series("text", list(texts), dtype=pl.String).fill_null(""))
    return {word for token in batch.distinct for word in words(normalise_token(token))}


def profile(day: date, complaints: pl.DataFrame, known_words: AbstractSet[str]) -> DayProfile:
    """Sum up the complaints of a day: category, confidence, needs_review, category_source, model_version and text.

    ``known_words`` are those that the model was trained on (``words_of``).
    """
    by_model = complaints.filter(pl.col("category_source") == "model")
    step = max(1, by_model.height // WORDS_SAMPLED)
    sampled = tokenise(by_model["text"].fill_null("").gather_every(step))
    of_token = [words(normalise_token(token)) for token in sampled.distinct]
    total = np.array([len(found) for found in of_token], dtype=np.int64)
    unknown = np.array([sum(word not in known_words for word in found) for found in of_token], dtype=np.int64)
    return DayProfile(
        day=day,
        complaints=complaints.height,
        by_category=dict(complaints["category"].value_counts().iter_rows()),
        by_model=by_model.height,
        confidence=float(by_model["confidence"].sum()),
        needs_review=int(by_model["needs_review"].sum()),
        words=int(total[sampled.codes].sum()),
        unknown_words=int(unknown[sampled.codes].sum()),
        model_versions=frozenset(by_model["model_version"].drop_nulls().unique().to_list()),
    )


@dataclass(frozen=True)
class Shift:
    """One number, in two windows.

    Attributes:
        name: a key of ``SMALLEST_SHIFT``.
        reference: the number in the days before; for category shares, 0.
        current: the number in the newest days; for category shares, the population stability index between the two.
        distance: how far apart the windows are.
        threshold: a distance above it is drift: the larger of what matters and what chance explains.
        p_value: how often days dealt at random differ as much.
        by_day: the number day by day, in order; for category shares, each day's index against the reference.
    """

    name: str
    reference: float
    current: float
    distance: float
    threshold: float
    p_value: float
    by_day: list[tuple[date, float]]

    @property
    def drifted(self) -> bool:
        """The windows differ by more than matters, and by more than chance explains."""
        return self.distance > self.threshold


def windows(days: Sequence[date]) -> tuple[list[date], list[date]]:
    """Return which of the materialised ``days`` are compared: the reference window, and the newest days after it."""
    ordered = sorted(days)[-(REFERENCE_DAYS + CURRENT_DAYS) :]
    return ordered[:-CURRENT_DAYS], ordered[-CURRENT_DAYS:]


def shifts(reference: Sequence[DayProfile], current: Sequence[DayProfile], seed: int = 0) -> list[Shift]:
    """Compare two windows, of at least one day each, in every number of ``SMALLEST_SHIFT``.

    With fewer than ``FEWEST_REFERENCE_DAYS`` in ``reference`` nothing is drift.
    """
    days = [*reference, *current]
    categories = sorted({name for each in days for name in each.by_category})
    counts = np.array([[each.by_category.get(name, 0) for name in categories] for each in days], dtype=np.float64)
    deals = _deals(len(days), len(current), seed)
    enough = len(reference) >= FEWEST_REFERENCE_DAYS

    def ratio(parts: Sequence[float], wholes: Sequence[float]) -> _Ratio:
        return _Ratio(np.array(parts, dtype=np.float64), np.array(wholes, dtype=np.float64))

    by_model = [each.by_model for each in days]
    ratios = {
        "mean_confidence": ratio([each.confidence for each in days], by_model),
        "unknown_words": ratio([each.unknown_words for each in days], [each.words for each in days]),
        "needs_review": ratio([each.needs_review for each in days], by_model),
    }
    return [
        _shares_shift(days, counts, deals, enough=enough),
        *(_ratio_shift(name, days, each, deals, enough=enough) for name, each in ratios.items()),
    ]


def stability_index(reference: Floats, current: Floats) -> float:
    """Return the population stability index of two vectors of counts over the same categories.

    The sum over categories of (share now - share before) x log(share now / share before): symmetric, 0 if equal.
    """
    before = (reference + _SMOOTHING) / (reference + _SMOOTHING).sum()
    now = (current + _SMOOTHING) / (current + _SMOOTHING).sum()
    return float(((now - before) * np.log(now / before)).sum())


@dataclass(frozen=True)
class _Ratio:
    parts: Floats
    wholes: Floats

    def of(self, days: Booleans) -> float:
        whole = self.wholes[days].sum()
        return float(self.parts[days].sum() / whole) if whole else 0.0


def _deals(days: int, current: int, seed: int) -> list[Booleans]:
    """Return which days are the current ones: first as it is, then as dealt at random."""
    real = np.arange(days) >= days - current
    rng = np.random.default_rng(seed)
    return [real, *(rng.permutation(real) for _ in range(SHUFFLES))]


def _shares_shift(days: Sequence[DayProfile], counts: Floats, deals: Sequence[Booleans], *, enough: bool) -> Shift:
    def distance(current: Booleans) -> float:
        return stability_index(counts[~current].sum(axis=0), counts[current].sum(axis=0))

    reference = counts[~deals[0]].sum(axis=0)
    by_day = [(each.day, stability_index(reference, row)) for each, row in zip(days, counts, strict=True)]
    return _shift(
        "category_shares", (0.0, distance(deals[0])), by_day, [distance(deal) for deal in deals], enough=enough
    )


def _ratio_shift(
    name: str,
    days: Sequence[DayProfile],
    ratio: _Ratio,
    deals: Sequence[Booleans],
    *,
    enough: bool,
) -> Shift:
    distances = [abs(ratio.of(deal) - ratio.of(~deal)) for deal in deals]
    wholes = np.where(ratio.wholes > 0, ratio.wholes, 1.0)
    by_day = [(each.day, float(value)) for each, value in zip(days, ratio.parts / wholes, strict=True)]
    return _shift(name, (ratio.of(~deals[0]), ratio.of(deals[0])), by_day, distances, enough=enough)


def _shift(
    name: str,
    values: tuple[float, float],
    by_day: list[tuple[date, float]],
    distances: Sequence[float],
    *,
    enough: bool,
) -> Shift:
    dealt = np.array(distances[1:])
    by_chance = float(np.quantile(dealt, 1 - SIGNIFICANCE)) if enough else float("inf")
    return Shift(
        name=name,
        reference=values[0],
        current=values[1],
        distance=distances[0],
        threshold=max(SMALLEST_SHIFT[name], by_chance),
        p_value=(1 + int((dealt >= distances[0]).sum())) / (1 + len(dealt)),
        by_day=by_day,
    )
