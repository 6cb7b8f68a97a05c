"""From a lake to the reviewer's file and back, by the commands that people type."""

import json
import shutil
import sys
from datetime import timedelta

import polars as pl
import pytest
import yaml

from complaints_platform import cli
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.errors import ModelError
from complaints_platform.lake import Lake
from complaints_platform.learning import review
from complaints_platform.learning.review import explain_complaint, export_queue, open_complaints
from complaints_platform.learning.taxonomy_preview import preview_change
from complaints_platform.settings import PACKAGED_SOURCES
from complaints_platform_tests.small_lake import FIRST, Place

PACKAGED = PACKAGED_SOURCES.parent.parent / "classification" / "taxonomy.yaml"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    root = tmp_path_factory.mktemp("filled")
    place = Place(root)
    doubtful = ("the blue parrot sang all night", "=cmd|' /C calc'!A0 the green parrot", "a parrot in the attic")
    place.send("doubtful", [(f"q{n}", text, FIRST, FIRST) for n, text in enumerate(doubtful)])
    place.fill()
    return root


@pytest.fixture
def place(filled, tmp_path, monkeypatch):
    copy = Place(shutil.copytree(filled, tmp_path / "place"))
    monkeypatch.setenv("COMPLAINTS_PROFILE", "test")
    monkeypatch.setenv("COMPLAINTS_LAKE", copy.settings.lake)
    monkeypatch.setenv("COMPLAINTS_LANDING", copy.settings.landing)
    monkeypatch.setenv("COMPLAINTS_SOURCES", str(copy.settings.sources))
    return copy


def complaints(monkeypatch, capsys, *arguments):
    """Run the command; return its exit code and what it printed."""
    monkeypatch.setattr(sys, "argv", ["complaints", *map(str, arguments)])
    try:
        cli.main()
        code = 0
    except SystemExit as ended:
        code = ended.code
    printed = capsys.readouterr()
    return code or 0, printed.out + printed.err


def test_a_queue_goes_out_is_filled_in_and_comes_back(place, monkeypatch, capsys, tmp_path):
    file = tmp_path / "queue.csv"
    code, said = complaints(monkeypatch, capsys, "review", "export", "--limit", 2, "--out", file)
    assert code == 0, said
    queue = pl.read_csv(file, infer_schema=False)
    assert queue.height == 2
    assert queue.columns[0] == "complaint_id"
    filled = queue.with_columns(category=pl.Series(["privacy_security", None]))
    filled.write_csv(file, include_bom=True)
    code, said = complaints(monkeypatch, capsys, "review", "import", file, "--author", "Ada")
    assert code == 0, said
    assert "1 corrections imported" in said
    assert "1 rows are undecided" in said
    place.update()
    decided = {row["complaint_id"]: row for row in place.rows().values()}[queue["complaint_id"][0]]
    assert (decided["category"], decided["category_source"]) == ("privacy_security", "person")
    again = export_queue(place.lake, 10)
    assert queue["complaint_id"][0] not in again["complaint_id"].to_list()


def test_the_queue_holds_doubts_and_why(place):
    queue = export_queue(place.lake, 10)
    ids = {row["complaint_id"]: row["source_id"] for row in place.rows().values()}
    asked = {ids[each] for each in queue["complaint_id"]}
    assert {"q0", "q2"} <= asked
    sure = {row["source_id"] for row in place.rows().values() if not row["needs_review"] and row["confidence"] > 0.8}
    assert sure
    assert not asked & sure
    for row in queue.iter_rows(named=True):
        assert row["candidates"].startswith(row["predicted_category"])
        assert row["because"]
        assert (row["category"], row["subcategory"], row["is_complaint"]) == (None, None, None)


def test_of_very_many_complaints_an_even_share_of_all_days_is_considered(place, monkeypatch):
    monkeypatch.setattr(review, "LOW_CONFIDENCE", 1.1)  # all may be chosen
    everything = open_complaints(place.lake, 30)
    assert everything.considered.height > 4
    marked = everything.considered.filter("needs_review")["complaint_id"]
    assert everything.waiting.to_list() == marked.to_list() != []
    monkeypatch.setattr(review, "CONSIDERED", 3)
    few = open_complaints(place.lake, 30)
    assert few.waiting.to_list() == everything.waiting.to_list()
    assert 1 < few.considered.height <= 3
    steps = [everything.considered.gather_every(2**doubled) for doubled in range(1, 10)]
    assert any(few.considered.equals(rows) for rows in steps)

    rows = pl.DataFrame({"n": range(10_000)})
    share, offset, most = review._Share(100), 0, 0
    for height in (0, 7, 1, 90, 0, 3, 800, 5, 9_000, 94):
        share.add(rows.slice(offset, height))
        offset, most = offset + height, max(most, share.rows.height)
    assert offset == rows.height
    assert share.rows.equals(rows.gather_every(128))
    assert most <= 100


