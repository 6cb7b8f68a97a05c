import numpy as np
import pytest

from complaints_platform.marts.incident_detection import LONGEST_DAYS, hours_of, severity
from complaints_platform.schemas import NO_VALUE
from complaints_platform_tests.marts.counts import Company, watched

DAY = 60
"""By then, more has been seen than is ever looked at."""


def names(incident, grid):
    regions = [grid.series.regions[place] for place in np.flatnonzero(incident.cells.any(1))]
    return regions, [grid.series.categories[place] for place in np.flatnonzero(incident.cells.any(0))]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normal_days_are_silent(seed):
    hourly = Company(DAY + 30, seed=seed).hourly()
    for day in (DAY, DAY + 10, DAY + 20, DAY + 29):  # each looks at nine days before it, too
        assert watched(hourly, day)[2] == []


@pytest.mark.parametrize(("region", "category"), [(0, 1), (0, None), (None, 1), (None, None)])
def test_three_times_the_usual_is_one_incident_within_the_first_hour(region, category):
    company = Company(DAY + 2).outage(DAY, range(10, 15), 3, region, category)
    _, _, before = watched(company.hourly(until=(DAY, 10)), DAY)
    _, _, first = watched(company.hourly(until=(DAY, 11)), DAY)
    assert before == []
    assert len(first) == 1
    assert (first[0].start, first[0].detected, first[0].end) == (DAY * 24 + 10, DAY * 24 + 10, None)
    grid, scores, (incident,) = watched(company.hourly(), DAY)
    regions, categories = names(incident, grid)
    assert (region is None) == (len(regions) == 3)
    assert (category is None) == (len(categories) == 3)
    assert region is None or regions == ["north"]
    assert category is None or categories == ["data"]
    assert (incident.start, incident.end) == (DAY * 24 + 10, DAY * 24 + 15)
    hours = hours_of(incident, grid, scores, DAY)
    assert 2.4 < sum(hour.observed for hour in hours) / sum(hour.expected for hour in hours) < 3.6
    assert all(hour.expected < hour.upper < hour.observed for hour in hours)


def test_name_and_start_stay_while_hours_are_added():
    company = Company(DAY + 2).outage(DAY, range(21, 30), 4, 1)
    seen = []
    for day, hour in [(DAY, 22), (DAY, 23), (DAY, 24), (DAY + 1, 3), (DAY + 1, 9), (DAY + 1, 24)]:
        _, _, (incident,) = watched(company.hourly(until=(day, hour)), day)
        seen.append((incident.identity, incident.start, incident.detected))
    assert len(set(seen)) == 1
    assert incident.end == DAY * 24 + 30


def test_severity_only_grows():
    company = Company(DAY + 2).outage(DAY, range(8, 11), 4, 1, 0).outage(DAY, range(11, 14), 10)
    order, seen = ["minor", "major", "critical"], []
    for hour in (9, 11, 12, 14, 20):
        grid, scores, (incident,) = watched(company.hourly(until=(DAY, hour)), DAY)
        seen.append(order.index(severity(hours_of(incident, grid, scores, DAY), scores)))
    assert seen == sorted(seen)
    assert seen[0] < seen[-1]
    assert order[seen[-1]] == "critical"


def test_two_outages_at_once_are_two_incidents():
    company = Company(DAY + 1).outage(DAY, range(9, 14), 5, 0, 1).outage(DAY, range(10, 15), 5, 1, 0)
    grid, _, found = watched(company.hourly(), DAY)
    assert sorted(names(incident, grid) for incident in found) == [(["north"], ["data"]), (["south"], ["billing"])]


def test_an_unknown_region_is_a_region():
    grid, _, (incident,) = watched(Company(DAY + 1).outage(DAY, range(9, 14), 5, 2, 1).hourly(), DAY)
    assert names(incident, grid) == ([NO_VALUE], ["data"])


def test_an_hour_in_progress_ends_nothing():
    company = Company(DAY + 1).outage(DAY, range(8, 12), 5, 0)
    for hour in (12, 13, 14):  # usual hours follow, but the third of them may still be filling
        _, _, (incident,) = watched(company.hourly(until=(DAY, hour)), DAY)
        assert incident.end is None
    _, _, (incident,) = watched(company.hourly(until=(DAY, 16)), DAY)
    assert incident.end == DAY * 24 + 12


@pytest.mark.parametrize(
    ("history", "factor", "found"), [(5, 10, 0), (10, 2.2, 0), (10, 8, 1), (27, 1.5, 0), (27, 4, 1)]
)
def test_with_little_history_only_what_is_beyond_doubt(history, factor, found):
    company = Company(history + 1).outage(history, range(9, 14), factor)
    assert len(watched(company.hourly(), history)[2]) == found


def test_what_stays_becomes_usual():
    company = Company(DAY + 16)
    company.rates[DAY:] *= 3
    hourly = company.hourly()
    days = {number: watched(hourly, DAY + number)[2] for number in (0, 2, LONGEST_DAYS + 1, LONGEST_DAYS + 5, 15)}
    assert {incident.identity for found in days.values() for incident in found} == {days[0][0].identity}
    assert [len(found) for found in days.values()] == [1, 1, 0, 0, 0]


def test_every_day_of_it_tells_of_it_until_it_has_ended():
    company = Company(DAY + 4).outage(DAY, range(12, 40), 4, 0)
    hourly = company.hourly()
    assert [len(watched(hourly, DAY + number)[2]) for number in range(-1, 4)] == [0, 1, 1, 0, 0]
