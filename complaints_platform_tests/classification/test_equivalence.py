"""The cached features and scores equal those of scikit-learn's own vectorisers and matrix products."""

import csv
import os
import random
import threading
from pathlib import Path

import joblib
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone

from benchmarks.plain_pipeline import PlainPipeline
from complaints_platform.classification import estimator as module
from complaints_platform.classification import scoring
from complaints_platform.classification.estimator import ComplaintClassifier
from complaints_platform.classification.features import TokenFeatures
from complaints_platform.classification.tokens import tokenise
from complaints_platform.errors import ModelError

DATA = Path(os.environ.get("COMPLAINTS_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
TWEETS = DATA / "uk_telco_tweets_labelled.csv"

SENTENCE = "no signal since monday refund my £30 #fail @operator wifi's down!! sooooo slow why?? n/a 12,50 données 漢字"
WORDS = SENTENCE.split()


def random_texts(count: int, seed: int) -> list[str]:
    rng = random.Random(seed)  # noqa: S311 - test data
    return [rng.choice([" ", "  ", "\t"]).join(rng.choices(WORDS, k=rng.randint(1, 30))) for _ in range(count)]


def random_labels(texts: list[str]) -> list[str]:
    return ["billing" if "refund" in text else "network" if "signal" in text else "other" for text in texts]


def names_of(features: TokenFeatures) -> list[str]:
    words = list(features.word_ids)
    pairs = [f"{words[key // len(words)]} {words[key % len(words)]}" for key in features.pair_keys.tolist()]
    return [*words, *pairs, *("gram:" + gram for gram in features.gram_ids)]


def assert_same_features(train_texts, texts):
    features, plain = TokenFeatures().fit(train_texts), PlainPipeline(train_texts)
    column_of = {name: number for number, name in enumerate(names_of(features))}
    assert sorted(column_of) == sorted(plain.names())
    ours = features.transform(texts)[:, [column_of[name] for name in plain.names()]]
    assert abs(ours - plain.transform(texts)).max() < 1e-6


def assert_same_predictions(train_texts, labels, texts):
    plain = PlainPipeline(train_texts)
    svm = plain.fit_svm(train_texts, labels)
    classes, expected = svm.classes_, svm.decision_function(plain.transform(texts))
    estimator = ComplaintClassifier(noise=False).fit(train_texts, labels)
    found = estimator.class_scores(texts)
    assert estimator.classes_.tolist() == classes.tolist()
    # The solver sees columns in another order, so it stops at slightly other coefficients.
    assert np.abs(found - expected).max() < 0.05
    own = sparse.csr_matrix(estimator.scorer_.features.transform(texts))
    assert np.abs(found - own @ coefficients_of(estimator) - estimator.scorer_.intercept).max() < 1e-5
    assert (estimator.predict(texts) == classes[expected.argmax(axis=1)]).mean() > 0.995


def coefficients_of(estimator):
    scorer = estimator.scorer_
    return scorer._scores[:, :-1] / (scorer.features.weights * scorer.features.scale)[:, None]


def test_features_equal_scikit_learns_on_random_texts():
    assert_same_features(random_texts(200, 1), random_texts(100, 2))


def test_predictions_equal_scikit_learns_on_random_texts():
    train_texts = random_texts(300, 3)
    assert_same_predictions(train_texts, random_labels(train_texts), random_texts(200, 4))


@pytest.mark.skipif(not TWEETS.exists(), reason="real tweets absent; set COMPLAINTS_TEST_DATA")
def test_features_and_predictions_equal_scikit_learns_on_real_tweets():
    with TWEETS.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)][:900]
    texts, labels = [text for text, _ in rows[:600]], [label for _, label in rows[:600]]
    new = [text for text, _ in rows[600:]]
    assert_same_features(texts, new)
    assert_same_predictions(texts, labels, new)


@given(st.lists(st.text(max_size=80), min_size=1, max_size=20))
@settings(max_examples=200, deadline=None)
def test_tokens_are_those_of_str_split(texts):
    batch = tokenise(pl.Series(texts, dtype=pl.String))
    ends = np.cumsum(batch.lengths)
    found = [
        [batch.distinct[code] for code in batch.codes[end - length : end] if batch.distinct[code]]
        for end, length in zip(ends, batch.lengths, strict=True)
    ]
    assert found == [text.split() for text in texts]


@pytest.fixture(scope="module")
def estimator():
    texts = random_texts(300, 5)
    return ComplaintClassifier().fit(texts, random_labels(texts))


