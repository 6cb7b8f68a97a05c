"""The fast classifier as a scikit-learn estimator: texts in, classes and calibrated probabilities out.

It knows nothing of taxonomies or complaints; those belong in ``training``.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from complaints_platform.classification.arrays import Booleans, Float32s, Floats, Ints
from complaints_platform.classification.calibration import Calibration
from complaints_platform.classification.features import Occurrences, TokenFeatures, count_matrix, ragged
from complaints_platform.classification.noise import noisy_copies
from complaints_platform.classification.scoring import TokenScorer
from complaints_platform.classification.tokens import text_keys, tokenise
from complaints_platform.classification.word_vectors import WordVectors, pieces_of_tokens
from complaints_platform.errors import ModelError

MAX_NOISY_COPIES = 20_000
"""More copies than this cost training time and no longer help."""
MAX_CHARACTERS_TO_COPY = 500
"""Longer texts have words enough that some misspelt ones don't matter, and cost most to train on."""
MANY_TEXTS = 10_000
HELD_OUT_OF_MANY = 5_000
"""Above ``MANY_TEXTS`` that are no variants about so many are held out, once, in place of all in turn."""
VERY_MANY_TEXTS = 50_000
"""Above so many the classifier is the one that did not see the held-out texts: it takes half as long to train."""
SMALLEST_TRUST = 0.02
SOLVER_TOLERANCE = 0.05
"""Accuracy is that of 0.001 within 0.1 points on three public data sets, up to 2.6 times faster."""
SOLVER_ITERATIONS = 2000
MEANING_RIDGE = 1.0
"""Penalty on the regression on meaning, in mean variances of the vectors; from 0.3 to 3 accuracy stays within 0.2."""
_SMALLEST_RIDGE = 1e-9
_FEWEST_OF_A_CLASS = 4
"""Of a class with fewer texts none is held out."""
_SCORE_OF_UNSEEN = -1.0
"""What a margin classifier aims at for texts that are not of the class."""

Texts = Sequence[str | None] | npt.NDArray[Any] | pl.Series


class _Examples(NamedTuple):
    """Features of training texts and their copies, and what the texts are."""

    matrix: Any
    """Shape (texts and copies, columns); the texts come first."""
    meanings: Float32s | None
    """Shape (texts and copies, dimensions): sums of the vectors of their pieces; None where they don't count."""
    origin: Ints
    """Shape (texts and copies,): the text that each row is, or is a copy of."""
    targets: Ints
    """Shape (texts,): position of each text's class."""
    weights: Floats
    """Shape (texts,)."""
    one_fold: bool
    """Only the last fold is held out."""


class _Solved(NamedTuple):
    """A linear classifier."""

    coefficients: Floats
    """Shape (classes, columns)."""
    intercept: Floats
    """Shape (classes,)."""
    meaning: Floats | None
    """Shape (dimensions, classes): what the vectors of pieces add."""


class TextClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """What scikit-learn asks of a classifier, made from ``class_scores``."""

    classes_: npt.NDArray[Any]

    def class_scores(self, X: Texts) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return one decision value for each text and class, for two classes too."""
        raise NotImplementedError

    def decision_function(self, X: Texts) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return decision values: shape (texts, classes), or (texts,) of two classes: second minus first, halved."""
        scores = self.class_scores(X)
        return (scores[:, 1] - scores[:, 0]) / 2 if len(self.classes_) == 2 else scores  # noqa: PLR2004 - two classes

    def predict(self, X: Texts) -> npt.NDArray[Any]:  # noqa: N803 - scikit-learn's name
        """Return the class of highest decision value of each text."""
        chosen: npt.NDArray[Any] = self.classes_[self.class_scores(X).argmax(axis=1)]
        return chosen


