"""Training a model for a taxonomy, from people's labels and from seed phrases. What a model is: ``trained``."""

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from complaints_platform.classification.arrays import Booleans, Floats
from complaints_platform.classification.attributes import ATTRIBUTES, AttributeClassifier
from complaints_platform.classification.cascade import CascadeClassifier
from complaints_platform.classification.estimator import ComplaintClassifier
from complaints_platform.classification.measures import Measures, measure
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.tokens import normalise
from complaints_platform.classification.trained import (
    TRAINING_VERSION,
    Tier,
    TrainedModel,
    category_probabilities,
    encoder_of,
)
from complaints_platform.errors import ModelError

KEYWORD_WEIGHT = 0.5
"""A keyword is weaker evidence than a whole phrase."""
LABELS_THAT_HALVE_SEEDS = 5
"""With so many labels of its subcategory a seed counts half; with none it counts fully."""
LABELS_THAT_HALVE_SEEDS_IN_CALIBRATION = 25
"""With so many labels in all, seeds count half in calibration: they tell little of how hard real complaints are."""
MAX_SHARE_JUDGED_TWICE = 0.2
"""Of complaints like the held-out labels: bounds what the second classifier adds to the cost of a day."""
ACCEPTED_ACCURACY = 0.9
"""Aimed at for what is not sent to review."""
MAX_REVIEW_SHARE = 0.4
"""Of what the threshold is set on: a review queue that holds nearly everything is no help."""

_LABEL_COLUMNS = ("text", "category")


def train(taxonomy: Taxonomy, labels: pl.DataFrame | None, tier: Tier = "core") -> TrainedModel:
    """Train a model from the taxonomy's seeds and, if given, from labels.

    Args:
        taxonomy: what to predict.
        labels: columns text, category and optionally subcategory and ``ATTRIBUTES`` (null where unknown), oldest
            first. The same text labelled twice counts once, as labelled last. A category without subcategory is
            given the one among its own that the seeds find likeliest.
        tier: without the extra ``embeddings``, or with it.

    Raises:
        ModelError: the extra is not installed, a column is missing, or a label names what the taxonomy does not have.
    """
    examples = _seed_examples(taxonomy)
    if labels is not None:
        known = _with_subcategories(_checked(labels, taxonomy), taxonomy, examples)
        examples = _combined(examples, known)
    estimator = _fitted(examples, tier)
    truth = _HeldOut.of(estimator, examples, taxonomy)
    n_labels = int(examples["is_label"].sum())
    model = TrainedModel(
        estimator=estimator,
        attributes=AttributeClassifier().fit(taxonomy, labels),
        taxonomy=taxonomy,
        version=_version(examples, labels, taxonomy, tier),
        review_threshold=_review_threshold(truth.certainty, truth.correct),
        n_labels=n_labels,
        evaluation=truth.measure() if n_labels and len(truth.labels) else None,
    )
    estimator.forget_held_out()
    return model


@dataclass(frozen=True)
class _HeldOut:
    """Held-out predictions of categories beside the truth: of labels if there are any, else of seeds."""

    labels: list[str]
    predicted: list[str]
    confidence: Floats
    certainty: Floats

    @classmethod
    def of(cls, estimator: CascadeClassifier, examples: pl.DataFrame, taxonomy: Taxonomy) -> Self:
        held_out, parents = examples[estimator.held_out_rows_], taxonomy.parents
        wanted = held_out["is_label"].to_numpy() if examples["is_label"].any() else held_out["is_seed"].to_numpy()
        scores, probabilities = (values[wanted] for values in estimator.held_out_)
        sums = category_probabilities(probabilities, estimator.classes_.tolist(), taxonomy)
        return cls(
            labels=[parents[name] for name in held_out.filter(pl.Series(wanted))["subcategory"]],
            predicted=[taxonomy.category_names[number] for number in sums.argmax(axis=1)],
            confidence=sums.max(axis=1),
            certainty=scores.max(axis=1),
        )

    @property
    def correct(self) -> Booleans:
        return np.fromiter(map(str.__eq__, self.labels, self.predicted), dtype=np.bool_)

    def measure(self) -> Measures:
        return measure(self.labels, self.predicted, self.confidence, self.certainty)


def _seed_examples(taxonomy: Taxonomy) -> pl.DataFrame:
    """Return seeds and keywords: text, subcategory, weight, is_label, is_seed; first mention of a text wins."""
    phrases = [(*phrase, 1.0, True) for phrase in taxonomy.seed_phrases()]
    keywords = [(*phrase, KEYWORD_WEIGHT, False) for phrase in taxonomy.keyword_phrases()]
    rows = pl.DataFrame(
        [*phrases, *keywords],
        schema={"text": pl.String, "subcategory": pl.String, "weight": pl.Float64, "is_seed": pl.Boolean},
        orient="row",
    )
    return rows.unique(["text", "subcategory"], keep="first", maintain_order=True).with_columns(
        is_label=pl.lit(value=False)
    )


