"""What Dagster and the lake know of what is wrong, noticed once, and sent, in Dagster's own terms."""

import http.client
import json
import os
import shutil
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple

import dagster as dg
import pytest
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
    SensorInstigatorData,
    TickData,
    TickStatus,
)
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import SerializableErrorInfo

from complaints_platform.alerting import observing, sending
from complaints_platform.alerting import spool as spools
from complaints_platform.alerting.events import Condition, Severity, State
from complaints_platform.alerting.observing import Memory, Observer
from complaints_platform.alerting.sending import send_all
from complaints_platform.commands import alerts
from complaints_platform.definitions import build_definitions
from complaints_platform.errors import AlertsError, LakeError
from complaints_platform.freshness.next_days import DayKind, ReconcilingState, Trouble, Unit
from complaints_platform.instance.history import InstanceHistory
from complaints_platform.instance.local import local_instance
from complaints_platform.lake import layout
from complaints_platform.lake.store import LocalStore
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings
from complaints_platform_tests.alerting.tools import DAY, Clock, Keeps

ROUTES = """\
receivers: {team: {url_env: TEAM_URL}}
routes: [{name: all, to: [team]}]
"""
SECRET = "customer +2348031234567"  # noqa: S105


class Space(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("definitions")
    settings = load_settings(profile="test", lake=str(root / "lake"), landing=str(root / "landing"))
    return build_definitions(Platform(settings)).get_repository_def()


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory):
    """DAGSTER_HOME of an instance that has seen nothing; making its databases takes a second."""
    home = tmp_path_factory.mktemp("empty") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        with local_instance() as instance:
            instance.get_run_records(limit=1)
            instance.all_instigator_state()
    return home


@pytest.fixture
def platform(make_settings, tmp_path, repository, monkeypatch, empty_home):
    shutil.copytree(empty_home, tmp_path / "dagster")
    (tmp_path / "routes.yaml").write_text(ROUTES)
    settings = make_settings(alerts=tmp_path / "routes.yaml", alerts_spool=tmp_path / "spool")
    with local_instance() as instance:
        yield Watched(settings, instance, repository, monkeypatch)


class Watched:
    """Settings, an instance, and an observer whose clock can be moved; what is sent to the team is kept."""

    def __init__(self, settings, instance, repository, monkeypatch):
        self.settings = settings
        self.instance = instance
        self.repository = repository
        self.clock = Clock(datetime.now(UTC))
        self.team = Keeps(self.clock)
        self.memory = Memory()
        monkeypatch.setattr(sending, "transports", lambda _routes, _clock: {"team": self.team})
        self.observer = self.another_observer()

    def another_observer(self, repository=None):
        history = InstanceHistory(self.instance, repository or self.repository)
        return Observer(Platform(self.settings), history, self.clock)

    def look(self, *, as_watcher=False):
        """Look, and send; return what was noted as (kind, subject, state)."""
        before = self.memory
        self.memory = before.now(self.clock())
        noted = self.observer.look(Memory(before.looked, self.memory.since), as_watcher=as_watcher)
        send_all(Platform(self.settings), self.clock)
        return [(each.condition.kind, each.condition.subject, each.state) for each in noted]

    def after(self, **time):
        """Let time pass in which was looked all the while, and look."""
        start = self.memory.since or self.clock()
        self.clock.move(**time)
        self.memory = Memory(self.clock() - timedelta(minutes=1), start)
        return self.look()

    def stamp(self):
        return self.clock().timestamp()

    def origin(self, name):
        return RemoteInstigatorOrigin(
            repository_origin=RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("complaints_platform"), "repository"),
            instigator_name=name,
        )

    def state(self, name, cursor=None, kind=InstigatorType.SENSOR):
        data = SensorInstigatorData(min_interval=6, cursor=cursor)
        if kind is InstigatorType.SCHEDULE:
            data = ScheduleInstigatorData("30 0 * * *")
        return InstigatorState(self.origin(name), kind, InstigatorStatus.DECLARED_IN_CODE, data)

    def tick(self, name, status, kind=InstigatorType.SENSOR):
        state = self.state(name, kind=kind)
        self.instance.create_tick(
            TickData(
                state.instigator_origin_id,
                name,
                kind,
                status,
                self.stamp(),
                run_ids=[],
                selector_id=state.selector_id,
                skip_reason="nothing to do" if status is TickStatus.SKIPPED else None,
                error=SerializableErrorInfo("refused", [], "OSError") if status is TickStatus.FAILURE else None,
            )
        )

    def heartbeat(self, *kinds):
        for kind in kinds or self.instance.get_required_daemon_types():
            self.instance.add_daemon_heartbeat(DaemonHeartbeat(self.stamp(), kind, "1", []))


