"""Days of hourly counts, incidents and topics: the same in whatever order they are made, at a bounded cost."""

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import polars as pl
import pytest

from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, INCIDENTS, table_of
from complaints_platform.lake.fingerprints import data_of, made_of
from complaints_platform.lake.tables import DayFrame
from complaints_platform.marts import emerging_topics, hourly_complaints
from complaints_platform.pipeline.derived import DERIVED_OF
from complaints_platform.platform import Platform
from complaints_platform.schemas.model import polars_schema
from complaints_platform.serving.answers.incidents import counted_by, incidents_in
from complaints_platform.serving.scope import Filters
from complaints_platform.serving.store.parquet import LocalFiles
from complaints_platform.serving.store.search import SearchIndex, SearchRequest
from complaints_platform.serving.store.warehouse import Warehouse
from complaints_platform.settings import load_settings
from complaints_platform_tests.marts.counts import FIRST, Company

HOURLY, TOPICS = table_of(hourly_complaints.MART), table_of(emerging_topics.MART)
DAYS, OUTAGE = 100, 95
ZONE = "America/New_York"
TEXTS = {"data": "the internet is slow", "billing": "overcharged again", "voice": "calls drop"}


def complaints_of(hourly, outage):
    """Return rows of ``CategorizedComplaint`` with as many complaints as hourly counts say."""
    rows = hourly.select(pl.all().repeat_by("complaints").explode(empty_as_null=True)).with_row_index("number")
    schema = polars_schema(CATEGORIZED.model)
    known = rows.with_columns(
        complaint_id=pl.col("number").cast(pl.String).str.zfill(32),
        occurred_at=pl.col("hour_at") + pl.duration(minutes=pl.col("number") % 60),
        text=pl.when((pl.col("region") == "north") & (pl.col("category") == "data") & pl.col("hour_at").is_in(outage))
        .then(pl.lit("blackout in the harbour"))
        .otherwise(pl.col("category").replace_strict(TEXTS)),
        outcome=pl.lit("complaint"),
        source=pl.col("channel"),
        confidence=pl.lit(0.9),
        needs_review=pl.lit(value=False),
        category_source=pl.lit("model"),
        record_number=pl.lit(1),
    )
    return known.select(
        (pl.col(name) if name in known.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in schema.items()
    )


class World:
    def __init__(self, root):
        self.lake = Lake(str(root))
        hourly = Company(DAYS).outage(OUTAGE, range(20, 28), 5, 0, 1).hourly()
        days = [FIRST + timedelta(days=number) for number in range(DAYS)]
        frames = [DayFrame(day, hourly.filter(day=day), made_of(("m",), (day,))) for day in days]
        HOURLY.table(self.lake).replace_days(days, frames)
        began = datetime.combine(days[OUTAGE], time(20), UTC)
        told = days[OUTAGE - 1 : OUTAGE + 3]
        texts = complaints_of(hourly.filter(pl.col("day").is_in(told)), [began + timedelta(hours=n) for n in range(8)])
        CATEGORIZED.table(self.lake).replace_days(told, [DayFrame(day, texts.filter(day=day), "f") for day in told])
        self.days = days
        self.recipes = Platform(load_settings(profile="test", lake=str(root), time_zone=ZONE)).mart_recipes()

    def frames(self, days):
        return self.recipes.frames(INCIDENTS, days, HOURLY.table(self.lake))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("lake"))


@pytest.fixture(scope="module")
def at_once(world):
    return {day.day: day for day in world.frames(world.days[60:])}


def test_the_order_of_days_makes_no_difference(world, at_once):
    days = world.days[OUTAGE - 1 : OUTAGE + 3]
    random.Random(4).shuffle(days)  # noqa: S311 - a reproducible order, nothing secret
    for day in days:
        (alone,) = world.frames([day])
        assert alone.fingerprint == at_once[day].fingerprint
        assert alone.frame.equals(at_once[day].frame)


def test_only_the_outage_is_told_of_on_each_day_until_it_has_ended(world, at_once):
    assert {day: made.frame.height for day, made in at_once.items() if made.frame.height} == {
        world.days[OUTAGE]: 1,
        world.days[OUTAGE + 1]: 1,
    }


