"""An update that is killed and repeated leaves the tables that an undisturbed one leaves."""

import random
import shutil

import pytest
from conftest import PARALLEL
from harness import KILLED, assert_same, contents, stale_days

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


def test_an_update_killed_at_random_moments_again_and_again_changes_nothing(servers, new_place, untouched):
    """What one kill leaves, the next update goes on with, and may be killed as well, until one comes to its end."""

    def kill_until_enough(server, seed):
        chance = random.Random(seed)  # noqa: S311  # repeatable, no secret
        kills, kills_between_tables, place, ended = 0, 0, new_place(copy_of=untouched.collected), False
        while not ended or kills < ROUNDS // PARALLEL:
            command, before = server.start(place, "update"), table_files(place)
            if kills < ROUNDS // PARALLEL:
                command.kill_after(chance.uniform(0, untouched.update_seconds))
            ended = (code := command.wait()) != KILLED
            if not ended:
                kills += 1
                kills_between_tables += table_files(place) > before
                continue
            assert code == 0, command.output
            assert_same(contents(place), untouched.after_update)
            assert stale_days(place) == {}
            shutil.rmtree(place.folder)
            place = new_place(copy_of=untouched.collected)
        return kills_between_tables

    assert sum(servers.each(kill_until_enough, range(PARALLEL))) >= 2


def table_files(place):
    return sum(path.suffix in {".parquet", ".json"} for path in (place.lake / "tables").rglob("*"))
