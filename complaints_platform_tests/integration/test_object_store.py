"""The whole path with lake and landing on an object store: an S3 server in a process of its own."""

import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import boto3
import dagster as dg
import polars as pl
import pytest

from complaints_platform.defs.running import Runner
from complaints_platform.errors import LakeError
from complaints_platform.generator import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake.store import open_store
from complaints_platform.pipeline.staleness import find_stale
from complaints_platform.serving.query import Catalogue, run_query

START_SECONDS = 30


@pytest.fixture
def bucket(monkeypatch):
    """An empty bucket; the server ends with the test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(f"{endpoint}/moto-api/")
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="complaints")
        yield "s3://complaints"
    finally:
        server.kill()
        server.wait()


def wait_for(address):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(address)  # noqa: S310  # the test's own server
        except OSError:
            assert time.monotonic() < deadline, f"no server at {address}"
        else:
            return


def test_files_become_marts_on_an_object_store(bucket, make_settings):
    settings = make_settings(lake=f"{bucket}/lake", landing=f"{bucket}/landing")
    files, _ = write_files(
        GeneratorOptions(days=2, per_day=40), open_store(settings.landing), open_store(f"{bucket}/truth")
    )
    assert files > 10
    with dg.DagsterInstance.ephemeral() as instance:
        runner = Runner(settings, instance)
        runner.collect()
        assert [run.job for run in runner.update()] == [
            "train_classifier",
            "complaints_by_day",
            "files_by_received_day",
        ]
        runner.collect()
        assert list(runner.update()) == []
    assert find_stale(settings).days == {}

    def ask(sql):
        return pl.DataFrame(run_query(Catalogue.of(settings), sql))

    reconciled = ask("SELECT sum(received)::INT AS received, bool_and(reconciles) AS ok FROM mart.reconciliation")
    assert reconciled["ok"].item()
    assert reconciled["received"].item() > 60
    raw = sum(ask(f"SELECT count(*) FROM {name}").item() for name in Catalogue.of(settings).names() if "raw." in name)  # noqa: S608
    assert raw == ask("SELECT count(*) FROM cleaned.complaints").item()


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
