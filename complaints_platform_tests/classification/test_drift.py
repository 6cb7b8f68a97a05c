from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from complaints_platform.classification.drift import (
    CURRENT_DAYS,
    FEWEST_REFERENCE_DAYS,
    REFERENCE_DAYS,
    SMALLEST_SHIFT,
    DayProfile,
    profile,
    shifts,
    stability_index,
    windows,
    words_of,
)

SHARES = (0.3, 0.2, 0.2, 0.1, 0.1, 0.1)
FIRST = date(2026, 1, 1)


def days(count, rng, *, shares=SHARES, confidence=0.8, review=0.2, unknown=0.3, outages=()):
    """Days of 400 complaints that vary by more than 400 independent draws do; an outage is half of its day."""
    profiles = []
    for number in range(count):
        of_day = rng.dirichlet(np.array(shares) * 200)
        if number in outages:
            of_day = of_day / 2
            of_day[0] += 0.5
        counts = rng.multinomial(400, of_day)
        profiles.append(
            DayProfile(
                day=FIRST + timedelta(days=number),
                complaints=400,
                by_category={f"c{n}": int(value) for n, value in enumerate(counts)},
                by_model=400,
                confidence=float(rng.normal(confidence, 0.01) * 400),
                needs_review=int(rng.binomial(400, review)),
                words=5000,
                unknown_words=int(rng.binomial(5000, unknown)),
                model_versions=frozenset({"v"}),
            )
        )
    return profiles


def drifted(reference, current):
    return {shift.name for shift in shifts(reference, current) if shift.drifted}


@pytest.mark.parametrize("seed", range(5))
def test_days_that_only_vary_are_no_drift_outages_included(seed):
    rng = np.random.default_rng(seed)
    reference = days(REFERENCE_DAYS, rng, outages=(5,))
    assert drifted(reference, days(CURRENT_DAYS, rng, outages=(3,))) == set()


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"shares": (0.1, 0.2, 0.2, 0.2, 0.2, 0.1)}, "category_shares"),
        ({"confidence": 0.7}, "mean_confidence"),
        ({"review": 0.32}, "needs_review"),
        ({"unknown": 0.36}, "unknown_words"),
    ],
)
def test_each_number_finds_its_own_drift_and_no_other(change, name):
    rng = np.random.default_rng(0)
    reference, current = days(REFERENCE_DAYS, rng), days(CURRENT_DAYS, rng, **change)
    assert drifted(reference, current) == {name}
    (found,) = (shift for shift in shifts(reference, current) if shift.name == name)
    assert found.p_value == pytest.approx(0.001)
    assert found.threshold >= SMALLEST_SHIFT[name]
    assert [day for day, _ in found.by_day] == [each.day for each in (*reference, *current)]


def test_a_certain_but_small_change_is_no_drift():
    rng = np.random.default_rng(0)
    current = days(CURRENT_DAYS, rng, unknown=0.32)
    found = {shift.name: shift for shift in shifts(days(REFERENCE_DAYS, rng), current)}["unknown_words"]
    assert found.p_value < 0.01
    assert not found.drifted


def test_too_short_a_history_is_no_drift():
    rng = np.random.default_rng(0)
    reference = days(FEWEST_REFERENCE_DAYS - 1, rng)
    assert drifted(reference, days(CURRENT_DAYS, rng, confidence=0.3)) == set()


def test_a_new_category_counts_and_does_not_break_the_index():
    rng = np.random.default_rng(0)
    reference = days(REFERENCE_DAYS, rng, shares=SHARES[:5])
    assert "category_shares" in drifted(reference, days(CURRENT_DAYS, rng, shares=(0.1, 0.1, 0.1, 0.1, 0.1, 0.5)))
    assert np.isfinite(stability_index(np.array([10.0, 0.0]), np.array([0.0, 10.0])))


def test_the_index_by_hand():
    before, now = np.array([79.5, 19.5]), np.array([49.5, 49.5])  # with a half added: 80:20 and 50:50
    assert stability_index(before, now) == pytest.approx(0.3 * np.log(80 / 50) + 0.3 * np.log(50 / 20))
    assert stability_index(before, before) == 0


def test_windows_are_the_newest_days_and_those_before():
    dates = [FIRST + timedelta(days=n) for n in range(60)]
    reference, current = windows(dates[::-1])
    assert current == dates[-CURRENT_DAYS:]
    assert reference == dates[-CURRENT_DAYS - REFERENCE_DAYS : -CURRENT_DAYS]
    assert windows(dates[:3]) == ([], dates[:3])
    assert windows([]) == ([], [])


def test_a_profile_counts_what_the_model_decided_and_the_words_it_does_not_know():
    complaints = pl.DataFrame(
        {
            "category": ["a", "a", "b"],
            "confidence": [0.5, None, 0.9],
            "needs_review": [True, False, False],
            "category_source": ["model", "person", "model"],
            "model_version": ["v", "v", "w"],
            "text": ["No signal at 12:30!", "people's words don't count", None],
        }
    )
    found = profile(FIRST, complaints, words_of(["no SIGNAL at 00:00", None]))
    assert found == DayProfile(
        day=FIRST,
        complaints=3,
        by_category={"a": 2, "b": 1},
        by_model=2,
        confidence=1.4,
        needs_review=1,
        words=6,
        unknown_words=1,
        model_versions=frozenset({"v", "w"}),
    )


def test_an_empty_day_has_a_profile():
    schema = {
        "category": pl.String,
        "confidence": pl.Float64,
        "needs_review": pl.Boolean,
        "category_source": pl.String,
        "model_version": pl.String,
        "text": pl.String,
    }
    empty = profile(FIRST, pl.DataFrame(schema=schema), frozenset())
    assert (empty.complaints, empty.words, empty.by_category) == (0, 0, {})
    assert drifted([empty] * 10, [empty] * 3) == set()
