import numpy as np
import polars as pl
import pytest

from complaints_platform.classification.explanation import MOST_ORDERS, Explanation, Term, _Plan, explain
from complaints_platform.classification.prediction import classify
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.classification.training import train

TEXTS = pl.Series(
    [
        "There is no signal at all in the whole village since Monday",
        "You overcharged me on my last bill, refund my money now!",
        "slow",
        "rude rude rude agent and a slow slow connection",
        "my refund " * 150,
    ]
)


@pytest.fixture(scope="module")
def model():
    return train(load_taxonomy(), None)


@pytest.fixture(scope="module")
def explanations(model):
    return explain(model, TEXTS)


def test_contributions_sum_to_the_score(model, explanations):
    scores = model.estimator.class_scores(TEXTS)
    names = model.estimator.classes_.tolist()
    for row, found in enumerate(explanations):
        first, second = names.index(found.subcategory), names.index(found.runner_up_subcategory)
        assert found.score == pytest.approx(scores[row, first] - scores[row, second], abs=1e-5)
        assert found.base + sum(term.contribution for term in found.terms) == pytest.approx(found.score, abs=1e-5)
        for term in found.terms:
            assert term.contribution == pytest.approx(term.for_winner - term.for_runner_up)


def test_winner_and_runner_up_are_those_of_the_prediction(model, explanations):
    predicted = classify(model, TEXTS)
    assert [each.category for each in explanations] == predicted["category"].to_list()
    assert [each.subcategory for each in explanations] == predicted["subcategory"].to_list()
    assert [each.runner_up for each in explanations] == predicted["alternatives"].list.get(1).to_list()


def test_the_words_that_matter_come_first(explanations):
    assert "signal" in explanations[0].terms[0].term
    assert "refund" in " ".join(term.term for term in explanations[1].terms[:2])
    assert [term.term for term in explanations[2].terms] == ["slow"]


def test_repeated_words_are_one_term(explanations):
    terms = [term.term for term in explanations[3].terms]
    assert len(terms) == len(set(terms))


@pytest.mark.parametrize("text", [None, "", " \n"])
def test_nothing_to_go_by_has_no_terms(model, text):
    (found,) = explain(model, pl.Series([text], dtype=pl.String))
    assert found == Explanation("other_review", None, None, None, 0.0, 0.0, ())
    assert found.compact() == ""


def test_no_texts_give_no_explanations(model):
    assert explain(model, pl.Series([], dtype=pl.String)) == []


def test_a_text_s_explanation_hardly_depends_on_the_draw(model):
    first, other = (explain(model, TEXTS[:2], seed=seed) for seed in (1, 2))
    for one, two in zip(first, other, strict=True):
        again = {term.term: term.contribution for term in two.terms}
        assert again[one.terms[0].term] == pytest.approx(one.terms[0].contribution, rel=0.15)


def test_contributions_of_an_additive_score_are_exact():
    """Where no word's share depends on the others, every order says the same."""
    words = ["a", "b", "c", "d"]
    worth = dict(zip(words, [3.0, -1.0, 0.5, 0.0], strict=True))
    plan = _Plan.of(words, 40, np.random.default_rng(0))
    scores = np.array([[sum(worth[word] for word in copy.split()) + 7.0] for copy in plan.copies])
    assert plan.contributions(scores).ravel().tolist() == pytest.approx(list(worth.values()))


def test_what_two_words_do_together_is_shared_by_both():
    words = ["no", "signal", "here"]
    plan = _Plan.of(words, 10_000, np.random.default_rng(0))
    assert len(plan.orders) == MOST_ORDERS
    scores = np.array([[float("no signal" in copy)] for copy in plan.copies])
    shares = plan.contributions(scores).ravel()
    assert shares.sum() == pytest.approx(1)
    assert shares[:2] == pytest.approx([0.5, 0.5], abs=0.12)


def test_compact_is_one_short_line():
    terms = tuple(Term(name, value, value, 0.0) for name, value in (("bill", 1.2), ("no signal", -0.254), ("x", 0.1)))
    assert Explanation("a", "b", "c", "d", 1.0, 0.0, terms).compact(2) == "bill +1.20; no signal -0.25"
