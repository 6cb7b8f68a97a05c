"""Starting, killing and comparing: what the crash tests share."""

import gzip
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import polars as pl

from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import TABLES
from complaints_platform.lake.key_index import ENTRY_COLUMNS
from complaints_platform.lake.layout import KEY_INDEX
from complaints_platform.lake.tables import Table
from complaints_platform.platform import Platform
from complaints_platform.settings import PACKAGED_SOURCES, load_settings
from complaints_platform.sources.contract import load_contracts

SOURCES = sorted(load_contracts(PACKAGED_SOURCES))
KILLED = -signal.SIGKILL
KILL_WITHIN_SECONDS = 300


def neutral_environment():
    """Return the environment without settings of the platform: each command gets its own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("COMPLAINTS_", "DAGSTER_"))}


class Command:
    """A running ``complaints`` command."""

    def __init__(self, server, pid, output, writes):
        self._server = server
        self._pid = pid
        self._output = output
        self._writes = writes
        self.cpu_seconds = 0.0

    def kill(self):
        """Kill it; what has ended is a zombie until it is waited for, so that no other process is hit."""
        os.kill(self._pid, signal.SIGKILL)

    def kill_after(self, seconds):
        """Kill it once it has used so much CPU time: a busy machine does not move the moment within the work."""
        status = Path(f"/proc/{self._pid}/stat")
        # What clock_getcpuclockid(3) returns, in nanoseconds and over all threads.
        clock = (~self._pid << 3) | 2
        deadline = time.monotonic() + KILL_WITHIN_SECONDS
        while status.read_text().rpartition(")")[2].split()[0] != "Z" and time.clock_gettime(clock) < seconds:
            assert time.monotonic() < deadline, f"neither ended nor worked:\n{self.output}"
            time.sleep(0.001)
        self.kill()

    def wait(self):
        code, self.cpu_seconds = self._server.ask({"wait": self._pid})
        return code

    def succeeds(self):
        code = self.wait()
        assert code == 0, f"exit code {code}:\n{self.output}"
        return self.output

    @property
    def output(self):
        return self._output.read_text()

    @property
    def writes(self):
        return int(self._writes.read_text())


class Prefork:
    """A server of ``prefork``; each is used by one thread."""

    def __init__(self, folder):
        self._folder = folder
        self._numbers = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / "prefork.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**neutral_environment(), "PYTHONWARNINGS": "ignore", "OPENBLAS_NUM_THREADS": "1"},
        )

    def ready(self):
        assert json.loads(self._process.stdout.readline()) == "ready"
        return self

    def ask(self, request):
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def start(self, place, *argv, kill_at=None):
        name = self._folder / f"{next(self._numbers)}"
        output, writes = name.with_suffix(".txt"), name.with_suffix(".writes")
        pid = self.ask(
            {
                "argv": argv,
                "environment": place.environment,
                "output": str(output),
                "kill_at": kill_at,
                "writes": str(writes),
            }
        )
        return Command(self, pid, output, writes)

    def close(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


class Place:
    """A lake, a landing and a Dagster home of one's own."""

    def __init__(self, folder, landing):
        self.folder = folder
        self.lake = folder / "lake"
        self.environment = {
            "COMPLAINTS_PROFILE": "test",
            "COMPLAINTS_LAKE": str(self.lake),
            "COMPLAINTS_LANDING": str(landing),
            "DAGSTER_HOME": str(folder / "dagster"),
        }


def moments(rounds, seconds, seed):
    """Return one random moment from each of ``rounds`` equal parts of what a command takes."""
    chance = random.Random(seed)  # noqa: S311  # repeatable, no secret
    return [seconds * (number + chance.random()) / rounds for number in range(rounds)]


def contents(place):
    """Return all rows of everything a lake holds, lineage times apart: name → sorted rows."""
    lake = Lake(str(place.lake))
    found = {}
    for spec in TABLES:
        # The partition of these is the day received, which is a lineage time as well.
        lineage = ["received_at", "day"] if spec.by_received_day else ["received_at"]
        found[f"{spec.schema}.{spec.name}"] = _rows(spec.table(lake).scan().collect().drop(lineage, strict=False))
    for source in SOURCES:
        days = [lake.segments.day(source, day) for day in lake.segments.days(source)]
        found[f"raw.{source}"] = _rows(pl.concat([pl.DataFrame(), *map(lake.segments.read, days)], how="diagonal"))
        found[f"moved.{source}"] = sorted(
            (raw.day, *row) for raw in days for row in _rows(raw.elsewhere) if raw.segments
        )
    # Interrupted announcements are repeated: the index is a set.
    index = Table(lake.store, KEY_INDEX, ENTRY_COLUMNS, partition_by="source")
    found["index"] = _rows(index.scan().drop("received_at").unique().collect())
    found["receipts"] = sorted(
        json.dumps({**asdict(receipt), "received_at": None}, sort_keys=True) for receipt in lake.receipts.all()
    )
    return found


