"""``complaints start``: Dagster and the query service together, until one signal ends both."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from complaints_platform.commands import guard
from complaints_platform.errors import ComplaintsError

LOCK_FILE = "start.lock"
SECONDS_TO_END = 15
"""What has not ended so long after it was asked to is killed."""

SECONDS_BETWEEN_LOOKS = 0.5
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartError(ComplaintsError):
    """What the platform consists of can't be started, or did not stay."""


def start(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the query service and its dashboard.")] = 8400,
    dagster_port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Dagster's UI.")] = 3000,
) -> None:
    """Run Dagster with its daemon, and the query service with its dashboard; end all of it together."""
    from complaints_platform.instance.local import instance_home, local_instance

    installed = Path(sys.executable)
    programs = {
        "complaints serve": [str(installed.with_name("complaints")), "serve", "--port", str(port)],
        "dg dev": [str(installed.with_name("dg")), "dev", "--port", str(dagster_port)],
    }
    stopped = threading.Event()
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
            signal.signal(number, lambda *_: stopped.set())
    with only_one(instance_home()) as lock:
        # Makes the tables of a new instance: of several processes that do so at once, Dagster lets all but one fail.
        with local_instance():
            pass
        _run(programs, lock, stopped)


def _run(programs: dict[str, list[str]], lock: int, stopped: threading.Event) -> None:
    with _guarded(programs, lock) as guards:
        while not stopped.wait(SECONDS_BETWEEN_LOOKS):
            ended = [name for name, running in guards.items() if running.poll() is not None]
            if ended:
                raise StartError(f"{' and '.join(ended)} ended (its last lines say why): everything was stopped")


@contextmanager
def only_one(home: Path) -> Iterator[int]:
    """Hold the lock of an instance: the operating system releases it when its last holder has ended.

    Raises:
        StartError: another process holds it.
    """
    with (home / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise StartError(
                f"process {file.read().strip()} runs on {home} already, or is just ending: stop it first, "
                "or set DAGSTER_HOME to another folder"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield file.fileno()


@contextmanager
def _guarded(programs: dict[str, list[str]], lock: int) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Run programs, each under a guard in a session of its own; end them all.

    The guards hold the lock as well: where this process is killed, it is free when they are done.
    """
    guards: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, program in programs.items():
            guards[name] = subprocess.Popen(  # noqa: S603  # this project's own programs
                [sys.executable, "-m", guard.__name__, str(SECONDS_TO_END), *program],
                stdin=subprocess.PIPE,
                pass_fds=[lock],
                start_new_session=True,
            )
        yield guards
    finally:
        for running in guards.values():
            if running.stdin is not None:
                running.stdin.close()
        for running in guards.values():
            with suppress(subprocess.TimeoutExpired):
                running.wait(2 * SECONDS_TO_END)
            # Where the guard itself was killed, its group is still there.
            with suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            running.wait()
