"""The benchmark of spikes: how reports are judged, and that a small part of it comes out as the docs say."""

import numpy as np
import pytest

from benchmarks.spikes import Report, by_platform, by_three_sigma, judge
from benchmarks.spikes_world import Outage, World, simulate


@pytest.fixture(scope="module")
def world():
    return simulate(77, days=45)


def cells(*places):
    grid = np.zeros((3, 2), dtype=bool)
    for place in places:
        grid[place] = True
    return grid


def test_reports_are_judged_by_time_and_place():
    outages = tuple(Outage(start, 5, 3.0, "cell", cells((0, 0)), 40.0, 200.0) for start in (100, 200, 300))
    reports = [
        Report(101, 102, 106, cells((0, 0), (0, 1))),  # the first outage, in its third hour
        Report(103, 104, 105, cells((0, 0))),  # once more
        Report(201, 201, 204, cells((1, 0))),  # elsewhere
        Report(306, 306, 310, cells((0, 0))),  # too late
    ]
    judgement = judge(World(None, outages), reports)
    assert [finding.hours_to_detect for finding in judgement.findings] == [3, None, None]
    assert (judgement.reports, judgement.repeats, judgement.false) == (4, 1, 2)


def test_large_outages_are_found_in_the_first_hour_and_nothing_else(world):
    judgement = judge(world, by_platform(world))
    large = [each for each in judgement.findings if each.outage.factor >= 5 and each.outage.usual >= 50]
    assert len(large) >= 4
    assert all(each.hours_to_detect == 1 for each in large)
    assert judgement.false + judgement.repeats <= 1
    plain = judge(world, by_three_sigma(world))
    assert plain.false > 20 * (judgement.false + judgement.repeats + 1)


def test_a_world_is_that_of_its_seed(world):
    again = simulate(77, days=45)
    assert np.array_equal(world.grid.counts, again.grid.counts)