@given(st.lists(st.one_of(st.none(), st.text(max_size=60), st.sampled_from(WORDS)), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_a_text_scores_the_same_alone_and_in_any_batch(estimator, texts):
    together = estimator.class_scores(texts)
    alone = np.concatenate([estimator.class_scores([text]) for text in texts])
    assert np.array_equal(together, alone)
    assert np.isfinite(together).all()


def test_slices_and_a_restarted_cache_change_no_score(estimator, monkeypatch):
    texts = random_texts(500, 6)
    expected = estimator.class_scores(texts)
    monkeypatch.setattr(scoring, "SLICE_BYTES", 500)
    monkeypatch.setattr(scoring, "CACHE_BYTES", 1000)
    assert np.array_equal(estimator.class_scores(texts), expected)


def test_the_cache_stays_bounded(estimator, monkeypatch):
    monkeypatch.setattr(scoring, "SLICE_BYTES", 10_000)
    monkeypatch.setattr(scoring, "CACHE_BYTES", 50_000)
    for batch in range(20):
        estimator.class_scores([f"token{batch}x{''.join(map(chr, (97 + n % 26, 97 + n // 26)))}" for n in range(600)])
    assert estimator.scorer_._cache.n_bytes < 500_000


def test_threads_give_the_same_scores(estimator, monkeypatch):
    monkeypatch.setattr(scoring, "SLICE_BYTES", 2000)
    monkeypatch.setattr(scoring, "CACHE_BYTES", 4000)
    batches = [random_texts(400, 10 + number) for number in range(4)]
    expected = [estimator.class_scores(batch) for batch in batches]
    found: dict[int, list[np.ndarray]] = {number: [] for number in range(4)}

    def work(number: int) -> None:
        found[number].extend(estimator.class_scores(batches[number]) for _ in range(5))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(len(results) == 5 for results in found.values())
    assert all(np.array_equal(result, expected[number]) for number in found for result in found[number])


def test_joblib_keeps_scores_and_leaves_the_cache_behind(estimator, tmp_path):
    texts = random_texts(200, 7)
    expected = estimator.class_scores(texts)
    joblib.dump(estimator, tmp_path / "estimator")
    loaded = joblib.load(tmp_path / "estimator")
    assert loaded.scorer_._cache.n_bytes == 0
    assert np.array_equal(loaded.class_scores(texts), expected)


def test_training_again_gives_the_same_model(estimator):
    texts = random_texts(300, 5)
    again = clone(estimator).fit(texts, random_labels(texts))
    assert np.array_equal(again.class_scores(texts), estimator.class_scores(texts))
    assert again.calibration_ == estimator.calibration_


def test_two_classes_follow_scikit_learns_conventions():
    texts = random_texts(100, 8)
    labels = ["yes" if "refund" in text else "no" for text in texts]
    estimator = ComplaintClassifier().fit(texts, labels)
    scores = estimator.decision_function(texts)
    assert scores.shape == (100,)
    assert (estimator.predict(texts) == np.where(scores > 0, "yes", "no")).all()
    probabilities = estimator.predict_proba(texts)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (estimator.predict(texts) == labels).mean() > 0.9


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["a b", "c d"], ["x", "x"], "two classes"),
        (["a b"], ["x", "y"], "don't fit"),
        (["  ", ""], ["x", "y"], "empty"),
    ],
)
def test_unusable_training_data_says_what_is_wrong(texts, labels, message):
    with pytest.raises(ModelError, match=message):
        ComplaintClassifier().fit(texts, labels)


def test_of_very_many_texts_the_held_out_ones_are_not_trained_on_and_no_class_is_lost(monkeypatch):
    monkeypatch.setattr(module, "MANY_TEXTS", 100)
    monkeypatch.setattr(module, "HELD_OUT_OF_MANY", 50)
    monkeypatch.setattr(module, "VERY_MANY_TEXTS", 200)
    texts = [f"{text} {number}" for number, text in enumerate(random_texts(300, 9))]
    labels = random_labels(texts)
    found = ComplaintClassifier().fit([*texts, "quagga"], [*labels, "zoo"])
    assert 20 < len(found.held_out_rows_) < 100
    assert 300 not in found.held_out_rows_
    assert found.predict(["quagga"]).tolist() == ["zoo"]
    known = np.setdiff1d(np.arange(300), found.held_out_rows_)
    again = found.class_scores([texts[row] for row in found.held_out_rows_])
    assert np.abs(again - found.held_out_scores_).max() < 0.3
    assert (found.predict([texts[row] for row in known]) == np.array(labels)[known]).mean() > 0.95


def test_misspellings_cost_little():
    texts = [
        f"{what} {where}"
        for what in ("refund the money", "signal disappeared", "engineer cancelled")
        for where in WORDS
    ]
    labels = [text.split()[0] for text in texts]
    misspelt = [
        text.replace("refund", "refnd").replace("signal", "signla").replace("engineer", "enginer") for text in texts
    ]
    assert (ComplaintClassifier().fit(texts, labels).predict(misspelt) == labels).mean() > 0.95
