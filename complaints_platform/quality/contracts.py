"""Whether stored rows keep the contract of their data set: checks generated from its model.

Frames are validated before they are written; this looks at what is stored, whoever has written it: a second file
of a day, a foreign writer or a migration that went wrong is seen here and nowhere else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from complaints_platform.errors import SchemaViolation
from complaints_platform.schemas import DataSet


@dataclass(frozen=True)
class Promise:
    """One promise of a model; ``breaks`` counts the rows of a frame that break it."""

    column: str
    says: str
    breaks: pl.Expr


@cache
def rules(model: type[DataSet]) -> Sequence[Promise]:
    """Return all rules of a model: nulls, ranges, closed lists, lengths, uniqueness.

    A kind of check that is not known here is a ``SchemaViolation``.
    """
    return tuple(_rules(model))


def _rules(model: type[DataSet]) -> Iterator[Promise]:
    schema = model.to_schema()
    for name, column in schema.columns.items():
        if not column.nullable:
            yield Promise(name, "is never null", pl.col(name).is_null().sum())
        for check in column.checks:
            yield Promise(name, *_rule(model, name, str(check.name), dict(check.statistics or {})))
    unique = list(schema.unique or [])
    if unique:
        yield Promise(" + ".join(unique), "is unique", pl.len() - pl.struct(unique).n_unique())


def _rule(model: type[DataSet], column: str, check: str, numbers: dict[str, Any]) -> tuple[str, pl.Expr]:
    value = pl.col(column)
    if check == "greater_than_or_equal_to":
        return f"is at least {numbers['min_value']}", (value < numbers["min_value"]).sum()
    if check == "less_than_or_equal_to":
        return f"is at most {numbers['max_value']}", (value > numbers["max_value"]).sum()
    if check == "isin":
        allowed = sorted(map(str, numbers["allowed_values"]))
        return f"is one of {', '.join(allowed)}", (~value.is_in(allowed)).sum()
    if check == "str_length":
        least, most = numbers["min_value"], numbers["max_value"]
        return f"has {least} to {most} characters", (~value.str.len_chars().is_between(least, most)).sum()
    raise SchemaViolation(f"{model.__name__}.{column}: the check {check!r} is not known to quality.contracts")


def broken(model: type[DataSet], stored: pl.LazyFrame) -> pl.DataFrame:
    """Return which rules of ``model`` stored rows break: column, rule, rows (empty if they keep the contract)."""
    columns = {"column": pl.String, "rule": pl.String, "rows": pl.Int64}
    promises = rules(model)
    try:
        counts = stored.select(rule.breaks.cast(pl.Int64).alias(str(n)) for n, rule in enumerate(promises)).collect()
    except pl.exceptions.SchemaError as error:
        return pl.DataFrame([("(types)", str(error).splitlines()[0], 1)], schema=columns, orient="row")
    found = [(rule.column, rule.says, rows) for rule, rows in zip(promises, counts.row(0), strict=True) if rows]
    return pl.DataFrame(found, schema=columns, orient="row")
