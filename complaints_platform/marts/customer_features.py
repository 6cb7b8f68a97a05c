"""Customers' complaints up to a day on which they complained: features for churn models.

Only what was known at the end of the day is counted, so that a model trained on old days sees what it would have
seen then. (Later changes to an older complaint, such as a retraction, do change old days.)
"""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.contacts import KEYS, LINK, ORDER, PERSON, of_known_customers
from complaints_platform.marts.daily_complaints import NEGATIVE
from complaints_platform.marts.definition import ByDay, Mart
from complaints_platform.marts.service_times import CLOSED
from complaints_platform.schemas import DataSet, conform, fields

WINDOW_DAYS = 90
LOOK_BACK_DAYS = WINDOW_DAYS - 1

INPUT_COLUMNS = [
    *("day", "complaint_id", "occurred_at", *KEYS, "outcome", "source", "channel", "category"),
    *("resolved_at", "status", "region", "product", "segment", "sentiment"),
]

HISTORY_COLUMNS = [PERSON, "day", "occurred_at", "channel", "category", "resolved_at", "may_be_open", "negative"]
"""Columns of earlier complaints that are used."""


class CustomerFeatures(DataSet, unique=["day", "person_key"]):
    """A customer's complaints in the 90 days up to one on which they complained, for churn models."""

    day: pl.Date = pa.Field(description="Day of their complaint (UTC), the last one counted. Partition.")
    person_key: str = fields.PERSON_KEY
    account_known: bool = pa.Field(description="The account is in the reference data.")
    region: str = pa.Field(nullable=True, description="Region of the day's newest complaint that has one.")
    product: str = pa.Field(nullable=True, description="Product of the day's newest complaint that has one.")
    segment: str = pa.Field(nullable=True, description="Segment of the day's newest complaint that has one.")
    last_category: str = pa.Field(description="Category of the newest complaint.")
    contacts_today: int = pa.Field(ge=1, description="Complaints on that day.")
    contacts_7_days: int = pa.Field(ge=1, description="Complaints in 7 days, that day included.")
    contacts_30_days: int = pa.Field(ge=1, description="Complaints in 30 days, that day included.")
    contacts_90_days: int = pa.Field(ge=1, description="Complaints in 90 days, that day included.")
    categories_90_days: int = pa.Field(ge=1, description="How many categories they were about.")
    channels_90_days: int = pa.Field(ge=1, description="How many channels they came through.")
    repeats_90_days: int = pa.Field(
        ge=0, description="How many followed another of them about the same category within 7 days."
    )
    negative_share_90_days: float = pa.Field(
        nullable=True, ge=0, le=1, description="Share with negative sentiment, of those whose sentiment is known."
    )
    unresolved_90_days: int = pa.Field(
        ge=0, description="How many were unresolved at the end of the day, of sources that report resolutions."
    )
    days_since_last: int = pa.Field(
        nullable=True, ge=1, description="Days since the last day with a complaint before this one; null: none in 90."
    )


def history(categorized: pl.DataFrame, resolving: Collection[str]) -> pl.DataFrame:
    """Return what features need of ``CategorizedComplaint``: those of known customers, in order of time and id.

    ``resolving`` are the sources that say when complaints are resolved. Columns: ``HISTORY_COLUMNS``, account_known,
    region, product and segment.
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
    """Return ``CustomerFeatures`` of all customers who complained on a day, in order of their key.

    ``today`` is the day's ``history``, ``before`` that of the ``LOOK_BACK_DAYS`` before it (``HISTORY_COLUMNS``).
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


MART = Mart(
    name="mart.customer_features",
    title="Customer features",
    grain="a day and customer who complained on it",
    description="The customer's complaints in 90 days, as known at the end of the day, for churn models.",
    model=CustomerFeatures,
    recipe=ByDay(
        lambda window: customer_features(window.day, window.today, window.before),
        INPUT_COLUMNS,
        lambda frame, rules: history(frame, rules.resolving),
        keep=HISTORY_COLUMNS,
    ),
    look_back=LOOK_BACK_DAYS,
    settings=lambda rules, _day: rules.resolving,
)
