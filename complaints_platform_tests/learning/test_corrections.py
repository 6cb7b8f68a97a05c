"""Corrections from a reviewer's file to tables and training, over a small lake filled through Dagster."""

import shutil
from datetime import timedelta

import dagster as dg
import polars as pl
import pytest
import yaml

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.commands.running import Runner
from complaints_platform.errors import LakeError, ModelError
from complaints_platform.lake.data_sets import CATEGORIZED, DAILY
from complaints_platform.lake.models import Action
from complaints_platform.learning import labels
from complaints_platform.learning.corrections import CorrectionsInForce
from complaints_platform.learning.labels import import_labels, training_labels
from complaints_platform.learning.model import model_is_stale, serve_version, train_challenger
from complaints_platform.platform import Platform
from complaints_platform.settings import PACKAGED_SOURCES
from complaints_platform_tests.small_lake import FIRST, TEXTS, Place


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    root = tmp_path_factory.mktemp("filled")
    Place(root).fill()
    return root


@pytest.fixture(autouse=True)
def every_correction_trains(monkeypatch):
    """Fifty corrections are too many for a small lake."""
    monkeypatch.setattr(labels, "CORRECTIONS_TO_TRAIN", 1)


@pytest.fixture
def place(filled, tmp_path):
    """A copy of the filled lake for each test."""
    return Place(shutil.copytree(filled, tmp_path / "place"))


def test_a_correction_overrides_survives_and_makes_exactly_its_days_stale(place):
    before = place.rows()
    assert before["1-0"]["category"] == "network_voice"
    done = place.correct(**{"1-0": {"category": "billing_charges", "subcategory": "refund"}})
    second = FIRST + timedelta(days=1)
    assert (done.new, done.days) == (1, [second])
    assert place.stale()["categorized/complaints"] == place.stale()["mart/daily_complaints"] == [second]
    assert "cleaned/complaints" not in place.stale()

    assert place.update() == ["train_classifier", "complaints_by_day, 3 days from 2026-03-10 to 2026-03-12"]
    assert place.stale() == {}
    after = place.rows()
    corrected = after.pop("1-0")
    assert {
        name: corrected[name] for name in ("category", "subcategory", "confidence", "needs_review", "category_source")
    } == {
        "category": "billing_charges",
        "subcategory": "refund",
        "confidence": None,
        "needs_review": False,
        "category_source": "person",
    }
    assert {row["category_source"] for row in after.values()} == {"model"}
    assert "the reviewer" not in str(corrected.values())

    list(place.runner.materialize("complaints_by_day", [second]))
    assert place.rows()["1-0"] == corrected
    mart = DAILY.table(place.lake).scan().collect().filter(pl.col("day") == second)
    assert mart.filter(pl.col("subcategory") == "refund")["complaints"].to_list() == [1]
    assert mart["complaints"].sum() == 3


def test_a_correction_trains_the_next_model_with_the_cleaned_text(place):
    place.send("private", [("p", "my number is 08031234567 and it is blocked", FIRST, FIRST)])
    place.update()
    place.correct(p={"category": "sim_identity"})
    learnt = training_labels(place.lake, load_taxonomy()).frame
    assert learnt["text"].to_list() == [place.rows()["p"]["text"]]
    assert "08031234567" not in learnt["text"][0]
    assert model_is_stale(place.lake, load_taxonomy())
    training = train_challenger(place.lake, load_taxonomy(), "test")
    assert training.model.n_labels == 1
    assert not model_is_stale(place.lake, load_taxonomy())


def test_few_corrections_override_and_train_nothing(place, monkeypatch):
    """Whatever ten corrections say, right or wrong, the model stays as it is."""
    monkeypatch.setattr(labels, "CORRECTIONS_TO_TRAIN", 3)
    serving = place.lake.models.serving().version
    wrong = {"category": "vas_unsolicited", "subcategory": "spam_calls"}
    place.correct(**{"1-0": wrong, "2-0": wrong})
    given = training_labels(place.lake, load_taxonomy())
    assert (given.waiting, given.for_training.height, given.frame.height) == (2, 0, 2)
    assert not model_is_stale(place.lake, load_taxonomy())
    place.update()
    assert place.lake.models.serving().version == serving
    assert place.rows()["1-0"]["category"] == "vas_unsolicited"
    place.correct(**{"0-0": wrong})
    assert training_labels(place.lake, load_taxonomy()).for_training.height == 3
    assert model_is_stale(place.lake, load_taxonomy())


