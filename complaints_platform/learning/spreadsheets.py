"""What must be done to texts before a spreadsheet opens them. Which columns hold such texts is the callers'."""

import polars as pl

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that starts so for a formula; customers, or senders, may have written one."""


def inert(column: str) -> pl.Expr:
    """Return a text column (String) with an apostrophe before what a spreadsheet would take for a formula."""
    starts = pl.any_horizontal(pl.col(column).str.starts_with(start) for start in FORMULA_STARTS)
    return pl.when(starts).then("'" + pl.col(column)).otherwise(column).alias(column)
