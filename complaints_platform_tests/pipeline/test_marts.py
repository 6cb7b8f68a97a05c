"""Every metric equals SQL on the detail, whatever is asked of it; and a mart does not depend on how it was built."""
# ruff: noqa: S608, S311 - SQL of constants, and chance that is reproducible

import random
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import duckdb
import polars as pl
import pytest

from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, CONTACTS, DAILY, SERVICE, table_of
from complaints_platform.lake.fingerprints import made_of
from complaints_platform.lake.tables import DayFrame
from complaints_platform.marts import customer_features
from complaints_platform.marts.contacts import KNOWN_CUSTOMER
from complaints_platform.marts.definition import COMPLAINT, GRAINS
from complaints_platform.marts.measuring import PERIODS, Beside, Question, cohorts_of, measure, measure_beside
from complaints_platform.marts.registry import METRICS
from complaints_platform.pipeline.derived import DERIVED
from complaints_platform.platform import Platform
from complaints_platform.schemas.model import polars_schema
from complaints_platform.settings import load_settings

FEATURES = table_of(customer_features.MART)
FIRST = date(2026, 2, 1)
DAYS = [FIRST + timedelta(days=offset) for offset in range(100)]
PER_DAY = 30
ALL_DAYS = Question(DAYS[0] - timedelta(days=1), DAYS[-1] + timedelta(days=1))
ZONE = "Pacific/Auckland"
QUESTIONS = 12
CUSTOMERS = [f"{number:06x}{'0' * 26}" for number in range(0, 16**6, 16**6 // 60)]
# call_centre tells when complaints are resolved, web_forms when they are answered, sms neither.
CHANNEL = {"call_centre": "phone", "web_forms": "web", "sms": "sms"}
VALUES = MappingProxyType(
    {
        "source": list(CHANNEL),
        "channel": list(CHANNEL.values()),
        "region": ["north", "south", "o'hara", None],
        "product": ["prepaid", None],
        "category": ["billing", "network"],
        "subcategory": ["x", "y", None],
        "model_version": ["m1", "m2"],
        "taxonomy_version": ["t1"],
    }
)


def day_of_complaints(day, chance):
    schema = polars_schema(CATEGORIZED.model)
    rows = []
    for number in range(PER_DAY):
        at = datetime.combine(day, time(0), UTC) + timedelta(seconds=chance.randrange(24 * 3600))
        source = chance.choice(list(CHANNEL))
        person = chance.random() < 0.2
        later = at + timedelta(hours=chance.expovariate(1 / 60)) if chance.random() < 0.7 else None
        row = dict.fromkeys(schema) | {name: chance.choice(values) for name, values in VALUES.items()}
        row |= {
            "day": day,
            "complaint_id": f"{chance.getrandbits(128):032x}",
            "source": source,
            "channel": CHANNEL[source],
            "occurred_at": at,
            "first_response_at": later if source == "web_forms" else None,
            "resolved_at": later if source == "call_centre" else None,
            "status": chance.choice(["closed", "open", None]),
            "customer_key": chance.choice([*CUSTOMERS, None]),
            "account_key": chance.choice(CUSTOMERS[:20]) if chance.random() < 0.2 else None,
            "outcome": "complaint" if chance.random() < 0.9 else "duplicate",
            "near_duplicate_of": "other" if chance.random() < 0.1 else None,
            "needs_review": chance.random() < 0.3,
            "confidence": None if person else chance.random(),
            "category_source": "person" if person else "model",
            "alternatives": chance.choice(["billing, network", "network, billing", ""]),
            "model_version": "m1" if day < DAYS[50] else "m2",
            "sentiment": chance.choice(["negative", "neutral", None]),
            "severity": chance.choice(["high", "medium", "low", None]),
            "text": "words",
            "record_number": number + 1,
        }
        rows.append(row)
    return pl.DataFrame(rows, schema=schema)


class World:
    """A lake of categorised complaints and all marts of it, as tables of DuckDB."""

    def __init__(self, root):
        self.settings = load_settings(profile="test", lake=str(root / "lake"), time_zone=ZONE)
        self.lake = Lake(self.settings.lake)
        chance = random.Random(7)
        frames = [DayFrame(day, day_of_complaints(day, chance), made_of(("r",), (day,))) for day in DAYS]
        CATEGORIZED.table(self.lake).replace_days(DAYS, frames)
        self.recipes = Platform(self.settings).mart_recipes()
        self.connection = duckdb.connect()
        self.connection.execute("CREATE SCHEMA mart; CREATE SCHEMA categorized")
        local = pl.col("occurred_at").dt.convert_time_zone(ZONE).dt.date()
        detail = pl.concat([frame.frame for frame in frames]).with_columns(local_day=local)
        self.table("categorized.complaints", detail)
        for derived in DERIVED:
            made = self.made(derived, DAYS)
            derived.spec.table(self.lake).replace_days(DAYS, made)
            self.table(derived.spec.sql_name, pl.concat([day.frame for day in made]))

    def made(self, derived, days):
        return list(self.recipes.frames(derived.spec, days, derived.source.table(self.lake)))

    def table(self, name, frame):
        self.connection.register("frame", frame.to_arrow())
        self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")
        self.connection.unregister("frame")

    def ask(self, sql, parameters=()):
        return self.connection.execute(sql, list(parameters)).fetchall()

    def measured(self, metric, asked):
        statement = measure(metric, asked)
        return self.ask(statement.sql, statement.parameters)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("marts"))


def question(metric, chance):
    first = chance.choice(DAYS) - timedelta(days=2)
    dimensions = list(metric.dimensions)
    where = {
        name: chance.sample(VALUES[name], chance.randrange(1, len(VALUES[name]) + 1))
        for name in chance.sample(dimensions, chance.randrange(3))
    }
    return Question(
        first,
        first + timedelta(days=chance.randrange(40)),
        chance.choice(GRAINS),
        chance.sample(dimensions, chance.randrange(3)),
        where,
    )


def condition(where):
    """The filters once more, written out."""

    def is_value(name, value):
        return f"{name} IS NULL" if value is None else f"{name} = '{value.replace(chr(39), chr(39) * 2)}'"

    return " AND ".join(f"({' OR '.join(is_value(name, value) for value in where[name])})" for name in where) or "true"


def counting(rows, columns):
    """A mart has rows for cells in which nothing is counted; SQL on the detail has none."""
    return [row for row in rows if row[-1] or not columns]


def same(found, expected):
    assert len(found) == len(expected)
    for row, other in zip(found, expected, strict=True):
        assert row[:-1] == other[:-1]
        assert row[-1] == (other[-1] if other[-1] is None else pytest.approx(other[-1]))


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if metric.detail])
def test_a_metric_equals_sql_on_the_detail(world, name):
    metric, chance = METRICS[name], random.Random(name)
    answers = 0
    for _ in range(QUESTIONS):
        asked = question(metric, chance)
        found = world.measured(metric, asked)
        period = [] if asked.grain == "total" else [PERIODS[asked.grain].format("local_day")]
        columns = [*period, *asked.by]
        group = f"GROUP BY {', '.join(columns)} ORDER BY {', '.join(columns)}" if columns else ""
        expected = f"""
            SELECT {", ".join([*columns, metric.detail.expression])} FROM categorized.complaints
            WHERE ({metric.detail.filter}) AND ({condition(asked.where)})
            AND local_day BETWEEN '{asked.first}' AND '{asked.last}' {group}
        """
        same(counting(found, columns), counting(world.ask(expected), columns))
        answers += len(found)
    assert answers > QUESTIONS


