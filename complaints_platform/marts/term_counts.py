"""Words by day: in how many complaints of each category each term is used."""

import json
from datetime import date

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.definition import ByDay, Mart
from complaints_platform.marts.terms import LEAST_USES, terms_of
from complaints_platform.schemas import DataSet, Outcome, conform, empty_frame, fields

INPUT_COLUMNS = ["day", "complaint_id", "text", "category", "outcome", "near_duplicate_of"]

TOPICS_VERSION = "1"
"""Part of the fingerprints of term counts and emerging topics: raise it when a definition changes."""

MOST_TERMS = 200
"""Terms stored for each category and day."""

SAMPLES = 3
_TEXTS_AT_ONCE = 50_000
"""How many texts' words are held in memory at once."""


class TermCount(DataSet, unique=["day", "category", "term"]):
    """How many complaints of a category use a word or word pair, by day: the most used ones."""

    day: pl.Date = fields.DAY
    category: str = fields.CATEGORY
    texts: int = pa.Field(ge=1, description="Complaints of the category on the day, without near duplicates.")
    term: str = fields.TERM
    complaints: int = pa.Field(ge=1, description="How many of these texts use it.")
    sample_ids: str = fields.SAMPLE_IDS


def term_counts(day: date, categorized: pl.DataFrame) -> pl.DataFrame:
    """Count in how many complaints of each category a day's ``CategorizedComplaint`` rows use each term.

    Returns ``TermCount``: the ``MOST_TERMS`` most used of each category, those used once left out.
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
    ids = texts["id"].to_list()
    return conform(
        counts.select(
            pl.lit(day).alias("day"),
            "category",
            "texts",
            "term",
            "complaints",
            pl.Series(
                "sample_ids", [json.dumps([ids[row] for row in rows]) for rows in counts["ids"].to_list()], pl.String
            ),
        ),
        TermCount,
    )


MART = Mart(
    name="mart.term_counts",
    title="Words by day",
    grain="a word or word pair of a category on a day, the 200 most used",
    description="How many complaints of a category use each term.",
    model=TermCount,
    recipe=ByDay(lambda window: term_counts(window.day, window.today), INPUT_COLUMNS),
    version=TOPICS_VERSION,
)
