"""JSON, one object a line or a document: values as written, and bad records apart."""

import json

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.sources.batches import MAX_RECORD_BYTES
from complaints_platform.sources.json_text import exact_value, object_values
from complaints_platform_tests.sources.reading_helpers import make_contract, read

FIELDS = {"source_id": "id", "text": "text", "occurred_at": "at", "customer": "user.handle", "region": "geo.area.name"}
NDJSON = make_contract(format={"type": "ndjson"}, fields=FIELDS)
BLOCKS = (1, 7, 64, 1 << 20)


def document(records=None, **changes):
    return make_contract(format={"type": "json", "records": records}, fields=FIELDS, **changes)


def line(number, **more):
    return json.dumps({"id": f"{number}", "at": "2026-03-05", "text": "words", **more}).encode() + b"\n"


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_lines_paths_and_numbers(line_end, block_bytes):
    data = line(1, user={"handle": "@a"}, surplus=[1]) + b"\n  \t\n" + line(2, geo={"area": {"name": "north"}})
    result = read(data.replace(b"\n", line_end), NDJSON, block_bytes=block_bytes)
    assert result.records.select("record_number", "line_number", "source_id", "customer", "region").rows() == [
        (1, 1, "1", "@a", None),
        (2, 4, "2", None, "north"),
    ]
    assert result.records["raw_record"].to_list() == [
        line(1, user={"handle": "@a"}, surplus=[1]).decode().strip(),
        data.splitlines()[3].decode(),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12", "12"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("-9223372036854775809", "-9223372036854775809"),
        ("1.10", "1.10"),
        ("1e400", "1e400"),
        ("1E5", "1E5"),
        ("0", "0"),
        ("-0", "-0"),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ('""', None),
        ('" \\t\\n"', None),
        ('" x "', " x "),
        ('{"a": [1.50, true, null], "é": "ü"}', '{"a":[1.50,true,null],"é":"ü"}'),
        ("[]", "[]"),
        ('"cut \\ud83d"', "cut \ufffd"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"a\\u2028b"', "a\u2028b"),
        ("1" * 5000, "1" * 5000),
        ("[" * 200 + "]" * 200, "[" * 200 + "]" * 200),
        ("[" * 1010 + "]" * 1010, None),
    ],
)
def test_values_become_text_as_they_are_written(value, text):
    data = b'{"id": "1", "at": "2026-03-05", "text": "words", "user": {"handle": %b}}\n' % value.encode()
    assert read(data, NDJSON).records["customer"].to_list() == [text]


def test_a_mapped_path_may_lead_anywhere():
    data = line(1, user="bob") + line(2, user=["x"]) + line(3, user=None) + line(4, **{"user.handle": "flat"})
    assert read(data, NDJSON).records["customer"].to_list() == [None, None, None, "flat"]


def test_of_a_repeated_key_the_last_counts():
    assert read(b'{"id": "1", "at": "2026-03-05", "text": "a", "text": "b"}', NDJSON).texts == ["b"]


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize(
    ("bad", "detail"),
    [
        (b'{"id": "2", "te', "is not valid JSON"),
        (b"words", "is not valid JSON"),
        (b"[1, 2]", "no object"),
        (b'"text"', "no object"),
        (b"null", "no object"),
        (b"17", "no object"),
        (b'{"id": "2"} {"id": "3"}', "is not valid JSON"),
        (b'{"id": "2"},', "is not valid JSON"),
        (b'{"id": NaN}', "is not valid JSON"),
        (b'{"id": "2", "text": "\x00"}', "is not valid JSON"),
        (b'{"id": ' + b"[" * 3000 + b"]" * 3000 + b"}", "is not valid JSON"),
        (b"\x00\x00", "is not valid JSON"),
        (b'{"a": [{"id": "x"}', "is not valid JSON"),
    ],
)
def test_a_bad_line_takes_no_other_with_it(bad, detail, block_bytes):
    result = read(line(1) + bad + b"\n" + line(3), NDJSON, block_bytes=block_bytes)
    assert result.ids == ["1", "3"]
    assert result.bad == [(2, 2, "malformed_record")]
    assert detail in result.detail


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_a_last_line_that_breaks_off_is_truncated(block_bytes):
    result = read(line(1) + b'{"id": "2", "text": "my private wo', NDJSON, block_bytes=block_bytes)
    assert result.bad == [(2, 2, "truncated_file")]
    assert "the file ends in its middle" in result.detail
    assert "private" not in result.detail
    assert read((line(1) + line(2)).rstrip(), NDJSON, block_bytes=block_bytes).ids == ["1", "2"]


@pytest.mark.parametrize("block_bytes", [1 << 16, 1 << 24])
@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_a_line_that_is_too_long_is_set_aside_alone(position, block_bytes):
    long = line(0, text="x" * 10 * MAX_RECORD_BYTES)
    data = {
        "first": long + line(1) + line(2),
        "middle": line(1) + long + line(2),
        "last": line(1) + line(2) + long[:-5],
    }
    result = read(data[position], NDJSON, block_bytes=block_bytes)
    number = {"first": 1, "middle": 2, "last": 3}[position]
    assert result.ids == ["1", "2"]
    assert result.bad == [(number, number, "oversized_record")]


