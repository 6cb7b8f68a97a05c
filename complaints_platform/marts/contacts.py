"""Contacts and cases: complaints of one customer about one category, linked in the order of time.

A contact links to the one before it if that is not older than 7 days, by whatever channel. Contacts that hang
together are a *case* (episode), so that someone who calls four times about one outage is four events and one case.

Who complains every week would be one case for ever, and telling where it began would need all history. So time is
divided into spans of 15 days, which begin at another moment for each customer, and where a chain of contacts
crosses from one span into the next and is 15 days old by then, the next contact begins a new case. A case is
therefore shorter than 30 days, no chain shorter than 15 days is ever divided, and what case a contact belongs to
depends on the 37 days before it alone: not on when or in which order days are computed.
"""

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.definition import (
    BY_COMPLAINT,
    COMPLAINT,
    ByDay,
    Detail,
    Mart,
    Metric,
    Window,
    by_zone,
)
from complaints_platform.marts.local_days import local_day
from complaints_platform.schemas import DataSet, Outcome, UtcTime, conform, fields

LINK = pl.duration(days=7)
REPEAT = pl.duration(days=30)

SPAN_DAYS = 15
LOOK_BACK_DAYS = 37
"""To the start of the contact's span (15 days), a span more, and the contact (7 days) that shows a chain is older."""

KEYS = ["account_key", "customer_key"]
LOOK_BACK_COLUMNS = ["complaint_id", "occurred_at", *KEYS, "category", "outcome"]
INPUT_COLUMNS = [*LOOK_BACK_COLUMNS, "day", "source", "channel", "region", "product", "subcategory"]

PERSON = "person_key"
CHAIN = [PERSON, "category"]
ORDER = ["occurred_at", "complaint_id"]
HISTORY_COLUMNS = [*CHAIN, *ORDER]
"""What is looked at of contacts of the days before."""

LINKED = ["previous_id", "repeat_7_days", "repeat_30_days", "episode_id", "episode_started_at", "contact_number"]

PHASE_DIGITS = 6
"""Leading hexadecimal digits of a customer's key that say when in 15 days their spans begin."""
MICROSECONDS_OF_DAY = 86_400_000_000

KNOWN_CUSTOMER = f"{COMPLAINT} AND coalesce(account_key, customer_key) IS NOT NULL"


class Contact(DataSet, unique=["day", "complaint_id"]):
    """A complaint of a known customer, linked to the one before about the same category. One row a complaint."""

    day: pl.Date = fields.DAY
    local_day: pl.Date = fields.LOCAL_DAY
    complaint_id: str = fields.COMPLAINT_ID
    occurred_at: UtcTime = fields.OCCURRED_AT
    person_key: str = fields.PERSON_KEY
    source: str = fields.SOURCE
    channel: str = fields.CHANNEL
    region: str = fields.REGION
    product: str = fields.PRODUCT
    category: str = fields.CATEGORY
    subcategory: str = fields.SUBCATEGORY
    previous_id: str = pa.Field(
        nullable=True,
        description="The customer's complaint before it about the same category, by any channel, within 7 days.",
    )
    repeat_7_days: bool = pa.Field(description="There is one within 7 days.")
    repeat_30_days: bool = pa.Field(description="There is one within 30 days.")
    episode_id: str = pa.Field(description="Complaint with which its case began; that of a first contact is its own.")
    episode_started_at: UtcTime = pa.Field(description="When that was (UTC); less than 30 days before.")
    contact_number: int = pa.Field(ge=1, description="Number of the contact in its case, from 1.")


def of_known_customers(categorized: pl.DataFrame) -> pl.DataFrame:
    """Return the complaints whose customer is known, with ``person_key``.

    Args:
        categorized: rows of ``CategorizedComplaint`` (at least ``LOOK_BACK_COLUMNS``).
    """
    person = pl.coalesce(KEYS).alias(PERSON)
    return (
        categorized.filter(pl.col("outcome") == Outcome.COMPLAINT)
        .with_columns(person)
        .filter(pl.col(PERSON).is_not_null())
    ).drop(*KEYS, "outcome")


