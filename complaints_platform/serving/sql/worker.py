"""A process that runs one SQL query and ends: ``python -m complaints_platform.serving.sql.worker``.

It checks and runs what somebody else wrote, so it holds no secret, may write no file, and has limits of the
operating system beside DuckDB's own: whatever it does, nothing but itself comes to harm. It is told
by its parent (``sandbox``) over standard input what to run and which files the named data sets are, and answers
on standard output: lines of JSON, then the result as an Arrow stream.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa

from complaints_platform.errors import QueryError
from complaints_platform.serving.sql import language

GRACE_SECONDS = 2
"""A query that does not stop when it is told to is ended by the system after so many seconds more."""
HEADROOM_MB = 256
MEGABYTE = 1 << 20
BATCH_ROWS = 10_000


def main() -> None:
    """Serve one query."""
    asked, answer = sys.stdin.buffer, sys.stdout.buffer
    connection = language.connect()  # its libraries are loaded before anybody waits for it
    request = json.loads(asked.readline())
    limit_process(request["memory_mb"])
    limit_time(request["seconds"])
    connection.execute("SET memory_limit = ?", [f"{request['memory_mb']}MB"])
    connection.execute("SET temp_directory = ''")
    connection.execute("SET threads = 1")
    started = time.perf_counter()
    try:
        statement = language.statement_of(connection, request["sql"])
        names = sorted(language.data_sets_of(connection, request["sql"]))
        limit_time(None)  # how long files take to be fetched and opened is nothing that whoever asks can help
        _say(answer, {"names": names})
        _open(connection, asked)
        _say(answer, {"opened": True})
        limit_time(request["seconds"])
        started = time.perf_counter()
        batches, schema = _run(connection, statement, request)
    except Exception as error:  # noqa: BLE001  # whatever went wrong, the parent is told
        _say(answer, {"error": _kind(error), "message": str(error)})
        return
    _say(answer, {"milliseconds": round((time.perf_counter() - started) * 1000)})
    with pa.ipc.new_stream(answer, schema) as stream:
        for batch in batches:
            stream.write_batch(batch)


def limit_process(memory_mb: int) -> None:
    """Let the system end this process if it takes too much memory, or writes any byte to a file."""
    status = Path("/proc/self/statm")  # absent where the system does not tell
    taken = int(status.read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if status.exists() else 4096 * MEGABYTE
    limit = (taken // MEGABYTE + memory_mb + HEADROOM_MB) * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: float | None) -> None:
    """Let the system end this process if it still runs after so many seconds and some grace; None: not any more."""
    # SIGALRM ends a process that does not handle it.
    signal.setitimer(signal.ITIMER_REAL, 0 if seconds is None else seconds + GRACE_SECONDS)


def _open(connection: duckdb.DuckDBPyConnection, asked: BinaryIO) -> None:
    """Create the data sets that the parent describes."""
    described = json.loads(asked.readline() or b"null")
    if described is None:
        raise QueryError("the service has gone")
    for name, size in described["frames"]:
        connection.register(name, pa.ipc.open_stream(asked.read(size)).read_all())
    language.create_views(connection, described["views"])
    language.lock(connection, described["paths"])


def _run(
    connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement, request: dict[str, Any]
) -> tuple[list[pa.RecordBatch], pa.Schema]:
    """Return the first rows of the result, one more than asked for if there are more."""
    timer = threading.Timer(request["seconds"], connection.interrupt)
    timer.daemon = True
    timer.start()
    rows, batches = 0, []
    reader: Any = connection.sql(statement).to_arrow_reader(BATCH_ROWS)
    for batch in reader:
        batches.append(batch.slice(0, request["rows"] + 1 - rows))
        rows += batches[-1].num_rows
        if rows > request["rows"]:
            break
    timer.cancel()
    return batches, reader.schema


def _kind(error: Exception) -> str:
    if isinstance(error, duckdb.InterruptException):
        return "time_limit"
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException | pa.ArrowMemoryError):
        return "memory_limit"
    return "refused" if isinstance(error, QueryError) else "failed"


def _say(answer: BinaryIO, line: dict[str, Any]) -> None:
    answer.write(json.dumps(line).encode() + b"\n")
    answer.flush()


if __name__ == "__main__":
    main()
