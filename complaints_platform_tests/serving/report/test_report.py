"""Reports over a small lake that was filled through Dagster: their numbers, their words, and how they are kept."""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import dagster as dg
import duckdb
import pytest

from complaints_platform.alerting.outbox import Outbox
from complaints_platform.definitions import build_definitions
from complaints_platform.defs.reports import last_day, report_definitions
from complaints_platform.errors import QueryError
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.platform import Platform
from complaints_platform.serving.report import making
from complaints_platform.serving.report.figures import COURSE_DAYS, Figures
from complaints_platform.serving.report.page import difference, number, render
from complaints_platform.serving.report.sentences import changed, counted, duration, sentences, title
from complaints_platform_tests.small_lake import FIRST, Place

LATER = FIRST + timedelta(days=8)
MARKUP = '<script>alert("x")</script> & <b>bold</b>'


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Three days of three complaints, and a week after the second day one with twelve."""
    place = Place(tmp_path_factory.mktemp("reported"))
    place.fill()
    place.send("later", [(f"later-{n}", f"no signal at mast {n} since {n} o'clock", LATER, LATER) for n in range(12)])
    place.update()
    return place


@pytest.fixture(scope="module")
def snapshot(place):
    with making.published(Platform(place.settings), LATER) as snapshot:
        yield snapshot


def detail_counts(place, first, last, by):
    """Count complaints in the detail table, without the marts."""
    detail = CATEGORIZED.table(place.lake).scan().collect().to_arrow()  # noqa: F841  # DuckDB finds it by name
    rows = duckdb.execute(
        f"SELECT {by}, count(*) FROM detail WHERE outcome = 'complaint' AND day BETWEEN ? AND ? GROUP BY 1",  # noqa: S608
        [first, last],
    ).fetchall()
    return dict(rows)


@pytest.mark.parametrize(("kind", "last"), [("daily", LATER), ("daily", FIRST), ("weekly", LATER), ("weekly", FIRST)])
def test_every_count_equals_that_of_the_detail(place, snapshot, kind, last):
    figures = Figures.of(snapshot, kind, last)
    period = figures.period
    assert (period.last - period.first).days + 1 == {"daily": 1, "weekly": 7}[kind]
    for by, parts in (
        ("category", figures.overview.by_category),
        ("region", figures.overview.by_region),
        ("channel", figures.overview.by_channel),
    ):
        found = {getattr(part, by): part.value for part in parts if part.value}
        assert found == detail_counts(place, period.first, period.last, by)
    total = sum(detail_counts(place, period.first, period.last, "1").values())
    assert figures.headline("complaints")[0] == total == sum(cell.value for cell in figures.cells)
    assert {day: count for day, count in figures.course if count} == {
        day: count for day, count in detail_counts(place, FIRST, last, "day").items() if day <= last
    }
    page = render(figures, "UTC")
    assert f"{total:,} complaint" in page
    assert set(re.findall(r"\d[\d,]* complaints? received", page)) == {f"{counted(total, 'complaint')} received"}


def test_sentences_say_what_changed_and_where(snapshot):
    said = sentences(Figures.of(snapshot, "daily", LATER))
    assert said[0] == (
        "12 complaints received, 12 more than the day before "
        "and 9 more (+300%) than on the same day a week earlier (3)."
    )
    assert said[1] == "The largest rises: network voice, region not given from 0 to 12."
    fallen = sentences(Figures.of(snapshot, "daily", FIRST + timedelta(days=3)))
    assert fallen[0].startswith("0 complaints received, 3 fewer (-100%) than the day before.")
    assert fallen[1].startswith("The largest falls: ")
    assert "from 1 to 0" in fallen[1]


def test_the_first_day_is_compared_with_nothing(snapshot):
    figures = Figures.of(snapshot, "daily", FIRST)
    assert sentences(figures)[0] == "3 complaints received."
    assert title(figures) == "Tuesday 10 March 2026: 3 complaints"
    assert "no comparison" in render(figures, "UTC")


def test_text_of_data_never_becomes_markup(snapshot):
    figures = Figures.of(snapshot, "daily", LATER)
    part = figures.overview.by_region[0].model_copy(update={"region": MARKUP})
    hostile = figures.overview.model_copy(update={"by_region": [part]})
    page = render(
        Figures(**{**{name: getattr(figures, name) for name in Figures.__dataclass_fields__}, "overview": hostile}),
        "UTC",
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


def test_a_report_is_kept_as_it_was_sent(place):
    day = FIRST + timedelta(days=1)
    made, kept = making.make_and_keep(Platform(place.settings), "daily", day)
    again = making.make_and_keep(Platform(place.settings), "daily", day)[1]
    assert again == kept
    assert place.lake.reports.page(kept) == made.page
    assert place.lake.reports.numbers(kept)["overview"]["headline"][0]["value"] == 3
    other = place.lake.reports.add("daily", day, "another page", {})
    assert place.lake.reports.of_day("daily", day) == [kept, other]
    assert place.lake.reports.page(kept) == made.page
    assert place.lake.reports.all(["daily", "weekly"]) == [other]


def test_the_asset_keeps_the_report_and_tells_people_once(place):
    day = FIRST + timedelta(days=2)
    (report,) = [
        asset
        for asset in build_definitions(Platform(place.settings)).assets
        if asset.key == dg.AssetKey(["report", "daily"])
    ]
    for _ in range(2):
        done = dg.materialize([report], partition_key=str(day), instance=dg.DagsterInstance.ephemeral())
        (event,) = done.asset_materializations_for_node("report__daily")
        assert event.metadata["complaints"].value == 3
        assert event.metadata["title"].text == "Thursday 12 March 2026: 3 complaints"
    (told,) = Outbox(place.lake.store).since(datetime.now(UTC).date())
    assert told.condition.kind == "report_ready"
    assert "Thursday 12 March 2026: 3 complaints" in told.condition.text
    assert len(place.lake.reports.of_day("daily", day)) == 1


def test_only_what_a_report_looks_at_is_copied(place):
    last = LATER + timedelta(days=29)
    with making.published(Platform(place.settings), last) as snapshot:
        assert snapshot.rows("SELECT DISTINCT day FROM mart.daily_complaints ORDER BY 1") == [
            (FIRST + timedelta(days=1),),
            (FIRST + timedelta(days=2),),
            (LATER,),
        ]
        assert snapshot.days("mart.daily_complaints") == (FIRST, LATER)
        course = Figures.of(snapshot, "weekly", LATER + timedelta(days=7)).course
    assert sum(count for _, count in course) == 6 + 12
    with making.published(Platform(place.settings), FIRST) as snapshot:
        assert snapshot.rows("SELECT max(day) FROM mart.daily_complaints") == [(FIRST + timedelta(days=1),)]
        assert snapshot.days("mart.daily_complaints") == (FIRST, LATER)


@pytest.mark.parametrize("silent", [20, 50])
def test_a_long_silence_is_reported_as_such(place, silent):
    last = LATER + timedelta(days=silent)
    made, _ = making.make_and_keep(Platform(place.settings), "weekly", last)
    assert made.figures.headline("complaints") == (0, 0)
    assert made.figures.week_before == 0
    assert len(made.figures.course) == COURSE_DAYS
    assert "0 complaints received" in made.page


def test_what_can_t_be_reported_is_said(place, make_settings):
    with pytest.raises(QueryError, match="the data begins on 2026-03-10"):
        making.make_and_keep(Platform(place.settings), "daily", FIRST - timedelta(days=1))
    with pytest.raises(QueryError, match="no complaints have been published"):
        making.make_and_keep(Platform(make_settings()), "daily", FIRST)


def test_the_last_day_is_the_company_s_yesterday():
    assert last_day(datetime(2026, 3, 10, 23, 30, tzinfo=UTC), ZoneInfo("Africa/Lagos")) == date(2026, 3, 10)
    assert last_day(datetime(2026, 3, 10, 23, 30, tzinfo=UTC), ZoneInfo("UTC")) == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (duration(0.4), "0 min"),
        (duration(59.6), "1 h"),
        (duration(61), "1 h 1 min"),
        (duration(60 * 36), "1.5 days"),
        (changed(5, 5), "as many as"),
        (changed(0, 4), "4 fewer (-100%) than"),
        (difference(None, 3), "no comparison"),
        (difference(0, 0), "as before"),
        (difference(3, 0), "new"),
        (number(0.126, "share"), "12.6%"),
        (number(90, "minutes"), "1 h 30 min"),
        (number(None, "complaints"), "not known"),
        (number(1234567, "complaints"), "1,234,567"),
        (number(1.25, "complaints"), "1.25"),
    ],
)
def test_numbers_are_written_as_people_read_them(found, expected):
    assert found == expected


def test_the_schedule_asks_for_nothing_that_can_t_be_reported(place, make_settings):
    def asked(settings, at):
        (schedule, *_) = report_definitions(Platform(settings))[2]
        return schedule(dg.build_schedule_context(scheduled_execution_time=at))

    at = datetime.combine(LATER + timedelta(days=1), time(7), UTC)
    assert asked(place.settings, at).partition_key == str(LATER)
    assert "starts on" in asked(place.settings, datetime.combine(FIRST, time(7), UTC)).skip_message
    assert "published" in asked(make_settings(), at).skip_message