def contacts(today: pl.DataFrame, before: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Link the complaints of a day to those before.

    Args:
        today: ``of_known_customers`` of the day (of ``INPUT_COLUMNS``).
        before: ``of_known_customers`` of the ``LOOK_BACK_DAYS`` before it (of ``LOOK_BACK_COLUMNS``).
        zone: the reporting time zone.

    Returns:
        ``Contact``, one row for each of ``today``, in order of time and id.
    """
    theirs = before.select(HISTORY_COLUMNS).join(today.select(CHAIN), on=CHAIN, how="semi")
    linked = link(pl.concat([theirs, today.select(HISTORY_COLUMNS)])).select("complaint_id", *LINKED)
    rows = today.join(linked, on="complaint_id", how="left").with_columns(local_day=local_day("occurred_at", zone))
    return conform(rows.sort(ORDER), Contact)


def link(history: pl.DataFrame) -> pl.DataFrame:
    """Link contacts with each other.

    Args:
        history: person_key, category, occurred_at and complaint_id.

    Returns:
        The same rows and ``LINKED``, by person, category and time. Right for all rows that have ``LOOK_BACK_DAYS``
        of history before them.
    """
    before = pl.col("occurred_at").shift(1).over(CHAIN)
    linked = (pl.col("occurred_at") - before <= LINK).fill_null(value=False)
    phase = pl.col(PERSON).str.slice(0, PHASE_DIGITS).str.to_integer(base=16, dtype=pl.Int64)
    span, shift = SPAN_DAYS * MICROSECONDS_OF_DAY, phase * SPAN_DAYS * MICROSECONDS_OF_DAY // 16**PHASE_DIGITS
    instant = pl.col("occurred_at").dt.timestamp("us")
    span_start = (instant - shift).floordiv(span) * span + shift
    piece = ["chain", "divided_at"]
    return (
        history.sort([*CHAIN, *ORDER])
        .with_columns(
            repeat_7_days=linked,
            repeat_30_days=(pl.col("occurred_at") - before <= REPEAT).fill_null(value=False),
            previous_id=pl.when(linked).then(pl.col("complaint_id").shift(1).over(CHAIN)),
            chain=(~linked).cum_sum(),
            span_start=span_start,
        )
        .with_columns(chain_start=instant.min().over("chain"))
        .with_columns(
            divided_at=pl.when(pl.col("chain_start") <= pl.col("span_start") - span).then("span_start").otherwise(-1)
        )
        .with_columns(
            episode_id=pl.col("complaint_id").first().over(piece),
            episode_started_at=pl.col("occurred_at").first().over(piece),
            contact_number=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(piece),
        )
        .drop("chain", "span_start", "chain_start", "divided_at")
    )


def _of_contacts(days: int) -> Metric:
    return Metric(
        name=f"repeat_contacts_{days}_days",
        title=f"Repeat contacts within {days} days",
        description=f"Complaints of customers who had complained about the same category within {days} days, by "
        "whatever channel.",
        unit="complaints",
        formula=f"number of complaints with repeat_{days}_days",
        expression=f"count(*) FILTER (repeat_{days}_days)",
        better="lower",
    )


def _make(window: Window) -> pl.DataFrame:
    before = pl.concat([window.today.clear().select(HISTORY_COLUMNS), *window.before])
    return contacts(window.today, before, window.rules.zone)


MART = Mart(
    name="mart.contacts",
    title="Contacts and cases",
    grain="a complaint of a known customer",
    description="Which complaint of the same customer about the same category came before it, and which case (episode) "
    "it belongs to: complaints not more than 7 days apart, by any channel, for less than 30 days.",
    model=Contact,
    recipe=ByDay(_make, INPUT_COLUMNS, lambda frame, _rules: of_known_customers(frame), keep=HISTORY_COLUMNS),
    look_back=LOOK_BACK_DAYS,
    settings=by_zone,
    dimensions=BY_COMPLAINT,
    day_column="local_day",
    by_complaint=True,
    metrics=(
        Metric(
            name="contacts",
            title="Complaints of known customers",
            description="Complaints whose customer is known: the events behind the cases.",
            unit="complaints",
            formula="number of complaints with a customer",
            expression="count(*)",
            better="lower",
            detail=Detail("count(*)", KNOWN_CUSTOMER),
        ),
        Metric(
            name="cases",
            title="Cases",
            description="Cases that began: complaints of one customer about one category, not more than 7 days apart "
            "and for less than 30 days, are one case, by whatever channels they came.",
            unit="cases",
            formula="number of complaints that are the first of their case",
            expression="count(*) FILTER (contact_number = 1)",
            better="lower",
        ),
        _of_contacts(7),
        _of_contacts(30),
        Metric(
            name="repeat_rate_7_days",
            title="Share of repeat contacts within 7 days",
            description="Share of the complaints of known customers that repeat one of the last 7 days about the same "
            "category.",
            unit="share",
            formula="complaints with repeat_7_days / complaints with a customer",
            expression="avg(CAST(repeat_7_days AS INTEGER))",
            better="lower",
            dtype="number",
        ),
    ),
)
