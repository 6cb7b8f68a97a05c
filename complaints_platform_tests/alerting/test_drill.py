"""The fault drill: a month as it usually is, without one alert; then a day on which everything goes wrong at once.

What needs no data (disk, lake, daemon, classifier) is drilled in ``defs/test_alerting.py``.
"""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from complaints_platform.alerting.checks import Evaluation, Share, conditions_of, failing_now
from complaints_platform.alerting.events import Severity, State
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.watching import incidents
from complaints_platform.definitions import build_definitions
from complaints_platform.defs.alerting import Memory, Observer
from complaints_platform.defs.running import Runner, local_instance
from complaints_platform.generator.faults import mojibake
from complaints_platform.generator.generate import generate_files
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.lake.store import open_store
from complaints_platform.pipeline.data_sets import INCIDENTS
from complaints_platform.quality.volume import judge_volume
from complaints_platform.schemas.model import polars_schema
from complaints_platform.settings import load_settings
from complaints_platform_tests.alerting.tools import DAY, NOON, Clock

DAYS = 30
PER_DAY = 60
USUAL = GeneratorOptions(days=DAYS, per_day=PER_DAY)
LONGER = GeneratorOptions(days=DAYS + 1, per_day=PER_DAY)
WRONG_DAY = LONGER.last_day


class Month:
    """Thirty usual days in a lake of their own, and whoever looks at them."""

    def __init__(self, root, instance):
        self.settings = load_settings(
            profile="test", lake=str(root / "lake"), landing=str(root / "landing"), alerts_spool=root / "spool"
        )
        self.landing = open_store(self.settings.landing)
        self.runner = Runner(self.settings, instance)
        self.clock = Clock(datetime.now(UTC))
        repository = build_definitions(self.settings).get_repository_def()
        self.observer = Observer(self.settings, instance, repository, self.clock)
        self.outbox = Outbox(open_store(self.settings.lake))

    def put(self, options, change=lambda _path, content: content):
        for file in generate_files(options):
            content = change(file.path, file.content)
            if content is not None and not file.path.startswith("truth/"):
                self.landing.put(file.path, content)

    def update_and_look(self):
        """Bring everything up to date and look twice; return the conditions that are new."""
        self.runner.collect()
        list(self.runner.update())
        self.clock.now = datetime.now(UTC)
        memory = Memory(self.clock() - timedelta(hours=1), self.clock() - timedelta(days=1))
        noted = self.observer.look(memory)
        assert self.observer.look(memory) == []
        return [each.condition for each in noted if each.state is State.OPENED]


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    root = tmp_path_factory.mktemp("drill")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(root / "dagster"))
        with local_instance() as instance:
            month = Month(root, instance)
            month.put(USUAL)
            month.first = month.update_and_look()
            yield month


def test_thirty_usual_days_are_not_one_alert(month):
    assert month.first == []
    assert month.outbox.pending() == []


def test_a_day_on_which_senders_go_wrong_is_one_alert_each_that_names_source_day_and_next_step(month):
    """SMS sends nothing, social media another encoding, web forms another schema, the call centre much garbage."""
    usual = {file.path for file in generate_files(USUAL)}

    def change(path, content):
        if path in usual or path.startswith("sms/"):
            return None
        if path.startswith("social_media/"):
            lines = [json.loads(line) for line in content.splitlines()]
            for line in lines:
                line["text"] = mojibake(line["text"] + " où, voilà, très mal")
            return "\n".join(map(json.dumps, lines)).encode()
        return content.replace(b'"region":', b'"area":') if path.startswith("web_forms/") else content

    month.put(LONGER, change)
    calls = next(file for file in generate_files(LONGER) if file.path == f"call_centre/calls_{WRONG_DAY}.csv")
    for number in range(40):
        garbage = calls.content.replace(b"2026", f"MMXXVI-{number}".encode())
        month.landing.put(f"call_centre/garbage-{number}.csv", garbage)
    found = {(each.kind, each.source): each for each in month.update_and_look()}
    assert found.keys() == {
        ("volume_unusual", "sms"),
        ("encoding_changed", "social_media"),
        ("records_unusual", "web_forms"),
        ("much_set_aside", "call_centre"),
    }
    assert found["volume_unusual", "sms"].day == found["encoding_changed", "social_media"].day == WRONG_DAY
    assert found["much_set_aside", "call_centre"].day == month.clock().date()  # the day on which it came
    assert "Ask the sender" in found["volume_unusual", "sms"].text
    assert "character set" in found["encoding_changed", "social_media"].text
    assert "records without region high" in found["records_unusual", "web_forms"].text
    garbage = found["much_set_aside", "call_centre"]
    assert garbage.severity is Severity.MAJOR  # more than half of what came
    assert "complaints quarantine show --source call_centre" in garbage.next_step


