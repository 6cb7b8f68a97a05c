"""Compression and encodings: told by content, and damage costs no more than itself."""

import codecs
import gzip
import io

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.sources.reading import read_records
from complaints_platform_tests.sources.reading_helpers import WINDOW, make_contract, read

NDJSON = make_contract(format={"type": "ndjson"})
BLOCKS = (1, 64, 1 << 20)


def csv_file(count, text="wörds, €"):
    rows = (f'{number},2026-03-05T10:00:00Z,"{text} {number * 7919}"\n' for number in range(1, count + 1))
    return ("id,at,text\n" + "".join(rows)).encode()


def zstd(data):
    return pa.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize("pack", [gzip.compress, zstd, bytes])
@pytest.mark.parametrize("name", ["x.csv", "x.csv.gz", "x.csv.zst"])
def test_compression_is_told_by_content(pack, name):
    assert read(pack(csv_file(3)), name=name).ids == ["1", "2", "3"]


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_members_follow_each_other(pack):
    data = csv_file(2000)
    result = read(pack(data[:1000]) + pack(b"") + pack(data[1000:]))
    assert result.records.height == 2000
    assert result.bad == []


def test_padding_after_gzip_is_ignored():
    assert read(gzip.compress(csv_file(2)) + b"\x00" * 512).bad == []


