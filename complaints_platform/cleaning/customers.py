"""Reference data of customers: hashed as complaints are, and joined to them by what held at the time.

Two names are one customer only because reference data says so; identities that merely look alike are never merged.
"""

import polars as pl

from complaints_platform.cleaning.identity import DataKey, customer_keys
from complaints_platform.cleaning.pipeline import clean_fields
from complaints_platform.cleaning.regions import Regions
from complaints_platform.schemas import KnownCustomer, conform
from complaints_platform.schemas.model import polars_schema

KNOWN_CUSTOMER = polars_schema(KnownCustomer)
ATTRIBUTES = ["account_key", "region", "product", "segment"]


def known_customers(customers: pl.DataFrame, key: DataKey, regions: Regions) -> pl.DataFrame:
    """Hash and clean customers as sent: the same person gets the same hash here and in complaints.

    Args:
        customers: customer (String), names (List of String, at least one), valid_from (Date), region, product,
            segment (String).
        key: the data key.
        regions: the alias table.

    Returns:
        ``KnownCustomer``: one row for each name of each customer, in the order given.
    """
    hashed = customers.with_columns(
        account_key=customer_keys(customers["customer"], key),
        region=clean_fields(customers["region"], regions.normalize),
        product=clean_fields(customers["product"]),
        segment=clean_fields(customers["segment"]),
    ).explode("names")
    keyed = hashed.with_columns(person_key=customer_keys(hashed["names"], key))
    known = keyed.filter(pl.col("person_key").is_not_null() & pl.col("account_key").is_not_null())
    return conform(known.select(KNOWN_CUSTOMER.names()), KnownCustomer)


def not_yet_known(customers: pl.DataFrame, known: pl.DataFrame, *, snapshot: bool) -> pl.DataFrame:
    """Leave out what is known already.

    Args:
        customers: ``KnownCustomer``, what a file says.
        known: ``KnownCustomer``, what earlier files said of the same names.
        snapshot: the file says how things stand on its day: what has not changed since is known.
            Otherwise each row is a change of its own day, and only the same row again is known.

    Returns:
        Those rows of ``customers`` that say something new, each once.
    """
    fresh = customers.unique(maintain_order=True)
    if not snapshot:
        return fresh.join(known, on=KNOWN_CUSTOMER.names(), how="anti", nulls_equal=True, maintain_order="left")
    state = as_of(fresh.select("person_key", pl.col("valid_from").alias("day")), known)
    same = pl.all_horizontal(pl.Series(fresh[name].eq_missing(state[name])) for name in ATTRIBUTES)
    return fresh.filter(~pl.select(same).to_series() | state["account_key"].is_null())


def as_of(persons: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return what holds for each person on a day.

    Args:
        persons: person_key (String; null is unknown), day (Date).
        known: ``KnownCustomer``; of rows of one name and day the last counts.

    Returns:
        account_key, region, product, segment: one row for each of ``persons``, nulls where nothing is known.
    """
    rows = persons.with_row_index("row")
    matched = (
        rows.filter(pl.col("person_key").is_not_null())
        .sort("day")
        .join_asof(
            known.unique(["person_key", "valid_from"], keep="last", maintain_order=True).sort("valid_from"),
            left_on="day",
            right_on="valid_from",
            by="person_key",
            strategy="backward",
            check_sortedness=False,
        )
    )
    return (
        rows.select("row")
        .join(matched.select("row", *ATTRIBUTES), on="row", how="left", maintain_order="left")
        .select(ATTRIBUTES)
    )


def join_customers(prepared: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Fill in account, segment, and missing region and product of ``prepared`` complaints from ``known`` customers."""
    if known.is_empty():
        return prepared
    state = as_of(prepared.select(person_key="customer_key", day="day"), known)
    return prepared.with_columns(
        state["account_key"],
        state["segment"],
        pl.col("region").fill_null(state["region"]),
        pl.col("product").fill_null(state["product"]),
    )
