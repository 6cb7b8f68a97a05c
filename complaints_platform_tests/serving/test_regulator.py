"""The regulator's figures, counted by hand, in each form."""

import io
import json
from datetime import UTC, date, datetime, timedelta

import openpyxl
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.cli import app
from complaints_platform.errors import QueryError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import DAILY, RATES, SERVICE
from complaints_platform.lake.tables import DayFrame
from complaints_platform.schemas.model import polars_schema
from complaints_platform.serving.answers.regulator import make_pack
from complaints_platform.settings import load_settings
from complaints_platform_tests.frames import daily_rows

MARCH = date(2026, 3, 1)
CLASSES = load_taxonomy().crosswalk("ncc")
VOICE, DATA = CLASSES["no_signal"], CLASSES["data_outage"]


def daily(day, local_day, subcategory, complaints, product=None):
    row = {"day": day, "local_day": local_day, "subcategory": subcategory, "complaints": complaints, "product": product}
    return daily_rows(row)


def service(day, days_to_resolve=None, **fields):
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    row = dict.fromkeys(polars_schema(SERVICE.model)) | {
        "day": day,
        "local_day": day,
        "complaint_id": f"{day}-{days_to_resolve}",
        "source": "desk",
        "channel": "phone",
        "category": "network_voice",
        "subcategory": "no_signal",
        "opened_at": at,
        "backlog_from": day,
    }
    if days_to_resolve is not None:
        resolved = at + timedelta(days=days_to_resolve)
        row |= {
            "resolved_at": resolved,
            "resolved_day": resolved.date(),
            "resolution_minutes": days_to_resolve * 24 * 60.0,
            "resolution_timely": days_to_resolve < 5,
        }
    return pl.DataFrame([row | fields], schema=polars_schema(SERVICE.model))


@pytest.fixture
def settings(tmp_path):
    settings = load_settings(profile="test", lake=str(tmp_path / "lake"), time_zone="Africa/Lagos")
    lake = Lake(settings.lake)

    def fill(spec, *frames):
        by_day = {}
        for frame in frames:
            by_day.setdefault(frame["day"][0], []).append(frame)
        days = [DayFrame(day, pl.concat(same), "f") for day, same in by_day.items()]
        spec.table(lake).replace_days(list(by_day), days)

    ninth, february = date(2026, 3, 9), date(2026, 2, 28)
    fill(
        DAILY,
        daily(february, february, "no_signal", 100),
        daily(february, MARCH, "no_signal", 2, "=1+1"),  # late in the evening in UTC, March in Lagos
        daily(ninth, ninth, "data_outage", 5, "prepaid"),
        daily(ninth, ninth, "of an older taxonomy", 3),
        daily(date(2026, 3, 31), date(2026, 4, 1), "no_signal", 100),
    )
    fill(
        SERVICE,
        service(february),
        service(february - timedelta(days=20), 40),
        service(february - timedelta(days=30), 40),
        *(service(ninth, days) for days in (1, 2, 3, 10, 30)),
    )
    rate = {"day": ninth, "region": None, "product": None, "complaints": 10, "subscribers": 4000}
    fill(RATES, pl.DataFrame([rate], schema=polars_schema(RATES.model)))
    return settings


def test_the_month_is_counted_by_the_regulators_classes(settings):
    tables = make_pack(Lake(settings.lake), settings.time_zone, "ncc", MARCH, CLASSES).tables
    summary = dict(tables["summary"].rows())
    assert summary["complaints"] == 10
    assert summary["complaints_per_1000_subscribers"] == 2.5
    assert summary["resolved"] == 5
    assert summary["resolution_timely_rate"] == 0.6
    assert summary["answered"] == 0
    # Open on 31 March: one of February that was never resolved, and one that was resolved in April.
    assert summary["backlog"] == 2
    assert [row[:2] for row in tables["by_class"].rows()] == [(DATA, 5), ("(not mapped)", 3), (VOICE, 2)]
    voice = tables["by_class"].row(2, named=True)
    assert voice["resolved"] == 5
    assert voice["mean_days_to_resolve"] == pytest.approx(9.2)
    assert voice["days_to_resolve_80_percent"] == pytest.approx(14)
    assert tables["by_class"]["share"].sum() == pytest.approx(1)
    assert [row[:2] for row in tables["by_service"].rows()] == [("prepaid", 5), ("(not known)", 3), ("=1+1", 2)]
    assert tables["top_classes"]["class"].to_list() == [DATA, VOICE]


def test_each_form_says_the_same_and_text_is_no_formula(settings):
    pack = make_pack(Lake(settings.lake), settings.time_zone, "ncc", MARCH, CLASSES)
    document = json.loads(pack.render("json"))
    assert document["month"] == "2026-03"
    book = openpyxl.load_workbook(io.BytesIO(pack.render("xlsx")))
    lines = pl.read_csv(pack.render("csv"))
    for name, table in pack.tables.items():
        assert document[name] == table.to_dicts()
        head, *rows = book[name].iter_rows(values_only=True)
        assert list(head) == table.columns
        # Excel keeps 15 digits.
        assert_frame_equal(pl.DataFrame(rows, schema=table.schema, orient="row", strict=False), table)
        numbers = [value for row in table.rows() for value in row if not isinstance(value, str)]
        assert lines.filter(pl.col("table") == name)["value"].to_list() == numbers
    cell = next(cell for (cell, *_) in book["by_service"].iter_rows() if cell.value == "=1+1")
    assert cell.data_type == "s"
    assert not [row for row in lines["row"].to_list() if row.startswith("=")]


def test_a_month_without_complaints_has_no_pack(settings):
    with pytest.raises(QueryError, match="no complaints of 2025-03"):
        make_pack(Lake(settings.lake), settings.time_zone, "ncc", date(2025, 3, 7), CLASSES)


def test_the_command_writes_the_pack(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("COMPLAINTS_LAKE", settings.lake)
    monkeypatch.setenv("COMPLAINTS_TIME_ZONE", settings.time_zone)
    wanted = ["regulator-pack", "--regulator", "ncc", "--month", "2026-03", "--format", "json"]
    printed = CliRunner().invoke(app, wanted)
    assert json.loads(printed.output)["regulator"] == "ncc"
    file = tmp_path / "pack.json"
    assert CliRunner().invoke(app, [*wanted, "--out", str(file)]).exit_code == 0
    assert file.read_text() == printed.output.rstrip("\n")
