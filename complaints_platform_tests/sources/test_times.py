"""Times: every usual way of writing them, zones and their changes, and nonsense."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.errors import ContractError
from complaints_platform.sources.contract import Times
from complaints_platform.sources.times import check_formats, parse_times

BERLIN = "Europe/Berlin"


def instants(texts, *formats, zone="UTC", also_iso=False):
    times = Times(zone=zone, formats=list(formats) or ["iso8601"])
    parsed = parse_times(pl.Series(texts, dtype=pl.String), times, also_iso=also_iso)
    assert parsed.schema == {"instant": pl.Datetime("us", "UTC"), "absolute": pl.Boolean}
    assert parsed.height == len(texts)
    return parsed


def instant(text, *formats, zone="UTC"):
    return instants([text], *formats, zone=zone)["instant"].item()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-05T10:20:30Z", "2026-03-05T10:20:30+00:00"),
        ("2026-03-05t10:20:30z", "2026-03-05T10:20:30+00:00"),
        ("2026-03-05 10:20:30", "2026-03-05T10:20:30+00:00"),
        (" 2026-03-05T10:20:30.5Z ", "2026-03-05T10:20:30.500000+00:00"),
        ("2026-03-05T10:20:30,123456789Z", "2026-03-05T10:20:30.123456+00:00"),
        ("2026-03-05T10:20:30.000001", "2026-03-05T10:20:30.000001+00:00"),
        ("2026-03-05T10:20:30+02:00", "2026-03-05T08:20:30+00:00"),
        ("2026-03-05T10:20:30-0530", "2026-03-05T15:50:30+00:00"),
        ("2026-03-05T10:20:30+02", "2026-03-05T08:20:30+00:00"),
        ("2026-03-05 10:20:30 +02:00", "2026-03-05T08:20:30+00:00"),
        ("2026-03-05 10:20:30 UTC", "2026-03-05T10:20:30+00:00"),
        ("2026-03-05T10:20", "2026-03-05T10:20:00+00:00"),
        ("2026-03-05T10:20+01:00", "2026-03-05T09:20:00+00:00"),
        ("2026-03-05", "2026-03-05T00:00:00+00:00"),
        ("20260305", "2026-03-05T00:00:00+00:00"),
        ("20260305T102030Z", "2026-03-05T10:20:30+00:00"),
        ("2026-03-05T24:00:00", "2026-03-06T00:00:00+00:00"),
        ("2024-02-29", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_iso_forms(text, expected):
    assert instant(text) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    "text",
    [
        "0000-01-01",
        "0000-01-01T00:00:00Z",
        "0000-00-00 00:00:00",
        "2026-13-01",
        "2026-13-01T00:00:00",
        "2026-02-30",
        "2026-02-30 10:00:00",
        "2025-02-29",
        "2026-03-05T25:00:00",
        "2026-03-05T24:00:01",
        "2026-03-05T10:61:00",
        "2026-03-05T10:20:30+99:00",
        "2026-03-05T10:20:30+02:75",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31T24:00:00",
        "0001-01-01T00:00:00+01:00",
        "-0001-01-01",
        "+12026-03-05",
        "20266-03-05",
        "2026-3-5",
        "05.03.2026",
        "yesterday",
        "",
        " ",
        "T",
        "2026",
        "2026-03",
        "1772706030",
        "\uff12\uff10\uff12\uff16-03-05",
        "2026-03-05T10:20:30Z and more",
        "NaN",
        "inf",
    ],
)
def test_what_is_no_iso_time_is_null(text):
    assert instant(text) is None


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59Z"])
def test_far_years_are_times(text):
    assert instant(text) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29 01:59:59", "2026-03-29T00:59:59+00:00"),
        ("2026-03-29 02:30:00", "2026-03-29T01:30:00+00:00"),
        ("2026-03-29 03:00:00", "2026-03-29T01:00:00+00:00"),
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00+00:00"),
        ("2026-10-25 03:00:00", "2026-10-25T02:00:00+00:00"),
        ("2026-07-01", "2026-06-30T22:00:00+00:00"),
    ],
)
def test_where_clocks_change_the_first_instant_or_the_shifted_one_counts(text, expected):
    """A local time that exists twice is the earlier instant; one that doesn't is shifted by the gap."""
    assert instant(text, zone=BERLIN) == datetime.fromisoformat(expected)
    day_first = datetime.fromisoformat(text).strftime("%d.%m.%Y %H:%M:%S")
    assert instant(day_first, "%d.%m.%Y %H:%M:%S", zone=BERLIN) == datetime.fromisoformat(expected)


