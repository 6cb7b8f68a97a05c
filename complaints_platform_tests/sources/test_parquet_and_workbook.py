"""Parquet files and Excel workbooks: typed values, and what is damaged or missing."""

import io
import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import openpyxl
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from complaints_platform.sources import workbook
from complaints_platform.sources.batches import MAX_RECORD_BYTES
from complaints_platform_tests.sources.reading_helpers import make_contract, read

NAIVE = datetime.fromisoformat("2026-03-05T09:30")
FIELDS = {"source_id": "id", "text": "text", "occurred_at": "at", "customer": "user.handle", "region": "region"}
PARQUET = make_contract(
    format={"type": "parquet"}, fields=FIELDS, times={"zone": "Europe/Berlin", "formats": ["epoch_ms"]}
)
XLSX = make_contract(
    format={"type": "xlsx"}, fields={**FIELDS, "occurred_at": ["day", "time"]}, times={"zone": "Europe/Berlin"}
)


def parquet(columns, **options):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **options)
    return file.getvalue()


def parquet_rows(count, **columns):
    default = {
        "id": list(range(count)),
        "text": [f"words {n}" for n in range(count)],
        "at": [datetime.fromisoformat("2026-03-05T09:30:00.000005")] * count,
    }
    return default | columns


def test_parquet_values_become_text():
    columns = parquet_rows(
        2,
        user=[{"handle": "@a", "tags": [1, 2]}, None],
        region=pa.array(["north", None]).dictionary_encode(),
        amount=[Decimal("1.10"), None],
        photo=[b"\xff\xd8", b"text"],
        nested=[[{"bytes": b"x"}], []],
        photos=[[b"\xff"], None],
        day=[date(2026, 3, 5), None],
    )
    result = read(parquet(columns), PARQUET)
    assert result.records.select("record_number", "line_number", "source_id", "customer", "region").rows() == [
        (1, 1, "0", "@a", "north"),
        (2, 2, "1", None, None),
    ]
    assert result.times == ["2026-03-05T08:30:00.000005Z"] * 2
    raw = json.loads(result.records["raw_record"][0])
    assert raw == {
        "id": 0,
        "text": "words 0",
        "at": "2026-03-05 09:30:00.000005",
        "user": {"handle": "@a", "tags": [1, 2]},
        "region": "north",
        "amount": "1.10",
        "photo": None,
        "nested": [{"bytes": "x"}],
        "photos": None,
        "day": "2026-03-05",
    }
    assert json.loads(result.records["raw_record"][1])["photo"] == "text"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([NAIVE]), "2026-03-05T08:30:00Z"),
        (pa.array([datetime(2026, 3, 5, 9, 30, tzinfo=UTC)]), "2026-03-05T09:30:00Z"),
        (
            pa.array([datetime(2026, 3, 5, 9, 30, tzinfo=UTC)], pa.timestamp("ns", "America/New_York")),
            "2026-03-05T09:30:00Z",
        ),
        (pa.array([date(2026, 3, 5)]), "2026-03-04T23:00:00Z"),
        (pa.array([1772706030123]), "2026-03-05T10:20:30.123Z"),
        (pa.array([1772706030123.0]), "2026-03-05T10:20:30.123Z"),
        (pa.array(["1772706030123"]), "2026-03-05T10:20:30.123Z"),
        (pa.array([b"2026-03-05"]), "2026-03-04T23:00:00Z"),
    ],
)
def test_times_of_any_type_are_read(column, expected):
    assert read(parquet(parquet_rows(1, at=column)), PARQUET).times == [expected]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([-(1 << 62)], pa.timestamp("us")),
        pa.array([1 << 62], pa.timestamp("ms")),
        pa.array([None], pa.timestamp("us")),
    ],
)
def test_impossible_times_are_set_aside(column):
    result = read(parquet(parquet_rows(1, at=column)), PARQUET)
    assert result.records.is_empty()
    assert len(result.bad) == 1


def test_row_groups_are_counted_through():
    result = read(parquet(parquet_rows(50), row_group_size=7), PARQUET)
    assert result.records["record_number"].to_list() == list(range(1, 51))


def test_a_damaged_row_group_takes_no_other_with_it():
    texts = [f"{n * 7919 % 10007} words" * 20 for n in range(300)]
    whole = bytearray(
        parquet(parquet_rows(300, text=texts), row_group_size=100, compression="zstd", use_dictionary=False)
    )
    column = pq.ParquetFile(io.BytesIO(whole)).metadata.row_group(1).column(1)
    middle = column.data_page_offset + column.total_compressed_size // 2
    whole[middle : middle + 40] = b"\xff" * 40
    result = read(bytes(whole), PARQUET)
    assert result.ids == [str(n) for n in [*range(100), *range(200, 300)]]
    assert result.bad == [(101, 101, "malformed_record")]
    assert "100 rows of row group 2" in result.detail


def test_a_parquet_record_that_is_too_long_is_set_aside():
    result = read(parquet(parquet_rows(3, text=["a", "x" * MAX_RECORD_BYTES, "b"])), PARQUET)
    assert result.ids == ["0", "2"]
    assert result.bad == [(2, 2, "oversized_record")]


