import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, precision_recall_fscore_support

from complaints_platform.classification.calibration import (
    Calibration,
    expected_calibration_error,
    fit_temperature,
    softmax,
)
from complaints_platform.classification.evaluation import Options, cross_validate_csv, evaluate_csv
from complaints_platform.classification.key_table import KeyTable
from complaints_platform.classification.measures import measure, measure_scope
from complaints_platform.classification.noise import noisy_copies
from complaints_platform.classification.plots import confusion_matrix_png, coverage_png, reliability_png
from complaints_platform.errors import ModelError

DATA = Path(os.environ.get("COMPLAINTS_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
QUERIES = DATA / "banking77_train.csv"


def measured(n_classes: int, count: int = 400):
    rng = np.random.default_rng(1)
    truth = [f"class_{number}" for number in rng.integers(0, n_classes, count)]
    predicted = [label if rng.random() < 0.8 else "class_0" for label in truth]
    confidence = rng.random(count)
    return truth, predicted, measure(truth, predicted, confidence, confidence)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_measures_equal_scikit_learns(pairs):
    truth, predicted = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    confidence = np.linspace(0, 1, len(pairs))
    found = measure(truth, predicted, confidence, confidence)
    assert found["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro", zero_division=0))
    expected = precision_recall_fscore_support(truth, predicted, labels=found["labels"], zero_division=0)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        assert [row[name] for row in found["per_class"]] == pytest.approx(values.tolist())


def test_coverage_keeps_the_most_certain():
    truth, predicted = ["a"] * 10, ["a"] * 5 + ["b"] * 5
    certainty = np.arange(10, 0, -1.0)
    found = measure(truth, predicted, np.full(10, 0.5), certainty)
    assert found["accuracy_at_coverage"] == {"1.0": 0.5, "0.95": 0.5, "0.9": 5 / 9, "0.8": 5 / 8, "0.5": 1.0}
    assert found["ece"] == pytest.approx(0)
    assert found["confusions"] == [{"label": "a", "predicted": "b", "count": 5}]


def test_calibration_error_by_hand():
    confidence = np.array([0.95, 0.95, 0.15, 0.15])
    correct = np.array([True, False, False, False])
    assert expected_calibration_error(confidence, correct) == pytest.approx((2 * 0.45 + 2 * 0.15) / 4)


def test_the_temperature_undoes_a_known_scaling():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 4))
    drawn = (softmax(logits, 1.0).cumsum(axis=1) > rng.random((20_000, 1))).argmax(axis=1)
    assert fit_temperature(logits * 3, drawn, np.ones(20_000)) == pytest.approx(3, rel=0.05)


def test_calibration_corrects_a_classifier_that_is_too_sure_of_its_first_choice():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 3, (20_000, 5))
    right = rng.random(20_000) < 1 / (1 + np.exp(2 - 0.7 * scores.max(axis=1)))
    truth = np.where(right, scores.argmax(axis=1), scores.argmin(axis=1))
    calibration = Calibration.fit(scores[:10_000], truth[:10_000], np.ones(10_000))
    confidence = calibration.probabilities(scores[10_000:]).max(axis=1)
    plain = softmax(scores[10_000:], calibration.temperature).max(axis=1)
    error = expected_calibration_error(confidence, right[10_000:])
    assert error < 0.02
    assert error < expected_calibration_error(plain, right[10_000:]) / 2


@given(st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=1, max_size=20), st.floats(-5, 5))
@settings(max_examples=100, deadline=None)
def test_calibrated_probabilities_sum_to_one_and_keep_the_first_choice_first(scores, intercept):
    values = np.array(scores)
    found = Calibration(0.3, (0.5, -0.2, 0.1), intercept).probabilities(values)
    assert np.allclose(found.sum(axis=1), 1)
    assert (found >= 0).all()
    assert (found[np.arange(len(values)), values.argmax(axis=1)] >= found.max(axis=1) - 1e-9).all()


