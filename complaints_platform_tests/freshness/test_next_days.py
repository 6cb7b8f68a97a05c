"""Which days are made next, and what becomes of days that fail."""

import json
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.freshness.next_days import (
    FIRST_PAUSE_SECONDS,
    FREE_ROWS,
    LONGEST_PAUSE_SECONDS,
    LONGEST_REST_SECONDS,
    PAUSE_FACTOR,
    REPORTED_AFTER,
    REST_SECONDS_PER_ROW,
    UNKNOWN_RUN_IS_LOST_AFTER_SECONDS,
    DayKind,
    ReconcilingState,
    Rules,
    RunOutcome,
    Unit,
    decide,
)

TODAY = date(2026, 11, 21)
RULES = Rules(days_per_run=10, newest_first=True, release="a", last=TODAY)
KINDS = {
    "cleaned/complaints": DayKind.OCCURRED,
    "mart/trends": DayKind.OCCURRED,
    "mart/reconciliation": DayKind.RECEIVED,
}
some_days = st.sets(st.integers(0, 60), max_size=25).map(
    lambda ages: sorted(TODAY - timedelta(days=age) for age in ages)
)
due_days = st.fixed_dictionaries(dict.fromkeys(KINDS, some_days))


def day(age):
    return TODAY - timedelta(days=age)


class World:
    """Stale days, and a Dagster in which days of ``bad`` fail."""

    def __init__(self, due, bad=(), rules=RULES):
        self.due = {table: set(days) for table, days in due.items()}
        self.bad = set(bad)
        self.rules = rules
        self.state = ReconcilingState()
        self.now = 0.0
        self.last = RunOutcome.UNKNOWN
        self.version = 0
        self.in_vain = set()
        self.batches = []
        self.reported = []

    def tick(self):
        due = {table: {each: f"{each} {self.version}" for each in days} for table, days in self.due.items() if days}
        decision = decide(self.state, due, KINDS, self.last, self.now, self.rules)
        self.state = ReconcilingState.from_json(json.loads(json.dumps(decision.state.to_json())))
        self.reported += decision.reported
        assert decision.why
        if decision.batch is not None:
            self.run(decision.batch)
        self.now += 20
        return decision

    def run(self, batch):
        assert len(batch.units) <= self.rules.days_per_run
        self.batches.append((self.now, batch))
        self.last = RunOutcome.FAILED if self.bad & set(batch.units) else RunOutcome.SUCCEEDED
        if self.last is RunOutcome.SUCCEEDED:
            for table, days in batch.tables.items():
                self.due[table] -= {each for each in days if Unit(KINDS[table], each) not in self.in_vain}

    def left(self):
        return {Unit(KINDS[table], each) for table, days in self.due.items() for each in days}


