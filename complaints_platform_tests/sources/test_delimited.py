"""CSV: what is a record, and that a bad one takes no other with it."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.errors import ContractError
from complaints_platform.sources.batches import MAX_RECORD_BYTES
from complaints_platform.sources.contract import CsvFormat, load_contract
from complaints_platform.sources.delimited import Attempt, Dialect, Ending, attempt
from complaints_platform.sources.lines import Block
from complaints_platform_tests.sources.reading_helpers import make_contract, read

HEADER = b"id,at,text\n"
TIME = b"2026-03-05T10:00:00Z"
BLOCKS = (1, 7, 64, 1 << 20)


def row(number, text=b"words"):
    return b"%d,%b,%b\n" % (number, TIME, text)


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_quoting_line_ends_and_numbers(line_end, block_bytes):
    lines = [
        b"id,at,text",
        b'1,2026-03-05,"a ""quoted"" word, and a comma"',
        b'"2",2026-03-05,"over' + line_end + b"three" + line_end + b'lines"',
        b"",
        b"3,2026-03-05,plain",
    ]
    result = read(line_end.join(lines) + line_end, block_bytes=block_bytes)
    end = line_end.decode()
    assert result.texts == ['a "quoted" word, and a comma', f"over{end}three{end}lines", "plain"]
    assert result.records["record_number"].to_list() == [1, 2, 3]
    assert result.records["line_number"].to_list() == [2, 3, 7]
    assert result.records["raw_record"].to_list() == [
        '1,2026-03-05,"a ""quoted"" word, and a comma"',
        f'"2",2026-03-05,"over{end}three{end}lines"',
        "3,2026-03-05,plain",
    ]


def test_delimiter_and_quote_come_from_the_contract():
    contract = make_contract(format={"type": "csv", "delimiter": "\t", "quote": "'"})
    result = read(b"id\tat\ttext\n1\t2026-03-05\t'a\t''b'''\n2\t2026-03-05\t\"as it stands\"\n", contract)
    assert result.texts == ["a\t'b'", '"as it stands"']


@pytest.mark.parametrize(
    ("csv_format", "complaint"),
    [
        ({"delimiter": "§"}, "ASCII"),
        ({"delimiter": "\n"}, "ASCII"),
        ({"quote": "\r"}, "ASCII"),
        ({"delimiter": '"'}, "must differ"),
    ],
)
def test_a_dialect_that_can_not_be_read_is_refused_with_the_contract(csv_format, complaint):
    with pytest.raises(ValueError, match=complaint):
        CsvFormat(type="csv", **csv_format)


def test_header_only_is_no_record():
    result = read(HEADER)
    assert (result.records.height, result.bad, result.filtered) == (0, [], 0)


@pytest.mark.parametrize("data", [b"", b"\n\n", b"  \r\n\t\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_an_empty_file_is_one_quarantined_record(data):
    result = read(data, name="empty.csv")
    assert result.bad == [(0, 0, "empty_file")]
    assert result.detail.startswith("empty.csv: holds no line with text")


def test_a_missing_column_is_named_with_those_there_are():
    result = read(b"id,when,text\n1,2026-03-05,words\n")
    assert result.bad == [(0, 0, "missing_column")]
    assert "has no column 'at'; its columns are 'id', 'when', 'text'" in result.detail


@pytest.mark.parametrize(
    "first_line",
    [
        b"17,Jane Roe,my bill is wrong",
        b"ok,jane@example.com,x",
        b"Zoe Quillfeather,my phone is dead,on Tuesday",
        b"2026-03-05,I never ordered this,ok",
        b"x," + 70 * b"y",
    ],
)
def test_a_record_in_the_place_of_the_header_is_not_shown(first_line):
    result = read(first_line + b"\n")
    assert result.bad == [(0, 0, "missing_column")]
    assert "does not look like a header" in result.detail
    assert first_line.split(b",")[1].decode() not in result.detail


def test_an_optional_column_may_be_missing():
    contract = make_contract(
        fields={"source_id": "id", "text": "text", "occurred_at": "at", "region": "region", "resolved_at": "done"}
    )
    result = read(HEADER + row(1), contract)
    assert result.records.select("source_id", "region", "resolved_at").rows() == [("1", None, None)]


def test_duplicate_headers_matter_only_where_they_are_mapped():
    assert read(b"id,at,text,note,note\n1,2026-03-05,words,a,b\n").texts == ["words"]
    result = read(b"id,at,text,text\n1,2026-03-05,words,other\n")
    assert result.bad == [(0, 0, "duplicate_header")]
    assert "several columns 'text'" in result.detail


def test_header_names_are_stripped_and_a_byte_order_mark_is_cut():
    assert read(b'\xef\xbb\xbf id , "at",text \n1,2026-03-05,words\n'.replace(b', "at"', b',"at "')).texts == ["words"]


@pytest.mark.parametrize("header", [b'id,"at,text\n1,2026-03-05,words\n', b'"id"x,at,text\n1,2026-03-05,words\n'])
def test_a_header_that_can_not_be_read_is_said_so(header):
    result = read(header)
    assert result.bad == [(0, 0, "unreadable_file")]
    assert "can't be read as a header" in result.detail


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (b"2,%b\n" % TIME, "has 2 fields where the header has 3"),
        (b"2,%b,a,b\n" % TIME, "has 4 fields where the header has 3"),
        (b"only one\n", "has 1 fields"),
        (b'2,%b,"he said "hello" to me"\n' % TIME, "text follows the closing quote of field 3"),
        (b'2,%b,"open\n' % TIME, "an opening quote before it was never closed"),
        (b'"2,%b,open\n' % TIME, "text follows the closing quote of field 1"),
        (b"2,%b,nul\x00byte\n" % TIME, "holds NUL"),
        (b'2,%b,"a",b,"c\nd"\n' % TIME, "has 5 fields"),
        (b'2,%b,"' % TIME + b"x" * 64 + b'" y\n', "text follows the closing quote"),
    ],
)
def test_a_bad_record_takes_no_other_with_it(bad, detail, block_bytes):
    multi_line = row(3, b'"two\nlines, ""quoted"""')
    result = read(HEADER + row(1) + bad + multi_line + row(4), block_bytes=block_bytes)
    assert result.ids == ["1", "3", "4"]
    assert result.bad == [(2, 3, "malformed_record")]
    assert detail in result.detail
    assert result.records["record_number"].to_list() == [1, 3, 4]


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_quotes_inside_an_unquoted_field_stand_for_themselves(block_bytes):
    result = read(HEADER + row(1, b'a 5" pipe') + row(2, b'""') + row(3, b'x""y'), block_bytes=block_bytes)
    assert result.texts == ['a 5" pipe', 'x""y']
    assert result.bad == [(2, 3, "missing_text")]


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_a_file_that_ends_inside_a_quote_is_truncated(block_bytes):
    result = read(HEADER + row(1) + b'2,%b,"and then\nit\nends' % TIME, block_bytes=block_bytes)
    assert result.ids == ["1"]
    assert result.bad == [(2, 3, "truncated_file")]
    assert "ends inside a quote that opens in field 3" in result.detail


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_a_file_that_ends_inside_a_line_is_truncated(block_bytes):
    result = read(HEADER + row(1) + b"2,2026", block_bytes=block_bytes)
    assert result.bad == [(2, 3, "truncated_file")]
    assert "the file ends in its middle: it has 2 fields" in result.detail


