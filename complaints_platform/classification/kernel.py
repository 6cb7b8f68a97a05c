"""A classifier over dense vectors that needs few examples: kernel ridge regression, solved exactly."""

from typing import Any

import numpy as np

from complaints_platform.classification.arrays import Float32s, Floats, Ints

SHARPNESS = 2.0
"""Of the kernel: exp(sharpness x (cosine - 1))."""
RIDGE = 0.1
"""Added to the kernel's diagonal; between 0.03 and 0.3 accuracy changes by 0.3 points at most on four data sets."""
_SMALLEST_WEIGHT = 1e-3
_ROWS_AT_ONCE = 512
# Matrix products add in an order that depends on their shape. Sums of whole numbers that a float holds
# exactly are the same in any order: vectors have steps of 2^-12, so that float32's 24 bits hold every
# cosine, and kernels and coefficients steps that leave room for sums up to 2^15 in float64's 53 bits.
_VECTOR_STEPS = 2**12 - 32
_KERNEL_STEPS = 2**18
_COEFFICIENT_STEPS = 2**20


class KernelClassifier:
    """Kernel ridge regression towards +1 for a text's class and -1 for the others.

    Vectors are centred and scaled to length one; the kernel is an exponential of their cosine. One Cholesky
    factor serves all classes, and held-out decision values follow from it in closed form (Rasmussen and
    Williams 2006, "Gaussian Processes for Machine Learning", 5.4.2). On sentence embeddings it is 1.5 to 3
    points more accurate than logistic regression.

    Attributes:
        centre: shape (dimensions,).
        examples: shape (examples, dimensions), unit vectors in whole steps.
        coefficients: shape (examples, classes), in whole steps.
        prior: shape (classes,), mean target of each class.
    """

    centre: Float32s
    examples: Float32s
    coefficients: Floats
    prior: Float32s

    def fit(self, vectors: Float32s, targets: Ints, n_classes: int, weights: Floats, held_out: Ints) -> Floats:
        """Train, and return leave-one-out decision values of the examples ``held_out``.

        Args:
            vectors: shape (examples, dimensions).
            targets: shape (examples,), position of each example's class.
            n_classes: number of classes; those without examples are allowed.
            weights: shape (examples,), how much each counts.
            held_out: positions of examples.

        Returns:
            Shape (held out, classes): what each would get, had it not been among the examples.
        """
        from scipy.linalg import cho_solve, cholesky, solve_triangular

        self.centre = vectors.mean(axis=0)
        self.examples = self._placed(vectors)
        wanted = np.full((len(targets), n_classes), -1.0, dtype=np.float32)
        wanted[np.arange(len(targets)), targets] = 1.0
        self.prior = wanted.mean(axis=0)
        wanted -= self.prior
        kernel = _kernel(self.examples, self.examples)
        kernel[np.diag_indices_from(kernel)] += (RIDGE / np.maximum(weights, _SMALLEST_WEIGHT)).astype(np.float32)
        factor = cholesky(kernel, lower=True, overwrite_a=True, check_finite=False)
        coefficients = cho_solve((factor, True), wanted, check_finite=False)
        self.coefficients = np.rint(coefficients.astype(np.float64) * _COEFFICIENT_STEPS)
        inverse = np.empty(len(held_out), dtype=np.float64)
        for start in range(0, len(held_out), _ROWS_AT_ONCE):
            rows = held_out[start : start + _ROWS_AT_ONCE]
            columns = np.zeros((len(targets), len(rows)), dtype=np.float32)
            columns[rows, np.arange(len(rows))] = 1.0
            solved = solve_triangular(factor, columns, lower=True, overwrite_b=True, check_finite=False)
            inverse[start : start + len(rows)] = np.square(solved).sum(axis=0)
        left_out: Floats = (wanted + self.prior)[held_out] - coefficients[held_out] / inverse[:, None]
        return left_out

    def scores(self, vectors: Float32s) -> Floats:
        """Return decision values, shape (vectors, classes). No row depends on another, bit for bit."""
        found = np.empty((len(vectors), len(self.prior)))
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            rows = vectors[start : start + _ROWS_AT_ONCE]
            steps = np.rint(_kernel(self._placed(rows), self.examples) * np.float32(_KERNEL_STEPS))
            found[start : start + len(rows)] = steps.astype(np.float64) @ self.coefficients
        return found / (_KERNEL_STEPS * _COEFFICIENT_STEPS) + self.prior

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "examples": self.examples.astype(np.int16)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({**state, "examples": state["examples"].astype(np.float32)})

    def _placed(self, vectors: Float32s) -> Float32s:
        """Return centred unit vectors as whole numbers of steps."""
        centred = vectors - self.centre
        lengths = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
        placed: Float32s = np.rint(centred * (np.float32(_VECTOR_STEPS) / np.where(lengths > 0, lengths, 1)))
        return placed


def _kernel(left: Float32s, right: Float32s) -> Float32s:
    """Return exp(sharpness x (cosine - 1)), shape (left, right)."""
    kernel: Float32s = left @ right.T
    kernel *= np.float32(SHARPNESS / _VECTOR_STEPS**2)
    kernel -= np.float32(SHARPNESS)
    return np.exp(kernel, out=kernel)
