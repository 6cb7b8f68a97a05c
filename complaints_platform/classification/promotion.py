"""Champion and challenger: whether a newly trained model is no worse than the one that serves.

Both are compared on the same labelled texts, none of which trained the model that answers: out-of-fold where a
model learnt from the text, directly where it never saw it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypedDict

import numpy as np
import polars as pl

from complaints_platform.classification.arrays import Booleans
from complaints_platform.classification.prediction import classify
from complaints_platform.classification.tokens import text_keys
from complaints_platform.classification.trained import TrainedModel

SIGNIFICANCE = 0.05
"""A challenger is worse if chance alone would make it look so bad less often than this."""
LABELS_TO_JUDGE_SKILL = 20
"""With fewer labels even a good model looks like guessing."""
PERMUTATIONS = 999
SKILL_SIGNIFICANCE = 0.01


class ClassComparison(TypedDict):
    """Champion and challenger on the texts of one category."""

    category: str
    texts: int
    champion_right: int
    challenger_right: int
    only_champion_right: int
    only_challenger_right: int
    p_worse: float
    """One-sided exact McNemar test that the challenger is worse, adjusted for the number of categories (Holm)."""


class Comparison(TypedDict):
    """Champion and challenger on the texts that both could be tested on."""

    texts: int
    champion_accuracy: float
    challenger_accuracy: float
    only_champion_right: int
    only_challenger_right: int
    p_worse: float
    """One-sided exact McNemar test that the challenger is worse overall."""
    per_class: list[ClassComparison]


@dataclass(frozen=True)
class PromotionDecision:
    """Whether a challenger may serve, why, and the numbers behind it."""

    serves: bool
    why: str
    """One sentence for people."""
    comparison: Comparison | None = None
    """None if there was nothing to compare, or nothing to compare on."""
    p_guessing: float | None = None
    """How often random labels would agree with the challenger's out-of-fold predictions as well as the real ones do;
    None if there are too few labels to say."""


def distinct_labels(labels: pl.DataFrame) -> pl.DataFrame:
    """Return the usable ones of ``labels`` (oldest first) with their ``text_key``, each text once, as labelled last."""
    usable = labels.filter(pl.col("text").str.strip_chars() != "", pl.col("category").is_not_null())
    return usable.with_columns(text_keys(usable["text"])).unique("text_key", keep="last", maintain_order=True)


@dataclass(frozen=True)
class Champion:
    """The model that serves, and what it said of the texts that it was trained on without having seen them."""

    model: TrainedModel
    held_out: pl.DataFrame
    """``HELD_OUT_SCHEMA``."""

    def answers(self, labels: pl.DataFrame) -> pl.DataFrame:
        """Return ``HELD_OUT_SCHEMA`` for ``labels`` (text, text_key): null where it knows the text's label."""
        known = labels.select("text", "text_key").join(self.held_out, on="text_key", how="left")
        unseen = known.filter(~pl.col("text_key").is_in(self.held_out["text_key"].implode()))
        said = unseen.select("text_key", unseen=classify(self.model, unseen["text"])["category"])
        return known.join(said, on="text_key", how="left").select(
            "text_key", category=pl.coalesce("unseen", "category")
        )


def judge(challenger: TrainedModel, labels: pl.DataFrame, champion: Champion | None) -> PromotionDecision:
    """Say whether a newly trained model may serve.

    It may not if it is significantly worse than the champion, overall or in one category, or no better than a model
    that learnt nothing (random labels make it look no worse than a champion that they contradict as well). Where the
    taxonomy has changed, both are compared on the categories that they share.

    Args:
        challenger: the new model.
        labels: what it was trained on: text and category, oldest first.
        champion: the model that serves, if any.
    """
    known = distinct_labels(labels)
    if champion is None:
        return PromotionDecision(serves=True, why="no model served before: there is nothing to compare with")
    if champion.model.version == challenger.version:
        return PromotionDecision(serves=True, why="it is the model that serves: the same taxonomy, labels and code")
    if known.is_empty():
        return PromotionDecision(serves=True, why="there are no labels: nothing could be measured")
    own = known.join(challenger.held_out.rename({"category": "challenger"}), on="text_key").drop_nulls("challenger")
    p_guessing = _p_guessing(own["category"].to_list(), own["challenger"].to_list())
    if p_guessing is not None and p_guessing > SKILL_SIGNIFICANCE:
        return PromotionDecision(
            serves=False,
            why=(
                f"what it learnt from {own.height} labels says nothing about texts that it has not seen: labels given "
                f"at random would agree with it as well (p = {p_guessing:.3f})"
            ),
            p_guessing=p_guessing,
        )
    shared = set(champion.model.taxonomy.category_names) & set(challenger.taxonomy.category_names)
    exam = (
        own.filter(pl.col("category").is_in(list(shared)))
        .join(champion.answers(own).rename({"category": "champion"}), on="text_key")
        .drop_nulls("champion")
    )
    if exam.is_empty():
        return PromotionDecision(
            serves=True,
            why="no label is of a category that both know: nothing could be measured",
            p_guessing=p_guessing,
        )
    comparison = compare(exam["category"].to_list(), exam["champion"].to_list(), exam["challenger"].to_list())
    worse_in = [row for row in comparison["per_class"] if row["p_worse"] < SIGNIFICANCE]
    serves = comparison["p_worse"] >= SIGNIFICANCE and not worse_in
    return PromotionDecision(
        serves=serves, why=_reason(comparison, worse_in), comparison=comparison, p_guessing=p_guessing
    )


