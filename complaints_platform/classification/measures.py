"""What a set of predictions is worth, as plain data that goes into JSON, tables and pictures."""

from collections import Counter
from collections.abc import Sequence
from typing import TypedDict

import numpy as np

from complaints_platform.classification.arrays import Floats, Ints
from complaints_platform.classification.calibration import (
    accuracy_at_coverage,
    calibration_bins,
    expected_calibration_error,
)
from complaints_platform.errors import ModelError

COVERAGES = (1.0, 0.95, 0.9, 0.8, 0.5)
"""Shares of texts for which the accuracy is given when the least certain rest goes to review."""
SCOPE_COVERAGE = 0.95
"""Share of texts of some class that is kept when texts of none are rejected."""
MAX_CONFUSIONS = 20
_CURVE_COVERAGES = tuple(step / 20 for step in range(1, 21))


class ClassMeasures(TypedDict):
    """How well one class is found; ratios are 0..1."""

    label: str
    precision: float
    recall: float
    f1: float
    support: int


class Confusion(TypedDict):
    """How many texts of one class were given another."""

    label: str
    predicted: str
    count: int


class CoveragePoint(TypedDict):
    """Accuracy of the most certain ``coverage`` share of texts."""

    coverage: float
    accuracy: float


class Measures(TypedDict):
    """Quality of predictions; ratios are 0..1."""

    accuracy: float
    macro_f1: float
    ece: float
    accuracy_at_coverage: dict[str, float]
    n_test: int
    n_classes: int
    per_class: list[ClassMeasures]
    confusions: list[Confusion]
    labels: list[str]
    confusion_matrix: list[list[int]]
    reliability: list[dict[str, float]]
    coverage_curve: list[CoveragePoint]


class ScopeMeasures(TypedDict):
    """How well texts of no class are recognised; ratios are 0..1."""

    in_scope_accuracy: float
    """Of texts of some class, whether they would be rejected or not."""
    out_of_scope_auroc: float
    """Chance that a text of some class seems more in scope than one of none."""
    out_of_scope_recall: float
    """Share of texts of no class that are rejected where 95% of the others are kept."""


def measure(truth: Sequence[str], predicted: Sequence[str], confidence: Floats, certainty: Floats) -> Measures:
    """Measure predictions.

    Args:
        truth: the true label of each text; at least one.
        predicted: the predicted label of each text.
        confidence: probability of the predicted label, 0..1.
        certainty: orders the texts from least to most certain (any scale).
    """
    labels = sorted({*truth, *predicted})
    position = {label: number for number, label in enumerate(labels)}
    true = np.array([position[label] for label in truth])
    given = np.array([position[label] for label in predicted])
    matrix = np.zeros((len(labels), len(labels)), dtype=np.int64)
    np.add.at(matrix, (true, given), 1)
    correct = true == given
    per_class = _per_class(labels, matrix)
    return Measures(
        accuracy=float(correct.mean()),
        macro_f1=float(np.mean([row["f1"] for row in per_class])),
        ece=expected_calibration_error(confidence, correct),
        accuracy_at_coverage={str(share): accuracy_at_coverage(certainty, correct, share) for share in COVERAGES},
        n_test=len(true),
        n_classes=len(set(truth)),
        per_class=per_class,
        confusions=_confusions(truth, predicted),
        labels=labels,
        confusion_matrix=matrix.tolist(),
        reliability=calibration_bins(confidence, correct),
        coverage_curve=[
            CoveragePoint(coverage=share, accuracy=accuracy_at_coverage(certainty, correct, share))
            for share in _CURVE_COVERAGES
        ],
    )


def measure_scope(truth: Sequence[str], predicted: Sequence[str], in_scope: Floats, out_of_scope: str) -> ScopeMeasures:
    """Measure how well texts of no class are rejected.

    Args:
        truth: the true label of each text.
        predicted: the predicted class of each text, never ``out_of_scope``.
        in_scope: orders the texts from most to least likely of no class (any scale).
        out_of_scope: the label of texts of no class.

    Raises:
        ModelError: there are no texts of no class, or no others.
    """
    from sklearn.metrics import roc_auc_score

    of_class = np.array([label != out_of_scope for label in truth])
    if of_class.all() or not of_class.any():
        raise ModelError(f"measuring scope takes texts labelled {out_of_scope!r} and others in the test rows")
    correct = np.fromiter(map(str.__eq__, truth, predicted), dtype=np.bool_)
    threshold = np.quantile(in_scope[of_class], 1 - SCOPE_COVERAGE)
    return ScopeMeasures(
        in_scope_accuracy=float(correct[of_class].mean()),
        out_of_scope_auroc=float(roc_auc_score(of_class, in_scope)),
        out_of_scope_recall=float((in_scope[~of_class] < threshold).mean()),
    )


def _per_class(labels: list[str], matrix: Ints) -> list[ClassMeasures]:
    hits = np.diag(matrix)
    support, given = matrix.sum(axis=1), matrix.sum(axis=0)
    return [
        ClassMeasures(
            label=label,
            precision=float(hits[n] / given[n]) if given[n] else 0.0,
            recall=float(hits[n] / support[n]) if support[n] else 0.0,
            f1=float(2 * hits[n] / (support[n] + given[n])),
            support=int(support[n]),
        )
        for n, label in enumerate(labels)
    ]


def _confusions(truth: Sequence[str], predicted: Sequence[str]) -> list[Confusion]:
    wrong = Counter(pair for pair in zip(truth, predicted, strict=True) if pair[0] != pair[1])
    ordered = sorted(wrong.items(), key=lambda item: (-item[1], item[0]))
    return [Confusion(label=label, predicted=other, count=count) for (label, other), count in ordered[:MAX_CONFUSIONS]]
