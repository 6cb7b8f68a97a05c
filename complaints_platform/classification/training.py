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
from complaints_platform.classification.framing import framed
from complaints_platform.classification.measures import Measures, measure
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.tokens import normalise, text_keys
from complaints_platform.classification.trained import (
    HELD_OUT_SCHEMA,
    TRAINING_VERSION,
    Tier,
    TrainedModel,
    category_probabilities,
    encoder_of,
)
from complaints_platform.errors import ModelError

WEAK_WEIGHT = 0.5
"""A keyword or a definition is weaker evidence than a phrase that people use."""
LABELS_THAT_HALVE_SEEDS = 20
"""With so many labels of its subcategory a seed counts half; with none it counts fully."""
SEEDS_IN_CALIBRATION = 400
"""Without labels all seeds together count as so many labels in calibration."""
LABELS_THAT_HALVE_SEEDS_IN_CALIBRATION = 25
"""With so many labels in all, seeds count half there: they tell little of how hard real complaints are."""
LABELS_FOR_A_SECOND = 200
"""With fewer labels the second classifier can't be fitted on texts like the customer's: on seeds its share and weight
came out wrong by 5 points of accuracy. The tier ``full`` judges all texts twice until then."""
LABELS_FOR_A_THRESHOLD = 100
"""With fewer the review threshold is set on seeds among neutral sentences."""
MAX_SHARE_JUDGED_TWICE = 0.2
"""Of complaints like the held-out labels: bounds what the second classifier adds to the cost of a day."""
ACCEPTED_ACCURACY = 0.9
"""Aimed at for what is not sent to review."""
MAX_REVIEW_SHARE = 0.5
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
    n_labels = int(examples["is_label"].sum())
    on_labels, truth = (_HeldOut.of(estimator, examples, taxonomy, by) for by in ("is_label", "is_variant"))
    judged = on_labels if n_labels >= LABELS_FOR_A_THRESHOLD or not len(truth.labels) else truth
    model = TrainedModel(
        estimator=estimator,
        attributes=AttributeClassifier().fit(taxonomy, labels),
        taxonomy=taxonomy,
        version=_version(examples, labels, taxonomy, tier),
        review_threshold=_review_threshold(judged.certainty, judged.correct),
        n_labels=n_labels,
        held_out=on_labels.predictions(examples),
        evaluation=on_labels.measure() if len(on_labels.labels) else None,
    )
    estimator.forget_held_out()
    return model


@dataclass(frozen=True)
class _HeldOut:
    """Held-out predictions of categories beside the truth."""

    texts: list[str]
    labels: list[str]
    predicted: list[str]
    confidence: Floats
    certainty: Floats

    @classmethod
    def of(cls, estimator: CascadeClassifier, examples: pl.DataFrame, taxonomy: Taxonomy, chosen_by: str) -> Self:
        """Take those held-out examples of which a column says yes."""
        held_out, parents = examples[estimator.held_out_rows_], taxonomy.parents
        wanted = held_out[chosen_by].to_numpy()
        scores, probabilities = (values[wanted] for values in estimator.held_out_)
        sums = category_probabilities(probabilities, estimator.classes_.tolist(), taxonomy)
        held_out = held_out.filter(pl.Series(wanted))
        return cls(
            texts=held_out["text"].to_list(),
            labels=[parents[name] for name in held_out["subcategory"]],
            predicted=[taxonomy.category_names[number] for number in sums.argmax(axis=1)],
            confidence=sums.max(axis=1, initial=0.0),
            certainty=scores.max(axis=1, initial=-np.inf),
        )

    @property
    def correct(self) -> Booleans:
        return np.fromiter(map(str.__eq__, self.labels, self.predicted), dtype=np.bool_)

    def measure(self) -> Measures:
        return measure(self.labels, self.predicted, self.confidence, self.certainty)

    def predictions(self, examples: pl.DataFrame) -> pl.DataFrame:
        """Return ``HELD_OUT_SCHEMA`` of all labels among the examples."""
        texts = examples.filter("is_label")["text"].to_list()
        predicted = dict(zip(self.texts, self.predicted, strict=True))
        categories = [predicted.get(text) for text in texts]
        return pl.DataFrame({"text_key": text_keys(texts), "category": categories}, schema=HELD_OUT_SCHEMA)


def _seed_examples(taxonomy: Taxonomy) -> pl.DataFrame:
    """Return seeds, keywords and definitions, and after them each hidden among neutral sentences.

    Columns: text, subcategory, weight, original (row of the phrase that a text holds), is_label (false) and is_variant
    (whether it stands among sentences). The first mention of a phrase wins.
    """
    phrases = [(*phrase, 1.0) for phrase in taxonomy.seed_phrases()]
    definitions = taxonomy.definition_phrases()
    # A definition that several share tells none from the other.
    times = Counter(definition for definition, _ in definitions)
    definitions = [phrase for phrase in definitions if times[phrase[0]] == 1]
    phrases += [(*phrase, WEAK_WEIGHT) for phrase in taxonomy.keyword_phrases() + definitions]
    schema = {"text": pl.String, "subcategory": pl.String, "weight": pl.Float64}
    plain = pl.DataFrame(phrases, schema=schema, orient="row")
    plain = plain.unique(["text", "subcategory"], keep="first", maintain_order=True).with_columns(
        original=pl.int_range(pl.len()), is_label=pl.lit(value=False), is_variant=pl.lit(value=False)
    )
    hidden = plain.with_columns(
        text=pl.Series(framed(plain["text"].to_list(), taxonomy.frames)), is_variant=pl.lit(value=True)
    ).explode("text")
    return pl.concat([plain, hidden])


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
        "text",
        "subcategory",
        weight=pl.lit(1.0),
        original=pl.int_range(pl.len()) + seeds.height,
        is_label=pl.lit(value=True),
        is_variant=pl.lit(value=False),
    )
    return pl.concat([seeds.with_columns(weight=pl.col("weight") * pl.Series(fade)), known])


def _fitted(examples: pl.DataFrame, tier: Tier) -> CascadeClassifier:
    weight, is_label = examples["weight"].to_numpy(), examples["is_label"].to_numpy()
    labels = int(is_label.sum())
    # A bare phrase tells nothing of how hard complaints are; among other sentences it does, as long as labels lack.
    counted = np.where(is_label, weight, 0.0)
    hidden = examples["is_variant"].to_numpy()
    share = SEEDS_IN_CALIBRATION / max(hidden.sum(), 1) / (1 + labels / LABELS_THAT_HALVE_SEEDS_IN_CALIBRATION)
    counted[hidden] = weight[hidden] * share
    before = 1.0 if tier == "full" else 0.0
    return CascadeClassifier(
        tier,
        MAX_SHARE_JUDGED_TWICE if labels >= LABELS_FOR_A_SECOND else before,
        ComplaintClassifier(noisy_labels=labels > 0, meaning=labels < LABELS_FOR_A_SECOND),
    ).fit(
        examples["text"].to_list(), examples["subcategory"].to_list(), weight, counted, examples["original"].to_numpy()
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
