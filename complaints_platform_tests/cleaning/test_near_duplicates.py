import time
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_records import KEY, NOON, NOTHING, NOWHERE, raw_records

from complaints_platform.cleaning import decide_outcomes, prepare
from complaints_platform.cleaning.near_duplicates import SIMILARITY, near_duplicates, shingled
from complaints_platform.cleaning.shingles import shingle_words
from complaints_platform.cleaning.words import split_words

SENTENCE = "the internet in our street has been down since tuesday morning and nobody answers the phone at your office"


def shingle_texts(texts):
    return shingle_words(split_words(texts))


def sets_of(texts):
    return [set(hashes) for hashes in shingle_texts(pl.Series(texts, dtype=pl.String)).to_list()]


def jaccard(left, right):
    return len(left & right) / len(left | right) if left | right else 0.0


def slow_search(sets, wanted):
    """The definition, without any shortcut."""
    earliest, similarity = [], []
    for place, shingles in enumerate(sets):
        found = [other for other in range(place) if shingles and jaccard(shingles, sets[other]) >= SIMILARITY]
        earliest.append(found[0] if found and wanted[place] else -1)
        similarity.append(jaccard(shingles, sets[found[0]]) if found and wanted[place] else np.nan)
    return earliest, similarity


def search(texts, wanted=None):
    wanted = np.ones(len(texts), bool) if wanted is None else np.array(wanted, bool)
    return near_duplicates(shingled(shingle_texts(pl.Series(texts, dtype=pl.String))), wanted)


def edited(random, words, share):
    return [f"new{random.randrange(10**6)}" if random.random() < share else word for word in words]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("No NETWORK, in Ikeja!!", "no network in ikeja"),
        ("RT @ada: no network in Ikeja", "no network in Ikeja"),
        ("RT @ada RT @bola: @MTN no network in Ikeja", "“no network in ikeja”"),
        ("@MTN @Glo no network in Ikeja", "no network in Ikeja"),
        ("Fwd: Re: No network in Ikeja", "no network in Ikeja"),
        ("ÉTÉ ÜBER Ñandú þing", "été über ñandú Þing"),
        ("ДРУЖБА ЖДЁТ ЗИМУ ВСЮДУ", "дружба ждёт зиму всюду"),
        ("call <PHONE> about the refund", "CALL <PHONE>: about the (refund)"),
    ],
)
def test_what_does_not_count_in_comparison(text, same):
    assert sets_of([text]) == sets_of([same])


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("no network here", "no network there"),
        ("no network", "network no"),
        ("ab c d", "a bc d"),
        ("retry the payment again", "try the payment again"),
        ("averyveryverylongword1 is it", "averyveryverylongword2 is it"),
        ("a b c", "a b c d"),
    ],
)
def test_what_counts_in_comparison(text, other):
    assert sets_of([text]) != sets_of([other])


@settings(deadline=None)
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=8))
def test_shingles_of_a_text_do_not_depend_on_its_neighbours(texts):
    together = shingle_texts(pl.Series(texts, dtype=pl.String)).to_list()
    assert together == [shingle_texts(pl.Series([text], dtype=pl.String)).to_list()[0] for text in texts]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["no", "net", "in", "ikeja", "été"]), max_size=7), max_size=5))
def test_shingles_are_runs_of_three_words(texts):
    expected = [
        {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))} if words else set()
        for words in texts
    ]
    actual = sets_of([" ".join(words) for words in texts])
    for left, left_words in zip(actual, expected, strict=True):
        assert len(left) == len(left_words)
        for right, right_words in zip(actual, expected, strict=True):
            assert len(left & right) == len(left_words & right_words)


def test_shingles_do_not_depend_on_where_a_block_ends():
    texts = [f"text number {number} of many" for number in range(5000)]
    assert shingle_texts(pl.Series(texts))[4500].to_list() == shingle_texts(pl.Series(texts[4500:4501]))[0].to_list()


@settings(max_examples=60, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 120))
def test_the_search_finds_what_the_definition_says(random, count):
    bases = [[f"w{random.randrange(400)}" for _ in range(random.randrange(1, 25))] for _ in range(6)]
    texts = [
        " ".join(edited(random, random.choice(bases), random.choice([0, 0, 0.03, 0.1, 0.5]))) for _ in range(count)
    ]
    wanted = [random.random() < 0.7 for _ in texts]
    match = search(texts, wanted)
    earliest, similarity = slow_search(sets_of(texts), wanted)
    assert match.earliest.tolist() == earliest
    np.testing.assert_allclose(match.similarity, similarity)