def run(job, platform, *, fails):
    @dg.op
    def work():
        if fails:
            raise ValueError(SECRET)

    @dg.job(name=job)
    def made():
        work()

    return made.execute_in_process(instance=platform.instance, raise_on_error=False).run_id


def test_a_job_that_fails_is_told_once_and_that_it_succeeds_again(platform):
    assert platform.look() == []
    run("collect", platform, fails=True)
    assert platform.look() == [("run_failed", "collect", State.OPENED)]
    run("collect", platform, fails=True)
    run("maintenance", platform, fails=False)
    assert platform.look() == []
    platform.observer = platform.another_observer()
    assert platform.look() == []
    run("collect", platform, fails=False)
    assert platform.look() == [("run_failed", "collect", State.RESOLVED)]
    assert platform.look() == []
    opened, _ = platform.team.arrived
    assert opened.severity is Severity.CRITICAL
    assert "A run of collect failed in step work with ValueError" in opened.body
    assert SECRET not in opened.body
    assert len(platform.team.arrived) == 2


def test_a_run_that_dagster_repeats_or_the_sensor_halves_is_not_told(platform):
    repeated = run("train_classifier", platform, fails=True)
    platform.instance.add_run_tags(repeated, {"dagster/will_retry": "true"})
    run("update_tables", platform, fails=True)
    assert platform.look() == []


def test_days_that_fail_again_and_again_are_told_and_many_of_them_are_worse(platform):
    def remember(days, attempts):
        units = tuple(Unit(DayKind.OCCURRED, DAY + timedelta(days=age)) for age in range(days))
        troubles = (Trouble(units, attempts, 0),) if days else ()
        cursor = json.dumps(ReconcilingState(troubles=troubles).to_json())
        platform.instance.update_instigator_state(platform.state("update_tables", cursor))

    platform.instance.add_instigator_state(platform.state("update_tables"))
    remember(2, 2)
    assert platform.look() == []
    remember(2, 3)
    assert platform.look() == [("days_failing", "tables", State.OPENED)]
    assert "The tables of 2026-03-10, 2026-03-11 could not" in platform.team.arrived[-1].body
    remember(20, 3)
    assert platform.look() == [("days_failing", "tables", State.WORSENED)]
    remember(0, 0)
    assert platform.look() == [("days_failing", "tables", State.RESOLVED)]


def checked(platform, passes, days=DAY, severity=dg.AssetCheckSeverity.WARN):
    """Run an asset with a check that fails or passes, in a run that succeeds; return its repository."""

    @dg.asset(key=["mart", "numbers"], partitions_def=dg.DailyPartitionsDefinition("2026-03-01"))
    def numbers():
        return 1

    @dg.asset_check(asset=["mart", "numbers"], name="adds_up")
    def adds_up():
        return dg.AssetCheckResult(passed=passes, severity=severity, description="3 rows do not add up")

    definitions = dg.Definitions([numbers], asset_checks=[adds_up], jobs=[dg.define_asset_job("all_of_it")])
    result = definitions.resolve_job_def("all_of_it").execute_in_process(
        instance=platform.instance, tags={"dagster/partition": str(days)}, partition_key=str(days)
    )
    assert result.success
    return definitions.get_repository_def()


