"""Labels of texts and corrections of complaints, as people gave them: append-only, one immutable object an import.

Texts of corrections are cleaned and redacted: a correction is also a training example.
"""

import hashlib
import io
from collections.abc import Collection
from datetime import UTC, datetime
from typing import BinaryIO

import orjson
import polars as pl

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Store

SIGNATURE = pl.Schema({"author": pl.String(), "given_at": pl.Datetime("us", "UTC"), "taxonomy_version": pl.String()})
"""Who gave a row, when, and by which version of the taxonomy."""

LABEL_COLUMNS = pl.Schema(
    dict.fromkeys(["text", "category", "subcategory", "is_complaint", "severity", "sentiment"], pl.String)
)
"""A label says at least one of them about the text."""

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


class SignedRows:
    """Rows that people gave, in one folder: what is added stays, and stands after what was there before."""

    def __init__(self, store: Store, folder: str, columns: pl.Schema) -> None:
        self._store = store
        self._folder = folder
        self._columns = columns

    @property
    def schema(self) -> pl.Schema:
        """Columns of what ``read`` returns: the rows' own, then ``SIGNATURE``."""
        return pl.Schema({**self._columns, **SIGNATURE})

    def add(self, rows: pl.DataFrame, author: str, taxonomy_version: str) -> None:
        """Append rows (the rows' own columns) in one object, signed by ``author``; no rows leave no trace."""
        if rows.is_empty():
            return
        stamp = layout.stamp(datetime.now(UTC), self._store.names(self._folder))
        signed = rows.select(self._columns.names()).with_columns(
            author=pl.lit(author),
            given_at=pl.lit(layout.time_of_stamp(stamp)).dt.to_string("iso:strict"),
            taxonomy_version=pl.lit(taxonomy_version),
        )
        buffer = io.BytesIO()
        signed.write_ndjson(buffer)
        digest = hashlib.sha256(buffer.getvalue()).hexdigest()[:16]
        self._store.put(f"{self._folder}/{stamp}-{digest}.ndjson", buffer.getvalue())

    def remove(self, column: str, values: Collection[str]) -> None:
        """Delete the rows that have one of the values in a column of texts; what lay with them stays as it is."""
        for key in [f"{self._folder}/{name}" for name in self._store.names(self._folder)]:
            lines = (self._store.get(key) or b"").splitlines(keepends=True)
            kept = [line for line in lines if orjson.loads(line)[column] not in values]
            if not kept:
                self._store.delete(key)
            elif len(kept) < len(lines):
                self._store.put(key, b"".join(kept))

    def read(self) -> pl.DataFrame:
        """Return all rows (``schema``) in the order in which they were added; ``LakeError`` if an object is damaged."""
        names = self._store.names(self._folder)
        if not names:
            return pl.DataFrame(schema=self.schema)
        data = b"".join(self._store.get(f"{self._folder}/{name}") or b"" for name in names)
        texts = {name: pl.String if dtype.is_temporal() else dtype for name, dtype in self.schema.items()}
        try:
            rows = pl.read_ndjson(data, schema=texts)
            return rows.with_columns(
                pl.col(name).str.to_date("%F")
                if dtype == pl.Date
                else pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC")
                for name, dtype in self.schema.items()
                if dtype.is_temporal()
            )
        except pl.exceptions.PolarsError as error:
            raise LakeError(f"{self._folder}: an object can't be read: {error}") from error


def read_labels(stream: BinaryIO, name: str) -> pl.DataFrame:
    """Read labels (``LABEL_COLUMNS``) from a CSV with text and at least one of the others; blank is null.

    What is no such CSV is a ``LakeError``.
    """
    try:
        table = pl.read_csv(stream, infer_schema=False)
        table = table.select("text", *(column for column in LABEL_COLUMNS.names()[1:] if column in table.columns))
    except pl.exceptions.PolarsError as error:
        raise LakeError(f"{name} must be a CSV with the column text: {error}") from error
    if not set(table.columns) & set(LABEL_COLUMNS.names()[1:]):
        raise LakeError(f"{name} must have at least one of the columns {', '.join(LABEL_COLUMNS.names()[1:])}")
    stripped = table.with_columns(pl.exclude("text").str.strip_chars())
    given = stripped.with_columns(pl.when(pl.exclude("text") != "").then(pl.exclude("text")))
    missing = [pl.lit(None, pl.String).alias(column) for column in LABEL_COLUMNS.names() if column not in given.columns]
    return given.with_columns(missing).select(LABEL_COLUMNS.names())
