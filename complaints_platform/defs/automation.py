"""Sensors and schedules: they watch landing, lake and runs, and do what ``freshness`` decides.

What is decided, and when something is tried again, does not belong here.
"""

import json
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from complaints_platform.freshness import next_days
from complaints_platform.freshness.next_days import DayKind, RunOutcome, Unit
from complaints_platform.freshness.policy import Policy, days_to_close
from complaints_platform.freshness.publishing import publish
from complaints_platform.freshness.staleness import StalenessWatch, rows_made
from complaints_platform.instance.history import at_work, last_outcome
from complaints_platform.instance.names import BY_DAY, BY_RECEIVED_DAY, COLLECT, REPLAY, TRAIN, UPDATE
from complaints_platform.instance.partitions import Batch, TablesBatch
from complaints_platform.intake import readings
from complaints_platform.intake import waiting as landing
from complaints_platform.intake.landing import look_on
from complaints_platform.intake.settling import Settling
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, TABLES, TableSpec
from complaints_platform.learning.model import model_is_stale
from complaints_platform.pipeline.derived import DERIVED_OF
from complaints_platform.platform import Platform
from complaints_platform.sources.mapping import CLOCK_SKEW

BATCH_TAG = "complaints/batch"
FILES_TAG = "complaints/files"
DAYS_TAG = "complaints/days"
TAG_CHARACTERS = 500

LOOP_SECONDS = 5
"""How often Dagster's daemon checks its sensors."""

RELEASE = uuid.uuid4().hex
"""Changes whenever the code is reloaded: what failed may succeed now."""

KINDS = {_spec: DayKind.RECEIVED if _spec.by_received_day else DayKind.OCCURRED for _spec in TABLES}
NEED_A_MODEL = (CATEGORIZED, *DERIVED_OF)


def sensors(platform: Platform, jobs: Sequence[Any]) -> list[dg.SensorDefinition]:
    """Return all sensors over some of ``jobs``, running if the settings say so."""
    of_changes = [job for job in jobs if job.name in {REPLAY, TRAIN}]
    return [_landing_sensor(platform), _update_sensor(platform), _changes_sensor(platform, of_changes)]


def schedules(platform: Platform) -> list[dg.ScheduleDefinition]:
    """Return all schedules, running if the settings say so."""
    return [_daily_close(platform), _weekly_training(platform)]


def _landing_sensor(platform: Platform) -> dg.SensorDefinition:
    @dg.sensor(
        name="landing",
        job_name=COLLECT,
        description="Watches for new files of all sources; one run collects all that have settled.",
        minimum_interval_seconds=_interval(platform),
        default_status=sensor_status(platform),
    )
    def landing_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        state = landing.LandingState(**json.loads(context.cursor)) if context.cursor else landing.LandingState()
        incoming = platform.landing
        waiting, state = look_on(incoming, platform.lake, sorted(platform.collectors()), state)
        settling = Settling(platform.settings.settle_seconds, by_age=not incoming.shows_whole_files_only)
        busy = at_work(context.instance, {COLLECT, REPLAY}, set())
        decision = landing.decide(state, waiting, time.time(), settling, busy)
        cursor = json.dumps(decision.state.to_json())
        context.log.info(decision.why)
        if decision.request is None:
            return dg.SensorResult(skip_reason=decision.why, cursor=cursor)
        config = {"settle_seconds": platform.settings.settle_seconds, "ahead": decision.request.ahead}
        tags = {FILES_TAG: _shortened(decision.why)}
        request = dg.RunRequest(run_config={"ops": {"collect_landing": {"config": config}}}, tags=tags)
        return dg.SensorResult(run_requests=[request], cursor=cursor)

    return landing_sensor


