"""Checks generated from models: every rule of every table is known, and each breach is found by its own rule."""

from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pandera.polars as pa
import polars as pl
import pytest

from complaints_platform.errors import SchemaViolation
from complaints_platform.lake.data_sets import QUARANTINE, TABLES
from complaints_platform.quality.assessments import Point
from complaints_platform.quality.contracts import broken, rules
from complaints_platform.quality.plots import MOST_POINTS, history_svg, windows_svg
from complaints_platform.schemas import QuarantinedRecord, empty_frame
from complaints_platform.schemas.model import DataSet, polars_schema

DAY = date(2026, 3, 10)


@pytest.mark.parametrize("spec", TABLES, ids=lambda spec: spec.sql_name)
def test_every_table_has_rules_and_a_key_except_what_may_say_one_thing_twice(spec):
    says = [rule.says for rule in rules(spec.model)]
    assert "is never null" in says
    assert ("is unique" in says) == (spec is not QUARANTINE)
    assert broken(spec.model, empty_frame(spec.model).lazy()).is_empty()


def record(**changes):
    usual = {
        "day": DAY,
        "source": "sms",
        "file_name": "a.ndjson",
        "raw_sha256": "0" * 64,
        "record_number": 1,
        "line_number": 1,
        "reason": "missing_text",
        "detail": "no text",
        "received_at": datetime(2026, 3, 10, tzinfo=UTC),
    }
    return pl.DataFrame([usual, {**usual, **changes}], schema=polars_schema(QuarantinedRecord))


@pytest.mark.parametrize(
    ("changes", "column", "says"),
    [
        ({"source": None}, "source", "is never null"),
        ({"record_number": -1}, "record_number", "is at least 0"),
        ({"reason": "because"}, "reason", "is one of"),
        ({"raw_sha256": "short"}, "raw_sha256", "has 64 to 64 characters"),
    ],
)
def test_each_breach_is_found_by_its_own_rule(changes, column, says):
    assert broken(QuarantinedRecord, record().lazy()).is_empty()
    ((found, rule, rows),) = broken(QuarantinedRecord, record(**changes).lazy()).iter_rows()
    assert (found, rows) == (column, 1)
    assert says in rule


def test_a_key_that_occurs_twice_is_found_in_every_table_that_has_one():
    for spec in TABLES:
        key = [rule for rule in rules(spec.model) if rule.says == "is unique"]
        twice = pl.DataFrame([dict.fromkeys(polars_schema(spec.model))] * 2, schema=polars_schema(spec.model))
        for rule in key:
            assert twice.select(rule.breaks).item() == 1, spec


def test_a_rule_that_nobody_can_generate_is_an_error_and_not_passed_over():
    class Odd(DataSet):
        value: int = pa.Field(ne=3)

    with pytest.raises(SchemaViolation, match=r"Odd\.value"):
        rules(Odd)


def test_a_history_is_a_small_picture_with_failing_days_in_red():
    points = [Point(DAY + timedelta(days=n), 100 + n % 7, 100, 80, 130) for n in range(120)]
    points.append(Point(DAY + timedelta(days=120), 20, 100, 80, 130))
    svg = history_svg([("sms & more: <volume>", points), ("nothing known", [])])
    tree = ET.fromstring(svg)  # noqa: S314  # our own picture
    dots = [each for each in tree.iter() if each.tag.endswith("circle")]
    assert [dot.get("fill") for dot in dots] == ["#c62828"]
    (line,) = [each for each in tree.iter() if each.tag.endswith("polyline")]
    assert len(line.get("points").split()) == MOST_POINTS
    assert "sms & more: <volume>" in [each.text for each in tree.iter()]
    assert len(svg) < 5000


@pytest.mark.parametrize("threshold", [0.03, float("inf")])
def test_windows_are_a_small_picture_in_which_the_newest_days_are_shaded(threshold):
    by_day = [(DAY + timedelta(days=n), 0.8 + 0.01 * (n % 3)) for n in range(35)]
    svg = windows_svg("confidence & more", by_day, DAY + timedelta(days=28), (0.81, 0.7), threshold)
    tree = ET.fromstring(svg)  # noqa: S314  # our own picture
    dots = [each for each in tree.iter() if each.tag.endswith("circle")]
    (_, shade) = [each for each in tree.iter() if each.tag.endswith("rect")]
    shaded = [dot for dot in dots if float(dot.get("cx")) > float(shade.get("x"))]
    assert (len(dots), len(shaded)) == (35, 7)
    assert len({dot.get("cy") for dot in dots}) == 3  # the scale shows small differences
    said = " ".join("".join(each.itertext()) for each in tree.iter() if each.tag.endswith("text"))
    assert "days before: 0.81" in said
    assert "newest days: 0.7" in said
    assert ("± 0.03" in said) == (threshold == 0.03)


def test_one_day_alone_can_be_drawn():
    ET.fromstring(windows_svg("shares", [(DAY, 0.0)], DAY, (0.0, 0.0), float("inf")))  # noqa: S314  # our own picture
