"""The cascade: a fast classifier for every text, a better and slower one for those it is unsure of.

Here belong which classifier judges which text, and how both judgements become one.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from complaints_platform.classification import embeddings
from complaints_platform.classification.arrays import Float32s, Floats, Ints
from complaints_platform.classification.calibration import Calibration, fit_temperature, softmax
from complaints_platform.classification.estimator import ComplaintClassifier, TextClassifier, Texts
from complaints_platform.classification.kernel import KernelClassifier
from complaints_platform.classification.tokens import normalise_token, words
from complaints_platform.classification.trained import Tier
from complaints_platform.classification.word_vectors import WordVectors
from complaints_platform.errors import ModelError

MAX_CHARACTERS_EMBEDDED = 1_500_000
"""Of training texts: embedding so many takes about 40 s; of more texts a sample is embedded."""
MANY_TEXTS = 20_000
"""The second classifier learns from all texts up to so many; its kernel then takes 1.6 GB while training."""
EXAMPLES_OF_MANY = 8000
"""Of more texts it learns from so many: the fast classifier has enough by then, and time grows with the cube."""
MAX_HELD_OUT = 4000
"""Held-out texts that the cascade is fitted to: each costs a row of the inverse kernel."""
MIN_FITTED = 200
"""Doubtful held-out texts that the fusion is fitted to at least, as far as there are so many."""
FUSION_WEIGHTS = tuple(step / 10 for step in range(1, 11))
SHARES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
ACCURACY_FORGONE = 0.002
"""A smaller share of doubtful texts is taken if held-out accuracy is lower by no more than this."""
_WEAK_PENALTY = 100.0
_CHARACTERS_PER_TOKEN = 4


def best_tier() -> Tier:
    """Return ``full`` where the extra is installed, else ``core``."""
    return "full" if embeddings.installed() else "core"


class Judgement(NamedTuple):
    """What a classifier says of texts, both of shape (texts, classes)."""

    scores: Floats
    """Decision values; the highest one tells how sure it is, comparable over texts."""
    probabilities: Floats
    """Calibrated, each row summing to one."""


class CascadeClassifier(TextClassifier):
    """Word and character SVM for all texts, fused with kernel regression on vectors of meaning for doubtful ones.

    The weights, and which texts are doubtful, are fitted to out-of-fold decision values: the smallest share is
    judged twice that gives all but ``ACCURACY_FORGONE`` of the accuracy.

    Attributes:
        classes_: the distinct labels, sorted; columns of scores and probabilities.
        fast_: the classifier that judges every text.
        share_: share of held-out texts that are doubtful.
        encoder_: name of the sentence encoder that the full tier was trained with.
        held_out_: out-of-fold judgement of training texts by the whole cascade.
        held_out_rows_: which training texts those are.
    """

    def __init__(self, tier: Tier = "core", max_share: float = 1.0, fast: ComplaintClassifier | None = None) -> None:
        """Set parameters.

        Args:
            tier: ``core`` or ``full``; ``full`` needs the extra.
            max_share: at most this share of texts is judged twice, 0 for none. It bounds the cost.
            fast: parameters of the classifier that judges every text; by default its own defaults.
        """
        self.tier = tier
        self.max_share = max_share
        self.fast = fast

    def fit(
        self,
        X: Texts,  # noqa: N803 - scikit-learn's name
        y: Sequence[str] | npt.NDArray[Any],
        sample_weight: Any = None,
        calibration_weight: Any = None,
        variant_of: Any = None,
    ) -> Self:
        """Train on texts ``X`` with labels ``y``; arguments and errors are those of ``ComplaintClassifier.fit``.

        Where some texts have no variants, the second classifier learns from texts that are no variants, and is fitted
        to those without; else from all.

        Raises:
            ModelError: also if a parameter is out of range, or the extra is needed and not installed.
        """
        self._check()
        self.encoder_ = embeddings.ENCODER if self.tier == "full" else None
        texts = ["" if text is None else str(text) for text in X]
        weights = np.ones(len(texts)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        counting = weights if calibration_weight is None else np.asarray(calibration_weight, dtype=np.float64)
        self.fast_ = clone(self.fast or ComplaintClassifier())
        original = np.arange(len(texts)) if variant_of is None else np.asarray(variant_of)
        self.fast_.fit(texts, y, weights, counting, original)
        self.classes_ = self.fast_.classes_
        targets = np.searchsorted(self.classes_, np.asarray(y))
        self.words_ = WordVectors().fit(texts) if self.tier == "core" else None
        self.second_: _Second | None = None
        self.held_out_rows_ = self.fast_.held_out_rows_
        scores = self.fast_.held_out_scores_
        self.held_out_ = Judgement(scores, self.fast_.calibration_.probabilities(scores))
        if self.max_share and len(self.held_out_rows_):
            self._fit_second(texts, original, _Truth(targets, weights * self.fast_.trust_), counting)
        self.fast_.forget_held_out()
        return self

    def judge(self, X: Texts) -> Judgement:  # noqa: N803 - scikit-learn's name
        """Return decision values and probabilities of texts. No row depends on another, bit for bit."""
        check_is_fitted(self)
        texts = X if isinstance(X, pl.Series) else pl.Series("text", list(X), dtype=pl.String)
        scores = self.fast_.class_scores(texts)
        probabilities = self.fast_.calibration_.probabilities(scores)
        second = self.second_
        if second is None:
            return Judgement(scores, probabilities)
        doubtful = np.flatnonzero(probabilities.max(axis=1, initial=0.0) < second.doubt)
        if len(doubtful):
            vectors = self._encode(texts.gather(doubtful).fill_null("").to_list())
            judged = second.judge(scores[doubtful], second.kernel.scores(vectors))
            scores[doubtful], probabilities[doubtful] = judged
        return Judgement(scores, probabilities)

    def class_scores(self, X: Texts) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return one decision value for each text and class, for two classes too."""
        return self.judge(X).scores

    def predict_proba(self, X: Texts) -> Floats:  # noqa: N803 - scikit-learn's name
        """Return calibrated probabilities, shape (texts, classes)."""
        return self.judge(X).probabilities

    @property
    def share_(self) -> float:
        """Share of held-out texts that are judged twice."""
        return 0.0 if self.second_ is None else self.second_.share

    def knows_a_word(self, token: str) -> bool:
        """Tell whether a token holds a word of two letters or more from the training texts."""
        known = self.fast_.scorer_.features.word_ids
        return any(len(word) > 1 and word.isalpha() and word in known for word in words(normalise_token(token)))

    def forget_held_out(self) -> None:
        """Drop the out-of-fold judgement once it is evaluated, to keep the stored model small."""
        del self.held_out_, self.held_out_rows_

    def _check(self) -> None:
        if self.tier not in ("core", "full"):
            raise ModelError(f"the tier is core or full, not {self.tier!r}")
        if not 0 <= self.max_share <= 1:
            raise ModelError(f"max_share is a share from 0 to 1, not {self.max_share}")
        if self.tier == "full":
            embeddings.require_installed()

    def _encode(self, texts: Sequence[str]) -> Float32s:
        if self.encoder_ not in (None, embeddings.ENCODER):
            raise ModelError(
                f"trained with the encoder {self.encoder_}, installed is {embeddings.ENCODER}: train it again"
            )
        return embeddings.encode(texts) if self.words_ is None else self.words_.encode(texts)

    def _fit_second(self, texts: Sequence[str], original: Ints, truth: "_Truth", counting: Floats) -> None:
        """Fit the second classifier and what joins both; the held-out judgement becomes the cascade's."""
        rng = np.random.default_rng(self.fast_.seed)
        alone = np.bincount(original, minlength=len(texts))[original] == 1
        usable = (original == np.arange(len(texts))) if alone.any() else np.ones(len(texts), dtype=np.bool_)
        candidates = np.flatnonzero(alone[self.held_out_rows_] | ~alone.any())
        at = np.sort(rng.permutation(candidates)[:MAX_HELD_OUT])
        held_out = self.held_out_rows_ = self.held_out_rows_[at]
        fast = Judgement(self.held_out_.scores[at], self.held_out_.probabilities[at])
        limit = MAX_CHARACTERS_EMBEDDED if self.tier == "full" else None
        rows = np.flatnonzero(usable)
        chosen = rows[_sample([texts[row] for row in rows.tolist()], truth.target[rows], limit, rng)]
        vectors = self._encode([texts[row] for row in chosen])
        kernel, classes = KernelClassifier(), len(self.classes_)
        scores = np.empty((len(at), classes))
        inside = np.isin(held_out, chosen)
        known = np.searchsorted(chosen, held_out[inside])
        if alone.any():
            scores[inside] = kernel.fit(vectors, truth.target[chosen], classes, truth.weight[chosen], known)
        else:
            # Left out alone, a text would be judged by its own variants: what is held out is left out together.
            rest = np.flatnonzero(~np.isin(original[chosen], original[held_out]))
            kernel.fit(vectors[rest], truth.target[chosen[rest]], classes, truth.weight[chosen[rest]], known[:0])
            scores[inside] = kernel.scores(vectors[known])
        if not inside.all():
            scores[~inside] = kernel.scores(self._encode([texts[row] for row in held_out[~inside]]))
        if not alone.any():
            kernel.fit(vectors, truth.target[chosen], classes, truth.weight[chosen], known[:0])
        judged = _Truth(truth.target[held_out], counting[held_out])
        self.second_ = _Second.fit(kernel, fast, scores, judged, self.max_share)
        doubtful = np.flatnonzero(fast.probabilities.max(axis=1) < self.second_.doubt)
        fast.scores[doubtful], fast.probabilities[doubtful] = self.second_.judge(
            fast.scores[doubtful], scores[doubtful]
        )
        self.held_out_ = fast


