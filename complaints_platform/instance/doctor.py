"""Examinations of Dagster: the instance, its daemon, its runs, and whether the definitions load."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from complaints_platform.instance.local import names_moved_modules
from complaints_platform.operations.doctor import Finding, first_line, good, warning, wrong
from complaints_platform.platform import Platform

AREA = "instance"
HEARTBEATS_AFTER = timedelta(minutes=2)
"""Dagster's daemon sends a heartbeat every 30 s."""
SEEN = timedelta(days=1)
MOST_RUNS = 1000


def examine_definitions(platform: Platform) -> Iterator[Finding]:
    """Load the definitions as the code server does."""
    from complaints_platform.definitions import build_definitions

    try:
        definitions = build_definitions(platform)
        dg.Definitions.validate_loadable(definitions)
    except Exception as error:  # noqa: BLE001  # whatever keeps them from loading
        what = f"the definitions can't be loaded: {type(error).__name__}: {first_line(error)}"
        yield wrong(AREA, what, "run dg check defs for details")
        return
    assets = len(definitions.resolve_asset_graph().get_all_asset_keys())
    yield good(AREA, f"the definitions load: {assets} assets")


def examine_instance(platform: Platform) -> Iterator[Finding]:
    """Check the instance of DAGSTER_HOME: its storage, its daemon, its runs."""
    home = os.environ.get("DAGSTER_HOME")
    if not home or not (Path(home) / "dagster.yaml").exists():
        yield warning(
            AREA,
            f"DAGSTER_HOME is {home or 'not set'}, and there is no dagster.yaml in it",
            "complaints update creates one below .complaints; make start and Docker set it for you",
        )
        return
    if names_moved_modules(Path(home)):
        yield wrong(
            AREA,
            f"{home}/dagster.yaml names a module that has moved: complaints_platform.defs.event_log or run_launcher",
            "complaints update corrects the file; or write complaints_platform.instance in place of .defs in it",
        )
        return
    try:
        with dg.DagsterInstance.get() as instance:
            yield from examine_open_instance(instance, platform)
    except Exception as error:  # noqa: BLE001  # storages raise what their drivers raise
        yield wrong(
            AREA,
            f"the instance at {home} does not answer: {type(error).__name__}: {first_line(error)}",
            "check its database, disk and permissions; after an upgrade run dagster instance migrate",
        )


def examine_open_instance(instance: dg.DagsterInstance, platform: Platform) -> Iterator[Finding]:
    """Check an open instance."""
    since = datetime.now(UTC) - SEEN
    records = instance.get_run_records(dg.RunsFilter(updated_after=since), limit=MOST_RUNS)
    yield good(AREA, f"its storage answers; {len(records)} runs in the last 24 hours")
    failed = [record.dagster_run for record in records if record.dagster_run.status is dg.DagsterRunStatus.FAILURE]
    if failed:
        yield warning(
            AREA,
            f"{len(failed)} of them failed, most recently {failed[0].run_id} of {failed[0].job_name}",
            "see it in the UI (Runs); transient failures were retried automatically",
        )
    yield from _daemons(instance, platform)


def _daemons(instance: dg.DagsterInstance, platform: Platform) -> Iterator[Finding]:
    beats = instance.get_daemon_heartbeats()
    todo = "start it: make start, or dagster-daemon run (in Docker: docker compose ps, docker compose restart daemon)"
    if not beats:
        if platform.settings.automation:
            yield warning(AREA, "no daemon has ever run: there is no automation", todo)
        return
    now = datetime.now(UTC)
    ages = {name: now - datetime.fromtimestamp(beat.timestamp, UTC) for name, beat in beats.items()}
    silent = sorted(
        name for name in instance.get_required_daemon_types() if ages.get(name, timedelta.max) > HEARTBEATS_AFTER
    )
    if silent:
        newest = min(ages.values())
        yield wrong(
            AREA,
            f"the daemon shows no sign of life ({', '.join(silent)}), the last was {newest.total_seconds():,.0f} s ago",
            todo,
        )
        return
    troubled = {name: beat.errors for name, beat in beats.items() if beat.errors}
    for name, errors in sorted(troubled.items()):
        message = errors[0].message.strip().splitlines()[0]
        yield warning(AREA, f"the daemon {name} reported an error: {message}", "see its log")
    if not troubled:
        yield good(AREA, f"the daemon is alive: {', '.join(sorted(ages))}")
