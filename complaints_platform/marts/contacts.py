"""Contacts and cases: complaints of one customer about one category, linked in order of time.

A contact links to the previous one if that is at most 7 days older, through any channel. Linked contacts are a
*case* (episode): someone who calls four times about one outage is four contacts and one case.

A customer who complains every week would be one endless case, and finding its start would need all history. So time
is divided into spans of 15 days, starting at a different moment for each customer. Where a chain of contacts crosses
into the next span and is 15 days old by then, the next contact starts a new case. A case is therefore shorter than
30 days, no chain shorter than 15 days is ever divided, and the case of a contact depends only on the 37 days before
it: not on when or in which order days are computed.
"""

from math import gcd

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.definition import BY_COMPLAINT, COMPLAINT, ByDay, Detail, Mart, Metric, Window, by_zone
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
"""Columns of earlier contacts that are used."""

LINKED = ["previous_id", "repeat_7_days", "repeat_30_days", "episode_id", "episode_started_at", "contact_number"]

PHASE_DIGITS = 6
"""Leading hexadecimal digits of a customer's key that say when in 15 days their spans begin."""
SPAN = SPAN_DAYS * 86_400_000_000
"""Microseconds of a span."""
CONTACTS_VERSION = "5"
"""Raise it when the definition of this mart changes."""

KNOWN_CUSTOMER = f"{COMPLAINT} AND coalesce(account_key, customer_key) IS NOT NULL"


class Contact(DataSet, unique=["day", "complaint_id"]):
    """A complaint of a known customer, linked to the one before about the same category. One row per complaint."""

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
        description="The customer's previous complaint about the same category, through any channel, within 7 days.",
    )
    repeat_7_days: bool = pa.Field(description="There is an earlier one within 7 days.")
    repeat_30_days: bool = pa.Field(description="There is an earlier one within 30 days.")
    episode_id: str = pa.Field(description="First complaint of its case; for a first contact, itself.")
    episode_started_at: UtcTime = pa.Field(description="When that was (UTC); less than 30 days before.")
    contact_number: int = pa.Field(ge=1, description="Number of the contact in its case, from 1.")


def of_known_customers(categorized: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of ``CategorizedComplaint`` whose customer is known, with ``person_key`` for their keys."""
    person = pl.coalesce(KEYS).alias(PERSON)
    return (
        categorized.filter(pl.col("outcome") == Outcome.COMPLAINT)
        .with_columns(person)
        .filter(pl.col(PERSON).is_not_null())
    ).drop(*KEYS, "outcome")


def contacts(today: pl.DataFrame, before: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Link the complaints of a day to those before; return ``Contact`` of each of ``today``, in order of time and id.

    Both frames are ``of_known_customers``: ``today`` of ``INPUT_COLUMNS``, ``before`` (``HISTORY_COLUMNS``) of the
    ``LOOK_BACK_DAYS`` before it.
    """
    theirs = before.select(HISTORY_COLUMNS).join(today.select(CHAIN), on=CHAIN, how="semi")
    linked = link(pl.concat([theirs, today.select(HISTORY_COLUMNS)])).select("complaint_id", *LINKED)
    rows = today.join(linked, on="complaint_id", how="left").with_columns(local_day=local_day("occurred_at", zone))
    return conform(rows.sort(ORDER), Contact)


def link(history: pl.DataFrame) -> pl.DataFrame:
    """Add ``LINKED`` to contacts (``HISTORY_COLUMNS``); return them by person, category and time.

    Right for all rows that have ``LOOK_BACK_DAYS`` of history before them.
    """
    before = pl.col("occurred_at").shift(1).over(CHAIN)
    linked = (pl.col("occurred_at") - before <= LINK).fill_null(value=False)
    phase = pl.col(PERSON).str.slice(0, PHASE_DIGITS).str.to_integer(base=16, dtype=pl.Int64)
    # phase * SPAN // 16^6, in smaller numbers: the product alone would not fit into 64 bits.
    common = gcd(SPAN, 16**PHASE_DIGITS)
    shift = phase * (SPAN // common) // (16**PHASE_DIGITS // common)
    instant = pl.col("occurred_at").dt.timestamp("us")
    span_start = (instant - shift).floordiv(SPAN) * SPAN + shift
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
            divided_at=pl.when(pl.col("chain_start") <= pl.col("span_start") - SPAN).then("span_start").otherwise(-1)
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
        description=f"Complaints of customers who had complained about the same category within {days} days, "
        "through any channel.",
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
    description="The previous complaint of the same customer about the same category, and the case (episode) "
    "it belongs to: complaints not more than 7 days apart, by any channel, for less than 30 days.",
    model=Contact,
    version=CONTACTS_VERSION,
    recipe=ByDay(_make, INPUT_COLUMNS, lambda frame, _rules: of_known_customers(frame), keep=HISTORY_COLUMNS),
    look_back=LOOK_BACK_DAYS,
    settings=by_zone,
    dimensions=BY_COMPLAINT,
    day_column="local_day",
    by_complaint=True,
    metrics=(
        Metric(
            name="contacts",
            title="Contacts",
            description="Complaints whose customer is known; the contacts that make up the cases.",
            formula="number of complaints with a customer",
            expression="count(*)",
            better="lower",
            detail=Detail("count(*)", KNOWN_CUSTOMER),
        ),
        Metric(
            name="cases",
            title="Cases",
            description="Cases that started: complaints of one customer about one category at most 7 days apart, for "
            "less than 30 days, through any channels, are one case.",
            unit="cases",
            formula="number of complaints that are the first of their case",
            expression="count(*) FILTER (contact_number = 1)",
            better="lower",
        ),
        _of_contacts(7),
        _of_contacts(30),
        Metric(
            name="repeat_rate_7_days",
            title="Repeat rate within 7 days",
            description="Share of contacts that follow another about the same category within 7 days.",
            unit="share",
            dtype="number",
            formula="complaints with repeat_7_days / complaints with a customer",
            expression="avg(CAST(repeat_7_days AS INTEGER))",
            better="lower",
        ),
    ),
)
