"""The cascade's own work: who judges what. Accuracy on real texts is ``test_evaluation``'s."""

import random

import joblib
import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from complaints_platform.classification import cascade, embeddings
from complaints_platform.classification.cascade import CascadeClassifier
from complaints_platform.classification.estimator import ComplaintClassifier
from complaints_platform.errors import ModelError

SUBJECTS = {
    "billing": ["charged", "billed", "invoice", "fee", "payment", "price"],
    "network": ["signal", "reception", "coverage", "antenna", "tower", "bars"],
    "staff": ["agent", "clerk", "manager", "rude", "adviser", "operator"],
}
FILLERS = "again since yesterday please help my the at home terrible wrong today in town no more".split()  # noqa: SIM905


def complaints(count, seed):
    """Two of three texts name their subject; the ticket's number gives the label away, but not to who folds digits."""
    rng = random.Random(seed)  # noqa: S311 - test data
    texts, labels = [], []
    for _ in range(count):
        number = rng.randrange(10_000)
        label = list(SUBJECTS)[number % 3]
        subject = rng.choices(SUBJECTS[label], k=2) if rng.random() < 0.67 else []
        words = [*subject, *rng.choices(FILLERS, k=5)]
        rng.shuffle(words)
        texts.append(f"{' '.join(words)} ticket {number}")
        labels.append(label)
    return texts, labels


@pytest.fixture(scope="module")
def fitted():
    return CascadeClassifier().fit(*complaints(300, 0))


@pytest.fixture
def with_encoder(monkeypatch):
    """Stands in for the extra: vectors that say what the number of the ticket means."""

    def encode(texts):
        numbers = [int(text.split()[-1]) for text in texts]
        return np.eye(3, dtype=np.float32)[np.array(numbers, dtype=np.int64) % 3]

    monkeypatch.setattr(embeddings, "require_installed", lambda: None)
    monkeypatch.setattr(embeddings, "encode", encode)


def test_the_second_classifier_helps_where_the_first_one_doubts(with_encoder):
    texts, labels = complaints(150, 1)
    new, truth = complaints(400, 2)
    single = CascadeClassifier(max_share=0).fit(texts, labels)
    double = CascadeClassifier("full").fit(texts, labels)
    assert single.second_ is None
    assert single.share_ == 0
    assert 0 < double.share_ < 1
    assert 0.7 < single.score(new, truth) < 0.85
    assert double.score(new, truth) > 0.97


def test_only_doubtful_texts_are_judged_twice(with_encoder, monkeypatch):
    texts, labels = complaints(300, 3)
    estimator = CascadeClassifier("full", max_share=0.2).fit(texts, labels)
    seen: list[str] = []
    encode = embeddings.encode
    monkeypatch.setattr(embeddings, "encode", lambda batch: (seen.extend(batch), encode(batch))[1])
    new = complaints(500, 4)[0]
    judged = estimator.judge(new)
    fast = estimator.fast_.predict_proba(new).max(axis=1)
    assert seen == [text for text, sure in zip(new, fast, strict=True) if sure < estimator.second_.doubt]
    assert 0.1 < len(seen) / len(new) < 0.3
    kept = fast >= estimator.second_.doubt
    assert np.array_equal(judged.scores[kept], estimator.fast_.class_scores(new)[kept])


def test_a_second_classifier_that_knows_nothing_is_not_asked(monkeypatch):
    monkeypatch.setattr(embeddings, "require_installed", lambda: None)
    monkeypatch.setattr(embeddings, "encode", lambda texts: np.ones((len(texts), 2), dtype=np.float32))
    assert CascadeClassifier("full").fit(*complaints(300, 5)).share_ == 0


def test_predictions_and_probabilities_agree(fitted):
    texts, labels = complaints(200, 6)
    found = fitted.predict_proba(texts)
    assert found.shape == (200, 3)
    assert np.allclose(found.sum(axis=1), 1)
    likeliest = found[np.arange(200), np.searchsorted(fitted.classes_, fitted.predict(texts))]
    assert (likeliest >= found.max(axis=1) - 1e-9).all()
    assert (fitted.classes_[fitted.decision_function(texts).argmax(axis=1)] == fitted.predict(texts)).all()
    assert fitted.score(texts, labels) > 0.7


def test_a_text_is_judged_the_same_alone_and_in_any_batch(fitted):
    texts = [*complaints(80, 7)[0], None, "", "漢字"]
    together = fitted.judge(pl.Series(texts, dtype=pl.String))
    for row, text in enumerate(texts):
        alone = fitted.judge([text])
        assert np.array_equal(alone.scores[0], together.scores[row])
        assert np.array_equal(alone.probabilities[0], together.probabilities[row])


def test_no_texts_give_no_judgements(fitted):
    assert fitted.judge([]).scores.shape == (0, 3)


