import joblib
import numpy as np
import pytest

from complaints_platform.classification import kernel as module
from complaints_platform.classification.kernel import RIDGE, SHARPNESS, KernelClassifier

NOTHING = np.empty(0, dtype=np.int64)


@pytest.fixture(scope="module")
def examples():
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 3, 240)
    vectors = rng.normal(size=(240, 20)) + 2 * np.eye(20)[targets]
    return vectors.astype(np.float32), targets, rng.uniform(0.5, 1.5, 240)


@pytest.fixture(scope="module")
def fitted(examples):
    vectors, targets, weights = examples
    classifier = KernelClassifier()
    classifier.fit(vectors[:200], targets[:200], 3, weights[:200], NOTHING)
    return classifier


def test_scores_equal_those_of_the_textbook(examples, fitted):
    vectors, targets, weights = (values.astype(np.float64) for values in examples)
    centred = vectors - vectors[:200].mean(axis=0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    wanted = np.where(np.eye(3)[targets[:200].astype(int)] > 0, 1.0, -1.0)
    kernel = np.exp(SHARPNESS * (unit @ unit[:200].T - 1))
    ridge = np.diag(RIDGE / weights[:200])
    solved = np.linalg.solve(kernel[:200] + ridge, wanted - wanted.mean(axis=0))
    expected = kernel[200:] @ solved + wanted.mean(axis=0)
    found = fitted.scores(examples[0][200:])
    assert np.abs(found - expected).max() < 0.01
    assert (found.argmax(axis=1) == targets[200:]).mean() > 0.8


def test_held_out_scores_equal_those_of_training_without_the_example(examples):
    vectors, targets, weights = examples
    held_out = np.array([0, 7, 100])
    found = KernelClassifier().fit(vectors, targets, 3, weights, held_out)
    for row, scores in zip(held_out, found, strict=True):
        rest = np.arange(len(vectors)) != row
        without = KernelClassifier()
        without.fit(vectors[rest], targets[rest], 3, weights[rest], NOTHING)
        # Its part in the centre and in the mean target is not taken out.
        assert np.abs(without.scores(vectors[row : row + 1])[0] - scores).max() < 0.03


def test_rows_score_the_same_alone_and_in_any_batch(examples, fitted, monkeypatch):
    together = fitted.scores(examples[0])
    alone = np.concatenate([fitted.scores(examples[0][row : row + 1]) for row in range(len(examples[0]))])
    assert np.array_equal(together, alone)
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 7)
    assert np.array_equal(fitted.scores(examples[0]), together)


def test_a_zero_vector_and_no_vectors_score(fitted):
    assert np.isfinite(fitted.scores(np.zeros((1, 20), dtype=np.float32))).all()
    assert fitted.scores(np.empty((0, 20), dtype=np.float32)).shape == (0, 3)


def test_an_example_that_hardly_counts_changes_hardly_anything(examples, fitted):
    vectors, targets, weights = examples
    more = KernelClassifier()
    wrong = np.append(targets[:200], (targets[0] + 1) % 3)
    more.fit(np.vstack([vectors[:200], vectors[:1]]), wrong, 3, np.append(weights[:200], 1e-3), NOTHING)
    assert np.abs(more.scores(vectors[200:]) - fitted.scores(vectors[200:])).max() < 0.05


def test_joblib_keeps_scores(examples, fitted, tmp_path):
    joblib.dump(fitted, tmp_path / "kernel")
    assert np.array_equal(joblib.load(tmp_path / "kernel").scores(examples[0]), fitted.scores(examples[0]))
