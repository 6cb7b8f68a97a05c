"""How good cleaning is on what people really wrote: public data sets, judged by rule and by hand.

``judged_pairs.csv`` holds what a reader made of pairs of tweets that no rule decides: all that are flagged
as near duplicates without having the same words, and all with a similarity from 0.4 to 0.7 to their
nearest earlier one. ``same`` means that one is a copy of the other: cut, forwarded with changes, addressed
to somebody else, or the same few words ("Thank you!"); ``other`` that it is not. A pair is named by the rows
of its texts and, so that another edition of the file is noticed, by the BLAKE2b hash of both.
"""

import re
from hashlib import blake2b
from html import unescape
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from complaints_platform.cleaning import clean_texts
from complaints_platform.cleaning.near_duplicates import near_duplicates, shingled
from complaints_platform.cleaning.shingles import shingle_words
from complaints_platform.cleaning.text import normalize_texts
from complaints_platform.cleaning.words import split_words
from complaints_platform_tests.cleaning.quality import Agreement, Share, plain

JUDGED = Path(__file__).parent / "judged_pairs.csv"
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u206f\ufeff]")
REDACTED = r"<(?:PHONE|EMAIL|URL|IP|IBAN|CARD|NATIONAL_ID|ACCOUNT|NAME)>"
TEXT_COLUMN = {
    "naijasenti_pcm.csv": "tweet",
    "cfpb_narratives.csv": "text",
    "comcast_telecom_complaints.csv": "Customer Complaint",
    "banking77_train.csv": "text",
    "uk_telco_tweets_labelled.csv": "text",
    "uk_telco_tweets_unlabelled.csv": "text",
}


def texts_of(folder, name):
    return pl.read_csv(folder / name, infer_schema=False)[TEXT_COLUMN[name]].drop_nulls()


# --- near duplicates ---------------------------------------------------------------------------------


class Tweets:
    """Tweets in their order, what the search finds among them, and which pairs are copies."""

    def __init__(self, folder):
        self.texts = texts_of(folder, "uk_telco_tweets_unlabelled.csv").to_list()
        cleaned = clean_texts(pl.Series(self.texts))
        match = near_duplicates(shingled(shingle_words(split_words(cleaned))), np.ones(len(self.texts), bool))
        self.found = {text: earlier for text, earlier in enumerate(match.earliest.tolist()) if earlier >= 0}
        self.repeated = self._repeated()
        judged = pl.read_csv(JUDGED)
        names = [self.name_of(*pair) for pair in judged.select("later", "earlier").iter_rows()]
        assert names == judged["pair"].to_list(), "these are other tweets than those that were judged"
        self.judgement = {(later, earlier): word == "same" for later, earlier, _, word in judged.iter_rows()}

    def _repeated(self):
        """Text → first one with the same words, without the marks of retweets, links and an ellipsis."""
        first, repeated = {}, {}
        for place, text in enumerate(self.texts):
            body = re.sub(r"https?://\S*|…$", "", re.sub(r"^(?:RT @\w+:?\s*)+", "", plain(unescape(text)))).strip()
            if first.setdefault(body.lower(), place) != place:
                repeated[place] = first[body.lower()]
        return repeated

    def name_of(self, later, earlier):
        return blake2b(f"{self.texts[later]}\0{self.texts[earlier]}".encode(), digest_size=8).hexdigest()

    def is_copy(self, later, earlier):
        """Whether a found pair is a copy; None if nobody has judged it."""
        return True if later in self.repeated else self.judgement.get((later, earlier))

    def missed(self):
        """Copies that are not found: by rule, and by hand among pairs of lower similarity."""
        by_hand = {later for (later, _), is_copy in self.judgement.items() if is_copy} - self.found.keys()
        by_rule = self.repeated.keys() - self.found.keys()
        return [self.texts[place] for place in sorted(by_rule)], [
            self.texts[place] for place in sorted(by_hand - by_rule)
        ]


@pytest.fixture(scope="module")
def tweets(real_data):
    return Tweets(real_data)


def test_nearly_all_repeated_tweets_are_found_and_little_else(tweets):
    copies = {place: tweets.is_copy(place, earlier) for place, earlier in tweets.found.items()}
    judged = {place: is_copy for place, is_copy in copies.items() if is_copy is not None}
    assert len(judged) >= 0.99 * len(copies)
    right = sum(judged.values())
    by_rule, by_hand = tweets.missed()
    wrong = [tweets.texts[place] for place, is_copy in judged.items() if not is_copy]
    agreement = Agreement(
        Share(right, len(judged), wrong),
        Share(right, right + len(by_rule) + len(by_hand), by_rule),
    )
    assert agreement.precision.of > 3500
    assert agreement.precision.value >= 0.99, agreement
    assert agreement.recall.value >= 0.93, agreement


def test_of_tweets_with_the_same_words_only_mere_mentions_are_missed(tweets):
    by_rule, _by_hand = tweets.missed()
    with_words = [text for text in by_rule if re.search(r"\w", re.sub(r"https?://\S+|\bRT\b|@\w+", "", text))]
    share = Share(len(tweets.repeated) - len(with_words), len(tweets.repeated), with_words)
    assert share.value >= 0.998, share


# --- personal data -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("naijasenti_pcm.csv", 3),  # read: each a name after "my name is"
        ("cfpb_narratives.csv", 2),  # read: both wrong, "my name is" a word and a form's "first & last name"
        ("comcast_telecom_complaints.csv", 0),
        ("banking77_train.csv", 0),
        ("uk_telco_tweets_labelled.csv", 13),  # read: phone numbers, addresses, an account, a name; all right
        ("uk_telco_tweets_unlabelled.csv", 54),  # read: all right but a version number and a link with a GUID
    ],
)
def test_redaction_touches_only_what_was_read_and_found_right(real_data, name, most):
    texts = texts_of(real_data, name)
    touched = clean_texts(texts).str.count_matches(REDACTED) > texts.str.count_matches(REDACTED)
    assert touched.sum() <= most, f"{touched.sum()} of {len(texts)} texts: rows {touched.arg_true().to_list()}"


def test_redactions_of_the_cfpb_are_left_alone(real_data):
    narratives = texts_of(real_data, "cfpb_narratives.csv")
    marks = r"X{2,}(?:/X{2,})*|\{\$[0-9.]+\}"
    assert narratives.str.contains(marks).mean() > 0.5
    assert clean_texts(narratives).str.extract_all(marks).equals(narratives.str.extract_all(marks))


def test_telephone_numbers_in_tweets_are_found(real_data):
    """Every run of nine or more digits in the tweets was read: which of them are telephone numbers."""
    texts = pl.concat([texts_of(real_data, name) for name in TEXT_COLUMN if name.startswith("uk_telco")])
    cleaned = clean_texts(texts)
    runs = cleaned.str.replace_all(r"https?://\S+", "").str.extract_all(r"(?:[0-9][ ().\-]{0,2}){8,}[0-9]").explode()
    left, found = runs.drop_nulls().to_list(), cleaned.str.count_matches("<PHONE>").sum()
    assert found >= 51
    assert len(left) <= 5, left


# --- encodings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*TEXT_COLUMN])
def test_sound_texts_are_left_as_they_are(real_data, name):
    """What repair changes in published texts: entities, invisible characters and controls, hardly anything else."""
    texts = texts_of(real_data, name).to_list()
    repaired = normalize_texts(pl.Series(texts)).to_list()
    visible = [plain(INVISIBLE.sub("", unescape(text))) for text in texts]
    others = [pair for pair in zip(visible, repaired, strict=True) if pair[0] != INVISIBLE.sub("", pair[1])]
    assert others == []