class _Truth(NamedTuple):
    """Classes of held-out texts, shape (texts,), and how much each counts."""

    target: Ints
    weight: Floats

    def at(self, rows: Ints) -> "_Truth":
        return _Truth(self.target[rows], self.weight[rows])

    def accuracy(self, scores: Floats) -> float:
        return float(self.weight @ (scores.argmax(axis=1) == self.target) / max(self.weight.sum(), 1e-12))


class _Second(NamedTuple):
    """The second classifier, and how its judgement joins the first one's."""

    kernel: KernelClassifier
    weight: float
    """Of the second classifier's decision values; the first one's have the rest."""
    slope: float
    offset: float
    """Put joint decision values on the first classifier's scale: equal ones are equally often right."""
    calibration: Calibration
    doubt: float
    """Texts whose probability by the first classifier is below it are judged twice."""
    share: float

    @classmethod
    def fit(cls, kernel: KernelClassifier, fast: Judgement, scores: Floats, truth: _Truth, max_share: float) -> Self:
        """Fit to held-out judgements: ``scores`` are the second classifier's, shape (texts, classes)."""
        confidence = fast.probabilities.max(axis=1)
        order = np.argsort(confidence, kind="stable")
        fitted = order[: max(round(max_share * len(order)), min(MIN_FITTED, len(order)))]
        weight = _fusion_weight(fast.scores[fitted], scores[fitted], truth.at(fitted))
        joint = (1 - weight) * fast.scores + weight * scores
        count = _doubtful_count(fast.scores, joint, order, truth, max_share)
        doubt = float(confidence[order[count]]) if count < len(order) else 2.0
        doubtful = order[: max(count, min(MIN_FITTED, len(order)))]
        slope, offset = _same_scale(fast.scores, joint[doubtful], truth, truth.at(doubtful))
        calibration = Calibration.fit(joint[doubtful] * slope + offset, *truth.at(doubtful))
        return cls(kernel, weight, slope, offset, calibration, doubt, count / len(order))

    def judge(self, fast_scores: Floats, scores: Floats) -> Judgement:
        """Return the joint judgement of texts that both classifiers scored, shape (texts, classes) each."""
        joint = ((1 - self.weight) * fast_scores + self.weight * scores) * self.slope + self.offset
        return Judgement(joint, self.calibration.probabilities(joint))


