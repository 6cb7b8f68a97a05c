"""From a question about a metric to one SQL statement with parameters.

The words of a question are checked against the registry's closed lists, values travel as parameters: nothing
that a person types becomes SQL. Running the statement, and on which tables, is the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from complaints_platform.errors import QueryError
from complaints_platform.marts.definition import GRAINS, Grain, Metric
from complaints_platform.marts.registry import MARTS, METRICS

PERIODS: Mapping[Grain, str] = {
    "day": "{}",
    "week": "CAST(date_trunc('week', {}) AS DATE)",
    "month": "CAST(date_trunc('month', {}) AS DATE)",
}
"""Grain → the first day of the period that a day lies in; ISO weeks begin on Monday."""

STEP: Mapping[Grain, str] = {"day": "INTERVAL 1 DAY", "week": "INTERVAL 7 DAY", "month": "INTERVAL 1 MONTH"}


@dataclass(frozen=True)
class Question:
    """What is asked of a metric."""

    first: date
    last: date
    """Days of the mart's ``day_column``, both inclusive."""
    grain: Grain = "total"
    by: Sequence[str] = ()
    where: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    """Dimension → the values that count, any of them; None stands for rows that have none."""


@dataclass(frozen=True)
class Statement:
    """One SELECT: columns ``period`` (first day; absent for a total), those asked for by, and ``value``."""

    sql: str
    parameters: list[Any]


def metric_named(name: str) -> Metric:
    """Return a metric of the registry; ``QueryError``, which lists all names, if there is none of this name."""
    if name not in METRICS:
        raise QueryError(f"no metric {name}; there are {', '.join(METRICS)}")
    return METRICS[name]


@dataclass(frozen=True)
class Beside:
    """What is asked of several metrics of one mart at once: the same periods, side by side."""

    spans: Sequence[tuple[date, date]]
    """First and last day of each, both inclusive."""
    by: Sequence[str] = ()
    where: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    daily: bool = False
    """Day by day instead of each span as a whole."""


def measure(metric: Metric, question: Question, cohorts: str | None = None) -> Statement:
    """Return the statement that answers a question about a metric, by period and value of the dimensions.

    Periods and values without rows are absent. ``cohorts`` may name a table made by ``cohorts_of``, for a metric with
    ``open_rows``: it holds far fewer rows than the mart.

    Raises:
        QueryError: a dimension or grain is not one of the metric's, or the days are in the wrong order.
    """
    _check(metric, question)
    if metric.open_rows is not None:
        keyed = question.grain != "total"
        sql, days = _periods(question)
        ends = _Ends(sql, days, question.first if keyed else question.last, question.last)
        return _measure_open([metric], question.by, question.where, ends, cohorts, keyed=keyed)
    day = MARTS[metric.table].day_column
    period = [] if question.grain == "total" else [f"{PERIODS[question.grain].format(day)} AS period"]
    conditions, parameters = filter_conditions(question.where)
    return _select(
        [*period, *question.by],
        [metric.expression],
        metric.table,
        [f"{day} BETWEEN ? AND ?", *([f"({metric.filter})"] if metric.filter else []), *conditions],
        [question.first, question.last, *parameters],
    )


def measure_beside(metrics: Sequence[Metric], asked: Beside, cohorts: str | None = None) -> Statement:
    """Return one statement for several metrics of one mart over several spans: one scan of each span, not many.

    Columns are ``span`` (its number), ``period`` (the day, if asked day by day), those asked for by, and the value of
    each metric, in order. Groups without rows are absent. The order of rows is any. The metrics are either all states
    of the same ``open_rows`` or none; for ``cohorts`` see ``measure``.

    Raises:
        QueryError: a dimension is not one of a metric's, or days are in the wrong order.
    """
    first = metrics[0]
    for metric in metrics:
        if (metric.table, metric.open_rows) != (first.table, first.open_rows):
            raise TypeError(f"{metric.name} can't be measured together with {first.name}")
        for start, end in asked.spans:
            _check(metric, Question(start, end, by=asked.by, where=asked.where))
    if first.open_rows is not None:
        if asked.daily:
            raise TypeError("what is open is measured at the end of spans")
        ends = ", ".join(f"({number}, CAST(? AS DATE))" for number in range(len(asked.spans)))
        periods = f"SELECT period, period_end FROM (VALUES {ends}) AS spans(period, period_end)"  # noqa: S608  # numbers of this module
        days = [end for _, end in asked.spans]
        return _measure_open(metrics, asked.by, asked.where, _Ends(periods, days, min(days), max(days)), cohorts)
    day = MARTS[first.table].day_column
    conditions, parameters = filter_conditions(asked.where)
    columns = [*([f"{day} AS period"] if asked.daily else []), *asked.by]
    # A scan for each span passes over all other days, and needs no grouping where none is asked for.
    spans = [
        _select(
            columns,
            [metric.expression for metric in metrics],
            first.table,
            [f"{day} BETWEEN ? AND ?", *conditions],
            [start, end, *parameters],
        )
        for start, end in asked.spans
    ]
    sql = " UNION ALL ".join(f"SELECT {number} AS span, * FROM ({span.sql})" for number, span in enumerate(spans))  # noqa: S608  # statements of this module
    return Statement(sql, [value for span in spans for value in span.parameters])


