"""Corrections that people made to single complaints: append-only, one immutable object for each import.

Only how they are kept; which correction counts and what it does to a complaint is ``pipeline``'s. Texts in
here are cleaned and redacted: a correction is also a training example.
"""

import polars as pl

from complaints_platform.lake import layout
from complaints_platform.lake.labels import SignedRows
from complaints_platform.lake.store import Store

CORRECTION_COLUMNS = pl.Schema(
    {
        "complaint_id": pl.String,
        "day": pl.Date,
        "text": pl.String,
        "category": pl.String,
        "subcategory": pl.String,
        "is_complaint": pl.Boolean,
    }
)
"""``day`` is the complaint's (UTC) when it was corrected; ``category`` is null only where ``is_complaint`` is false."""


class Corrections(SignedRows):
    """The corrections of one lake (``CORRECTION_COLUMNS``)."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, layout.CORRECTIONS, CORRECTION_COLUMNS)
