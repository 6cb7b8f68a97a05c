import io
import json
from datetime import date

import polars as pl
import pytest
from rich.console import Console

from complaints_platform.errors import QueryError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import DAILY
from complaints_platform.lake.tables import DayFrame
from complaints_platform.platform import Platform
from complaints_platform.serving.sql.query import Catalogue, render, run_query
from complaints_platform.serving.status import gather, render_text
from complaints_platform_tests.frames import daily_rows

DAY = date(2026, 3, 10)


@pytest.fixture
def catalogue(tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    frame = daily_rows(*({"day": DAY, "region": region, "complaints": 3} for region in ("north", "a|b <script>")))
    DAILY.table(lake).replace_days([DAY], [DayFrame(DAY, frame, "f")])
    return Catalogue(lake, ["sms"])


def test_data_sets_go_by_their_asset_names(catalogue):
    result = run_query(catalogue, "SELECT region, complaints FROM mart.daily_complaints ORDER BY region")
    assert result.to_pylist() == [{"region": "a|b <script>", "complaints": 3}, {"region": "north", "complaints": 3}]


def test_data_sets_that_were_never_made_are_empty(catalogue):
    for name in catalogue.names():
        if name != "mart.daily_complaints":
            assert run_query(catalogue, f"SELECT * FROM {name}").num_rows == 0  # noqa: S608


def test_joins_and_common_table_expressions_work(catalogue):
    sql = """
        WITH n AS (SELECT day, sum(complaints) AS n FROM mart.daily_complaints GROUP BY day)
        SELECT n.n FROM n LEFT JOIN cleaned.complaints USING (day)
    """
    assert run_query(catalogue, sql).to_pylist() == [{"n": 6}]


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE mart.daily_complaints",
        "INSERT INTO mart.daily_complaints VALUES (1)",
        "CREATE TABLE x AS SELECT 1",
        "COPY (SELECT 1) TO 'x.csv'",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE x",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_parquet('http://localhost/x.parquet')",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '1GB'",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "EXPORT DATABASE 'x'",
        "SELECT * FROM frame",
        "SELECT * FROM mart.nothing",
        "",
        "   ",
        "SELEC 1",
    ],
)
def test_anything_but_one_harmless_select_is_refused(catalogue, sql, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(QueryError):
        run_query(catalogue, sql)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_unknown_name_lists_those_that_exist(catalogue):
    with pytest.raises(QueryError, match=r"mart\.daily, *|no data set mart\.daily; there are .*mart\.daily_complaints"):
        run_query(catalogue, "SELECT * FROM mart.daily")


def test_formats(catalogue):
    result = run_query(catalogue, "SELECT region, complaints, day FROM mart.daily_complaints WHERE region = 'north'")
    assert render(result, "csv").decode() == "region,complaints,day\nnorth,3,2026-03-10\n"
    assert json.loads(render(result, "json")) == {"region": "north", "complaints": 3, "day": "2026-03-10"}
    assert pl.read_parquet(io.BytesIO(render(result, "parquet"))).rows() == [("north", 3, DAY)]
    assert "1 rows" in render(result, "table").decode()


def test_status_says_of_when_the_answers_are(make_settings):
    settings = make_settings()
    assert gather(Platform(settings)).published_at is None
    published = Lake(settings.lake).manifests.publish(None, {})
    status = gather(Platform(settings))
    assert status.as_json()["published_at"] == published.published_at.isoformat()
    console = Console(record=True, width=120)
    render_text(status, console)
    assert f"as of {published.published_at:%Y-%m-%d %H:%M:%S} UTC" in console.export_text()