def cohorts_of(metric: Metric) -> str:
    """Return SQL of the rows of a mart that are open at the end of some day, counted together.

    A SELECT with day (the partition), opened_on, closed_on (null: still open), the metric's dimensions and n.
    """
    rows = metric.open_rows
    if rows is None:
        raise TypeError(f"{metric.name} is no state")
    keys = ", ".join(["day", f"{rows.since} AS opened_on", f"{rows.until} AS closed_on", *metric.dimensions])
    return (
        f"SELECT {keys}, count(*) AS n FROM {metric.table} "  # noqa: S608  # constants of the registry
        f"WHERE {rows.since} IS NOT NULL AND ({rows.until} IS NULL OR {rows.until} > {rows.since}) GROUP BY ALL"
    )


@dataclass(frozen=True)
class _Ends:
    """The days at whose end something is asked for."""

    sql: str
    """SELECT of period and period_end."""
    parameters: list[Any]
    earliest: date
    """No end is before."""
    latest: date
    """No end is after."""


def _measure_open(
    metrics: Sequence[Metric],
    by: Sequence[str],
    where: Mapping[str, Sequence[str | None]],
    ends: _Ends,
    cohorts: str | None,
    *,
    keyed: bool = True,
) -> Statement:
    """Meet days with what is open at their ends.

    Rows of the same two days are counted together before they meet the periods: of a year there are thousands of
    pairs of days, of complaints millions. How many are younger is worked out only where a metric asks for it.
    """
    conditions, parameters = filter_conditions(where)
    reached = ["opened_on <= ?", "(closed_on IS NULL OR closed_on > ?)", *conditions]
    # A day that never comes instead of null, so that the join has two plain comparisons.
    pair = ", ".join(["opened_on", "coalesce(closed_on, DATE '9999-12-31') AS closed_on", *by])
    counted = (
        f"SELECT {pair}, sum(n) AS n FROM {cohorts or f'({cohorts_of(metrics[0])})'} "  # noqa: S608  # constants of the registry
        f"WHERE {' AND '.join(reached)} GROUP BY ALL"
    )
    keys = ["period", *by]
    met = f"FROM ({ends.sql}) JOIN ({counted}) ON opened_on <= period_end AND closed_on > period_end"
    found = f"SELECT {', '.join(keys)}, period_end - opened_on AS age, n AS rows_of_age {met}"
    if any("rows_up_to_age" in metric.expression for metric in metrics):
        together = f"PARTITION BY {', '.join(keys)}"
        of_age = f"SELECT {', '.join(keys)}, age, sum(rows_of_age) AS rows_of_age FROM ({found}) GROUP BY ALL"  # noqa: S608  # constants of the registry
        found = (
            f"SELECT *, sum(rows_of_age) OVER ({together} ORDER BY age) AS rows_up_to_age, "  # noqa: S608  # constants of the registry
            f"sum(rows_of_age) OVER ({together}) AS rows_open FROM ({of_age})"
        )
    expressions = [metric.expression for metric in metrics]
    statement = _select(keys if keyed else by, expressions, f"({found})", [], [])
    return Statement(statement.sql, [*ends.parameters, ends.latest, ends.earliest, *parameters])


def _periods(question: Question) -> tuple[str, list[Any]]:
    """Return SQL of the periods that a question reaches (period, period_end), and its parameters."""
    if question.grain == "total":
        return "SELECT NULL AS period, CAST(? AS DATE) AS period_end", [question.last]
    start, step = PERIODS[question.grain].format("CAST(? AS DATE)"), STEP[question.grain]
    end = f"least(CAST(start + {step} AS DATE) - 1, CAST(? AS DATE))"
    series = f"generate_series({start}, CAST(? AS DATE), {step}) AS series(start)"
    sql = f"SELECT CAST(start AS DATE) AS period, {end} AS period_end FROM {series}"  # noqa: S608  # constants of this module
    return sql, [question.last, question.first, question.last]


def _select(
    columns: Sequence[str], expressions: Sequence[str], source: str, conditions: Sequence[str], parameters: list[Any]
) -> Statement:
    """Group by all columns but the values, and order by them."""
    positions = ", ".join(str(number + 1) for number in range(len(columns)))
    # The first is the one that most questions have.
    values = [f"{each} AS value{f'_{number}' * bool(number)}" for number, each in enumerate(expressions)]
    sql = f"SELECT {', '.join([*columns, *values])} FROM {source}"  # noqa: S608  # constants of the registry
    if conditions:
        sql += f" WHERE {' AND '.join(conditions)}"
    if positions:
        sql += f" GROUP BY {positions} ORDER BY {positions}"
    return Statement(sql, parameters)


def filter_conditions(where: Mapping[str, Sequence[str | None]]) -> tuple[list[str], list[Any]]:
    """Return SQL conditions, and their parameters, for columns that must have one of some values (None: no value)."""
    conditions: list[str] = []
    parameters: list[Any] = []
    for name, values in where.items():
        named = [value for value in values if value is not None]
        either = []
        if named:
            either.append(f"{name} IN ({', '.join('?' * len(named))})")
            parameters += named
        if len(named) < len(values):
            either.append(f"{name} IS NULL")
        conditions.append(f"({' OR '.join(either) or 'false'})")
    return conditions, parameters


def _check(metric: Metric, question: Question) -> None:
    for name in [*question.by, *question.where]:
        if name not in metric.dimensions:
            raise QueryError(f"{metric.name} has no dimension {name}; it has {', '.join(metric.dimensions)}")
    if question.grain not in GRAINS:
        raise QueryError(f"{metric.name} has no grain {question.grain}; it has {', '.join(GRAINS)}")
    if question.last < question.first:
        raise QueryError(f"the last day {question.last} is before the first {question.first}")