def test_a_last_line_without_a_line_end_is_a_record():
    assert read((HEADER + row(1) + row(2)).removesuffix(b"\n")).ids == ["1", "2"]


BIG = MAX_RECORD_BYTES + 5


@pytest.mark.parametrize("block_bytes", [1 << 16, 1 << 24])
@pytest.mark.parametrize(
    "long",
    [
        row(2, b"x" * 10 * MAX_RECORD_BYTES),
        row(2, b'"' + b"x" * BIG + b'"'),
        row(2, b'"' + b"line after line\n" * (BIG // 10) + b'"'),
        row(2, b'"' + b"x, y\r\n" * (BIG // 5) + b'"'),
        b"," * BIG + b"\n",
        b"2," + b"x" * BIG + b"\n",
    ],
    ids=["line", "quoted", "lines", "crlf", "delimiters", "too few fields"],
)
def test_a_record_that_is_too_long_is_set_aside_alone(long, block_bytes):
    result = read(HEADER + row(1) + long + row(3) + row(4), block_bytes=block_bytes)
    assert result.ids == ["1", "3", "4"]
    assert result.bad == [(2, 3, "oversized_record")]
    assert "longer than 1,048,576 bytes" in result.detail
    assert result.records["line_number"].to_list()[1] == 3 + long.count(b"\n")


@pytest.mark.parametrize("surplus", [0, 1])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("block_bytes", [1 << 16, 1 << 24])
def test_the_limit_is_exact(surplus, line_end, block_bytes):
    text = b"x" * (MAX_RECORD_BYTES - len(row(2, b"").rstrip()) + surplus)
    result = read(HEADER + row(2, text).replace(b"\n", line_end) + row(3), block_bytes=block_bytes)
    assert result.ids == (["3"] if surplus else ["2", "3"])


def test_an_open_quote_that_nothing_contradicts_is_said_to_be_open():
    result = read(HEADER + b'1,%b,"open\n' % TIME + row(2) + row(3))
    assert result.ids == ["2", "3"]
    assert result.bad == [(1, 2, "malformed_record")]
    assert result.detail == "a quote that opens in field 3 is never closed"


def test_an_open_quote_far_from_the_end_costs_its_own_record_only():
    many = b"".join(row(number) for number in range(3, 60_000))
    result = read(HEADER + row(1) + b'2,%b,"open\n' % TIME + many, block_bytes=1 << 16)
    assert result.records.height == 59_998
    assert result.bad == [(2, 3, "malformed_record")]


plain_text = st.text(st.sampled_from("ab,;\"'\n\r\té€😀 \ufeff"), max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.tuples(plain_text, plain_text), max_size=6),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
    delimiter=st.sampled_from(",;\t"),
    block_bytes=st.sampled_from((5, 64, 1 << 20)),
)
def test_valid_csv_reads_as_by_the_csv_module(rows, quoting, delimiter, block_bytes):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    writer.writerow(["id", "at", "text", "other"])
    writer.writerows([number, "2026-03-05", *fields] for number, fields in enumerate(rows))
    expected = list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=delimiter))[1:]
    contract = make_contract(
        format={"type": "csv", "delimiter": delimiter},
        fields={"source_id": "id", "text": ["id", "text"], "occurred_at": "at", "region": "other"},
    )
    result = read(text.getvalue().encode(), contract, block_bytes=block_bytes)
    assert result.bad == []
    assert result.ids == [row[0] for row in expected]
    assert result.texts == [f"{row[0]} {row[2]}" if row[2].strip() else row[0] for row in expected]
    assert result.records["region"].to_list() == [row[3] if row[3].strip() else None for row in expected]


anything = st.lists(
    st.sampled_from([b"a", b"b,", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b" ", b"\x00", b"1,2026-03-05,x"])
)


@settings(max_examples=300, deadline=None)
@given(pieces=anything, block_bytes=st.sampled_from((1, 2, 5)))
def test_no_input_depends_on_where_blocks_are_cut(pieces, block_bytes):
    data = HEADER + b"".join(pieces)
    small, large = read(data, block_bytes=block_bytes), read(data)
    assert small.records.equals(large.records)
    assert small.quarantined.equals(large.quarantined)


@settings(max_examples=200, deadline=None)
@given(pieces=anything)
def test_the_fast_way_finds_what_the_definition_says(pieces):
    """Records by pattern and Polars have the fields that the step-by-step definition gives."""
    data = b"".join(pieces)
    result = read(HEADER + data, make_contract(fields={"text": ["id", "at", "text"], "occurred_at": "at"}))
    dialect = Dialect(CsvFormat(type="csv"))
    for raw, text in result.records.select("raw_record", "text").iter_rows():
        defined = attempt(Block(raw.encode(), final=True), 0, dialect)
        assert (defined.ending, defined.end, len(defined.fields)) == (Ending.COMPLETE, len(raw.encode()), 3)
        assert text == " ".join(field.decode() for field in defined.fields if field.strip())


@settings(max_examples=200, deadline=None)
@given(
    before=st.integers(0, 4),
    after=st.integers(0, 4),
    bad=st.text(st.sampled_from('ab,"\r\x00'), max_size=12).map(str.encode),
)
def test_good_records_around_any_bad_line_are_kept(before, after, bad):
    good = [row(number, b'"two\nlines"' if number % 2 else b"x") for number in range(before + after)]
    result = read(HEADER + b"".join(good[:before]) + bad + b"\n" + b"".join(good[before:]))
    assert set(map(str, range(before + after))) <= set(result.ids)


def test_an_attempt_takes_fields_as_they_come():
    dialect = Dialect(CsvFormat(type="csv"))
    assert attempt(Block(b'a,"b ""c""",\r\nnext', final=False), 0, dialect) == Attempt(
        Ending.COMPLETE, 14, [b"a", b'b "c"', b""]
    )
    assert attempt(Block(b'a,"b"', final=False), 0, dialect).ending is Ending.UNDECIDED
    assert attempt(Block(b"a,b\r", final=False), 0, dialect).ending is Ending.UNDECIDED


def test_a_contract_file_with_such_a_dialect_names_the_field(tmp_path):
    path = tmp_path / "defs.yaml"
    path.write_text(
        "type: complaints_platform.sources.ComplaintSource\nattributes:\n  format: {type: csv, delimiter: '§'}\n"
    )
    with pytest.raises(ContractError, match=r"attributes.format.*delimiter must be an ASCII character"):
        load_contract(path)
