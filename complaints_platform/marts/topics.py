"""What texts speak of: their terms, the terms that rise within a category, and those that set some texts apart.

A term is a word or two neighbouring words of a redacted text, in lower case, without stop words, tokens of
redaction, handles, links and numbers. Counts are of texts that use a term, not of its uses. Near duplicates are left
out: one text passed on a hundred times is one.
"""

import json
import math
from datetime import date
from functools import cache

import numpy as np
import polars as pl

from complaints_platform.marts.spikes import tail
from complaints_platform.schemas import EmergingTopic, Outcome, TermCount, conform, empty_frame

TERM_COLUMNS = ["day", "complaint_id", "text", "category", "outcome", "near_duplicate_of"]

TOPIC_DAYS = 28
"""Days that a day's terms are compared with."""

MOST_TERMS = 200
"""Terms stored of each category and day."""

LEAST_USES = 2
LEAST_DAYS = 7
LEAST_COMPLAINTS = 5
LEAST_RISE = 2.0
LEAST_SCORE = 5.0
"""A term emerges if it is used in so many complaints, so many times as often as usual, and that improbably."""

MOST_TOPICS = 20
SAMPLES = 3
_DISPERSION = 0.1
"""Words come in bursts: variance beyond Poisson's, relative to the squared expectation."""
_SAME_TEXTS = 0.8
"""A word that is mostly used within an emerging pair of words is not named beside it."""

_NO_WORDS = r"<[^<>\s]+>|@\w+|https?://\S+|www\.\S+|\S*\d\S*"
_WORD = r"\p{L}[\p{L}'’-]+"  # noqa: RUF001 - the apostrophe that phones type
_LEAST_LETTERS = 3
_CLEAR = 2.0
"""Standard deviations from which a term sets texts apart."""
_STOP_WORDS = """
aber alle als also am an auch auf aus bei bin bis bitte da damit dann das dass dem den der des die dies diese dieser
doch du ein eine einem einen einer er es für habe haben hat hatte ich ihr ihre ihren im in ist ja jetzt kann kein keine
mal man mein meine meinem meinen meiner mich mir mit nach nicht noch nun nur ob oder ohne schon sehr seit sich sie
sind so trotz über um und uns unser unter vom von vor war was weil wenn wer werden wie wieder wir wird wo zu zum zur
au aux avec ce ces cette dans de des du elle en est et il ils je la le les leur ma mais mes mon ne nous on ont ou
par pas pour que qui sa se ses son sur un une vous
al con del el ella es esta este la las lo los me mi muy no para pero por que se sin su un una y ya
abeg am be dat dem den dey dis don e fit for go i im ko make me my na no o oga of on sey si una wetin wey wia
rt pls please thanks thank regards dear sir madam hello hi also just still get got even day days today yesterday week
again since don't i'm it's can't i've didn't won't doesn't isn't that's im ive dont cant
"""

_SAYS_SOMETHING = """
bill bottom call computer con cry describe detail down empty fill fire front full interest mill mine move name off
serious show side sincere system thick thin top
"""
"""Words that scikit-learn takes for stop words, and that complaints are about."""


@cache
def stop_words() -> frozenset[str]:
    """Return the words that say nothing by themselves, of the languages that complaints mostly come in."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return (frozenset(ENGLISH_STOP_WORDS) - frozenset(_SAYS_SOMETHING.split())) | frozenset(_STOP_WORDS.split())


_TEXTS_AT_ONCE = 50_000
"""All words of so many texts are held at once."""


def terms_of(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct terms of each text.

    Args:
        texts: ``complaint_id`` and ``text`` (redacted; null has none).

    Returns:
        ``complaint_id`` and ``term``, each pair once, in no order.
    """
    words = (
        texts.lazy()
        .select(
            "complaint_id",
            word=pl.col("text").str.to_lowercase().str.replace_all(_NO_WORDS, " ").str.extract_all(_WORD),
        )
        .explode("word", empty_as_null=True)
        .drop_nulls("word")
        .with_columns(
            stop=pl.col("word").is_in(sorted(stop_words())) | (pl.col("word").str.len_chars() < _LEAST_LETTERS)
        )
        .collect()
    )
    pairs = (
        words.with_columns(pl.col("complaint_id", "word", "stop").shift(-1).name.suffix("_next"))
        .filter((pl.col("complaint_id") == pl.col("complaint_id_next")) & ~pl.col("stop") & ~pl.col("stop_next"))
        .select("complaint_id", term=pl.col("word") + " " + pl.col("word_next"))
    )
    single = words.filter(~pl.col("stop")).select("complaint_id", term="word")
    return pl.concat([single, pairs]).unique()