@pytest.mark.parametrize("surplus", [0, 1])
@pytest.mark.parametrize("block_bytes", [1 << 16, 1 << 24])
def test_the_limit_is_exact(surplus, block_bytes):
    text = "x" * (MAX_RECORD_BYTES - len(line(1, text="").strip()) + surplus)
    data = (line(1, text=text) + line(2)).replace(b"\n", b"\r\n")
    assert read(data, NDJSON, block_bytes=block_bytes).ids == (["2"] if surplus else ["1", "2"])


@pytest.mark.parametrize("data", [b"", b"\n \n"])
def test_an_empty_file_is_one_quarantined_record(data):
    assert read(data, NDJSON).bad == [(0, 0, "empty_file")]
    assert read(data, document()).bad == [(0, 0, "empty_file")]


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(
    st.sampled_from(["id", "user", "user.handle", "x"]), values | st.fixed_dictionaries({"handle": values}), max_size=4
)


@settings(max_examples=200, deadline=None)
@given(records=st.lists(objects, max_size=4))
def test_the_fast_decoder_gives_what_the_exact_one_does(records):
    texts = [json.dumps(record).encode() for record in records]
    columns, readable, wrong = object_values(texts, ["id", "user.handle"])
    assert (readable, wrong) == (list(range(len(texts))), [])
    for path in ("id", "user.handle"):
        assert columns[path].to_list() == [exactly(exact_value(text), path) for text in texts]


def exactly(record, path):
    """The value at ``path`` as text, by the definition: a decoder that keeps all numbers as written."""
    value = record.get(path)
    if value is None and "." in path:
        outer, inner = path.split(".")
        value = record[outer].get(inner) if isinstance(record.get(outer), dict) else None
    if value is None or isinstance(value, str):
        return None if value is None else str(value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else compact(value)


def compact(value):
    if isinstance(value, dict):
        return (
            "{"
            + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{compact(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return str(value) if type(value).__name__ == "NumberText" else json.dumps(value, ensure_ascii=False)


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(
        st.sampled_from([line(7), b"{", b"}", b'"a"', b":", b",", b"[", b"\n", b"\r\n", b"\xe9", b"\x00", b"1", b" "])
    ),
    block_bytes=st.sampled_from((1, 3, 50)),
)
def test_no_input_depends_on_where_blocks_are_cut(pieces, block_bytes):
    data = b"".join(pieces)
    small, large = read(data, NDJSON, block_bytes=block_bytes), read(data, NDJSON)
    assert small.records.equals(large.records)
    assert small.quarantined.equals(large.quarantined)


def test_a_document_is_a_list_or_holds_one():
    records = b"[\n" + line(1).strip() + b",\n" + line(2).strip() + b"\n]"
    assert read(records, document()).ids == ["1", "2"]
    nested = b'{"meta": {"data": []}, "data": {"before": 1, "items": %b, "after": [1]}, "x": null}\n' % records
    result = read(nested, document("data.items"))
    assert result.ids == ["1", "2"]
    assert result.records["line_number"].to_list() == [2, 3]
    assert result.records["raw_record"].to_list() == [line(1).decode().strip(), line(2).decode().strip()]
    assert result.bad == []


def test_an_empty_list_is_no_record():
    assert read(b"[ ]", document()).records.is_empty()
    assert read(b"[ ]", document()).bad == []


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b'{"items": []}', None),
        (b'{"items": []}', "data"),
        (b'{"items": {}}', "items"),
        (line(1) + line(2), None),
        (b"words", None),
        (b'{"items"', "items"),
        (b"[" * 5000, "items"),
    ],
)
def test_a_document_without_the_list_is_unreadable(data, path):
    result = read(data, document(path))
    assert result.bad == [(0, 0, "unreadable_file")]
    assert "check the contract's format" in result.detail


@pytest.mark.parametrize(
    ("tail", "reason"),
    [
        (b',\n{"id": "3", "text": "wo', "truncated_file"),
        (b",\n", "truncated_file"),
        (b"", "truncated_file"),
        (b", }]", "malformed_record"),
        (b'\n{"id": "3"}]', "malformed_record"),
        (b"]\n[]", "malformed_record"),
        (b", " + b"[" * 5000 + b"]" * 5000 + b"]", "malformed_record"),
    ],
)
def test_records_before_a_broken_place_of_a_document_are_kept(tail, reason):
    result = read(b"[" + line(1).strip() + b",\n" + line(2).strip() + tail, document())
    assert result.ids == ["1", "2"]
    assert [(number, why) for number, _, why in result.bad] == [(3, reason)]
    assert "2 records before it are kept" in result.detail


def test_elements_of_a_document_that_are_no_objects_are_set_aside():
    result = read(b"[" + line(1) + b", 17, [1]," + line(4) + b"]", document())
    assert result.ids == ["1", "4"]
    assert [number for number, _, _ in result.bad] == [2, 3]


def test_a_document_that_ends_before_its_objects_do_is_truncated():
    result = read(b'{"items": [' + line(1) + b"]", document("items"))
    assert result.ids == ["1"]
    assert result.bad == [(2, 2, "truncated_file")]


def test_orjson_takes_nothing_that_the_exact_decoder_refuses():
    """The fast decoder comes first, so what it takes must be JSON."""
    for text in (b"NaN", b"[1,]", b"{'a': 1}", b"\xff", b"01", b"+1", b'"\t"', b"1 2"):
        with pytest.raises(ValueError, match=r".*"):
            orjson.loads(text)
