from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.errors import LakeError
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.manifests import READERS_TAKE_AT_MOST, Manifest, kept
from complaints_platform.lake.tables import NEVER_WRITTEN

NOW = datetime(2026, 3, 20, 12, 30, tzinfo=UTC)


@pytest.fixture
def manifests(tmp_path):
    return Lake(str(tmp_path)).manifests


def test_what_is_published_is_read_and_the_newest_counts(manifests):
    assert manifests.newest() is None
    first = manifests.publish(None, {"a.b": 3}, now=NOW)
    second = manifests.publish(first, {"a.b": 4, "c.d": 0}, [date(2026, 3, 1)], now=NOW + timedelta(seconds=1))
    assert manifests.newest() == second
    assert manifests.all() == [first, second]
    assert (second.version("c.d"), first.version("c.d")) == (0, NEVER_WRITTEN)
    assert second.unfinished == (date(2026, 3, 1),)


def test_of_many_that_publish_at_once_one_wins_each_number(manifests):
    def publish(value):
        while True:
            last = manifests.newest()
            if manifests.publish(last, {"a.b": value}) is not None:
                return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(publish, range(24)))
    published = manifests.all()
    assert [manifest.number for manifest in published] == list(range(1, 25))
    assert {manifest.versions["a.b"] for manifest in published} == set(range(24))
    times = [manifest.published_at for manifest in published]
    assert times == sorted(times)


def test_who_is_too_late_is_told(manifests):
    first = manifests.publish(None, {"a.b": 1})
    assert manifests.publish(first, {"a.b": 2}) is not None
    assert manifests.publish(first, {"a.b": 3}) is None
    assert manifests.newest().versions == {"a.b": 2}


def test_a_clock_that_was_set_back_does_not_turn_the_order(manifests):
    first = manifests.publish(None, {}, now=NOW)
    assert manifests.publish(first, {"a.b": 1}, now=NOW - timedelta(days=1)).published_at == NOW


def test_a_damaged_manifest_is_named(manifests, tmp_path):
    manifests.publish(None, {})
    (tmp_path / layout.manifest(1)).write_bytes(b"[]")
    with pytest.raises(LakeError, match=r"manifests/0+1\.json"):
        manifests.newest()


def test_which_days_are_waited_for_is_remembered(manifests):
    assert manifests.waiting_since() == {}
    manifests.set_waiting({date(2026, 3, 1): NOW})
    assert manifests.waiting_since() == {date(2026, 3, 1): NOW}
    manifests.set_waiting({})
    assert manifests.waiting_since() == {}


@given(st.lists(st.integers(0, 20 * 24 * 60), unique=True), st.integers(1, 10), st.integers(1, 400))
def test_manifests_expire_only_when_nobody_may_read_by_them(minutes, days, later):
    manifests = [
        Manifest(number, NOW - timedelta(minutes=ago), {}) for number, ago in enumerate(sorted(minutes, reverse=True))
    ]
    stay = kept(manifests, NOW, days)
    numbers = {manifest.number for manifest in stay}
    for manifest, following in zip(manifests, [*manifests, None][1:], strict=True):
        if following is None or following.published_at > NOW - READERS_TAKE_AT_MOST:
            assert manifest.number in numbers
    for day in {manifest.published_at.date() for manifest in manifests}:
        of_day = [manifest.number for manifest in manifests if manifest.published_at.date() == day]
        if (NOW.date() - day).days < days:
            assert of_day[-1] in numbers
    # What has expired does not come back, and what is kept does not depend on what was thinned out before.
    afterwards = NOW + timedelta(minutes=later)
    assert kept(stay, afterwards, days) == kept(manifests, afterwards, days)
    assert len(stay) <= 2 + 25 + days + 1 + sum(ago <= 60 for ago in minutes)