def test_a_failed_check_is_told_although_the_run_succeeds_and_is_over_when_its_day_passes(platform):
    repository = checked(platform, passes=False)
    platform.observer = platform.another_observer(repository)
    assert platform.look() == [("check_failed", "mart/numbers:adds_up", State.OPENED)]
    (message,) = platform.team.arrived
    assert "adds_up of mart/numbers: 3 rows do not add up" in message.body
    assert f"Day: {DAY}" in message.body
    assert platform.look() == []
    checked(platform, passes=True, days=DAY + timedelta(days=1))
    assert platform.look() == []  # another day
    checked(platform, passes=False, days=DAY + timedelta(days=1))
    assert platform.look() == [("check_failed", "mart/numbers:adds_up", State.NOTED)]
    checked(platform, passes=True)
    assert platform.look() == [("check_failed", "mart/numbers:adds_up", State.NOTED)]
    checked(platform, passes=False, days=DAY + timedelta(days=1), severity=dg.AssetCheckSeverity.ERROR)
    assert platform.look() == [("check_failed", "mart/numbers:adds_up", State.WORSENED)]
    checked(platform, passes=True, days=DAY + timedelta(days=1))
    assert platform.look() == [("check_failed", "mart/numbers:adds_up", State.RESOLVED)]
    assert len(platform.team.arrived) == 3


def test_a_sensor_that_fails_again_and_again_is_told(platform):
    platform.instance.add_instigator_state(platform.state("landing"))
    for status in (TickStatus.SUCCESS, TickStatus.FAILURE, TickStatus.FAILURE):
        platform.tick("landing", status)
        platform.clock.move(seconds=10)
        assert platform.look() == []
    platform.tick("landing", TickStatus.FAILURE)
    assert platform.look() == [("sensor_failing", "landing", State.OPENED)]
    platform.clock.move(seconds=10)
    platform.tick("landing", TickStatus.SKIPPED)
    assert platform.look() == [("sensor_failing", "landing", State.RESOLVED)]


def test_one_failure_of_a_schedule_is_told(platform):
    platform.instance.add_instigator_state(platform.state("daily_close", kind=InstigatorType.SCHEDULE))
    platform.tick("daily_close", TickStatus.FAILURE, kind=InstigatorType.SCHEDULE)
    assert platform.look() == [("sensor_failing", "daily_close", State.OPENED)]
    platform.clock.move(days=1)
    assert platform.look() == []
    platform.tick("daily_close", TickStatus.SUCCESS, kind=InstigatorType.SCHEDULE)
    assert platform.look() == [("sensor_failing", "daily_close", State.RESOLVED)]


def test_a_sensor_that_is_not_evaluated_any_more_is_told_but_not_after_a_pause_of_the_daemon(platform):
    platform.instance.add_instigator_state(platform.state("landing"))
    platform.instance.add_instigator_state(platform.state("an_old_name"))
    platform.tick("landing", TickStatus.SKIPPED)
    platform.tick("an_old_name", TickStatus.SKIPPED)
    platform.clock.move(hours=3)
    platform.heartbeat()
    assert platform.look() == []  # the first look after a pause
    for _ in range(3):
        platform.clock.move(minutes=3)
        platform.heartbeat()
        assert platform.look() == []
    platform.clock.move(minutes=3)
    platform.heartbeat()
    assert platform.look() == [("ticks_stopped", "landing", State.OPENED)]


def test_the_watching_process_notices_that_the_daemon_has_stopped_and_is_back(platform):
    platform.instance.add_instigator_state(platform.state("landing"))
    platform.tick("landing", TickStatus.SKIPPED)
    platform.heartbeat()
    told = []
    for minute in range(12):
        told += [(minute, each) for each in platform.look(as_watcher=True)]
        platform.clock.move(minutes=1)
    assert told == [(6, ("daemon_stopped", "daemon", State.OPENED))]
    platform.heartbeat()
    assert platform.look(as_watcher=True) == [("daemon_stopped", "daemon", State.RESOLVED)]
    # Its sensors have been silent as long as it was, which is no news.
    assert platform.look(as_watcher=True) == []


