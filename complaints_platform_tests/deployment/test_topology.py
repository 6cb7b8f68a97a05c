"""The deployment of ``docker/`` without Docker: the same processes, commands, settings and health checks.

Postgres comes from a Python package and S3 is a mock; code server, webserver and daemon are what
the compose file says, each with an address and an environment of its own.
"""

import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import boto3
import polars as pl
import psutil
import pytest

from complaints_platform.errors import QueryError
from complaints_platform.generator import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake.store import open_store
from complaints_platform.platform import Platform
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.serving.status import gather
from complaints_platform.settings import load_settings
from complaints_platform_tests.deployment import compose
from complaints_platform_tests.deployment.compose import wait_until
from complaints_platform_tests.deployment.postgres import running_postgres

pytestmark = [pytest.mark.crash, pytest.mark.drill]

DAYS = GeneratorOptions(days=2, per_day=40)
PORTS = {"postgres": 5432, "storage": 7070, "code": 4000, "webserver": 3000}
OURS = ("code", "webserver", "daemon")
SECONDS_TO_START = 120
SECONDS_TO_RUN = 180

LAUNCH = """
mutation ($job: String!) { launchRun(executionParams: {
  selector: {repositoryLocationName: "complaints_platform", repositoryName: "__repository__", jobName: $job}
}) { __typename ... on LaunchRunSuccess { run { runId } } } }
"""
RUN = "query ($id: ID!) { runOrError(runId: $id) { ... on Run { status } } }"
RUNS = "{ runsOrError { ... on Runs { results { runId status jobName parentRunId } } } }"
DAEMONS = "{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }"


