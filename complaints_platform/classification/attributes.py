"""What else is said of a text, whatever its category: is it a complaint at all, how grave, in what tone.

The taxonomy names the attributes, their values and seed phrases; people's labels add to them. Each attribute
is a logistic regression over the weighted mean of a text's word vectors, so that a text's score is a sum of
scores of its tokens and all attributes together cost microseconds a text. A mean, because decision values of a
sum (or of one over its root) grow with length: with seeds alone every long text would be certain of something.
Categories are ``training``'s.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import polars as pl

from complaints_platform.classification.arrays import Booleans, Floats
from complaints_platform.classification.features import Occurrences, count_matrix, ragged
from complaints_platform.classification.taxonomy import Attribute, Taxonomy
from complaints_platform.classification.tokens import tokenise
from complaints_platform.classification.word_vectors import WordVectors, pieces_of_tokens, table

ATTRIBUTES = ("is_complaint", "severity", "sentiment")
"""Columns of labels and predictions, in order; a taxonomy may define any of them."""
SEEDS_STAY_HALF_AT = 50
"""With so many labels of its value a seed counts half."""
REGULARISATION = 1.0
"""Of the logistic regression, on vectors of unit mean square; between 0.1 and 3 accuracy changes by under a point."""
_STEPS = 2**16
"""Scores of pieces are whole steps of 2^-16: sums of whole numbers are the same in any order."""


@dataclass(frozen=True)
class _Head:
    """Where an attribute's scores stand, and what its values are called."""

    attribute: Attribute
    values: tuple[str, ...]
    start: int

    @property
    def columns(self) -> slice:
        return slice(self.start, self.start + len(self.values))


class _Tokens(NamedTuple):
    """A batch of texts as counts of its distinct tokens, and these as counts of pieces; sparse."""

    occurrences: Any
    """Shape (texts, distinct tokens)."""
    pieces: Any
    """Shape (distinct tokens, pieces)."""


class AttributeClassifier:
    """Predicts all attributes of a taxonomy at once. Immutable after ``fit``.

    Attributes:
        heads: the attributes that are predicted.
        piece_scores: shape (pieces, scores), what one occurrence of a piece adds to each score, in whole steps.
        piece_mass: shape (pieces,), what it adds to the mass that the sum is divided by.
        intercept: shape (scores,).
    """

    heads: tuple[_Head, ...]
    piece_scores: Floats
    piece_mass: Floats
    intercept: Floats

    def fit(self, taxonomy: Taxonomy, labels: pl.DataFrame | None = None) -> Self:
        """Train on the taxonomy's seeds and on labels: text and those of ``ATTRIBUTES`` that people gave (or null)."""
        from sklearn.linear_model import LogisticRegression

        examples = {attribute.name: _examples(attribute, taxonomy, labels) for attribute in taxonomy.attributes}
        texts = [text for rows in examples.values() for text in rows["text"]]
        weights = WordVectors().fit(texts).weights.astype(np.float64)
        vectors = table().vectors.astype(np.float64)
        self.piece_mass = weights
        heads: list[_Head] = []
        coefficients: list[Floats] = []
        intercepts: list[Floats] = []
        for attribute in taxonomy.attributes:
            rows = examples[attribute.name]
            summed = _sums(_tokenised(rows["text"]), vectors * weights[:, None], self.piece_mass)
            scale = 1 / max(float(np.sqrt(np.square(summed).mean())), np.finfo(np.float64).tiny)
            regression = LogisticRegression(C=REGULARISATION, max_iter=1000)
            regression.fit(summed * scale, rows["value"].to_list(), sample_weight=rows["weight"].to_numpy())
            found, intercept = regression.coef_ * scale, regression.intercept_
            if len(regression.classes_) == 2:  # noqa: PLR2004 - scikit-learn gives one row for two classes
                # Halves, so that a softmax over both is the logistic function of the one.
                found, intercept = np.vstack([-found, found]) / 2, np.concatenate([-intercept, intercept]) / 2
            heads.append(
                _Head(attribute, tuple(regression.classes_.tolist()), sum(len(values) for values in intercepts))
            )
            coefficients.append(found)
            intercepts.append(intercept)
        self.heads = tuple(heads)
        if heads:
            scores = vectors @ np.concatenate(coefficients).T * weights[:, None]
            self.piece_scores = np.rint(scores * _STEPS)
            self.intercept = np.concatenate(intercepts)
        return self

    def predict(self, texts: pl.Series) -> pl.DataFrame:
        """Return the likeliest value of each attribute of each text, in order, as ``ATTRIBUTE_SCHEMA``.

        It is null where the taxonomy does not define the attribute, and its fallback where a text holds no known
        word. No row depends on another.
        """
        columns = {name: pl.Series(name, [None] * len(texts), dtype) for name, dtype in ATTRIBUTE_SCHEMA.items()}
        if not self.heads:
            return pl.DataFrame(columns)
        scores, known = self._scores(_tokenised(texts))
        for head in self.heads:
            best = scores[:, head.columns].argmax(axis=1)
            values = np.array([*head.values, head.attribute.fallback])[np.where(known, best, len(head.values))]
            name = head.attribute.name
            columns[name] = pl.Series(name, values == "yes" if name == "is_complaint" else values)
        return pl.DataFrame(columns, schema=ATTRIBUTE_SCHEMA)

    def _scores(self, tokens: _Tokens) -> tuple[Floats, Booleans]:
        mass = tokens.occurrences @ (tokens.pieces @ self.piece_mass)
        sums = tokens.occurrences @ (tokens.pieces @ self.piece_scores)
        return sums / (_STEPS * np.where(mass > 0, mass, 1.0))[:, None] + self.intercept, mass > 0


