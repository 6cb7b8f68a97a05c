"""Fields, channels, filters and the window: what becomes of a record that could be read."""

from datetime import UTC, date, datetime

import pytest

from complaints_platform.errors import ContractError
from complaints_platform.sources.mapping import columns_of, describe_time
from complaints_platform.sources.reading import Window
from complaints_platform_tests.sources.reading_helpers import make_contract, read

FIELDS = {
    "source_id": "id",
    "text": ["subject", "body"],
    "occurred_at": ["day", "time"],
    "updated_at": "changed",
    "first_response_at": "answered",
    "resolved_at": ["closed day", "closed time"],
    "customer": "customer",
    "agent": "agent",
    "thread": "case",
    "region": "region",
    "product": "product",
    "status": "status",
    "language": "lang",
}
FULL = make_contract(
    channel={"field": "via", "values": {"Call": "call_centre", "Net": "web_form"}},
    times={"zone": "Europe/Berlin", "formats": ["%d.%m.%Y %H:%M", "iso8601"]},
    fields=FIELDS,
    keep={"field": "direction", "values": ["in"]},
    withdrawn={"field": "state", "values": ["deleted", "gone"]},
)
COLUMNS = (
    "id,subject,body,day,time,changed,answered,closed day,closed time,customer,agent,case,region,product,status,lang,"
    "via,direction,state"
)
DEFAULT = dict.fromkeys(COLUMNS.split(","), "") | {
    "id": "7",
    "subject": "No signal",
    "body": "since Monday",
    "day": "05.03.2026",
    "time": "09:30",
    "via": "Call",
    "direction": "in",
}


def full(*rows, window=None):
    lines = [COLUMNS, *(",".join((DEFAULT | row).values()) for row in rows)]
    return read("\n".join(lines).encode(), FULL, **({"window": window} if window else {}))


def test_every_field_arrives():
    sent = {
        "changed": "06.03.2026 10:00",
        "answered": "2026-03-05T10:00:00Z",
        "closed day": "07.03.2026",
        "closed time": "08:00",
        "customer": " Jane ",
        "agent": "a1",
        "case": "c9",
        "region": "north",
        "product": "fibre",
        "status": "Open",
        "lang": "en",
    }
    (record,) = full(sent).records.to_dicts()
    raw = record.pop("raw_record")
    assert raw.startswith("7,No signal,since Monday,05.03.2026,09:30,")
    assert record == {
        "record_number": 1,
        "line_number": 2,
        "source_id": "7",
        "channel": "call_centre",
        "text": "No signal since Monday",
        "occurred_at": datetime(2026, 3, 5, 8, 30, tzinfo=UTC),
        "original_timestamp": "05.03.2026 09:30",
        "original_timezone": "Europe/Berlin",
        "updated_at": datetime(2026, 3, 6, 9, tzinfo=UTC),
        "first_response_at": datetime(2026, 3, 5, 10, tzinfo=UTC),
        "resolved_at": datetime(2026, 3, 7, 7, tzinfo=UTC),
        "customer": " Jane ",
        "agent": "a1",
        "thread": "c9",
        "region": "north",
        "product": "fibre",
        "status": "Open",
        "time_flags": None,
        "language": "en",
        "withdrawn": False,
    }


def test_joined_columns_skip_what_is_blank():
    result = full({"subject": "", "body": "alone"}, {"subject": "alone", "body": "  "}, {"subject": " ", "body": ""})
    assert result.texts == ["alone", "alone"]
    assert result.bad == [(3, 4, "missing_text")]


def test_an_offset_of_its_own_is_kept_apart_from_the_zone():
    result = full({"day": "2026-03-05T10:00:00+01:00", "time": ""}, {"day": "2026-03-05", "time": "10:00"})
    assert result.records["original_timezone"].to_list() == ["UTC", "Europe/Berlin"]
    assert result.times == ["2026-03-05T09:00:00Z", "2026-03-05T09:00:00Z"]


