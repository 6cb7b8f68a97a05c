"""Metrics of a lake and an instance as Prometheus reads them, and who may read them."""

import asyncio
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import httpx
import pytest
import yaml
from dagster._daemon.types import DaemonHeartbeat
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from complaints_platform.commands.running import Runner
from complaints_platform.definitions import build_definitions
from complaints_platform.errors import SettingsError
from complaints_platform.instance.metrics import instance_gatherers
from complaints_platform.lake.store import LocalStore
from complaints_platform.operations.lake_metrics import lake_gatherers
from complaints_platform.operations.metrics import Gatherer, Metrics, gauge, outbox_gatherer
from complaints_platform.operations.server import metrics_application, refuse_open_server
from complaints_platform.platform import Platform
from complaints_platform_tests.small_lake import FIRST, Place

DOCKER = Path(__file__).parents[2] / "docker"
TOKEN = SecretStr("a-token-of-more-than-24-characters")


class Outbox:
    def counts(self):
        return {"sent": 3, "waiting": 1}

    def oldest_unsent(self):
        return datetime.now(UTC) - timedelta(seconds=90)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A lake of three days behind an instance in which one run has failed."""
    place = Place(tmp_path_factory.mktemp("metrics"))
    with dg.DagsterInstance.ephemeral() as instance:
        place.runner = Runner(Platform(place.settings), instance)
        place.fill()

        @dg.op
        def breaks():
            raise dg.Failure("on purpose")

        @dg.job
        def broken():
            breaks()

        broken.execute_in_process(instance=instance, raise_on_error=False)
        checks = sorted(build_definitions(Platform(place.settings)).resolve_asset_graph().asset_check_keys)
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 40, "SENSOR", "id", []))
        gatherers = [
            *lake_gatherers(Platform(place.settings)),
            *instance_gatherers(instance, checks),
            outbox_gatherer(Outbox()),
        ]
        yield place, Metrics(gatherers)


def values(metrics):
    """Metric name and sorted label values → value, as Prometheus parses the text."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_the_numbers_are_those_of_lake_and_instance(served):
    _, metrics = served
    found = values(metrics)
    assert found["complaints_table_rows", "cleaned.complaints"] == 9
    assert found["complaints_table_days", "mart.daily_complaints"] == 3
    assert found["complaints_stale_days", "cleaned.complaints"] == 0
    assert found["complaints_source_received_24h", "forms"] == 9
    assert found["complaints_source_files_waiting", "forms"] == 0
    assert found["complaints_source_silent_after_seconds", "forms"] == 36 * 3600
    assert abs(found["complaints_source_last_received_timestamp_seconds", "forms"] - time.time()) < 300
    assert found["complaints_source_measure", "volume", "value", "forms"] == 3
    assert found["complaints_runs_24h", "collect", "success"] == 1
    assert found["complaints_runs_24h", "broken", "failure"] == 1
    assert found["complaints_run_seconds", "complaints_by_day", "0.95"] > 0
    assert found["complaints_check_failed", "cleaned/complaints", "no_record_lost_or_added"] == 0
    assert found["complaints_outbox_notifications", "waiting"] == 1
    assert 89 < found["complaints_outbox_oldest_seconds",] < 200
    assert 39 < found["complaints_daemon_heartbeat_age_seconds", "SENSOR"] < 200
    assert {key[1] for key, value in found.items() if key[0] == "complaints_metrics_up" and value == 1} == {
        "tables",
        "sources",
        "senders",
        "runs",
        "checks",
        "daemons",
        "outbox",
    }


