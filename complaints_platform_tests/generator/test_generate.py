"""What the generator promises of its files as a whole, checked with Python's own parsers."""

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import mean
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import complaints_platform
from complaints_platform.generator import GeneratorOptions, generate_files
from complaints_platform.sources.batches import Window
from complaints_platform.sources.contract import load_contract, load_contracts
from complaints_platform.sources.reading import read_records

SOURCES_FOLDER = Path(complaints_platform.__file__).parent / "defs" / "sources"
DEMO_SOURCES = ("call_centre", "sms", "social_media", "web_forms")
BERLIN = ZoneInfo("Europe/Berlin")


# --- determinism ------------------------------------------------------------------------------


def digest(options):
    total = hashlib.sha256()
    for file in generate_files(options):
        total.update(file.path.encode() + b"\0" + file.content)
    return total.hexdigest()


def test_equal_options_give_equal_bytes_in_another_process():
    code = (
        "from complaints_platform_tests.generator.test_generate import digest;"
        "from complaints_platform.generator import GeneratorOptions;"
        "print(digest(GeneratorOptions(days=2, per_day=150)))"
    )
    folder = str(Path(complaints_platform.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": folder, "PYTHONHASHSEED": "4711"}
    output = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == digest(GeneratorOptions(days=2, per_day=150))


def test_another_seed_gives_other_words():
    def texts(seed):
        files = generate_files(GeneratorOptions(days=1, per_day=100, seed=seed))
        return {row["clean_text"] for file in files if file.path.startswith("truth/2") for row in rows_in(file)}

    assert len(texts(1) & texts(2) - {None}) < 5


def rows_in(file):
    return [json.loads(line) for line in file.content.splitlines()]


@settings(max_examples=6, deadline=None)
@given(
    days=st.integers(1, 9),
    more=st.integers(1, 9),
    seed=st.integers(0, 10**6),
    first=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_a_day_is_the_same_however_many_days_follow(days, more, seed, first):
    def of_days(count):
        options = GeneratorOptions(days=count, per_day=15, seed=seed, first_day=first)
        return {file.path: file.content for file in generate_files(options)}

    short, long = of_days(days), of_days(days + more)
    ends = (first + timedelta(days=days)).isoformat()
    within = {path for path in long if day_in(path) is not None and day_in(path) < ends}
    assert within
    assert {path: short.get(path) for path in within} == {path: long[path] for path in within}


def day_in(path):
    """Day that a path names, as ISO text; None for the summary."""
    digits = "".join(letter for letter in path.partition("/")[2] if letter.isdigit())[:8]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if len(digits) == 8 else None


@pytest.mark.parametrize("wrong", [{"days": 0}, {"per_day": 0}])
def test_options_without_complaints_are_refused(wrong):
    with pytest.raises(ValueError, match="at least 1"):
        GeneratorOptions(**wrong)


# --- formats, by Python's own parsers -----------------------------------------------------------


def parsed_lines(content):
    """Objects of NDJSON by number; None where a line is no JSON."""
    objects = {}
    for number, line in enumerate((line for line in content.split(b"\n") if line.strip()), start=1):
        try:
            objects[number] = json.loads(line)
        except ValueError:
            objects[number] = None
    return objects


def parsed(path, content):
    """Records of a file by number, each as a mapping; None where it is malformed."""
    if path.startswith("sms/"):
        return parsed_lines(gzip.decompress(content))
    if path.startswith("social_media/"):
        return parsed_lines(content)
    if path.startswith("web_forms/"):
        submissions = json.loads(content)["submissions"]
        return {n: entry if isinstance(entry, dict) else None for n, entry in enumerate(submissions, start=1)}
    header, *rows = [
        row for row in csv.reader(io.StringIO(content.decode("latin-1"), newline=""), delimiter=";") if row
    ]
    return {
        n: dict(zip(header, row, strict=True)) if len(row) == len(header) else None
        for n, row in enumerate(rows, start=1)
    }


TEXT_FIELDS = {"social_media": "text", "sms": "body", "web_forms": "message", "call_centre": "Notiz"}
ID_FIELDS = {"social_media": "id", "sms": "messageId", "web_forms": "id"}


def test_every_record_of_every_file_has_exactly_one_truth_row(fortnight):
    assert {row["file"] for row in fortnight.rows} == {path for source in DEMO_SOURCES for path in fortnight.of(source)}
    for source in DEMO_SOURCES:
        for path, content in fortnight.of(source).items():
            expected = [0] if content == b"" else sorted(parsed(path, content))
            assert [row["record_number"] for row in fortnight.rows_of(path)] == expected


def test_records_hold_the_words_and_ids_of_the_truth(fortnight):
    checked = 0
    for path, content in fortnight.files.items():
        records = parsed(path, content) if content else {}
        for row in fortnight.rows_of(path):
            record = records.get(row["record_number"])
            if record is None:
                assert row["reason"] in {"malformed_record", "empty_file"}
                continue
            if row["source_id"]:
                assert record[ID_FIELDS[row["source"]]] == row["source_id"]
            text = record.get(TEXT_FIELDS[row["source"]])
            if row["clean_text"] is None:
                assert not (text or "").strip()
            elif not row["faults"]:
                assert text == row["clean_text"]
                checked += 1
            else:
                assert text != row["clean_text"]
    assert checked > 8000


def test_call_centre_files_are_latin1_with_quoted_quotes_and_line_ends(fortnight):
    contents = list(fortnight.of("call_centre").values())
    assert any(b'""' in content for content in contents)
    assert any(b"\xfc" in content for content in contents)
    notes = [record["Notiz"] for path, content in fortnight.of("call_centre").items() for record in
             parsed(path, content).values() if record]  # fmt: skip
    assert sum("\n" in note for note in notes) > 100


def test_the_reader_agrees_with_the_truth(fortnight):
    contracts = load_contracts(SOURCES_FOLDER)
    window = Window(date(2010, 1, 1), datetime(2026, 5, 1, tzinfo=UTC))
    for source in DEMO_SOURCES:
        for path, content in fortnight.of(source).items():
            rows = {row["record_number"]: row for row in fortnight.rows_of(path)}
            for batch in read_records(io.BytesIO(content), path, contracts[source], window):
                for record in batch.records.iter_rows(named=True):
                    row = rows.pop(record["record_number"])
                    assert row["fate"] not in {"quarantined", "filtered"}
                    assert record["occurred_at"] == datetime.fromisoformat(row["occurred_at"])
                    assert record["withdrawn"] == (row["fate"] == "retracted")
                for problem in batch.quarantined.iter_rows(named=True):
                    assert rows.pop(problem["record_number"])["reason"] == problem["reason"]
            assert all(row["fate"] == "filtered" for row in rows.values())


# --- fates, derived again from the rules ----------------------------------------------------------


def test_fates_by_native_id_follow_the_rules(fortnight):
    versions = defaultdict(list)
    for source, updated_field in (("social_media", "updated_at"), ("web_forms", "last_modified"), ("sms", "ts")):
        for path, content in fortnight.of(source).items():
            records = parsed(path, content) if content else {}
            for row in fortnight.rows_of(path):
                if row["fate"] not in {"quarantined", "filtered"}:
                    record = records[row["record_number"]]
                    updated = record[updated_field]
                    updated = datetime.fromisoformat(updated) if isinstance(updated, str) else updated
                    versions[row["key"]].append((updated, json.dumps(record, sort_keys=True), row))
    seen = Counter()
    for key, group in versions.items():
        newest = max(updated for updated, _, _ in group)
        last = [row for updated, _, row in group if updated == newest]
        older = [row for updated, _, row in group if updated < newest]
        assert len({content for updated, content, _ in group if updated == newest}) == 1, key
        assert all(row["fate"] == "superseded" for row in older)
        fates = Counter(row["fate"] for row in last)
        assert fates["complaint"] + fates["retracted"] == 1
        assert fates["duplicate"] == len(last) - 1
        assert all(row["duplicate_of"] == key for row in last if row["fate"] == "duplicate")
        seen += Counter(row["fate"] for _, _, row in group)
    assert all(seen[fate] > 10 for fate in ("complaint", "duplicate", "superseded", "retracted"))


def test_calls_are_duplicates_only_by_customer_and_words_within_24_hours(fortnight):
    calls = [row for row in fortnight.rows if row["source"] == "call_centre" and row["fate"] != "quarantined"]
    said = defaultdict(list)
    found = 0
    for row in sorted(calls, key=lambda row: (row["occurred_at"], row["file"], row["record_number"])):
        now = datetime.fromisoformat(row["occurred_at"])
        earlier = said[row["person"], row["clean_text"]]
        repeats = row["person"] is not None and any(now - then <= timedelta(hours=24) for then in earlier)
        assert row["fate"] == ("duplicate" if repeats else "complaint")
        earlier.append(now)
        found += repeats
    assert found > 20
    assert any(len(times) > 1 and min(times) + timedelta(hours=48) < max(times) for times in said.values())


def test_references_lead_to_counted_complaints(fortnight):
    complaints = {row["key"]: row for row in fortnight.rows if row["fate"] == "complaint"}
    near = [row for row in fortnight.rows if row["near_duplicate_of"]]
    assert len(near) > 200
    for row in near:
        original = complaints[row["near_duplicate_of"]]
        assert original["category"] == row["category"]
        assert original["occurred_at"] <= row["occurred_at"]
        assert 0 < row["similarity"] <= 1
    assert mean(row["similarity"] for row in near) > 0.8
    assert all(row["duplicate_of"] in complaints for row in fortnight.rows if row["fate"] == "duplicate")
    across = [row for row in near if complaints[row["near_duplicate_of"]]["source"] != row["source"]]
    assert across
    assert all(complaints[row["near_duplicate_of"]]["person"] == row["person"] for row in across
               if "cross_channel" in row["traits"])  # fmt: skip


def test_summary_counts_what_the_truth_rows_say(fortnight):
    for source, counts in fortnight.summary["sources"].items():
        rows = [row for row in fortnight.rows if row["source"] == source]
        assert counts == {"records": len(rows), **Counter(row["fate"] for row in rows)}
    assert fortnight.summary["records"] == len(fortnight.rows)
    assert fortnight.summary["files"] == len(fortnight.files)


def test_redelivered_files_are_the_same_bytes_under_another_name(fortnight):
    again = fortnight.summary["redelivered_files"]
    assert {entry["file"].split("/")[0] for entry in again} == {"sms", "web_forms"}
    for entry in again:
        assert entry["file"] != entry["same_as"]
        assert fortnight.files[entry["file"]] == fortnight.files[entry["same_as"]]


# --- seasons, outage, clocks, late files --------------------------------------------------------


def test_weeks_and_hours_have_seasons(fortnight):
    calls = [datetime.fromisoformat(row["occurred_at"]) for row in fortnight.rows
             if row["source"] == "call_centre" and row["occurred_at"]]  # fmt: skip
    by_weekday = Counter(moment.weekday() for moment in calls)
    assert by_weekday[0] > 2 * by_weekday[6]
    by_hour = Counter(moment.hour for moment in calls)
    assert min(by_hour[hour] for hour in (7, 8, 9, 10)) > 3 * max(by_hour[hour] for hour in (0, 1, 2, 3, 21, 22))


def test_the_outage_stands_out_where_the_summary_says(fortnight):
    outage = fortnight.summary["outage"]
    assert outage["day"] == "2026-03-19"
    counted = Counter(
        row["day"]
        for row in fortnight.rows
        if (row["fate"], row["region"], row["category"]) == ("complaint", outage["region"], outage["category"])
    )
    assert dict(counted) == outage["complaints_by_day"]
    usual = [count for day, count in counted.items() if day != outage["day"]]
    assert counted[outage["day"]] > 3 * mean(usual)
    assert counted[outage["day"]] > 1.5 * max(usual)


def test_there_is_no_outage_before_its_day_comes(spring):
    assert spring.summary["outage"] is None


def call_times(generated):
    """(time as written, truth row) of every readable call."""
    for path, content in generated.of("call_centre").items():
        records = parsed(path, content)
        for row in generated.rows_of(path):
            if row["fate"] != "quarantined":
                yield records[row["record_number"]]["Erstellt am"], row


def test_calls_fall_into_the_gap_of_march_and_stay_true(spring):
    in_gap = [(written, row) for written, row in call_times(spring) if written.startswith("29.03.2026 02:")]
    assert in_gap
    for written, row in in_gap:
        assert "clock_not_moved" in row["traits"]
        naive = datetime.strptime(written, "%d.%m.%Y %H:%M:%S").replace(tzinfo=BERLIN)
        assert naive.astimezone(UTC) == datetime.fromisoformat(row["occurred_at"])


def test_calls_fall_into_both_passes_of_the_repeated_hour_of_october(autumn):
    repeated = [row for written, row in call_times(autumn) if written.startswith("25.10.2026 02:")]
    assert all("clock_repeated" in row["traits"] for row in repeated)
    assert {row["occurred_at"][11:13] for row in repeated} == {"00", "01"}


def test_call_times_are_local_to_berlin_on_other_days(fortnight):
    for written, row in call_times(fortnight):
        local = datetime.fromisoformat(row["occurred_at"]).astimezone(BERLIN)
        assert written == local.strftime("%d.%m.%Y %H:%M:%S")


def test_a_few_cases_are_closed_before_they_were_created(fortnight):
    early = 0
    for path, content in fortnight.of("call_centre").items():
        records = parsed(path, content)
        for row in fortnight.rows_of(path):
            if row["fate"] != "quarantined" and (closed := records[row["record_number"]]["Erledigt am"]):
                closed_at = datetime.strptime(closed, "%d.%m.%Y %H:%M:%S").replace(tzinfo=BERLIN)
                before = closed_at < datetime.fromisoformat(row["occurred_at"])
                assert before == ("closed_before_created" in row["traits"])
                early += before
    assert early > 3


def test_a_call_day_comes_late_in_a_file_that_mixes_days(fortnight):
    late = [path for path in fortnight.of("call_centre") if path.endswith("_nachlieferung.csv")]
    assert late == ["call_centre/calls_2026-03-18_nachlieferung.csv"]
    days = {row["day"] for row in fortnight.rows_of(late[0]) if row["day"]}
    assert {"2026-03-15", "2026-03-16"} <= days
    assert "call_centre/calls_2026-03-15.csv" not in fortnight.files


# --- contracts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DEMO_SOURCES)
def test_the_demo_contracts_load(name):
    contract = load_contract(SOURCES_FOLDER / name / "defs.yaml")
    assert contract.owner.startswith("team:")
    assert (contract.fields.source_id is None) == (name == "call_centre")
