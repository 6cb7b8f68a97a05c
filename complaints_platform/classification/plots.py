"""Pictures of an evaluation as PNG bytes: confusion matrix, reliability and accuracy by coverage."""

import io
from typing import TYPE_CHECKING

import numpy as np

from complaints_platform.classification.measures import Measures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DOTS_PER_INCH = 110
_MOST_CLASSES_WITH_NUMBERS = 25
"""Cells of larger matrices are too small for numbers."""


def confusion_matrix_png(evaluation: Measures) -> bytes:
    """Draw which share of each true class (rows) was given which class (columns)."""
    labels = evaluation["labels"]
    counts = np.array(evaluation["confusion_matrix"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(5.0, 1.5 + 0.42 * len(labels)), 18.0)
    figure, axes = _figure(side + 1, side)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    font = float(np.clip(300 / len(labels), 5, 9))
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=font)
    axes.set_yticks(range(len(labels)), labels, fontsize=font)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    if len(labels) <= _MOST_CLASSES_WITH_NUMBERS:
        for row, column in zip(*np.nonzero(counts), strict=True):
            colour = "white" if shares[row, column] > 0.5 else "black"  # noqa: PLR2004 - half of the scale
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=font - 1, color=colour)
    axes.set_title(f"Accuracy {evaluation['accuracy']:.1%} on {evaluation['n_test']:,} texts")
    return _png(figure)


def reliability_png(evaluation: Measures) -> bytes:
    """Draw accuracy against confidence; on the diagonal, confidence means what it says."""
    bins = evaluation["reliability"]
    figure, axes = _figure(5.0, 4.5)
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    sizes = [20 + 400 * each["count"] / evaluation["n_test"] for each in bins]
    confidence, accuracy = [each["confidence"] for each in bins], [each["accuracy"] for each in bins]
    axes.plot(confidence, accuracy, color="tab:blue", linewidth=1)
    axes.scatter(confidence, accuracy, s=sizes, color="tab:blue", alpha=0.6)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy")
    axes.set_title(f"Expected calibration error {evaluation['ece']:.1%}")
    return _png(figure)


def coverage_png(evaluation: Measures) -> bytes:
    """Draw the accuracy of what is kept when the least certain texts go to review."""
    curve = evaluation["coverage_curve"]
    figure, axes = _figure(5.0, 4.5)
    axes.plot([point["coverage"] for point in curve], [point["accuracy"] for point in curve], marker=".")
    axes.set(xlim=(0, 1.02), xlabel="share of texts decided by the model", ylabel="accuracy of these")
    axes.grid(alpha=0.3)
    axes.set_title("Accuracy by coverage")
    return _png(figure)


def _figure(width: float, height: float) -> "tuple[Figure, Axes]":
    # Figure without pyplot: no global state, no display, safe in any thread.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots()


def _png(figure: "Figure") -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
