"""What failed checks and spikes mean to people, and when they are over.

The drill from files to alerts is ``integration/test_fault_drill.py``.
"""

from datetime import timedelta

import polars as pl

from complaints_platform.alerting.checks import Evaluation, Share, failing_now
from complaints_platform.alerting.events import State
from complaints_platform.alerting.outbox import Outbox
from complaints_platform.alerting.watching import incidents
from complaints_platform.lake.data_sets import INCIDENTS
from complaints_platform.lake.store import open_store
from complaints_platform.schemas.model import polars_schema
from complaints_platform_tests.alerting.tools import DAY, NOON


def evaluation(text, days=(), *, passed=False, check="little_is_set_aside", asset="cleaned/quarantine", **more):
    return Evaluation(
        asset=asset,
        check=check,
        passed=passed,
        is_error=False,
        description=text,
        days=tuple(days),
        **more,
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
        "sms": "40% of the records from sms on 2026-03-10 can't be read.",
        "forms": "9% of the records from forms on 2026-03-09 can't be read.",
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


def test_of_a_spike_without_any_region_the_sender_is_suspected_first():
    """A source that renames its field of the region moves all of its complaints there."""
    nowhere = incident().with_columns(regions=pl.lit('["(none)"]'))
    for frame, suspected in ((incident(), False), (nowhere, True)):
        ((condition,), _) = incidents(frame, set(), NOON)
        assert ("stopped sending regions" in condition.next_step) == suspected
        assert "Open incident i-1" in condition.next_step


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