@pytest.mark.parametrize("block_bytes", [64, 1 << 20])
@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_half_a_file_gives_its_records_and_says_so(pack, block_bytes):
    whole = pack(csv_file(60_000))
    result = read(whole[: len(whole) // 2], block_bytes=max(block_bytes, 4096), name="half.gz")
    kept = result.records.height
    assert 1000 < kept < 60_000
    assert result.ids == [str(number) for number in range(1, kept + 1)]
    assert result.bad == [(kept + 1, kept + 2, "truncated_file")]
    assert "all records before it are kept" in result.detail


def test_half_a_gzip_of_lines_gives_its_records_and_says_so():
    whole = b"".join(b'{"id": "%d", "at": "2026-03-05", "text": "x%d"}\n' % (n, n * 7919) for n in range(5000))
    packed = gzip.compress(whole)
    result = read(packed[: len(packed) // 2], NDJSON)
    kept = result.records.height
    assert result.ids == [str(number) for number in range(kept)]
    assert result.bad == [(kept + 1, kept + 1, "truncated_file")]


def test_half_a_gzip_of_a_document_gives_its_records_and_says_so():
    whole = (
        b"[" + b",".join(b'{"id": "%d", "at": "2026-03-05", "text": "x%d"}' % (n, n * 7919) for n in range(5000)) + b"]"
    )
    packed = gzip.compress(whole)
    contract = make_contract(format={"type": "json"})
    result = read(packed[: len(packed) // 2], contract)
    kept = result.records.height
    assert kept > 1000
    assert result.bad == [(kept + 1, 1, "truncated_file")]
    checksum_lost = read(packed[:-4], contract)
    assert checksum_lost.records.height == 5000
    assert checksum_lost.bad == [(5001, 1, "truncated_file")]


@pytest.mark.parametrize("keep", [1, 4, 12])
def test_a_compressed_file_damaged_from_the_start_is_unreadable(keep):
    result = read(gzip.compress(csv_file(10))[: keep + 10], name="x.csv.gz")
    assert result.bad[0][0] == 0
    assert result.bad[0][2] == "unreadable_file"
    assert result.records.is_empty()


@pytest.mark.parametrize("tail", [b"garbage", b"\x1f\x8b"])
def test_what_follows_the_compressed_data_is_not_passed_over(tail):
    result = read(gzip.compress(csv_file(2)) + tail)
    assert result.ids == ["1", "2"]
    assert result.bad == [(3, 4, "truncated_file")]


@pytest.mark.parametrize(
    ("magic", "name"),
    [
        (b"PK\x03\x04", "zip"),
        (b"%PDF-1.7", "PDF"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"PAR1", "Parquet"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_no_text_is_called_by_its_name(magic, name, pack):
    result = read(pack(magic + bytes(range(256))))
    assert result.bad == [(0, 0, "unreadable_file")]
    assert name in result.detail


@pytest.mark.parametrize("block_bytes", BLOCKS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_encodings_are_detected(encoding, block_bytes):
    data = csv_file(40, "Größe €5 “naïve”").decode().encode(encoding)
    result = read(data, block_bytes=block_bytes)
    assert result.texts[0] == "Größe €5 “naïve” 7919"
    assert result.ids == [str(number) for number in range(1, 41)]


def test_utf_16_without_latin_letters_is_detected():
    text = "id,at,text\n" + "".join(
        f'{number},2026-03-05,"Связь пропадает каждый вечер, ответа нет"\n' for number in range(99)
    )
    assert read(text.encode("utf-16-le")).records.height == 99


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "Größe"),
        ("cp1252", "€5"),
        ("shift_jis", "苦情 ソ"),
        ("gb18030", "投诉"),
        ("cp1251", "жалоба"),
        ("utf-16-le", "ü"),
        ("iso2022_jp", "苦情"),
    ],
)
@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_a_declared_encoding_is_used(encoding, text, block_bytes):
    data = (
        csv_file(5, text).decode().replace("€", "E").encode(encoding)
        if encoding == "latin-1"
        else csv_file(5, text).decode().encode(encoding)
    )
    result = read(data, make_contract(encoding=encoding), block_bytes=block_bytes)
    assert result.texts[0] == f"{text} 7919"
    assert result.records.height == 5


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_one_line_in_another_encoding_does_not_change_the_others(block_bytes):
    lines = csv_file(5, "café").splitlines(keepends=True)
    lines[3] = lines[3].decode().encode("cp1252")
    assert read(b"".join(lines), block_bytes=block_bytes).texts == [f"café {number * 7919}" for number in range(1, 6)]


def test_undefined_bytes_of_windows_1252_are_those_of_latin_1():
    assert read(b"id,at,text\n1,2026-03-05,a\x81\x8d\x8f\x90\x9d\x80b\n").texts == ["a\x81\x8d\x8f\x90\x9d€b"]


@pytest.mark.parametrize("block_bytes", BLOCKS)
def test_bytes_that_break_a_declared_encoding_cost_their_record(block_bytes):
    lines = csv_file(4, "café").splitlines(keepends=True)
    lines[2] = lines[2].decode().encode("latin-1")
    result = read(b"".join(lines), make_contract(encoding="utf-8"), block_bytes=block_bytes)
    assert result.ids == ["1", "3", "4"]
    assert result.bad == [(2, 3, "malformed_record")]
    assert "encoding" in result.detail


def test_nul_bytes_in_a_record_do_not_make_a_file_utf_16():
    result = read(csv_file(50).replace(b' 7919"', b'\x007919"'))
    assert result.bad == [(1, 2, "malformed_record")]
    assert result.records.height == 49


def test_a_codec_that_gives_up_makes_the_file_unreadable():
    result = read(csv_file(2), make_contract(encoding="idna"))
    assert [reason for _, _, reason in result.bad] == ["unreadable_file"]


class Flaky(io.RawIOBase):
    """A stream whose disk breaks after some bytes."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, size=-1):
        piece = self.data.read(size)
        if not piece:
            raise OSError("the disk is gone")
        return piece


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_errors_of_the_stream_itself_are_raised(pack):
    packed = pack(csv_file(60_000))
    with pytest.raises(OSError, match="the disk is gone"):
        list(read_records(Flaky(packed[: len(packed) // 2]), "x.csv", make_contract(), WINDOW))


class Dripping(io.RawIOBase):
    """A stream that gives less than asked for, as sockets do."""

    def __init__(self, data):
        self.data = io.BytesIO(data)

    def read(self, size=-1):
        return self.data.read(min(size, 3))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd])
def test_a_stream_may_give_little_at_a_time(pack):
    batches = list(read_records(Dripping(pack(csv_file(30))), "x.csv", make_contract(), WINDOW))
    assert sum(batch.records.height for batch in batches) == 30


@settings(max_examples=80, deadline=None)
@given(
    data=st.binary(max_size=60),
    prefix=st.sampled_from([b"", b"id,at,text\n", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", codecs.BOM_UTF16_LE]),
)
def test_no_bytes_are_an_error(data, prefix):
    for kind in ("csv", "ndjson", "json", "parquet", "xlsx"):
        read(prefix + data, make_contract(format={"type": kind}))
