"""How fast the query service answers about a year, alone and for fifty at once, against the plain way.

The service runs as people run it (``complaints serve``), and is asked over HTTP. The plain ways are DuckDB scanning
the detail table, and pandas reading the columns that it needs.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import repeat
from pathlib import Path

import duckdb
import numpy as np
import psutil

from benchmarks.errors import BenchmarkError
from benchmarks.serving_lake import LAST, build, is_built
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.marts.definition import GRAINS
from complaints_platform.marts.registry import METRICS
from complaints_platform.settings import load_settings

PORT = 8471
USERS = 50
DAYS_SHOWN = 60
STARTING_TAKES_AT_MOST = 1800
WORDS = ("network", "signal", "refund", "overcharged", "data", "agent", "airtime", "router", "sim", "slow")
CATEGORIES = ("network_data", "billing_charges", "messaging", "network_voice")


@dataclass(frozen=True)
class Timed:
    """Times of one kind of request, in milliseconds."""

    what: str
    requests: int
    p50: float
    p95: float
    most: float
    cpu: float
    """CPU time of the one who answers, a request on average: other programs on the machine change it little."""
    errors: int = 0

    @classmethod
    def of(cls, what: str, seconds: Sequence[float], cpu_s: float, errors: int = 0) -> "Timed":
        """Sum up measured times."""
        found = np.array(seconds) * 1000
        p50, p95, most = (round(float(np.percentile(found, share)), 1) for share in (50, 95, 100))
        return cls(what, len(seconds), p50, p95, most, round(cpu_s * 1000 / len(seconds), 1), errors)


@dataclass(frozen=True)
class Measured:
    """All that was measured."""

    complaints: int
    days: int
    build_s: float
    ready_s: float
    indexed_s: float
    memory_mb: float
    disk_mb: float
    timed: list[Timed]
    load: float


def _happens(rng: random.Random, share: float) -> bool:
    """Tell whether something that happens so often happens now."""
    return rng.random() < share


def overviews(rng: random.Random) -> Iterator[str]:
    """Yield overviews: of the last month mostly, of others, and by filters."""
    while True:
        asked = {}
        if _happens(rng, 0.5):
            last = LAST - timedelta(days=rng.randint(0, 300))
            asked = {"from": last - timedelta(days=rng.choice([6, 29, 89])), "to": last}
        if _happens(rng, 0.5):
            asked["region"] = f"region {rng.randint(0, 20)}"
        if _happens(rng, 0.3):
            asked["category"] = rng.choice(CATEGORIES)
        yield f"/api/v1/overview?{urllib.parse.urlencode(asked)}"


def metrics(rng: random.Random) -> Iterator[str]:
    """Yield any metric over the year by any grain and dimension."""
    while True:
        metric = METRICS[rng.choice([name for name, each in METRICS.items() if each.table != "mart.complaint_rates"])]
        asked = {"from": LAST - timedelta(days=364), "to": LAST, "grain": rng.choice(GRAINS)}
        if _happens(rng, 0.6):
            asked["by"] = rng.choice(metric.dimensions)
        if _happens(rng, 0.3):
            asked["region"] = f"region {rng.randint(0, 20)}"
        yield f"/api/v1/metrics/{metric.name}?{urllib.parse.urlencode(asked)}"


def searches(rng: random.Random) -> Iterator[str]:
    """Yield searches by words, phrases and filters, over the year."""
    while True:
        words = rng.sample(WORDS, rng.choice([1, 1, 2]))
        asked = {"q": " ".join(words), "from": LAST - timedelta(days=364), "to": LAST}
        asked["sort"] = rng.choice(["newest", "relevance"])
        if _happens(rng, 0.5):
            asked["category"] = rng.choice(CATEGORIES)
        if _happens(rng, 0.1):
            asked["q"] = ""
        yield f"/api/v1/complaints?{urllib.parse.urlencode(asked)}"


def measure(complaints: int, days: int, work: Path, requests: int, say: Callable[[str], None]) -> Measured:
    """Build a lake in a folder, or take the one that is there if it is of that size; serve it and ask it."""
    settings = load_settings(
        profile="test", lake=str(work / "lake"), landing=str(work / "landing"), cache=work / "cache"
    )
    began = time.perf_counter()
    if is_built(settings, complaints, days):
        say(f"the lake in {work} is used as it is")
    else:
        for number, day in enumerate(build(settings, complaints, days), start=1):
            if number % DAYS_SHOWN == 0:
                say(f"  {day}: {number} of {days} days")
    built = time.perf_counter() - began
    say(f"{complaints:,} complaints of {days} days at hand after {built:.0f} s")
    with served(work) as (process, ready):
        say(f"the marts can be asked after {ready:.0f} s")
        indexed = _wait_for_index(days, began=time.perf_counter()) + ready
        say(f"all days can be searched after {indexed:.0f} s")
        rng = random.Random(0)  # noqa: S311  # which requests, no secret
        timed = []
        home = "/api/v1/overview"
        kinds = {"overview": overviews(rng), "metric": metrics(rng), "search": searches(rng)}
        _ask(home)
        asked: dict[str, Iterator[str]] = {"overview, asked before": repeat(home)}
        asked |= {f"{what}, never asked before": paths for what, paths in kinds.items()}
        for what, paths in asked.items():
            before = _cpu(process)
            times = [_ask(next(paths)) for _ in range(requests)]
            timed.append(Timed.of(what, times, _cpu(process) - before))
            say(f"  {timed[-1]}")
        pool = [next(paths) for paths in kinds.values() for _ in range(requests // 2)] + [home] * requests
        before = _cpu(process)
        times, errors = asyncio.run(_together(pool, rng, seconds=20))
        timed.append(Timed.of(f"{USERS} users at once, a mix", times, _cpu(process) - before, errors))
        memory = sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))
    timed += plain(settings.lake, rng, say)
    disk = sum(file.stat().st_size for file in (work / "cache").rglob("*") if file.is_file())
    return Measured(complaints, days, built, ready, indexed, memory / 1e6, disk / 1e6, timed, os.getloadavg()[0])


@contextmanager
def served(work: Path) -> Iterator[tuple[psutil.Process, float]]:
    """Run the service; yield its process and the seconds after which its marts could be asked."""
    environment = {
        **os.environ,
        "COMPLAINTS_PROFILE": "test",
        "COMPLAINTS_LAKE": str(work / "lake"),
        "COMPLAINTS_LANDING": str(work / "landing"),
        "COMPLAINTS_CACHE": str(work / "cache"),
    }
    command = [str(Path(sys.executable).parent / "complaints"), "serve", "--port", str(PORT)]
    began = time.perf_counter()
    with subprocess.Popen(command, env=environment) as process:
        try:
            while not _is_ready():
                if process.poll() is not None or time.perf_counter() - began > STARTING_TAKES_AT_MOST:
                    raise BenchmarkError("the service has not started")
                time.sleep(0.2)
            yield psutil.Process(process.pid), time.perf_counter() - began
        finally:
            process.terminate()


def plain(lake: str, rng: random.Random, say: Callable[[str], None]) -> list[Timed]:
    """Ask the same of the detail, by DuckDB and by pandas."""
    import pandas as pd

    table = CATEGORIZED.table(Lake(lake))
    files = [f"{table.uri}/{file.path}" for file in table.files()]
    connection = duckdb.connect()
    detail = f"read_parquet({files!r}, hive_partitioning = true)"  # the benchmark's own files
    first, last = LAST - timedelta(days=59), LAST
    counted = f"FROM {detail} WHERE outcome = 'complaint' AND day BETWEEN '{first}' AND '{last}'"

    def overview() -> None:
        for by in ("day", "category", "region", "channel"):
            connection.execute(f"SELECT {by}, count(*), avg(needs_review::INT) {counted} GROUP BY ALL").fetchall()

    def metric() -> None:
        sql = f"SELECT date_trunc('month', day), region, median(resolved_at - occurred_at) FROM {detail} GROUP BY ALL"  # noqa: S608
        connection.execute(sql).fetchall()

    def search() -> None:
        word = rng.choice(WORDS)
        sql = f"SELECT * FROM {detail} WHERE text ILIKE '%{word}%' ORDER BY occurred_at DESC LIMIT 50"  # noqa: S608
        connection.execute(sql).fetchall()

    def overview_by_pandas() -> None:
        columns = ["outcome", "channel", "region", "category", "needs_review"]
        newest = sorted(files)[-60:]
        frame = pd.concat(
            [pd.read_parquet(file, columns=columns).assign(day=file.split("day=")[1][:10]) for file in newest]
        )
        for by in ("day", "category", "region", "channel"):
            frame[frame["outcome"] == "complaint"].groupby(by, dropna=False)["needs_review"].agg(["size", "mean"])

    ways = {
        "DuckDB on the detail: overview": overview,
        "DuckDB on the detail: metric over the year": metric,
        "DuckDB on the detail: search (ILIKE)": search,
        "pandas: overview": overview_by_pandas,
    }
    found = []
    for what, way in ways.items():
        before = time.process_time()
        times = [_seconds(way) for _ in range(3)]
        found.append(Timed.of(what, times, time.process_time() - before))
        say(f"  {found[-1]}")
    return found


def markdown(measured: Measured) -> str:
    """Return what was measured, for people."""
    rows = "\n".join(
        f"| {each.what} | {each.requests} | {each.p50:,.1f} | {each.p95:,.1f} | {each.most:,.1f} | {each.cpu:,.1f} | "
        f"{each.errors} |"
        for each in measured.timed
    )
    return (
        f"## Query service: {measured.complaints:,} complaints of {measured.days} days\n\n"
        f"Lake at hand after {measured.build_s:.0f} s; marts {measured.ready_s:.0f} s after the start, all days "
        f"searchable after {measured.indexed_s:.0f} s; {measured.memory_mb:,.0f} MB of memory at the end, "
        f"{measured.disk_mb:,.0f} MB of cache on disk. Load of the machine at the end: {measured.load:.1f}.\n\n"
        "| | requests | p50 ms | p95 ms | max ms | CPU ms | errors |\n|---|---:|---:|---:|---:|---:|---:|\n"
        + rows
        + "\n"
    )


def as_json(measured: Measured) -> dict[str, object]:
    """Return what was measured, for machines."""
    return asdict(measured)


def _cpu(process: psutil.Process) -> float:
    """Return the CPU seconds that a process and those it started have used so far."""
    return sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _get(path: str) -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}{path}", timeout=120) as answer:  # our own service
        found: dict[str, object] = json.loads(answer.read())
    return found


def _ask(path: str) -> float:
    return _seconds(lambda: _get(path))


def _is_ready() -> bool:
    try:
        return _get("/healthz")["status"] == "ok"
    except OSError:
        return False


def _wait_for_index(days: int, began: float) -> float:
    first = (LAST - timedelta(days=days - 1)).isoformat()
    while _get("/api/v1/complaints?limit=1")["indexed_from"] != first:
        if time.perf_counter() - began > STARTING_TAKES_AT_MOST:
            raise BenchmarkError("the index was not built in time")
        time.sleep(1)
    return time.perf_counter() - began


async def _together(pool: Sequence[str], rng: random.Random, seconds: float) -> tuple[list[float], int]:
    """Let users ask from a pool of requests, one after the other each; return all times and how many failed."""
    times: list[float] = []
    errors = 0
    end = time.perf_counter() + seconds

    async def user() -> None:
        nonlocal errors
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        while time.perf_counter() < end:
            began = time.perf_counter()
            writer.write(f"GET {rng.choice(pool)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            times.append(time.perf_counter() - began)
            errors += b" 200 " not in head.split(b"\r\n", 1)[0] + b" "
        writer.close()

    await asyncio.gather(*(user() for _ in range(USERS)))
    return times, errors
