"""Labels that people gave: CSV files in the lake, all of them together the training labels."""

import io
from typing import BinaryIO

import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Store

LABEL_COLUMNS = pl.Schema({"text": pl.String, "category": pl.String, "subcategory": pl.String})


class Labels:
    """The labels of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str, labels: pl.DataFrame) -> None:
        """Store labels (``LABEL_COLUMNS``) under a name; the same name again replaces them."""
        buffer = io.BytesIO()
        labels.select(LABEL_COLUMNS.names()).write_csv(buffer)
        self._store.put(f"{layout.LABELS}/{name}.csv", buffer.getvalue())

    def read(self) -> pl.DataFrame | None:
        """Return all labels (``LABEL_COLUMNS``), or None if there are none.

        Raises:
            LakeError: a file is not a CSV with at least text and category.
        """
        frames = []
        for name in self._store.names(layout.LABELS):
            with self._store.open(f"{layout.LABELS}/{name}") as file:
                frames.append(read_labels(file, name))
        return pl.concat(frames) if frames else None


def read_labels(stream: BinaryIO, name: str) -> pl.DataFrame:
    """Read labels (``LABEL_COLUMNS``) from a CSV with text, category and, if it has one, subcategory.

    Raises:
        LakeError: it is no such CSV.
    """
    try:
        table = pl.read_csv(stream, infer_schema=False)
        subcategory = pl.col("subcategory") if "subcategory" in table.columns else pl.lit(None, pl.String)
        return table.select("text", "category", subcategory.alias("subcategory"))
    except pl.exceptions.PolarsError as error:
        raise LakeError(f"{name} must be a CSV with the columns text and category: {error}") from error