def compare(truth: Sequence[str], champion: Sequence[str], challenger: Sequence[str]) -> Comparison:
    """Compare two models on the same texts (at least one).

    McNemar's test in its exact form: of the texts that only one of the two gets right, chance would give each
    half (McNemar 1947; Dietterich 1998, "Approximate Statistical Tests for Comparing Supervised Classification
    Learning Algorithms"). One-sided, because only being worse matters. Over categories by Holm 1979.
    """
    true = np.array(truth, dtype=object)
    champion_right = np.array(champion, dtype=object) == true
    challenger_right = np.array(challenger, dtype=object) == true
    categories = sorted(set(truth))
    pairs = [_Pairs.of(champion_right[rows], challenger_right[rows]) for rows in (true == name for name in categories)]
    adjusted = holm([pair.p_worse for pair in pairs])
    overall = _Pairs.of(champion_right, challenger_right)
    return Comparison(
        texts=len(true),
        champion_accuracy=float(champion_right.mean()),
        challenger_accuracy=float(challenger_right.mean()),
        only_champion_right=overall.only_champion,
        only_challenger_right=overall.only_challenger,
        p_worse=overall.p_worse,
        per_class=[
            ClassComparison(
                category=name,
                texts=pair.texts,
                champion_right=pair.champion,
                challenger_right=pair.challenger,
                only_champion_right=pair.only_champion,
                only_challenger_right=pair.only_challenger,
                p_worse=p_worse,
            )
            for name, pair, p_worse in zip(categories, pairs, adjusted, strict=True)
        ],
    )


@dataclass(frozen=True)
class _Pairs:
    """How often each of two models is right on the same texts, and how often only one is."""

    texts: int
    champion: int
    challenger: int
    only_champion: int
    only_challenger: int

    @classmethod
    def of(cls, champion_right: Booleans, challenger_right: Booleans) -> Self:
        return cls(
            texts=len(champion_right),
            champion=int(champion_right.sum()),
            challenger=int(challenger_right.sum()),
            only_champion=int((champion_right & ~challenger_right).sum()),
            only_challenger=int((challenger_right & ~champion_right).sum()),
        )

    @property
    def p_worse(self) -> float:
        """Chance of at least so many texts that only the champion gets right, were both equally good."""
        from scipy.stats import binom

        return float(binom.sf(self.only_champion - 1, self.only_champion + self.only_challenger, 0.5))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number by the step-down method of Holm 1979, in the order given."""
    adjusted = [1.0] * len(p_values)
    highest = 0.0
    for rank, position in enumerate(np.argsort(p_values, kind="stable").tolist()):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[position]))
        adjusted[position] = highest
    return adjusted


def _p_guessing(truth: Sequence[str], predicted: Sequence[str]) -> float | None:
    """Return the p-value that predictions agree with labels no better than with shuffled ones.

    A permutation test: Ojala and Garriga 2010, "Permutation Tests for Studying Classifier Performance". None if
    there are too few labels, or labels of one category only.
    """
    if len(truth) < LABELS_TO_JUDGE_SKILL or len(Counter(truth)) == 1:
        return None
    position = {name: number for number, name in enumerate(sorted({*truth, *predicted}))}
    true = np.array([position[name] for name in truth])
    given = np.array([position[name] for name in predicted])
    rng = np.random.default_rng(0)
    agreement = int((true == given).sum())
    as_good = sum(int((rng.permutation(true) == given).sum()) >= agreement for _ in range(PERMUTATIONS))
    return (1 + as_good) / (1 + PERMUTATIONS)


def _reason(comparison: Comparison, worse_in: Sequence[ClassComparison]) -> str:
    numbers = (
        f"on {comparison['texts']} labelled texts that neither was trained on it gets "
        f"{comparison['challenger_accuracy']:.1%} right, the one that serves {comparison['champion_accuracy']:.1%} "
        f"(only one of them right: {comparison['only_challenger_right']} to {comparison['only_champion_right']})"
    )
    if worse_in:
        names = ", ".join(f"{row['category']} (p = {row['p_worse']:.3f})" for row in worse_in)
        return f"it is worse in {names}; {numbers}"
    if comparison["p_worse"] < SIGNIFICANCE:
        return f"it is worse (p = {comparison['p_worse']:.3f}); {numbers}"
    return f"it is not worse; {numbers}"