def test_a_new_file_shows_as_waiting_then_as_received_and_as_unpublished(served):
    place, metrics = served
    folder = Path(place.settings.landing) / "forms"
    (folder / "more.csv").write_text(f"id,text,at,updated\nx,no signal,{FIRST}T12:00:00Z,{FIRST}T12:00:00Z\n")

    def now():
        fresh = Metrics([each for each in metrics._gatherers if each.name in {"sources", "tables"}])
        return values(fresh)

    assert now()["complaints_source_files_waiting", "forms"] == 1
    place.runner.collect()
    after = now()
    assert after["complaints_source_received_24h", "forms"] == 10
    assert after["complaints_unpublished_seconds",] > 0
    assert after["complaints_stale_days", "cleaned.complaints"] > 0


def test_what_the_board_shows_is_exported(served):
    board = json.loads((DOCKER / "grafana" / "complaints.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    used = {name for expression in expressions for name in re.findall(r"complaints_\w+", expression)}
    exported = {key[0] for key in values(served[1])}
    assert used <= exported
    assert exported - used == set(), "a metric that no panel shows"
    places = [tuple(panel["gridPos"][side] for side in "xy") for panel in board["panels"]]
    assert len(set(places)) == len(places)


def test_prometheus_is_told_the_port_that_the_command_serves_on():
    config = yaml.safe_load((DOCKER / "prometheus.yml").read_text())
    assert config["scrape_configs"][0]["static_configs"] == [{"targets": ["127.0.0.1:9464"]}]


def test_a_part_that_fails_hides_no_other_and_numbers_are_kept_for_a_while():
    asked = []

    def gather():
        asked.append(1)
        yield gauge("a_number", "A number.", [], {(): len(asked)})

    def fail():
        raise OSError("gone")
        yield

    now = [0.0]
    metrics = Metrics([Gatherer("good", gather, 10), Gatherer("bad", fail, 10)], lambda: now[0])
    assert values(metrics) == {
        ("a_number",): 1,
        ("complaints_metrics_up", "good"): 1,
        ("complaints_metrics_up", "bad"): 0,
    }
    now[0] = 9
    assert values(metrics)["a_number",] == 1
    now[0] = 11
    assert values(metrics)["a_number",] == 2


def test_a_damaged_table_is_a_part_that_is_down_and_no_crash(make_settings, tmp_path):
    log = tmp_path / "lake" / "tables" / "cleaned" / "complaints" / "_delta_log" / "00000000000000000000.json"
    log.parent.mkdir(parents=True)
    log.write_text("nonsense")
    found = values(Metrics(lake_gatherers(Platform(make_settings()))))
    assert found["complaints_metrics_up", "tables"] == 0
    assert found["complaints_metrics_up", "sources"] == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "complaints.example"])  # noqa: S104  # what is refused
def test_nobody_serves_to_the_network_without_a_token(host):
    for token in (None, SecretStr("short")):
        with pytest.raises(SettingsError, match="COMPLAINTS_METRICS_TOKEN") as error:
            refuse_open_server(host, token)
        assert "short" not in str(error.value)
    refuse_open_server(host, TOKEN)
    for loopback in ("127.0.0.1", "::1", "localhost"):
        refuse_open_server(loopback, None)


def test_the_application_answers_those_who_may_ask(served):
    application = metrics_application(served[1], TOKEN)
    header = {"Authorization": f"Bearer {TOKEN.get_secret_value()}"}

    async def ask():
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return [
                await client.get("/metrics"),
                await client.get("/metrics", headers={"Authorization": "Bearer wrong"}),
                await client.get("/metrics", headers=header),
                await client.post("/metrics", headers=header),
            ]

    # In a thread: the browser of other tests keeps a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        without, wrong, right, post = pool.submit(asyncio.run, ask()).result()
    assert [without.status_code, wrong.status_code, right.status_code, post.status_code] == [401, 401, 200, 405]
    assert "complaints_table_rows" in right.text
    assert right.headers["content-type"].startswith("text/plain; version=0.0.4")


def test_metrics_name_no_person(served):
    text = served[1].text().decode()
    stored = LocalStore(Path(served[0].settings.lake))
    assert stored.uri not in text
    assert "no signal" not in text