def test_the_daemon_notices_that_the_watching_process_has_stopped(platform):
    platform.look(as_watcher=True)
    platform.clock.move(minutes=9)
    assert platform.look() == []
    platform.clock.move(minutes=2)
    assert [(kind, state) for kind, _, state in platform.look()] == [("watcher_stopped", State.OPENED)]
    platform.look(as_watcher=True)
    assert [(kind, state) for kind, _, state in platform.look()] == [("watcher_stopped", State.RESOLVED)]


def test_a_source_that_falls_silent_is_told_within_its_cadence_and_one_that_never_sent_is_not(platform):
    lake = platform.observer.outbox._objects
    lake.put(layout.received_mark(platform.clock().date(), "sms", platform.clock(), "0" * 64), b"")
    assert platform.after(minutes=55) == []
    # No classifier serves either, an hour after the first file.
    assert platform.after(minutes=10) == [("model_missing", "classifier", State.OPENED)]
    assert platform.after(hours=6, minutes=50) == []
    assert platform.after(minutes=10) == [("source_silent", "sms", State.OPENED)]
    assert platform.after(days=3) == []
    message = platform.team.arrived[-1]
    assert "sms (stream) has sent nothing since" in message.body
    assert "landing/sms" in message.body
    assert f"Day: {(platform.clock() - timedelta(days=3)).date()}" in message.body
    mark = layout.received_mark(platform.clock().date(), "sms", platform.clock(), "1" * 64)
    lake.put(mark, b"")
    os.utime(platform.observer._lake.store.path(mark), (platform.stamp(),) * 2)
    assert platform.after(minutes=1) == [("source_silent", "sms", State.RESOLVED)]


def test_a_pause_of_the_platform_is_no_silence_of_its_senders(platform):
    lake = platform.observer.outbox._objects
    lake.put(layout.received_mark(platform.clock().date(), "sms", platform.clock(), "0" * 64), b"")
    platform.clock.move(days=1)
    told = platform.look()
    platform.clock.move(minutes=4)
    assert ("source_silent", "sms", State.OPENED) not in [*told, *platform.look()]


@pytest.mark.parametrize("spool_too", [False, True])
def test_a_full_disk_is_told_once_although_nothing_can_be_written(platform, monkeypatch, spool_too):
    platform.look()
    put, create = LocalStore.put, LocalStore.create

    def full(method):
        def refuses(self, key, data):
            if spool_too or "spool" not in self.uri:
                raise LakeError(f"{key} can't be written: No space left on device")
            return method(self, key, data)

        return refuses

    monkeypatch.setattr(LocalStore, "put", full(put))
    monkeypatch.setattr(LocalStore, "create", full(create))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Space(1 << 40, (1 << 40) - 1000, 1000))
    told = [each for _ in range(3) for each in platform.look()]
    assert sorted({(kind, state) for kind, _, state in told}) == [
        ("disk_low", State.OPENED),
        ("lake_unreachable", State.OPENED),
    ]
    assert len(told) == len(platform.team.arrived) == 2
    assert all(message.severity is Severity.CRITICAL for message in platform.team.arrived)
    monkeypatch.undo()
    monkeypatch.setattr(sending, "transports", lambda _routes, _clock: {"team": platform.team})
    told = [each for _ in range(3) for each in platform.look()]
    assert sorted((kind, state) for kind, _, state in told) == [
        ("disk_low", State.RESOLVED),
        ("lake_unreachable", State.RESOLVED),
    ]
    assert len(platform.team.arrived) == 4


