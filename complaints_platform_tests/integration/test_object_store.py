"""The whole path with lake and landing on an object store: an S3 server in a process of its own."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import boto3
import dagster as dg
import polars as pl
import pytest

from complaints_platform.alerting.events import State
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.commands.running import Runner
from complaints_platform.errors import LakeError
from complaints_platform.generator import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.landing import Landing
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.data_sets import DAILY, QUARANTINE, RECONCILIATION, TABLES
from complaints_platform.lake.store import open_store
from complaints_platform.lake.tables import DayFrame
from complaints_platform.operations import maintenance
from complaints_platform.operations.maintenance import Maintenance, maintenance_of
from complaints_platform.platform import Platform
from complaints_platform.schemas import empty_frame
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.settings import PACKAGED_SOURCES
from complaints_platform.sources.contract import load_contracts
from complaints_platform_tests.alerting.tools import Office
from complaints_platform_tests.integration.ticking import TEXTS, TODAY, Installation

START_SECONDS = 30


@pytest.fixture
def bucket(server, monkeypatch):
    """An empty bucket."""
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST"))  # noqa: S310
    for name, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="complaints")
    return "s3://complaints"


def wait_for(address):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address)  # noqa: S310  # the test's own server
        except OSError:
            assert time.monotonic() < deadline, f"no server at {address}"
        else:
            return


@pytest.fixture(scope="module")
def server():
    """Address of a server of its own process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"{endpoint}/moto-api/")
        yield endpoint
    finally:
        process.kill()
        process.wait()


def test_files_become_marts_on_an_object_store(bucket, make_settings):
    settings = make_settings(lake=f"{bucket}/lake", landing=f"{bucket}/landing")
    files, _ = write_files(
        GeneratorOptions(days=2, per_day=40), open_store(settings.landing), open_store(f"{bucket}/truth")
    )
    assert files > 10
    with dg.DagsterInstance.ephemeral() as instance:
        runner = Runner(Platform(settings), instance)
        runner.collect()
        assert [run.job for run in runner.update()] == [
            "train_classifier",
            "complaints_by_day",
            "files_by_received_day",
        ]
        runner.collect()
        assert list(runner.update()) == []
    assert Platform(settings).stale().days == {}

    def ask(sql):
        return pl.DataFrame(run_query(Catalogue.of(Platform(settings)), sql))

    reconciled = ask("SELECT sum(received)::INT AS received, bool_and(reconciles) AS ok FROM mart.reconciliation")
    assert reconciled["ok"].item()
    assert reconciled["received"].item() > 60
    manifest = Lake(settings.lake).manifests.newest()
    assert manifest.versions == {spec.sql_name: 1 for spec in TABLES}
    daily = ask("SELECT * FROM mart.daily_complaints ORDER BY ALL")
    assert {step.what for step in maintenance_of(Platform(settings)).run(dry_run=True)} == set()
    assert ask("SELECT * FROM mart.daily_complaints ORDER BY ALL").equals(daily)
    raw = sum(ask(f"SELECT count(*) FROM raw.{name}").item() for name in Platform(settings).contracts)  # noqa: S608
    assert raw == ask("SELECT count(*) FROM cleaned.complaints").item()


def test_sensors_see_a_file_that_is_dropped_into_a_bucket_until_it_is_in_the_marts(bucket, tmp_path):
    platform = Installation(tmp_path, lake=f"{bucket}/lake", landing=f"{bucket}/landing")
    assert platform.settle() == 0
    platform.send("first", [TODAY, TODAY - timedelta(days=1)])
    assert platform.settle() == 3  # collect, the first training, the tables
    complaints = platform.rows(DAILY).group_by("day").agg(pl.col("complaints").sum()).sort("day")
    assert complaints.rows() == [(TODAY - timedelta(days=1), len(TEXTS)), (TODAY, len(TEXTS))]
    assert platform.rows(RECONCILIATION)["reconciles"].to_list() == [True]
    assert platform.lake.manifests.newest().version(DAILY.sql_name) == 1
    assert all(len(cursor) < 400 for cursor in platform.cursors.values() if cursor)


def test_objects_are_put_got_listed_moved_and_deleted(bucket):
    store = open_store(f"{bucket}/prefix")
    store.put("a/x.json", iter([b"one", b"two"]))
    store.put("a/b/y.json", b"three")
    assert store.get("a/x.json") == b"onetwo"
    with store.open("a/x.json") as file:
        file.seek(3)
        assert file.read() == b"two"
    assert store.stat("a/x.json").size == 6
    assert store.names("a") == ["b", "x.json"]
    assert sorted(entry.key for entry in store.entries("a")) == ["a/b/y.json", "a/x.json"]
    store.move("a/x.json", "c/x.json")
    assert store.get("a/x.json") is None
    assert store.get("c/x.json") == b"onetwo"
    store.delete("c/x.json")
    assert store.stat("c/x.json") is None
    with pytest.raises(LakeError, match=r"c/x\.json does not exist"):
        store.open("c/x.json")


