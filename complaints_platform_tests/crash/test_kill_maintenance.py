"""Maintenance that is killed at any moment loses nothing, and what it had begun the next one ends."""

import json
import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from harness import KILLED, assert_same, contents

from complaints_platform.lake import Lake, layout
from complaints_platform.operations.maintenance import MANY_SEGMENTS

pytestmark = [pytest.mark.crash, pytest.mark.drill]

NOON = 1773144000000  # 2026-03-10T12:00Z
DAY = datetime.fromtimestamp(NOON / 1000, UTC).date()
MOST_ROUNDS = 14
AGO = timedelta(days=2)


@pytest.fixture
def grown(servers, new_place, untouched, tmp_path):
    """A lake of some days ago, with a day of many small segments and with what killed writers have left."""
    landing = tmp_path / "many"
    (landing / "sms").mkdir(parents=True)
    for number in range(MANY_SEGMENTS + 2):
        record = {"messageId": f"n{number}", "msisdn": "+2348031234567", "body": f"no signal {number}", "ts": NOON}
        (landing / "sms" / f"{number}.ndjson").write_text(json.dumps(record))
    place = new_place(copy_of=untouched.updated, landing=landing)
    servers.all[0].start(place, "collect").succeeds()
    for left in ("raw/.tmp-1", "originals/incoming/x", "tables/.tmp-2"):
        (place.lake / left).parent.mkdir(parents=True, exist_ok=True)
        (place.lake / left).write_bytes(b"half")
    grow_older(place)
    return place


def grow_older(place):
    """Let two days go by for everything that a lake holds."""
    for path in place.lake.rglob("*"):
        if path.is_file():
            moment = path.stat().st_mtime - AGO.total_seconds()
            os.utime(path, (moment, moment))


def pack_earlier(place):
    """Let packs have been written two days ago, as their names say."""
    for path in (place.lake / "packed").rglob("*.*"):
        stamp, rest = path.name.split("-")
        path.rename(path.with_name(f"{(layout.time_of_stamp(stamp) - AGO).strftime(layout.STAMP_FORMAT)}-{rest}"))


def alone(place):
    return len(Lake(str(place.lake)).store.names(f"raw/sms/day={DAY}"))


def kill_and_repeat(servers, new_place, base, expected):
    counting = servers.all[0].start(whole := new_place(copy_of=base), "maintain", kill_at=0)
    counting.succeeds()
    assert_same(contents(whole), expected)
    step = max(1, counting.writes // MOST_ROUNDS)

    def round_at(server, write):
        place = new_place(copy_of=base)
        assert server.start(place, "maintain", kill_at=write).wait() == KILLED
        assert_same(contents(place), expected)
        server.start(place, "maintain").succeeds()
        assert_same(contents(place), expected)
        left = alone(place)
        shutil.rmtree(place.folder)
        return left

    assert counting.writes >= 3
    assert set(servers.each(round_at, range(1, counting.writes + 1, step))) == {alone(whole)}
    return whole


def test_maintenance_killed_while_it_packs_or_while_it_deletes_changes_nothing(servers, new_place, grown):
    expected = contents(grown)
    packed = kill_and_repeat(servers, new_place, grown, expected)
    assert alone(packed) > MANY_SEGMENTS
    pack_earlier(packed)
    assert alone(kill_and_repeat(servers, new_place, packed, expected)) == 0