def test_a_spreadsheet_finds_no_formula_in_the_queue(place):
    (text,) = (text for text in export_queue(place.lake, 50)["text"] if "calc" in text)
    assert text.startswith("'=")


def test_a_complaint_is_explained_by_its_id(place, monkeypatch, capsys):
    complaint = place.rows()["0-1"]
    code, said = complaints(monkeypatch, capsys, "classifier", "explain", complaint["complaint_id"])
    assert code == 0, said
    assert complaint["category"] in said
    assert "overcharged" in said
    code, said = complaints(monkeypatch, capsys, "classifier", "explain", complaint["complaint_id"], "--json")
    found = json.loads(said)
    terms = found["explanation"]["terms"]
    total = found["explanation"]["base"] + sum(term["contribution"] for term in terms)
    assert total == pytest.approx(found["explanation"]["score"], abs=1e-5)
    with pytest.raises(ModelError, match="no complaint 'x'"):
        explain_complaint(place.lake, "x")


def test_versions_are_listed_and_chosen(place, monkeypatch, capsys):
    version = place.lake.models.serving().version
    code, said = complaints(monkeypatch, capsys, "classifier", "versions")
    assert (code, f"{version} serves" in said) == (0, True)
    assert "there is nothing to compare with" in said
    code, said = complaints(monkeypatch, capsys, "classifier", "serve", version, "--author", "Ada", "--why", "a test")
    assert code == 0, said
    code, said = complaints(monkeypatch, capsys, "classifier", "versions", "--json")
    listed = json.loads(said)
    assert listed["serving"]["version"] == version
    assert [(entry["action"], entry["by"]) for entry in listed["history"]][:1] == [("chosen", "Ada")]
    code, said = complaints(monkeypatch, capsys, "classifier", "serve", "nothing")
    assert code == 1
    assert "there is no model 'nothing'" in said


def written(path, document):
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    return path


def test_a_changed_taxonomy_shows_what_would_move_and_stores_nothing(place, monkeypatch, capsys, tmp_path):
    document = yaml.safe_load(PACKAGED.read_text(encoding="utf-8"))
    document |= {"version": "2.0", "approved_by": "The board", "approved_at": "2026-11-01"}
    voice = next(each for each in document["categories"] if each["name"] == "network_voice")
    voice["name"] = "network_calls"
    path = written(tmp_path / "new.yaml", document)
    place.correct(**{"0-0": {"category": "network_voice"}, "0-2": {"category": "messaging"}})
    place.update()
    before = sorted(entry.key for entry in place.lake.store.entries(""))
    code, said = complaints(monkeypatch, capsys, "taxonomy", "diff", path, "--days", 2, "--json")
    assert code == 0, said
    found = json.loads(said)
    assert found["days"] == [str(FIRST + timedelta(days=n)) for n in (1, 2)]
    assert found["complaints"] == 6
    assert found["labels_left_out"] == 1
    assert found["approval"] == "approved by The board on 2026-11-01"
    assert all(
        name.startswith("no_signal") or "network_voice → network_calls" in name for name in found["names"]["moved"]
    )
    signal = [move for move in found["moves"] if move["from_category"] == "network_voice"]
    assert sum(move["complaints"] for move in signal) == 2
    assert {move["to_category"] for move in signal} == {"network_calls"}
    assert sorted(entry.key for entry in place.lake.store.entries("")) == before
    code, said = complaints(monkeypatch, capsys, "taxonomy", "diff", path)
    assert code == 0, said
    assert "network_calls" in said


def test_people_s_decisions_do_not_move_with_the_model(place, tmp_path):
    """The correction says messaging under both taxonomies, whatever a model without that seed would say."""
    place.correct(**{"0-2": {"category": "messaging", "subcategory": None}})
    place.update()
    change = preview_change(place.lake, load_taxonomy(), 1000)
    assert change.moved.is_empty()
    assert change.names == ([], [], [], [])
    assert change.review_before == change.review_after


def test_the_taxonomy_is_shown_with_its_approval(monkeypatch, capsys):
    code, said = complaints(monkeypatch, capsys, "taxonomy", "show")
    assert code == 0
    packaged = load_taxonomy()
    assert packaged.approval in said
    assert all(name in said for name in (*packaged.category_names, *packaged.subcategory_names))


def test_an_empty_lake_says_what_to_do(tmp_path):
    with pytest.raises(ModelError, match="complaints update"):
        export_queue(Lake(str(tmp_path)), 5)
