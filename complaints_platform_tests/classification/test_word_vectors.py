import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.classification import word_vectors
from complaints_platform.classification.embeddings import installed
from complaints_platform.classification.word_vectors import WordVectors, split, table


@pytest.fixture(scope="module")
def fitted():
    return WordVectors().fit(["the bill is wrong", "the phone is broken", "the line is dead"])


def names(text):
    rows = list(table().position)
    return [rows[row] for row in split(text)]


def test_words_split_into_the_longest_known_pieces():
    assert names("refund") == ["ref", "##und"] or names("refund") == ["refund"]
    assert names("unbelievable") == ["unbelievable"]
    assert "".join(names("rebooting")).replace("##", "") == "rebooting"
    assert split("漢字") == []
    assert split("") == []


def similarity(vectors, first, second):
    left, right = vectors.encode([first, second])
    return float(left @ right)


@pytest.mark.parametrize(
    ("text", "like", "unlike"),
    [("charged too much", "billed too much", "called too much"), ("my phone", "my mobile", "my money")],
)
def test_words_that_mean_alike_lie_close(fitted, text, like, unlike):
    assert similarity(fitted, text, like) > similarity(fitted, text, unlike)


def test_frequent_words_count_less(fitted):
    assert similarity(fitted, "the bill", "bill") > similarity(fitted, "the bill", "the")


def test_case_and_accents_do_not_matter(fitted):
    first, second = fitted.encode(["CAFÉ Données", "cafe donnees"])
    assert np.array_equal(first, second)


@given(st.lists(st.text(max_size=60), max_size=10))
@settings(max_examples=100, deadline=None)
def test_any_text_has_the_same_vector_alone_and_in_a_batch(texts):
    vectors = WordVectors().fit(["the bill is wrong"])
    together = vectors.encode(texts)
    assert np.isfinite(together).all()
    for row, text in enumerate(texts):
        assert np.array_equal(vectors.encode([text])[0], together[row])


def test_very_long_texts_cost_as_much_as_their_beginning(fitted, monkeypatch):
    monkeypatch.setattr(word_vectors, "MAX_WORDS", 3)
    first, second = fitted.encode(["bill phone line", "bill phone line dead wrong broken"])
    assert np.array_equal(first, second)


@pytest.mark.skipif(not installed(), reason="the extra 'embeddings' is not installed")
def test_the_table_is_what_the_network_gives():
    from complaints_platform.classification.distillation import distil

    pieces, vectors, steps = distil()
    stored = table()
    assert pieces == list(stored.position)
    # Processors without VNNI saturate the network's 8-bit sums, and near-equal axes may turn: what must stay is how
    # alike pieces are (0.99 there, 1.00 with VNNI).
    some = np.random.default_rng(0).choice(len(pieces), 1000, replace=False)
    made, kept = (cosines((vectors * steps)[some]), cosines(stored.vectors[some]))
    above = np.triu_indices(len(some), 1)
    assert np.corrcoef(made[above], kept[above])[0, 1] > 0.98
    assert np.abs(made - kept).mean() < 0.02


def cosines(vectors):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit @ unit.T
