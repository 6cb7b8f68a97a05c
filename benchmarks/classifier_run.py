"""Speed of the classifier on one core, in a process of its own: ``python -m benchmarks.classifier_run FOLDER``.

FOLDER holds the public data sets. The process keeps to one core and one thread. Every number is of texts that
the classifier sees for the first time, from a cold cache. The result is one line of JSON.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

CORE = {min(os.sched_getaffinity(0))}
os.sched_setaffinity(0, CORE)
os.environ.update(dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

import numpy as np  # noqa: E402  # imported once the threads are set
import orjson  # noqa: E402  # imported once the threads are set
import polars as pl  # noqa: E402  # imported once the threads are set

from benchmarks.meter import RESULT  # noqa: E402  # imported once the threads are set
from benchmarks.plain_pipeline import PlainPipeline  # noqa: E402  # imported once the threads are set
from complaints_platform.classification.cascade import CascadeClassifier  # noqa: E402  # imported once the threads are set
from complaints_platform.classification.embeddings import installed  # noqa: E402  # imported once the threads are set
from complaints_platform.classification.estimator import ComplaintClassifier  # noqa: E402  # imported once the threads are set

TRAINING = 100_000
"""Texts that training is measured on."""
SHARE = 0.05
"""Of the texts that the cascade judges twice at most, where its speed is measured."""
TIMES = 3
"""Each speed is measured so often, from a cold cache each time; the median counts."""


def tweets(folder: Path) -> tuple[pl.DataFrame, pl.Series]:
    """Return labelled tweets (text, label), and others."""
    labelled = pl.read_csv(folder / "uk_telco_tweets_labelled.csv").select("text", "label").drop_nulls()
    return labelled, pl.read_csv(folder / "uk_telco_tweets_unlabelled.csv")["text"].drop_nulls()


def queries(folder: Path) -> tuple[pl.DataFrame, pl.Series]:
    """Return labelled short queries (text, label), three quarters of them, and the texts of the rest."""
    table = pl.read_csv(folder / "banking77_train.csv").select("text", "label").sample(fraction=1, shuffle=True, seed=1)
    first = table.height * 3 // 4
    return table[:first], table[first:]["text"]


def seconds(work: Callable[[], Any]) -> float:
    """Return how long ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def rate(texts: pl.Series, made: Callable[[], Callable[[pl.Series], Any]]) -> float:
    """Return texts a second, the median of several; ``made`` gives a classifier whose caches are empty."""
    judges = [made() for _ in range(TIMES)]
    return len(texts) / float(np.median([seconds(partial(judge, texts)) for judge in judges]))


def fast(labelled: pl.DataFrame, texts: pl.Series) -> dict[str, float]:
    """Measure the fast tier against scikit-learn's own parts, which are trained on the same texts."""
    import pickle

    estimator = ComplaintClassifier(noise=False).fit(labelled["text"], labelled["label"].to_list())
    stored = pickle.dumps(estimator)  # leaves the cache behind
    plain = PlainPipeline(labelled["text"].to_list())
    svm = plain.fit_svm(labelled["text"].to_list(), labelled["label"].to_list())
    theirs = svm.classes_[svm.decision_function(plain.transform(texts.to_list())).argmax(axis=1)]
    ours_per_s = rate(texts, lambda: pickle.loads(stored).predict)  # noqa: S301 - our own bytes
    theirs_per_s = rate(texts, lambda: lambda new: svm.predict(plain.transform(new.to_list())))
    return {
        "texts": len(texts),
        "ours_per_s": ours_per_s,
        "scikit_learn_per_s": theirs_per_s,
        "ratio": ours_per_s / theirs_per_s,
        "same": float((estimator.predict(texts) == theirs).mean()),
    }


def cascade(labelled: pl.DataFrame, texts: pl.Series, tier: str) -> dict[str, float]:
    """Measure the cascade as a whole."""
    import pickle

    estimator = CascadeClassifier(tier, SHARE).fit(labelled["text"], labelled["label"].to_list())
    stored = pickle.dumps(estimator)
    per_s = rate(texts, lambda: pickle.loads(stored).predict)  # noqa: S301 - our own bytes
    return {"texts": len(texts), "per_s": per_s, "share_judged_twice": float(estimator.share_)}


def training(labelled: pl.DataFrame, texts: pl.Series) -> dict[str, float]:
    """Measure training on ``TRAINING`` texts: real ones, labelled by a classifier of the labelled ones."""
    enough = pl.concat([texts] * (TRAINING // len(texts) + 1))[:TRAINING]
    # No two are the same: a number that the text does not have yet.
    enough = enough + pl.Series(np.arange(TRAINING)).cast(pl.String).str.replace(r"^", " n")
    labels = ComplaintClassifier().fit(labelled["text"], labelled["label"].to_list()).predict(enough).tolist()
    return {"texts": TRAINING, "seconds": seconds(lambda: CascadeClassifier("core").fit(enough, labels))}


def main() -> None:
    folder = Path(sys.argv[1])
    sets = {"tweets": tweets(folder), "short queries": queries(folder)}
    tiers = ["core", "full"] if installed() else ["core"]
    result = {
        "fast": {name: fast(*parts) for name, parts in sets.items()},
        "cascade": {f"{name}, {tier}": cascade(*parts, tier) for name, parts in sets.items() for tier in tiers},
        "training": training(*sets["tweets"]),
        "with_extra": installed(),
    }
    print(RESULT + orjson.dumps(result).decode())


if __name__ == "__main__":
    main()