@given(
    st.lists(st.integers(0, 2**62), unique=True, max_size=300),
    st.lists(st.integers(0, 2**62), max_size=300),
)
@settings(max_examples=100, deadline=None)
def test_the_key_table_finds_what_a_dictionary_finds(keys, others):
    table = KeyTable(np.array(keys, dtype=np.int64))
    position = {key: number for number, key in enumerate(keys)}
    searched = [*others, *keys, *(key + 1 for key in keys)]
    expected = [position.get(key, -1) for key in searched]
    assert table.find(np.array(searched, dtype=np.int64)).tolist() == expected


def test_noise_changes_some_words_the_same_way_each_time():
    texts = ["please refund the payment because service was terrible for months"] * 50
    copies = noisy_copies(texts, seed=3)
    assert copies == noisy_copies(texts, seed=3)
    assert copies != noisy_copies(texts, seed=4)
    words = [
        (old, new)
        for text, copy in zip(texts, copies, strict=True)
        for old, new in zip(text.split(), copy.split(), strict=True)
    ]
    assert 0.15 < np.mean([old != new for old, new in words]) < 0.45


@pytest.mark.parametrize("n_classes", [2, 14, 77])
def test_pictures_are_pngs_of_readable_size(n_classes):
    evaluation = measured(n_classes)[2]
    for draw in (confusion_matrix_png, reliability_png, coverage_png):
        picture = draw(evaluation)
        assert picture.startswith(b"\x89PNG")
        width, height = (int.from_bytes(picture[at : at + 4], "big") for at in (16, 20))
        assert 400 < width < 2200
        assert 400 < height < 2200


@pytest.fixture
def files(tmp_path):
    rooms = "abcdefghijklmnopqrst"
    rows = [(f"{word} is broken in room {room}", word) for room in rooms for word in ("router", "bill", "signal")]
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    frame = pl.DataFrame(rows, schema=["words", "class"], orient="row")
    frame[:45].write_csv(train)
    pl.concat([frame[45:], pl.DataFrame({"words": ["", "no label"], "class": ["bill", None]})]).write_csv(test)
    return train, test


def test_a_csv_pair_is_trained_and_scored(files):
    result = evaluate_csv(*files, Options("words", "class", "core"))
    assert json.loads(json.dumps(result)) == result
    assert result["accuracy"] == 1.0
    assert (result["n_train"], result["n_test"], result["n_classes"]) == (45, 15, 3)
    assert result["train_seconds"] > 0
    assert result["docs_per_second"] > 0
    assert list(result["accuracy_at_coverage"]) == ["1.0", "0.95", "0.9", "0.8", "0.5"]
    assert result["tier"] == "core"
    assert "in_scope_accuracy" not in result


def test_so_many_rows_a_class_are_drawn_the_same_way_each_time(files):
    few = Options("words", "class", "core", per_class=4)
    first, again = (evaluate_csv(*files, few) for _ in range(2))
    assert first["n_train"] == 12
    assert first["reliability"] == again["reliability"]
    other = evaluate_csv(*files, Options("words", "class", "core", per_class=4, seed=1))
    assert other["n_train"] == 12
    assert evaluate_csv(*files, Options("words", "class", "core", per_class=1000))["n_train"] == 45


def test_cross_validation_scores_each_distinct_text_once_and_never_one_it_trained_on(files):
    train, _ = files
    rows = pl.read_csv(train)
    # Copies labelled at random: were one in training, its twin could not be told wrong.
    noisy = rows.with_columns(pl.col("words").str.to_uppercase() + " ", pl.col("class").shuffle(seed=1))
    pl.concat([rows, noisy]).write_csv(train)
    result = cross_validate_csv(train, 3, Options("words", "class", "core"))
    assert result["n_test"] == 45
    assert result["n_train"] == 30
    assert result["accuracy"] == 1.0


def test_labels_without_pattern_are_no_better_than_chance_in_cross_validation(files):
    train, _ = files
    rows = pl.read_csv(train)
    rows.with_columns(pl.col("class").shuffle(seed=2)).write_csv(train)
    assert cross_validate_csv(train, 5, Options("words", "class", "core"))["accuracy"] < 0.7


