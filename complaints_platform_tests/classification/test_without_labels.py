"""What a model is worth that nobody gave a label: on complaints whose words no seed has."""

import json

import polars as pl
import pytest

from complaints_platform.classification.framing import COPIES, framed
from complaints_platform.classification.prediction import classify
from complaints_platform.classification.taxonomy import Frames, load_taxonomy
from complaints_platform.classification.training import train
from complaints_platform.cleaning.redaction import redact_texts
from complaints_platform.generator import GeneratorOptions, generate_files

TAXONOMY = load_taxonomy()
NEUTRAL = ("please help", "still waiting", "please fix this", "thank you", "cust called in", "ticket opened and closed")


@pytest.fixture(scope="module")
def model():
    return train(TAXONOMY, None)


@pytest.fixture(scope="module")
def judged(model):
    """Complaints of a seed that nothing was tuned to, their true category and what the model says."""
    files = generate_files(GeneratorOptions(days=5, per_day=400, seed=90210))
    truth = [file.content for file in files if file.path.startswith("truth/") and file.path.endswith(".ndjson")]
    rows = [json.loads(line) for day in truth for line in day.splitlines()]
    known = [(row["clean_text"], row["category"]) for row in rows if row["fate"] == "complaint" and row["category"]]
    frame = pl.DataFrame(known, schema=["text", "truth"], orient="row").drop_nulls()
    return pl.concat([frame, classify(model, redact_texts(frame["text"]))], how="horizontal")


def test_categories_are_mostly_right_and_the_doubtful_ones_wait_for_review(judged):
    right, sure = pl.col("category") == pl.col("truth"), ~pl.col("needs_review")
    found = judged.select(right=right.mean(), review=1 - sure.mean(), rest=right.filter(sure).mean()).row(0, named=True)
    assert judged.height > 1900
    assert found["right"] > 0.70
    assert found["review"] < 0.30
    assert found["rest"] > 0.78


def test_confidence_is_about_as_high_as_categories_are_right(judged):
    right = (judged["category"] == judged["truth"]).mean()
    assert judged["confidence"].mean() == pytest.approx(right, abs=0.05)


def test_no_category_s_share_is_far_from_the_truth_and_the_largest_is_the_largest(judged):
    share = {name: (judged["category"] == name).mean() for name in TAXONOMY.category_names}
    truth = {name: (judged["truth"] == name).mean() for name in TAXONOMY.category_names}
    assert max(abs(share[name] - truth[name]) for name in share) < 0.05
    assert max(share, key=share.get) == max(truth, key=truth.get)


def test_what_says_nothing_of_a_category_is_not_given_one_with_confidence(model):
    found = classify(model, pl.Series([f"{first}. {second}" for first in NEUTRAL for second in NEUTRAL]))
    assert (found["needs_review"] | (found["category"] == TAXONOMY.fallback)).mean() > 0.9


def test_a_phrase_stands_whole_among_sentences_and_always_the_same_ones():
    phrases = ["no signal", "refund my money"] * 20
    texts = framed(phrases, TAXONOMY.frames)
    assert texts == framed(phrases, TAXONOMY.frames)
    assert all(len(copies) == COPIES for copies in texts)
    assert all(phrase in copy for phrase, copies in zip(phrases, texts, strict=True) for copy in copies)
    assert len({copy for copies in texts for copy in copies}) > len(phrases)


def test_without_frames_a_phrase_stands_alone():
    assert framed(["no signal"], Frames()) == [["no signal"] * COPIES]