@dataclass
class Stack:
    """The running deployment."""

    services: dict
    addresses: dict
    storage: subprocess.Popen
    home: Path

    def ask(self, query, **variables):
        request = urllib.request.Request(  # our own server
            f"http://{self.addresses['webserver']}:{PORTS['webserver']}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]

    def launch(self, job):
        launched = self.ask(LAUNCH, job=job)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched
        return launched["run"]["runId"]

    def status(self, run):
        return self.ask(RUN, id=run)["runOrError"]["status"]

    def ends(self, run, status):
        """Wait until a run has ended; make sure that it ended like this."""
        ended = wait_until(
            lambda: (now := self.status(run)) in {"SUCCESS", "FAILURE", "CANCELED"} and now,
            SECONDS_TO_RUN,
            lambda: f"run {run} is {self.status(run)}; the code server: {self.services['code'].said}",
        )
        assert ended == status, self.services["code"].said

    @contextmanager
    def lost_run(self):
        """Hand out the processes of a run that waits for storage; then make sure that it failed and was repeated."""
        code = psutil.Process(self.services["code"].process.pid)
        before = set(code.children(recursive=True))
        os.kill(self.storage.pid, signal.SIGSTOP)
        try:
            lost = self.launch("collect")
            wait_until(lambda: self.status(lost) == "STARTED", SECONDS_TO_RUN, lambda: f"it is {self.status(lost)}")
            yield set(code.children(recursive=True)) - before
        finally:
            os.kill(self.storage.pid, signal.SIGCONT)
        self.ends(lost, "FAILURE")

        def repeated():
            runs = self.ask(RUNS)["runsOrError"]["results"]
            return next((run["runId"] for run in runs if run["parentRunId"] == lost), None)

        self.ends(wait_until(repeated, SECONDS_TO_RUN, lambda: "it is not repeated"), "SUCCESS")


def free_addresses():
    """Return an address of the loopback network for each service, with its port free."""
    chance = random.Random(os.getpid())  # noqa: S311  # spreads tests that run beside each other
    block = f"127.{chance.randrange(64, 250)}.{chance.randrange(1, 250)}"
    addresses = {
        name: f"{block}.{number}"
        for number, name in enumerate((*PORTS, "daemon", "buckets", "watch", "query"), start=2)
    }
    for name, port in PORTS.items():
        with socket.socket() as probe:
            try:
                probe.bind((addresses[name], port))
            except OSError as error:
                pytest.skip(f"{addresses[name]}:{port} can't be used: {error}")
    return addresses


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deployment")
    addresses = free_addresses()
    required = ("POSTGRES_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "COMPLAINTS_DATA_KEY")
    document = compose.load({name: secrets.token_hex(32) for name in required})
    login = document["services"]["postgres"]["environment"]
    services = compose.services(document, addresses, folder)
    # What settings.env would say: few partitions, and a test that does not wait for sensors.
    services["code"].environment |= {"COMPLAINTS_FIRST_DAY": str(DAYS.first_day), "COMPLAINTS_TICK_SECONDS": "5"}
    storage = subprocess.Popen(
        [Path(sys.executable).parent / "moto_server", "-H", addresses["storage"], "-p", str(PORTS["storage"])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with running_postgres(addresses["postgres"], PORTS["postgres"], login) as programs:
        try:
            version = subprocess.check_output([programs / "postgres", "--version"], text=True).split()[-1]
            assert document["services"]["postgres"]["image"].startswith(f"postgres:{version}-")
            ready = document["services"]["postgres"]["healthcheck"]["test"][1:]
            translate = compose.translation(addresses, "postgres", "")
            assert subprocess.run([programs / ready[0], *map(translate, ready[1:])], check=False).returncode == 0
            wait_until(lambda: answers(addresses, "storage"), SECONDS_TO_START, lambda: "no S3 server")
            buckets = services["buckets"].start()
            assert buckets.process.wait() == 0, buckets.said
            services["code"].start().becomes_healthy(SECONDS_TO_START)
            for name in ("webserver", "daemon"):
                services[name].start()
            yield Stack(services, addresses, storage, folder / "dagster")
        finally:
            for service in services.values():
                service.kill()
            storage.kill()
            storage.wait()


@pytest.fixture
def settings(stack, monkeypatch):
    """The platform's settings in this process, as the code server has them."""
    for name, value in stack.services["code"].environment.items():
        if name.startswith(("AWS_", "COMPLAINTS_")):
            monkeypatch.setenv(name, value)
    return load_settings()


def ask(settings, sql):
    """Return the one row of an answer over the mart of daily complaints."""
    (row,) = pl.DataFrame(run_query(Catalogue.of(Platform(settings)), sql.format("mart.daily_complaints"))).to_dicts()
    return row


def answers(addresses, name):
    with suppress(OSError), socket.create_connection((addresses[name], PORTS[name]), timeout=1):
        return True


def test_every_service_becomes_healthy_by_its_own_check(stack):
    for name in OURS:
        stack.services[name].becomes_healthy(SECONDS_TO_START)
    daemons = stack.ask(DAEMONS)["instance"]["daemonHealth"]["allDaemonStatuses"]
    assert {each["daemonType"] for each in daemons if each["required"]} >= {"SENSOR", "QUEUED_RUN_COORDINATOR"}
    assert all(each["healthy"] for each in daemons if each["required"])


def test_files_dropped_into_the_landing_arrive_in_the_marts(stack, settings):
    """Nobody launches anything: sensors collect, train the first classifier and make the tables."""
    files, _ = write_files(DAYS, open_store(settings.landing), open_store("s3://complaints-logs/truth"))
    assert files > 10

    def arrived():
        with suppress(QueryError):  # before the first run has ended there are no tables
            status = gather(Platform(settings))
            counted = ask(settings, "SELECT sum(complaints)::INT AS complaints, count(DISTINCT day) AS days FROM {}")
            return status.stale == {} and not any(source.waiting for source in status.sources) and counted

    counted = wait_until(arrived, SECONDS_TO_RUN, lambda: stack.services["code"].said, pause=2)
    assert counted["complaints"] > 60
    assert counted["days"] == 2


def test_what_processes_print_is_kept_in_the_object_store(stack, settings):
    listed = boto3.client("s3").list_objects_v2(Bucket="complaints-logs", Prefix="compute-logs/")
    assert any(entry["Key"].endswith(".err") for entry in listed.get("Contents", []))


def test_a_run_whose_process_is_killed_fails_and_is_repeated(stack):
    with stack.lost_run() as processes:
        for process in processes:
            process.kill()


def test_a_run_lost_with_its_code_server_fails_and_is_repeated(stack):
    code = stack.services["code"]
    with stack.lost_run():
        code.kill()
        assert code.checks_health().returncode != 0
        code.start()
    code.becomes_healthy(SECONDS_TO_START)


def test_services_write_temporary_files_only(stack):
    """In a container all but /tmp is read-only (Dagster tries two empty folders, and does without them)."""
    written = {path.name for path in stack.home.rglob("*") if path.is_file()}
    assert written == {"dagster.yaml", "workspace.yaml", "make_buckets.py"}
    assert list((stack.home.parent / "empty").iterdir()) == []