def test_an_incident_says_where_when_how_much_and_in_which_words(world, at_once):
    day = world.days[OUTAGE + 1]
    row = at_once[day].frame.row(0, named=True)
    earlier = at_once[world.days[OUTAGE]].frame.row(0, named=True)
    same = ("incident_id", "started_at", "detected_at")
    assert [row[name] for name in same] == [earlier[name] for name in same]
    assert (earlier["ended_at"], row["ended_at"]) == (None, row["started_at"] + timedelta(hours=8))
    assert (json.loads(row["regions"]), json.loads(row["categories"])) == (["north"], ["data"])
    assert set(json.loads(row["channels"])) == {"sms", "web_form"}
    assert "blackout" in json.loads(row["top_terms"])
    series = json.loads(row["series"])
    assert [sum(hour[1] for hour in series), len(series)] == [row["observed"], 8]
    assert row["expected"] == pytest.approx(sum(hour[2] for hour in series), abs=0.1)
    assert row["ratio"] == pytest.approx(row["observed"] / row["expected"], abs=0.01)
    assert row["excess"] == pytest.approx(row["observed"] - row["expected"], abs=0.01)
    texts = (
        CATEGORIZED.table(world.lake)
        .scan()
        .collect()
        .filter(pl.col("complaint_id").is_in(json.loads(row["sample_ids"])))
    )
    assert texts.height == 5
    assert texts.filter((pl.col("region") == "north") & (pl.col("category") == "data")).height == 5
    assert texts["occurred_at"].is_between(row["started_at"], row["ended_at"], closed="left").all()
    assert row["explanation"].startswith(f"{row['observed']:,} complaints about data from north since ")
    assert f"since {world.days[OUTAGE]} 16:00 EDT until" in row["explanation"]  # 20:00 UTC
    assert f"{row['ratio']:.1f} times the usual" in row["explanation"]


def test_the_search_finds_what_an_incident_counts(world, at_once, tmp_path):
    table = INCIDENTS.table(world.lake)
    table.replace_days(world.days[60:], list(at_once.values()))
    tables = {spec.sql_name: spec.table(world.lake).state().version for spec in (INCIDENTS, CATEGORIZED)}
    world.lake.manifests.publish(None, tables)
    warehouse = Warehouse(world.lake, LocalFiles(world.lake.store, tmp_path), tmp_path, 256, "UTC")
    warehouse.refresh()
    index = SearchIndex(world.lake, tmp_path)
    index.refresh(warehouse.manifest)
    with warehouse.snapshot() as snapshot:
        (incident,) = incidents_in(snapshot, None, Filters({}))
        counted = counted_by(snapshot, incident.incident_id)
    warehouse.close()
    page = index.search(SearchRequest("", None, "UTC", Filters({}), counted=counted), "newest", 200, None)
    assert page.total == incident.observed > 20
    assert {(item.category, item.region) for item in page.items} == {("data", "north")}
    anywhere = replace(counted, cells=((None, None, "sms"), ("data", "north", None), ("voice", None, None)))
    found = index.search(SearchRequest("", None, "UTC", Filters({}), counted=anywhere), "newest", 1, None).total
    texts = CATEGORIZED.table(world.lake).scan().collect()
    start, end = (at.astimezone(UTC) for at in (counted.start, counted.end))
    inside = texts.filter(pl.col("occurred_at").is_between(start, end, closed="left"))
    is_data = (pl.col("category") == "data") & (pl.col("region") == "north")
    assert found == inside.filter(is_data | (pl.col("channel") == "sms") | (pl.col("category") == "voice")).height


def test_stored_incidents_satisfy_their_model(world, at_once):
    frame = at_once[world.days[OUTAGE]].frame
    INCIDENTS.model.validate(frame)
    assert frame["started_at"].dtype == pl.Datetime("us", "UTC")


def test_a_day_is_stale_for_what_it_reads_and_for_nothing_else(world):
    known = {day: made_of(("r",), (day,)) for day in world.days}
    day = world.days[-1]
    for spec in (INCIDENTS, TOPICS):
        derived = DERIVED_OF[spec]
        for age, changes in ((0, True), (derived.mart.look_back, True), (derived.mart.look_back + 1, False)):
            other = known | {day - timedelta(days=age): made_of(("r",), ("other",))}
            assert (data_of(derived.fingerprint(day, other)) != data_of(derived.fingerprint(day, known))) is changes


@pytest.mark.parametrize("stored", [True, False], ids=["days without complaints", "days that hold nothing"])
def test_days_of_which_nothing_is_known_have_no_incidents(stored, tmp_path):
    """A backfill may begin long before the first complaint."""
    lake, days = Lake(str(tmp_path)), [FIRST + timedelta(days=number) for number in range(3)]
    hourly = HOURLY.table(lake)
    if stored:
        hourly.replace_days(
            days, [DayFrame(day, pl.DataFrame(schema=polars_schema(HOURLY.model)), "f") for day in days]
        )
    recipes = Platform(load_settings(profile="test", lake=str(tmp_path))).mart_recipes()
    made = list(recipes.frames(INCIDENTS, days, hourly))
    assert [(each.day, each.frame.height) for each in made] == [(day, 0) for day in days]
