"""Public data sets become sources by one YAML file each, and every count equals a count made without us."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest

from complaints_platform.commands.running import Runner
from complaints_platform.intake.collectors import collect_jobs
from complaints_platform.intake.files import Status, collect_all
from complaints_platform.platform import Platform
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.settings import load_settings
from complaints_platform_tests import contracts

MOST_RUNS = 4
"""Training, the days of complaints (at most two batches), the day received: however many days a file holds."""

NEW_YORK = ZoneInfo("America/New_York")


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def utc_day(text, pattern, zone=UTC):
    return datetime.strptime(text, pattern).replace(tzinfo=zone).astimezone(UTC).date()


def cfpb_day(row):
    for pattern in ("%m/%d/%y", "%Y/%m/%d", "%Y-%m-%d", "%d-%m-%Y"):
        try:
            return datetime.strptime(row["date"], pattern).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


class Case:
    """A source, its files, and how its records' days are read with nothing but the standard library."""

    def __init__(self, name, contract, files, day_of):
        self.name = name
        self.contract = contract
        self.files = files
        self.day_of = day_of

    def has_text(self, row):
        columns = self.contract["fields"]["text"]
        return any(row[column].strip() for column in ([columns] if isinstance(columns, str) else columns))


CASES = [
    Case(
        "comcast",
        contracts.COMCAST,
        ["comcast_telecom_complaints.csv"],
        lambda row: utc_day(f"{row['Date']} {row['Time']}", "%d-%m-%Y %I:%M:%S %p", NEW_YORK),
    ),
    Case(
        "tweets",
        contracts.TWEETS,
        ["uk_telco_tweets_labelled.csv", "uk_telco_tweets_unlabelled.csv"],
        lambda row: utc_day(row["created"], "%Y-%m-%d %H:%M:%S"),
    ),
    Case(
        "nyc311",
        contracts.NYC311,
        ["nyc311_sample.csv"],
        lambda row: utc_day(row["created_date"], "%Y-%m-%dT%H:%M:%S.%f", NEW_YORK),
    ),
    Case("cfpb", contracts.CFPB, ["cfpb_narratives.csv"], cfpb_day),
]


@pytest.fixture(scope="module")
def platform(tmp_path_factory):
    """Bring a case's files through Dagster into the marts, once; return a way to ask in SQL."""

    @cache
    def run(case, folder):
        root = tmp_path_factory.mktemp(case.name)
        contracts.write_contract(root / "sources", case.name, case.contract)
        settings = load_settings(
            profile="test", lake=str(root / "lake"), landing=str(root / "landing"), sources=root / "sources"
        )
        jobs = collect_jobs(
            Platform(settings).collectors(),
            Platform(settings).landing,
            [folder / name for name in case.files],
            case.name,
        )
        assert {done.status for _, done in collect_all(jobs, 2)} == {Status.COLLECTED}
        with dg.DagsterInstance.ephemeral() as instance:
            runs = list(Runner(Platform(settings), instance).update())
        assert len(runs) <= MOST_RUNS
        assert Platform(settings).stale().days == {}
        catalogue = Catalogue.of(Platform(settings))
        return lambda sql: pl.DataFrame(run_query(catalogue, sql))

    return run


@pytest.mark.parametrize(
    "case",
    # Thousands of days in one file: a minute of work.
    [*CASES[:3], pytest.param(CASES[3], marks=pytest.mark.drill)],
    ids=lambda case: case.name,
)
def test_a_public_file_becomes_a_source_without_code(case, platform, real_data):
    ask = platform(case, real_data)
    rows = [row for name in case.files for row in rows_of(real_data / name)]
    readable = [row for row in rows if case.day_of(row) and case.has_text(row)]
    expected = Counter(case.day_of(row) for row in readable)

    counted = ask("SELECT day, count(*) AS n FROM cleaned.complaints GROUP BY day")
    assert dict(counted.iter_rows()) == expected

    files = ask("SELECT * FROM mart.reconciliation")
    assert files["reconciles"].all()
    assert files["received"].sum() == len(rows)
    unreadable = len(rows) - len(readable)
    assert files["quarantined"].sum() == unreadable == ask("SELECT count(*) FROM cleaned.quarantine").item()

    mart = ask("SELECT sum(complaints) FROM mart.daily_complaints").item()
    assert mart == files["complaints"].sum()


def test_comcast_has_two_channels_from_one_column(platform, real_data):
    ask = platform(CASES[0], real_data)
    rows = rows_of(real_data / CASES[0].files[0])
    names = CASES[0].contract["channel"]["values"]
    expected = Counter(names[row["Received Via"]] for row in rows)
    channels = ask("SELECT channel, sum(complaints)::INT AS n FROM mart.daily_complaints GROUP BY channel")
    assert dict(channels.iter_rows()) == expected


def test_one_comcast_complaint_leads_back_from_the_mart_to_its_line(platform, real_data):
    ask = platform(CASES[0], real_data)
    traced = ask("""
        WITH cell AS (
            SELECT day, region, category FROM mart.daily_complaints
            ORDER BY complaints DESC, day, region, category LIMIT 1
        ), complaint AS (
            SELECT * FROM categorized.complaints JOIN cell USING (day, region, category)
            WHERE outcome = 'complaint' ORDER BY complaint_id LIMIT 1
        )
        SELECT receipt.file_name, raw.line_number, raw.raw_record, raw.source_id
        FROM complaint
        JOIN raw.comcast AS raw USING (raw_sha256, record_number)
        JOIN lake.receipts AS receipt USING (raw_sha256)
    """)
    ((file_name, line_number, raw_record, ticket),) = traced.iter_rows()
    lines = (real_data / file_name).read_bytes().decode("utf-8-sig").splitlines()
    assert lines[line_number - 1] == raw_record
    assert next(csv.reader(io.StringIO(raw_record)))[0] == ticket


@pytest.mark.drill
def test_cfpb_records_without_a_date_are_quarantined_with_that_reason(platform, real_data):
    ask = platform(CASES[3], real_data)
    reasons = ask("SELECT reason, count(*) AS n FROM cleaned.quarantine GROUP BY reason")
    undated = sum(not row["date"].strip() for row in rows_of(real_data / CASES[3].files[0]))
    assert dict(reasons.iter_rows()) == {"missing_time": undated}
