from datetime import UTC, date, datetime

import polars as pl

from complaints_platform.marts.reconciliation import FILE_COLUMNS, count_outcomes, reconciliation

DAY = date(2026, 3, 10)
AT = datetime(2026, 3, 10, 8, tzinfo=UTC)


def files(*rows, waiting=0):
    return pl.DataFrame(
        [
            (DAY, "sms", f"{name}.csv", name, AT, received, filtered, quarantined, waiting)
            for name, received, filtered, quarantined in rows
        ],
        schema=FILE_COLUMNS,
        orient="row",
    )


def outcomes(*rows):
    frame = pl.DataFrame(
        [("sms", name, outcome) for name, outcome, count in rows for _ in range(count)],
        schema=dict.fromkeys(["source", "raw_sha256", "outcome"], pl.String),
        orient="row",
    )
    return count_outcomes(frame)


def test_a_file_whose_records_are_all_accounted_for_reconciles():
    (row,) = reconciliation(
        files(("a", 10, 2, 1)), outcomes(("a", "complaint", 4), ("a", "duplicate", 2), ("a", "retracted", 1))
    ).to_dicts()
    assert row["reconciles"]
    assert (row["complaints"], row["duplicates"], row["superseded"], row["retracted"]) == (4, 2, 0, 1)


def test_records_whose_day_is_not_materialised_wait():
    (row,) = reconciliation(files(("a", 10, 0, 0), waiting=10), outcomes(("b", "complaint", 10))).to_dicts()
    assert (row["waiting"], row["reconciles"]) == (10, False)


def test_a_lost_record_does_not_wait():
    (row,) = reconciliation(files(("a", 10, 0, 0)), outcomes(("a", "complaint", 9))).to_dicts()
    assert (row["waiting"], row["reconciles"]) == (0, False)


def test_a_record_too_many_does_not_reconcile():
    (row,) = reconciliation(files(("a", 3, 0, 0)), outcomes(("a", "complaint", 4))).to_dicts()
    assert (row["waiting"], row["reconciles"]) == (0, False)


def test_an_empty_file_reconciles():
    (row,) = reconciliation(files(("a", 0, 0, 0)), outcomes()).to_dicts()
    assert row["reconciles"]