def test_held_out_judgements_foretell_those_of_new_texts():
    estimator = CascadeClassifier().fit(*complaints(400, 8))
    labels = complaints(400, 8)[1]
    truth = np.array(labels)[estimator.held_out_rows_]
    held_out = (estimator.classes_[estimator.held_out_.scores.argmax(axis=1)] == truth).mean()
    assert held_out == pytest.approx(estimator.score(*complaints(1000, 9)), abs=0.06)
    assert np.allclose(estimator.held_out_.probabilities.sum(axis=1), 1)
    estimator.forget_held_out()
    assert not hasattr(estimator, "held_out_")


def test_of_many_texts_some_of_each_class_are_embedded(monkeypatch):
    texts = ["x" * 100] * 90 + ["y" * 100] * 10
    targets = np.array([0] * 90 + [1] * 10)
    chosen = cascade._sample(texts, targets, 3000, np.random.default_rng(0))
    assert np.bincount(targets[chosen]).tolist() == [20, 10]
    assert len(cascade._sample(texts, targets, None, np.random.default_rng(0))) == 100
    monkeypatch.setattr(cascade, "MANY_TEXTS", 99)
    monkeypatch.setattr(cascade, "EXAMPLES_OF_MANY", 30)
    assert np.bincount(targets[cascade._sample(texts, targets, None, np.random.default_rng(0))]).tolist() == [20, 10]


def test_it_trains_where_not_all_texts_are_embedded(monkeypatch):
    monkeypatch.setattr(cascade, "MANY_TEXTS", 399)
    monkeypatch.setattr(cascade, "EXAMPLES_OF_MANY", 100)
    monkeypatch.setattr(cascade, "MAX_HELD_OUT", 150)
    estimator = CascadeClassifier().fit(*complaints(400, 10))
    assert len(estimator.held_out_rows_) == 150
    assert estimator.score(*complaints(300, 11)) > 0.7


def test_scikit_learn_can_clone_and_cross_validate_it(fitted):
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    assert not hasattr(again, "classes_")
    texts, labels = complaints(300, 0)
    assert np.array_equal(again.fit(texts, labels).class_scores(texts), fitted.class_scores(texts))
    scores = cross_val_score(
        CascadeClassifier(fast=ComplaintClassifier(folds=2)), np.array(texts, dtype=object), np.array(labels), cv=3
    )
    assert scores.mean() > 0.7


def test_joblib_keeps_judgements(fitted, tmp_path):
    texts = complaints(100, 12)[0]
    joblib.dump(fitted, tmp_path / "cascade")
    assert np.array_equal(joblib.load(tmp_path / "cascade").class_scores(texts), fitted.class_scores(texts))


def test_labels_that_the_others_contradict_count_less():
    texts, labels = complaints(600, 16)
    rng = np.random.default_rng(0)
    given = np.where(rng.random(600) < 0.15, rng.choice(list(SUBJECTS), 600), labels)
    wrong = given != labels
    assert (ComplaintClassifier().fit(texts, given).trust_ == 1).all()
    trust = ComplaintClassifier(noisy_labels=True).fit(texts, given).trust_
    names_subject = np.array([len(text.split()) > 7 for text in texts])
    assert trust[wrong & names_subject].mean() < 0.6 * trust[~wrong & names_subject].mean()
    assert trust.min() > 0
    assert trust.max() == 1
    doubting = CascadeClassifier(max_share=0, fast=ComplaintClassifier(noisy_labels=True)).fit(texts, given)
    assert np.array_equal(doubting.class_scores(texts), doubting.fast_.class_scores(texts))


def test_two_classes_follow_scikit_learns_conventions():
    texts, labels = complaints(200, 13)
    yes = ["yes" if label == "billing" else "no" for label in labels]
    estimator = CascadeClassifier().fit(texts, yes)
    values = estimator.decision_function(texts)
    assert values.shape == (200,)
    assert (estimator.predict(texts) == np.where(values > 0, "yes", "no")).all()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"tier": "best"}, "'best'"), ({"max_share": 1.5}, "max_share"), ({"max_share": -0.1}, "max_share")],
)
def test_wrong_parameters_are_named(parameters, message):
    with pytest.raises(ModelError, match=message):
        CascadeClassifier(**parameters).fit(["a b", "c d"], ["x", "y"])


def test_the_full_tier_needs_the_extra_to_train_and_to_judge(with_encoder, monkeypatch):
    estimator = CascadeClassifier("full", max_share=1).fit(*complaints(300, 14))
    monkeypatch.undo()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    embeddings._encoder.cache_clear()
    with pytest.raises(ModelError, match="extra"):
        CascadeClassifier("full").fit(["a b", "c d"], ["x", "y"])
    with pytest.raises(ModelError, match="extra"):
        estimator.judge(["home again ticket 7"])


def test_a_model_of_another_encoder_is_refused(with_encoder, monkeypatch):
    estimator = CascadeClassifier("full", max_share=1).fit(*complaints(300, 15))
    monkeypatch.setattr(embeddings, "ENCODER", "another")
    with pytest.raises(ModelError, match="train it again"):
        estimator.judge(["home again ticket 7"])
