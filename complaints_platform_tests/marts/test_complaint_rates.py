from datetime import date

import polars as pl

from complaints_platform.marts.complaint_rates import complaint_rates, subscribers

DAY = date(2026, 3, 10)
ACCOUNTS = pl.DataFrame(
    [
        ("a", date(2026, 1, 1), "north", "prepaid"),
        ("b", date(2026, 1, 1), "north", "prepaid"),
        ("b", date(2026, 3, 11), "south", "prepaid"),
        ("c", date(2026, 3, 10), "south", None),
        ("c", date(2026, 3, 10), "south", "fibre"),
        ("d", date(2026, 3, 12), "south", "fibre"),
    ],
    schema={"account_key": pl.String, "valid_from": pl.Date, "region": pl.String, "product": pl.String},
    orient="row",
)


def daily(*rows):
    schema = {"region": pl.String, "product": pl.String, "complaints": pl.Int64}
    return pl.DataFrame(list(rows), schema=schema, orient="row")


def test_an_account_counts_where_it_is_on_the_day_by_what_was_said_last():
    rows = {tuple(row[:2]): row[2] for row in subscribers(ACCOUNTS, DAY).iter_rows()}
    assert rows == {("north", "prepaid"): 2, ("south", "fibre"): 1}
    tomorrow = {tuple(row[:2]): row[2] for row in subscribers(ACCOUNTS, date(2026, 3, 11)).iter_rows()}
    assert tomorrow == {("north", "prepaid"): 1, ("south", "prepaid"): 1, ("south", "fibre"): 1}


def test_complaints_stand_beside_subscribers_whether_or_not_there_are_both():
    complaints = daily(("north", "prepaid", 3), ("north", "prepaid", 2), (None, None, 4))
    rates = complaint_rates(DAY, complaints, subscribers(ACCOUNTS, DAY))
    assert rates.rows() == [
        (DAY, None, None, 4, 0),
        (DAY, "north", "prepaid", 5, 2),
        (DAY, "south", "fibre", 0, 1),
    ]


def test_without_reference_data_there_is_nothing_to_compare_with():
    assert complaint_rates(DAY, daily(("north", "prepaid", 3)), subscribers(ACCOUNTS.clear(), DAY)).is_empty()
