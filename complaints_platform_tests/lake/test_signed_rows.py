from datetime import UTC, date, datetime

import polars as pl
import pytest

from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.labels import CORRECTION_COLUMNS, LABEL_COLUMNS
from complaints_platform.lake.models import Action, Promotion, ServingModel


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path))


def label(text, category):
    return pl.DataFrame([{"text": text, "category": category}], schema=LABEL_COLUMNS)


def test_what_is_added_is_read_in_order_with_its_signature(lake):
    before = datetime.now(UTC)
    lake.labels.add(label('zwei\nZeilen 🙂 "q"', "a"), "ada", "1")
    lake.labels.add(label("x", "b"), "ben", "2")
    rows = lake.labels.read()
    assert rows.schema == lake.labels.schema
    assert rows.select("text", "category", "subcategory", "author", "taxonomy_version").rows() == [
        ('zwei\nZeilen 🙂 "q"', "a", None, "ada", "1"),
        ("x", "b", None, "ben", "2"),
    ]
    assert before <= rows["given_at"][0] < rows["given_at"][1] <= datetime.now(UTC)


def test_every_import_is_an_object_of_its_own_that_stays(lake):
    lake.labels.add(label("x", "a"), "ada", "1")
    (first,) = lake.store.names(layout.LABELS)
    content = lake.store.get(f"{layout.LABELS}/{first}")
    lake.labels.add(label("x", "b"), "ada", "1")
    assert lake.store.names(layout.LABELS)[0] == first
    assert len(lake.store.names(layout.LABELS)) == 2
    assert lake.store.get(f"{layout.LABELS}/{first}") == content


def test_no_rows_leave_no_trace_and_nothing_reads_as_nothing(lake):
    lake.labels.add(label("x", "a").clear(), "ada", "1")
    assert lake.store.names(layout.LABELS) == []
    assert lake.labels.read().schema == lake.labels.schema
    assert lake.corrections.read().is_empty()


def test_days_and_truth_values_come_back_as_they_went(lake):
    rows = [("1" * 32, date(2026, 3, 1), "t", None, None, False), ("2" * 32, date(2026, 3, 2), None, "c", "s", True)]
    lake.corrections.add(pl.DataFrame(rows, schema=CORRECTION_COLUMNS, orient="row"), "ada", "1")
    assert lake.corrections.read().select(CORRECTION_COLUMNS.names()).rows() == rows


def test_a_damaged_object_is_named(lake):
    lake.store.put(f"{layout.CORRECTIONS}/20260101T000000000000Z-0.ndjson", b"{no json\n")
    with pytest.raises(LakeError, match="corrections"):
        lake.corrections.read()


def test_later_stands_after_earlier_though_the_clock_was_set_back():
    ahead = "20300101T000000000000Z-x.ndjson"
    stamp = layout.stamp(datetime(2026, 1, 1, tzinfo=UTC), [ahead])
    assert stamp > ahead.split("-", maxsplit=1)[0]
    assert layout.time_of_stamp(stamp) == datetime(2030, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert layout.stamp(datetime(2026, 1, 1, tzinfo=UTC), []) == "20260101T000000000000Z"


def model(version, trained_from=""):
    return ServingModel(version, "1", trained_from or f"from {version}")


def test_the_history_alone_says_what_serves(lake):
    models = lake.models
    assert models.serving() is None
    assert models.last_trained() is None
    for action, version in (("promoted", "a"), ("refused", "b"), ("chosen", "b"), ("refused", "c")):
        models.record(Promotion(Action(action), model(version), "ada", "because", {"p": 0.5}))
    assert models.serving() == model("b")
    assert models.last_trained() == model("c")
    assert models.find("a") == model("a")
    assert models.find("z") is None
    history = models.history()
    assert [(entry.action, entry.model.version) for entry in history] == [
        (Action.REFUSED, "c"),
        (Action.CHOSEN, "b"),
        (Action.REFUSED, "b"),
        (Action.PROMOTED, "a"),
    ]
    assert history[0].verdict == {"p": 0.5}
    assert history[0].at > history[1].at
    assert models.history(1) == history[:1]


def test_stored_models_are_listed_whether_they_serve_or_not(lake):
    lake.models.save("abc", b"model", b"held out")
    lake.models.save("def", b"other", b"")
    lake.models.record(Promotion(Action.REFUSED, model("abc"), "ada", "worse"))
    assert lake.models.versions() == ["abc", "def"]
    assert (lake.models.load("abc"), lake.models.load_held_out("abc")) == (b"model", b"held out")
    assert lake.models.load("xyz") is None


def test_a_damaged_entry_of_the_history_is_named(lake):
    lake.models.record(Promotion(Action.PROMOTED, model("a"), "ada", ""))
    (name,) = lake.store.names(layout.MODEL_HISTORY)
    lake.store.put(f"{layout.MODEL_HISTORY}/{name}", b"{}")
    with pytest.raises(LakeError, match=name):
        lake.models.serving()
