"""Generated complaints from files to marts, against the generator's truth, record by record."""

import json
from collections import Counter

import dagster as dg
import polars as pl
import pytest

from complaints_platform.commands.running import Runner
from complaints_platform.generator import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import (
    CATEGORIZED,
    CLEANED,
    DAILY,
    INCIDENTS,
    QUARANTINE,
    TABLES,
    table_of,
)
from complaints_platform.lake.store import open_store
from complaints_platform.marts import emerging_topics, term_counts
from complaints_platform.platform import Platform
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.settings import load_settings

TERMS, TOPICS = table_of(term_counts.MART), table_of(emerging_topics.MART)
DAYS = 12
STRUCTURED = {"phone", "email", "card", "iban", "nin", "bvn", "ssn", "nino", "national_id"}


class Month:
    """A lake filled through Dagster, and the truth about it."""

    def __init__(self, root):
        self.settings = load_settings(profile="test", lake=str(root / "lake"), landing=str(root / "landing"))
        truth = open_store(str(root))
        write_files(GeneratorOptions(days=DAYS, per_day=120), open_store(self.settings.landing), truth)
        self.truth = [
            json.loads(line)
            for name in truth.names("truth")
            if name.endswith(".ndjson")
            for line in truth.get(f"truth/{name}").splitlines()
        ]
        self.summary = json.loads(truth.get("truth/summary.json"))
        self.instance = dg.DagsterInstance.ephemeral()
        self.runner = Runner(Platform(self.settings), self.instance)
        self.runner.collect()
        self.runs = list(self.runner.update())

    def ask(self, sql):
        return pl.DataFrame(run_query(Catalogue.of(Platform(self.settings)), sql))


@pytest.fixture(scope="module")
def month(tmp_path_factory):
    return Month(tmp_path_factory.mktemp("month"))


def test_every_record_meets_the_fate_that_the_truth_says(month):
    """Of identical copies one is the complaint; which one is not said, so copies compare as a group."""
    actual = month.ask("""
        SELECT receipt.source || '/' || receipt.file_name AS file, record_number, outcome AS fate
        FROM cleaned.complaints JOIN lake.receipts AS receipt USING (raw_sha256)
        UNION ALL
        SELECT source || '/' || file_name, record_number, 'quarantined' FROM cleaned.quarantine
    """)
    fates = {(file, number): fate for file, number, fate in actual.iter_rows()}
    expected_by_key, actual_by_key = {}, {}
    for row in month.truth:
        if row["fate"] == "filtered" or "clock_repeated" in row["traits"] or row["record_number"] == 0:
            continue
        expected_by_key.setdefault(row["key"], Counter())[row["fate"]] += 1
        fate = fates.get((row["file"], row["record_number"]), "lost")
        actual_by_key.setdefault(row["key"], Counter())[fate] += 1
    wrong = {key: (expected_by_key[key], fate) for key, fate in actual_by_key.items() if fate != expected_by_key[key]}
    assert len(expected_by_key) > DAYS * 100
    assert wrong == {}


def test_filtered_records_are_counted(month):
    expected = sum(row["fate"] == "filtered" for row in month.truth)
    assert month.ask("SELECT sum(filtered)::INT FROM mart.reconciliation").item() == expected > 0


def test_every_file_reconciles(month):
    files = month.ask("SELECT * FROM mart.reconciliation")
    assert files["reconciles"].all()
    fates = [*("complaints", "duplicates", "superseded", "retracted", "filtered", "quarantined")]
    assert files["received"].sum() == sum(files[name].sum() for name in fates)


def test_marts_agree_with_the_detail(month):
    detail = month.ask("SELECT count(*) FROM categorized.complaints WHERE outcome = 'complaint'").item()
    assert month.ask("SELECT sum(complaints)::INT FROM mart.daily_complaints").item() == detail
    by_day = "SELECT sum(complaints)::INT FROM mart.complaint_trends WHERE period = 'day'"
    assert month.ask(by_day).item() == detail


