import re

import numpy as np
import polars as pl
import pytest
import sklearn

from complaints_platform.classification.framing import framed
from complaints_platform.classification.prediction import PREDICTION_SCHEMA, classify
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.classification.trained import TrainedModel
from complaints_platform.classification.training import train
from complaints_platform.errors import ModelError

TAXONOMY = load_taxonomy()


@pytest.fixture(scope="module")
def seeded():
    return train(TAXONOMY, None)


@pytest.fixture(scope="module")
def zebra_labels():
    """Labels that say what no seed says: zebras are a matter of refunds, gnus one of privacy."""
    places = "here there north south east west upstairs downstairs outside inside".split()  # noqa: SIM905 - words
    return pl.DataFrame(
        [(f"zebra number {n} {place}", "billing_charges", "refund") for n, place in enumerate(places)]
        + [(f"a gnu {place} again", "privacy_security", None) for place in places],
        schema=["text", "category", "subcategory"],
        orient="row",
    )


def test_without_labels_nothing_is_measured_and_plain_complaints_are_found(seeded):
    assert seeded.evaluation is None
    assert seeded.n_labels == 0
    texts = {
        "there is no signal at all in this building": "network_voice",
        "internet terribly slow tonight, videos buffer": "network_data",
        "you overcharged me, the bill is wrong": "billing_charges",
        "my refund never came": "billing_charges",
        "airtime I recharged has not been credited": "recharge_payment",
        "the technician missed our appointment": "device_install",
        "kept on hold for hours, no one answers": "customer_service",
        "nin registration rejected": "sim_identity",
        "data finished after one day": "data_depletion",
        "pac code still missing, can't port": "porting_contract",
        "stop the marketing calls, I opted out": "vas_unsolicited",
    }
    found = classify(seeded, pl.Series(list(texts)))
    assert found["category"].to_list() == list(texts.values())


def test_every_prediction_is_of_one_branch_and_in_range(seeded):
    texts = pl.Series([seed for seed, _ in TAXONOMY.seed_phrases()])
    found = classify(seeded, texts)
    assert found.schema == PREDICTION_SCHEMA
    assert found["category"].to_list() == [TAXONOMY.parent(name) for name in found["subcategory"]]
    assert found["confidence"].is_between(0, 1).all()
    assert found["alternatives"].list.len().unique().to_list() == [3]
    assert found["alternatives"].list.first().to_list() == found["category"].to_list()
    truth = [TAXONOMY.parent(name) for _, name in TAXONOMY.seed_phrases()]
    assert (found["category"] == pl.Series(truth)).mean() > 0.98


def test_rows_do_not_depend_on_each_other(seeded):
    texts = pl.Series([seed for seed, _ in TAXONOMY.seed_phrases()][:60])
    alone = pl.concat([classify(seeded, texts[n : n + 1]) for n in range(len(texts))])
    assert classify(seeded, texts).equals(alone)


@pytest.mark.parametrize("text", ["Zorblax", "漢字仮名", "zzz !! 42", "lorem ipsum dolor"])
def test_a_doubtful_text_without_a_known_word_is_not_forced_into_a_category(seeded, text):
    found = classify(seeded, pl.Series([text, f"{text} no signal"]))
    assert found["category"].to_list() == [TAXONOMY.fallback, "network_voice"]
    assert found["needs_review"].to_list()[0]


def test_a_misspelt_text_without_a_known_word_keeps_a_category_that_is_certain(seeded):
    found = classify(seeded, pl.Series(["broadbnd dwn"]))
    assert found.select("category", "needs_review").row(0) == ("network_data", False)


@pytest.mark.parametrize("text", [None, "", "  \t\n "])
def test_nothing_to_go_by_goes_to_review(seeded, text):
    row = classify(seeded, pl.Series(["no signal", text], dtype=pl.String)).row(1, named=True)
    assert row == {
        "category": "other_review",
        "subcategory": None,
        "confidence": 0.0,
        "needs_review": True,
        "alternatives": [],
        "is_complaint": True,
        "severity": "medium",
        "sentiment": "neutral",
    }


def test_unknown_script_goes_to_review_and_no_rows_give_no_rows(seeded):
    assert classify(seeded, pl.Series(["漢字仮名"]))["needs_review"].all()
    assert classify(seeded, pl.Series([], dtype=pl.String)).schema == PREDICTION_SCHEMA


def test_labels_teach_what_seeds_do_not_say(seeded, zebra_labels):
    texts = pl.Series(["zebra number 99 elsewhere", "a gnu elsewhere again"])
    assert classify(seeded, texts)["category"].to_list() != ["billing_charges", "privacy_security"]
    model = train(TAXONOMY, zebra_labels)
    found = classify(model, texts)
    assert found["category"].to_list() == ["billing_charges", "privacy_security"]
    assert found["subcategory"][0] == "refund"
    assert TAXONOMY.parent(found["subcategory"][1]) == "privacy_security"
    assert model.n_labels == 20
    seeds_still_work = classify(model, pl.Series(["texts fail to send with an error"]))
    assert seeds_still_work["category"].to_list() == ["messaging"]


