"""When the files that wait in the landing are collected."""

import json
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.intake.settling import Settling
from complaints_platform.intake.waiting import (
    LONGEST_PAUSE_SECONDS,
    NAMES_SHOWN,
    CollectRequest,
    LandingState,
    decide,
)

NOW = 1_800_000_000.0
SETTLING = Settling(3)


@dataclass(frozen=True)
class File:
    source: str
    name: str
    changed: float
    identity: int


def file(number, age=60.0):
    return File("sms", f"{number}.ndjson", NOW - age, number)


files = st.lists(
    st.builds(file, st.integers(1, 2**64 - 1), st.floats(-100, 1000)), max_size=30, unique_by=lambda each: each.identity
)


def ask(state, waiting, now=NOW, busy=None, settling=SETTLING):
    return decide(state, waiting, now, settling, busy)


@given(files)
def test_exactly_the_files_left_alone_for_long_enough_are_asked_for(waiting):
    decision = ask(LandingState(), waiting)
    settled = [each for each in waiting if each.changed <= NOW - 3]
    assert (decision.request.files if decision.request else 0) == len(settled)


@given(files)
def test_nothing_is_asked_for_while_a_run_collects_and_the_reason_is_given(waiting):
    decision = ask(LandingState(), waiting, busy="run 4711 of collect")
    assert decision.request is None
    assert decision.why


@given(files)
def test_in_an_object_store_every_file_is_whole(waiting):
    decision = ask(LandingState(), waiting, settling=replace(SETTLING, by_age=False))
    assert (decision.request.files if decision.request else 0) == len(waiting)


def test_a_file_changed_in_the_future_is_asked_for_once_it_was_seen_unchanged_for_long_enough():
    ahead = [file(1, age=-3600)]
    first = ask(LandingState(), ahead)
    assert first.request is None
    assert ask(first.state, ahead, NOW + 2).request is None
    later = ask(first.state, ahead, NOW + 3)
    assert later.request == CollectRequest({"sms": 1}, ["sms/1.ndjson"], ahead=True)


def test_a_file_changed_in_the_future_that_still_grows_is_left_alone():
    state = LandingState()
    for second in range(10):
        decision = ask(state, [file(second + 1, age=-3600)], NOW + second)
        assert decision.request is None
        state = decision.state


@settings(deadline=None, max_examples=20)
@given(files.filter(lambda each: any(one.changed <= NOW - 3 for one in each)), st.integers(1, 12))
def test_files_that_can_not_be_collected_are_asked_for_less_and_less_often(waiting, rounds):
    waiting = [each for each in waiting if each.changed <= NOW - 3]
    state, now, last, pauses = LandingState(), NOW, NOW, []
    for _ in range(rounds):
        while (decision := ask(state, waiting, now)).request is None:
            state, now = decision.state, now + 15
        state = decision.state
        pauses.append(now - last)
        last = now
    assert pauses == sorted(pauses)
    assert max(pauses) <= LONGEST_PAUSE_SECONDS + 15


def test_a_new_file_is_asked_for_at_once_although_others_can_not_be_collected():
    first = ask(LandingState(), [file(1)])
    assert ask(first.state, [file(1)], NOW + 1).request is None
    assert ask(first.state, [file(1), file(2)], NOW + 1).request.files == 2


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 10_000))
def test_state_and_request_stay_small_however_many_files_wait(count):
    decision = ask(
        LandingState(after="sms/2026/11/21/a-rather-long-name-of-a-file.ndjson.gz"), [file(n + 1) for n in range(count)]
    )
    assert len(json.dumps(decision.state.to_json())) < 300
    if count:
        assert decision.request.files == count
        assert len(decision.request.names) == min(count, NAMES_SHOWN)
        assert f"{count:,} file" in decision.why


@given(files)
def test_the_state_survives_being_stored(waiting):
    state = ask(LandingState(), waiting).state
    assert LandingState(**json.loads(json.dumps(state.to_json()))) == state
