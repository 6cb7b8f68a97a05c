"""Volumes as senders really have them, and each way in which they go wrong."""

from datetime import date, timedelta
from random import Random

import pytest

from complaints_platform.generator.volumes import SOURCES, draw_count
from complaints_platform.quality.volume import FEWEST_DAYS, judge_volume

FIRST = date(2026, 3, 10)


def counts(source, days, per_day=1000, seed=7):
    random = Random(f"{source}/{seed}")  # noqa: S311  # reproducible
    return {
        FIRST + timedelta(days=n): draw_count(source, FIRST + timedelta(days=n), per_day, random) for n in range(days)
    }


def judged(series, *last):
    """The verdict on the last days, or on those named."""
    days = list(last) or sorted(series)
    return judge_volume("sms", series, days, days)


@pytest.mark.parametrize(("per_day", "most"), [(20, 0), (40, 2), (100, 1), (200, 1), (1000, 0), (5000, 0)])
def test_usual_days_of_all_sources_pass_whatever_their_size(per_day, most):
    """Two in ten thousand may be odd by chance; the generator's small counts are drawn a little wider than that."""
    points = [
        point for seed in range(10) for source in SOURCES for point in judged(counts(source, 60, per_day, seed)).judged
    ]
    assert len(points) == 10 * 4 * (60 - FEWEST_DAYS)
    assert len([point for point in points if point.fails]) <= most


@pytest.mark.parametrize(("deviation", "most"), [(0.05, 0), (0.1, 6)])
def test_days_that_differ_by_more_than_chance_are_usual_where_they_always_do(deviation, most):
    """Days of the same weekday differ by 5 or 10 percent, chance apart; at most two in a thousand may fail."""
    random = Random(7)  # noqa: S311  # reproducible
    failing = 0
    for mean in (50, 500, 5000):
        for _ in range(20):
            drawn = (mean * random.lognormvariate(0, deviation) for _ in range(60))
            days = [max(0, round(random.gauss(each, each**0.5))) for each in drawn]
            failing += len(judged({FIRST + timedelta(days=n): count for n, count in enumerate(days)}).failing)
    assert failing <= most


@pytest.mark.parametrize("value", [10, 40, 250])
def test_a_holiday_is_not_judged_nor_is_any_day_by_it(value):
    series = counts("web_forms", 50)
    holidays = [FIRST + timedelta(days=n) for n in (20, 27, 34, 41, 48)]
    usual = {day: count for day, count in series.items() if day not in holidays}
    days = sorted(series)
    verdict = judge_volume("web_forms", series | dict.fromkeys(holidays, value), days, days, holidays)
    assert verdict.passed
    assert [point.day for point in verdict.points] == days
    assert {point.day for point in verdict.judged} == {day for day in days[FEWEST_DAYS:] if day not in holidays}
    assert verdict.judged == judged(usual).judged


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("factor", "says"), [(0.5, "low"), (0.0, "low"), (2.0, "high")])
@pytest.mark.parametrize("weekday", range(7))
def test_half_none_and_double_are_noticed_on_any_weekday_with_day_source_and_next_step(source, factor, says, weekday):
    series = counts(source, 29 + weekday)
    last = max(series)
    series[last] = round(series[last] * factor)
    verdict = judge_volume(source, series, [last], [last])
    assert not verdict.passed
    assert f"{source}: volume {says} on {last}" in verdict.describe()
    assert "Ask the sender" in verdict.next_step
    (point,) = verdict.points
    assert point.lower < point.usual < point.upper
    assert len(verdict.history) == len(series) - 1


def test_an_outage_is_high_on_its_day_and_does_not_make_the_weeks_after_it_low():
    series = counts("sms", 50)
    outage = FIRST + timedelta(days=20)
    series[outage] *= 4
    assert [point.day for point in judged(series).failing] == [outage]


def test_a_holiday_does_not_make_the_weeks_after_it_high():
    series = counts("call_centre", 50)
    holiday = FIRST + timedelta(days=20)
    series[holiday] //= 5
    assert [point.day for point in judged(series).failing] == [holiday]


def test_too_little_history_says_nothing():
    series = counts("sms", FEWEST_DAYS)
    series[max(series)] = 0
    verdict = judged(series)
    assert verdict.passed
    assert verdict.judged == []


def test_days_before_a_source_began_are_no_history():
    silent = {FIRST - timedelta(days=n): 0 for n in range(1, 40)}
    verdict = judged({**silent, **counts("sms", 20)})
    assert [point.day for point in verdict.judged] == [FIRST + timedelta(days=n) for n in range(FEWEST_DAYS, 20)]
    assert verdict.passed


def test_a_day_that_is_not_over_is_shown_and_not_judged():
    series = counts("sms", 30)
    last = max(series)
    series[last] = 3
    verdict = judge_volume("sms", series, [], [last])
    assert verdict.passed
    assert verdict.points[0].value == 3
    assert verdict.judged == []


def test_a_day_is_judged_by_the_days_before_it_alone():
    series = counts("sms", 40)
    day = FIRST + timedelta(days=25)
    alone = judged({each: count for each, count in series.items() if each <= day}, day).points
    assert judged(series, day).points == alone
