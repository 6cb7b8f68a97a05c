"""What people see of alerts: by the query service's functions, and by ``complaints alerts``."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from complaints_platform.alerting.events import Severity
from complaints_platform.alerting.listing import acknowledge, alerts_for_api
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.cli import app
from complaints_platform.errors import AlertsError
from complaints_platform.lake import Lake
from complaints_platform_tests.alerting.test_receivers import Server
from complaints_platform_tests.alerting.tools import DAY, condition

NOW = datetime.now(UTC)


@pytest.fixture
def lake(tmp_path, monkeypatch):
    for name, value in {
        "LAKE": tmp_path / "lake",
        "LANDING": tmp_path / "landing",
        "ALERTS_SPOOL": tmp_path / "spool",
        "PROFILE": "test",
    }.items():
        monkeypatch.setenv(f"COMPLAINTS_{name}", str(value))
    return Lake(str(tmp_path / "lake"))


@pytest.fixture
def filled(lake):
    """One alert that worsened and is acknowledged, one that is over, one of long ago that goes on."""
    outbox = Outbox(lake.store)
    old = NOW - timedelta(days=90)
    outbox.observe("disk_low", [condition("disk", kind="disk_low")], old)
    outbox.observe("run_failed", [condition("collect", severity=Severity.MINOR)], NOW - timedelta(hours=3))
    outbox.observe("run_failed", [condition("collect", severity=Severity.CRITICAL)], NOW - timedelta(hours=2))
    silent = condition("sms", kind="source_silent", source="sms", day=DAY)
    outbox.observe("source_silent", [silent], NOW - timedelta(hours=1))
    outbox.observe("source_silent", [], NOW)
    return outbox


def run(*arguments, code=0, said="output"):
    result = CliRunner().invoke(app, ["alerts", *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return getattr(result, said)


def by_kind(answer):
    return {alert["kind"]: alert for alert in answer["alerts"]}


def test_an_alert_is_one_episode_with_its_history(lake, filled):
    answer = alerts_for_api(lake)
    assert [alert["kind"] for alert in answer["alerts"]] == ["source_silent", "run_failed", "disk_low"]
    alerts = by_kind(answer)
    assert alerts["run_failed"]["state"] == "open"
    assert alerts["run_failed"]["severity"] == "critical"
    assert [each["state"] for each in alerts["run_failed"]["history"]] == ["opened", "worsened"]
    assert alerts["source_silent"]["state"] == "resolved"
    assert alerts["source_silent"]["source"] == "sms"
    assert alerts["source_silent"]["day"] == "2026-03-10"
    assert alerts["disk_low"]["waiting"]
    assert alerts["disk_low"]["runbook"] == "docs/runbook.md#disk_low"
    assert json.loads(json.dumps(answer)) == answer


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        ("all", {"source_silent", "run_failed", "disk_low"}),
        ("open", {"run_failed", "disk_low"}),
        ("unacknowledged", {"disk_low"}),
        ("resolved", {"source_silent"}),
    ],
)
def test_alerts_are_chosen_by_state(lake, filled, state, kinds):
    acknowledge(lake, by_kind(alerts_for_api(lake))["run_failed"]["id"], "ada")
    assert by_kind(alerts_for_api(lake, state)).keys() == kinds


def test_whoever_acknowledges_has_seen_all_of_it_and_the_first_one_stays(lake, filled):
    alert = by_kind(alerts_for_api(lake))["run_failed"]
    assert acknowledge(lake, alert["id"], "ada")["by"] == "ada"
    assert acknowledge(lake, alert["history"][1]["id"], "bob")["by"] == "ada"
    assert by_kind(alerts_for_api(lake))["run_failed"]["acknowledged"]["by"] == "ada"
    filled.observe("run_failed", [], NOW)
    filled.observe("run_failed", [condition("collect")], NOW)
    again = [each for each in alerts_for_api(lake, "open")["alerts"] if each["kind"] == "run_failed"]
    assert again[0]["acknowledged"] is None
    with pytest.raises(AlertsError, match="no notification 'nonsense'"):
        acknowledge(lake, "nonsense", "ada")


def test_the_command_lists_shows_and_acknowledges(filled):
    listed = run("list", "--state", "open", "--json", said="stdout")
    alert = by_kind(json.loads(listed))["run_failed"]
    assert [line.split()[1] for line in run("list", said="stdout").splitlines()] == ["resolved", "open", "open"]
    assert "A sender has fallen silent (sms, 2026-03-10), waiting" in run("list")
    assert "critical" in run("list", "--state", "unacknowledged").splitlines()[0]
    shown = run("show", alert["id"][:8])
    assert "next step: Open the run in Dagster" in shown
    assert "worsened (critical): collect is wrong." in shown
    assert "acknowledged by ada" in run("ack", alert["id"][:8], "--by", "ada")
    assert "acknowledged by ada" in run("show", alert["id"][:8])
    assert "A job is failing, acknowledged, waiting" in run("list")
    result = CliRunner().invoke(app, ["alerts", "show", "zzz"])
    assert isinstance(result.exception, AlertsError)


def test_the_command_sends_and_tests(lake, filled, tmp_path, monkeypatch):
    assert "nothing is sent" in CliRunner().invoke(app, ["alerts", "send"]).output
    server = Server("webhook", tmp_path)
    (tmp_path / "routes.yaml").write_text(
        "receivers: {hook: {url_env: HOOK_URL}, gone: {url_env: GONE_URL}}\n"
        "routes: [{name: critical, to: [hook], severity: critical}]\n"
    )
    monkeypatch.setenv("COMPLAINTS_ALERTS", str(tmp_path / "routes.yaml"))
    monkeypatch.setenv("HOOK_URL", server.url)
    server.start()
    try:
        said = run("test", code=1)
        assert "hook: arrived" in said
        assert "gone: did not arrive: the environment variable GONE_URL is not set" in said
        assert "hook: arrived" in run("test", "--to", "hook")
        assert run("send") == "1 sent, 0 failed, 0 waiting\n"
        assert run("send") == "0 sent, 0 failed, 0 waiting\n"
    finally:
        server.kill()
    told = [each["kind"] for kept in server.kept for each in kept["body"]["notifications"]]
    assert told == ["test", "test", "run_failed"]
    deliveries = by_kind(alerts_for_api(lake))["run_failed"]["deliveries"]
    assert [(each["receiver"], each["delivered"], each["attempts"]) for each in deliveries] == [("hook", True, 1)]
    assert "no receiver nobody" in str(CliRunner().invoke(app, ["alerts", "test", "--to", "nobody"]).exception)


def test_a_receiver_that_does_not_answer_is_shown(lake, filled, tmp_path, monkeypatch):
    (tmp_path / "routes.yaml").write_text("receivers: {hook: {url_env: HOOK_URL}}\nroutes: [{name: all, to: [hook]}]\n")
    monkeypatch.setenv("COMPLAINTS_ALERTS", str(tmp_path / "routes.yaml"))
    run("send", code=1)
    (receiver,) = alerts_for_api(lake)["receivers"]
    assert (receiver["receiver"], receiver["failures"]) == ("hook", 1)
    assert "hook has failed 1 times in a row: the environment variable HOOK_URL is not set" in run("list").replace(
        "\n", " "
    )
    assert by_kind(alerts_for_api(lake, "waiting")).keys() == {"source_silent", "run_failed", "disk_low"}


def test_that_nobody_looks_or_sends_is_said_beside_an_empty_list(lake, filled):
    assert "the platform has not completed its checks yet" in run("list")
    filled.note_look(datetime.now(UTC) - timedelta(minutes=11))
    assert "the platform has not completed its checks since 20" in run("list", "--state", "waiting")
    filled.note_look(datetime.now(UTC))
    assert "has not completed its checks" not in run("list")
    assert "COMPLAINTS_ALERTS names no routes file" in run("list", said="stderr")
    assert "COMPLAINTS_ALERTS" not in run("list", "--state", "waiting", said="stdout")
