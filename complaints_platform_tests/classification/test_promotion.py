import numpy as np
import polars as pl
import pytest

from complaints_platform.classification.promotion import (
    LABELS_TO_JUDGE_SKILL,
    Champion,
    compare,
    distinct_labels,
    holm,
    judge,
)
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.training import train

KINDS = {"animals": ("zebra", "gnu"), "plants": ("fern", "moss"), "stones": ("slate", "flint")}
"""Categories whose subcategories are told apart by one word each; seeds are of other words."""


def word(number):
    """A word of letters for each number: digits are all the same to training."""
    return "".join(
        "bdfgklmnprstvz"[number // 70**place % 70 % 14] + "aeiou"[number // 70**place % 70 // 14] for place in range(3)
    )


def taxonomy_of(kinds, version="1"):
    return Taxonomy.model_validate(
        {
            "version": version,
            "fallback": next(iter(kinds)),
            "categories": [
                {
                    "name": category,
                    "definition": "As its name says.",
                    "subcategories": [
                        {"name": name, "definition": "As its name says.", "seeds": [f"something of {name} here"]}
                        for name in names
                    ],
                }
                for category, names in kinds.items()
            ],
        }
    )


TAXONOMY = taxonomy_of(KINDS)


def labels_of(count, seed=0):
    """Texts with one word that decides among six that don't."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        category = rng.choice(list(KINDS))
        around = " ".join(word(number) for number in rng.integers(0, 400, 6).tolist())
        rows.append((f"{around} {rng.choice(KINDS[category])}", category, None))
    schema = {"text": pl.String, "category": pl.String, "subcategory": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def shuffled(labels, seed):
    return labels.with_columns(pl.col("category").shuffle(seed))


def champion_of(labels, taxonomy=TAXONOMY):
    model = train(taxonomy, labels)
    return Champion(model, model.held_out)


def verdict(champion, labels, taxonomy=TAXONOMY):
    return judge(train(taxonomy, labels), labels, champion)


@pytest.fixture(scope="module")
def champion():
    return champion_of(labels_of(200))


@pytest.mark.parametrize("seed", range(3))
def test_a_challenger_trained_on_shuffled_labels_never_serves(champion, seed):
    """The labels it is examined on are the shuffled ones too: the champion looks no better on them."""
    found = verdict(champion, shuffled(labels_of(200), seed))
    assert not found.serves
    assert "at random" in found.why


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_of_shuffled_labels_on_top_of_good_ones_never_serves(champion, seed):
    found = verdict(champion, pl.concat([labels_of(200), shuffled(labels_of(400, seed=100 + seed), seed)]))
    assert not found.serves
    assert "it is worse" in found.why
    assert found.comparison["only_champion_right"] > found.comparison["only_challenger_right"]


@pytest.mark.parametrize("seed", range(3))
def test_more_good_labels_serve(champion, seed):
    found = verdict(champion, pl.concat([labels_of(200), labels_of(200, seed=100 + seed)]))
    assert found.serves
    assert found.comparison["texts"] == 400
    assert found.comparison["challenger_accuracy"] >= found.comparison["champion_accuracy"] - 0.005


def test_being_worse_in_one_category_is_enough_to_be_refused(champion):
    """Overall it is about as good: what it forgets of one category is hidden by the size of the others."""
    good = labels_of(200)
    stones = pl.col("category") == "stones"
    more = labels_of(200, seed=5).with_columns(category=pl.when(stones).then(pl.lit("plants")).otherwise("category"))
    truth = ["animals"] * 500 + ["stones"] * 20
    champion_says = ["animals"] * 480 + ["plants"] * 20 + ["stones"] * 20
    challenger_says = ["animals"] * 500 + ["animals"] * 20
    comparison = compare(truth, champion_says, challenger_says)
    assert comparison["p_worse"] > 0.4
    assert {row["category"]: row["p_worse"] < 0.001 for row in comparison["per_class"]} == {
        "animals": False,
        "stones": True,
    }
    found = verdict(champion, pl.concat([good, more]))
    assert not found.serves
    assert "worse in stones" in found.why


def test_without_a_champion_it_serves_and_says_so():
    found = verdict(None, labels_of(30))
    assert found.serves
    assert "no model served before" in found.why


def test_without_labels_it_serves_and_says_that_nothing_was_measured():
    nothing = labels_of(0)
    found = verdict(champion_of(nothing), nothing, taxonomy_of(KINDS, "2"))
    assert found.serves
    assert found.comparison is None
    assert "nothing could be measured" in found.why


def test_the_same_model_again_serves(champion):
    found = verdict(champion, labels_of(200))
    assert found.serves
    assert "it is the model that serves" in found.why


def test_few_labels_are_not_enough_to_call_it_guessing():
    nothing = labels_of(0)
    few = labels_of(LABELS_TO_JUDGE_SKILL - 1)
    found = verdict(champion_of(nothing), few)
    assert found.serves
    assert found.p_guessing is None
    assert found.comparison["texts"] == few.height


def test_a_changed_taxonomy_is_compared_on_shared_categories(champion):
    other = taxonomy_of({"animals": ("zebra", "gnu"), "plants": ("fern", "moss"), "metals": ("iron",)}, "2")
    labels = labels_of(300, seed=7).filter(pl.col("category") != "stones")
    metals = pl.DataFrame(
        [(f"{word(n)} iron {word(n + 1)} bar", "metals", None) for n in range(50)], schema=labels.schema, orient="row"
    )
    found = verdict(champion, pl.concat([labels, metals]), other)
    assert found.serves
    assert found.comparison["texts"] == labels.height
    assert {row["category"] for row in found.comparison["per_class"]} == {"animals", "plants"}


def test_held_out_predictions_are_of_models_that_did_not_see_the_text():
    """One word a text, each of its own: seen, it is always right; unseen, it can only guess."""
    rng = np.random.default_rng(0)
    labels = pl.DataFrame({"text": [word(n * 71) * 2 for n in range(120)]}).with_columns(
        category=pl.Series(rng.choice(list(KINDS), 120)), subcategory=pl.lit(None, pl.String)
    )
    held_out = train(TAXONOMY, labels).held_out
    assert held_out["category"].null_count() == 0
    right = (held_out["category"] == labels["category"]).mean()
    assert right < 0.5


def test_the_champion_answers_for_what_it_learnt_as_if_it_had_not(champion):
    old, new = labels_of(200), labels_of(50, seed=9)
    known = distinct_labels(pl.concat([old, new]))
    answers = champion.answers(known.select("text", "text_key"))
    assert answers["text_key"].to_list() == known["text_key"].to_list()
    assert answers["category"].null_count() == 0
    from_folds = answers.join(champion.held_out, on="text_key", how="semi")
    assert from_folds.sort("text_key").equals(champion.held_out.sort("text_key"))
    assert answers.height - from_folds.height == new.height


def test_a_text_labelled_twice_counts_once_as_labelled_last():
    labels = pl.DataFrame({"text": ["A zebra", "a  ZEBRA", " ", None], "category": ["stones", "animals", "x", "x"]})
    assert distinct_labels(labels).select("text", "category").rows() == [("a  ZEBRA", "animals")]


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [([], []), ([0.2], [0.2]), ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.5, 0.001, 0.9], [1.0, 0.003, 1.0])],
)
def test_holm(p_values, adjusted):
    assert holm(p_values) == pytest.approx(adjusted)


def test_the_exact_test_by_hand():
    """Five texts that only the champion gets right, one that only the challenger does: 7 of 64 cases are as bad."""
    comparison = compare(["a"] * 10, ["a"] * 5 + ["b"] + ["a"] * 4, ["b"] * 5 + ["a"] * 5)
    assert comparison["p_worse"] == pytest.approx(7 / 64)
    assert (comparison["only_champion_right"], comparison["only_challenger_right"]) == (5, 1)
