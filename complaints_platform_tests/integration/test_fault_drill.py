"""A month as it usually is, without one alert; then days on which senders go wrong, each noticed once.

From files in the landing through collect, runs and checks to what people are told. What needs no data (disk, lake,
daemon, classifier) is drilled in ``defs/test_alerting.py``; each fault of a table in ``defs/test_checks.py``.
"""

import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest

from complaints_platform.alerting.events import Severity, State
from complaints_platform.alerting.observing import Memory, Observer
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.commands.running import Runner
from complaints_platform.definitions import build_definitions
from complaints_platform.generator.faults import mojibake
from complaints_platform.generator.generate import generate_files
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.volumes import outage
from complaints_platform.instance.history import InstanceHistory
from complaints_platform.instance.local import local_instance
from complaints_platform.lake.store import open_store
from complaints_platform.pipeline.quality import judge_senders
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings
from complaints_platform_tests.alerting.tools import Clock

DAYS = 30
PER_DAY = 500
OPTIONS = GeneratorOptions(days=DAYS + 2, per_day=PER_DAY)
HALF_DAY, WRONG_DAY = OPTIONS.last_day - timedelta(days=1), OPTIONS.last_day


def dated(path):
    """The day that a file's name says, written with or without dashes."""
    year, month, day = re.search(r"(2026)-?(\d\d)-?(\d\d)", path).groups()
    return date(int(year), int(month), int(day))


class Month:
    """Thirty usual days in a lake of their own, and whoever looks at them."""

    def __init__(self, root, instance):
        self.settings = load_settings(
            profile="test", lake=str(root / "lake"), landing=str(root / "landing"), alerts_spool=root / "spool"
        )
        self.landing = open_store(self.settings.landing)
        self.instance = instance
        self.runner = Runner(Platform(self.settings), instance)
        self.clock = Clock(datetime.now(UTC))
        self.repository = build_definitions(Platform(self.settings)).get_repository_def()
        self.observer = Observer(Platform(self.settings), InstanceHistory(instance, self.repository), self.clock)
        self.outbox = Outbox(open_store(self.settings.lake))
        self.to_come = {file.path: file.content for file in generate_files(OPTIONS) if "truth/" not in file.path}

    def put(self, until, change=lambda _path, content: content):
        """Drop the files until a day; ``change`` may change one, or hold it back (None)."""
        for path in [path for path in self.to_come if dated(path) <= until]:
            content = change(path, self.to_come.pop(path))
            if content is not None:
                self.landing.put(path, content)

    def update(self):
        """Bring everything up to date; return what the checks of it said, by asset and check."""
        began = datetime.now(UTC).timestamp()
        self.runner.collect()
        list(self.runner.update())
        keys = list(self.repository.asset_graph.asset_check_keys)
        latest = self.instance.event_log_storage.get_latest_asset_check_execution_by_key(keys)
        return {
            (key.asset_key.to_user_string(), key.name): record.event.dagster_event.asset_check_evaluation_data
            for key, record in latest.items()
            if record.create_timestamp >= began
        }

    def look(self):
        """Look twice, as the sensor does; return what the first look noted."""
        self.clock.now = datetime.now(UTC)
        memory = Memory(self.clock() - timedelta(hours=1), self.clock() - timedelta(days=1))
        noted = self.observer.look(memory)
        assert self.observer.look(memory) == []
        return noted


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    root = tmp_path_factory.mktemp("drill")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(root / "dagster"))
        with local_instance() as instance:
            month = Month(root, instance)
            month.put(HALF_DAY - timedelta(days=1))
            month.usual = month.update()
            month.noted = month.look()
            yield month


def failed(evaluations):
    return {name for name, each in evaluations.items() if not each.passed}


def test_over_thirty_usual_days_every_check_passes_and_has_its_history(month):
    assert failed(month.usual) == set()
    by_hand = {
        (key.asset_key.to_user_string(), key.name) for key in month.repository.asset_graph.asset_check_keys
    } - month.usual.keys()
    assert {name for _, name in by_hand} == {"segments_are_whole"}
    for name, check in month.usual.items():
        pictures = [str(each.value) for each in check.metadata.values() if str(each.value).startswith("![")]
        assert pictures or name == ("classifier/model", "can_serve"), name
    volumes = [check for (_, name), check in month.usual.items() if name == "volume_as_usual"]
    assert all(check.metadata["days_judged"].value >= DAYS - 15 for check in volumes)


def test_thirty_usual_days_are_not_one_alert(month):
    assert month.noted == []
    assert month.outbox.pending() == []
    assert month.outbox.last_look() == month.clock()


