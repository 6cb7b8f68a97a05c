"""The review queue: which complaints people should look at next, so that the model learns most from it.

The most uncertain complaints resemble each other, or nothing else: ten wordings of one doubt, or one odd text, teach
little. So the queue takes those that stand for many doubtful others and for nothing that is labelled already:
facility location weighted by uncertainty, after Wei, Iyer and Bilmes 2015, "Submodularity in Data Subset Selection
and Active Learning".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from complaints_platform.classification.arrays import Floats, Ints
from complaints_platform.classification.explanation import COMPACT_TERMS, explain
from complaints_platform.classification.prediction import ALTERNATIVES
from complaints_platform.classification.tokens import text_keys
from complaints_platform.classification.trained import TrainedModel, category_probabilities

MOST_COMPARED = 2_000
"""Only so many of the most uncertain complaints, and of the newest labels, are compared with each other."""
EXPLAINED_BY = 500
"""Shortened copies scored to explain one complaint: enough for a few words."""
_HASHED_COLUMNS = 1 << 16
_SMALLEST_WEIGHT = 1e-6

QUEUE_SCHEMA = pl.Schema(
    {
        "complaint_id": pl.String(),
        "text": pl.String(),
        "uncertainty": pl.Float64(),
        "candidates": pl.List(pl.Struct({"category": pl.String(), "probability": pl.Float64()})),
        "because": pl.String(),
        "terms": pl.List(pl.Struct({"term": pl.String(), "weight": pl.Float64()})),
    }
)
"""``candidates`` are the likeliest categories in order; ``because`` names the words that decided between the first two,
with what each adds to the distance of their scores, and ``terms`` are the same as values."""


def review_queue(model: TrainedModel, complaints: pl.DataFrame, known_texts: pl.Series, limit: int) -> pl.DataFrame:
    """Choose complaints for review.

    Of equal texts and near duplicates one is chosen; what people have labelled is not chosen again.

    Args:
        model: the model whose doubts count.
        complaints: complaint_id, text and near_duplicate_of of the complaints to choose from.
        known_texts: texts that have a label, oldest first.
        limit: length of the queue.

    Returns:
        ``QUEUE_SCHEMA``, best first, at most ``limit`` rows.
    """
    distinct = _distinct(complaints, known_texts)
    by_subcategory = model.estimator.predict_proba(distinct["text"])
    probabilities = category_probabilities(by_subcategory, model.estimator.classes_.tolist(), model.taxonomy)
    uncertainty = uncertainty_of(probabilities)
    chosen = choose(distinct["text"].to_list(), uncertainty, known_texts.drop_nulls().to_list(), limit)
    texts = distinct["text"].gather(chosen)
    explanations = explain(model, texts, EXPLAINED_BY)
    return pl.DataFrame(
        {
            "complaint_id": distinct["complaint_id"].gather(chosen),
            "text": texts,
            "uncertainty": uncertainty[chosen],
            "candidates": _candidates(probabilities[chosen], model.taxonomy.category_names),
            "because": [explanation.compact() for explanation in explanations],
            "terms": [
                [{"term": term.term, "weight": term.contribution} for term in explanation.terms[:COMPACT_TERMS]]
                for explanation in explanations
            ],
        },
        schema=QUEUE_SCHEMA,
    )


def uncertainty_of(probabilities: Floats) -> Floats:
    """Return 1 - the distance between the two highest of each row's probabilities: 1 is a tie, 0 no doubt."""
    highest = np.sort(probabilities, axis=1)
    uncertainty: Floats = 1 - (highest[:, -1] - highest[:, -2])
    return uncertainty


def choose(texts: Sequence[str], uncertainty: Floats, known_texts: Sequence[str], limit: int) -> Ints:
    """Return the positions of at most ``limit`` texts that stand for many uncertain ones, best first.

    Greedy maximisation of uncertainty-weighted facility location: each text counts for its uncertainty times its
    likeness to the most similar text chosen so far or labelled.

    Args:
        texts: distinct texts.
        uncertainty: shape (texts,), 0..1.
        known_texts: texts that have a label.
        limit: how many to choose.
    """
    pool = np.argsort(-uncertainty, kind="stable")[:MOST_COMPARED]
    if not len(pool):
        return pool
    known = known_texts[-MOST_COMPARED:]
    features = _features([*(texts[position] for position in pool), *known])
    own, labelled = features[: len(pool)], features[len(pool) :]
    likeness = (own @ own.T).toarray()
    covered = (own @ labelled.T).max(axis=1).toarray().ravel() if known else np.zeros(len(pool))
    weight = uncertainty[pool] + _SMALLEST_WEIGHT
    chosen: list[int] = []
    for _ in range(min(limit, len(pool))):
        gain = weight @ np.maximum(likeness - covered[:, None], 0)
        gain[chosen] = -1
        best = int(gain.argmax())
        chosen.append(best)
        covered = np.maximum(covered, likeness[:, best])
    positions: Ints = pool[chosen]
    return positions


def _features(texts: Sequence[str]) -> Any:
    """Return TF-IDF of hashed words and word pairs, a sparse matrix with rows of unit length."""
    from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer

    hashing = HashingVectorizer(ngram_range=(1, 2), n_features=_HASHED_COLUMNS, alternate_sign=False, norm=None)
    return TfidfTransformer(sublinear_tf=True).fit_transform(hashing.transform(texts))


def _distinct(complaints: pl.DataFrame, known_texts: pl.Series) -> pl.DataFrame:
    usable = complaints.filter(pl.col("text").str.strip_chars() != "")
    keyed = usable.with_columns(
        text_keys(usable["text"]), original=pl.coalesce("near_duplicate_of", "complaint_id")
    ).unique("text_key", keep="first", maintain_order=True)
    unknown = keyed.filter(~pl.col("text_key").is_in(text_keys(known_texts.drop_nulls()).implode()))
    return unknown.unique("original", keep="first", maintain_order=True)


def _candidates(probabilities: Floats, names: Sequence[str]) -> list[list[dict[str, object]]]:
    ranked = np.argsort(-probabilities, axis=1, kind="stable")[:, :ALTERNATIVES]
    return [
        [{"category": names[column], "probability": float(row[column])} for column in columns]
        for row, columns in zip(probabilities, ranked.tolist(), strict=True)
    ]
