"""Emerging topics: terms that rise within a category, against the four weeks before."""

from datetime import date

import numpy as np
import pandera.polars as pa
import polars as pl

from complaints_platform.marts import term_counts
from complaints_platform.marts.definition import ByDay, Mart
from complaints_platform.marts.expectations import tail
from complaints_platform.marts.term_counts import MOST_TERMS, TOPICS_VERSION, TermCount
from complaints_platform.marts.terms import SAME_TEXTS
from complaints_platform.schemas import DataSet, conform, empty_frame, fields
from complaints_platform.schemas.model import polars_schema

TOPIC_DAYS = 28
"""Days that a day's terms are compared with."""

LEAST_DAYS = 7
LEAST_COMPLAINTS = 5
LEAST_RISE = 2.0
LEAST_SCORE = 5.0
"""A term is emerging above these: complaints that use it, ratio to the usual share, and improbability."""

MOST_TOPICS = 20
_DISPERSION = 0.1
"""Words come in bursts: variance beyond Poisson's, relative to the squared expectation."""


class EmergingTopic(DataSet, unique=["day", "category", "term"]):
    """Words and word pairs that rise in a category, compared with the four weeks before."""

    day: pl.Date = pa.Field(description="Day (UTC) on which the term stands out. Partition.")
    category: str = fields.CATEGORY
    term: str = fields.TERM
    complaints: int = pa.Field(ge=1, description="Complaints of the category that use it on the day.")
    expected: float = pa.Field(ge=0, description="How many would use it at its share of the four weeks before.")
    score: float = pa.Field(description="How improbable the rise is: -log10 of the probability of as many or more.")
    sample_ids: str = fields.SAMPLE_IDS


def emerging_topics(day: date, counts: pl.DataFrame) -> pl.DataFrame:
    """Find the terms of a day that are used more than in the four weeks before.

    ``counts`` is ``TermCount`` of the day and of the ``TOPIC_DAYS`` before it. Returns ``EmergingTopic``: up to
    ``MOST_TOPICS`` of each category, the most improbable first; nothing before ``LEAST_DAYS`` days of the category have
    been seen. A term that is not among the stored ones of an earlier day counts as having been used as often there as
    the least used of them: rises are never exaggerated.
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
    """Tell for each term whether it is mostly used within a word pair that was found too."""
    pairs: dict[tuple[str, str], int] = {}
    for category, term, complaints in found.select("category", "term", "complaints").iter_rows():
        for word in term.split(" ") if " " in term else ():
            pairs[category, word] = max(complaints, pairs.get((category, word), 0))
    return pl.Series(
        [
            " " not in term and pairs.get((category, term), 0) >= SAME_TEXTS * complaints
            for category, term, complaints in found.select("category", "term", "complaints").iter_rows()
        ],
        dtype=pl.Boolean,
    )


MART = Mart(
    name="mart.emerging_topics",
    title="Emerging topics",
    grain="a word or word pair that rises in a category on a day",
    description="Terms used more than in the four weeks before.",
    model=EmergingTopic,
    recipe=ByDay(
        lambda window: emerging_topics(window.day, window.together), polars_schema(TermCount).names(), every_day=True
    ),
    source=term_counts.MART.name,
    look_back=TOPIC_DAYS,
    version=TOPICS_VERSION,
)