def term_counts(day: date, categorized: pl.DataFrame) -> pl.DataFrame:
    """Count in how many complaints of each category each term is used.

    Args:
        day: the day.
        categorized: its rows of ``CategorizedComplaint`` (at least ``TERM_COLUMNS``).

    Returns:
        ``TermCount``: the ``MOST_TERMS`` most used terms of each category, those used once left out.
    """
    texts = categorized.filter(
        (pl.col("outcome") == Outcome.COMPLAINT) & pl.col("near_duplicate_of").is_null() & pl.col("text").is_not_null()
    )
    if texts.is_empty():
        return empty_frame(TermCount)
    totals = texts.group_by("category").agg(texts=pl.len())
    # Each word stands beside its complaint's number, not its id; numbers have the order of the ids.
    texts = texts.sort("complaint_id").with_columns(
        complaint_id=pl.int_range(pl.len(), dtype=pl.UInt32), id="complaint_id"
    )
    used = pl.concat([terms_of(part) for part in texts.iter_slices(_TEXTS_AT_ONCE)])
    categories = texts["category"].cast(pl.Categorical).gather(used["complaint_id"])
    used = used.with_columns(category=categories)
    most_used = (
        used.group_by("category", "term")
        .agg(complaints=pl.len())
        .filter(pl.col("complaints") >= LEAST_USES)
        .sort(pl.col("category").cast(pl.String), "complaints", "term", descending=[False, True, False])
        .group_by("category", maintain_order=True)
        .head(MOST_TERMS)
    )
    # Of the many terms few are stored: only of those it matters who used them.
    examples = (
        used.join(most_used, on=["category", "term"], how="semi")
        .group_by("category", "term")
        .agg(ids=pl.col("complaint_id").bottom_k(SAMPLES).sort())
    )
    counts = (
        most_used.join(examples, on=["category", "term"])
        .with_columns(pl.col("category").cast(pl.String))
        .join(totals, on="category")
        .sort("category", "complaints", "term", descending=[False, True, False])
    )
    return conform(
        counts.select(
            pl.lit(day).alias("day"),
            "category",
            "texts",
            "term",
            "complaints",
            pl.Series(
                "sample_ids",
                [json.dumps(texts["id"].gather(rows).to_list()) for rows in counts["ids"].to_list()],
                dtype=pl.String,
            ),
        ),
        TermCount,
    )


