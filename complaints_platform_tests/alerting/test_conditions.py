"""What is one notification: each change of a condition once, whoever sees it, however often."""

from datetime import timedelta

import pytest

from complaints_platform.alerting.events import KINDS, Condition, Notification, Severity, State
from complaints_platform.alerting.outbox import Attempt, DeliveryResult, Outbox
from complaints_platform.alerting.spool import MemoryObjects
from complaints_platform.errors import AlertsError
from complaints_platform.lake.store import open_store
from complaints_platform_tests.alerting.tools import DAY, NOON, Clock, condition


@pytest.fixture(params=["memory", "folder"])
def objects(request, tmp_path):
    return MemoryObjects() if request.param == "memory" else open_store(str(tmp_path / "lake"))


def states(changes):
    return [(each.condition.subject, each.state) for each in changes]


def test_opened_worsened_and_resolved_are_told_once_each_and_it_may_open_again(objects):
    outbox, clock = Outbox(objects), Clock()

    def see(*conditions):
        clock.move(minutes=1)
        return states(outbox.observe("run_failed", conditions, clock()))

    minor, major = condition(severity=Severity.MINOR), condition(severity=Severity.MAJOR)
    assert see(minor) == [("collect", State.OPENED)]
    assert see(minor) == []
    assert see(major) == [("collect", State.WORSENED)]
    assert see(minor) == []  # eased: it is as bad as it was until it is over
    assert see(major) == []
    assert see() == [("collect", State.RESOLVED)]
    assert see() == []
    assert see(minor) == [("collect", State.OPENED)]
    history = outbox.pending()
    assert [each.number for each in history] == [1, 2, 3, 4]
    assert history[2].condition.text == "Resolved after 5 min. It was: collect is wrong."
    assert [each.opened for each in history] == [1, 1, 1, 4]


def test_what_is_seen_by_two_at_once_is_one_change(objects):
    first, second = Outbox(objects), Outbox(objects)
    both = [condition("a"), condition("b")]
    assert len(first.observe("run_failed", both, NOON)) == 2
    assert second.observe("run_failed", both, NOON) == []
    # Both look at the same moment: what the one is about to write, the other has written.
    stale = Outbox(Stale(objects))
    assert second.observe("run_failed", [condition("a")], NOON)[0].state is State.RESOLVED
    assert stale.observe("run_failed", [condition("a")], NOON) == []
    assert [each.number for each in first.pending() if each.condition.subject == "b"] == [1, 2]
    assert first.open()[0].condition.subject == "a"


class Stale:
    """Objects of which the listing of one condition's changes is one change behind."""

    def __init__(self, objects):
        self._objects = objects

    def names(self, prefix):
        names = self._objects.names(prefix)
        return [name for name in names if name != "0002.json"] if "/conditions/" in prefix else names

    def __getattr__(self, name):
        return getattr(self._objects, name)


@pytest.mark.parametrize("after", range(1, 5))
def test_a_crash_while_a_change_is_written_loses_it_not(after):
    objects = MemoryObjects()
    with pytest.raises(KeyboardInterrupt):
        Outbox(Crashes(objects, after)).observe("run_failed", [condition()], NOON)
    outbox = Outbox(objects)
    outbox.observe("run_failed", [condition()], NOON)
    assert states(outbox.pending()) == [("collect", State.OPENED)]
    assert states(outbox.open()) == [("collect", State.OPENED)]
    with pytest.raises(KeyboardInterrupt):
        Outbox(Crashes(objects, after)).observe("run_failed", [], NOON)
    outbox.observe("run_failed", [], NOON)
    assert [each.state for each in outbox.pending()] == [State.OPENED, State.RESOLVED]
    assert outbox.open() == []
    assert states(outbox.observe("run_failed", [condition()], NOON)) == [("collect", State.OPENED)]


class Crashes:
    """Objects that stop for good at the n-th change."""

    def __init__(self, objects, after):
        self._objects = objects
        self._left = after

    def __getattr__(self, name):
        method = getattr(self._objects, name)
        if name in {"put", "create", "delete"}:
            self._left -= 1
            if self._left <= 0:
                raise KeyboardInterrupt
        return method


def test_more_that_is_known_of_a_condition_is_kept_and_nobody_is_told(objects):
    outbox = Outbox(objects)
    outbox.observe("check_failed", [condition(kind="check_failed", facts={"days": ["2026-03-10"]})], NOON)
    more = condition(kind="check_failed", facts={"days": ["2026-03-10", "2026-03-11"]})
    assert [each.state for each in outbox.observe("check_failed", [more], NOON)] == [State.NOTED]
    assert outbox.open()[0].condition == more
    assert len(outbox.pending()) == 1


def test_what_is_looked_for_by_others_is_left_alone(objects):
    outbox = Outbox(objects)
    outbox.observe("run_failed", [condition()], NOON)
    assert outbox.observe("incident", [], NOON) == []
    assert states(outbox.open()) == [("collect", State.OPENED)]


