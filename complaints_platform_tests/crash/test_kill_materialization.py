"""An update that is killed and repeated leaves the tables that an undisturbed one leaves."""

import shutil

import pytest
from harness import KILLED, assert_same, contents, moments, stale_days

pytestmark = pytest.mark.crash

ROUNDS = 20


@pytest.fixture
def collected_texts(servers, new_place):
    place = new_place()
    servers.all[0].start(place, "collect", "--source", "sms").succeeds()
    return place


def kill_at_each_write(servers, new_place, base, writes, expected):
    def kill_and_repeat(server, write):
        place = new_place(copy_of=base)
        assert server.start(place, "update", kill_at=write).wait() == KILLED
        server.start(place, "update").succeeds()
        assert_same(contents(place), expected)
        shutil.rmtree(place.folder)

    servers.each(kill_and_repeat, writes)


@pytest.mark.drill
def test_an_update_killed_at_any_write_of_the_tables_and_repeated_changes_nothing(servers, new_place, collected_texts):
    servers.all[0].start(collected_texts, "update").succeeds()
    expected = contents(collected_texts)
    # The model is trained and Dagster's own storage set up: what is left is to write the tables.
    shutil.rmtree(collected_texts.lake / "tables")
    counting = servers.all[0].start(new_place(copy_of=collected_texts), "update", kill_at=0)
    counting.succeeds()
    assert counting.writes > 20
    kill_at_each_write(servers, new_place, collected_texts, range(1, counting.writes + 1), expected)


def test_an_update_killed_while_the_model_is_stored_and_repeated_changes_nothing(servers, new_place, collected_texts):
    whole = new_place(copy_of=collected_texts)
    servers.all[0].start(whole, "update").succeeds()
    model_and_promotion = (1, 2)
    kill_at_each_write(servers, new_place, collected_texts, model_and_promotion, contents(whole))


def test_an_update_killed_at_random_moments_and_repeated_changes_nothing(servers, new_place, untouched):
    def kill_and_repeat(server, moment):
        place = new_place(copy_of=untouched.collected)
        command = server.start(place, "update")
        command.kill_after(moment)
        killed = command.wait() == KILLED
        written = sum(map(len, contents(place).values())) - sum(map(len, untouched.after_collect.values()))
        server.start(place, "update").succeeds()
        assert_same(contents(place), untouched.after_update)
        assert stale_days(place) == {}
        shutil.rmtree(place.folder)
        return killed, written

    rounds = servers.each(kill_and_repeat, moments(ROUNDS, untouched.update_seconds, seed=2))
    assert sum(killed for killed, _ in rounds) >= ROUNDS * 3 // 4, rounds
    assert sum(killed and written > 0 for killed, written in rounds) >= 2, rounds
