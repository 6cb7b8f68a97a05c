"""The fast classifier made of scikit-learn's own parts alone: what the cached one is held against.

The same words, pairs and character n-grams by ``TfidfVectorizer``, the same weighting, the same ``LinearSVC``.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from complaints_platform.classification.estimator import SOLVER_ITERATIONS, SOLVER_TOLERANCE
from complaints_platform.classification.features import MIN_TEXTS_GRAM, WORD_SHARE
from complaints_platform.classification.tokens import MAX_GRAM, MIN_GRAM, WORD_PATTERN, normalise


class PlainPipeline:
    """Fitted on texts; ``transform`` gives the features, ``fit_svm`` the classifier over them."""

    def __init__(self, texts: Sequence[str]) -> None:
        common = {"lowercase": False, "preprocessor": normalise, "norm": None}
        self.words = TfidfVectorizer(token_pattern=WORD_PATTERN, ngram_range=(1, 2), **common)
        self.grams = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(MIN_GRAM, MAX_GRAM), min_df=MIN_TEXTS_GRAM, **common
        )
        words, grams = self.words.fit_transform(texts), self.grams.fit_transform(texts)
        self.balance = grams.sum() / words.sum() * WORD_SHARE / (1 - WORD_SHARE)
        self.scale = 1.0
        unscaled = self.transform(texts)
        norms = np.asarray(unscaled.multiply(unscaled).sum(axis=1)).ravel()
        self.scale = np.sqrt(2.0 / norms[norms > 0].mean())

    def transform(self, texts: Sequence[str]) -> Any:
        """Return the features, sparse, shape (texts, columns)."""
        words, grams = self.words.transform(texts), self.grams.transform(texts)
        mass = np.asarray(self.balance * words.sum(axis=1) + grams.sum(axis=1)).ravel()
        factor = self.scale / np.sqrt(np.where(mass > 0, mass, 1.0))
        return sparse.csr_matrix(sparse.diags(factor) @ sparse.hstack([np.sqrt(self.balance) * words, grams]))

    def names(self) -> list[str]:
        """Return the names of the columns; those of character n-grams begin with ``gram:``."""
        return [*self.words.get_feature_names_out(), *("gram:" + name for name in self.grams.get_feature_names_out())]

    def fit_svm(self, texts: Sequence[str], labels: Sequence[str]) -> LinearSVC:
        """Return the linear SVM over the features of ``texts``."""
        svm = LinearSVC(C=0.5, tol=SOLVER_TOLERANCE, max_iter=SOLVER_ITERATIONS, random_state=0)
        return svm.fit(self.transform(texts), labels)
