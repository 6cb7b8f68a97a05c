"""A measurement counts only if both sides did the same job: so the job, and its checks, are tested on a small one."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from benchmarks import cleaning_report, usual_recipe
from benchmarks.cleaning_run import after, collect_and_clean, found
from benchmarks.correctness import check_cleaning
from benchmarks.errors import BenchmarkError
from benchmarks.history_run import LivedLake, live
from benchmarks.measured import PLATFORM, POLARS, USUAL, CleaningResult, Found, HistoryResult
from benchmarks.meter import Cost
from benchmarks.workload import IDS, SOURCES, Workload, sources_with_ids
from complaints_platform.lake import Lake, data_sets
from complaints_platform.sources.contract import load_contracts

DAYS = [date(2026, 3, 15) + timedelta(days=number) for number in range(4)]
SYLLABLES = ["ka", "lo", "mi", "ner", "pu", "ris", "sta", "to"]


def story(day):
    """Sixty words that no other day has, so that only a copy of the day resembles them."""
    draw = Random(str(day))  # noqa: S311 - no secrets here
    return " ".join("".join(draw.choices(SYLLABLES, k=4)) for _ in range(60))


def posts(day):
    """Of eight lines one is cut off, one repeats the customer's earlier words, and one is an edited copy."""
    texts = [
        ("@ann", story(day)),
        ("@ann", story(day)),
        ("@bob", f"edited {story(day)}"),
        ("@cem", f"My bill of {day:%A} is too high, call me +49 151 2345678."),
        ("@dot", f"SchÃ¶ne GrÃ¼ÃŸe on {day:%A}, the mast near us fell."),
        ("@eva", f"No signal on {day:%A}, mail eva@example.com."),
        ("@fay", f"Why is my {day:%A} bill in someone else's name?"),
    ]
    lines = [
        json.dumps(
            {
                "id": f"s{day:%d}{number}",
                "created_at": f"{day}T10:{number:02d}:00.000Z",
                "text": text,
                "user": {"handle": handle},
                "geo": {"region": "north"},
                "first_reply_at": f"{day}T11:00:00.000Z",
            }
        )
        for number, (handle, text) in enumerate(texts)
    ]
    return [*lines, lines[0][:40]]


def write_day(data, day):
    folder = data / f"day={day}"
    folder.mkdir(parents=True)
    (folder / "social.ndjson").write_text("\n".join(posts(day)) + "\n", encoding="utf-8")
    sms = {"msg_id": f"m{day:%d}", "msisdn": "+4915000", "cell": "west", "body": f"Top-up of {day:%A} is missing"}
    at = int(datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp() * 1000)
    (folder / "sms.ndjson").write_text(json.dumps({**sms, "ts": at, "replied_ts": at + 60_000}) + "\n")
    web = {"form_id": f"w{day:%d}", "email": "gus@example.com", "region": "east", "message": f"Late parcel of {day:%A}"}
    times = {"submitted": f"{day}T12:00:00+02:00", "resolved": f"{day}T13:00:00+02:00"}
    (folder / "web.ndjson").write_text(json.dumps({**web, **times}) + "\n")
    header = "call_id;customer_no;opened_local;closed_local;region;agent;transcript"
    call = f'k{day:%d};c1;{day:%d.%m.%Y} 09:00:00;{day:%d.%m.%Y} 09:30:00;south;a1;"The line was noisy on {day:%A}"'
    broken = f"x{day:%d};c2;not-a-date;;;;"
    (folder / "calls.csv").write_text(f"{header}\n{call}\n{broken}\n", encoding="latin-1")


PER_DAY = Found(records=12, unreadable=2, exact=1, near=1)


@pytest.fixture
def data(tmp_path):
    for day in DAYS:
        write_day(tmp_path / "data", day)
    return tmp_path / "data"


@pytest.fixture
def settings(make_settings):
    return make_settings(sources=SOURCES, first_day=date(2026, 1, 1), workers=1)


def times(count):
    return Found(*(count * getattr(PER_DAY, name) for name in ("records", "unreadable", "exact", "near")))


def result(contender, counts, wall=1.0):
    steps = dict.fromkeys(("parse", "clean", "redact", "exact", "near", "write"), Cost(wall, wall, 100.0))
    return CleaningResult(contender, 4, Cost(5 * wall, 5 * wall, 100.0), steps, counts, 0.0)