def test_the_outage_stands_out_in_the_trends(month):
    outage = month.summary["outage"]
    risen = month.ask("""
        SELECT day, region, category FROM mart.complaint_trends
        WHERE period = 'day' AND day > (SELECT min(day) FROM mart.complaint_trends)
        ORDER BY change DESC LIMIT 3
    """)
    seen = [(str(day), region, category) for day, region, category in risen.iter_rows()]
    assert (outage["day"], outage["region"], outage["category"]) in seen


def test_the_outage_is_one_incident(month):
    outage = month.summary["outage"]
    incidents = month.ask("SELECT * FROM mart.incidents QUALIFY day = max(day) OVER (PARTITION BY incident_id)")
    (row,) = incidents.iter_rows(named=True)
    first, end = outage["hours_utc"]
    assert str(row["started_at"].date()) == outage["day"]
    assert first <= row["started_at"].hour < row["detected_at"].hour <= end
    assert row["ended_at"] is not None
    assert json.loads(row["regions"]) == [outage["region"]]
    assert outage["category"] in json.loads(row["categories"])
    samples = CATEGORIZED.table(Lake(month.settings.lake)).scan().collect()
    samples = samples.filter(pl.col("complaint_id").is_in(json.loads(row["sample_ids"])))
    assert set(samples["region"]) == {outage["region"]}


def test_hours_agree_with_days(month):
    by_hour = month.ask("SELECT day, sum(complaints)::INT AS n FROM mart.hourly_complaints GROUP BY 1 ORDER BY 1")
    assert by_hour.equals(
        month.ask("SELECT day, sum(complaints)::INT AS n FROM mart.daily_complaints GROUP BY 1 ORDER BY 1")
    )


def test_no_structured_identifier_stands_in_any_table(month):
    values = {pii["value"] for row in month.truth for pii in row["pii"] if pii["kind"] in STRUCTURED}
    assert len(values) > 50
    lake = Lake(month.settings.lake)
    for spec in (CLEANED, CATEGORIZED, QUARANTINE, DAILY, INCIDENTS, TERMS, TOPICS):
        frame = spec.table(lake).scan().collect()
        texts = "\n".join(
            value for name in frame.columns if frame.schema[name] == pl.String for value in frame[name].drop_nulls()
        )
        assert [value for value in values if value in texts] == []


def test_it_took_few_runs_and_nothing_is_left_to_do(month):
    assert [run.job for run in month.runs] == ["train_classifier", "complaints_by_day", "files_by_received_day"]
    assert Platform(month.settings).stale().days == {}
    month.runner.collect()
    assert list(month.runner.update()) == []


def test_one_day_made_again_gives_the_same_rows(month):
    lake = Lake(month.settings.lake)
    before = {spec: spec.table(lake).scan().collect() for spec in TABLES}
    day = max(CLEANED.table(lake).row_counts(), key=CLEANED.table(lake).row_counts().get)
    assert [run.days for run in month.runner.materialize("complaints_by_day", [day])] == [(day,)]
    for spec, frame in before.items():
        again = spec.table(lake).scan().collect()
        assert again.sort(again.columns).equals(frame.sort(frame.columns)), spec


def test_checks_pass_with_numbers(month):
    records = month.instance.get_event_records(dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION))
    evaluations = [record.event_log_entry.dagster_event.asset_check_evaluation_data for record in records]
    checks = {evaluation.check_name: evaluation for evaluation in evaluations}
    assert {"no_record_lost_or_added", "agrees_with_detail", "every_file_reconciles", "volume_as_usual"} <= set(checks)
    assert all(check.passed for check in checks.values())
    rows = CLEANED.table(Lake(month.settings.lake)).scan().collect().height
    assert checks["no_record_lost_or_added"].metadata["rows"].value == rows


def test_categories_are_given_to_complaints_only(month):
    odd = month.ask("""
        SELECT count(*) FROM categorized.complaints
        WHERE (outcome = 'complaint') <> (category IS NOT NULL)
    """)
    assert odd.item() == 0
