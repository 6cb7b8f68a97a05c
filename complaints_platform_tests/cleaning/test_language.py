"""Languages: told from the text alone, among those expected; unknown rather than wrong."""

import csv

import polars as pl
import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from complaints_platform.cleaning import Rules, clean_texts, prepare
from complaints_platform.cleaning.language import (
    DEFAULT_LANGUAGES,
    LEAST_PROBABILITY,
    MOST_CHARACTERS,
    _detector,
    detect_languages,
)
from complaints_platform.cleaning.words import split_words
from complaints_platform.errors import SettingsError
from complaints_platform_tests.cleaning.raw_records import KEY, raw_records


def languages_of(texts, languages=DEFAULT_LANGUAGES):
    series = pl.Series(list(texts), dtype=pl.String)
    return detect_languages(series, split_words(series), tuple(languages)).to_list()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I have been charged twice and nobody answers the phone", "en"),
        ("No signal in our street since yesterday", "en"),
        ("Seit gestern habe ich kein Internet und die Hotline geht nicht ran", "de"),
        ("Wetin dey happen with una network, e no dey work since morning abeg", "pcm"),
        ("Je n'ai plus de réseau depuis hier soir et personne ne répond", "fr"),
        ("No tengo señal desde ayer y nadie contesta el teléfono", "es"),
        ("Ba ni da sabis tun jiya, don Allah ku taimake ni", "ha"),
    ],
)
def test_plain_texts_are_recognised(text, language):
    assert languages_of([text]) == [language]


@pytest.mark.parametrize("text", [None, "", "ok", "<PHONE> <EMAIL>", "@care @care", "12345 67890", "😡😡😡"])
def test_what_holds_too_few_words_stays_unknown(text):
    assert languages_of([text]) == [None]


def test_only_expected_languages_are_chosen():
    german = "Seit gestern habe ich kein Internet und die Hotline geht nicht ran"
    assert languages_of([german], ["en", "fr"]) != ["de"]
    assert languages_of(["I have been charged twice and nobody answers the phone"], ["de", "fr"]) != ["en"]


def test_where_one_language_is_expected_every_text_long_enough_is_in_it():
    assert languages_of(["gar keine Hotline hier", "ok", None, "no network since morning"], ["yo"]) == [
        "yo",
        None,
        None,
        "yo",
    ]


def test_a_language_nobody_can_detect_is_refused():
    with pytest.raises(SettingsError, match="klingon"):
        languages_of(["a text of some length"], ["en", "klingon"])


def test_what_the_sender_says_wins():
    frame = raw_records(
        {"text": "I have been charged twice and nobody answers", "language": "YO"},
        {"text": "I have been charged twice and nobody answers"},
    )
    assert prepare(frame, KEY)["language"].to_list() == ["yo", "en"]


def test_the_answer_does_not_depend_on_other_rows():
    texts = ["Seit gestern habe ich kein Internet mehr, bitte melden", None, "the bill is wrong again and again"] * 700
    assert languages_of(texts) == [languages_of([text])[0] for text in texts[:3]] * 700


def test_the_answers_are_those_of_the_librarys_own_code(real_data):
    library = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    library.set_languages(list(DEFAULT_LANGUAGES))
    with (real_data / "naijasenti_pcm.csv").open(encoding="utf-8") as file:
        texts = [row["tweet"][:MOST_CHARACTERS] for row in csv.DictReader(file)][:1500]
    texts += ["ALL IN CAPITALS, NOBODY ANSWERS", "7", "", "ÄÖÜ ÉÈ", "नमस्ते आपका नेटवर्क बंद है"]
    expected = [label if share >= LEAST_PROBABILITY else None for label, share in map(library.classify, texts)]
    assert _detector(DEFAULT_LANGUAGES).detect(pl.Series(texts)).to_list() == expected


def test_rules_with_other_languages_have_another_fingerprint():
    assert Rules(languages=("en",)).fingerprint != Rules().fingerprint


def shares(path, column, count):
    with path.open(encoding="utf-8") as file:
        texts = [row[column] for row in csv.DictReader(file)][:count]
    return pl.Series(languages_of(clean_texts(pl.Series(texts)))).value_counts(normalize=True)


def share(counts, language):
    return counts.filter(pl.col("") == language)["proportion"].sum()


def test_real_queries_and_narratives_are_english(real_data):
    assert share(shares(real_data / "banking77_train.csv", "text", 3000), "en") > 0.97
    tweets = shares(real_data / "uk_telco_tweets_unlabelled.csv", "text", 3000)
    assert share(tweets, "en") > 0.6
    assert tweets.filter(pl.col("").is_not_null() & (pl.col("") != "en"))["proportion"].sum() < 0.01


def test_real_pidgin_is_pidgin_english_or_unknown(real_data):
    counts = shares(real_data / "naijasenti_pcm.csv", "tweet", 2000)
    assert share(counts, "pcm") > 0.35
    assert counts.filter(pl.col("").is_not_null() & ~pl.col("").is_in(["en", "pcm"]))["proportion"].sum() < 0.01
