"""What the service shows of other parts of the platform: alerts, reports, metrics."""

from datetime import UTC, datetime, timedelta

from complaints_platform.alerting.events import Condition, Severity
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.platform import Platform
from complaints_platform.serving.auth import Role
from complaints_platform.serving.report.figures import Figures
from complaints_platform.serving.report.making import LOOKED_AT, make_and_keep, published
from complaints_platform_tests.serving.conftest import DAYS, METRICS

NOW = datetime.now(UTC)
DAY = GeneratorOptions.first_day


def test_an_alert_is_shown_and_somebody_takes_note_once(served):
    outbox = Outbox(served.lake.store)
    outbox.observe("run_failed", [Condition("run_failed", "collect", Severity.MAJOR, "<b>collect</b> failed.")], NOW)
    (alert,) = served.get("/api/v1/alerts", state="unacknowledged").json()["alerts"]
    assert (alert["state"], alert["severity"], alert["acknowledged"]) == ("open", "major", None)
    assert alert["text"] == "<b>collect</b> failed."
    assert alert["next_step"]
    for role, who in ((Role.REVIEWER, "a reviewer"), (Role.REVIEWER, "a reviewer")):
        answer = served.client(role).post(f"/api/v1/alerts/{alert['id']}/ack")
        assert (answer.status_code, answer.json()["by"]) == (200, who)
    assert served.get("/api/v1/alerts", state="unacknowledged").json()["alerts"] == []
    (noted,) = served.get("/api/v1/alerts", state="open").json()["alerts"]
    assert noted["acknowledged"]["by"] == "a reviewer"
    outbox.observe("run_failed", [], NOW)
    assert served.get("/api/v1/alerts", state="open").json()["alerts"] == []
    entries = [entry for entry in served.lake.audit.newest() if entry["path"].endswith("/ack")]
    assert entries
    key, _, number = alert["id"].partition("-")
    for name in ("nothing", f"{key}-1", f"{key}--1", f"{key}-{number}0", f"{key.upper()}-{number}", f"{key}-\u0661"):
        assert served.client(Role.REVIEWER).post(f"/api/v1/alerts/{name}/ack").status_code == 404, name
    assert served.get("/api/v1/alerts", state="whatever").status_code == 400


def test_it_is_said_when_somebody_last_looked(served):
    outbox = Outbox(served.lake.store)
    assert served.get("/api/v1/alerts", Role.VIEWER).json()["looked_at"] is None
    outbox.note_look(NOW)
    assert datetime.fromisoformat(served.get("/api/v1/alerts", Role.VIEWER).json()["looked_at"]) == NOW


def test_a_report_is_shown_as_it_was_sent(served):
    made, _ = make_and_keep(Platform(served.settings), "daily", DAY)
    (listed,) = served.get("/api/v1/reports", Role.VIEWER).json()["reports"]
    assert (listed["kind"], listed["day"]) == ("daily", str(DAY))
    shown = served.get(listed["page"], Role.VIEWER)
    assert shown.text == made.page
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    served.service.audit.flush()
    assert listed["page"] in [entry["path"] for entry in served.lake.audit.newest()]
    assert served.get("/reports/daily/2020-01-01").status_code == 404
    assert served.get("/reports/hourly/2020-01-01").status_code == 400


def test_of_service_times_a_report_copies_what_is_open_and_what_it_looks_at(served):
    newest = DAY + timedelta(days=DAYS)
    every = served.ask("SELECT count(*) AS n FROM mart.service_times")[0]["n"]
    for last in (DAY, newest, newest + LOOKED_AT, newest + LOOKED_AT + timedelta(days=60)):
        since = last - LOOKED_AT
        wanted = served.ask(
            "SELECT count(*) AS n FROM mart.service_times "  # noqa: S608
            f"WHERE day <= DATE '{last}' + 1 AND (day >= DATE '{since}' OR "
            f"backlog_from IS NOT NULL AND coalesce(resolved_day > DATE '{since}', true))"
        )[0]["n"]
        assert (0 < wanted < every) is (last != newest)
        with published(Platform(served.settings), last) as snapshot:
            assert snapshot.rows("SELECT count(*) FROM mart.service_times") == [(wanted,)]
            backlog = Figures.of(snapshot, "daily", last).headline("backlog")
        days = {"from": str(last), "to": str(last)}
        (shown,) = [row["value"] for row in served.get("/api/v1/metrics/backlog", **days).json()["rows"]]
        assert backlog[0] == shown > 0


def test_prometheus_is_answered_and_asked_for_its_token(served):
    assert served.get("/metrics", Role.VIEWER).content == METRICS
    assert served.client().get("/metrics").status_code == 401