def test_the_backlog_of_a_day_is_what_was_open_when_it_ended(world):
    """Counted one by one, from the times of complaints, with the end of the day as an instant in the zone."""
    detail = world.ask(f"""
        SELECT occurred_at, resolved_at, status, region, local_day FROM categorized.complaints
        WHERE {COMPLAINT} AND source = 'call_centre'
    """)
    first, last = DAYS[20], DAYS[50]
    for grain, ends in (("day", [first + timedelta(days=n) for n in range(31)]), ("total", [last])):
        for region in (None, "north"):
            asked = Question(first, last, grain, where={"region": [region]})
            found = {name: world.measured(metric, asked) for name, metric in METRICS.items() if metric.open_rows}
            for number, end in enumerate(ends):
                # Midnight of the next day in Auckland, summer time until 5 April.
                offset = timedelta(hours=13 if end + timedelta(days=1) <= date(2026, 4, 5) else 12)
                instant = datetime.combine(end + timedelta(days=1), time(0), UTC) - offset
                ages = sorted(
                    (end - local_day).days
                    for occurred, resolved, status, where, local_day in detail
                    if where == region
                    and occurred < instant
                    and (resolved is None or resolved >= instant)
                    and not (resolved is None and status == "closed")
                )
                middle = (ages[(len(ages) - 1) // 2] + ages[len(ages) // 2]) / 2
                values = {name: rows[number][-1] for name, rows in found.items()}
                assert values == {
                    "backlog": len(ages),
                    "backlog_median_age": middle,
                    "backlog_over_30_days": sum(age > 30 for age in ages),
                }


def test_what_is_counted_ahead_is_what_is_counted_from_the_rows(world):
    """Cohorts and questions side by side are short cuts: over random questions they say the same."""
    chance = random.Random(3)
    states = [metric for metric in METRICS.values() if metric.open_rows]
    world.connection.execute(f"CREATE TABLE cohorts AS {cohorts_of(states[0])}")
    events = [metric for metric in METRICS.values() if metric.table == states[0].table and not metric.open_rows]
    answers = 0
    for _ in range(QUESTIONS):
        for metric in states:
            asked = question(metric, chance)
            statement = measure(metric, asked, "cohorts")
            assert world.ask(statement.sql, statement.parameters) == world.measured(metric, asked)
        for metrics, cohorts in ((states, "cohorts"), (events, None)):
            asked = question(metrics[0], chance)
            spans = [(asked.first, asked.last), (asked.first - timedelta(days=9), asked.first - timedelta(days=5))]
            statement = measure_beside(metrics, Beside(spans, asked.by, asked.where), cohorts)
            found = {
                row[: -len(metrics)]: row[-len(metrics) :] for row in world.ask(statement.sql, statement.parameters)
            }
            for place, metric in enumerate(metrics):
                alone = {
                    (number, *row[:-1]): row[-1]
                    for number, (first, last) in enumerate(spans)
                    for row in world.measured(metric, Question(first, last, by=asked.by, where=asked.where))
                }
                assert {key: row[place] for key, row in found.items() if row[place]} == {
                    key: value for key, value in alone.items() if value
                }
                answers += len(alone)
    assert answers > QUESTIONS


def test_repeat_contacts_are_those_with_an_earlier_one(world):
    asked = Question(DAYS[40], DAYS[60], "day", ["category"])
    for days in (7, 30):
        expected = world.ask(f"""
            WITH known AS (
                SELECT *, coalesce(account_key, customer_key) AS person FROM categorized.complaints
                WHERE {KNOWN_CUSTOMER}
            )
            SELECT local_day, category, count(*) FROM known AS later
            WHERE local_day BETWEEN '{DAYS[40]}' AND '{DAYS[60]}' AND EXISTS (
                FROM known AS before WHERE before.person = later.person AND before.category = later.category
                AND before.occurred_at < later.occurred_at
                AND later.occurred_at - before.occurred_at <= INTERVAL {days} DAY
            ) GROUP BY ALL ORDER BY ALL
        """)
        found = world.measured(METRICS[f"repeat_contacts_{days}_days"], asked)
        assert counting(found, ["day"]) == expected
        assert len(expected) > 20


def test_cases_are_what_contacts_hang_together_in(world):
    cases, contacts = (world.measured(METRICS[name], ALL_DAYS)[0][0] for name in ("cases", "contacts"))
    assert cases == world.ask("SELECT count(DISTINCT episode_id) FROM mart.contacts")[0][0]
    assert cases < contacts
    assert world.ask("SELECT max(occurred_at - episode_started_at) < INTERVAL 30 DAY FROM mart.contacts") == [(True,)]


def test_in_time_is_before_the_end_of_the_target(world):
    """By the definition in words, from the mart's own due times, which business time has tests for."""
    for name, at in (("first_response", "first_response_at"), ("resolution", "resolved_at")):
        rows = world.ask(f"SELECT {at}, {name}_due_at FROM mart.service_times WHERE {name}_due_at IS NOT NULL")
        due = [done for done, until in rows if done is not None or until <= datetime.now(UTC)]
        timely = [done for done, until in rows if done is not None and done <= until]
        statement = measure(
            METRICS[f"{name}_timely_rate"], Question(DAYS[0] - timedelta(days=1), DAYS[-1] + timedelta(days=1))
        )
        assert world.ask(statement.sql, statement.parameters)[0][0] == pytest.approx(len(timely) / len(due))
        assert 0 < len(timely) < len(due)


@pytest.mark.parametrize("spec", [derived.spec for derived in DERIVED], ids=lambda spec: spec.name)
def test_a_day_is_the_same_however_it_is_made(world, spec):
    """In one run, in runs of scattered days, and by itself, with the same fingerprint."""
    derived = next(each for each in DERIVED if each.spec == spec)
    together = {day.day: day for day in world.made(derived, DAYS)}
    chance = random.Random(1)
    for days in ([DAYS[70]], chance.sample(DAYS, 8), [DAYS[0], DAYS[-1]]):
        for alone in world.made(derived, days):
            assert alone.fingerprint == together[alone.day].fingerprint
            assert alone.frame.equals(together[alone.day].frame)


def fingerprints(recipes, spec, day):
    source = {each: made_of(("r",), (each,)) for each in DAYS}
    return recipes.fingerprint(spec, day, source)


def test_settings_make_exactly_the_days_stale_that_they_decide(world, tmp_path):
    """A new target from a day on leaves days before it alone; holidays are no matter of counts."""
    file = tmp_path / "targets.yaml"
    old = "targets:\n  - {measure: resolution, valid_from: 2020-01-01, clock: calendar, hours: 48}\n"
    file.write_text(old)
    changed = tmp_path / "changed.yaml"
    changed.write_text(old + f"  - {{measure: resolution, valid_from: {DAYS[50]}, clock: calendar, hours: 24}}\n")

    def under(**more):
        return Platform(world.settings.model_copy(update={"targets": file, **more})).mart_recipes()

    before, target, holidays, zone = under(), under(targets=changed), under(holidays="NZ"), under(time_zone="UTC")

    def differ(other, spec, day):
        return fingerprints(before, spec, day) != fingerprints(other, spec, day)

    assert [differ(target, SERVICE, day) for day in DAYS[47:52]] == [False, False, True, True, True]
    assert [differ(holidays, spec, DAYS[0]) for spec in (SERVICE, DAILY, CONTACTS, FEATURES)] == [
        True,
        False,
        False,
        False,
    ]
    assert [differ(zone, spec, DAYS[0]) for spec in (SERVICE, DAILY, CONTACTS, FEATURES)] == [True, True, True, False]
