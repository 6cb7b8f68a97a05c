"""Why a text was given its category: which words spoke for it and which for the runner-up.

Contributions are Shapley values of words, estimated over random orders (Castro, Gomez and Tejada 2009, "Polynomial
calculation of the Shapley value based on sampling"). They need only the estimator's scores, so they hold for any
features and tier. However few orders are drawn, contributions sum to the score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from complaints_platform.classification.arrays import Floats, Ints
from complaints_platform.classification.prediction import classify
from complaints_platform.classification.trained import TrainedModel

TEXTS_SCORED = 2_000
"""Shortened copies of a text that are scored to explain it; more make contributions of long texts steadier."""
MOST_ORDERS = 64
PHRASE_SHARE = 0.25
"""Neighbours that both have at least this share of the largest contribution, of one sign, become one phrase."""
PHRASE_WORDS = 2
COMPACT_TERMS = 5


class Term(NamedTuple):
    """A word or a phrase of two, as it stands in the text."""

    term: str
    contribution: float
    """``for_winner`` - ``for_runner_up``: what it adds to the distance between the two."""
    for_winner: float
    """What it adds to the decision value of the winner."""
    for_runner_up: float
    """What it adds to the decision value of the runner-up."""


@dataclass(frozen=True)
class Explanation:
    """Why one category won over another.

    Attributes:
        category: the winner.
        subcategory: the winner's subcategory, whose decision value is explained; None for a blank text.
        runner_up: the second likeliest category; None for a blank text.
        runner_up_subcategory: its subcategory of highest decision value.
        score: distance of the two decision values; negative where the category won by the sum of its subcategories.
        base: that distance for an empty text.
        terms: largest contribution first, whatever its sign; ``base`` and all contributions sum to ``score``.
    """

    category: str
    subcategory: str | None
    runner_up: str | None
    runner_up_subcategory: str | None
    score: float
    base: float
    terms: tuple[Term, ...]

    def compact(self, most: int = COMPACT_TERMS) -> str:
        """Return the largest contributions on one line, such as ``overcharged +1.20; bill +0.31; signal -0.25``."""
        return "; ".join(f"{term.term} {term.contribution:+.2f}" for term in self.terms[:most])


def explain(
    model: TrainedModel, texts: pl.Series, texts_scored: int = TEXTS_SCORED, seed: int = 0
) -> list[Explanation]:
    """Explain the category of each text by scoring about ``texts_scored`` shortened copies of it."""
    texts = texts.cast(pl.String).fill_null("")
    found = classify(model, texts)
    words = [text.split() for text in texts]
    rng = np.random.default_rng(seed)
    plans = [_Plan.of(of_text, texts_scored, rng) for of_text in words]
    shortened = pl.Series("text", [copy for plan in plans for copy in plan.copies], dtype=pl.String)
    scores = model.estimator.class_scores(shortened)
    ends = np.cumsum([len(plan.copies) for plan in plans]) if plans else np.zeros(0, dtype=np.int64)
    return [
        _explanation(model, row, of_text, plan, scores[end - len(plan.copies) : end])
        for row, of_text, plan, end in zip(found.iter_rows(named=True), words, plans, ends.tolist(), strict=True)
    ]


class _Plan(NamedTuple):
    """Which copies of a text to score: the empty one, then for each order of its words the text growing by it."""

    orders: Ints
    """Shape (orders, words)."""
    copies: list[str]

    @classmethod
    def of(cls, words: Sequence[str], texts_scored: int, rng: np.random.Generator) -> "_Plan":
        pairs = int(np.clip(texts_scored // max(2 * len(words), 1), 1, MOST_ORDERS // 2)) if words else 0
        forward = np.array([rng.permutation(len(words)) for _ in range(pairs)], dtype=np.int64).reshape(
            pairs, len(words)
        )
        # An order and its reverse: what comes early in one comes late in the other, which halves the variance.
        orders = np.concatenate([forward, forward[:, ::-1]])
        copies = [""]
        for order in orders:
            present = np.zeros(len(words), dtype=bool)
            for position in order:
                present[position] = True
                copies.append(" ".join(word for word, there in zip(words, present, strict=True) if there))
        return cls(orders, copies)

    def contributions(self, scores: Floats) -> Floats:
        """Return what each word adds to each score, shape (words, scores), from the scores of ``copies``."""
        orders, words = self.orders.shape
        grown = scores[1:].reshape(orders, words, -1)
        before = np.concatenate([np.broadcast_to(scores[0], (orders, 1, scores.shape[1])), grown[:, :-1]], axis=1)
        added = np.zeros((words, scores.shape[1]))
        np.add.at(added, self.orders.ravel(), (grown - before).reshape(orders * words, -1))
        mean: Floats = added / orders
        return mean


def _explanation(
    model: TrainedModel, row: dict[str, object], words: Sequence[str], plan: _Plan, scores: Floats
) -> Explanation:
    category, alternatives = str(row["category"]), row["alternatives"]
    if not words or not isinstance(alternatives, list) or not alternatives:
        return Explanation(category, None, None, None, 0.0, 0.0, ())
    names, parents = model.estimator.classes_.tolist(), model.taxonomy.parents
    runner_up = str(alternatives[1])
    # The last copy of every order is the whole text.
    whole = scores[-1]
    winning = names.index(row["subcategory"])
    second = max((n for n, name in enumerate(names) if parents[name] == runner_up), key=lambda n: whole[n])
    added = plan.contributions(scores[:, [winning, second]])
    return Explanation(
        category=category,
        subcategory=names[winning],
        runner_up=runner_up,
        runner_up_subcategory=names[second],
        score=float(whole[winning] - whole[second]),
        base=float(scores[0, winning] - scores[0, second]),
        terms=_terms(words, added),
    )


def _terms(words: Sequence[str], added: Floats) -> tuple[Term, ...]:
    """Join neighbours that decide together, and what stands there more than once; largest first."""
    difference = added[:, 0] - added[:, 1]
    strong = np.abs(difference) >= PHRASE_SHARE * np.abs(difference).max()
    groups: list[list[int]] = []
    for number in range(len(words)):
        last = groups[-1][-1] if groups else number
        together = strong[number] and strong[last] and (difference[number] > 0) == (difference[last] > 0)
        if groups and together and len(groups[-1]) < PHRASE_WORDS:
            groups[-1].append(number)
        else:
            groups.append([number])
    sums: dict[str, Floats] = {}
    for group in groups:
        term = " ".join(words[number] for number in group).lower()
        sums[term] = sums.get(term, np.zeros(2)) + added[group].sum(axis=0)
    terms = [Term(term, float(both[0] - both[1]), float(both[0]), float(both[1])) for term, both in sums.items()]
    return tuple(sorted(terms, key=lambda term: -abs(term.contribution)))
