"""The asset and the checks of the classifier as Dagster records them."""

from datetime import timedelta

import dagster as dg
import polars as pl
import pytest

from complaints_platform.classification.drift import CURRENT_DAYS, SMALLEST_SHIFT
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.commands.running import Runner
from complaints_platform.defs.classifier_checks import ASSET, check_name, classifier_checks
from complaints_platform.lake import Lake
from complaints_platform.learning.labels import import_labels
from complaints_platform.platform import Platform
from complaints_platform_tests.small_lake import FIRST, TEXTS, Place

CALM = 14
DAYS = CALM + CURRENT_DAYS


@pytest.fixture(scope="module")
def instance():
    return dg.DagsterInstance.ephemeral()


@pytest.fixture(scope="module")
def place(tmp_path_factory, instance):
    """Two calm weeks, then one in which everybody complains about one thing in words that nobody knows."""
    place = Place(tmp_path_factory.mktemp("drift"))
    place.runner = Runner(Platform(place.settings), instance)
    rows = []
    for number in range(DAYS):
        day = FIRST + timedelta(days=number)
        texts = [f"{text} {word}" for text in TEXTS for word in ("now", "please", "again")]
        if number >= CALM:
            texts = [f"quux blorp {word} frobnicate zyx {word}{n}" for n, word in enumerate(["wibble", "wobble"] * 5)]
        rows += [(f"{number}-{n}", text, day, day) for n, text in enumerate(texts)]
    place.send("all", rows)
    place.update()
    return place


def evaluations(instance):
    records = instance.get_event_records(dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION))
    found = [record.event_log_entry.dagster_event.asset_check_evaluation_data for record in records]
    names = {check_name(number) for number in SMALLEST_SHIFT}
    return {evaluation.check_name: evaluation for evaluation in found[::-1] if evaluation.check_name in names}


def test_drift_warns_with_numbers_threshold_and_plot_and_blocks_nothing(place, instance):
    found = evaluations(instance)
    assert set(found) == {check_name(number) for number in SMALLEST_SHIFT}
    for name in ("category_shares", "unknown_words", "mean_confidence", "needs_review"):
        check = found[check_name(name)]
        assert not check.passed, name
        assert check.severity is dg.AssetCheckSeverity.WARN
        assert not check.blocking
        assert check.metadata["distance"].value > check.metadata["threshold"].value
        assert check.metadata["by_day"].value.startswith("![")
        assert check.metadata["days_before"].value == CALM
        assert check.metadata["complaints_in_newest_days"].value == CURRENT_DAYS * 10
    assert "customer_service" in found[check_name("category_shares")].metadata["categories"].value
    assert place.stale() == {}


def test_a_run_over_calm_days_passes(place, instance):
    list(place.runner.materialize("complaints_by_day", [FIRST + timedelta(days=CALM - 1)]))
    for check in evaluations(instance).values():
        assert check.passed
        assert "no drift" in check.description


def test_too_few_days_are_said_to_be_too_few(place, instance):
    list(place.runner.materialize("complaints_by_day", [FIRST + timedelta(days=CURRENT_DAYS)]))
    for check in evaluations(instance).values():
        assert check.passed
        assert "not enough to tell" in check.description
        assert "threshold" not in check.metadata


def test_a_lake_without_days_passes(make_settings):
    definitions = dg.Definitions(
        assets=[dg.AssetSpec(ASSET)],
        asset_checks=classifier_checks(Platform(make_settings())),
        jobs=[dg.define_asset_job("check", dg.AssetSelection.checks_for_assets(ASSET))],
    )
    result = definitions.resolve_job_def("check").execute_in_process()
    found = result.get_asset_check_evaluations()
    assert [(check.passed, check.description) for check in found] == [
        (True, "no days have been categorised yet") for _ in SMALLEST_SHIFT
    ]


def test_the_model_s_page_says_who_serves_why_and_since_when(place, instance, tmp_path):
    letters = "abcdefghijklmnopqrstuvwxyz"
    rows = [
        (f"{word} {a}x thing", category)
        for a in letters
        for word, category in (("zebra", "messaging"), ("gnu", "privacy_security"))
    ]
    pl.DataFrame(rows, schema=["text", "category"], orient="row").write_csv(tmp_path / "labels.csv")
    import_labels(Lake(place.settings.lake), load_taxonomy(), tmp_path / "labels.csv", "Ada")
    place.update()
    event = instance.get_latest_materialization_event(dg.AssetKey(["classifier", "model"]))
    metadata = event.asset_materialization.metadata
    assert metadata["serves"].value is True
    assert "it is not worse" in metadata["why"].value
    assert metadata["compared_on_labels"].value == len(rows)
    assert metadata["challenger_accuracy"].value > metadata["champion_accuracy"].value
    assert "privacy_security" in metadata["champion_and_challenger"].value
    assert metadata["serving_version"].value == metadata["model_version"].value
    assert metadata["history"].value.count("promoted") == 2
    assert load_taxonomy().approval in metadata["taxonomy"].value
