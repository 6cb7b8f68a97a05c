"""Whatever is dropped into the landing: good records arrive, bad ones are set aside with a reason people understand."""

import gzip
import io
import json
import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from complaints_platform.commands.running import Runner
from complaints_platform.instance.local import local_instance
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, CLEANED, QUARANTINE, RECONCILIATION, TABLES
from complaints_platform.platform import Platform
from complaints_platform.schemas import QuarantineReason as Why
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.settings import load_settings
from complaints_platform_tests.contracts import OWNER, write_contract

CUSTOMER = "zoe.markerley@example.com"
PHONE = "8031234567"
NAME = "Quillfeather"
"""Stands only in records that are set aside, in the place of every value, so that it must be nowhere after raw."""

MARKERS = ["markerley", PHONE, NAME]

TEXT = f"no signal since monday, write to {CUSTOMER} or call +234{PHONE}"
AT = "2026-03-10 08:00"
HEADER = "id,at,who,what\n"

FIELDS = {"source_id": "id", "text": "what", "occurred_at": "at", "customer": "who"}
SHARED = {"description": "A test source.", "owner": OWNER, "cadence": "daily", "channel": "web_form", "fields": FIELDS}
CONTRACTS = {
    "tables": {**SHARED, "format": {"type": "csv"}},
    "strict": {**SHARED, "format": {"type": "csv"}, "encoding": "utf-8"},
    "lines": {
        **SHARED,
        "format": {"type": "ndjson"},
        "channel": {"field": "via", "values": {"web": "web_form", "app": "mobile_app"}},
    },
    "documents": {**SHARED, "format": {"type": "json", "records": "submissions"}},
    "sheets": {**SHARED, "format": {"type": "xlsx"}},
    "columns": {**SHARED, "format": {"type": "parquet"}},
}


@dataclass(frozen=True)
class Case:
    """A file, how many records of it are good, and what of it is set aside: (record number, reason)."""

    source: str
    name: str
    data: bytes | None
    good: int = 0
    bad: list[tuple[int, Why]] = field(default_factory=list)


def row(number, at=AT, who=CUSTOMER, what=f'"{TEXT}"'):
    return f"{number},{at},{who},{what}\n"


def table(*rows, header=HEADER):
    return (header + "".join(rows)).encode()


def member(number, **changes):
    return {"id": number, "at": AT, "who": CUSTOMER, "what": TEXT, "via": "web", **changes}


def lines(*records):
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in records).encode()


def document(*records):
    return json.dumps({"submissions": records}).encode()


def workbook(*rows):
    book = Workbook()
    for cells in rows:
        book.active.append(cells)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def parquet(**columns):
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def noise(size):
    return random.Random(5).randbytes(size)  # noqa: S311  # repeatable, no secret


GOOD_ROW = ["1", AT, CUSTOMER, TEXT]
GOOD_COLUMNS = {name: [value] for name, value in zip(["id", "at", "who", "what"], GOOD_ROW, strict=True)}
BAD = row(2, at=NAME, who=NAME, what=NAME)
THOUSAND = gzip.compress(table(*(row(number, what=noise(40).hex()) for number in range(1000))), mtime=0)

