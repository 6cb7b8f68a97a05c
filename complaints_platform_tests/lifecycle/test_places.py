"""Every place of the lake is in the list, and says truly what it holds of a customer."""

import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

import complaints_platform
from complaints_platform.lake import layout
from complaints_platform.lake.bundles import Bundles
from complaints_platform.lake.data_sets import CLEANED
from complaints_platform.lifecycle.places import PLACES, Person, markdown
from complaints_platform_tests.lake.test_old_lakes import LAKES, OldLake

ROOT = Path(complaints_platform.__file__).parent
BY_NAME = {place.name: place for place in PLACES}


def top_level_keys():
    """What stands at the top of the lake: in the description of its layout, in its constants, in its keys."""
    source = Path(layout.__file__).read_text()
    constants = [value for name, value in vars(layout).items() if name.isupper() and isinstance(value, str)]
    described = re.findall(r"^    ([a-z_.]+)", layout.__doc__, re.MULTILINE)
    made = re.findall(r'f"([a-z]+)/', source)
    names = {text.split("/")[0] for text in [*constants, *described, *made]}
    return names - {layout.KEY_SUFFIX, layout.MODEL_SUFFIX, layout.STAMP_FORMAT}


def test_every_key_of_the_lake_has_a_place():
    assert len(top_level_keys()) >= 20
    assert top_level_keys() == {place.where.split("/")[0] for place in PLACES if not place.where.startswith("outside")}


def test_owners_exist_and_names_are_unique():
    assert [place.name for place in PLACES if not (ROOT / place.owner).is_file()] == []
    assert len(BY_NAME) == len(PLACES)
    assert [place.name for place in PLACES if place.forget is not None and place.holds is None] == []


def test_the_documentation_has_the_list():
    assert markdown() in (ROOT.parent / "docs" / "personal-data.md").read_text()


@pytest.fixture
def lake(tmp_path):
    return OldLake(LAKES[0], tmp_path).lake


def test_places_say_what_they_hold_of_one_customer_and_of_nobody_else(lake):
    cleaned = CLEANED.table(lake).scan().collect()
    (key,) = cleaned.filter(source="texts", record_number=1)["customer_key"].unique().head(1)
    person = Person.of(lake, [key])
    assert person.complaints.height == 1
    held = {place.name: place.holds(lake, person) for place in PLACES if place.holds}
    assert sum(held["originals"].values()) == sum(held["raw segments"].values()) == 1
    assert held["tables"].items() >= {"cleaned.complaints": 1, "categorized.complaints": 1, "mart.contacts": 1}.items()
    stranger = Person.of(lake, ["0" * 32])
    assert not any(place.holds(lake, stranger) for place in PLACES if place.holds)


def test_what_is_forgotten_is_gone_and_all_else_stays(lake):
    cleaned = CLEANED.table(lake).scan().filter(source="texts").collect()
    ids = cleaned["complaint_id"].to_list()
    rows = cleaned.select(
        "complaint_id", "day", "text", category=pl.lit("billing"), subcategory=None, is_complaint=True
    )
    lake.corrections.add(rows.head(1), "ada", "1")
    lake.corrections.add(rows.slice(1, 2), "ada", "1")
    for number, left in ((0, ids[1:3]), (1, ids[2:3])):
        person = Person.of(lake, [cleaned["customer_key"][number]])
        assert BY_NAME["corrections"].forget(lake, person) == {"corrections": 1}
        assert BY_NAME["corrections"].holds(lake, person) == {}
        assert lake.corrections.read()["complaint_id"].to_list() == left


def test_prepared_rows_of_a_customer_go_and_those_of_others_stay(lake):
    cleaned, place = CLEANED.table(lake).scan().filter(source="texts").collect(), BY_NAME["prepared days"]
    person = Person.of(lake, [cleaned["customer_key"][0]])
    (of_release_before,) = place.holds(lake, person)
    bundles = Bundles(lake.store, layout.prepared(cleaned["day"][0], "recipe"))
    first, second = (
        bundles.write({f"{number}": (0, "")}, cleaned.slice(number, 1), datetime.now(UTC)) for number in range(2)
    )
    assert place.forget(lake, person) == {of_release_before: 1, first.rows_key: 1}
    assert place.holds(lake, person) == {}
    assert bundles.read(second).height == 1