def test_no_pair_at_the_very_threshold_is_missed():
    texts = []
    for number in range(3000):
        words = [f"w{number}x{place}" for place in range(19)]
        texts += [" ".join(words), " ".join([*words[:8], "other", *words[9:]])]  # share 14 of 20 shingles
    match = search(texts)
    assert np.all(match.earliest[::2] == -1)
    assert match.earliest[1::2].tolist() == list(range(0, 6000, 2))
    assert np.all(match.similarity[1::2] == SIMILARITY)


def test_a_storm_of_equal_texts_costs_one_text():
    texts = [SENTENCE] * 200_000
    start = time.process_time()
    match = search(texts)
    assert time.process_time() - start < 10
    assert match.earliest[0] == -1
    assert np.all(match.earliest[1:] == 0)
    assert np.all(match.similarity[1:] == 1)


def test_a_storm_of_similar_texts_stays_linear():
    def seconds(count):
        texts = [f"{SENTENCE} ticket {number}" for number in range(count)]
        start = time.process_time()
        match = search(texts)
        assert np.all(match.earliest[1:] == 0)
        return time.process_time() - start

    small, large = min(seconds(4000) for _ in range(2)), seconds(32_000)
    assert large < 24 * max(small, 0.05)  # quadratic would be 64 times


def near(today, before=NOTHING):
    return decide_outcomes(prepare(today, KEY), prepare(before, KEY), NOWHERE)


def test_copies_are_flagged_across_sources_and_days_and_still_count():
    before = raw_records({"source_id": "0", "text": SENTENCE, "occurred_at": NOON - timedelta(days=1)})
    today = raw_records(
        {"source_id": "1", "source": "sms", "text": f"RT @ada: {SENTENCE.upper()}!"},
        {"source_id": "2", "text": SENTENCE.replace("tuesday", "monday")},
        {"source_id": "3", "text": "something else altogether is wrong with my bill"},
    )
    frame = near(today, before).sort("source_id")
    original = prepare(before, KEY)["complaint_id"][0]
    assert frame["outcome"].to_list() == ["complaint"] * 3
    assert frame["near_duplicate_of"].to_list() == [original, original, None]
    assert frame["similarity"].to_list() == [1.0, pytest.approx(14 / 20), None]


def test_the_earliest_is_named_and_is_none_itself():
    today = raw_records(*({"source_id": str(hour), "occurred_at": NOON + timedelta(hours=hour)} for hour in (3, 1, 2)))
    frame = near(today)
    assert frame["source_id"].to_list() == ["1", "2", "3"]
    assert frame["near_duplicate_of"].to_list() == [None, frame["complaint_id"][0], frame["complaint_id"][0]]


def test_a_record_never_nearly_repeats_itself():
    before = raw_records({"source_id": "1", "occurred_at": NOON - timedelta(days=1)})
    assert near(raw_records({"source_id": "1", "updated_at": NOON}), before)["near_duplicate_of"].to_list() == [None]


def test_what_was_withdrawn_the_day_before_is_not_repeated():
    yesterday = {"source_id": "1", "occurred_at": NOON - timedelta(days=1)}
    before = raw_records(yesterday, yesterday | {"withdrawn": True, "updated_at": NOON})
    assert near(raw_records({"source_id": "2"}), before)["near_duplicate_of"].to_list() == [None]


def test_only_complaints_are_compared():
    today = raw_records(
        {"source_id": "1", "text": SENTENCE, "occurred_at": NOON - timedelta(hours=1), "withdrawn": True},
        {"source_id": "2", "text": SENTENCE},
        {"source_id": "3", "text": ""},
        {"source_id": "4", "text": ""},
    )
    assert near(today)["near_duplicate_of"].to_list() == [None] * 4


def test_retweets_among_real_tweets_are_found(real_data):
    tweets = pl.read_csv(real_data / "uk_telco_tweets_unlabelled.csv", infer_schema=False)["text"].drop_nulls()
    bodies = tweets.str.extract(r"^RT @\w+: (.{40,}?)…?$")
    retweets = bodies.is_not_null() & bodies.is_duplicated()
    repeated = retweets & ~bodies.is_first_distinct()
    match = search(tweets.to_list())
    found = match.earliest[repeated.to_numpy()] >= 0
    assert repeated.sum() > 300
    assert found.mean() >= 0.99


def test_answers_of_nothing_but_a_mention_and_an_emoji_are_not_alike():
    thumb, poo, again = shingle_texts(pl.Series(["@O2 👍", "@O2 💩", "@O2  👍"])).to_list()
    assert thumb == again != poo