def _checked(labels: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Return usable labels (text, category, subcategory), each distinct text once, as labelled last."""
    missing = [name for name in _LABEL_COLUMNS if name not in labels.columns]
    if missing:
        raise ModelError(f"labels lack the columns {missing}; they need text, category and optionally subcategory")
    if "subcategory" not in labels.columns:
        labels = labels.with_columns(subcategory=pl.lit(None, dtype=pl.String))
    labels = labels.select(pl.col("text", "category", "subcategory").cast(pl.String))
    labels = labels.filter(pl.col("text").str.strip_chars() != "", pl.col("category").is_not_null())
    for category, subcategory in labels.select("category", "subcategory").unique(maintain_order=True).iter_rows():
        if category not in taxonomy.category_names:
            raise ModelError(f"labels hold the category {category!r}, which taxonomy {taxonomy.version} does not have")
        if subcategory is not None and taxonomy.parent(subcategory) != category:
            raise ModelError(
                f"labels put the subcategory {subcategory!r} into {category!r}; it is not of that category"
            )
    key = pl.Series("key", [normalise(text) for text in labels["text"]], dtype=pl.String)
    return labels.with_columns(key).unique("key", keep="last", maintain_order=True).drop("key")


def _with_subcategories(labels: pl.DataFrame, taxonomy: Taxonomy, seeds: pl.DataFrame) -> pl.DataFrame:
    """Fill missing subcategories with the likeliest of the category, by a classifier trained on seeds."""
    open_rows = np.flatnonzero(labels["subcategory"].is_null().to_numpy())
    if not len(open_rows):
        return labels
    estimator = _fitted(seeds, "core")
    scores = estimator.class_scores(labels["text"].gather(open_rows))
    parents = np.array([taxonomy.parent(name) for name in estimator.classes_])
    of_category = parents[None, :] == labels["category"].gather(open_rows).to_numpy()[:, None]
    likeliest = estimator.classes_[np.where(of_category, scores, -np.inf).argmax(axis=1)]
    names = np.array(labels["subcategory"].to_list(), dtype=object)
    names[open_rows] = likeliest
    return labels.with_columns(subcategory=pl.Series(names.tolist(), dtype=pl.String))


def _combined(seeds: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """Put labels beside seeds; the more labels a subcategory has, the less its seeds count."""
    count = Counter(labels["subcategory"].to_list())
    fade = [1 / (1 + count[name] / LABELS_THAT_HALVE_SEEDS) for name in seeds["subcategory"]]
    known = labels.select(
        "text", "subcategory", weight=pl.lit(1.0), is_seed=pl.lit(value=False), is_label=pl.lit(value=True)
    )
    return pl.concat([seeds.with_columns(weight=pl.col("weight") * pl.Series(fade)), known])


def _fitted(examples: pl.DataFrame, tier: Tier) -> CascadeClassifier:
    weight, is_label = examples["weight"].to_numpy(), examples["is_label"].to_numpy()
    seed_share = 1 / (1 + is_label.sum() / LABELS_THAT_HALVE_SEEDS_IN_CALIBRATION)
    return CascadeClassifier(tier, MAX_SHARE_JUDGED_TWICE, ComplaintClassifier(noisy_labels=bool(is_label.any()))).fit(
        examples["text"].to_list(),
        examples["subcategory"].to_list(),
        sample_weight=weight,
        calibration_weight=np.where(is_label, weight, weight * seed_share),
    )


def _review_threshold(certainty: Floats, correct: Booleans) -> float:
    """Return the lowest decision value above which held-out predictions are accurate enough."""
    if not len(certainty):
        return 0.0
    order = np.argsort(-certainty, kind="stable")
    accuracy = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(accuracy >= ACCEPTED_ACCURACY)
    accepted = max(int(enough[-1]) + 1 if len(enough) else 1, round((1 - MAX_REVIEW_SHARE) * len(order)))
    return float(certainty[order[accepted - 1]])


def _version(examples: pl.DataFrame, labels: pl.DataFrame | None, taxonomy: Taxonomy, tier: Tier) -> str:
    digest = hashlib.sha256(f"{TRAINING_VERSION} {encoder_of(tier)} {taxonomy.fingerprint}\n".encode())
    digest.update(examples.select("text", "subcategory", "weight").write_csv().encode())
    if labels is not None:
        said = [pl.col(name) for name in ATTRIBUTES if name in labels.columns]
        about = labels.filter(pl.any_horizontal(pl.lit(value=False), *(column.is_not_null() for column in said)))
        if about.height:
            digest.update(about.select("text", *said).write_csv().encode())
    return digest.hexdigest()[:12]
