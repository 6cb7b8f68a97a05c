"""What customers went through up to a day on which they complained: features for models of who will leave.

Only what was known when the day ended is counted, so that a model trained on old days sees what it would have
seen then. (What the sender says later of an older complaint, such as a withdrawal, does change old days.)
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl

from complaints_platform.marts.contacts import KEYS, LINK, ORDER, PERSON, of_known_customers
from complaints_platform.marts.daily_complaints import NEGATIVE
from complaints_platform.marts.service_times import CLOSED
from complaints_platform.schemas import CustomerFeatures, conform

WINDOW_DAYS = 90
LOOK_BACK_DAYS = WINDOW_DAYS - 1

INPUT_COLUMNS = [
    "day",
    "complaint_id",
    "occurred_at",
    *KEYS,
    "outcome",
    "source",
    "channel",
    "category",
    "resolved_at",
    "status",
    "region",
    "product",
    "segment",
    "sentiment",
]

HISTORY_COLUMNS = [PERSON, "day", "occurred_at", "channel", "category", "resolved_at", "may_be_open", "negative"]
"""What is looked at of complaints of the days before."""


def history(categorized: pl.DataFrame, resolving: Collection[str]) -> pl.DataFrame:
    """Return what features look at of the complaints of known customers, in order of time and id.

    Args:
        categorized: rows of ``CategorizedComplaint`` (at least ``INPUT_COLUMNS``).
        resolving: sources that tell when complaints are resolved.

    Returns:
        ``HISTORY_COLUMNS``, account_known, region, product and segment.
    """
    closed_without_time = pl.col("resolved_at").is_null() & pl.col("status").is_in(CLOSED).fill_null(value=False)
    rows = of_known_customers(categorized.with_columns(account_known=pl.col("account_key").is_not_null()))
    return (
        rows.sort(ORDER)
        .with_columns(
            # Ninety days of them are held at once.
            pl.col("channel", "category").cast(pl.Categorical),
            negative=pl.col("sentiment") == NEGATIVE,
            may_be_open=pl.col("source").is_in(sorted(resolving)) & ~closed_without_time,
        )
        .select(*HISTORY_COLUMNS, "account_known", "region", "product", "segment")
    )


def customer_features(day: date, today: pl.DataFrame, before: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Compute the features of all customers who complained on a day.

    Args:
        day: the day.
        today: ``history`` of the day.
        before: ``history`` of the ``LOOK_BACK_DAYS`` before it (at least ``HISTORY_COLUMNS``), in order.

    Returns:
        ``CustomerFeatures``, one row a customer, in order of their key.
    """
    persons = today.select(pl.col(PERSON).unique())
    # At once, not day by day: of small days, starting a join costs more than the join.
    held = pl.concat([each.select(HISTORY_COLUMNS) for each in (*before, today)], rechunk=False)
    theirs = held.join(persons, on=PERSON, how="semi", maintain_order="left")
    ends = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    gap = pl.col("occurred_at") - pl.col("occurred_at").shift(1).over(PERSON, "category")
    earlier = pl.col("day").filter(pl.col("day") < day)

    def within(days: int) -> pl.Expr:
        return (pl.col("day") > day - timedelta(days=days)).sum()

    past = (
        theirs.with_columns(
            repeat=(gap <= LINK).fill_null(value=False), open=~(pl.col("resolved_at") < ends).fill_null(value=False)
        )
        .group_by(PERSON)
        .agg(
            last_category=pl.col("category").last().cast(pl.String),
            contacts_today=within(1),
            contacts_7_days=within(7),
            contacts_30_days=within(30),
            contacts_90_days=pl.len(),
            categories_90_days=pl.col("category").n_unique(),
            channels_90_days=pl.col("channel").n_unique(),
            repeats_90_days=pl.col("repeat").sum(),
            negative_share_90_days=pl.col("negative").mean(),
            unresolved_90_days=(pl.col("may_be_open") & pl.col("open")).sum(),
            days_since_last=(pl.lit(day) - earlier.max()).dt.total_days(),
        )
    )
    who = today.group_by(PERSON).agg(
        pl.col("account_known").last(), *(pl.col(name).drop_nulls().last() for name in ("region", "product", "segment"))
    )
    return conform(past.join(who, on=PERSON).with_columns(day=pl.lit(day)).sort(PERSON), CustomerFeatures)