def assert_only_the_committed_counts(place):
    """Make sure that right after a kill nobody sees records of a file without a receipt; return the receipts."""
    lake = Lake(str(place.lake))
    receipts = list(lake.receipts.all())
    for source in SOURCES:
        committed = {receipt.sha256: sum(receipt.days.values()) for receipt in receipts if receipt.source == source}
        days = [lake.segments.day(source, day) for day in lake.segments.days(source)]
        live = Counter(sha256 for day in days for sha256 in lake.segments.read(day)["raw_sha256"])
        assert live == Counter(committed), source
    return receipts


def stale_days(place):
    """Return what another update would do."""
    return Platform(load_settings(profile="test", lake=str(place.lake))).stale().days


def _rows(frame):
    return sorted(frame.drop("received_at", strict=False).rows(), key=repr)


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, rows in expected.items():
        assert found[name] == rows, f"{name} differs"


def write_landing(landing):
    """Write what four senders send over three days: corrections, withdrawals, repetitions and damage."""
    post = {"direction": "inbound", "user": {"handle": "@ann"}, "geo": {"region": "lagos"}, "lang": "en"}
    words = "my internet has been down since this morning and nobody at your hotline answers the phone at all"
    _ndjson(
        landing / "social_media" / "1.ndjson",
        {**post, "id": "a", "text": words, "created_at": "2026-03-10T08:00:00Z", "updated_at": "2026-03-10T08:00:00Z"},
        {**post, "id": "b", "text": "my bill is wrong", "created_at": "2026-03-10T09:00:00Z"},
        {**post, "id": "c", "text": "how can we help?", "created_at": "2026-03-10T09:01:00Z", "direction": "outbound"},
        '{"id": "d", "text": "cut o',
        {**post, "id": "e", "text": "again and again", "created_at": "2026-03-11T10:00:00Z"},
    )
    _ndjson(
        landing / "social_media" / "2.ndjson",
        {**post, "id": "a", "text": words, "created_at": "2026-03-11T08:00:00Z", "updated_at": "2026-03-12T08:00:00Z"},
        {
            **post,
            "id": "b",
            "created_at": "2026-03-10T09:00:00Z",
            "updated_at": "2026-03-12T09:00:00Z",
            "deleted": True,
        },
        {**post, "id": "f", "text": f"{words} today", "created_at": "2026-03-11T09:30:00Z"},
        {**post, "id": "g", "text": "again and again", "created_at": "2026-03-11T12:00:00Z"},
    )
    text = {"msisdn": "+2348031234567", "cell": {"region": "abuja"}}
    noon = 1773144000000  # 2026-03-10T12:00Z
    day = 86_400_000
    _ndjson(
        landing / "sms" / "1.ndjson.gz",
        {**text, "messageId": "m1", "body": "no signal", "ts": noon},
        {**text, "messageId": "m2", "body": "sim card blocked", "ts": noon + day},
        {**text, "messageId": "m3", "body": "please call me back", "ts": noon},
        {**text, "messageId": "m4", "ts": noon},
    )
    _ndjson(
        landing / "sms" / "2.ndjson.gz",
        {**text, "messageId": "m1", "body": "no signal", "ts": noon},
        {**text, "messageId": "m3", "body": "please call me back", "ts": noon + 2 * day},
        {**text, "messageId": "m5", "body": "roaming does not work", "ts": "yesterday"},
    )
    form = {"contact": {"email": "bob@example.com"}, "region": "Berlin", "product": "fibre", "status": "open"}
    _json(
        landing / "web_forms" / "1.json",
        {**form, "id": 1, "message": "the router is broken", "incident_at": "2026-03-10T07:00:00Z"},
        {**form, "id": 2, "message": "charged twice", "incident_at": "2026-03-12T07:00:00Z"},
    )
    _json(
        landing / "web_forms" / "2.json",
        {
            **form,
            "id": 1,
            "message": "the router is broken",
            "incident_at": "2026-03-11T07:00:00Z",
            "last_modified": "2026-03-12T07:00:00Z",
        },
        {**form, "id": 3, "message": "", "incident_at": "2026-03-12T07:00:00Z"},
    )
    header = "Erstellt am;Rufnummer;Notiz;Region;Produkt;Status;Erledigt am;Bearbeiter\n"
    rows = (
        "10.03.2026 09:00:00;030 123456;Kunde hat kein Netz, ärgerlich;Berlin;Mobil;offen;;Meier\n"
        "10.03.2026 09:00:00;030 123456;Kunde hat kein Netz, ärgerlich;Berlin;Mobil;offen;;Meier\n"
        "11.03.2026 00:30:00;030 654321;Rechnung zu hoch;Berlin;Mobil;offen;12.03.2026 10:00:00;Kunz\n"
        "irgendwann;030 654321;Rechnung zu hoch;Berlin;Mobil;offen;;Kunz\n"
    )
    _bytes(landing / "call_centre" / "1.csv", (header + rows).encode("latin-1"))
    _bytes(landing / "call_centre" / "2.csv", header.encode("latin-1"))
    _bytes(landing / "call_centre" / "3.csv", b"\x00\x01\x02")


def _ndjson(path, *records):
    data = "".join(f"{record if isinstance(record, str) else json.dumps(record)}\n" for record in records).encode()
    _bytes(path, gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _json(path, *records):
    _bytes(path, json.dumps({"submissions": records}, indent=1).encode())


def _bytes(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
