from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from complaints_platform.marts.expectations import HISTORY_DAYS, _expect, grid_of, score, tail
from complaints_platform.marts.hourly_complaints import INPUT_COLUMNS, hourly_complaints
from complaints_platform.marts.incident_detection import discoveries
from complaints_platform.schemas import NO_VALUE
from complaints_platform_tests.marts.counts import CATEGORIES, FIRST, REGIONS, Company

DAYS = 84


@pytest.fixture(scope="module")
def company():
    return Company(DAYS)


@pytest.fixture(scope="module")
def grid(company):
    return grid_of(company.hourly(), FIRST, FIRST + timedelta(days=DAYS - 1))


def test_hours_are_counted_without_duplicates():
    frame = pl.DataFrame(
        [
            (FIRST, f"{FIRST}T{time}Z", "sms", region, "data", outcome, "m", "t")
            for time, region, outcome in [
                ("08:00:00", "north", "complaint"),
                ("08:59:59", "north", "complaint"),
                ("09:00:00", "north", "complaint"),
                ("08:30:00", None, "complaint"),
                ("08:30:00", "north", "duplicate"),
            ]
        ],
        schema=dict.fromkeys(INPUT_COLUMNS, pl.String) | {"day": pl.Date},
        orient="row",
    ).with_columns(pl.col("occurred_at").str.to_datetime(time_zone="UTC"))
    counted = hourly_complaints(frame).select("hour_at", "region", "complaints").rows()
    assert [(at.hour, region, number) for at, region, number in counted] == [
        (8, None, 1),
        (8, "north", 2),
        (9, "north", 1),
    ]


def test_every_series_counts_its_complaints(company, grid):
    hourly = company.hourly().with_columns(pl.col("region").fill_null(NO_VALUE))
    series = grid.series
    assert set(series.regions) == {*REGIONS[:2], NO_VALUE}
    for column in range(len(series)):
        rows = hourly.filter(day=FIRST + timedelta(days=40)).filter(pl.col("hour_at").dt.hour() == 9)
        for name, names, index in (
            ("region", series.regions, series.region),
            ("category", series.categories, series.category),
            ("channel", series.channels, series.channel),
        ):
            if index[column] >= 0:
                rows = rows.filter(pl.col(name) == names[index[column]])
        assert grid.counts[40, 9, column] == rows["complaints"].sum()


def test_expectations_are_those_that_counts_were_drawn_from(company, grid):
    scores = score(grid, DAYS - 7, DAYS - 1)
    truth = company.rates[-7:]
    total = scores.expected[..., 0]
    assert np.abs(total / truth.sum((2, 3, 4)) - 1).max() < 0.25
    assert abs(total.sum() / truth.sum() - 1) < 0.05
    for region, category in np.ndindex(3, 3):
        column = 1 + 3 + 3 + 2 + list(grid.series.regions).index(REGIONS[region] or NO_VALUE) * 3 + category
        assert CATEGORIES[category] == grid.series.categories[grid.series.category[column]]
        expected, drawn = scores.expected[..., column].sum(), truth[:, :, region, category].sum()
        assert abs(expected / drawn - 1) < 0.15


def test_an_expectation_depends_on_a_bounded_past_alone(grid):
    day = DAYS - 3
    before = score(grid, day, day).expected
    changed = grid.counts.copy()
    changed[day:] = 7.0
    changed[: day - HISTORY_DAYS] = 900.0
    after = score(type(grid)(grid.first_day, grid.series, changed, grid.present, grid.versions), day, day).expected
    assert np.array_equal(before, after)


def test_after_a_quiet_week_the_usual_is_not_a_rise():
    company = Company(DAYS)
    company.rates[DAYS - 8 : DAYS - 1] *= 0.5
    grid = grid_of(company.hourly(), FIRST, FIRST + timedelta(days=DAYS - 1))
    expected = score(grid, DAYS - 1, DAYS - 1).expected[..., 0].sum()
    assert company.rates[-1].sum() / expected < 1.2


@pytest.mark.parametrize(("months", "risen"), [((2, 3), True), ((3,), False)])
def test_a_rise_in_both_months_before_is_a_season(months, risen):
    """Bills come on the first three days of a month; of one month alone it would be an outage."""
    company = Company(90)
    for month in months:
        for day in (1, 2, 3):
            company.rates[(date(2026, month, day) - FIRST).days, :, :, 0] *= 2.5
    first_of_april = (date(2026, 4, 1) - FIRST).days
    grid = grid_of(company.hourly(), FIRST, FIRST + timedelta(days=89))
    billing = 1 + 3 + grid.series.categories.index("billing")
    expected = score(grid, first_of_april, first_of_april).expected[..., billing].sum()
    times_usual = expected / company.rates[first_of_april, :, :, 0].sum()
    assert times_usual > 1.8 if risen else times_usual < 1.3


def test_categories_of_another_model_are_no_measure(grid):
    versions = grid.versions.copy()
    versions[DAYS - 1] = 1
    other = type(grid)(grid.first_day, grid.series, grid.counts, grid.present, versions)
    history = score(other, DAYS - 1, DAYS - 1).history[0]
    assert (history[grid.series.category >= 0] == 0).all()
    assert (history[grid.series.category < 0] == HISTORY_DAYS).all()


@given(st.integers(1, 300), st.floats(0.01, 200), st.floats(0.02, 1))
@settings(max_examples=50)
def test_tails_are_negative_binomial(count, mean, dispersion):
    size = 1 / dispersion
    expected = stats.nbinom.sf(count - 1, size, size / (size + mean))
    found = tail(np.array([count]), np.array([mean]), np.array([dispersion]))[0]
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-290)


@given(st.lists(st.floats(1e-12, 1), max_size=30), st.integers(30, 500), st.floats(1e-4, 0.2))
@settings(max_examples=50)
def test_discoveries_are_those_of_benjamini_and_hochberg(tails, tests, rate):
    ordered = sorted(tails)
    passed = [number for number, value in enumerate(ordered, 1) if value <= rate * number / tests]
    limit = ordered[passed[-1] - 1] if passed else -1.0
    kept = discoveries(np.array(tails), tests, rate)
    assert sorted(np.array(tails)[kept]) == [value for value in ordered if value <= limit][: len(passed) and passed[-1]]


def test_what_comes_later_in_the_same_run_is_not_tested_on_the_days_before():
    day, last = 75, 77
    known = Company(last + 1).hourly()
    later = known.filter(pl.col("day") == FIRST + timedelta(days=last)).head(40)
    strange = later.with_columns(region="region " + pl.int_range(later.height).cast(pl.String))
    together = grid_of(pl.concat([known, strange]), FIRST, FIRST + timedelta(days=last))
    alone = grid_of(known.filter(pl.col("day") <= FIRST + timedelta(days=day)), FIRST, FIRST + timedelta(days=day))
    tested = [int((_expect(grid, day)[2] > 0).sum()) for grid in (together, alone)]
    assert tested[0] == tested[1] > 0
