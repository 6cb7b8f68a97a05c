"""Turning decision values into probabilities that mean what they say, and measuring whether they do.

Pure numbers: arrays of scores and class positions. Which texts they come from does not matter here.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ECE_BINS = 15
"""Bins of the expected calibration error, as in Guo et al. 2017."""
_SMALLEST_TEMPERATURE, _LARGEST_TEMPERATURE = 0.02, 20.0


def softmax(scores: Floats, temperature: float) -> Floats:
    """Return probabilities, shape of ``scores`` (rows, classes), each row summing to one."""
    scaled = scores / temperature
    scaled = scaled - scaled.max(axis=1, keepdims=True)
    exponents = np.exp(scaled)
    probabilities: Floats = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities


def fit_temperature(scores: Floats, true_class: Ints, weights: Floats) -> float:
    """Return the temperature under which softmax gives the true classes the highest likelihood.

    Temperature scaling, Guo et al. 2017, "On Calibration of Modern Neural Networks".

    Args:
        scores: shape (rows, classes), of texts that the classifier was not trained on.
        true_class: shape (rows,), column of the true class.
        weights: shape (rows,), how much each text counts.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(true_class))

    def loss(log_temperature: float) -> float:
        chosen = softmax(scores, float(np.exp(log_temperature)))[rows, true_class]
        return -float(weights @ np.log(np.maximum(chosen, np.finfo(np.float64).tiny)))

    bounds = (np.log(_SMALLEST_TEMPERATURE), np.log(_LARGEST_TEMPERATURE))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))


def calibration_bins(confidence: Floats, correct: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """Return count, mean confidence and accuracy of each non-empty bin of equal width."""
    bin_of = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    return [
        {
            "count": int((bin_of == number).sum()),
            "confidence": float(confidence[bin_of == number].mean()),
            "accuracy": float(correct[bin_of == number].mean()),
        }
        for number in np.unique(bin_of)
    ]


def expected_calibration_error(confidence: Floats, correct: npt.NDArray[np.bool_]) -> float:
    """Return the mean distance of confidence and accuracy over bins, weighted by their counts (0..1)."""
    bins = calibration_bins(confidence, correct)
    return sum(each["count"] * abs(each["confidence"] - each["accuracy"]) for each in bins) / len(confidence)


def accuracy_at_coverage(certainty: Floats, correct: npt.NDArray[np.bool_], coverage: float) -> float:
    """Return the accuracy of the ``coverage`` share of rows that are most certain."""
    kept = max(1, round(coverage * len(correct)))
    most_certain = np.argsort(-certainty, kind="stable")[:kept]
    return float(correct[most_certain].mean())
