"""An update that is killed and repeated leaves the tables that an undisturbed one leaves."""

import shutil
import time

import pytest
from harness import KILLED, assert_same, contents, moments

pytestmark = pytest.mark.crash

ROUNDS = 20


def test_an_update_killed_at_any_of_its_writes_and_repeated_changes_nothing(servers, new_place):
    small = new_place()
    servers.all[0].start(small, "collect", "--source", "sms").succeeds()
    whole = new_place(copy_of=small)
    counting = servers.all[0].start(whole, "update", kill_at=0)
    counting.succeeds()
    expected = contents(whole)
    assert counting.writes > 30

    def kill_and_repeat(server, write):
        place = new_place(copy_of=small)
        assert server.start(place, "update", kill_at=write).wait() == KILLED
        server.start(place, "update").succeeds()
        assert_same(contents(place), expected)
        shutil.rmtree(place.folder)

    servers.each(kill_and_repeat, range(1, counting.writes + 1))


def test_an_update_killed_at_random_moments_and_repeated_changes_nothing(servers, new_place, untouched):
    def kill_and_repeat(server, moment):
        place = new_place(copy_of=untouched.collected)
        command = server.start(place, "update")
        time.sleep(moment)  # the moment is the experiment
        command.kill()
        killed = command.wait() == KILLED
        written = sum(map(len, contents(place).values())) - sum(map(len, untouched.after_collect.values()))
        server.start(place, "update").succeeds()
        assert_same(contents(place), untouched.after_update)
        assert "everything is up to date" in server.start(place, "update").succeeds()
        shutil.rmtree(place.folder)
        return killed, written

    rounds = servers.each(kill_and_repeat, moments(ROUNDS, untouched.update_seconds, seed=2))
    assert sum(killed for killed, _ in rounds) >= ROUNDS // 2, rounds
    assert sum(killed and written > 0 for killed, written in rounds) >= 2, rounds