@pytest.mark.parametrize(("contract", "kind"), [(PARQUET, "Parquet file"), (XLSX, "Excel workbook")])
def test_what_is_no_table_is_unreadable(contract, kind):
    for data in (b"id,at,text\n", b"PAR1", b"PK\x03\x04" + b"\x00" * 50, parquet(parquet_rows(5))[:-20]):
        result = read(data, contract)
        assert result.bad == [(0, 0, "unreadable_file")]
        assert kind in result.detail
    assert read(b"", contract).bad == [(0, 0, "empty_file")]


def test_missing_columns_of_tables_are_named():
    result = read(parquet({"id": [1], "text": ["x"]}), PARQUET)
    assert result.bad == [(0, 0, "missing_column")]
    assert "no column 'at'; its columns are 'id', 'text'" in result.detail
    assert "no column 'day', 'time'" in read(xlsx([["id", "text"], [1, "x"]]), XLSX).detail


def xlsx(rows, sheets=("Data",)):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


HEADER = ["id", "text", "day", "time", "region", None, "note", "note"]


def test_workbook_values_become_text():
    rows = [
        [],
        HEADER,
        [17, "words", datetime.fromisoformat("2026-03-05"), time(9, 30), True, "unnamed", "a", "b", "beyond"],
        [],
        [18.5, "more", NAIVE, None, 12.0, None, timedelta(hours=1)],
        [None, "", "2026-03-05", "09:30:00"],
    ]
    result = read(xlsx(rows), XLSX)
    assert result.records.select("record_number", "line_number", "source_id", "region").rows() == [
        (1, 3, "17", "true"),
        (2, 5, "18.5", "12"),
    ]
    assert result.times == ["2026-03-05T08:30:00Z"] * 2
    assert result.bad == [(3, 6, "missing_text")]
    assert json.loads(result.records["raw_record"][0]) == {
        "id": 17,
        "text": "words",
        "day": "2026-03-05",
        "time": "09:30:00",
        "region": True,
        "column 6": "unnamed",
        "note": "a",
        "note (column 8)": "b",
        "column 9": "beyond",
    }


def test_the_sheet_is_chosen_by_name():
    data = xlsx([HEADER, [1, "words", "2026-03-05"]], sheets=("First", "Second"))
    chosen = make_contract(
        format={"type": "xlsx", "sheet": "Second"}, fields={"source_id": "id", "text": "text", "occurred_at": "day"}
    )
    assert read(data, chosen).ids == ["1"]
    missing = chosen.model_copy(update={"format": chosen.format.model_copy(update={"sheet": "Third"})})
    assert read(data, missing).detail == "file.csv: has no sheet 'Third'; its sheets are 'First', 'Second'"


def test_mapped_columns_of_a_workbook_must_be_there_once():
    contract = make_contract(format={"type": "xlsx"}, fields={"text": "note", "occurred_at": "day"})
    assert read(xlsx([HEADER, [1]]), contract).bad == [(0, 0, "duplicate_header")]


def test_an_empty_sheet_is_an_empty_file():
    assert read(xlsx([]), XLSX).bad == [(0, 0, "empty_file")]
    assert read(xlsx([HEADER]), XLSX).bad == []


def test_many_rows_are_read_in_batches(monkeypatch):
    monkeypatch.setattr(workbook, "BATCH_ROWS", 3)
    result = read(xlsx([HEADER, *([n, "words", "2026-03-05"] for n in range(10))]), XLSX)
    assert result.records["record_number"].to_list() == list(range(1, 11))
    assert result.ids == [str(n) for n in range(10)]


def test_a_workbook_that_would_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_DOCUMENT_BYTES", 1000)
    result = read(xlsx([HEADER]), XLSX)
    assert result.bad == [(0, 0, "unreadable_file")]
    assert "bytes unpacked" in result.detail


def test_a_damaged_sheet_gives_the_rows_before(tmp_path):
    """The archive is whole, but the XML of the sheet stops in its middle."""
    import zipfile

    whole = zipfile.ZipFile(io.BytesIO(xlsx([HEADER, *([n, f"words {n}", "2026-03-05"] for n in range(5000))])))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as damaged:
        for name in whole.namelist():
            content = whole.read(name)
            damaged.writestr(name, content[: len(content) // 2] if "sheet1" in name else content)
    result = read(file.getvalue(), XLSX)
    kept = result.records.height
    assert 1000 < kept < 5000
    assert result.bad == [(kept + 1, kept + 2, "truncated_file")]


def test_parquet_is_read_the_same_as_the_frame_it_was_written_from():
    frame = pl.DataFrame({"id": ["a", "b"], "text": ['é\n"', "x"], "at": ["2026-03-05", "2026-03-06"]})
    file = io.BytesIO()
    frame.write_parquet(file)
    result = read(file.getvalue(), PARQUET)
    assert result.records.select("source_id", "text").rows() == [("a", 'é\n"'), ("b", "x")]