ATTRIBUTE_SCHEMA = pl.Schema([("is_complaint", pl.Boolean()), ("severity", pl.String()), ("sentiment", pl.String())])


def _tokenised(texts: pl.Series) -> _Tokens:
    batch = tokenise(texts.cast(pl.String).fill_null(""))
    starts = np.cumsum(batch.lengths) - batch.lengths
    return _Tokens(
        count_matrix(Occurrences(batch.codes, starts, batch.lengths), len(batch.distinct)),
        count_matrix(ragged(pieces_of_tokens(batch.distinct)), len(table().vectors)),
    )


def _sums(tokens: _Tokens, vectors: Floats, mass: Floats) -> Floats:
    total = tokens.occurrences @ (tokens.pieces @ mass)
    divisor = np.where(total > 0, total, 1.0)
    summed: Floats = (tokens.occurrences @ (tokens.pieces @ vectors)) / divisor[:, None]
    return summed


def _examples(attribute: Attribute, taxonomy: Taxonomy, labels: pl.DataFrame | None) -> pl.DataFrame:
    """Return text, value and weight of seeds and labels; the more labels a value has, the less its seeds count."""
    schema = {"text": pl.String, "value": pl.String, "weight": pl.Float64}
    given = pl.DataFrame(schema=schema)
    if labels is not None and attribute.name in labels.columns:
        given = (
            labels.select("text", value=pl.col(attribute.name).cast(pl.String), weight=pl.lit(1.0))
            .filter(pl.col("value").is_in(attribute.value_names), pl.col("text").str.strip_chars() != "")
            .unique("text", keep="last", maintain_order=True)
        )
    count = Counter(given["value"].to_list())
    seeds_of = {value.name: list(value.seeds) for value in attribute.values}
    if attribute.name == "is_complaint":
        # Whatever the categories are taught with is a complaint, the fallback's seeds are none.
        for seed, subcategory in taxonomy.seed_phrases():
            seeds_of["no" if taxonomy.parent(subcategory) == taxonomy.fallback else "yes"].append(seed)
    fewest = min(map(len, seeds_of.values()))
    seeds = [
        (seed, value, fewest / len(phrases) / (1 + count[value] / SEEDS_STAY_HALF_AT))
        for value, phrases in seeds_of.items()
        for seed in phrases
    ]
    return pl.concat([pl.DataFrame(seeds, schema=schema, orient="row"), given])
