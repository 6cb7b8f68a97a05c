"""Fixtures that all tests share: settings of their own, and the real data where it lies."""

import os
from datetime import date
from pathlib import Path

import hypothesis
import pytest

from complaints_platform.classification import training
from complaints_platform.classification.trained import TRAINING_VERSION
from complaints_platform.settings import load_settings

ROOT = Path(__file__).parent.parent

# No property fails because a machine was busy for a moment.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


LONGEST = ("crash", "ui", "integration")
"""Folders of tests that take minutes: they begin first, so that no process works on them alone in the end."""


def pytest_collection_modifyitems(items):
    """Put the longest tests first; within a file and among the others the order stays."""
    folder = ROOT / "complaints_platform_tests"

    def place(item):
        top = item.path.relative_to(folder).parts[0] if item.path.is_relative_to(folder) else ""
        return LONGEST.index(top) if top in LONGEST else len(LONGEST)

    items.sort(key=place)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch, tmp_path):
    """No setting of the machine reaches a test; nothing a test makes lands in the working directory."""
    for name in list(os.environ):
        if name.startswith(("COMPLAINTS_", "DAGSTER_", "AWS_")) and name != "COMPLAINTS_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))


@pytest.fixture(scope="session")
def real_data():
    """Folder of the public data sets; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("COMPLAINTS_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"public data sets are not at {folder}; set COMPLAINTS_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="session", autouse=True)
def one_training_without_labels():
    """A lake without labels is given the model that the first one was given: training takes a second each time.

    Equal seeds give equal models (``classification/test_training.py`` trains without this), so what is stored is
    the same.
    """
    trained, train = {}, training.train

    def once(taxonomy, labels, tier="core"):
        if labels is not None and not labels.is_empty():
            return train(taxonomy, labels, tier)
        key = (TRAINING_VERSION, taxonomy.fingerprint, tier)
        if key not in trained:
            trained[key] = train(taxonomy, labels, tier)
        return trained[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "train", once)
        yield


@pytest.fixture
def make_settings(tmp_path):
    """Settings over a lake and landing of the test's own."""

    def make(**overrides):
        defaults = {
            "profile": "test",
            "lake": str(tmp_path / "lake"),
            "landing": str(tmp_path / "landing"),
            "first_day": date(2010, 1, 1),
        }
        return load_settings(**{**defaults, **overrides})

    return make
