"""Faults of tables that each fail the right check. Those of senders: ``integration/test_fault_drill.py``."""

import shutil
from datetime import timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from complaints_platform.commands.running import RunFailed, Runner
from complaints_platform.definitions import build_definitions
from complaints_platform.defs.checks import CONTRACT, table_checks
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.data_sets import CATEGORIZED, CLEANED, DAILY, QUARANTINE, RECONCILIATION, TRENDS
from complaints_platform.lake.tables import DayFrame
from complaints_platform.pipeline import quality
from complaints_platform.pipeline.cleaned import CleanedRecipe
from complaints_platform.platform import Platform
from complaints_platform.quality.profile import profile
from complaints_platform_tests.small_lake import Place


def by_name(evaluations):
    return {(each.asset_key.to_user_string(), each.check_name): each for each in evaluations}


def failed(evaluations):
    return {name for name, each in evaluations.items() if not each.passed}


def test_every_asset_has_a_check_and_wrong_data_does_not_flow_on(small):
    graph = build_definitions(Platform(small.settings)).resolve_asset_graph()
    checks = [graph.get(key) for key in graph.asset_check_keys]
    reports = {key for key in graph.get_all_asset_keys() if key.path[0] == "report"}
    assert {check.key.asset_key for check in checks} == set(graph.get_all_asset_keys()) - reports
    blocking = {check.key.name for check in checks if check.blocking}
    assert blocking == {
        CONTRACT,
        "can_serve",
        "no_record_lost_or_added",
        "agrees_with_cleaned",
        "agrees_with_detail",
        "segments_are_whole",
    }


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("small"))
    place.fill()
    return place


@pytest.fixture
def place(small, tmp_path):
    """A lake of three days, each test's own."""
    shutil.copytree(small.root, tmp_path / "place")
    place = Place.__new__(Place)
    place.root = tmp_path / "place"
    place.settings = small.settings.model_copy(
        update={"lake": str(place.root / "lake"), "landing": str(place.root / "landing")}
    )
    place.lake = Lake(place.settings.lake)
    place.runner = Runner(Platform(place.settings), dg.DagsterInstance.ephemeral())
    return place


def check(place, spec):
    """Evaluate the checks of one table as they stand."""
    key = dg.AssetKey([spec.schema, spec.name])
    definitions = dg.Definitions(
        assets=[dg.AssetSpec(key)],
        asset_checks=[
            each for each in table_checks(Platform(place.settings)) if key in {c.asset_key for c in each.check_keys}
        ],
        jobs=[dg.define_asset_job("check", dg.AssetSelection.checks_for_assets(key))],
    )
    result = definitions.resolve_job_def("check").execute_in_process(raise_on_error=False)
    return by_name(result.get_asset_check_evaluations())


def rewrite(place, spec, change, days=1):
    """Replace the newest stored days by what ``change`` makes of their frames, under the fingerprints of before."""
    table = spec.table(place.lake)
    chosen = sorted(table.row_counts())[-days:]
    frames = [DayFrame(day.day, change(day.frame), day.fingerprint) for day in table.read_days(chosen)]
    table.replace_days(chosen, frames)


