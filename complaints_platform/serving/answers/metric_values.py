"""Values of metrics from the loaded marts: by period and dimensions, with the previous values.

What a metric is stands in ``marts.registry``, and what SQL a question becomes in ``marts.measuring``; here
belongs which rows of two periods stand beside each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from complaints_platform.marts.definition import GRAINS, Grain, Metric
from complaints_platform.marts.measuring import Beside, Question, measure, measure_beside, metric_named
from complaints_platform.marts.registry import MARTS, METRICS
from complaints_platform.serving.models import MetricAnswer, MetricInfo, MetricRow, Metrics
from complaints_platform.serving.scope import FIRST_DAY, Filters, Period
from complaints_platform.serving.scope import period as period_of
from complaints_platform.serving.store.warehouse import VERSIONS, Row, Snapshot, cohorts_table

Compare = Literal["previous", "year"]
Number = int | float | None
Key = tuple[object, ...]
Pair = tuple[Number, Number]
"""Now and before."""
MONTHS = 12


@dataclass(frozen=True)
class MetricRequest:
    """A request for the values of a metric."""

    name: str
    first: date | None
    last: date | None
    grain: Grain
    by: tuple[str, ...]
    filters: Filters
    compare: Compare | None
    limit: int


def registry() -> Metrics:
    """Return all definitions."""
    same = MetricInfo.model_fields.keys() - {"grain", "grains"}
    return Metrics(
        metrics=[
            MetricInfo(
                grain=MARTS[metric.table].grain, grains=list(GRAINS), **{name: getattr(metric, name) for name in same}
            )
            for metric in METRICS.values()
        ]
    )


def answer(snapshot: Snapshot, request: MetricRequest) -> MetricAnswer:
    """Return a metric by period and dimensions, largest value first within a period.

    Raises:
        QueryError: the metric, a dimension or the grain is not in the registry.
    """
    metric = metric_named(request.name)
    days = snapshot.days(metric.table)
    chosen = period_of(request.first, request.last, days) or Period(FIRST_DAY, FIRST_DAY)
    rows = values(snapshot, metric, chosen, request.grain, request.by, request.filters)
    earlier = None if request.compare is None else before(chosen, request.grain, request.compare)
    previous: dict[Key, Number] = {}
    if earlier is not None and request.compare is not None:
        previous = {
            (_later(key[0], chosen, request.grain, request.compare), *key[1:]): value
            for key, value in values(snapshot, metric, earlier, request.grain, request.by, request.filters).items()
        }
        rows = {**{key: _nothing(metric) for key in previous if key not in rows and _lies_in(key[0], chosen)}, **rows}
    ordered = sorted(rows.items(), key=lambda row: (str(row[0][0] or ""), -(row[1] or 0), str(row[0])))
    return MetricAnswer(
        as_of=snapshot.as_of,
        metric=metric.name,
        title=metric.title,
        unit=metric.unit,
        grain=request.grain,
        by=list(request.by),
        first=chosen.first,
        last=chosen.last,
        previous_from=earlier.first if earlier else None,
        previous_to=earlier.last if earlier else None,
        rows=[
            MetricRow.model_validate(
                {**dict(zip(("period", *request.by), key, strict=True)), "value": value, "previous": previous.get(key)}
            )
            for key, value in ordered[: request.limit]
        ],
        truncated=len(ordered) > request.limit,
        mixed_versions=mixed_versions(snapshot, Period(earlier.first, chosen.last) if earlier else chosen),
    )


def values(  # what a question consists of
    snapshot: Snapshot, metric: Metric, period: Period, grain: Grain, by: Sequence[str], filters: Filters
) -> dict[Key, Number]:
    """Return (period, dimensions …) → value; the period of a total is None."""
    question = Question(period.first, period.last, grain, tuple(by), filters.where)
    statement = measure(metric, question, cohorts_table(metric.table) if metric.open_rows else None)
    rows = snapshot.rows(statement.sql, statement.parameters)
    return {((None, *row[:-1]) if grain == "total" else row[:-1]): row[-1] for row in rows}


def now_and_before(snapshot: Snapshot, metrics: Sequence[Metric], period: Period, filters: Filters) -> dict[str, Pair]:
    """Return the values of metrics in a period and as many days before, by name."""
    found: dict[str, Pair] = {}
    alike = groupby(sorted(metrics, key=_scan), key=_scan)
    for some in (list(each) for _, each in alike):
        rows = {row[0]: row[1:] for row in _beside(snapshot, some, period, filters)}
        nothing = tuple(_nothing(metric) for metric in some)
        now, then = (rows.get(number, nothing) for number in (0, 1))
        found |= {metric.name: (now[place], then[place]) for place, metric in enumerate(some)}
    return found


def parts(snapshot: Snapshot, metric: Metric, period: Period, by: Sequence[str], filters: Filters) -> dict[Key, Pair]:
    """Return a metric by dimensions, in a period and as many days before; a group of neither is absent."""
    found: dict[Key, list[Number]] = {}
    for row in _beside(snapshot, [metric], period, filters, by=by):
        found.setdefault(row[1:-1], [_nothing(metric)] * 2)[row[0]] = row[-1]
    return {key: (now, then) for key, (now, then) in found.items()}


def by_day(snapshot: Snapshot, metric: Metric, period: Period, filters: Filters) -> dict[date, Number]:
    """Return a metric by day, of a period and as many days before."""
    return {row[1]: row[2] for row in _beside(snapshot, [metric], period, filters, daily=True)}


def _beside(
    snapshot: Snapshot,
    metrics: Sequence[Metric],
    period: Period,
    filters: Filters,
    *,
    by: Sequence[str] = (),
    daily: bool = False,
) -> list[Row]:
    spans = [(each.first, each.last) for each in (period, period.before)]
    cohorts = cohorts_table(metrics[0].table) if metrics[0].open_rows else None
    statement = measure_beside(metrics, Beside(spans, by, filters.where, daily), cohorts)
    return snapshot.rows(statement.sql, statement.parameters)


def _scan(metric: Metric) -> tuple[str, bool]:
    """Return what metrics share that can be measured together."""
    return metric.table, metric.open_rows is not None


def mixed_versions(snapshot: Snapshot, period: Period) -> bool:
    """Tell whether days of a period were categorised by different models or taxonomies."""
    found = snapshot.rows(
        "SELECT min(model_version) <> max(model_version) OR min(taxonomy_version) <> max(taxonomy_version) "  # noqa: S608  # a constant
        f"FROM {VERSIONS} WHERE local_day BETWEEN ? AND ?",
        [period.first, period.last],
    )
    return bool(found[0][0])


def before(period: Period, grain: Grain, compare: Compare) -> Period:
    """Return the period to compare with, shifted by whole periods of the grain.

    A year before means 52 weeks before for weeks, so that weekdays stand beside each other.
    """
    months, days = _shift(period, grain, compare)
    return Period(_moved(period.first, -months, -days), _moved(period.last, -months, -days))


def _later(start: object, period: Period, grain: Grain, compare: Compare) -> object:
    """Return where a value of the period before stands now."""
    months, days = _shift(period, grain, compare)
    return _moved(start, months, days) if isinstance(start, date) else start


def _shift(period: Period, grain: Grain, compare: Compare) -> tuple[int, int]:
    """Return by how many months, or else days, the period before lies back."""
    if compare == "year":
        return (0, 52 * 7) if grain == "week" else (MONTHS, 0)
    if grain == "month":
        return (period.last.year - period.first.year) * MONTHS + period.last.month - period.first.month + 1, 0
    return 0, -(-period.days // 7) * 7 if grain == "week" else period.days


def _moved(day: date, months: int, days: int) -> date:
    if not months:
        return day + timedelta(days=days)
    number = day.year * MONTHS + day.month - 1 + months
    first = date(number // MONTHS, number % MONTHS + 1, 1)
    next_first = date((number + 1) // MONTHS, (number + 1) % MONTHS + 1, 1)
    return min(first + timedelta(days=day.day - 1), next_first - timedelta(days=1))


def _lies_in(start: object, period: Period) -> bool:
    return not isinstance(start, date) or period.first <= start <= period.last


def _nothing(metric: Metric) -> Number:
    """Return the value of a period without rows: none for shares and times, 0 for counts."""
    return 0 if metric.dtype == "integer" else None
