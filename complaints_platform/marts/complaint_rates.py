"""Complaints per thousand subscribers, by region and product."""

from datetime import date

import pandera.polars as pa
import polars as pl

from complaints_platform.marts import daily_complaints
from complaints_platform.marts.definition import ByDay, Mart, Metric
from complaints_platform.schemas import DataSet, conform, fields

GROUP = ["region", "product"]


class ComplaintRate(DataSet, unique=["day", "region", "product"]):
    """Complaints and subscribers of a day, by region and product."""

    day: pl.Date = fields.DAY
    region: str = fields.REGION
    product: str = fields.PRODUCT
    complaints: int = pa.Field(ge=0, description="Complaints, without duplicates, with near duplicates.")
    subscribers: int = pa.Field(ge=0, description="Accounts in the reference data on the day.")


def subscribers(accounts: pl.DataFrame, day: date) -> pl.DataFrame:
    """Count the accounts known on a day: region, product (null where not known) and subscribers (Int64).

    An account that was ever named counts from then on: reference data does not say who has left. ``accounts`` are
    rows of ``KnownCustomer`` (account_key, valid_from, region, product) in the order in which their files were
    received: of rows of one account and day the last counts.
    """
    return (
        accounts.filter(pl.col("valid_from") <= day)
        .sort("valid_from", maintain_order=True)
        .unique("account_key", keep="last", maintain_order=True)
        .group_by(GROUP)
        .agg(subscribers=pl.len().cast(pl.Int64))
    )


def complaint_rates(day: date, daily: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return ``ComplaintRate``: the complaints of a day beside the subscribers, by region and product, in order.

    ``daily`` are the day's rows of ``DailyComplaints`` (region, product, complaints), ``known`` the ``subscribers`` of
    the day; where there are none at all, there is nothing to compare with.
    """
    counted = daily.group_by(GROUP).agg(pl.col("complaints").sum()).filter(pl.lit(known.height > 0))
    rows = known.join(counted, on=GROUP, how="full", coalesce=True, nulls_equal=True).with_columns(
        pl.lit(day).alias("day"), pl.col("complaints", "subscribers").fill_null(0)
    )
    return conform(rows.sort(GROUP), ComplaintRate)


MART = Mart(
    name="mart.complaint_rates",
    title="Complaint rates",
    grain="a day, region and product",
    description="Complaints and subscribers by UTC day. Empty without reference data of customers.",
    model=ComplaintRate,
    recipe=ByDay(
        lambda window: complaint_rates(window.day, window.today, subscribers(window.accounts, window.day)),
        [*GROUP, "complaints"],
    ),
    source=daily_complaints.MART.name,
    dimensions=tuple(GROUP),
    reads_accounts=True,
    metrics=(
        Metric(
            name="complaints_per_1000_subscribers",
            title="Complaints per 1,000 subscribers",
            description="Complaints of the period per thousand subscribers on average. Needs reference data. "
            "Complaints of customers whose region or product is unknown count in totals.",
            unit="complaints per 1,000 subscribers",
            dtype="number",
            formula="1000 * complaints / (sum of subscribers over days / days)",
            expression="1000.0 * sum(complaints) * count(DISTINCT day) / nullif(sum(subscribers), 0)",
            better="lower",
        ),
    ),
)
