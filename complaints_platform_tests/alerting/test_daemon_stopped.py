"""The daemon is killed while all runs as in production: the watching process says so, once, and that it is back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from complaints_platform_tests.alerting.test_receivers import Server
from complaints_platform_tests.ui.dagster_server import ROOT, wait_until

LOOKS_EVERY_SECONDS = 5
NOTICED_WITHIN_SECONDS = 390
"""Five minutes without a sign of life, of which the daemon gives one each half minute."""


class Processes:
    """The daemon with its code, and the watching process."""

    def __init__(self, folder, url):
        self.folder = folder
        home = folder / "dagster"
        home.mkdir()
        shutil.copy(ROOT / "complaints_platform" / "instance" / "dagster.yaml", home)
        (folder / "routes.yaml").write_text(
            "receivers: {team: {url_env: TEAM_URL}}\nroutes: [{name: all, to: [team]}]\n"
        )
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("COMPLAINTS_", "AWS_"))},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DAGSTER_HOME": str(home),
            "COMPLAINTS_LAKE": str(folder / "lake"),
            "COMPLAINTS_LANDING": str(folder / "landing"),
            "COMPLAINTS_ALERTS": str(folder / "routes.yaml"),
            "COMPLAINTS_ALERTS_SPOOL": str(folder / "spool"),
            "COMPLAINTS_ALERTS_SECONDS": str(LOOKS_EVERY_SECONDS),
            "TEAM_URL": url,
        }
        self.running = []

    def start(self, *command):
        log = (self.folder / f"{command[0]}-{len(self.running)}.log").open("wb")
        process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        self.running.append(process)
        return process

    def daemon(self):
        return self.start("dagster-daemon", "run", "--workspace", "workspace.yaml")

    def is_alive(self):
        return not subprocess.run(
            ["dagster-daemon", "liveness-check"], env=self.environment, cwd=ROOT, check=False, capture_output=True
        ).returncode

    def kill(self, process):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.drill
def test_a_daemon_that_is_killed_is_told_once_within_its_time_and_that_it_is_back(tmp_path):
    server = Server("webhook", tmp_path)
    server.start()
    processes = Processes(tmp_path, server.url)
    try:
        daemon = processes.daemon()
        wait_until(processes.is_alive, 240, "the daemon does not start")
        watching = processes.start("complaints", "alerts", "send", "--watch")
        wait_until(lambda: list((tmp_path / "lake" / "alerts" / "watchers").glob("*")), 120, "nobody watches")
        assert server.kept == []
        processes.kill(daemon)
        killed = time.monotonic()
        wait_until(lambda: server.kept, NOTICED_WITHIN_SECONDS, "nobody notices")
        print(f"\nnoticed after {time.monotonic() - killed:.0f} s")  # noqa: T201  # a drill's result
        processes.daemon()
        wait_until(lambda: len(server.kept) > 1, 180, "nobody notices that it is back")
        time.sleep(10 * LOOKS_EVERY_SECONDS)
        told = [(each["kind"], each["state"]) for kept in server.kept for each in kept["body"]["notifications"]]
        assert told == [("daemon_stopped", "opened"), ("daemon_stopped", "resolved")]
        watching.send_signal(signal.SIGTERM)
        assert watching.wait(30) == 0
        assert not list((tmp_path / "lake" / "alerts" / "watchers").glob("*"))  # it has said that it ends
    finally:
        for process in processes.running:
            processes.kill(process)
        server.kill()