def _update_sensor(platform: Platform) -> dg.SensorDefinition:
    watch, lock = StalenessWatch(), Lock()

    @dg.sensor(
        name=UPDATE,
        job_name=UPDATE,
        description="Compares stored days with what they would be if built now; one run rebuilds those that differ.",
        minimum_interval_seconds=_interval(platform),
        default_status=sensor_status(platform),
    )
    def update_tables(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        cursor = context.cursor
        state = next_days.ReconcilingState.from_json(json.loads(cursor)) if cursor else next_days.ReconcilingState()
        lake = platform.lake
        platform.data_key()  # under another key no run would succeed: better to say so here
        with lock:
            stale = platform.stale(watch)
        now = datetime.now(UTC)
        blocked = [] if lake.models.serving() else [_name(spec) for spec in NEED_A_MODEL]
        last = (
            RunOutcome.UNKNOWN
            if state.running is None
            else last_outcome(context.instance, {BATCH_TAG: state.running.batch})
        )
        decision = next_days.decide(
            state,
            {
                table: {day: stale.wanted[table][day] for day in days}
                for table, days in _policy(platform).due(stale.days, stale.same_data, now, blocked).items()
            },
            {_name(spec): kind for spec, kind in KINDS.items()},
            last,
            now.timestamp(),
            next_days.Rules(
                platform.settings.days_per_run,
                platform.settings.days_first == "newest",
                RELEASE,
                (now + CLOCK_SKEW).date(),
                at_work(context.instance, {UPDATE, BY_DAY, BY_RECEIVED_DAY}, {_key(spec) for spec in TABLES}),
                rows_made(lake, state.running) if state.running and last is RunOutcome.SUCCEEDED else {},
            ),
        )
        context.log.info(decision.why)
        if decision.state.running is None:
            publish(lake)  # a run that was killed after its last table has not, and left nothing to make
        return dg.SensorResult(
            run_requests=[update_request(decision.batch)] if decision.batch else None,
            skip_reason=None if decision.batch else decision.why,
            cursor=json.dumps(decision.state.to_json()),
            asset_events=[_report(unit, decision.why) for unit in decision.reported],
        )

    return update_tables


def update_request(batch: next_days.Batch) -> dg.RunRequest:
    """Return the request for a run of the job ``UPDATE`` that builds a batch."""
    run = TablesBatch(batch.tables)
    chosen = [_key(spec) for spec in TABLES if _name(spec) in batch.tables]
    return dg.RunRequest(
        run_config=run.config,
        tags={**run.tags, BATCH_TAG: batch.name, DAYS_TAG: _shortened(batch.describe())},
        asset_selection=None if len(chosen) == len(TABLES) else chosen,
    )


def _report(unit: Unit, why: str) -> dg.AssetObservation:
    spec = next(spec for spec, kind in KINDS.items() if kind is unit.kind)
    return dg.AssetObservation(
        _key(spec),
        partition=unit.day.isoformat(),
        description=(f"{unit} could not be brought up to date {next_days.REPORTED_AFTER} times; it is retried later"),
        metadata={"failing": True, "sensor": why},
    )


def _changes_sensor(platform: Platform, jobs: Sequence[Any]) -> dg.SensorDefinition:
    @dg.sensor(
        name="changes",
        jobs=jobs,
        description=(
            "Trains the first classifier. Parses files again after a change of their contract, and trains for a new "
            "taxonomy, when the settings allow it."
        ),
        minimum_interval_seconds=_interval(platform),
        default_status=sensor_status(platform),
    )
    def changes(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest | dg.SkipReason]:
        now, lake = datetime.now(UTC), platform.lake
        due = _policy(platform).changes_are_due(now)
        requests = [*_replays(platform, lake, now, due=due), *_trainings(platform, lake, now, due=due)]
        busy = {
            REPLAY: at_work(context.instance, {COLLECT, REPLAY}, set()),
            TRAIN: at_work(context.instance, {TRAIN}, {dg.AssetKey(["classifier", "model"])}),
        }
        due_requests = [request for request, _ in requests if request is not None and not busy[str(request.job_name)]]
        yield from due_requests[:1]
        if not due_requests:
            yield dg.SkipReason("; ".join(why for _, why in requests) or "contracts and taxonomy have not changed")

    return changes


Proposal = tuple[dg.RunRequest | None, str]
"""A run, if one is due, and its reason."""


def _replays(platform: Platform, lake: Lake, now: datetime, *, due: bool) -> Iterator[Proposal]:
    for source, collector in platform.collectors().items():
        if readings.are_old(lake, collector):
            why = f"{source}: files were parsed by an older contract"
            config = {"source": source, "every_file": True}
            # Once a day: what fails for ever must not fail all the time.
            request = dg.RunRequest(
                run_key=f"{source} {collector.version} {now.date()}",
                job_name=REPLAY,
                run_config={"ops": {"replay_files": {"config": config}}},
                tags={FILES_TAG: why},
            )
            yield (request, why) if due else (None, f"{why}, {platform.settings.changes}")


def _trainings(platform: Platform, lake: Lake, now: datetime, *, due: bool) -> Iterator[Proposal]:
    last = lake.models.last_trained()
    if lake.models.serving() is None:
        if lake.store.names("receipts"):
            slot = now.replace(minute=now.minute // 10 * 10).strftime("%Y-%m-%d %H:%M")
            yield dg.RunRequest(run_key=f"first {slot}", job_name=TRAIN), "no classifier serves yet"
        return
    taxonomy = platform.taxonomy
    if last is not None and last.taxonomy_version != taxonomy.version:
        why = f"the taxonomy is now {taxonomy.version}, the classifier was trained for {last.taxonomy_version}"
        request = dg.RunRequest(run_key=f"taxonomy {taxonomy.version} {now.date()}", job_name=TRAIN)
        yield (request, why) if due else (None, f"{why}, {platform.settings.changes}")


def _daily_close(platform: Platform) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="daily_close",
        job_name=BY_DAY,
        cron_schedule="30 0 * * *",
        execution_timezone=platform.settings.time_zone,
        description=(
            "Builds yesterday, even if nothing arrived, and checks the whole day: a day without complaints has zero, "
            "and drift is measured."
        ),
        default_status=schedule_status(platform),
    )
    def daily_close(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if platform.lake.models.serving() is None:
            return dg.SkipReason("no classifier serves yet")
        days = Batch(tuple(days_to_close(context.scheduled_execution_time, ZoneInfo(platform.settings.time_zone))))
        return dg.RunRequest(run_key=f"close {days.days[-1]}", tags=days.tags, run_config=days.config)

    return daily_close


def _weekly_training(platform: Platform) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="weekly_training",
        job_name=TRAIN,
        cron_schedule="0 3 * * 0",
        execution_timezone=platform.settings.time_zone,
        description="Trains the classifier if labels, corrections, taxonomy or code have changed.",
        default_status=schedule_status(platform),
    )
    def weekly_training() -> dg.RunRequest | dg.SkipReason:
        if model_is_stale(platform.lake, platform.taxonomy, platform.settings.classifier_tier):
            return dg.RunRequest()
        return dg.SkipReason("nothing has changed since the classifier was trained")

    return weekly_training


def _policy(platform: Platform) -> Policy:
    return Policy(platform.settings.changes, platform.settings.night, ZoneInfo(platform.settings.time_zone))


def _interval(platform: Platform) -> int:
    """Return a bit less than the tick interval: the daemon's loop would otherwise miss every other tick."""
    return max(1, platform.settings.tick_seconds - LOOP_SECONDS + 1)


def sensor_status(platform: Platform) -> dg.DefaultSensorStatus:
    """Return whether sensors run from the start."""
    return dg.DefaultSensorStatus.RUNNING if platform.settings.automation else dg.DefaultSensorStatus.STOPPED


def schedule_status(platform: Platform) -> dg.DefaultScheduleStatus:
    """Return whether schedules run from the start."""
    return dg.DefaultScheduleStatus.RUNNING if platform.settings.automation else dg.DefaultScheduleStatus.STOPPED


def _name(spec: TableSpec) -> str:
    return f"{spec.schema}/{spec.name}"


def _key(spec: TableSpec) -> dg.AssetKey:
    return dg.AssetKey([spec.schema, spec.name])


def _shortened(text: str) -> str:
    return text if len(text) <= TAG_CHARACTERS else f"{text[: TAG_CHARACTERS - 1]}…"
