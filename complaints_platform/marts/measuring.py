"""From a question about a metric to one SQL statement with parameters.

The words of a question are checked against the registry's closed lists, values travel as parameters: nothing
that a person types becomes SQL. Running the statement, and on which tables, is the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from complaints_platform.errors import QueryError
from complaints_platform.marts.registry import MARTS, METRICS, Grain, Metric

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
    """Return a metric of the registry.

    Raises:
        QueryError: there is none of this name; the message lists those that there are.
    """
    if name not in METRICS:
        raise QueryError(f"no metric {name}; there are {', '.join(METRICS)}")
    return METRICS[name]


def measure(metric: Metric, question: Question) -> Statement:
    """Return the statement that answers a question about a metric.

    Periods and values without rows are absent. Rows come by period and value of the dimensions.

    Raises:
        QueryError: a dimension or grain is not one of the metric's, or the days are in the wrong order.
    """
    _check(metric, question)
    if metric.open_rows is not None:
        return _measure_state(metric, question)
    day = MARTS[metric.table].day_column
    period = [] if question.grain == "total" else [f"{PERIODS[question.grain].format(day)} AS period"]
    conditions, parameters = _conditions(metric, question)
    return _select(
        metric,
        [*period, *question.by],
        metric.table,
        [f"{day} BETWEEN ? AND ?", *conditions],
        [question.first, question.last, *parameters],
    )


def _measure_state(metric: Metric, question: Question) -> Statement:
    """Count rows that are open at the end of each period, the last of which ends with the question.

    Rows of the same two days are counted together before they meet the periods: of a year there are thousands of
    pairs of days, of complaints millions.
    """
    rows = metric.open_rows
    if rows is None:
        raise TypeError(f"{metric.name} is no state")
    conditions, parameters = _conditions(metric, question)
    reached = [*conditions, f"{rows.since} <= ?", f"({rows.until} IS NULL OR {rows.until} > ?)"]
    cohort = ", ".join([f"{rows.since} AS opened_on", f"{rows.until} AS closed_on", *question.by])
    cohorts = f"SELECT {cohort}, count(*) AS n FROM {metric.table} WHERE {' AND '.join(reached)} GROUP BY ALL"  # noqa: S608  # constants of the registry
    periods, days = _periods(question)
    keys = ["period", *question.by]
    of_age = (
        f"SELECT {', '.join(keys)}, period_end - opened_on AS age, sum(n) AS rows_of_age "  # noqa: S608  # constants of the registry
        f"FROM ({periods}) JOIN ({cohorts}) ON opened_on <= period_end "
        "AND (closed_on IS NULL OR closed_on > period_end) GROUP BY ALL"
    )
    together = f"PARTITION BY {', '.join(keys)}"
    ranked = (
        f"SELECT *, sum(rows_of_age) OVER ({together} ORDER BY age) AS rows_up_to_age, "  # noqa: S608  # constants of the registry
        f"sum(rows_of_age) OVER ({together}) AS rows_open FROM ({of_age})"
    )
    columns = list(question.by) if question.grain == "total" else keys
    found = _select(metric, columns, f"({ranked})", [], [])
    return Statement(found.sql, [*days, *parameters, question.last, question.first])


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
    metric: Metric, columns: Sequence[str], source: str, conditions: Sequence[str], parameters: list[Any]
) -> Statement:
    """Group by all columns but the value, and order by them."""
    positions = ", ".join(str(number + 1) for number in range(len(columns)))
    sql = f"SELECT {', '.join([*columns, f'{metric.expression} AS value'])} FROM {source}"  # noqa: S608  # constants of the registry
    if conditions:
        sql += f" WHERE {' AND '.join(conditions)}"
    if positions:
        sql += f" GROUP BY {positions} ORDER BY {positions}"
    return Statement(sql, parameters)


def _conditions(metric: Metric, question: Question) -> tuple[list[str], list[Any]]:
    conditions, parameters = ([f"({metric.filter})"] if metric.filter else []), []
    for name, values in question.where.items():
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
    if question.grain not in metric.grains:
        raise QueryError(f"{metric.name} has no grain {question.grain}; it has {', '.join(metric.grains)}")
    if question.last < question.first:
        raise QueryError(f"the last day {question.last} is before the first {question.first}")
