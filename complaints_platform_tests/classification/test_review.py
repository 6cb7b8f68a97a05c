import numpy as np
import polars as pl
import pytest

from complaints_platform.classification.review import QUEUE_SCHEMA, choose, review_queue, uncertainty_of
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.classification.training import train

NOTHING = pl.Series([], dtype=pl.String)


@pytest.fixture(scope="module")
def model():
    return train(load_taxonomy(), None)


def complaints(texts, near=None):
    return pl.DataFrame(
        {
            "complaint_id": [f"{n:032x}" for n in range(len(texts))],
            "text": texts,
            "near_duplicate_of": near or [None] * len(texts),
        },
        schema_overrides={"text": pl.String, "near_duplicate_of": pl.String},
    )


def test_a_tie_is_all_doubt_and_certainty_none():
    assert uncertainty_of(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.7, 0.2, 0.1]])) == pytest.approx([1, 0, 0.5])


def test_one_doubt_in_ten_wordings_does_not_fill_the_queue():
    """Twelve texts about parcels, all more uncertain than one about the tower and one about the bill."""
    parcels = [
        f"where is the parcel {word}"
        for word in ["now", "today", "then", "still", "please", "sir", "madam", "again", "ever", "though", "so", "hm"]
    ]
    texts = [*parcels, "the tower hums at night", "this bill looks odd"]
    uncertainty = np.array([0.9] * len(parcels) + [0.8, 0.8])
    chosen = choose(texts, uncertainty, [], 3)
    assert {int(position) for position in chosen} > {len(parcels), len(parcels) + 1}


def test_a_doubt_that_many_have_comes_before_an_odd_one():
    many = [f"refund for order {word} missing" for word in "red blue green black white grey".split()]  # noqa: SIM905
    chosen = choose(["zzz qqq xxx", *many], np.array([0.95] + [0.9] * len(many)), [], 1)
    assert chosen[0] > 0


def test_among_equals_the_more_uncertain_is_asked():
    assert choose(["alpha beta", "gamma delta"], np.array([0.2, 0.9]), [], 1).tolist() == [1]


def test_what_is_like_a_label_is_asked_last():
    texts = ["my refund is late again", "the mast is down"]
    assert choose(texts, np.array([0.9, 0.8]), ["my refund is late"], 1).tolist() == [1]


def test_short_and_empty_pools_are_taken_whole():
    assert sorted(choose(["a b", "c d"], np.array([0.1, 0.2]), [], 10).tolist()) == [0, 1]
    assert choose([], np.empty(0), [], 10).tolist() == []


def test_one_text_is_asked_once_and_a_labelled_one_not_at_all(model):
    texts = ["Blue parrots SING", "blue  parrots sing", "green parrots whistle", "labelled parrots", None, " "]
    queue = review_queue(model, complaints(texts), pl.Series(["Labelled parrots", None]), 10)
    assert sorted(queue["text"].to_list()) == ["Blue parrots SING", "green parrots whistle"]


def test_near_duplicates_of_one_complaint_are_asked_once(model):
    first = f"{0:032x}"
    queue = review_queue(
        model, complaints(["one big parrot", "one big parrot!!", "1 big parrot"], [None, first, first]), NOTHING, 10
    )
    assert queue["complaint_id"].to_list() == [first]


def test_each_place_has_candidates_and_a_reason(model):
    queue = review_queue(
        model, complaints(["my bill and my signal are both odd", "the agent sold me a router"]), NOTHING, 5
    )
    assert queue.schema == QUEUE_SCHEMA
    for row in queue.iter_rows(named=True):
        chances = [each["probability"] for each in row["candidates"]]
        assert len(chances) == 3
        assert chances == sorted(chances, reverse=True)
        assert row["uncertainty"] == pytest.approx(1 - (chances[0] - chances[1]))
        assert any(word in row["because"] for word in row["text"].split())


def test_nothing_to_review_is_an_empty_queue(model):
    assert review_queue(model, complaints([]), NOTHING, 5).schema == QUEUE_SCHEMA
