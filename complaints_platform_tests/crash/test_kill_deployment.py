"""Daemon, code server and runs are killed while files come, and started again: the tables are what they would be."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psutil
import pytest
import yaml
from harness import Place, assert_same, contents, neutral_environment

from complaints_platform.intake.landing import Landing
from complaints_platform.lake import Lake
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings
from complaints_platform_tests.deployment.compose import ROOT, Service, wait_until
from complaints_platform_tests.integration.dropping import Dropping

pytestmark = [pytest.mark.crash, pytest.mark.drill]

ROUNDS = int(os.environ.get("KILL_ROUNDS", "200"))
ROUNDS_BETWEEN_REST = 20
FILES_A_ROUND = 2
DAYS = 20
LONGEST_PAUSE = 1.5
"""As a multiple of what a code server takes to start: on a busy machine everything takes longer, a run as well."""
START_IN_PEACE = 0.8
"""Share of restarted code servers that may load their definitions before the next moment is chosen."""
SECONDS_TO_START = 120
SECONDS_TO_REST = 900
SECONDS_TO_END = 600
LOCATION = "complaints_platform"

RUN_MONITORING = {"enabled": True, "poll_interval_seconds": 2, "start_timeout_seconds": 45}
"""As in production, but quicker: a run that was lost before it began blocks its pool for so long."""

ENDED = {dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


class Deployment:
    """A code server of its own and a daemon on one machine, with a supervisor's patience."""

    def __init__(self, place, first_day, chance):
        self.place = place
        self.port = free_port()
        self.killed = Counter()
        self.ended_alone = Counter()
        self.longest_pause = 0.0
        self._chance = chance
        home = place.folder / "dagster"
        home.mkdir(parents=True)
        (place.folder / "empty").mkdir()
        config = yaml.safe_load((ROOT / "complaints_platform" / "instance" / "dagster.yaml").read_text())
        # The code server keeps its address, as in production: so is it asked which runs it still has.
        launcher = {"module": "complaints_platform.instance.run_launcher", "class": "WatchedRunLauncher"}
        retries = {**config["run_retries"], "max_retries": 2}
        config |= {"run_monitoring": RUN_MONITORING, "run_launcher": launcher, "run_retries": retries}
        (home / "dagster.yaml").write_text(yaml.safe_dump(config))
        server = {"host": "127.0.0.1", "port": self.port, "location_name": LOCATION}
        (home / "workspace.yaml").write_text(yaml.safe_dump({"load_from": [{"grpc_server": server}]}))
        scripts = Path(sys.executable).parent
        self.environment = {
            **neutral_environment(),
            **place.environment,
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COMPLAINTS_FIRST_DAY": first_day.isoformat(),
        }
        automatic = {"COMPLAINTS_AUTOMATION": "true", "COMPLAINTS_TICK_SECONDS": "5", "COMPLAINTS_SETTLE_SECONDS": "1"}
        code = ["--host", "127.0.0.1", "--port", str(self.port), "--module-name", "complaints_platform.definitions"]
        self.code = self._service(
            "code", ["dagster", "api", "grpc", *code, "--location-name", LOCATION], {**self.environment, **automatic}
        )
        self.daemon = self._service(
            "daemon", ["dagster-daemon", "run", "--workspace", str(home / "workspace.yaml")], self.environment
        )

    def _service(self, name, command, environment):
        return Service(name, self.place.folder, command, environment, [])

    def start(self):
        begun = time.monotonic()
        self.code.start()
        self.wait_for_code()
        self.longest_pause = LONGEST_PAUSE * (time.monotonic() - begun)
        self.daemon.start()

    def stop(self):
        for service in (self.daemon, self.code):
            service.kill()

    def wait_for_code(self):
        wait_until(self._listens, SECONDS_TO_START, lambda: self.code.said)

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def supervise(self):
        """Start what has ended without having been killed, and note it."""
        for service in (self.code, self.daemon):
            if service.process.poll() is not None:
                self.ended_alone[service.name] += 1
                service.start()

    def kill_one(self):
        """Kill one of the processes at a random moment, and restart it as a supervisor does."""
        kind = self._chance.choice([self.code, self.daemon, "run"])
        if kind == "run":
            # A run comes when there is something to do: its own start is waited for, its moment is random.
            runs = self._runs_in(4 * self.longest_pause)
            time.sleep(self._chance.uniform(0, self.longest_pause))
            alive = [run for run in runs if run.is_running() and run.status() != psutil.STATUS_ZOMBIE]
            if alive:
                self.killed["run"] += 1
                self._chance.choice(alive).kill()
                return
        else:
            time.sleep(self._chance.uniform(0, self.longest_pause))
        service = self._chance.choice([self.code, self.daemon]) if kind == "run" else kind
        self.killed[service.name] += 1
        service.process.send_signal(signal.SIGKILL)
        service.process.wait()
        # Its runs live a little longer, as those of a container or a service do.
        time.sleep(self._chance.random())
        service.kill()
        service.start()
        if service is self.code and self._chance.random() < START_IN_PEACE:
            self.wait_for_code()

    def _runs_in(self, seconds):
        """Return the processes of runs, once there are some."""
        deadline = time.monotonic() + seconds
        while not (runs := self._runs()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return runs

    def _runs(self):
        code = psutil.Process(self.code.process.pid)
        return [child for child in code.children() if _is_run(child)]


def _is_run(process):
    with suppress(psutil.NoSuchProcess):  # it may end at any moment
        return "spawn_main" in " ".join(process.cmdline())
    return False


def free_port():
    """Return a port that no outgoing connection takes while the server is away (those begin at 32768)."""
    for port in range(18_000 + os.getpid() % 1000, 32_000):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail("no port is free")


def undisturbed(deployment, folder, settings):
    """Collect the same files, each at the time at which it was received, into a new lake, and update it once."""
    place = Place(folder, settings.landing)
    ours = load_settings(**{**dict(settings), "lake": str(place.lake)})
    received = Lake(settings.lake).receipts
    for source, collector in Platform(ours).collectors().items():
        names = {file.name: file for file in Landing(settings.landing).files(source)}
        for receipt in received.of_source(source):
            at = replace(collector, clock=lambda at=receipt.received_at: at)
            (collected,) = at.collect([names[receipt.file_name]])
            assert collected.receipt == receipt
    command = [Path(sys.executable).parent / "complaints", "update"]
    environment = {**deployment.environment, **place.environment}
    (place.folder / "dagster").mkdir()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS_TO_END, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = contents(place)
    shutil.rmtree(folder)
    return found


def has_come_to_rest(deployment, settings, drops):
    deployment.supervise()
    lake = Lake(settings.lake)
    if any(lake.receipts.get(drop.source, drop.hash) is None for drop in drops):
        return False
    if [run for run in runs() if run.status not in ENDED]:
        return False
    return Platform(settings).stale().days == {}


def runs():
    with dg.DagsterInstance.get() as instance:
        return instance.get_runs()


def standing(deployment):
    """Say how things stand, for whoever reads why nothing came to rest."""
    newest = "\n".join(f"{run.run_id[:8]} {run.job_name} {run.status.value} {run.tags}" for run in runs()[:8])
    return f"{newest}\n{deployment.daemon.said}\n{deployment.code.said}"


def test_whatever_is_killed_the_tables_become_those_of_an_undisturbed_run(tmp_path, monkeypatch):
    landing = tmp_path / "landing"
    landing.mkdir()
    # As random as it can be repeated: moments are chosen by the seed, what happens then is up to the machine.
    chance = random.Random(int(os.environ.get("KILL_SEED", "5")))  # noqa: S311  # no secret
    dropping = Dropping.of(landing, tmp_path / "staging", max(ROUNDS, 20) * FILES_A_ROUND, DAYS)
    place = Place(tmp_path / "place", landing)
    first_day = datetime.now(UTC).date() - timedelta(days=800)
    settings = load_settings(profile="test", lake=str(place.lake), landing=str(landing), first_day=first_day)
    deployment = Deployment(place, first_day, chance)
    monkeypatch.setenv("DAGSTER_HOME", place.environment["DAGSTER_HOME"])
    begun = time.monotonic()
    dropped, done = [], 0
    try:
        deployment.start()
        while done < ROUNDS:
            leg = min(ROUNDS_BETWEEN_REST, ROUNDS - done)
            drops = dropping.drops[done * FILES_A_ROUND : (done + leg) * FILES_A_ROUND]
            sender = threading.Thread(target=dropping.send, args=(drops, leg * deployment.longest_pause))
            sender.start()
            for _ in range(leg):
                deployment.supervise()
                deployment.kill_one()
            sender.join()
            done += leg
            dropped += drops
            rest = time.monotonic()
            wait_until(
                lambda dropped=tuple(dropped): has_come_to_rest(deployment, settings, dropped),
                SECONDS_TO_REST,
                lambda: standing(deployment),
                pause=2,
            )
            statuses = Counter(run.status.value for run in runs())
            print(  # noqa: T201  # what a drill has done is its result
                f"after {done} rounds and {time.monotonic() - begun:.0f} s: killed {dict(deployment.killed)}, ended "
                f"without a kill {dict(deployment.ended_alone)}, at rest {time.monotonic() - rest:.0f} s after the "
                f"last kill; {len(dropped)} files, runs {dict(statuses)}",
                flush=True,
            )
            assert_same(contents(place), undisturbed(deployment, tmp_path / f"undisturbed-{done}", settings))
    finally:
        deployment.stop()
    assert sum(deployment.killed.values()) == ROUNDS
    assert not deployment.ended_alone