def test_the_newest_correction_wins_and_all_are_kept(place):
    place.correct("ada", **{"0-0": {"category": "billing_charges"}})
    place.correct("ben", **{"0-0": {"category": "messaging"}, "0-1": {"category": "messaging"}})
    in_force = CorrectionsInForce.of(place.lake).frame
    assert dict(in_force.select("category", "author").iter_rows()) == {"messaging": "ben"}
    kept = place.lake.corrections.read()
    assert kept["author"].to_list() == ["ada", "ben", "ben"]
    assert kept["taxonomy_version"].unique().to_list() == [load_taxonomy().version]
    assert kept["given_at"].is_sorted()


def test_the_same_file_again_changes_nothing(place):
    decisions = {"0-0": {"category": "billing_charges"}, "0-1": {}}
    first = place.correct(**decisions)
    place.update()
    again = place.correct(**decisions)
    assert (first.new, first.repeated, first.undecided) == (1, 0, 1)
    assert (again.new, again.repeated, again.undecided) == (0, 1, 1)
    assert place.update() == []


def test_a_correction_follows_its_complaint_to_another_day(place):
    place.correct(**{"0-0": {"category": "billing_charges"}})
    place.update()
    moved = FIRST + timedelta(days=2)
    place.send("moved", [("0-0", TEXTS[0], moved, moved)])
    place.update()
    rows = CATEGORIZED.table(place.lake).scan().collect().filter(pl.col("source_id") == "0-0")
    live = rows.filter(pl.col("outcome") == "complaint")
    assert live.select("day", "category", "category_source").rows() == [(moved, "billing_charges", "person")]
    assert place.stale() == {}


def test_what_is_no_complaint_goes_to_the_fallback_category(place):
    assert place.rows()["0-0"]["is_complaint"] is True
    place.correct(**{"0-0": {"is_complaint": "No"}})
    place.update()
    assert place.rows()["0-0"]["category"] == load_taxonomy().fallback
    assert place.rows()["0-0"]["is_complaint"] is False
    learnt = training_labels(place.lake, load_taxonomy()).frame
    assert learnt.select("category", "is_complaint").rows() == [(load_taxonomy().fallback, "no")]


def test_labels_may_speak_of_attributes_alone(place):
    file = place.root / "tone.csv"
    file.write_text("text,sentiment,severity\nthe zebra sang,positive,\nthe zebra bit me,negative,high\n")
    assert import_labels(place.lake, load_taxonomy(), file, "test") == 2
    learnt = training_labels(place.lake, load_taxonomy())
    assert learnt.frame.select("text", "category", "sentiment", "severity").rows() == [
        ("the zebra sang", None, "positive", None),
        ("the zebra bit me", None, "negative", "high"),
    ]
    assert learnt.left_out == 0
    serving = place.lake.models.serving()
    training = train_challenger(place.lake, load_taxonomy(), "test")
    assert training.verdict.serves
    assert training.model.n_labels == 0
    assert training.model.version != serving.version


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("text,sentiment\nhello,joyful", "sentiment joyful is not in the taxonomy; it has negative, neutral, positive"),
        ("text,sentiment\nhello,", "every row needs a text and a category, or one of is_complaint"),
        ("text,tone\nhello,positive", "at least one of the columns category"),
        ("text,category,subcategory\nhello,,refund", "every row needs"),
        ("text,severity,subcategory\nhello,high,refund", "a subcategory needs its category"),
    ],
)
def test_labels_that_say_nothing_usable_are_refused_as_a_whole(place, line, message):
    file = place.root / "labels.csv"
    file.write_text(line + "\n")
    with pytest.raises((ModelError, LakeError), match=message):
        import_labels(place.lake, load_taxonomy(), file, "test")
    assert place.lake.labels.read().is_empty()


def test_a_decision_on_the_category_alone_keeps_the_subcategory_it_agrees_with(place):
    before = place.rows()
    place.correct(**{"0-0": {"category": before["0-0"]["category"]}, "0-1": {"category": "messaging"}})
    table = CATEGORIZED.table(place.lake).scan().collect()
    after = CorrectionsInForce.of(place.lake).applied(table, load_taxonomy())
    assert after.drop("category", "subcategory", "confidence", "needs_review", "category_source").equals(
        table.drop("category", "subcategory", "confidence", "needs_review", "category_source")
    )
    found = {row["source_id"]: row for row in after.iter_rows(named=True)}
    assert found["0-0"]["subcategory"] == before["0-0"]["subcategory"] is not None
    assert found["0-1"]["subcategory"] is None
    assert before["0-2"] == found["0-2"]