def test_a_full_disk_of_a_machine_whose_lake_is_elsewhere_is_told_by_whoever_sends(platform, monkeypatch):
    monkeypatch.setattr(observing, "LocalStore", type("Elsewhere", (), {}))
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Space(1 << 40, (1 << 40) - 1000, 1000))
    for name in ("code", "watch"):
        monkeypatch.setattr(observing, "machine", lambda name=name: name)
        ((_, subject, state),) = [each for each in platform.look() if each[0] == "disk_low"]
        assert (subject.split()[0], state) == (name, State.OPENED)
    assert platform.observer.spool.open() == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Space(1 << 40, 0, 1 << 40))
    told = [(subject.split()[0], state) for kind, subject, state in platform.look() if kind == "disk_low"]
    assert told == [("watch", State.RESOLVED)]  # of the other machine's disk it knows nothing
    assert [each.condition.subject.split()[0] for each in platform.observer.outbox.open()] == ["code"]


def test_the_dead_mans_switch_is_not_called_while_messages_do_not_arrive(platform, monkeypatch):
    called = []
    monkeypatch.setattr(sending, "call_if_due", lambda *_: called.append(platform.clock()))
    platform.look()
    assert len(called) == 1
    platform.team.works = False
    platform.observer.outbox.happened(Condition("test", "one", Severity.CRITICAL, "One."), platform.clock())
    platform.look()
    assert len(called) == 1
    platform.team.works = True
    platform.after(minutes=30)
    assert len(called) == 2


def test_the_watch_goes_on_after_any_error_and_says_no_secret(platform, monkeypatch, capsys):
    def fails(*_arguments, **_more):
        raise http.client.BadStatusLine(SECRET)

    monkeypatch.setattr(sending, "send_all", fails)
    observer = SimpleNamespace(look=fails)
    memory = alerts._look(Platform(platform.settings), observer, Memory())
    assert memory.looked is not None
    said = capsys.readouterr().err
    assert said.split("\n")[:2] == ["checking failed: BadStatusLine", "sending failed: BadStatusLine"]
    assert SECRET not in said


def test_a_lake_that_does_not_answer_is_told_within_its_time(platform, monkeypatch, tmp_path):
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "not-to-be-shown",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    platform.settings = platform.settings.model_copy(update={"lake": "s3://bucket/lake"})
    platform.observer = platform.another_observer()
    monkeypatch.setattr(spools, "PROBED_SECONDS", 1.0)
    monkeypatch.setattr(observing, "Lake", lambda _uri: platform.observer._lake)
    before = platform.memory
    noted = platform.observer.look(before.now(platform.clock()))
    assert [(each.condition.kind, each.state) for each in noted] == [("lake_unreachable", State.OPENED)]
    assert "s3://bucket/lake can't be read or written from" in noted[0].condition.text
    assert "not-to-be-shown" not in noted[0].condition.text


def test_what_can_not_be_looked_at_is_said_and_the_rest_is_noticed(platform, monkeypatch):
    run("collect", platform, fails=True)
    monkeypatch.setattr(Observer, "_failing_days", lambda _self: 1 / 0)
    with pytest.raises(AlertsError, match="some checks failed: days_failing: ZeroDivisionError"):
        platform.look()
    assert [each.condition.kind for each in platform.observer.outbox.open()] == ["run_failed"]


def test_the_sensors_notice_and_send(platform):
    run("collect", platform, fails=True)
    definitions = build_definitions(Platform(platform.settings))
    repository = definitions.get_repository_def()
    results = []
    cursor = None
    for _ in range(2):
        for name in ("notice_problems", "send_notifications"):
            context = dg.build_sensor_context(platform.instance, cursor, repository_def=repository)
            data = repository.get_sensor_def(name).evaluate_tick(context)
            cursor = data.cursor or cursor
            results.append(data.skip_message)
    assert results == ["1 changes", "1 sent, 0 failed, 0 waiting", "nothing has changed", "0 sent, 0 failed, 0 waiting"]
