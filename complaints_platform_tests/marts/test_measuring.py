from datetime import date

import duckdb
import pytest

from complaints_platform.errors import QueryError
from complaints_platform.marts.measuring import Question, measure, metric_named
from complaints_platform.marts.registry import MARTS, METRICS
from complaints_platform.schemas.model import polars_schema
from complaints_platform_tests.frames import daily_rows

FIRST, LAST = date(2026, 3, 10), date(2026, 3, 31)


@pytest.mark.parametrize("name", METRICS)
def test_every_definition_names_what_its_mart_has(name):
    metric = METRICS[name]
    columns = polars_schema(MARTS[metric.table].model).names()
    assert MARTS[metric.table].day_column in columns
    assert set(metric.dimensions) <= set(columns)
    assert name == metric.name


def test_values_are_parameters_and_never_sql():
    bad = "x') OR 1 = 1 --"
    asked = measure(METRICS["complaints"], Question(FIRST, LAST, where={"region": [bad, None]}))
    assert bad in asked.parameters
    assert bad not in asked.sql


@pytest.mark.parametrize(
    "question",
    [
        Question(FIRST, LAST, by=["complaints); DROP TABLE x --"]),
        Question(FIRST, LAST, where={"complaints": ["1"]}),
        Question(FIRST, LAST, grain="century"),
        Question(LAST, FIRST),
    ],
)
def test_what_the_registry_does_not_name_is_refused(question):
    with pytest.raises(QueryError):
        measure(METRICS["complaints"], question)


def test_an_unknown_metric_is_refused_with_those_that_there_are():
    with pytest.raises(QueryError, match=r"no metric happiness; there are complaints"):
        metric_named("happiness")


def test_no_value_counts_if_none_is_named():
    rows = [{"day": FIRST, "complaints": 2}, {"day": FIRST, "region": None, "complaints": 3}]
    connection = duckdb.connect()
    connection.register("rows", daily_rows(*rows).to_arrow())
    connection.execute("CREATE SCHEMA mart; CREATE VIEW mart.daily_complaints AS SELECT * FROM rows")

    def ask(**where):
        asked = measure(METRICS["complaints"], Question(FIRST, LAST, where=where))
        return connection.execute(asked.sql, asked.parameters).fetchall()

    assert ask() == [(5,)]
    assert ask(region=[None]) == [(3,)]
    assert ask(region=["north", None]) == [(5,)]
    assert ask(region=[]) == [(0,)]