FAULTS = {
    "a day stored twice": (CLEANED, lambda frame: pl.concat([frame, frame]), {CONTRACT, "no_record_lost_or_added"}),
    "a lost row": (CLEANED, lambda frame: frame.head(2), {"no_record_lost_or_added"}),
    "an unknown outcome": (CLEANED, lambda frame: frame.with_columns(outcome=pl.lit("odd")), {CONTRACT}),
    "no source": (CLEANED, lambda frame: frame.with_columns(source=pl.lit(None, pl.String)), {CONTRACT}),
    "a repetition of nothing": (
        CLEANED,
        lambda frame: frame.with_columns(near_duplicate_of=pl.lit("nobody")),
        {"references_resolve"},
    ),
    "a complaint without category": (
        CATEGORIZED,
        lambda frame: frame.with_columns(category=pl.lit(None, pl.String)),
        {"agrees_with_cleaned"},
    ),
    "a category of no taxonomy": (
        CATEGORIZED,
        lambda frame: frame.with_columns(category=pl.lit("nonsense")),
        {"agrees_with_cleaned"},
    ),
    "a confidence beyond one": (CATEGORIZED, lambda frame: frame.with_columns(confidence=pl.lit(1.5)), {CONTRACT}),
    "a category lost on the way": (CATEGORIZED, lambda frame: frame.head(1), {"agrees_with_cleaned"}),
    "a mart that counts too much": (
        DAILY,
        lambda frame: frame.with_columns(complaints=pl.col("complaints") + 1),
        {"agrees_with_detail"},
    ),
    "trends of other days": (
        TRENDS,
        lambda frame: frame.with_columns(complaints=pl.col("complaints") + 1),
        {"agrees_with_daily"},
    ),
    "a file that does not add up": (
        RECONCILIATION,
        lambda frame: frame.with_columns(complaints=pl.col("complaints") - 1, reconciles=pl.lit(value=False)),
        {"every_file_reconciles"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_of_a_table_fails_the_right_check(fault, place):
    spec, change, expected = FAULTS[fault]
    rewrite(place, spec, change)
    assert {name for _, name in failed(check(place, spec))} == expected


def test_days_that_an_earlier_release_made_pass_until_they_are_made_again(place):
    def without(*columns):
        return lambda frame: frame.with_columns(pl.lit(None, frame.schema[name]).alias(name) for name in columns)

    rewrite(place, DAILY, without("with_sentiment", "negative", "with_severity", "severe"))
    assert failed(check(place, DAILY)) == set()
    # It counted days of UTC: what is compared with local days would differ.
    rewrite(place, TRENDS, lambda frame: without("local_day")(frame).with_columns(complaints=pl.col("complaints") + 1))
    assert failed(check(place, TRENDS)) == set()


def test_an_original_that_is_gone_is_noticed(place):
    (receipt,) = place.lake.receipts.all()
    place.lake.store.delete(layout.original(receipt.sha256))
    found = check(place, CLEANED)
    assert {name for _, name in failed(found)} == {"references_resolve"}
    gone = found["cleaned/complaints", "references_resolve"]
    assert receipt.sha256 in gone.metadata["what_is_missing"].value
    assert gone.metadata["dangling"].value == 9


def test_a_day_of_garbage_is_an_error_of_its_source(place):
    folder = Path(place.settings.landing) / "forms"
    (folder / "garbage.csv").write_text("id,words,at,updated\n" + "1,2,3,4\n" * 40)
    (folder / "times.csv").write_text("id,text,at,updated\n" + "1,no signal,some time,never\n" * 40)
    place.runner.collect()
    list(place.runner.update())
    found = check(place, QUARANTINE)["cleaned/quarantine", "little_is_set_aside"]
    assert not found.passed
    assert found.severity is dg.AssetCheckSeverity.ERROR
    assert "; forms on" in found.description


def test_what_is_wrong_does_not_flow_on(place, monkeypatch):
    """The day is stored twice while the run is at work: the marts of it stay as they were."""
    stored = DAILY.table(place.lake).version()
    day = max(CLEANED.table(place.lake).row_counts())
    frames = CleanedRecipe.frames

    def doubled(self, days):
        for each in frames(self, days):
            yield DayFrame(
                each.day,
                pl.concat([each.frame, each.frame.head(1).with_columns(record_number=pl.lit(99, pl.Int64))]),
                each.fingerprint,
            )

    monkeypatch.setattr(CleanedRecipe, "frames", doubled)
    with pytest.raises(RunFailed):
        list(place.runner.materialize("complaints_by_day", [day]))
    assert CLEANED.table(place.lake).row_counts()[day] == 4
    assert DAILY.table(place.lake).version() == stored


def test_segments_that_are_not_whole_are_noticed(place):
    (segment,) = [
        entry.key
        for entry in place.lake.store.entries("raw/forms")
        if not entry.is_folder and f"day={max(CLEANED.table(place.lake).row_counts())}" in entry.key
    ]
    job = build_definitions(Platform(place.settings)).resolve_implicit_global_asset_job_def()
    chosen = dg.AssetCheckKey(dg.AssetKey(["raw", "forms"]), "segments_are_whole")

    def evaluate():
        result = job.get_subset(asset_check_selection={chosen}, asset_selection=set()).execute_in_process(
            raise_on_error=False
        )
        (found,) = result.get_asset_check_evaluations()
        return found

    assert evaluate().passed
    frame = pl.read_parquet(place.lake.store.get(segment))
    frame.head(2).write_parquet(Path(place.settings.lake) / segment)
    assert "2 records, 3 in receipts" in evaluate().metadata["what_is_wrong"].value
    frame.with_columns(pl.col("occurred_at") + timedelta(days=3)).write_parquet(Path(place.settings.lake) / segment)
    assert "3 records of other days" in evaluate().metadata["what_is_wrong"].value
    place.lake.store.put(segment, b"PAR1 nothing")
    found = evaluate()
    assert not found.passed
    assert "can't be read" in found.metadata["what_is_wrong"].value


def test_profiles_are_made_once_and_again_when_they_are_counted_otherwise(place, monkeypatch):
    days = sorted(CLEANED.table(place.lake).row_counts())
    made = []
    monkeypatch.setattr(quality, "profile", lambda day, *more: made.append(day) or profile(day, *more))
    before = quality.profiles(place.lake, ["forms"], days)
    assert made == []  # the update has left them
    monkeypatch.setattr(quality, "PROFILE_VERSION", -1)
    for _ in range(2):
        assert quality.profiles(place.lake, ["forms"], days).rows.equals(before.rows)
    assert made == days