CASES = [
    Case("tables", "good.csv", table(row(1), row(2)), 2),
    Case("tables", "latin-1.csv", table(row(1, what="Störung")).decode().encode("latin-1"), 1),
    Case("tables", "utf-16.csv", table(row(1), row(2)).decode().encode("utf-16"), 2),
    Case("tables", "byte-order-mark.csv", b"\xef\xbb\xbf" + table(row(1)), 1),
    Case("tables", "only-byte-order-mark.csv", b"\xef\xbb\xbf", 0, [(0, Why.EMPTY_FILE)]),
    Case("tables", "cr-line-ends.csv", table(row(1), row(2)).replace(b"\n", b"\r"), 2),
    Case("tables", "no-last-line-end.csv", table(row(1))[:-1], 1),
    Case("tables", "empty.csv", b"", 0, [(0, Why.EMPTY_FILE)]),
    Case("tables", "blank.csv", b" \n\n \n", 0, [(0, Why.EMPTY_FILE)]),
    Case("tables", "header-only.csv", table()),
    Case("tables", "nul.csv", table(row(1), row(2, what=f"{NAME}\x00{NAME}"), row(3)), 2, [(2, Why.MALFORMED_RECORD)]),
    Case(
        "tables",
        "ten-megabytes.csv",
        table(row(1), row(2, what=f"{NAME} " * 800_000), row(3)),
        2,
        [(2, Why.OVERSIZED_RECORD)],
    ),
    Case(
        "tables",
        "ten-megabytes-in-an-open-quote.csv",
        table(row(1), row(2, what=f'"{NAME} ' + f"{NAME}\n" * 800_000)),
        1,
        [(2, Why.OVERSIZED_RECORD)],
    ),
    Case(
        "tables",
        "nested-quotes.csv",
        table(row(1), row(2, what=f'"she said "{NAME}" twice"'), row(3)),
        2,
        [(2, Why.MALFORMED_RECORD)],
    ),
    Case("tables", "open-quote.csv", table(row(1), row(2, what=f'"{NAME}'), row(3)), 2, [(2, Why.MALFORMED_RECORD)]),
    Case(
        "tables",
        "field-too-many.csv",
        table(row(1), row(2, what=f"{NAME},{NAME}"), row(3)),
        2,
        [(2, Why.MALFORMED_RECORD)],
    ),
    Case("tables", "cut-off.csv", table(row(1), BAD)[: -len(NAME) - 5], 1, [(2, Why.TRUNCATED_FILE)]),
    Case(
        "tables",
        "same-column-twice.csv",
        table(f"1,{AT},{NAME},{NAME},{NAME}\n", header="id,at,who,what,what\n"),
        0,
        [(0, Why.DUPLICATE_HEADER)],
    ),
    Case("tables", "missing-column.csv", table(f"1,{AT},{NAME}\n", header="id,at,who\n"), 0, [(0, Why.MISSING_COLUMN)]),
    Case("tables", "other-delimiter.csv", table(row(1, what=NAME)).replace(b",", b";"), 0, [(0, Why.MISSING_COLUMN)]),
    Case("tables", "no-header.csv", table(row(1, who=NAME, what=NAME), header=""), 0, [(0, Why.MISSING_COLUMN)]),
    Case(
        "tables",
        "times.csv",
        table(
            row(1),
            row(2, at="0000-01-01"),
            row(3, at="9999-12-31 23:59"),
            row(4, at="1999-12-31"),
            row(5, at=NAME),
            row(6, at=""),
            row(7, at="2026-02-30"),
            row(8, at="-1"),
            row(9),
        ),
        2,
        [
            (2, Why.UNREADABLE_TIME),
            (3, Why.IN_THE_FUTURE),
            (4, Why.BEFORE_HISTORY),
            (5, Why.UNREADABLE_TIME),
            (6, Why.MISSING_TIME),
            (7, Why.UNREADABLE_TIME),
            (8, Why.UNREADABLE_TIME),
        ],
    ),
    Case("tables", "no-text.csv", table(row(1, who=NAME, what=" "), row(2)), 1, [(1, Why.MISSING_TEXT)]),
    Case("tables", "folder.csv", None, 0, [(0, Why.UNREADABLE_FILE)]),
    Case("tables", "half.csv.gz", THOUSAND[: len(THOUSAND) // 2], -1, [(-1, Why.TRUNCATED_FILE)]),
    Case("tables", "gzip-header-only.csv.gz", THOUSAND[:10], 0, [(0, Why.UNREADABLE_FILE)]),
    Case("tables", "plain-text.csv.gz", table(row(1, at="2026-03-12")), 1),
    Case("tables", "gzip-in-gzip.csv.gz", gzip.compress(THOUSAND, mtime=0), 0, [(0, Why.MISSING_COLUMN)]),
    Case("tables", "noise.csv", b"\x80" + noise(100_000), 0, [(0, Why.MISSING_COLUMN)]),
    Case("tables", "zeros.csv", bytes(10_000), 0, [(0, Why.MISSING_COLUMN)]),
    Case("tables", "workbook.csv", workbook(GOOD_ROW), 0, [(0, Why.UNREADABLE_FILE)]),
    Case("tables", "page.csv", f"<!DOCTYPE html><p>{NAME}, please log in</p>".encode(), 0, [(0, Why.MISSING_COLUMN)]),
    Case("tables", 'new\nline, "quotes" and 🙂.csv', table(row(1)), 1),
    Case("tables", os.fsdecode(b"caf\xe9.csv"), table(row(1, at="2026-03-11")), 1),
    Case(
        "strict",
        "latin-1.csv",
        table(row(1), row(2, what=f"{NAME} Störung")).decode().encode("latin-1"),
        1,
        [(2, Why.MALFORMED_RECORD)],
    ),
    Case("lines", "good.ndjson", lines(member(1), member(2)), 2),
    Case(
        "lines",
        "shapes.ndjson",
        lines(
            member(1),
            "{",
            f'{{"what": "{NAME}"',
            f'"{NAME}"',
            "[1, 2]",
            "null",
            "NaN",
            "[" * 5000 + "]" * 5000,
            member(9, at={"deep": {"deeper": NAME}}),
            member(10, via=NAME),
            member(11, via=None),
            member(12, what=None),
            member(13),
        ),
        2,
        [
            *((number, Why.MALFORMED_RECORD) for number in range(2, 9)),
            (9, Why.UNREADABLE_TIME),
            (10, Why.UNKNOWN_CHANNEL),
            (11, Why.UNKNOWN_CHANNEL),
            (12, Why.MISSING_TEXT),
        ],
    ),
    Case("lines", "lone-surrogate.ndjson", lines(member(1)).replace(b"monday", b"\\ud800"), 1),
    Case("lines", "escaped-nul.ndjson", lines(member(1)).replace(b"monday", b"\\u0000"), 1),
    Case("lines", "same-key-twice.ndjson", lines('{"what": "old", ' + json.dumps(member(1))[1:]), 1),
    Case("lines", "long-numbers.ndjson", lines(member(10**400), member(2)), 2),
    Case(
        "lines",
        "raw-control-character.ndjson",
        lines(json.dumps(member(1)).replace("monday", "mon\x01day"), member(2)),
        1,
        [(1, Why.MALFORMED_RECORD)],
    ),
    Case("lines", "cut-off.ndjson", lines(member(1), member(2, who=NAME))[:-30], 1, [(2, Why.TRUNCATED_FILE)]),
    Case(
        "lines",
        "a-document.ndjson",
        json.dumps([member(1, what=NAME)], indent=1).encode(),
        0,
        [(number, Why.MALFORMED_RECORD) for number in range(1, 9)] + [(9, Why.TRUNCATED_FILE)],
    ),
    Case("documents", "good.json", document(member(1), member(2)), 2),
    Case("documents", "no-records.json", document()),
    Case(
        "documents", "other-shape.json", json.dumps({"items": [{"what": NAME}]}).encode(), 0, [(0, Why.UNREADABLE_FILE)]
    ),
    Case(
        "documents",
        "object-for-list.json",
        json.dumps({"submissions": {"what": NAME}}).encode(),
        0,
        [(0, Why.UNREADABLE_FILE)],
    ),
    Case(
        "documents",
        "list-of-texts.json",
        json.dumps({"submissions": [NAME, member(2)]}).encode(),
        1,
        [(1, Why.MALFORMED_RECORD)],
    ),
    Case("documents", "cut-off.json", document(member(1), member(2, who=NAME))[:-40], 1, [(2, Why.TRUNCATED_FILE)]),
    Case("documents", "two-documents.json", document(member(1)) * 2, 1, [(2, Why.MALFORMED_RECORD)]),
    Case("documents", "lines.json", lines({"what": NAME}, {"what": NAME}), 0, [(0, Why.UNREADABLE_FILE)]),
    Case("documents", "empty.json", b"", 0, [(0, Why.EMPTY_FILE)]),
    Case("sheets", "good.xlsx", workbook(["id", "at", "who", "what"], GOOD_ROW), 1),
    Case("sheets", "half.xlsx", workbook(["id", "at", "who", "what"], GOOD_ROW)[:2000], 0, [(0, Why.UNREADABLE_FILE)]),
    Case("sheets", "text.xlsx", table(row(1, what=NAME)), 0, [(0, Why.UNREADABLE_FILE)]),
    Case("sheets", "no-values.xlsx", workbook([]), 0, [(0, Why.EMPTY_FILE)]),
    Case("sheets", "other-columns.xlsx", workbook(["a", "b"], [NAME, NAME]), 0, [(0, Why.MISSING_COLUMN)]),
    Case("columns", "good.parquet", parquet(**GOOD_COLUMNS), 1),
    Case("columns", "half.parquet", parquet(**GOOD_COLUMNS)[:400], 0, [(0, Why.UNREADABLE_FILE)]),
    Case("columns", "text.parquet", table(row(1, what=NAME)), 0, [(0, Why.UNREADABLE_FILE)]),
    Case("columns", "missing-column.parquet", parquet(id=["1"], at=[AT]), 0, [(0, Why.MISSING_COLUMN)]),
]

TOP_OF_DETAIL = 300


def received_as(name):
    return os.fsencode(name).decode("utf-8", "replace")


class Outcome:
    """What became of all cases, by the command line, and by Dagster's collect job into a lake of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.landing = folder / "landing"
        for name, contract in CONTRACTS.items():
            write_contract(folder / "sources", name, contract)
        for case in CASES:
            path = self.landing / case.source / case.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir() if case.data is None else path.write_bytes(case.data)
        for name in (".hidden.csv", "growing.csv.part"):
            (self.landing / "tables" / name).write_bytes(table(row(1)))
        (self.landing / "tables" / "loop.csv").symlink_to("loop.csv")
        self.collected = self.complaints("collect")
        self.updated = self.complaints("update")
        self.lake = Lake(str(folder / "lake"))

    @property
    def environment(self):
        return {
            "COMPLAINTS_PROFILE": "test",
            "COMPLAINTS_LAKE": str(self.folder / "lake"),
            "COMPLAINTS_LANDING": str(self.landing),
            "COMPLAINTS_SOURCES": str(self.folder / "sources"),
            "DAGSTER_HOME": str(self.folder / "dagster"),
        }

    def complaints(self, *arguments):
        program = Path(sys.executable).parent / "complaints"
        neutral = {
            name: value for name, value in os.environ.items() if not name.startswith(("COMPLAINTS_", "DAGSTER_"))
        }
        return subprocess.run(
            [program, *arguments], env={**neutral, **self.environment}, capture_output=True, text=True, check=False
        )

    def table(self, spec):
        return spec.table(self.lake).scan().collect()

    def of_file(self, spec, case):
        return self.table(spec).filter(source=case.source, file_name=received_as(case.name))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    return Outcome(tmp_path_factory.mktemp("malformed"))


def test_both_commands_end_well(outcome):
    for command in (outcome.collected, outcome.updated):
        assert command.returncode == 0, command.stdout + command.stderr
        assert "Traceback" not in command.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.source}-{received_as(case.name)}")
def test_good_records_arrive_and_bad_ones_are_set_aside_with_their_reason(outcome, case):
    set_aside = outcome.of_file(QUARANTINE, case).sort("record_number").select("record_number", "reason").rows()
    ((sha256, received, quarantined, reconciles),) = (
        outcome.of_file(RECONCILIATION, case).select("raw_sha256", "received", "quarantined", "reconciles").rows()
    )
    good = outcome.table(CLEANED).filter(source=case.source, raw_sha256=sha256).height
    assert reconciles
    assert received == good + quarantined
    if case.good >= 0:
        assert good == case.good
        assert set_aside == [(number, reason.value) for number, reason in case.bad]
    else:
        assert good > 0
        assert set_aside == [(good + 1, case.bad[0][1].value)]


def test_all_that_is_good_reaches_the_marts_and_nothing_else(outcome):
    assert outcome.table(CATEGORIZED).height == outcome.table(CLEANED).height
    receipts = {(receipt.source, receipt.file_name) for receipt in outcome.lake.receipts.all()}
    assert receipts == {(case.source, received_as(case.name)) for case in CASES}


def test_a_person_understands_every_detail(outcome):
    for detail in outcome.table(QUARANTINE)["detail"]:
        assert 15 < len(detail) < TOP_OF_DETAIL, detail
        assert detail.isprintable(), detail
        assert not re.search(r"Error\b|Exception|Traceback|0x[0-9a-f]{6}|/tmp/", detail), detail


def test_no_personal_value_stands_after_raw_or_in_the_event_log(outcome, monkeypatch):
    for name, value in {**outcome.environment, "COMPLAINTS_LAKE": str(outcome.folder / "lake-2")}.items():
        monkeypatch.setenv(name, value)
    with local_instance() as instance:
        Runner(Platform(load_settings()), instance).collect()
    after_raw = [outcome.table(spec).write_ndjson().encode() for spec in TABLES]
    written = [
        path.read_bytes()
        for folder in ("dagster", "lake/tables", "lake/receipts", "lake/received")
        for path in (outcome.folder / folder).rglob("*")
        if path.is_file()
    ]
    printed = [
        stream.encode()
        for command in (outcome.collected, outcome.updated)
        for stream in (command.stdout, command.stderr)
    ]
    catalogue = Catalogue(outcome.lake, list(CONTRACTS))
    raw = json.dumps([run_query(catalogue, f"SELECT * FROM raw.{name}").to_pylist() for name in CONTRACTS], default=str)  # noqa: S608
    for marker in MARKERS[:2]:
        assert marker in raw, "the markers were there to be found"
    for marker in MARKERS:
        assert not [data[:200] for data in (*after_raw, *written, *printed) if marker.encode() in data], marker