def test_labels_are_measured_held_out(zebra_labels):
    evaluation = train(TAXONOMY, zebra_labels).evaluation
    assert evaluation is not None
    assert evaluation["n_test"] == 20
    assert evaluation["accuracy"] > 0.8
    shuffled = zebra_labels.with_columns(
        category=pl.Series(["billing_charges", "privacy_security"] * 10), subcategory=pl.lit(None, dtype=pl.String)
    )
    measured = train(TAXONOMY, shuffled).evaluation
    assert measured is not None
    assert measured["accuracy"] < 0.7


def test_with_labels_confidence_is_calibrated_on_them():
    """A third of the labels is noise: confidence has to say so, however sure the seeds are."""
    rng = np.random.default_rng(0)
    places = [f"site {a}{b}" for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrst"]
    names = {
        "no signal at": "network_voice",
        "overcharged by shop at": "billing_charges",
        "rude agent at": "customer_service",
    }
    kinds = rng.choice(list(names), len(places))
    truth = [names[kind] if rng.random() < 0.7 else rng.choice(list(names.values())) for kind in kinds]
    texts = [f"{kind} {place}" for kind, place in zip(kinds, places, strict=True)]
    evaluation = train(TAXONOMY, pl.DataFrame({"text": texts, "category": truth})).evaluation
    assert evaluation is not None
    assert 0.7 < evaluation["accuracy"] < 0.9
    assert evaluation["ece"] < 0.025


def test_a_text_labelled_twice_counts_once_as_labelled_last(zebra_labels):
    again = zebra_labels.with_columns(
        pl.col("text").str.to_uppercase() + "  ", category=pl.lit("messaging"), subcategory=None
    )
    model = train(TAXONOMY, pl.concat([zebra_labels, again], how="vertical_relaxed"))
    assert model.n_labels == 20
    assert classify(model, pl.Series(["zebra number 99 elsewhere"]))["category"].to_list() == ["messaging"]


def test_the_version_follows_data_and_taxonomy(seeded, zebra_labels):
    assert train(TAXONOMY, None).version == seeded.version
    assert train(TAXONOMY, zebra_labels).version != seeded.version
    other = TAXONOMY.model_copy(update={"version": "2"})
    assert train(other, None).version != seeded.version


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"text": ["a"]}, "category"),
        ({"text": ["a"], "category": ["weather"]}, "'weather'"),
        ({"text": ["a"], "category": ["messaging"], "subcategory": ["refund"]}, "'refund'"),
        ({"text": ["a"], "category": ["messaging"], "subcategory": ["rain"]}, "'rain'"),
    ],
)
def test_labels_outside_the_taxonomy_are_refused(labels, message):
    with pytest.raises(ModelError, match=message):
        train(TAXONOMY, pl.DataFrame(labels))


def test_labels_without_usable_rows_train_as_none(seeded):
    labels = pl.DataFrame({"text": ["", None], "category": ["messaging", None]})
    model = train(TAXONOMY, labels)
    assert model.evaluation is None
    assert model.n_labels == 0
    assert model.version == seeded.version


def test_bytes_keep_the_model(seeded):
    texts = pl.Series(["no signal", "refund my money", None])
    loaded = TrainedModel.from_bytes(seeded.to_bytes())
    assert loaded.version == seeded.version
    assert loaded.taxonomy.fingerprint == TAXONOMY.fingerprint
    assert classify(loaded, texts).equals(classify(seeded, texts))


@pytest.mark.parametrize("position", [0, 30, -1])
def test_damaged_bytes_are_refused(seeded, position):
    data = bytearray(seeded.to_bytes())
    data[position] ^= 0xFF
    with pytest.raises(ModelError, match="train it again"):
        TrainedModel.from_bytes(bytes(data))


@pytest.mark.parametrize("data", [b"", b"PK", b"complaints-model 1\n[]\nx"])
def test_other_bytes_are_refused(data):
    with pytest.raises(ModelError, match="no stored model"):
        TrainedModel.from_bytes(data)


def test_another_scikit_learn_is_refused(seeded, monkeypatch):
    data = seeded.to_bytes()
    monkeypatch.setattr(sklearn, "__version__", "99.0")
    with pytest.raises(ModelError, match=re.escape("installed is 99.0")):
        TrainedModel.from_bytes(data)


def test_review_takes_the_least_certain(seeded):
    hidden = [
        text for copies in framed([seed for seed, _ in TAXONOMY.seed_phrases()], TAXONOMY.frames) for text in copies
    ]
    texts = pl.Series([*hidden, "the of and", "xyzzy plugh", "qwrt zzk"])
    found = classify(seeded, texts)
    certainty = seeded.estimator.class_scores(texts).max(axis=1)
    review = found["needs_review"].to_numpy()
    assert review[-3:].all()
    assert 0 < review.mean() < 0.4
    assert certainty[review].max() < certainty[~review].min()
    assert np.isfinite(seeded.review_threshold)
