"""However ``complaints start`` ends, nothing of what it started stays; and it starts only once."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from complaints_platform.commands import guard
from complaints_platform.commands.start import SECONDS_TO_END, StartError, only_one
from complaints_platform_tests.ui.dagster_server import wait_until

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sys.executable).parent
SECONDS_TO_START = 300
IMPATIENT = 0.1
# Two processes that only a signal ends; the second is the first one's child.
PAIR = "sleep 600 & wait"
STUBBORN_PAIR = f"trap '' INT; {PAIR}"
SHORT_LIVED = "sleep 600 & exit"


@contextmanager
def guarded(script, seconds=SECONDS_TO_END):
    """Run a shell script under a guard, which is killed with its group at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", guard.__name__, str(seconds), "sh", "-c", script],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.stdin.close()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def group(leader):
    """Return the living processes of a process group."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.mark.parametrize(("script", "seconds"), [(PAIR, SECONDS_TO_END), (STUBBORN_PAIR, IMPATIENT)])
def test_a_guard_left_alone_ends_its_program_and_what_that_started(script, seconds):
    with guarded(script, seconds) as process:
        wait_until(lambda: len(group(process.pid)) == 3, SECONDS_TO_START, "the programs have not started")
        process.stdin.close()
        process.wait(SECONDS_TO_START)
        wait_until(lambda: not group(process.pid), SECONDS_TO_END, "something stays")


def test_a_guard_whose_program_ends_ends_what_that_started():
    with guarded(SHORT_LIVED) as process:
        process.wait(SECONDS_TO_START)
        wait_until(lambda: not group(process.pid), SECONDS_TO_END, "something stays")


def test_an_interrupt_reaches_a_program_though_the_shell_ignores_it():
    ignoring = f"trap '' INT; exec {sys.executable} -m {guard.__name__} {SECONDS_TO_START} sleep 600"
    process = subprocess.Popen(["sh", "-c", ignoring], stdin=subprocess.PIPE, start_new_session=True)
    wait_until(lambda: len(group(process.pid)) == 2, SECONDS_TO_START, "the program has not started")
    process.stdin.close()
    process.wait(SECONDS_TO_START / 2)


def test_an_instance_is_started_once_at_a_time(tmp_path):
    with only_one(tmp_path):
        refused = f"process {os.getpid()} runs on {tmp_path} already"
        with pytest.raises(StartError, match=refused), only_one(tmp_path):
            pass
    with only_one(tmp_path):
        pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


class Started:
    """A running ``complaints start``, and every process that works for it."""

    def __init__(self, home, process, log):
        self.home = home
        self.process = process
        self.log = log

    def processes(self):
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get("DAGSTER_HOME") == self.home and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def named(self, *words):
        """Return the processes with these words in their command line, the oldest first."""
        found = []
        for process in self.processes():
            with suppress(psutil.Error):
                if all(word in " ".join(process.cmdline()) for word in words):
                    found.append(process)
        return sorted(found, key=psutil.Process.create_time)

    def nothing_stays(self):
        wait_until(lambda: not self.processes(), 3 * SECONDS_TO_END, f"something stays: {self.processes()}")


def environment_of(folder):
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMPLAINTS_", "DAGSTER_", "AWS_"))
    }
    return {
        **inherited,
        "DAGSTER_HOME": str(folder / "dagster"),
        "COMPLAINTS_LAKE": str(folder / "lake"),
        "COMPLAINTS_LANDING": str(folder / "landing"),
        "COMPLAINTS_CACHE": str(folder / "cache"),
        "COMPLAINTS_ALERTS_SPOOL": str(folder / "alerts"),
    }


def command(*arguments):
    return [SCRIPTS / "complaints", "start", *arguments]


@contextmanager
def started(folder):
    """Start the platform, all of it; kill what is left of it at the end."""
    ports = free_port(), free_port()
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command("--port", str(ports[0]), "--dagster-port", str(ports[1])),
            cwd=ROOT,
            env=environment_of(folder),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    platform = Started(str(folder / "dagster"), process, log)

    def is_up():
        assert process.poll() is None, log.read_text()[-3000:]
        return platform.named("dagster._daemon") and platform.named("grpc") and all(map(answers, ports))

    try:
        wait_until(is_up, SECONDS_TO_START, f"not up; see {log}")
        yield platform
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for left in platform.processes():
            with suppress(psutil.Error):
                left.kill()


@pytest.mark.crash
def test_terminated_it_leaves_nothing_behind_and_meanwhile_starts_once(tmp_path):
    with started(tmp_path) as platform:
        second = subprocess.run(
            command(), cwd=ROOT, env=environment_of(tmp_path), capture_output=True, text=True, check=False
        )
        assert second.returncode == 1
        assert f"process {platform.process.pid} runs on {platform.home} already" in second.stderr
        platform.process.terminate()
        assert platform.process.wait(3 * SECONDS_TO_END) == 0
        platform.nothing_stays()


def interrupt(platform):
    platform.process.send_signal(signal.SIGINT)


def hang_up(platform):
    platform.process.send_signal(signal.SIGHUP)


def kill(platform):
    platform.process.kill()


def kill_the_query_service(platform):
    platform.named("complaints", "serve")[-1].kill()


def kill_dagster(platform):
    platform.named("dg", "dev")[-1].kill()


def kill_the_guard_of_dagster(platform):
    platform.named(guard.__name__, "dg")[0].kill()


@pytest.mark.crash
@pytest.mark.drill
def test_however_it_ends_nothing_stays_and_it_starts_again(tmp_path):
    ways = {
        interrupt: 0,
        hang_up: 0,
        kill: -signal.SIGKILL,
        kill_the_query_service: 1,
        kill_dagster: 1,
        kill_the_guard_of_dagster: 1,
    }
    for end, code in ways.items():
        with started(tmp_path) as platform:
            end(platform)
            assert platform.process.wait(3 * SECONDS_TO_END) == code, end.__name__
            platform.nothing_stays()