class ComplaintClassifier(TextClassifier):
    """Linear SVM over words, word pairs and character n-grams, with calibrated probabilities.

    Attributes:
        classes_: the distinct labels, sorted; columns of scores and probabilities.
        calibration_: turns decision values into probabilities.
        held_out_scores_: out-of-fold decision values of training texts, shape (texts, classes).
        held_out_rows_: which training texts those are.
        trust_: how much each training text's label counts, beside its weight; shape (texts,).
    """

    def __init__(
        self,
        C: float = 0.5,  # noqa: N803 - scikit-learn's name
        noise: bool = True,  # noqa: FBT001, FBT002 - scikit-learn's form of parameters
        folds: int = 4,
        seed: int = 0,
        noisy_labels: bool = False,  # noqa: FBT001, FBT002 - scikit-learn's form of parameters
        meaning: bool = False,  # noqa: FBT001, FBT002 - scikit-learn's form of parameters
    ) -> None:
        """Set parameters.

        Args:
            C: inverse strength of regularisation.
            noise: also train on a misspelt copy of each text.
            folds: parts for the out-of-fold decision values that calibrate probabilities.
            seed: of the noise and the solver.
            noisy_labels: let labels count less that the others contradict (up to ``MANY_TEXTS`` texts). Where every
                tenth label is wrong this gains 1.0 to 1.5 points, where none is it costs up to 0.4.
            meaning: add ridge regression on the vectors of ``word_vectors``, which know what texts have in common that
                share no word. Both are sums over tokens, so it costs nothing in prediction. With few texts it gains 1.5
                points; with many it costs up to 0.5, and the cascade's second classifier makes more of the vectors.
        """
        self.C = C
        self.noise = noise
        self.folds = folds
        self.seed = seed
        self.noisy_labels = noisy_labels
        self.meaning = meaning

    def fit(
        self,
        X: Texts,  # noqa: N803 - scikit-learn's name
        y: Sequence[str] | npt.NDArray[Any],
        sample_weight: Any = None,
        calibration_weight: Any = None,
        variant_of: Any = None,
    ) -> Self:
        """Train on texts ``X`` with labels ``y``.

        Args:
            X: texts; a null counts as an empty one.
            y: the label of each text.
            sample_weight: how much each text counts in training; equally by default.
            calibration_weight: how much it counts in calibration; as in training by default.
            variant_of: the position of the text that each is a variant of, its own if of none. Variants are held out
                together, and neither they nor what they vary is misspelt.

        Raises:
            ModelError: lengths differ, no text holds a word, or there are fewer than two classes.
        """
        texts = ["" if text is None else str(text) for text in X]
        labels = np.asarray(y)
        weights = np.ones(len(texts)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if not len(texts) == len(labels) == len(weights):
            raise ModelError(f"{len(texts)} texts, {len(labels)} labels and {len(weights)} weights don't fit together")
        self.classes_, targets = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:  # noqa: PLR2004 - two classes
            raise ModelError("training needs texts of at least two classes")
        original = np.arange(len(texts)) if variant_of is None else np.asarray(variant_of)
        alone = np.bincount(original, minlength=len(texts))[original] == 1
        copied = self._texts_to_copy(texts, alone)
        copies = noisy_copies([texts[row] for row in copied], self.seed)
        features = TokenFeatures()
        matrix = features.fit_transform([*texts, *copies])
        pieces = WordVectors().fit(texts).weighted if self.meaning else None
        meanings = None if pieces is None else _sums_of_pieces([*texts, *copies], pieces)
        origin = np.concatenate([np.arange(len(texts)), copied])
        many = int(alone.sum()) > MANY_TEXTS
        examples = _Examples(matrix, meanings, origin, targets, weights, many or not alone.any())
        keys = text_keys([texts[row] for row in original]).to_numpy()
        fold_of = _one_fold(keys, targets, alone) if many else _folds(keys, targets, self.folds)
        solved = self._hold_out(features, examples, fold_of)
        rows = self.held_out_rows_
        counting = (weights if calibration_weight is None else np.asarray(calibration_weight, dtype=np.float64))[rows]
        self.calibration_ = Calibration.fit(self.held_out_scores_, targets[rows], counting)
        self.trust_ = self._trust(targets, alone)
        weights = weights * self.trust_
        if len(texts) <= VERY_MANY_TEXTS or solved is None:
            solved = self._solve(examples._replace(weights=weights), features, np.arange(len(origin)))
        scores = None if pieces is None or solved.meaning is None else pieces @ solved.meaning
        self.scorer_ = TokenScorer(features, solved.coefficients, solved.intercept, scores)
        return self

    def class_scores(self, X: Texts) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return one decision value for each text and class."""
        check_is_fitted(self)
        series = X if isinstance(X, pl.Series) else pl.Series("text", list(X), dtype=pl.String)
        return self.scorer_.score(series)

    def predict_proba(self, X: Texts) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return calibrated probabilities, shape (texts, classes)."""
        return self.calibration_.probabilities(self.class_scores(X))

    def forget_held_out(self) -> None:
        """Drop the out-of-fold decision values once they are evaluated, to keep the stored model small."""
        del self.held_out_scores_, self.held_out_rows_, self.trust_

    def _trust(self, targets: Ints, alone: Booleans) -> Floats:
        """Return how much each label counts, from 0 to 1: by its out-of-fold probability, relative to its class.

        Relative to the class because labels of rare classes are all improbable, which does not make them wrong. Texts
        with variants were written for their class: they count fully.
        """
        trust = np.ones(len(targets))
        rows = self.held_out_rows_
        if not self.noisy_labels or int(alone.sum()) > MANY_TEXTS or not len(rows):
            return trust
        probabilities = self.calibration_.probabilities(self.held_out_scores_)
        own = probabilities[np.arange(len(rows)), targets[rows]] / probabilities.max(axis=1)
        of_class = np.bincount(targets[rows], own, len(self.classes_)) / np.bincount(
            targets[rows], minlength=len(self.classes_)
        ).clip(1)
        relative = own / np.maximum(of_class[targets[rows]], np.finfo(np.float64).tiny)
        trust[rows] = np.where(alone[rows], np.sqrt(relative).clip(SMALLEST_TRUST, 1.0), 1.0)
        return trust

    def _texts_to_copy(self, texts: Sequence[str], alone: Booleans) -> Ints:
        if not self.noise:
            return np.empty(0, dtype=np.int64)
        short = np.flatnonzero(alone & np.array([len(text) <= MAX_CHARACTERS_TO_COPY for text in texts]))
        if len(short) <= MAX_NOISY_COPIES:
            return short
        return np.sort(np.random.default_rng(self.seed).choice(short, MAX_NOISY_COPIES, replace=False))

    def _solve(self, examples: _Examples, features: TokenFeatures, rows: Ints) -> _Solved:
        """Train on some rows; classes without texts always score -1 by words, and by meaning as of none."""
        from sklearn.svm import LinearSVC

        matrix = examples.matrix[rows]
        targets, weights = examples.targets[examples.origin[rows]], examples.weights[examples.origin[rows]]
        svm = LinearSVC(C=self.C, tol=SOLVER_TOLERANCE, max_iter=SOLVER_ITERATIONS, random_state=self.seed)
        svm.fit(matrix, targets, sample_weight=weights)
        found, found_intercept = svm.coef_, svm.intercept_
        if len(svm.classes_) == 2:  # noqa: PLR2004 - scikit-learn gives one row for two classes
            found, found_intercept = np.vstack([-found, found]), np.concatenate([-found_intercept, found_intercept])
        coefficients = np.zeros((len(self.classes_), matrix.shape[1]))
        intercept = np.full(len(self.classes_), _SCORE_OF_UNSEEN)
        coefficients[svm.classes_], intercept[svm.classes_] = found, found_intercept
        if examples.meanings is None:
            return _Solved(coefficients, intercept, None)
        vectors = examples.meanings[rows] / features.roots(matrix)[:, None]
        return _Solved(coefficients, intercept, _ridge(vectors, targets, weights, len(self.classes_)))

    def _hold_out(self, features: TokenFeatures, examples: _Examples, fold_of: Ints) -> _Solved | None:
        """Score each text by a solver that saw neither it nor its copy; return the last one solved.

        Of many texts, or if all have variants, one fold is enough: few numbers are fitted to the scores, and each
        fold costs a training. It is the last one, which holds no text of classes that have hardly any.
        """
        matrix, origin, targets = examples.matrix, examples.origin, examples.targets
        scores = np.full((len(targets), len(self.classes_)), np.nan)
        solved = None
        for fold in [fold_of.max()] if examples.one_fold else np.unique(fold_of):
            train = np.flatnonzero(fold_of[origin] != fold)
            held_out = np.flatnonzero(fold_of == fold)
            if len(held_out) and len(np.unique(targets[origin[train]])) > 1:
                solved = self._solve(examples, features, train)
                known = np.bincount(matrix[train].indices, minlength=matrix.shape[1]) > 0
                unseen = features.as_if_unknown(matrix[held_out], known)
                scores[held_out] = unseen @ solved.coefficients.T + solved.intercept
                if examples.meanings is not None and solved.meaning is not None:
                    vectors = examples.meanings[held_out] / features.roots(unseen)[:, None]
                    scores[held_out] += vectors @ solved.meaning
        self.held_out_rows_ = np.flatnonzero(~np.isnan(scores[:, 0]))
        self.held_out_scores_ = scores[self.held_out_rows_]
        return solved


def _folds(keys: npt.NDArray[Any], targets: Ints, folds: int) -> Ints:
    """Deal the texts of each class into ``folds`` parts, equal ``keys`` (of texts) into the same one."""
    fold_of = np.empty(len(keys), dtype=np.int64)
    for target in np.unique(targets):
        rows = np.flatnonzero(targets == target)
        _, rank = np.unique(keys[rows], return_inverse=True)
        fold_of[rows] = rank % folds
    return fold_of


def _one_fold(keys: npt.NDArray[Any], targets: Ints, alone: Booleans) -> Ints:
    """Put about ``HELD_OUT_OF_MANY`` texts into fold 1, the others into fold 0: none of a class that has hardly any.

    Those of the lowest keys, so that a text stays where it is when others are added.
    """
    common = np.bincount(targets)[targets] >= _FEWEST_OF_A_CLASS
    candidates = np.flatnonzero(alone & common)
    if not len(candidates):
        return np.zeros(len(keys), dtype=np.int64)
    last = np.sort(keys[candidates])[min(HELD_OUT_OF_MANY, len(candidates)) - 1]
    fold_of = np.zeros(len(keys), dtype=np.int64)
    fold_of[candidates[keys[candidates] <= last]] = 1
    return fold_of


def _sums_of_pieces(texts: Sequence[str], weighted: Float32s) -> Float32s:
    """Return the sum of the vectors of each text's pieces, shape (texts, dimensions)."""
    batch = tokenise(pl.Series("text", texts, dtype=pl.String))
    starts = np.cumsum(batch.lengths) - batch.lengths
    of_tokens = count_matrix(ragged(pieces_of_tokens(batch.distinct)), len(weighted)).astype(np.float32) @ weighted
    tokens = count_matrix(Occurrences(batch.codes, starts, batch.lengths), len(batch.distinct))
    sums: Float32s = tokens.astype(np.float32) @ of_tokens
    return sums


def _ridge(vectors: Floats, targets: Ints, weights: Floats, classes: int) -> Floats:
    """Regress +1 (the class) and -1 (another), less their mean, on vectors; return slopes, (dimensions, classes).

    Without an intercept: a text that holds next to nothing gets next to nothing.
    """
    wanted = np.full((len(targets), classes), -1.0)
    wanted[np.arange(len(targets)), targets] = 1.0
    share = (weights / weights.sum())[:, None]
    gram = (vectors * share).T @ vectors
    gram[np.diag_indices_from(gram)] += MEANING_RIDGE * max(np.trace(gram) / len(gram), _SMALLEST_RIDGE)
    slopes: Floats = np.linalg.solve(gram, (vectors * share).T @ (wanted - (share * wanted).sum(axis=0)))
    return slopes