def test_a_category_that_a_new_taxonomy_does_not_have_leaves_the_model_s_for_review(place, tmp_path):
    place.correct(**{"0-0": {"category": "privacy_security"}, "0-1": {"category": "messaging"}})
    source = PACKAGED_SOURCES.parent.parent / "classification" / "taxonomy.yaml"
    document = yaml.safe_load(source.read_text(encoding="utf-8"))
    document["version"] = "2.0"
    document["categories"] = [each for each in document["categories"] if each["name"] != "privacy_security"]
    path = tmp_path / "taxonomy.yaml"
    path.write_text(yaml.safe_dump(document))
    settings = place.settings.model_copy(update={"taxonomy": path})
    list(Runner(Platform(settings), dg.DagsterInstance.ephemeral()).update())
    rows = place.rows()
    assert rows["0-0"]["category_source"] == "model"
    assert rows["0-0"]["needs_review"]
    assert rows["0-1"]["category"] == "messaging"
    assert rows["0-1"]["taxonomy_version"] == "2.0"
    assert training_labels(place.lake, load_taxonomy(path)).left_out == 1
    assert Platform(settings).stale().days == {}


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"category": "weather"}, "category weather"),
        ({"category": "messaging", "subcategory": "refund"}, "subcategory refund"),
        ({"category": "messaging", "is_complaint": "perhaps"}, "is_complaint perhaps"),
        ({"is_complaint": "yes"}, "needs a category"),
        ({"complaint_id": "0" * 32, "category": "messaging"}, "not in cleaned/complaints"),
        ({"complaint_id": None, "category": "messaging"}, "every decision needs one"),
    ],
)
def test_a_wrong_decision_is_refused_and_nothing_is_stored(place, decision, message):
    with pytest.raises(ModelError, match=message):
        place.correct(**{"0-0": decision, "0-1": {"category": "messaging"}})
    assert place.lake.corrections.read().is_empty()


def test_a_complaint_decided_twice_in_one_file_is_refused(place):
    same = place.rows()["0-0"]["complaint_id"]
    with pytest.raises(ModelError, match="more than once"):
        place.correct(**{"0-0": {"category": "messaging"}, "0-1": {"category": "messaging", "complaint_id": same}})


def test_a_refused_challenger_is_not_tried_again_until_something_changes(place, tmp_path):
    """Fifty good labels serve; on top of them, three times as many that contradict them do not."""
    taxonomy = load_taxonomy()
    letters = "abcdefghijklmnopqrstuvwxyz"
    good = [(f"zebra {a}x thing", "messaging") for a in letters]
    good += [(f"gnu {a}x thing", "privacy_security") for a in letters]
    names = taxonomy.category_names
    bad = [
        (f"{text} {n}{n}q", names[(5 * m + 3 * k) % len(names)])
        for m, (text, _) in enumerate(good)
        for k, n in enumerate("klm")
    ]
    for name, rows in (("good", good), ("bad", bad)):
        pl.DataFrame(rows, schema=["text", "category"], orient="row").write_csv(tmp_path / f"{name}.csv")
    assert import_labels(place.lake, taxonomy, tmp_path / "good.csv", "ada") == len(good)
    assert import_labels(place.lake, taxonomy, tmp_path / "good.csv", "ada") == 0
    place.update()
    serving = place.lake.models.serving()
    assert place.lake.models.history(1)[0].action is Action.PROMOTED

    import_labels(place.lake, taxonomy, tmp_path / "bad.csv", "ben")
    assert place.update() == ["train_classifier"]
    refused = place.lake.models.history(1)[0]
    assert refused.action is Action.REFUSED
    assert refused.verdict["comparison"]["p_worse"] < 0.05 or any(
        row["p_worse"] < 0.05 for row in refused.verdict["comparison"]["per_class"]
    )
    assert place.lake.models.serving() == serving
    assert place.update() == []

    serve_version(place.lake, refused.model.version, "ada", "the old labels were wrong")
    assert place.stale()["categorized/complaints"] == [FIRST + timedelta(days=n) for n in range(3)]
    assert place.update() == ["complaints_by_day, 3 days from 2026-03-10 to 2026-03-12"]
    assert {row["model_version"] for row in place.rows().values()} == {refused.model.version}
    serve_version(place.lake, serving.version, "ada", "they were not")
    assert place.stale()["categorized/complaints"] == [FIRST + timedelta(days=n) for n in range(3)]
    assert [entry.action for entry in place.lake.models.history()] == [
        Action.CHOSEN,
        Action.CHOSEN,
        Action.REFUSED,
        Action.PROMOTED,
        Action.PROMOTED,
    ]


def test_an_unknown_version_can_t_serve(place):
    with pytest.raises(ModelError, match=place.lake.models.serving().version):
        serve_version(place.lake, "nothing", "ada", "")