def test_one_fold_is_refused(files):
    with pytest.raises(ModelError, match="two folds"):
        cross_validate_csv(files[0], 1)


def test_texts_of_no_class_are_rejected_and_counted_apart(files):
    train, test = files
    strangers = [
        f"what is {word} in {place}" for word in ("love", "rain", "tea") for place in ("spring", "paris", "may")
    ]
    with test.open("a", encoding="utf-8") as file:
        file.writelines(f"{text},none\n" for text in strangers)
    result = evaluate_csv(train, test, Options("words", "class", "core", out_of_scope="none"))
    assert (result["n_test"], result["n_classes"]) == (15, 3)
    assert result["in_scope_accuracy"] == result["accuracy"] == 1.0
    assert result["out_of_scope_auroc"] == 1.0
    assert result["out_of_scope_recall"] == 1.0
    with pytest.raises(ModelError, match="'absent'"):
        evaluate_csv(train, test, Options("words", "class", "core", out_of_scope="absent"))


def test_training_texts_of_no_class_are_no_class(files):
    train, test = files
    for path in files:
        with path.open("a", encoding="utf-8") as file:
            file.writelines(f"the weather at noon on day {day},none\n" for day in range(20))
    result = evaluate_csv(train, test, Options("words", "class", "core", out_of_scope="none"))
    assert result["in_scope_accuracy"] == 1.0
    assert result["out_of_scope_recall"] == 1.0
    assert "none" not in result["labels"]


def test_scope_measures_by_hand():
    truth, predicted = ["a"] * 20 + ["none"] * 4, ["a"] * 15 + ["b"] * 5 + ["a"] * 4
    in_scope = np.array([*np.linspace(1, 2, 20), 0.0, 0.5, 1.01, 3.0])
    found = measure_scope(truth, predicted, in_scope, "none")
    assert found["in_scope_accuracy"] == 0.75
    assert found["out_of_scope_recall"] == 0.75
    assert found["out_of_scope_auroc"] == pytest.approx((20 + 20 + 19 + 0) / 80)


def test_the_full_tier_says_what_it_needs(files, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ModelError, match="embeddings"):
        evaluate_csv(*files, Options("words", "class", "full"))
    assert evaluate_csv(*files, Options("words", "class"))["tier"] == "core"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "can't be read as CSV"),
        (b"text,label\n", "no row has both"),
        (b"text,label\na,\n,b\n", "no row has both"),
        (b"text,kind\na,b\n", "has no column label; its columns are text, kind"),
        (b"text,label\na,x\nb,x\n", "one class only"),
        (b"text,label\n\xff\x00,x\n", "one class only"),
    ],
)
def test_unusable_files_say_what_to_do(tmp_path, content, message):
    path = tmp_path / "labels.csv"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as caught:
        evaluate_csv(path, path)
    assert "labels.csv" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"absent\.csv"):
        evaluate_csv(tmp_path / "absent.csv", tmp_path / "absent.csv")


@pytest.mark.skipif(not QUERIES.exists(), reason="BANKING77 absent; set COMPLAINTS_TEST_DATA")
def test_real_queries_are_told_apart_and_confidence_means_what_it_says(tmp_path):
    frame = pl.read_csv(QUERIES)
    kept = frame["label"].value_counts().sort("count", "label", descending=True)["label"][:20]
    frame = frame.filter(pl.col("label").is_in(kept.implode())).sample(fraction=1, shuffle=True, seed=0)
    cut = int(frame.height * 0.8)
    frame[:cut].write_csv(tmp_path / "train.csv")
    frame[cut:].write_csv(tmp_path / "test.csv")
    result = evaluate_csv(tmp_path / "train.csv", tmp_path / "test.csv", Options(tier="core"))
    assert result["accuracy"] > 0.92
    assert result["accuracy_at_coverage"]["0.8"] > 0.97
    assert result["ece"] < 0.04