def emerging_topics(day: date, counts: pl.DataFrame) -> pl.DataFrame:
    """Find the terms of a day that are used more than in the four weeks before.

    Args:
        day: the day.
        counts: ``TermCount`` of it and of the ``TOPIC_DAYS`` before it.

    Returns:
        ``EmergingTopic``: up to ``MOST_TOPICS`` of each category, the most improbable first. Nothing before
        ``LEAST_DAYS`` days of the category have been seen. A term that is not among the stored ones of an earlier day
        counts as having been used as often there as the least used of them: rises are never exaggerated.
    """
    today = counts.filter((pl.col("day") == day) & (pl.col("complaints") >= LEAST_COMPLAINTS))
    earlier = counts.filter(pl.col("day") < day)
    least = pl.when(pl.len() >= MOST_TERMS).then(pl.col("complaints").min()).otherwise(1)
    days = earlier.group_by("day", "category").agg(texts=pl.col("texts").first(), least=least)
    totals = days.group_by("category").agg(
        days=pl.len(), all_texts=pl.col("texts").sum(), all_least=pl.col("least").sum()
    )
    known = earlier.join(days.select("day", "category", "least"), on=["day", "category"]).group_by("category", "term")
    uses = known.agg(used=pl.col("complaints").sum(), counted=pl.col("least").sum())
    compared = (
        today.join(totals.filter(pl.col("days") >= LEAST_DAYS), on="category")
        .join(uses, on=["category", "term"], how="left")
        .with_columns(pl.col("used", "counted").fill_null(0))
        .with_columns(
            expected=pl.col("texts")
            * (pl.col("used") + pl.col("all_least") - pl.col("counted")).cast(pl.Float64)
            / pl.col("all_texts")
        )
        .filter(pl.col("complaints") >= LEAST_RISE * pl.col("expected"))
    )
    if compared.is_empty():
        return empty_frame(EmergingTopic)
    probability = tail(
        compared["complaints"].to_numpy(), compared["expected"].to_numpy(), np.full(compared.height, _DISPERSION)
    )
    found = (
        compared.with_columns(score=pl.Series(-np.log10(np.maximum(probability, 1e-300))).round(2))
        .filter(pl.col("score") >= LEAST_SCORE)
        .sort("category", "score", "term", descending=[False, True, False])
    )
    kept = found.filter(~_said_by_pairs(found)).group_by("category", maintain_order=True).head(MOST_TOPICS)
    return conform(
        kept.select("day", "category", "term", "complaints", pl.col("expected").round(2), "score", "sample_ids"),
        EmergingTopic,
    )


def _said_by_pairs(found: pl.DataFrame) -> pl.Series:
    """Tell of each term whether it is a word that is mostly used within a pair of words that is found as well."""
    pairs: dict[tuple[str, str], int] = {}
    for category, term, complaints in found.select("category", "term", "complaints").iter_rows():
        for word in term.split(" ") if " " in term else ():
            pairs[category, word] = max(complaints, pairs.get((category, word), 0))
    return pl.Series(
        [
            " " not in term and pairs.get((category, term), 0) >= _SAME_TEXTS * complaints
            for category, term, complaints in found.select("category", "term", "complaints").iter_rows()
        ],
        dtype=pl.Boolean,
    )


def standing_out(inside: pl.DataFrame, background: pl.DataFrame, most: int) -> list[str]:
    """Return the terms that set some texts apart from others, the clearest first.

    By the log-odds ratio with an informative Dirichlet prior, over its standard deviation: Monroe, Colaresi and Quinn
    (2008), "Fightin' Words", Political Analysis 16. A word is not named beside a pair of words
    that it is mostly used in.

    Args:
        inside: ``complaint_id`` and ``text`` of the texts.
        background: likewise of those that they are compared with.
        most: number of terms wanted.
    """
    here, there = (
        terms_of(texts).group_by("term").agg(uses=pl.len().cast(pl.Float64)) for texts in (inside, background)
    )
    if here.is_empty():
        return []
    joined = here.join(there, on="term", how="full", coalesce=True, suffix="_there").fill_null(0.0)
    own, other = joined["uses"].to_numpy(), joined["uses_there"].to_numpy()
    prior = (own + other) * min(1.0, 500 / max((own + other).sum(), 1)) + 0.01
    total = prior.sum()
    odds = np.log((own + prior) / (own.sum() + total - own - prior)) - np.log(
        (other + prior) / (other.sum() + total - other - prior)
    )
    score = odds / np.sqrt(1 / (own + prior) + 1 / (other + prior))
    ranked = joined.with_columns(score=pl.Series(score)).filter(
        (pl.col("uses") >= LEAST_USES) & (pl.col("score") > _CLEAR)
    )
    ranked = ranked.sort("score", "term", descending=[True, False]).head(5 * most)
    uses = dict(ranked.select("term", "uses").iter_rows())
    said = {
        word
        for term, count in uses.items()
        if " " in term
        for word in term.split(" ")
        if count >= _SAME_TEXTS * uses.get(word, math.inf)
    }
    return [term for term in uses if term not in said][:most]
