"""Training and scoring the estimator on labelled CSV files: what it is worth on data of one's own.

The labels may be any; the taxonomy plays no part here. Measures are ``measures``'.
"""

import time
from pathlib import Path
from typing import TypedDict

import polars as pl

from complaints_platform.classification.estimator import ComplaintClassifier
from complaints_platform.classification.measures import Measures, measure
from complaints_platform.errors import ModelError


class CsvEvaluation(Measures):
    """Quality of predictions and what they cost. Times are wall-clock seconds."""

    train_seconds: float
    docs_per_second: float
    n_train: int


class _LabelledTexts(TypedDict):
    texts: pl.Series
    labels: list[str]


def evaluate_csv(train: Path, test: Path, text: str = "text", label: str = "label") -> CsvEvaluation:
    """Train on one labelled CSV and score on another.

    Rows without text or label are left out. Coverage is taken by highest decision value. Scoring time
    is that of a first pass, with no token cached.

    Args:
        train: CSV to train on, with a header.
        test: CSV to score on.
        text: name of the column of texts.
        label: name of the column of labels.

    Raises:
        ModelError: a file can't be read, lacks a column or usable rows, or there is only one class to train on.
    """
    training = _labelled_texts(train, text, label)
    testing = _labelled_texts(test, text, label)
    if len(set(training["labels"])) == 1:
        raise ModelError(f"{train}: column {label!r} holds one class only; training needs at least two")
    started = time.perf_counter()
    estimator = ComplaintClassifier().fit(training["texts"], training["labels"])
    trained = time.perf_counter()
    scores = estimator.class_scores(testing["texts"])
    probabilities = estimator.calibration_.probabilities(scores)
    predicted = estimator.classes_[scores.argmax(axis=1)].tolist()
    scored = time.perf_counter()
    measures = measure(testing["labels"], predicted, probabilities.max(axis=1), scores.max(axis=1))
    return CsvEvaluation(
        **measures,
        train_seconds=trained - started,
        docs_per_second=len(predicted) / (scored - trained),
        n_train=len(training["labels"]),
    )


def _labelled_texts(path: Path, text: str, label: str) -> _LabelledTexts:
    frame = _read(path)
    missing = [name for name in (text, label) if name not in frame.columns]
    if missing:
        raise ModelError(
            f"{path}: has no column {', '.join(missing)}; its columns are {', '.join(frame.columns)}. "
            "Name the right ones with --text and --label"
        )
    usable = frame.select(text=text, label=label).filter(
        pl.col("text").str.strip_chars() != "", pl.col("label").str.strip_chars() != ""
    )
    if usable.is_empty():
        raise ModelError(f"{path}: no row has both {text!r} and {label!r}")
    return _LabelledTexts(texts=usable["text"], labels=usable["label"].to_list())


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema=False, encoding="utf8-lossy")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ModelError(f"{path}: can't be read as CSV: {error}") from error
