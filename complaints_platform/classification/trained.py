"""A trained model as one object and as bytes. How it comes about is ``training``'s.

What is written here loads without scikit-learn, which only those processes need that train or classify.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import polars as pl

from complaints_platform.classification import embeddings
from complaints_platform.classification.arrays import Floats
from complaints_platform.classification.attributes import AttributeClassifier
from complaints_platform.classification.measures import Measures
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.errors import ModelError

if TYPE_CHECKING:
    from complaints_platform.classification.cascade import CascadeClassifier

Tier = Literal["core", "full"]
"""``core`` judges doubtful texts by word vectors, ``full`` by sentence embeddings (the extra)."""
TRAINING_VERSION = 4
"""Raise it with every change that makes other predictions of the same data; part of the model's version."""

HELD_OUT_SCHEMA = pl.Schema({"text_key": pl.String, "category": pl.String})
"""One row for each text a model was trained on; ``category`` is its out-of-fold prediction, null if there is none."""

_MAGIC = b"complaints-model 2\n"


@dataclass(frozen=True)
class TrainedModel:
    """A classifier that serves one taxonomy.

    Attributes:
        estimator: predicts subcategories.
        attributes: predicts what else is said of a text.
        taxonomy: what it was trained for.
        version: hash of training data, code version, tier and taxonomy (12 hex digits).
        review_threshold: texts whose highest decision value is below it need review.
        n_labels: distinct labelled texts it was trained on.
        held_out: out-of-fold predictions of the labels it was trained on, ``HELD_OUT_SCHEMA``.
        evaluation: cross-validated quality of categories on the labels; None means not measured.
    """

    estimator: "CascadeClassifier"
    attributes: AttributeClassifier
    taxonomy: Taxonomy
    version: str
    review_threshold: float
    n_labels: int
    held_out: pl.DataFrame
    evaluation: Measures | None

    def to_bytes(self) -> bytes:
        """Return the model as bytes that ``from_bytes`` reads."""
        import joblib
        import sklearn

        buffer = io.BytesIO()
        joblib.dump(self, buffer, compress=("zlib", 1))
        payload = buffer.getvalue()
        header = {"sklearn": sklearn.__version__, "sha256": hashlib.sha256(payload).hexdigest()}
        return _MAGIC + json.dumps(header).encode() + b"\n" + payload

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a model. Only ever give it bytes that this platform stored: unpickling runs code.

        Raises:
            ModelError: not a model, damaged, or written with another scikit-learn.
        """
        import joblib
        import sklearn

        header_line, _, payload = data.removeprefix(_MAGIC).partition(b"\n")
        try:
            header = json.loads(header_line) if data.startswith(_MAGIC) else None
        except ValueError:
            header = None
        if not isinstance(header, dict):
            raise ModelError("these bytes are no stored model; train it again")
        if header.get("sha256") != hashlib.sha256(payload).hexdigest():
            raise ModelError("the stored model is damaged; train it again")
        if header.get("sklearn") != sklearn.__version__:
            raise ModelError(
                f"the stored model needs scikit-learn {header.get('sklearn')}, installed is {sklearn.__version__}; "
                "train it again"
            )
        model = joblib.load(io.BytesIO(payload))
        if not isinstance(model, cls):
            raise ModelError(f"the stored object is a {type(model).__name__}, not a model; train it again")
        return model


def encoder_of(tier: Tier) -> str:
    """Name what a tier makes vectors with."""
    return embeddings.ENCODER if tier == "full" else tier


def category_probabilities(probabilities: Floats, subcategories: list[str], taxonomy: Taxonomy) -> Floats:
    """Sum probabilities of subcategories (texts, subcategories) to those of categories (texts, categories).

    Columns follow ``taxonomy.category_names``. Summed column by column, so that no row's result
    depends on how many rows there are.
    """
    column = {name: number for number, name in enumerate(taxonomy.category_names)}
    sums = np.zeros((len(probabilities), len(column)))
    for number, name in enumerate(subcategories):
        sums[:, column[taxonomy.parent(name)]] += probabilities[:, number]
    return sums
