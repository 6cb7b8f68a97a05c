"""Queries of other people, each in a process of its own (``worker``).

What a query may say is checked there, and the caller names the data sets that it may see. Here limits of time, memory,
rows and of how many run at once are kept, whatever the process does.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

import orjson
import pyarrow as pa

from complaints_platform.lake.manifests import Manifest
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.sql.query import Catalogue
from complaints_platform.serving.sql.worker import GRACE_SECONDS

WAIT_FOR_A_TURN_SECONDS = 5.0
OPENING_SECONDS = 120.0
"""For opening the files; their fetching and the query are not counted in."""
MOST_RESULT_BYTES = 256 << 20
KEPT = ("PATH", "HOME", "LANG", "LC_", "TMPDIR", "TZ", "PYTHON", "VIRTUAL_ENV", "LD_")
"""Only variables of the environment that begin so reach the process: all others may be secrets."""

STATUS = {"refused": 400, "failed": 400, "time_limit": 408, "memory_limit": 413, "too_large": 413}
HINTS = {
    "time_limit": "narrow it down, for example by day",
    "memory_limit": "narrow it down, for example by day, or group before joining",
    "too_large": "ask for fewer rows or columns, or export the data set",
}


@dataclass(frozen=True)
class Result:
    """Rows of a query."""

    table: pa.Table
    truncated: bool
    """There are more rows than a query may return."""
    milliseconds: int


@dataclass(frozen=True)
class Limits:
    """What queries may take."""

    seconds: float
    memory_mb: int
    rows: int
    at_once: int


class Sandbox:
    """Runs queries of one service."""

    def __init__(self, catalogue: Catalogue, limits: Limits) -> None:
        self._catalogue = catalogue
        self._limits = limits
        self._turns = threading.BoundedSemaphore(limits.at_once)
        self._spare: queue.SimpleQueue[subprocess.Popen[bytes]] = queue.SimpleQueue()

    def run(self, sql: str, allowed: Collection[str], manifest: Manifest | None) -> Result:
        """Run one SELECT over the data sets that are allowed.

        Raises:
            QueryError: it names a data set that does not exist, or is not allowed.
            RequestFailed: it is refused, fails, exceeds a limit, or too many others run.
        """
        if not self._turns.acquire(timeout=WAIT_FOR_A_TURN_SECONDS):
            raise RequestFailed(429, "busy", "too many queries run just now", "try again in a few seconds")
        try:
            with self._process() as process:
                return self._run(process, sql, allowed, manifest)
        finally:
            self._turns.release()

    def close(self) -> None:
        """End the process that is kept ready."""
        while not self._spare.empty():
            _end(self._spare.get())

    def _run(
        self, process: subprocess.Popen[bytes], sql: str, allowed: Collection[str], manifest: Manifest | None
    ) -> Result:
        to, answers = _pipes(process)
        limits = self._limits
        question = {"sql": sql, "seconds": limits.seconds, "memory_mb": limits.memory_mb, "rows": limits.rows}
        with _ended_after(process, limits.seconds + 2 * GRACE_SECONDS):
            _tell(to, question)
            names = _answer(process)["names"]
        self._catalogue.check(names, allowed)
        opened = self._catalogue.open(names, manifest)
        frames = [(name, _stream_of(frame.to_arrow())) for name, frame in opened.frames.items()]
        sizes = [[name, len(data)] for name, data in frames]
        with _ended_after(process, OPENING_SECONDS):
            _tell(to, {"views": opened.views, "paths": opened.paths, "frames": sizes})
            for _, data in frames:
                to.write(data)
            to.flush()
            _answer(process)
        with _ended_after(process, limits.seconds + 2 * GRACE_SECONDS):
            milliseconds = _answer(process)["milliseconds"]
            data = answers.read(MOST_RESULT_BYTES + 1)
        if len(data) > MOST_RESULT_BYTES:
            raise _failed("too_large", f"the result has more than {MOST_RESULT_BYTES >> 20} MB")
        try:
            table = pa.ipc.open_stream(data).read_all()
        except pa.ArrowInvalid as error:
            raise _failed("memory_limit", "the query was ended: it took more than it may") from error
        return Result(table.slice(0, limits.rows), table.num_rows > limits.rows, milliseconds)

    @contextmanager
    def _process(self) -> Iterator[subprocess.Popen[bytes]]:
        """Take the process that is ready, or start one; have another ready for the next query."""
        try:
            process = self._spare.get_nowait()
        except queue.Empty:
            process = _start()
        try:
            yield process
        except BrokenPipeError as error:
            raise _failed("memory_limit", "the query was ended: it took more than it may") from error
        finally:
            _end(process)
            if self._spare.empty():
                self._spare.put(_start())


@contextmanager
def _ended_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """End a process, whatever it does, if this takes longer."""
    killer = threading.Timer(seconds, process.kill)
    killer.daemon = True
    killer.start()
    try:
        yield
    finally:
        killer.cancel()


def _start() -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    return subprocess.Popen(  # this project's own module
        [sys.executable, "-m", "complaints_platform.serving.sql.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    for pipe in _pipes(process):
        with suppress(BrokenPipeError):
            pipe.close()
    process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if process.stdin is None or process.stdout is None:
        raise TypeError("the process has no pipes")
    return process.stdin, process.stdout


def _tell(to: IO[bytes], line: dict[str, Any]) -> None:
    to.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
    to.flush()


def _answer(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    line = _pipes(process)[1].readline()
    if not line:
        slow = process.wait() in {-signal.SIGALRM, -signal.SIGKILL}
        raise _failed("time_limit" if slow else "memory_limit", "the query was ended: it took more than it may")
    answer: dict[str, Any] = orjson.loads(line)
    if "error" in answer:
        raise _failed(answer["error"], answer["message"] or "it was ended")
    return answer


def _failed(code: str, message: str) -> RequestFailed:
    return RequestFailed(STATUS[code], code, message, HINTS.get(code))


def _stream_of(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