def test_what_has_no_end_is_told_once(objects):
    outbox = Outbox(objects)
    ready = Condition("report_ready", "weekly 2026-W10", Severity.INFO, "The weekly report is ready.", day=DAY)
    assert outbox.happened(ready, NOON).state is State.HAPPENED
    assert outbox.happened(ready, NOON) is None
    assert outbox.open() == []
    assert outbox.observe("report_ready", [], NOON) == []


def test_a_notification_is_read_as_it_was_written(objects):
    found = Condition(
        "incident", "i1", Severity.CRITICAL, "Spike.", "sms", DAY, ("network_voice",), {"n": [1]}, "Look."
    )
    (written,) = Outbox(objects).observe("incident", [found], NOON)
    assert Outbox(objects).get(written.id) == written
    assert Notification.from_json(written.to_json()) == written


def test_an_acknowledgement_covers_what_came_before_it_and_the_first_one_stays(objects):
    outbox = Outbox(objects)
    (opened,) = outbox.observe("run_failed", [condition(severity=Severity.MINOR)], NOON)
    (worse,) = outbox.observe("run_failed", [condition(severity=Severity.CRITICAL)], NOON)
    outbox.acknowledge(opened.id, "ada", NOON)
    assert outbox.acknowledge(opened.id, "bob", NOON).by == "ada"
    assert outbox.acknowledged(opened).by == "ada"
    assert outbox.acknowledged(worse) is None
    outbox.acknowledge(worse.id, "bob", NOON)
    assert outbox.acknowledged(worse).by == "bob"
    outbox.observe("run_failed", [], NOON)
    (again,) = outbox.observe("run_failed", [condition()], NOON)
    assert outbox.acknowledged(again) is None


@pytest.mark.parametrize("name", ["", "nothing", "../../etc/passwd", "0" * 24 + "-0001", "0" * 24 + "-x"])
def test_what_is_not_there_cannot_be_acknowledged(objects, name):
    with pytest.raises(AlertsError, match="no notification"):
        Outbox(objects).acknowledge(name, "ada", NOON)


def test_every_kind_says_what_it_means_and_what_to_do():
    for kind in KINDS.values():
        assert kind.title
        assert kind.meaning.endswith(".")
        assert len(kind.next_step) > 10


def test_what_was_over_and_delivered_long_ago_may_go_and_what_goes_on_or_waits_may_not(objects):
    outbox, clock = Outbox(objects), Clock()

    def episode(subject, *, ends=True, delivered=True):
        outbox.observe("run_failed", [condition(subject)], clock(), about=subject)
        outbox.observe("run_failed", [condition(subject, facts={"days": ["2026-03-10"]})], clock(), about=subject)
        (opened,) = [
            each for each in outbox.since(clock().date()) if each.condition.subject == subject and each.is_open
        ]
        outbox.acknowledge(opened.id, "ada", clock())
        outbox.begin(opened.id, "team", Attempt(1, opened.id, clock()), "a sender")
        outbox.end(opened.id, "team", 1, DeliveryResult(delivered, clock()))
        if ends:
            outbox.observe("run_failed", [], clock(), about=subject)
        for each in outbox.since(clock().date()) if delivered else ():
            if each.condition.subject == subject:
                outbox.done(each.id)

    episode("over")
    episode("goes on", ends=False)
    episode("waits", delivered=False)
    outbox.happened(Condition("report_ready", "daily", Severity.INFO, "Ready."), clock(), pending=False)
    told = {each.condition.subject: outbox.last(each.condition.key) for each in outbox.since(clock().date())}
    clock.move(days=300)
    episode("over")
    clock.move(days=100)
    assert list(outbox.expired(DAY)) == []
    expired = list(outbox.expired(DAY + timedelta(days=1)))
    first, opened = told["over"].condition.key, told["over"].opened_id
    assert set(expired) == {
        *(f"alerts/conditions/{first}/000{number}.json" for number in (1, 2, 3)),
        *(f"alerts/deliveries/{opened}/team.1.{what}" for what in ("began", "ended")),
        f"alerts/acknowledged/{first}/0001.json",
        *(f"alerts/days/{DAY}/{name}" for name in (opened, told["over"].id, told["daily"].id)),
    }
    assert len(expired) == len(set(expired))
    for key in expired[:4]:  # killed in between
        objects.delete(key)
    for key in Outbox(objects).expired(DAY + timedelta(days=1)):
        objects.delete(key)
    after = Outbox(objects)
    assert list(after.expired(DAY + timedelta(days=1))) == []
    assert {each.condition.subject for each in after.since(DAY)} == {"over", "goes on", "waits"}
    assert after.last(first).number == 6  # and the next is the seventh: no id is used twice
    assert after.happened(told["daily"].condition, clock()) is None  # nor is it told again
    assert {each.condition.subject for each in after.pending()} == {"waits"}
    assert {each.condition.subject for each in after.open()} == {"goes on"}
