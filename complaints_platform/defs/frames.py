"""What flows between assets: frames of days, one at a time, and the Dagster type that gates them.

Days are computed while they are written, so that a range of any length needs the memory of a
few days; that is why assets hand over iterators instead of one large frame.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import dagster as dg
import polars as pl
from dagster_pandera import pandera_schema_to_dagster_type

from complaints_platform.errors import SchemaViolation
from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.schemas import DataSet

MAX_VIOLATION_CHARACTERS = 2000
"""Pandera writes out every failing value: a million bad rows gave a 1 MB message."""

READABLE_TYPES = {"Datetime(time_unit='us', time_zone='UTC')": "Timestamp (UTC)"}
"""Readable names for types in the catalogue."""


@dataclass(frozen=True)
class DayFrames:
    """What an asset returns: the frames of its partitions, computed lazily."""

    context: dg.AssetExecutionContext
    days: Sequence[date]
    frames: Iterator[DayFrame]


@dataclass(frozen=True)
class StoredDays:
    """The input of an asset: the materialised days among the partitions that it depends on."""

    table: Table
    partitions: Sequence[date]

    def frames(self, days: Sequence[date] | None = None, columns: Sequence[str] | None = None) -> Iterator[DayFrame]:
        """Yield the materialised ones of ``days`` (by default all) in order, all of one version of the table."""
        return self.table.read_days(self.partitions if days is None else days, columns)


@cache
def _pandera_type(model: type[DataSet]) -> dg.DagsterType:
    return pandera_schema_to_dagster_type(model)


@cache
def frames_type(model: type[DataSet]) -> dg.DagsterType:
    """Return the Dagster type of day frames of ``model``.

    The type check sees only the container; ``gate`` applies the same pandera type to every frame before it is written.
    """
    pandera_type = _pandera_type(model)
    return dg.DagsterType(
        name=f"{model.__name__}Days",
        description=model.__doc__,
        type_check_fn=lambda _context, value: isinstance(value, DayFrames | StoredDays),
        metadata=dict(pandera_type.metadata),
    )


def table_schema(model: type[DataSet]) -> dg.TableSchema:
    """Return the columns of ``model`` for the catalogue."""
    schema = _pandera_type(model).metadata["schema"]
    if not isinstance(schema, dg.TableSchemaMetadataValue):
        raise TypeError(f"{model.__name__}: no table schema")
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name, READABLE_TYPES.get(column.type, column.type), column.description, column.constraints
            )
            for column in schema.schema.columns
        ]
    )


def gate(model: type[DataSet], frame: pl.DataFrame, name: str) -> None:
    """Let ``frame`` pass only if dagster-pandera accepts it.

    Raises:
        SchemaViolation: it does not; the message is cut to ``MAX_VIOLATION_CHARACTERS``.
    """
    # dagster-pandera's check ignores the context; there is none outside of a step's own type check.
    check = _pandera_type(model).type_check(None, frame)  # type: ignore[arg-type]
    if not check.success:
        raise SchemaViolation(f"{name}: {(check.description or '')[:MAX_VIOLATION_CHARACTERS]}")