def _sample(texts: Sequence[str], targets: Ints, max_characters: int | None, rng: np.random.Generator) -> Ints:
    """Return sorted positions of texts to learn from: all, or as many of each class as there is room for."""
    lengths = np.array([len(text) for text in texts])
    characters = np.minimum(lengths, embeddings.MAX_TOKENS * _CHARACTERS_PER_TOKEN)
    order = rng.permutation(len(texts))
    rank = np.empty(len(texts), dtype=np.int64)
    for target in np.unique(targets):
        rows = order[targets[order] == target]
        rank[rows] = np.arange(len(rows))
    in_turn = np.argsort(rank, kind="stable")
    if len(texts) > MANY_TEXTS:
        in_turn = in_turn[:EXAMPLES_OF_MANY]
    if max_characters is not None:
        in_turn = in_turn[np.cumsum(characters[in_turn]) <= max_characters]
    return np.sort(in_turn)


def _fusion_weight(fast: Floats, scores: Floats, truth: _Truth) -> float:
    """Return the weight under which the joint decision values give the true classes the highest likelihood."""
    return min(FUSION_WEIGHTS, key=lambda weight: _loss((1 - weight) * fast + weight * scores, truth))


def _loss(scores: Floats, truth: _Truth) -> float:
    temperature = fit_temperature(scores, *truth)
    chosen = softmax(scores, temperature)[np.arange(len(scores)), truth.target]
    return -float(truth.weight @ np.log(np.maximum(chosen, np.finfo(np.float64).tiny)))


def _doubtful_count(fast: Floats, joint: Floats, order: Ints, truth: _Truth, max_share: float) -> int:
    """Return how many of the least confident texts are worth judging twice."""
    counts = [0, *(round(share * len(order)) for share in SHARES if share < max_share), round(max_share * len(order))]
    accuracies = []
    for count in counts:
        cascade = fast.copy()
        cascade[order[:count]] = joint[order[:count]]
        accuracies.append(truth.accuracy(cascade))
    enough = max(accuracies) - ACCURACY_FORGONE
    return next(count for count, accuracy in zip(counts, accuracies, strict=True) if accuracy >= enough)


def _same_scale(fast: Floats, joint: Floats, truth: _Truth, truth_of_joint: _Truth) -> tuple[float, float]:
    """Return slope and offset that put joint decision values on the scale of the fast ones."""
    first, second = _log_odds(fast, truth), _log_odds(joint, truth_of_joint)
    if first is None or second is None:
        return 1.0, 0.0
    return second[0] / first[0], (second[1] - first[1]) / first[0]


def _log_odds(scores: Floats, truth: _Truth) -> tuple[float, float] | None:
    """Return slope and intercept of the log odds of being right over the highest decision value, if it rises."""
    from sklearn.linear_model import LogisticRegression

    correct = scores.argmax(axis=1) == truth.target
    if len(np.unique(correct[truth.weight > 0])) == 1:
        return None
    fitted = LogisticRegression(C=_WEAK_PENALTY).fit(scores.max(axis=1)[:, None], correct, sample_weight=truth.weight)
    slope = float(fitted.coef_[0, 0])
    return (slope, float(fitted.intercept_[0])) if slope > 0 else None
