"""What texts speak of: their terms, and those that set some texts apart from others.

A term is a word or two neighbouring words of a redacted text, in lower case, without stop words, tokens of
redaction, handles, links and numbers. Counts are of texts that use a term, not of its uses. Near duplicates are left
out: one text passed on a hundred times is one.
"""

import math
from functools import cache

import numpy as np
import polars as pl

LEAST_USES = 2
"""Texts that use a term: one used less often is passed over."""

SAME_TEXTS = 0.8
"""A word that is mostly used within a pair of words is not named beside it."""

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


def terms_of(texts: pl.DataFrame) -> pl.DataFrame:
    """Return the distinct terms of texts (complaint_id, text): complaint_id and term, each pair once, in no order."""
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


def standing_out(inside: pl.DataFrame, background: pl.DataFrame, most: int) -> list[str]:
    """Return up to ``most`` terms that set some texts (complaint_id, text) apart from others, the clearest first.

    By the log-odds ratio with an informative Dirichlet prior, over its standard deviation: Monroe, Colaresi and Quinn
    (2008), "Fightin' Words", Political Analysis 16. A word is not named beside a pair of words
    that it is mostly used in.
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
        if count >= SAME_TEXTS * uses.get(word, math.inf)
    }
    return [term for term in uses if term not in said][:most]
