"""Training and scoring the estimator on labelled CSV files, with any labels: what it is worth on your own data."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import polars as pl

from complaints_platform.classification import embeddings
from complaints_platform.classification.arrays import Floats
from complaints_platform.classification.cascade import CascadeClassifier, best_tier
from complaints_platform.classification.measures import Measures, ScopeMeasures, measure, measure_scope
from complaints_platform.classification.tokens import normalise
from complaints_platform.classification.trained import Tier
from complaints_platform.errors import ModelError


class CsvEvaluation(Measures):
    """Quality of predictions and what they cost. Times are wall-clock seconds of one training on average."""

    tier: str
    train_seconds: float
    docs_per_second: float
    n_train: int
    share_judged_twice: float


class ScopedCsvEvaluation(CsvEvaluation, ScopeMeasures):
    """The same, and how well texts of no class are rejected."""


@dataclass(frozen=True)
class Options:
    """How to evaluate.

    Attributes:
        text: name of the column of texts.
        label: name of the column of labels.
        tier: ``core`` or ``full``; by default ``full`` if the extra is installed.
        out_of_scope: label of texts of no class. Those of the training file teach what no class looks like; those
            of the test file count only in the measures of scope.
        per_class: train on so many texts a class, drawn at random.
        seed: of that draw and of the folds.
    """

    text: str = "text"
    label: str = "label"
    tier: Tier | None = None
    out_of_scope: str | None = None
    per_class: int | None = None
    seed: int = 0

    def chosen_tier(self) -> Tier:
        """Return the tier, by default the best one installed.

        Raises:
            ModelError: the full tier is chosen and the extra is not installed.
        """
        if self.tier == "full":
            embeddings.require_installed()
        return self.tier or best_tier()


def evaluate_csv(train: Path, test: Path, options: Options | None = None) -> CsvEvaluation:
    """Train on one labelled CSV and score on another.

    Rows without text or label are left out. Coverage is taken by confidence. Scoring time is that of a first
    pass, with no token cached.

    Raises:
        ModelError: a file can't be read, lacks a column or usable rows, there is only one class to train on, or the
            tier needs an extra that is not installed.
    """
    options = options or Options()
    training, testing = _labelled_texts(train, options), _labelled_texts(test, options)
    return _evaluate([(training, testing)], options, train)


def cross_validate_csv(path: Path, folds: int, options: Options | None = None) -> CsvEvaluation:
    """Train on all but one part of a labelled CSV and score on that part, for each part in turn.

    Equal texts (but for case, digits and white space) count once, labelled as they first are, so that no
    text is scored that was trained on. All predictions are measured together.

    Raises:
        ModelError: as for ``evaluate_csv``; or there are fewer than two parts.
    """
    if folds < 2:  # noqa: PLR2004 - one part would leave nothing to train on
        raise ModelError(f"cross-validation takes two folds or more, not {folds}")
    options = options or Options()
    rows = _labelled_texts(path, options)
    key = pl.Series("key", [normalise(text) for text in rows["text"]], dtype=pl.String)
    rows = rows.with_columns(key).unique("key", keep="first", maintain_order=True).drop("key")
    part = pl.int_range(pl.len()).shuffle(options.seed).rank("ordinal").over("label") % folds
    numbered = rows.with_columns(part=part)
    return _evaluate(
        [
            (numbered.filter(pl.col("part") != number).drop("part"), numbered.filter(pl.col("part") == number))
            for number in range(folds)
        ],
        options,
        path,
    )


class _Scored(NamedTuple):
    """Predictions of one test set."""

    truth: list[str]
    predicted: list[str]
    confidence: Floats
    in_scope: Floats
    """How much rather a text seems to be of some class than of none."""
    train_seconds: float
    score_seconds: float
    n_train: int
    share: float

    @classmethod
    def of(cls, training: pl.DataFrame, testing: pl.DataFrame, options: Options) -> Self:
        started = time.perf_counter()
        estimator = CascadeClassifier(options.chosen_tier()).fit(training["text"], training["label"].to_list())
        trained = time.perf_counter()
        judged = estimator.judge(testing["text"])
        scored = time.perf_counter()
        is_class = estimator.classes_ != options.out_of_scope
        classes, scores = estimator.classes_[is_class], judged.scores[:, is_class]
        highest = scores.max(axis=1)
        rejected = judged.scores[:, ~is_class]
        return cls(
            truth=testing["label"].to_list(),
            predicted=classes[scores.argmax(axis=1)].tolist(),
            confidence=judged.probabilities[:, is_class].max(axis=1),
            in_scope=highest - rejected[:, 0] if rejected.shape[1] else highest,
            train_seconds=trained - started,
            score_seconds=scored - trained,
            n_train=training.height,
            share=estimator.share_,
        )


def _evaluate(splits: list[tuple[pl.DataFrame, pl.DataFrame]], options: Options, path: Path) -> CsvEvaluation:
    parts = [_Scored.of(_drawn(training, options, path), testing, options) for training, testing in splits]
    truth = [label for part in parts for label in part.truth]
    predicted = [label for part in parts for label in part.predicted]
    confidence = np.concatenate([part.confidence for part in parts])
    of_class = np.flatnonzero([label != options.out_of_scope for label in truth])
    certainty = confidence[of_class]
    measures = measure([truth[row] for row in of_class], [predicted[row] for row in of_class], certainty, certainty)
    evaluation = CsvEvaluation(
        **measures,
        tier=options.chosen_tier(),
        train_seconds=float(np.mean([part.train_seconds for part in parts])),
        docs_per_second=len(truth) / sum(part.score_seconds for part in parts),
        n_train=round(np.mean([part.n_train for part in parts])),
        share_judged_twice=float(np.mean([part.share for part in parts])),
    )
    if options.out_of_scope is None:
        return evaluation
    in_scope = np.concatenate([part.in_scope for part in parts])
    return ScopedCsvEvaluation(**evaluation, **measure_scope(truth, predicted, in_scope, options.out_of_scope))


def _drawn(training: pl.DataFrame, options: Options, path: Path) -> pl.DataFrame:
    """Return the rows to train on: all, or ``per_class`` of each class."""
    if options.per_class is not None:
        rank = pl.int_range(pl.len()).shuffle(options.seed).rank("ordinal").over("label")
        training = training.filter(rank <= options.per_class)
    if training.filter(pl.col("label") != (options.out_of_scope or ""))["label"].n_unique() < 2:  # noqa: PLR2004
        raise ModelError(f"{path}: column {options.label!r} holds one class only; training needs at least two")
    return training


def _labelled_texts(path: Path, options: Options) -> pl.DataFrame:
    """Return text and label of the rows that have both."""
    frame = _read(path)
    missing = [name for name in (options.text, options.label) if name not in frame.columns]
    if missing:
        raise ModelError(
            f"{path}: has no column {', '.join(missing)}; its columns are {', '.join(frame.columns)}. "
            "Name the right ones with --text and --label"
        )
    usable = frame.select(text=options.text, label=options.label).filter(
        pl.col("text").str.strip_chars() != "", pl.col("label").str.strip_chars() != ""
    )
    if usable.is_empty():
        raise ModelError(f"{path}: no row has both {options.text!r} and {options.label!r}")
    return usable


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ModelError(f"{path}: can't be read as CSV: {error}") from error
