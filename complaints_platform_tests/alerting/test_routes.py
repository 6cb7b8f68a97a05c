"""The routes file: what it says, and errors that name the line."""

from datetime import UTC, datetime

import pytest

from complaints_platform.alerting.conditions import change
from complaints_platform.alerting.events import Severity
from complaints_platform.alerting.routes import load_routes
from complaints_platform.errors import AlertsError
from complaints_platform_tests.alerting.tools import NOON, condition

GOOD = """\
time_zone: Africa/Lagos
receivers:
  mail: {url_env: MAIL_URL}
  sms: {url_env: SMS_URL}
routes:
  - name: all by mail
    to: [mail]
    quiet_hours: {from: 22:00, to: 06:00}
  - name: spikes of the network
    to: [sms]
    kinds: [incident]
    severity: major
    categories: [network_voice, network_data]
    digest: {every_minutes: 60}
    escalate:
      - {after_minutes: 30, to: [mail]}
"""


def load(tmp_path, text):
    path = tmp_path / "routes.yaml"
    path.write_text(text)
    return load_routes(path)


def test_without_a_file_nobody_is_notified(tmp_path):
    assert load_routes(None).routes == []
    assert load(tmp_path, "").routes == []


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("to: [sms]", "to: [smss]", 10, "routes.1.to.0: no receiver 'smss'; receivers are mail, sms"),
        ("[mail]}", "[nobody]}", 16, "routes.1.escalate.0.to.0: no receiver 'nobody'"),
        ("[incident]", "[incidents]", 11, "'incidents' is not a kind of notification; kinds are source_silent"),
        ("severity: major", "severity: bad", 12, "Input should be 'info', 'minor', 'major' or 'critical'"),
        ("severity: major", "sevrity: major", 12, "routes.1.sevrity: Extra inputs are not permitted"),
        ("Africa/Lagos", "Lagos", 1, "'Lagos' is not an IANA time zone"),
        ("22:00", "25:70", 8, "routes.0.quiet_hours.from"),
        ("{every_minutes: 60}", "{}", 14, "a digest needs either every_minutes or at"),
        ("after_minutes: 30", "after_minutes: 0", 16, "greater than or equal to 1"),
        ("url_env: SMS_URL", "url: json://host", 4, "receivers.sms.url_env: Field required"),
        ("url_env: SMS_URL", "url_env: json://secret", 4, "String should match pattern"),
        ("routes:\n", "routes\n", 6, "not valid YAML"),
        ("  - name: all by mail\n    to: [mail]\n", "  - to: [mail]\n", 6, "routes.0.name: Field required"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path, old, new, line, says):
    assert old in GOOD
    with pytest.raises(AlertsError) as error:
        load(tmp_path, GOOD.replace(old, new, 1))
    assert f"routes.yaml, line {line}" in str(error.value)
    assert says in str(error.value)


def test_a_route_takes_what_it_names(tmp_path):
    everything, spikes = load(tmp_path, GOOD).routes

    def takes(route, **more):
        return route.takes(change(None, condition(**more), NOON))

    assert takes(everything)
    spike = {"kind": "incident", "categories": ("network_voice", "billing_charges")}
    assert takes(spikes, **spike)
    assert takes(spikes, **spike, severity=Severity.CRITICAL)
    assert not takes(spikes, **spike, severity=Severity.MINOR)
    assert not takes(spikes, kind="incident", categories=("billing_charges",))
    assert not takes(spikes, kind="incident")
    assert not takes(spikes)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("20:59", "20:59"),  # 21:59 in Lagos
        ("21:00", "05:00+1"),  # 22:00 in Lagos: quiet until 6:00 there
        ("03:30", "05:00"),
        ("05:00", "05:00"),
    ],
)
def test_what_comes_in_quiet_hours_waits_for_their_end(tmp_path, at, due):
    routes = load(tmp_path, GOOD)
    time = datetime.fromisoformat(f"2026-03-10T{at}+00:00")
    expected = datetime.fromisoformat(f"2026-03-{'11' if '+1' in due else '10'}T{due[:5]}+00:00")
    found = routes.routes[0].due(change(None, condition(), time), routes.zone)
    assert found == expected
    worst = change(None, condition(severity=Severity.CRITICAL), time)
    assert routes.routes[0].due(worst, routes.zone) == time


@pytest.mark.parametrize(
    ("digest", "at", "due"),
    [
        ("{every_minutes: 60}", "12:01", "13:00"),
        ("{every_minutes: 60}", "13:00", "13:00"),
        ("{at: '08:00'}", "06:59", "07:00"),  # 8:00 in Lagos
        ("{at: '08:00', time_zone: UTC}", "08:01", "08:00+1"),
    ],
)
def test_a_digest_gathers(tmp_path, digest, at, due):
    routes = load(tmp_path, GOOD.replace("{every_minutes: 60}", digest))
    time = datetime.fromisoformat(f"2026-03-10T{at}+00:00")
    expected = datetime.fromisoformat(f"2026-03-{'11' if '+1' in due else '10'}T{due[:5]}+00:00")
    assert routes.routes[1].due(change(None, condition(kind="incident"), time), routes.zone) == expected


def test_quiet_hours_follow_the_change_to_summer_time(tmp_path):
    text = GOOD.replace("Africa/Lagos", "Europe/Berlin")
    routes = load(tmp_path, text)
    night = datetime(2026, 3, 28, 23, 0, tzinfo=UTC)  # clocks go forward at 1:00 UTC
    assert routes.routes[0].due(change(None, condition(), night), routes.zone) == datetime(
        2026, 3, 29, 4, 0, tzinfo=UTC
    )