@given(due_days)
def test_everything_due_is_made_once_in_as_few_runs_as_possible(due):
    world = World(due)
    units = len(world.left())
    for _ in range(units + 2):
        world.tick()
    assert world.left() == set()
    assert len(world.batches) == -(-units // RULES.days_per_run)
    made = [(table, each) for _, batch in world.batches for table, days in batch.tables.items() for each in days]
    assert len(made) == len(set(made)) == sum(len(days) for days in due.values())


@given(due_days, st.booleans())
def test_days_go_in_the_order_that_is_wanted(due, newest_first):
    world = World(due, rules=Rules(10, newest_first, "a", TODAY))
    for _ in range(80):
        world.tick()
    first = [[unit.day for unit in batch.units] for _, batch in world.batches]
    for earlier, later in pairwise(first):
        assert min(earlier) >= max(later) if newest_first else max(earlier) <= min(later)


@settings(deadline=None, max_examples=20)
@given(due_days, st.data())
def test_days_that_fail_do_not_keep_others_from_being_made_and_are_reported(due, data):
    units = sorted(World(due).left())
    bad = data.draw(st.sets(st.sampled_from(units), max_size=3)) if units else set()
    world = World(due, bad)
    while world.now < LONGEST_PAUSE_SECONDS or len(world.reported) < len(bad):
        assert world.now < 2 * LONGEST_PAUSE_SECONDS
        world.tick()
    assert world.left() == bad
    assert sorted(world.reported) == sorted(bad)
    alone = {unit: [now for now, batch in world.batches if batch.units == (unit,)] for unit in bad}
    for times in alone.values():
        assert len(times) >= REPORTED_AFTER
        for failures, (earlier, later) in enumerate(pairwise(times)):
            assert later - earlier >= min(FIRST_PAUSE_SECONDS * PAUSE_FACTOR**failures, LONGEST_PAUSE_SECONDS)


def test_a_day_that_failed_is_made_as_soon_as_new_code_runs():
    world = World({"cleaned/complaints": [day(1)]}, {Unit(DayKind.OCCURRED, day(1))})
    for _ in range(10):
        world.tick()
    assert world.left()
    world.bad, world.rules = set(), Rules(10, newest_first=True, release="b", last=TODAY)
    world.tick()
    assert world.left() == set()


def test_when_everything_fails_runs_become_rare():
    world = World(
        {"cleaned/complaints": [day(age) for age in range(50)]}, {Unit(DayKind.OCCURRED, day(age)) for age in range(50)}
    )
    while world.now < 4 * 3600:
        world.tick()
    assert len(world.batches) < 25


def test_old_days_that_fail_get_their_turn_while_new_ones_keep_coming():
    bad = Unit(DayKind.OCCURRED, day(30))
    world = World({"cleaned/complaints": [bad.day]}, {bad})
    for _ in range(200):
        world.due["cleaned/complaints"].add(TODAY)
        world.version += 1
        world.tick()
    assert world.reported == [bad]


def test_a_day_that_stays_stale_although_its_runs_are_good_makes_no_storm_of_runs_and_is_reported():
    world = World({"cleaned/complaints": [day(0), day(1)]})
    world.in_vain = {Unit(DayKind.OCCURRED, day(1))}
    while world.now < 3600:
        world.tick()
    assert world.left() == world.in_vain == set(world.reported)
    assert len(world.batches) <= 1 + REPORTED_AFTER


def test_a_day_left_stale_by_good_runs_goes_at_once_when_new_data_come():
    world = World({"cleaned/complaints": [day(0)]})
    world.in_vain = {Unit(DayKind.OCCURRED, day(0))}
    for _ in range(4):
        world.tick()
    runs = len(world.batches)
    world.in_vain, world.version = set(), 1
    world.tick()
    assert world.left() == set()
    assert len(world.batches) == runs + 1


def test_a_day_that_new_data_made_stale_while_it_was_made_goes_at_once():
    world = World({"cleaned/complaints": [day(0)]})
    for _ in range(20):
        world.due["cleaned/complaints"].add(TODAY)
        world.version += 1
        world.tick()
    assert len(world.batches) == 20


def _rows_that_rest(large, seconds):
    """Return as many rows as let a day rest for so long (in whole steps)."""
    return {large: FREE_ROWS + int((seconds - 1) / REST_SECONDS_PER_ROW)}


def test_a_large_day_that_grows_all_the_time_is_made_less_often_and_other_days_do_not_wait():
    table = "cleaned/complaints"
    world = World({table: [day(0)]}, rules=replace(RULES, rows=_rows_that_rest(day(0), 50)))
    made = []
    for number in range(30):
        world.version, world.due[table] = number, {day(0)}
        decision = world.tick()
        made += [world.now - 20] * (decision.batch is not None)
        if decision.batch is None:
            assert "taken together in" in decision.why
    assert {later - earlier for earlier, later in pairwise(made)} == {80.0}  # 50 s, seen 20 s later, every 20 s
    while world.tick().batch is None:
        pass
    world.version, world.due[table] = 99, {day(0), day(1)}
    assert world.tick().batch.units == (Unit(DayKind.OCCURRED, day(1)),)


def test_a_large_day_goes_on_resting_while_small_ones_are_made():
    table, large, small = "cleaned/complaints", day(0), day(1)
    rows = {**_rows_that_rest(large, 200), small: 100}
    world = World({table: [large]}, rules=replace(RULES, rows=rows))
    world.tick()
    world.tick()
    made = []
    for number in range(9):
        world.version, world.due[table] = number, {large, small}
        batch = world.tick().batch
        made.append(batch and [unit.day for unit in batch.units])
    assert made == [[small]] * 9
    world.version, world.due[table] = 99, {large, small}
    assert [unit.day for unit in world.tick().batch.units] == [small, large]


def test_each_day_of_a_run_rests_by_its_own_rows_and_those_of_the_day_before_that_it_looks_at():
    table, late = "cleaned/complaints", day(30)
    rows = {
        **_rows_that_rest(day(2), 300),
        day(1): 10,
        day(0): 10,
        late: 500,
        **{day(age): 2000 for age in range(31, 71)},
    }
    world = World({table: list(rows)}, rules=replace(RULES, days_per_run=100, rows=rows))
    world.tick()
    world.tick()
    world.version, world.due[table] = 2, set(rows)
    again = {unit.day for unit in world.tick().batch.units}
    assert again == set(rows) - {day(2), day(1)}
    assert [len(each.units) for each in world.state.resting] == [2]


def test_a_small_day_does_not_rest_and_no_day_rests_for_long():
    table = "cleaned/complaints"
    for rows, longest in ((FREE_ROWS, 20), (100_000_000, LONGEST_REST_SECONDS + 40)):
        world = World({table: [day(0)]}, rules=replace(RULES, rows={day(0): rows}))
        made = []
        for number in range(80):
            world.version, world.due[table] = number, {day(0)}
            if world.tick().batch is not None:
                made.append(world.now)
        assert len(made) > 1
        assert max(later - earlier for earlier, later in pairwise(made)) <= longest


@given(st.integers(1, 24))
def test_what_is_made_for_a_micro_batch_hardly_grows_with_the_hours_of_a_large_day(hour):
    """8,000 micro-batches a day; looking every 5 s, a run that takes 6 s and 15 s more for a million rows."""

    def rows_a_micro_batch(rows):
        table, now, state = "cleaned/complaints", 0.0, ReconcilingState()
        ended, made = 0.0, 0
        for number in range(400):
            last = RunOutcome.SUCCEEDED if now >= ended else RunOutcome.RUNNING
            rules = replace(RULES, rows={TODAY: rows})
            decision = decide(state, {table: {TODAY: str(number)}}, KINDS, last, now, rules)
            state = decision.state
            if decision.batch is not None:
                made, ended = made + rows, now + 6 + 15e-6 * rows
            now += 5
        return made / (now / 10.8)

    assert rows_a_micro_batch(hour * 1_000_000 // 24) <= 1.5 * rows_a_micro_batch(1_000_000 // 24)


def test_one_batch_is_under_way_at_a_time():
    due = {"cleaned/complaints": {day(0): "x", day(1): "x"}}
    first = decide(ReconcilingState(), due, KINDS, RunOutcome.UNKNOWN, 0, RULES)
    for last in (RunOutcome.UNKNOWN, RunOutcome.RUNNING):
        assert decide(first.state, due, KINDS, last, 5, RULES).batch is None


def test_a_batch_that_never_became_a_run_is_asked_for_again():
    due = {"cleaned/complaints": {day(0): "x"}}
    state = decide(ReconcilingState(), due, KINDS, RunOutcome.UNKNOWN, 0, RULES).state
    again = decide(state, due, KINDS, RunOutcome.UNKNOWN, UNKNOWN_RUN_IS_LOST_AFTER_SECONDS + 1, RULES)
    assert again.batch.units == (Unit(DayKind.OCCURRED, day(0)),)


def test_nothing_is_asked_for_while_others_make_days():
    rules = Rules(10, newest_first=True, release="a", last=TODAY, busy="run 4711 of __ASSET_JOB")
    decision = decide(ReconcilingState(), {"cleaned/complaints": {day(0): "x"}}, KINDS, RunOutcome.UNKNOWN, 0, rules)
    assert decision.batch is None
    assert "4711" in decision.why


def test_a_day_that_has_not_begun_waits():
    tomorrow = {"cleaned/complaints": {day(-1): "x"}}
    assert decide(ReconcilingState(), tomorrow, KINDS, RunOutcome.UNKNOWN, 0, RULES).batch is None


@given(st.sets(st.tuples(st.sampled_from(DayKind), st.integers(0, 6000)), min_size=1, max_size=1000))
def test_a_thousand_days_under_way_make_a_small_state(units):
    due = {"cleaned/complaints": {}, "mart/reconciliation": {}}
    for kind, age in units:
        due["cleaned/complaints" if kind is DayKind.OCCURRED else "mart/reconciliation"][day(age)] = "x"
    rules = Rules(1000, newest_first=True, release="a", last=TODAY)
    state = decide(ReconcilingState(), due, KINDS, RunOutcome.UNKNOWN, 0, rules).state
    assert set(state.running.units) == {Unit(kind, day(age)) for kind, age in units}
    stored = json.dumps(state.to_json())
    assert ReconcilingState.from_json(json.loads(stored)) == state
    assert len(stored) < 25_000
