"""Starting Dagster as people start it, asking it, and stopping all of it."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from complaints_platform.generator.options import GeneratorOptions

ROOT = Path(__file__).parents[2]
FIRST_DAY = GeneratorOptions.first_day
SECONDS_TO_START = 90
SECONDS_TO_STOP = 10


class Dagster:
    """A running Dagster: its address, its GraphQL, the lake that it works on."""

    def __init__(self, url, lake):
        self.url = url
        self.lake = lake

    def ask(self, query, **variables):
        """Return the data of a GraphQL answer."""
        request = urllib.request.Request(  # noqa: S310  # our own server
            f"{self.url}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            answer = json.load(response)
        assert "errors" not in answer, answer
        return answer["data"]


def wait_until(condition, seconds, what):
    """Return the first true value of ``condition()``; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"after {seconds} s: {what}"
        time.sleep(0.5)
    return value


@contextmanager
def running_dagster(folder, *command, **settings):
    """Start a Dagster from the repository's root on a free port; stop all its processes at the end.

    Nothing happens by itself, unless ``settings`` (variables without their prefix) say so.
    """
    home = folder / "dagster"
    home.mkdir(parents=True)
    shutil.copy(ROOT / "complaints_platform" / "instance" / "dagster.yaml", home)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    scripts = Path(sys.executable).parent
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMPLAINTS_", "DAGSTER_", "AWS_"))
    }
    environment = {
        **inherited,
        "PATH": f"{scripts}{os.pathsep}{inherited['PATH']}",
        "DAGSTER_HOME": str(home),
        "COMPLAINTS_LAKE": str(folder / "lake"),
        "COMPLAINTS_LANDING": str(folder / "landing"),
        # Few enough partitions that the UI shows a filled part of them.
        "COMPLAINTS_FIRST_DAY": (FIRST_DAY - timedelta(days=9)).isoformat(),
        "COMPLAINTS_AUTOMATION": "false",
        **{f"COMPLAINTS_{name.upper()}": str(value) for name, value in settings.items()},
    }
    dagster = Dagster(f"http://127.0.0.1:{port}", str(folder / "lake"))
    log = folder / "dagster.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [scripts / command[0], *command[1:], "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_until(lambda: _answers(dagster, process, log), SECONDS_TO_START, f"no answer; see {log}")
        yield dagster
    finally:
        _stop(process)


def _answers(dagster, process, log):
    assert process.poll() is None, log.read_text()[-3000:]
    with suppress(urllib.error.URLError, ConnectionError):
        return dagster.ask("{ version }")


def _stop(process):
    os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