CREATORS = """
import sys
from complaints_platform.lake.store import open_store
store = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(" ".join(str(number) for number in range(40) if store.create(f"one/{number}", sys.argv[2].encode())))
"""


def test_of_two_processes_that_create_the_same_object_exactly_one_is_told_that_it_has(bucket, tmp_path):
    for uri in (bucket, str(tmp_path / "folder")):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", CREATORS, uri, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for name in ("first", "second")
        ]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        won = [set(map(int, process.communicate(timeout=60)[0].split())) for process in processes]
        assert won[0].isdisjoint(won[1])
        assert won[0] | won[1] == set(range(40))
        store = open_store(uri)
        stored = [store.get(f"one/{number}") for number in range(40)]
        assert stored == [b"first" if number in won[0] else b"second" for number in range(40)]


WRITER = """
import sys
from datetime import date
from complaints_platform.lake import Lake
from complaints_platform.lake.tables import DayFrame
from complaints_platform.lake.data_sets import QUARANTINE
from complaints_platform.schemas import empty_frame
table = QUARANTINE.table(Lake(sys.argv[1]))
for number in range(6):
    day = date(2026, 3, int(sys.argv[2]))
    table.replace_days([day], [DayFrame(day, empty_frame(QUARANTINE.model), f"{number}")])
"""


def test_two_processes_that_write_one_table_both_win(bucket):
    lake = f"{bucket}/lake"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, lake, day]) for day in ("1", "2")]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert QUARANTINE.table(Lake(lake)).fingerprints() == {date(2026, 3, 1): "5", date(2026, 3, 2): "5"}
    assert QUARANTINE.table(Lake(lake)).version() == 12


def test_maintenance_packs_and_cleans_an_object_store(bucket, monkeypatch):
    monkeypatch.setattr(maintenance, "MANY_SEGMENTS", 6)
    lake, now = Lake(f"{bucket}/lake"), datetime.now(UTC)
    collector = Collector(lake, "sms", load_contracts(PACKAGED_SOURCES)["sms"], date(2010, 1, 1))
    landing = open_store(f"{bucket}/landing")
    for number in range(8):
        record = {"messageId": f"n{number}", "msisdn": "+2348031234567", "body": "no signal", "ts": 1773144000000}
        landing.put(f"sms/{number}.ndjson", json.dumps(record).encode())
    collector.collect(Landing(f"{bucket}/landing").files("sms"))
    lake.store.put(layout.incoming("x"), b"half")
    day = date(2026, 3, 10)
    for number in range(2):
        QUARANTINE.table(lake).replace_days([day], [DayFrame(day, empty_frame(QUARANTINE.model), f"{number}")])
    before = lake.segments.read(lake.segments.day("sms", day))

    def maintain(after):
        return {step.what for step in Maintenance(lake, {"sms": collector.version}, 7, now + after).run()}

    assert maintain(timedelta(0)) == {"small segments packed"}
    assert lake.manifests.newest().versions == {QUARANTINE.sql_name: 2}
    assert maintain(timedelta(hours=2)) == {"segments that lie in packs", "files of tables"}
    assert maintain(timedelta(days=2)) == {"left half-written"}
    assert lake.store.names(layout.raw_day("sms", day)) == []
    assert lake.segments.days("sms") == [day]
    assert lake.segments.read(lake.segments.day("sms", day)).equals(before)
    assert run_query(Catalogue(lake, ["sms"]), "SELECT count(*) AS n FROM raw.sms").to_pylist() == [{"n": 8}]
    assert maintain(timedelta(days=2)) == set()


def test_notifications_are_kept_and_sent_once_in_an_object_store(bucket, tmp_path):
    routes = "receivers: {mail: {url_env: MAIL_URL}}\nroutes: [{name: all, to: [mail]}]\n"
    office = Office(tmp_path, routes, open_store(f"{bucket}/lake"))
    office.transports["mail"].works = False
    changes = office.open("a", "b")
    office.sender.send_due()
    office.transports["mail"].works = True
    office.clock.move(minutes=1)
    office.another_sender().send_due()
    assert sorted(office.transports["mail"].told) == sorted(each.id for each in changes)
    assert office.outbox.pending() == []
    assert [each.state for each in office.open("b")] == [State.RESOLVED]
    assert office.outbox.acknowledge(changes[0].id, "ada", office.clock()).by == "ada"
    assert [each.condition.subject for each in Outbox(office.objects).open()] == ["b"]
    office.another_sender().send_due()
    assert len(office.transports["mail"].told) == 3
    assert len(office.outbox.since(office.clock().date())) == 3
