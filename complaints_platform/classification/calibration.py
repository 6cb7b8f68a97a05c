"""Turning decision values into probabilities that mean what they say, and measuring whether they do."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from complaints_platform.classification.arrays import Booleans, Floats, Ints

ECE_BINS = 15
"""Bins of the expected calibration error, as in Guo et al. 2017."""
_SMALLEST_CHANCE = 1e-6
_SMALLEST_SHARE = 1e-12
"""Keeps the proportions of classes whose probability would vanish in rounding."""
_LARGEST_LOG_ODDS = 20.0
_JUST_AHEAD = 1 + 1e-9
_WEAK_PENALTY = 100.0
"""Inverse strength of the penalty on four coefficients: only there to keep them finite."""
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


@dataclass(frozen=True)
class Calibration:
    """Probabilities of decision values: softmax with a temperature, then the highest one recalibrated.

    A margin classifier's softmax alone is too sure of what it prefers by some points. How often it is right also
    shows in the highest decision value itself and in its distance from the second, so a logistic regression
    on these corrects the highest probability (top-label calibration: Gupta and Ramdas 2022, "Top-label
    calibration and multiclass-to-binary reductions"). The other probabilities keep their proportions,
    and none ever exceeds the highest.

    Attributes:
        temperature: divides decision values.
        coefficients: of log odds of the highest probability, highest decision value, distance from the second.
        intercept: of the same logistic regression.
    """

    temperature: float = 1.0
    coefficients: tuple[float, float, float] = (1.0, 0.0, 0.0)
    intercept: float = 0.0

    @classmethod
    def fit(cls, scores: Floats, true_class: Ints, weights: Floats) -> Self:
        """Fit to decision values of texts that the classifier was not trained on (see ``fit_temperature``)."""
        if not len(scores):
            return cls()
        from sklearn.linear_model import LogisticRegression

        temperature = fit_temperature(scores, true_class, weights)
        correct = scores.argmax(axis=1) == true_class
        if len(np.unique(correct[weights > 0])) == 1:
            return cls(temperature)
        evidence = np.column_stack(_evidence(scores, softmax(scores, temperature)))
        regression = LogisticRegression(C=_WEAK_PENALTY, max_iter=1000).fit(evidence, correct, sample_weight=weights)
        first, second, third = regression.coef_[0].tolist()
        return cls(temperature, (first, second, third), float(regression.intercept_[0]))

    def probabilities(self, scores: Floats) -> Floats:
        """Return probabilities, shape of ``scores`` (rows, classes), each row summing to one."""
        probabilities = np.maximum(softmax(scores, self.temperature), _SMALLEST_SHARE)
        if not len(scores):
            return probabilities
        terms = zip(self.coefficients, _evidence(scores, probabilities), strict=True)
        log_odds = sum((coefficient * values for coefficient, values in terms), start=np.float64(self.intercept))
        wanted = 1 / (1 + np.exp(-np.clip(log_odds, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)))
        rows, best = np.arange(len(scores)), scores.argmax(axis=1)
        probabilities[rows, best] = 0.0
        rest, second = probabilities.sum(axis=1), probabilities.max(axis=1)
        # Below this the second would overtake the first, or meet it, once the rest is spread over the others.
        chosen = np.maximum(wanted, second / (rest + second) * _JUST_AHEAD)
        probabilities *= ((1 - chosen) / rest)[:, None]
        probabilities[rows, best] = chosen
        return probabilities


def _evidence(scores: Floats, probabilities: Floats) -> tuple[Floats, Floats, Floats]:
    """Return log odds of the highest probability, highest decision value and its distance from the second."""
    highest = np.clip(probabilities.max(axis=1), _SMALLEST_CHANCE, 1 - _SMALLEST_CHANCE)
    best = scores.max(axis=1)
    others = scores.copy()
    others[np.arange(len(scores)), scores.argmax(axis=1)] = -np.inf
    return np.log(highest / (1 - highest)), best, best - others.max(axis=1)


def calibration_bins(confidence: Floats, correct: Booleans) -> list[dict[str, float]]:
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


def expected_calibration_error(confidence: Floats, correct: Booleans) -> float:
    """Return the mean distance of confidence and accuracy over bins, weighted by their counts (0..1)."""
    bins = calibration_bins(confidence, correct)
    return sum(each["count"] * abs(each["confidence"] - each["accuracy"]) for each in bins) / len(confidence)


def accuracy_at_coverage(certainty: Floats, correct: Booleans, coverage: float) -> float:
    """Return the accuracy of the ``coverage`` share of rows that are most certain."""
    kept = max(1, round(coverage * len(correct)))
    most_certain = np.argsort(-certainty, kind="stable")[:kept]
    return float(correct[most_certain].mean())