def test_the_platform_finds_what_is_in_the_files(data, settings, tmp_path):
    Workload(48, 4, data, tmp_path).landing(Path(settings.landing))
    spans = collect_and_clean(settings, after(data))
    assert list(spans) == ["collect", "clean"]
    assert Found(**found(settings)) == times(4)


def test_the_usual_recipe_finds_what_is_in_the_files(data):
    records = usual_recipe.read(sorted(data.iterdir()))
    cleaned = usual_recipe.redact(usual_recipe.clean(records))
    distinct = usual_recipe.drop_exact(cleaned)
    near = usual_recipe.flag_near(distinct)["near_of"]
    counts = Found(48, 48 - len(records), len(records) - len(distinct), int(near.notna().sum()))
    assert counts == times(4)
    assert set(near.dropna()) == {f"s{day:%d}0" for day in DAYS}


def test_the_usual_recipe_repairs_and_redacts_texts(data):
    texts = usual_recipe.redact(usual_recipe.clean(usual_recipe.read(sorted(data.iterdir()))))["text"].tolist()
    assert sum("Schöne Grüße" in text for text in texts) == 4
    assert sum("<PHONE>" in text for text in texts) == 4
    assert sum("<EMAIL>" in text for text in texts) == 4
    assert not any("@" in text or "+49" in text for text in texts)


def test_a_lived_lake_measures_the_days_after_each_size_and_holds_all_days(data, settings):
    costs = live(LivedLake(settings, data), DAYS, 1, [1, 3])
    assert [cost.size for cost in costs] == [1, 3]
    assert all(cost.added.wall_s == cost.collect.wall_s + cost.clean.wall_s > 0 for cost in costs)
    assert sorted(data_sets.CLEANED.table(Lake(settings.lake)).fingerprints()) == DAYS


def test_contracts_with_ids_differ_from_the_others_only_in_the_id(tmp_path):
    with_ids, without = load_contracts(sources_with_ids(tmp_path)), load_contracts(SOURCES)
    assert {name: contract.fields.source_id for name, contract in with_ids.items()} == IDS
    assert {name: anonymous(contract) for name, contract in with_ids.items()} == without


def anonymous(contract):
    return contract.model_copy(update={"fields": contract.fields.model_copy(update={"source_id": None})})


@pytest.mark.parametrize(
    ("counts", "problem"),
    [
        (Found(47, 8, 4, 4), "records"),
        (Found(48, 7, 4, 4), "unreadable=7"),
        (Found(48, 8, 3, 4), "exact=3"),
        (Found(48, 8, 4, 3), "near=3"),
    ],
)
def test_a_platform_that_finds_something_else_is_no_measurement(counts, problem, tmp_path):
    results = [result(PLATFORM, counts), result(POLARS, times(4)), result(USUAL, times(4))]
    with pytest.raises(BenchmarkError, match=problem):
        check_cleaning(results, Workload(48, 4, tmp_path, tmp_path))


def test_rounds_that_differ_are_no_measurement(tmp_path):
    results = [result(USUAL, times(4)), result(USUAL, Found(48, 8, 4, 5))]
    with pytest.raises(BenchmarkError, match="not always the same"):
        check_cleaning(results, Workload(48, 4, tmp_path, tmp_path))


def test_the_comparison_shows_medians_and_ratios_over_the_same_steps():
    ours = [result(PLATFORM, times(4), wall) for wall in (1.0, 2.0, 9.0)]
    theirs = [result(POLARS, times(4), wall) for wall in (4.0, 3.0, 100.0)]
    text = cleaning_report.comparison([*ours, *theirs])
    assert "| **complaints_platform**, stored | 10.0 | 10.0 | 5 | 100 | 1.00 | 1.00 | 1.00 |" in text
    assert "| p_polars.py, parse to near | 20.0 | 20.0 | 2 | 100 | 2.00 | 2.00 | 1.00 |" in text
    assert "| p_polars.py, parse to near and write | 24.0 | 24.0 | 2 | 100 | 2.40 | 2.40 | 1.00 |" in text


def test_the_history_shows_the_median_and_the_dearest_day_of_each_size(data, settings):
    costs = live(LivedLake(settings, data), DAYS, 2, [1])
    lines = cleaning_report.history([HistoryResult(with_ids=False, days=costs)], 12).splitlines()
    dearest = max(cost.added.wall_s for cost in costs) * 1e3
    assert lines[-1].startswith("| their content | 1 | 2 |")
    assert f"[{dearest:,.0f}]" in lines[-1]
