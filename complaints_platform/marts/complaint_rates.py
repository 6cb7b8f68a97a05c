"""Complaints against subscribers: how many there are for each thousand customers, by region and product."""

from datetime import date

import polars as pl

from complaints_platform.schemas import ComplaintRate, conform

GROUP = ["region", "product"]


def subscribers(accounts: pl.DataFrame, day: date) -> pl.DataFrame:
    """Count the accounts known on a day.

    An account that was ever named counts from then on: reference data does not say who has left.

    Args:
        accounts: rows of ``KnownCustomer`` (at least account_key, valid_from, region, product), those of the file
            received last at the end: of rows of one account and day the last counts.
        day: the day.

    Returns:
        region, product and subscribers (Int64); accounts without a region or product have null there.
    """
    return (
        accounts.filter(pl.col("valid_from") <= day)
        .sort("valid_from", maintain_order=True)
        .unique("account_key", keep="last", maintain_order=True)
        .group_by(GROUP)
        .agg(subscribers=pl.len().cast(pl.Int64))
    )


def complaint_rates(day: date, daily: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Set the complaints of a day beside the subscribers.

    Args:
        day: the day.
        daily: rows of ``DailyComplaints`` of the day (at least region, product, complaints).
        known: ``subscribers`` of the day; if there are none there is nothing to compare with.

    Returns:
        ``ComplaintRate``, one row for each region and product that has complaints or subscribers, in order.
    """
    counted = daily.group_by(GROUP).agg(pl.col("complaints").sum()).filter(pl.lit(known.height > 0))
    rows = known.join(counted, on=GROUP, how="full", coalesce=True, nulls_equal=True).with_columns(
        pl.lit(day).alias("day"), pl.col("complaints", "subscribers").fill_null(0)
    )
    return conform(rows.sort(GROUP), ComplaintRate)
