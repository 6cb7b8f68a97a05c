"""What all data-set models share: a Pandera class gives dtypes, documentation and validation of a data set."""

from collections.abc import Sequence
from typing import Any

import pandera.polars as pa
import polars as pl

from complaints_platform.errors import SchemaViolation


class DataSet(pa.DataFrameModel):
    """Base of every data-set model: exactly the declared columns, in order, no coercion."""

    class Config:
        """Pandera's settings for all data sets."""

        strict = True
        ordered = True
        coerce = False

    def __init_subclass__(cls, unique: Sequence[str] = (), **options: Any) -> None:
        """Take the columns by which no two rows are alike: ``class Contact(DataSet, unique=["complaint_id"])``."""
        if unique:
            cls.Config = type("Config", (cls.Config,), {"unique": list(unique)})  # type: ignore[misc, assignment]
        super().__init_subclass__(**options)  # type: ignore[no-untyped-call]  # pandera's


def polars_schema(model: type[DataSet]) -> pl.Schema:
    """Return the Polars schema (names, dtypes, in order) that ``model`` declares."""
    columns = model.to_schema().columns
    return pl.Schema({name: column.dtype.type for name, column in columns.items()})


def empty_frame(model: type[DataSet]) -> pl.DataFrame:
    """Return a frame with the columns of ``model`` and no rows."""
    return pl.DataFrame(schema=polars_schema(model))


def conform(frame: pl.DataFrame, model: type[DataSet]) -> pl.DataFrame:
    """Order and cast the columns of ``frame`` as ``model`` says.

    A validator's own coercion is discarded by dagster-pandera. Values are judged once, when the frame is stored.

    Raises:
        SchemaViolation: a column is missing or surplus, or can't be cast.
    """
    schema = polars_schema(model)
    missing = schema.keys() - set(frame.columns)
    surplus = set(frame.columns) - schema.keys()
    if missing or surplus:
        raise SchemaViolation(f"{model.__name__}: missing columns {sorted(missing)}, surplus columns {sorted(surplus)}")
    try:
        return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    except pl.exceptions.InvalidOperationError as error:
        raise SchemaViolation(f"{model.__name__}: {error}") from error
