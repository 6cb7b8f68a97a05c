"""Regions: spellings and addresses become the one name under which a place is counted."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.cleaning import Rules, prepare
from complaints_platform.cleaning.regions import load_regions
from complaints_platform.errors import SettingsError
from complaints_platform_tests.cleaning.raw_records import KEY, raw_records


def normalize(*values):
    return load_regions().normalize(pl.Series(values, dtype=pl.String)).to_list()


@pytest.mark.parametrize(
    ("sent", "region"),
    [
        ("LAGOS", "Lagos"),
        (" lagos  state ", "Lagos"),
        ("F.C.T", "F.C.T"),  # not the code: points stand between its letters
        ("FCT", "Abuja"),
        ("Federal Capital Territory", "Abuja"),
        ("Muenchen", "München"),
        ("MUNCHEN", "München"),
        ("TX", "Texas"),
        ("District Of Columbia", "District of Columbia"),
        ("12 Allen Avenue, Ikeja, Lagos State", "Lagos"),
        ("Flat 3 - 7 Herbert Macaulay Way; Yaba", "Lagos"),
        ("Lagos, Nigeria", "Lagos"),
        ("12 Allen Avenue, Atlantis", "Atlantis"),
        ("Zone 9", "Zone 9"),
        ("unknown", "Unknown"),
        ("", None),
        (None, None),
    ],
)
def test_spellings_and_addresses(sent, region):
    assert normalize(sent) == [region]


def test_an_address_of_nothing_but_numbers_is_nobodys_region():
    assert normalize("12 Elm St, 7") == [None]


@given(st.text(max_size=40))
def test_normalising_again_changes_nothing(value):
    once = normalize(value)
    assert normalize(*once) == once


def test_personal_data_in_the_region_is_redacted():
    frame = prepare(raw_records({"region": "call 08031234567"}), KEY)
    assert frame["region"].to_list() == ["Call <PHONE>"]


def test_a_company_brings_its_own_table(tmp_path):
    path = tmp_path / "regions.yaml"
    path.write_text("regions:\n  North: [Oslo, N1]\n  South: []\n")
    rules = Rules(regions=load_regions(path))
    assert prepare(raw_records({"region": "n1"}, {"region": "lagos state"}), KEY, rules)["region"].to_list() == [
        "North",
        "Lagos State",
    ]
    assert rules.fingerprint != Rules().fingerprint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("regions:\n  North: [Oslo]\n  South: [oslo]\n", "'oslo' stands for 'North' and for 'South'"),
        ("places: {}\n", "regions: Field required"),
        ("regions: [", "can't be read as YAML"),
    ],
)
def test_a_wrong_table_is_named_with_its_reason(tmp_path, text, message):
    path = tmp_path / "regions.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=message) as caught:
        load_regions(path)
    assert str(path) in str(caught.value)