@settings(max_examples=200, deadline=None)
@given(
    local=st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2100-01-01")),
    zone=st.sampled_from([BERLIN, "America/New_York", "Africa/Lagos", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
)
def test_local_times_are_what_pep_495_says(local, zone):
    expected = local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    parsed = instants([local.isoformat(), local.isoformat(" ", "minutes")], zone=zone)
    assert parsed["instant"][0] == expected
    short = local.replace(second=0, microsecond=0, tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
    assert parsed["instant"][1] == short
    assert parsed["absolute"].to_list() == [False, False]


@settings(max_examples=200, deadline=None)
@given(
    moment=st.datetimes(datetime.fromisoformat("0002-01-01"), datetime.fromisoformat("9998-01-01")),
    minutes=st.integers(-14 * 60, 14 * 60),
    separator=st.sampled_from("T "),
)
def test_offsets_are_exact(moment, minutes, separator):
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    parsed = instants([aware.isoformat(separator), None, "2026-03-05"], zone=BERLIN)
    assert parsed["instant"][0] == aware
    assert parsed["absolute"].to_list()[0] is True
    assert parsed["absolute"].to_list()[2] is False


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("epoch_s", "1772706030", "2026-03-05T10:20:30+00:00"),
        ("epoch_s", "1772706030.25", "2026-03-05T10:20:30.250000+00:00"),
        ("epoch_s", "1.77270603e9", "2026-03-05T10:20:30+00:00"),
        ("epoch_s", " -1 ", "1969-12-31T23:59:59+00:00"),
        ("epoch_s", "0", "1970-01-01T00:00:00+00:00"),
        ("epoch_ms", "1772706030123", "2026-03-05T10:20:30.123000+00:00"),
        ("epoch_us", "1772706030123456", "2026-03-05T10:20:30.123456+00:00"),
    ],
)
def test_epochs(unit, text, expected):
    parsed = instants([text], unit, zone=BERLIN)
    assert parsed["instant"].item() == datetime.fromisoformat(expected)
    assert parsed["absolute"].item() is True


@pytest.mark.parametrize(
    "text", ["", "x", "nan", "inf", "-inf", "1e300", "9" * 18, "9" * 30, "-" + "9" * 18, "0x10", "2026-03-05"]
)
@pytest.mark.parametrize("unit", ["epoch_s", "epoch_ms", "epoch_us"])
def test_what_is_no_epoch_is_null(unit, text):
    assert instant(text, unit) is None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("%d-%m-%Y %I:%M:%S %p", "22-04-2015 03:53:50 PM", "2015-04-22T15:53:50+00:00"),
        ("%m/%d/%Y", "04/22/2015", "2015-04-22T00:00:00+00:00"),
        ("%d/%m/%y %H:%M", "22/04/15 9:05", "2015-04-22T09:05:00+00:00"),
        ("%d-%b-%y", "22-Apr-15", "2015-04-22T00:00:00+00:00"),
        ("%d-%b-%y", "22-Apr-69", "2069-04-22T00:00:00+00:00"),
        ("%d-%b-%y", "22-Apr-70", "1970-04-22T00:00:00+00:00"),
        ("%a %b %d %H:%M:%S %z %Y", "Wed Apr 22 15:53:50 +0200 2015", "2015-04-22T13:53:50+00:00"),
        ("%Y-%m-%d %H:%M:%S.%f", "2015-04-22 15:53:50.25", "2015-04-22T15:53:50.250000+00:00"),
        ("%d-%m-%Y", "31-02-2015", None),
        ("%d-%m-%Y", "22-13-2015", None),
        ("%d-%m-%Y", "22-04-99999", None),
        ("%Y-%m-%d", "+262000-04-22", None),
        ("%d-%m-%Y", "22-04-2015 and more", None),
    ],
)
def test_patterns(pattern, text, expected):
    assert instant(text, pattern) == (expected and datetime.fromisoformat(expected))


def test_formats_are_tried_in_order_for_each_text():
    texts = ["05/03/2026", "2026-03-05T10:00:00+01:00", None, "1772706030", "never", "13/13/2026"]
    parsed = instants(texts, "%d/%m/%Y", "iso8601", "epoch_s", zone=BERLIN)
    assert parsed["instant"].dt.to_string("%Y-%m-%d %H:%M:%S").to_list() == [
        "2026-03-04 23:00:00",
        "2026-03-05 09:00:00",
        None,
        "2026-03-05 10:20:30",
        None,
        None,
    ]
    assert parsed["absolute"].to_list()[:4] == [False, True, None, True]


def test_times_of_typed_files_are_iso_whatever_the_contract_says():
    assert instants(["2026-03-05"], "epoch_ms")["instant"].item() is None
    assert instants(["2026-03-05"], "epoch_ms", also_iso=True)["instant"].item() == datetime(2026, 3, 5, tzinfo=UTC)


def test_a_pattern_that_can_not_be_used_is_the_contracts_fault():
    with pytest.raises(ContractError, match=r"times\.formats: '%Y-%m-%d %I %p' can't be used"):
        check_formats(Times(formats=["iso8601", "%Y-%m-%d %I %p"]))


@pytest.mark.parametrize("zone", ["localtime", "Factory", "Mars/Base", ""])
def test_zones_must_mean_the_same_everywhere(zone):
    with pytest.raises(ValueError, match="no IANA time zone"):
        Times(zone=zone)


@settings(max_examples=60, deadline=None)
@given(
    texts=st.lists(st.text(st.sampled_from("0123456789-:T .Z+eE/,apm"), max_size=26) | st.none(), max_size=8),
    zone=st.sampled_from(["UTC", BERLIN, "Pacific/Kiritimati"]),
)
def test_no_text_is_an_error_and_rows_do_not_change_each_other(texts, zone):
    formats = ("%d.%m.%Y %H:%M:%S", "iso8601", "epoch_ms", "%I:%M %p %d/%m/%Y")
    together = instants(texts, *formats, zone=zone)
    alone = [instants([text], *formats, zone=zone) for text in texts]
    assert together["instant"].to_list() == [parsed["instant"].item() for parsed in alone]