@pytest.mark.parametrize(
    ("changes", "reason", "detail"),
    [
        ({"subject": "", "body": ""}, "missing_text", "'subject', 'body' is empty"),
        ({"day": "", "time": " "}, "missing_time", "'day', 'time' is empty"),
        (
            {"day": "31.02.2026", "time": ""},
            "unreadable_time",
            "'31.02.2026', no time by the contract's formats (%d.%m.%Y",
        ),
        ({"day": "00.00.0000", "time": "00:00"}, "unreadable_time", "'00.00.0000 00:00'"),
        ({"day": "0000-01-01", "time": ""}, "unreadable_time", "'0000-01-01'"),
        ({"day": "Jane Roe", "time": ""}, "unreadable_time", "is a text of 8 characters"),
        ({"day": "+49 170", "time": "1234567"}, "unreadable_time", "is a text of 15 characters"),
        ({"day": "1701234567", "time": ""}, "unreadable_time", "is a number of 10 characters"),
        ({"day": "31.12.2014", "time": "23:59"}, "before_history", "before the first day of history (2015-01-01)"),
        ({"day": "01.01.0001", "time": "00:00"}, "unreadable_time", "'01.01.0001 00:00'"),
        ({"day": "03.11.2026", "time": "00:00"}, "in_the_future", "a day after it was read (2026-11-01 12:00 UTC)"),
        ({"day": "31.12.9999", "time": "23:59"}, "in_the_future", "'31.12.9999 23:59'"),
        (
            {"via": "Fax of Jane"},
            "unknown_channel",
            "a value of 11 characters that is not in the contract's map (it knows 'Call', 'Net')",
        ),
        ({"via": ""}, "unknown_channel", "'via' is empty"),
        ({"via": "Fax", "day": "", "body": "", "subject": ""}, "unknown_channel", "'via'"),
        ({"state": "deleted", "id": ""}, "malformed_record", "does not say which: 'id' is empty"),
    ],
)
def test_reasons_are_told_without_the_records_own_text(changes, reason, detail):
    result = full({}, changes, {})
    assert result.records["record_number"].to_list() == [1, 3]
    assert result.bad == [(2, 3, reason)]
    assert detail in result.detail
    assert "Jane" not in result.detail
    assert "170" not in result.detail


def test_the_window_is_exact():
    window = Window(date(2026, 3, 5), datetime(2026, 3, 6, 12, tzinfo=UTC))
    hours = ["05.03.2026 00:59", "05.03.2026 01:00", "07.03.2026 13:00", "07.03.2026 13:01"]
    rows = [{"id": f"{number}", "day": hour, "time": ""} for number, hour in enumerate(hours)]
    result = full(*rows, window=window)
    assert result.ids == ["1", "2"]
    assert [reason for _, _, reason in result.bad] == ["before_history", "in_the_future"]


def test_filtered_records_are_counted_whatever_else_is_wrong_with_them():
    result = full(
        {"direction": "out"}, {"direction": "", "day": "never"}, {"direction": " in "}, {"direction": "In", "via": "x"}
    )
    assert (result.records.height, result.bad, result.filtered) == (1, [], 3)


def test_a_withdrawal_needs_no_text_but_the_rest():
    result = full(
        {"state": "deleted", "subject": "", "body": ""},
        {"state": " gone "},
        {"state": "deleted", "day": "x"},
        {"state": "open"},
    )
    assert result.records["withdrawn"].to_list() == [True, True, False]
    assert result.texts == [None, "No signal since Monday", "No signal since Monday"]
    assert result.bad == [(3, 4, "unreadable_time")]


def test_an_optional_time_that_can_not_be_read_is_null():
    assert full({"changed": "soon", "closed day": "32.01.2026"}).records.select("updated_at", "resolved_at").row(0) == (
        None,
        None,
    )


def test_json_true_and_numbers_can_be_filtered_by():
    contract = make_contract(format={"type": "ndjson"}, keep={"field": "inbound", "values": ["true", "1"]})
    lines = [
        b'{"id": "%d", "at": "2026-03-05", "text": "x", "inbound": %b}' % pair
        for pair in enumerate([b"true", b"false", b"1", b"null"])
    ]
    result = read(b"\n".join(lines), contract)
    assert (result.ids, result.filtered) == (["0", "2"], 2)


def test_paths_are_listed_once_and_needed_ones_first():
    contract = make_contract(
        fields={"text": "a", "occurred_at": ["a", "b"], "source_id": "c"},
        withdrawn={"field": "d", "values": ["x"]},
        keep={"field": "b", "values": ["x"]},
    )
    assert columns_of(contract).required == ["a", "b"]
    assert columns_of(contract).mapped == ["a", "b", "d", "c"]


@pytest.mark.parametrize("value", ["2026-03-05", "05.03.26 9:05", "2026-03-05T10:00:00.123+02:00", "3/5/2026 10:00 pm"])
def test_what_looks_like_a_time_is_shown(value):
    assert describe_time(f" {value} ") == repr(value)


@pytest.mark.parametrize(
    "value",
    [
        "+49 170 1234567",
        "0170-1234567",
        "jane@example.com",
        "4111 1111 1111 1111",
        "12.5",
        "170-123-45678",
        "170-123-4567",
    ],
)
def test_what_may_be_something_else_is_not_shown(value):
    assert value not in describe_time(value)


def test_a_contract_whose_times_can_not_be_read_fails_before_the_file_is():
    with pytest.raises(ContractError, match=r"times\.formats"):
        read(b"id,at,text\n", make_contract(times={"formats": ["%I %p"]}))


def test_optional_times_that_cannot_be_used_are_left_out_and_flagged():
    (record,) = full(
        {"changed": "soon", "answered": "2031-01-01T00:00:00Z", "closed day": "", "closed time": ""}
    ).records.to_dicts()
    assert (record["updated_at"], record["first_response_at"], record["resolved_at"]) == (None, None, None)
    assert record["time_flags"] == "updated_at unreadable; first_response_at out of range"
