"""SQL of other people: what it must not be able to do, and that the limits hold."""

import os
import signal
import time
from dataclasses import replace

import pytest

from complaints_platform.errors import QueryError
from complaints_platform.serving.auth import Role
from complaints_platform.serving.sql.language import connect, data_sets_of, statement_of
from complaints_platform.serving.sql.sandbox import KEPT, Limits, Sandbox, _end, _start
from complaints_platform.serving.sql.worker import GRACE_SECONDS

LIMITS = Limits(seconds=1.5, memory_mb=256, rows=1000, at_once=2)
ANALYST = {"categorized.complaints", "mart.daily_complaints"}


def names(sql):
    connection = connect()
    try:
        statement_of(connection, sql)
        return data_sets_of(connection, sql)
    finally:
        connection.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sleep_ms(10000)",
        "SELECT pg_sleep(10)",
        "SELECT (SELECT content FROM read_text('/etc/passwd'))",
        "SELECT * FROM mart.daily_complaints WHERE EXISTS (SELECT * FROM read_csv('/etc/passwd'))",
        "WITH x AS (SELECT * FROM glob('/*')) SELECT * FROM x",
        "SELECT * FROM '/etc/passwd'",
        'SELECT * FROM "/etc/passwd"',
        "SELECT * FROM parquet_metadata('x')",
        "SELECT * FROM query('SELECT 1')",
        "SELECT * FROM query_table('x')",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM duckdb_settings",
        "WITH duckdb_settings AS (SELECT 1) SELECT * FROM duckdb_settings",
        'WITH "a.csv" AS (SELECT 1) SELECT * FROM "a.csv"',
        "SELECT current_setting('memory_limit')",
        "SELECT getenv('HOME')",
        "SELECT getvariable('x')",
        "SELECT version()",
        "SELECT * FROM a.b.c",
        "SELECT * FROM (DESCRIBE mart.daily_complaints)",
        "SUMMARIZE mart.daily_complaints",
        "SET memory_limit = '10GB'",
        "COPY mart.daily_complaints TO '/tmp/x'",
        "ATTACH '/tmp/x'",
        "EXPLAIN ANALYZE SELECT 1",
        "SELECT nextval('x')",
        "SELECT write_log('x')",
        "SELECT json_serialize_plan('SELECT 1')",
        "SELECT 'x'.sleep_ms()",
    ],
)
def test_more_than_reading_and_computing_is_refused(sql):
    with pytest.raises(QueryError):
        names(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT channel, sum(complaints) FILTER (region IS NULL), median(complaints) FROM {} GROUP BY ALL",
        "FROM {} SELECT day + 1, channel LIKE 's%', row_number() OVER (PARTITION BY day ORDER BY region)",
        "WITH a AS (SELECT * FROM {}) SELECT * FROM a JOIN a AS b USING (day) WHERE a.day IN (SELECT day FROM a)",
        "SELECT date_trunc('week', day), regexp_replace(region, 'x', 'y'), list_transform([1], x -> x + 1) FROM {}",
        "SELECT * EXCLUDE (day), now() FROM {} USING SAMPLE 10 ROWS",
        "SELECT r.range FROM range(3) AS r, {}, unnest([1, 2]) AS u(x)",
    ],
)
def test_what_analysts_write_is_not(sql):
    assert names(sql.format("mart.daily_complaints")) == {"mart.daily_complaints"}


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000000) b", 408, "time_limit"),
        ("WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT max(n) FROM r", 408, "time_limit"),
        ("SELECT range(0, 500000000)", 413, "memory_limit"),
        ("SELECT repeat('x', 3000000000)", 413, "memory_limit"),
        ("SELECT list(range) FROM range(200000000)", 413, "memory_limit"),
        ("SELECT rpad('a', 1000000000, 'b') FROM range(1000)", None, None),
        (f"SELECT {'(' * 20000}1{')' * 20000}", 400, "refused"),
        ("SELECT 'a'::INT", 400, "failed"),
        ("SELECT $1", 400, "failed"),
        ("SELECT * FROM raw.sms", 400, "refused"),
        ("SELECT * FROM lake.receipts", 400, "refused"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_explosions_end_in_a_limit_and_the_service_lives_on(served, sql, status, code):
    started = time.monotonic()
    answer = served.client(Role.ANALYST).post("/api/v1/sql", json={"sql": sql})
    assert time.monotonic() - started < 12
    if status is None:
        assert answer.json()["error"]["code"] in {"time_limit", "memory_limit"}
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text


def test_rows_are_limited_and_it_is_said(served):
    client = served.client(Role.ANALYST)
    answer = client.post("/api/v1/sql", json={"sql": "SELECT range AS n FROM range(100000000)"}).json()
    assert (len(answer["rows"]), answer["truncated"]) == (1000, True)
    answer = client.post(
        "/api/v1/sql",
        json={"sql": "SELECT 1 AS n, DATE '2026-03-10' AS d, 1e300 * 1e300 AS x, 2::HUGEINT << 80 AS big"},
    )
    assert answer.json()["rows"] == [[1, "2026-03-10", None, str(2**81)]]
    assert answer.json()["truncated"] is False


def test_only_the_privacy_officer_sees_raw_records(served):
    body = {"sql": "SELECT count(*) AS n FROM raw.sms"}
    assert served.client(Role.PRIVACY_OFFICER).post("/api/v1/sql", json=body).json()["rows"][0][0] > 0
    names_of = {
        role: {each["name"] for each in served.get("/api/v1/datasets", role).json()}
        for role in (Role.ANALYST, Role.PRIVACY_OFFICER)
    }
    assert names_of[Role.PRIVACY_OFFICER] - names_of[Role.ANALYST] == {
        "raw.sms",
        "raw.social_media",
        "raw.web_forms",
        "raw.call_centre",
        "lake.receipts",
    }


def test_the_process_of_a_query_holds_no_secret_and_ends_with_it(monkeypatch):
    for name in ("POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY", "COMPLAINTS_DATA_KEY", "SOMEBODYS_TOKEN"):
        monkeypatch.setenv(name, "x")
    process = _start()
    with open(f"/proc/{process.pid}/environ", "rb") as file:  # noqa: PTH123
        variables = [entry.split(b"=")[0].decode() for entry in file.read().split(b"\0")]
    assert [name for name in variables if name and not name.startswith(KEPT)] == []
    _end(process)
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_query_whose_process_dies_is_an_error_of_the_query(served, monkeypatch):
    sandbox = Sandbox(served.service.catalogue, LIMITS)
    process = _start()
    sandbox._spare.put(process)
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(Exception, match="it took more than it may"):
        sandbox.run("SELECT 1", ANALYST, None)
    assert sandbox.run("SELECT 1 AS n", ANALYST, None).table.to_pylist() == [{"n": 1}]
    sandbox.close()


def test_the_clock_of_a_query_stands_while_its_files_are_fetched(served, monkeypatch):
    opened = type(served.service.catalogue).open

    def slowly(*arguments):
        time.sleep(0.2 + GRACE_SECONDS + 0.5)
        return opened(*arguments)

    monkeypatch.setattr(type(served.service.catalogue), "open", slowly)
    sandbox = Sandbox(served.service.catalogue, replace(LIMITS, seconds=0.2))
    result = sandbox.run("SELECT count(*) AS n FROM mart.daily_complaints", ANALYST, served.service.warehouse.manifest)
    assert result.table.num_rows == 1
    assert result.milliseconds < 2000
    sandbox.close()


def test_too_many_at_once_wait_and_then_are_told(served, monkeypatch):
    monkeypatch.setattr("complaints_platform.serving.sql.sandbox.WAIT_FOR_A_TURN_SECONDS", 0.05)
    sandbox = Sandbox(served.service.catalogue, replace(LIMITS, at_once=1))
    sandbox._turns.acquire()
    with pytest.raises(Exception, match="too many queries"):
        sandbox.run("SELECT 1", ANALYST, None)