def test_half_the_volume_of_a_source_is_one_alert():
    counts = {DAY + timedelta(days=age): 400 for age in range(-30, 0)} | {DAY: 200}
    verdict = judge_volume("sms", counts, {DAY}, [DAY])
    said = evaluation(verdict.describe(), check="volume_as_usual", asset="raw/sms", failing=f"volume on {DAY}")
    assert not verdict.passed
    (alert,) = conditions_of(said)
    assert (alert.kind, alert.source, alert.day, alert.severity) == ("volume_unusual", "sms", DAY, Severity.MAJOR)
    assert "volume low on 2026-03-10: 200, usual is 400" in alert.text
    assert failing_now([alert], [said]) == [alert]
    calm = evaluation("as usual", check="volume_as_usual", asset="raw/sms", passed=True)
    assert failing_now([alert], [calm]) == []


def evaluation(
    text, days=(), *, passed=False, check="little_is_set_aside", asset="cleaned/quarantine", failing="", too_many=()
):
    return Evaluation(
        asset=asset,
        check=check,
        passed=passed,
        is_error=False,
        description=text,
        failing=failing,
        days=tuple(days),
        too_many=tuple(too_many),
    )


def test_what_can_not_be_read_is_an_alert_of_each_source_until_newer_days_are_as_usual():
    before = DAY - timedelta(days=1)
    both = evaluation(
        "90 of 200 records are in quarantine",
        [before, DAY],
        too_many=[Share(DAY, "sms", 0.4), Share(before, "sms", 0.3), Share(before, "forms", 0.09)],
    )
    found = failing_now([], [both])
    assert {each.source: each.text for each in found} == {
        "sms": "40% of the records that sms sent on 2026-03-10 can't be read.",
        "forms": "9% of the records that forms sent on 2026-03-09 can't be read.",
    }
    older = evaluation("nothing", [DAY - timedelta(days=5)], passed=True)
    assert failing_now(found, [older]) == found
    newer = evaluation("nothing", [DAY], passed=True)
    assert failing_now(found, [newer]) == []


def test_a_check_of_the_newest_days_is_over_when_the_newest_days_pass_not_when_others_do():
    """The hourly evaluation judges the newest days, that of a run its own."""
    (hourly,) = failing_now([], [evaluation("3 rows", check="adds_up", asset="mart/numbers")])
    of_a_run = evaluation("all well", [DAY], check="adds_up", asset="mart/numbers", passed=True)
    assert failing_now([hourly], [of_a_run]) == [hourly]
    assert failing_now([hourly], [evaluation("well", check="adds_up", asset="mart/numbers", passed=True)]) == []


def incident(ended=None, severity="major", started=NOON - timedelta(hours=1)):
    return pl.DataFrame(
        {
            "incident_id": ["i-1"],
            "day": [(ended or NOON).date()],
            "started_at": [started],
            "ended_at": [ended],
            "severity": [severity],
            "categories": ['["network_voice"]'],
            "regions": ['["Lagos", "(none)"]'],
            "observed": [60],
            "expected": [8.0],
            "ratio": [7.5],
            "explanation": ["60 complaints. Words that stand out: ada obi, network."],
        },
        schema_overrides={"ended_at": pl.Datetime("us", "UTC"), "started_at": pl.Datetime("us", "UTC")},
    )


def test_a_spike_is_told_when_it_opens_worsens_and_ends(tmp_path):
    outbox = Outbox(open_store(str(tmp_path)))
    told = []
    for frame in (
        incident(),
        incident(),
        incident(severity="critical"),
        incident(severity="minor"),
        incident(ended=NOON),
        incident(ended=NOON),
    ):
        known = {each.condition.subject for each in outbox.open()}
        told.append([each.state for each in outbox.observe("incident", incidents(frame, known, NOON)[0], NOON)])
    assert told[:5] == [[State.OPENED], [], [State.WORSENED], [], [State.RESOLVED]]
    opened = outbox.pending()[0].condition
    assert opened.text == (
        "60 complaints about network voice from Lagos, an unknown region since 2026-03-10 11:00 UTC: "
        "7.5 times the usual 8.0."
    )
    assert opened.categories == ("network_voice",)
    assert "incident i-1" in opened.next_step


def test_a_spike_that_was_over_before_anybody_looked_is_one_message(tmp_path):
    outbox = Outbox(open_store(str(tmp_path)))
    going_on, (past,) = incidents(incident(ended=NOON - timedelta(minutes=5)), set(), NOON)
    assert going_on == []
    assert "until 2026-03-10 11:55 UTC, now over: 7.5 times" in past.text
    assert outbox.happened(past, NOON).state is State.HAPPENED
    assert outbox.happened(past, NOON) is None
    # One that people know of is resolved instead.
    assert incidents(incident(ended=NOON), {"i-1"}, NOON) == ([], [])


def test_the_table_of_spikes_has_what_is_read_of_it():
    made_up = set(incident().columns) - {"explanation"}
    assert made_up <= set(polars_schema(INCIDENTS.model).names())


def test_spikes_of_an_archive_are_history():
    old = incident(ended=NOON - timedelta(days=30), started=NOON - timedelta(days=31))
    assert incidents(old, set(), NOON) == ([], [])
    assert incidents(old.head(0), set(), NOON) == ([], [])
    never_ended = incident(started=NOON - timedelta(days=31)).with_columns(day=pl.lit(DAY - timedelta(days=30)))
    assert incidents(never_ended, set(), NOON) == ([], [])
    assert len(incidents(never_ended, {"i-1"}, NOON)[0]) == 1
