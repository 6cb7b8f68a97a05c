"""Exact identity: which version of a record counts, and which record repeats another."""

from datetime import timedelta

import polars as pl

from complaints_platform.cleaning.identity import repetition_keys
from complaints_platform.cleaning.text import scatter
from complaints_platform.schemas import Outcome

REPETITION_WINDOW = timedelta(hours=24)
"""Without the sender's own id, the same customer with the same words within this time is a repetition."""

ARRIVAL = ("received_at", "raw_sha256", "record_number")
"""Order in which records came; it has no ties, because no two records share file and number."""

LINEAGE = ("raw_sha256", "record_number", "received_at")
"""What may differ between two records of the same content."""


def version_order() -> list[pl.Expr]:
    """Return the sort keys that put versions of one record from the oldest to the newest.

    Whatever keeps versions of records elsewhere (the lake's key index) has to follow the same order.
    """
    return [pl.col("updated_at").is_not_null(), pl.col("updated_at"), *map(pl.col, ARRIVAL)]


def newest_versions(versions: pl.DataFrame) -> pl.DataFrame:
    """Keep the newest version of each ``complaint_id`` (columns as ``version_order`` needs them)."""
    return versions.sort(version_order()).unique("complaint_id", keep="last", maintain_order=True)


def number_repetitions(records: pl.DataFrame) -> pl.DataFrame:
    """Give records without a native id, that agree in all that was sent, ids of their own.

    ``prepare`` sees prepared ``records`` one by one. Of a whole day's, the first by arrival keeps its
    ``complaint_id``, the next ones get ``repetition_keys`` of it.
    """
    repeated = pl.col("source_id").is_null() & pl.col("complaint_id").is_duplicated()
    marked = records.with_row_index("row").filter(repeated).sort(*ARRIVAL)
    again = marked.with_columns(ordinal=pl.int_range(pl.len()).over("complaint_id")).filter(pl.col("ordinal") > 0)
    if again.height == 0:
        return records
    ids = scatter(records["complaint_id"], again["row"], repetition_keys(again["complaint_id"], again["ordinal"]))
    return records.with_columns(complaint_id=ids)


def version_outcomes(today: pl.DataFrame, elsewhere: pl.DataFrame) -> pl.DataFrame:
    """Decide on records with a native id: which version counts.

    The newest version is the complaint, or a retraction. Others are superseded; but records of the
    same content as the newest are one version that came several times: the earliest of them counts,
    the rest are duplicates. If another day holds a newer version, all of today's are superseded.

    Args:
        today: prepared records of a day, with ``row``.
        elsewhere: versions on other days: complaint_id and the columns of ``version_order``.

    Returns:
        row, outcome, duplicate_of: of the records that are *not* just complaints.
    """
    native = today.filter(pl.col("source_id").is_not_null())
    moved = _newer_elsewhere(native, elsewhere)
    superseded = native.join(moved, on="complaint_id", how="semi").select("row", **_outcome(Outcome.SUPERSEDED))
    here = native.join(moved, on="complaint_id", how="anti")
    single = here.filter(pl.col("complaint_id").is_unique() & pl.col("withdrawn"))
    retracted = single.select("row", **_outcome(Outcome.RETRACTED))
    return pl.concat(
        [superseded, retracted, _outcomes_of_versions(here.filter(pl.col("complaint_id").is_duplicated()))]
    )


def _newer_elsewhere(native: pl.DataFrame, elsewhere: pl.DataFrame) -> pl.DataFrame:
    """Return the complaint ids of which another day holds a newer version than any of ``native``."""
    columns = ["complaint_id", "updated_at", *ARRIVAL]
    versions = pl.concat(
        [
            native.join(elsewhere, on="complaint_id", how="semi").select(columns).with_columns(here=True),
            elsewhere.select(pl.col(name).cast(native.schema[name]) for name in columns).with_columns(here=False),
        ]
    )
    return newest_versions(versions).filter(~pl.col("here")).select("complaint_id")


def _outcomes_of_versions(versions: pl.DataFrame) -> pl.DataFrame:
    """Decide on records of which today holds several versions."""
    content = [name for name in versions.columns if name not in {*LINEAGE, "row"}]
    newest = newest_versions(versions).select(content)
    same = versions.join(newest, on=content, how="semi", nulls_equal=True).sort(*ARRIVAL)
    counting = same.unique("complaint_id", keep="first", maintain_order=True)
    return pl.concat(
        [
            versions.join(same, on="row", how="anti").select("row", **_outcome(Outcome.SUPERSEDED)),
            counting.filter("withdrawn").select("row", **_outcome(Outcome.RETRACTED)),
            same.join(counting, on="row", how="anti").select(
                "row", **_outcome(Outcome.DUPLICATE, pl.col("complaint_id"))
            ),
        ]
    )


def repetitions(today: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Find the records without a native id that repeat an earlier one.

    A record is a duplicate if source, customer and text agree with those of an earlier record within
    ``REPETITION_WINDOW``, whatever became of that one; so the answer depends on two records alone, never
    on a chain of them. "No network" from two people, or from unknown ones, stays two complaints.

    Args:
        today: prepared records of a day, with ``row`` and final ids.
        before: prepared records of the day before, with final ids.

    Returns:
        row, outcome, duplicate_of (the earliest such record) of the duplicates, and the retractions.
    """
    anonymous = pl.col("source_id").is_null()
    retracted = today.filter(anonymous & pl.col("withdrawn")).select("row", **_outcome(Outcome.RETRACTED))
    same = ["source", "customer_key", "text"]
    columns = [*same, "occurred_at", *ARRIVAL, "complaint_id", "row"]
    known = anonymous & ~pl.col("withdrawn") & pl.col("customer_key").is_not_null() & pl.col("text").is_not_null()
    records = pl.concat(
        [
            before.with_columns(row=pl.lit(None, pl.UInt32)).filter(known).select(columns),
            today.filter(known).select(columns),
        ]
    )
    groups = records.filter(pl.struct(same).is_duplicated()).sort("occurred_at", *ARRIVAL)
    groups = groups.with_columns(group=pl.struct(same).rank("dense"))
    earliest = groups.unique(["group", "occurred_at"], keep="first", maintain_order=True)
    matched = (
        groups.filter(pl.col("row").is_not_null())
        .with_columns(since=pl.col("occurred_at") - REPETITION_WINDOW)
        .sort("since")
        .join_asof(
            earliest.select("group", since="occurred_at", original="complaint_id"),
            on="since",
            by="group",
            strategy="forward",
            check_sortedness=False,
        )
        .filter(pl.col("original") != pl.col("complaint_id"))
    )
    return pl.concat([retracted, matched.select("row", **_outcome(Outcome.DUPLICATE, pl.col("original")))])


def _outcome(outcome: Outcome, duplicate_of: pl.Expr | None = None) -> dict[str, pl.Expr]:
    original = pl.lit(None, pl.String) if duplicate_of is None else duplicate_of
    return {"outcome": pl.lit(outcome.value), "duplicate_of": original}