def test_the_outage_of_the_month_is_one_alert_for_who_looks_on_its_evening(month, tmp_path):
    real = outage(OPTIONS)
    evening = datetime.combine(real.day, datetime.min.time(), UTC) + timedelta(hours=23)
    settings = month.settings.model_copy(update={"alerts_spool": tmp_path})
    observer = Observer(Platform(settings), InstanceHistory(month.instance, month.repository), Clock(evening))
    for _ in range(2):
        observer.look(Memory(evening, evening))
    (alert,) = month.outbox.pending()
    assert (alert.condition.kind, alert.condition.day) == ("incident", real.day)
    assert "network data" in alert.condition.text
    assert real.region in alert.condition.text
    assert "incident" in alert.next_step


@pytest.fixture(scope="module")
def half_a_day(month):
    """What checks and looks said when half of what a source sends in a day was missing."""

    def change(path, content):
        lines = content.splitlines(keepends=True)
        return b"".join(lines[::2]) if path.startswith("social_media/") else content

    month.put(HALF_DAY, change)
    return failed(month.update()), month.look()


def test_half_the_volume_of_a_source_is_one_alert_that_names_source_day_and_next_step(half_a_day):
    failing, (alert,) = half_a_day
    assert failing == {("raw/social_media", "volume_as_usual")}
    assert alert.state is State.OPENED
    assert alert.title() == f"[major] Unusual number of complaints (social_media, {HALF_DAY})"
    assert f"social_media: volume low on {HALF_DAY}" in alert.condition.text
    assert "Ask the sender" in alert.next_step


@pytest.mark.usefixtures("half_a_day")
def test_public_holidays_of_the_company_are_not_judged(month):
    platform = Platform(month.settings)
    april = [HALF_DAY - timedelta(days=age) for age in range(9)]
    judged = judge_senders(platform.lake, platform.contracts, "GB-ENG", april, month.clock())
    volume = judged["social_media"][0]
    easter = {date(2026, 4, 3), date(2026, 4, 6)}
    assert {point.day for point in volume.points} == set(april)
    assert {point.day for point in volume.judged} == set(april) - easter
    assert [point.day for point in volume.failing] == [HALF_DAY]


@pytest.mark.usefixtures("half_a_day")
def test_a_day_on_which_senders_go_wrong_is_one_alert_each_that_names_source_day_and_next_step(month):
    """SMS sends nothing, social media another encoding, web forms another schema, the call centre much garbage."""

    def change(path, content):
        if path.startswith("sms/"):
            return None
        if path.startswith("social_media/"):
            lines = [json.loads(line) for line in content.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
            for line in lines:
                if "text" in line:
                    line["text"] = mojibake(line["text"] + " où, voilà, très mal")
            return "\n".join(map(json.dumps, lines)).encode()
        return content.replace(b'"region":', b'"area":') if path.startswith("web_forms/") else content

    month.put(WRONG_DAY, change)
    calls = month.landing.get(f"call_centre/calls_{WRONG_DAY}.csv")
    for number in range(40):
        garbage = calls.replace(b"2026", f"MMXXVI-{number}".encode())
        month.landing.put(f"call_centre/garbage-{number}.csv", garbage)
    came = datetime.now(UTC).date()
    checks = month.update()
    assert failed(checks) == {
        ("raw/sms", "volume_as_usual"),
        ("raw/social_media", "volume_as_usual"),  # of the day before, and known
        ("raw/social_media", "records_as_usual"),
        ("raw/web_forms", "records_as_usual"),
        ("cleaned/quarantine", "little_is_set_aside"),
    }
    expected = {
        "sms": f"sms: volume low on {WRONG_DAY}",
        "social_media": f"social_media: repaired texts high on {WRONG_DAY}",
        "web_forms": f"web_forms: records without region high on {WRONG_DAY}",
        "call_centre": "of the records from call_centre on",
    }
    alerts = [each for each in month.look() if not each.is_silent]
    assert {each.state for each in alerts} == {State.OPENED}
    found = {each.condition.source: each.condition for each in alerts}
    assert sorted((source, each.kind) for source, each in found.items()) == [
        ("call_centre", "much_set_aside"),
        ("sms", "volume_unusual"),
        ("social_media", "encoding_changed"),
        ("web_forms", "records_unusual"),
    ]
    assert len(alerts) == len(found)
    for source, condition in found.items():
        assert expected[source] in condition.text
        received = source == "call_centre"  # garbage has no day but that on which it came
        assert condition.day == (came if received else WRONG_DAY)
    assert "Ask the sender whether files are missing" in found["sms"].next_step
    assert "character set" in found["social_media"].next_step
    assert "change the contract and replay" in found["web_forms"].next_step
    assert found["call_centre"].severity is Severity.MAJOR  # more than half of what came
    assert "complaints quarantine show --source call_centre" in found["call_centre"].next_step
