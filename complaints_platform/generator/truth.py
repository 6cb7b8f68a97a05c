"""The truth beside the files: what each record is, and what must become of it.

``truth/<day>.ndjson`` holds one row for each record in the files of that day, in the order of
files and records; ``truth/summary.json`` the options, the counts and the outage. The fields:

* ``file``, ``record_number``: where the record stands (data records from 1; blank lines and the
  header don't count; 0 is a file that holds nothing at all).
* ``source``, ``source_id``, ``key``: who sent it, its native id, and the key by which other rows
  refer to it: ``source:source_id``, or ``file#record_number`` where the sender gives no id.
* ``occurred_at`` (ISO 8601, UTC), ``day``: when the complaint was made; null where the file does
  not say. A call in the hour that the clocks repeat (trait ``clock_repeated``) may have been
  written with a time that stands for two instants; the true one is here.
* ``category``, ``subcategory``: what it is about; null for agents' answers.
* ``region``: canonical spelling; null if the sender gives none. ``person``: who complains.
* ``fate``, ``reason``: complaint, duplicate, superseded, retracted, filtered, or quarantined with
  a ``QuarantineReason``. Of identical copies of one version (same ``key``), one is the complaint
  and the others are duplicates; which one is the complaint is not for the sender to say, so
  compare them as a group.
* ``duplicate_of``, ``near_duplicate_of``: keys; ``similarity``: Jaccard of the 3-word shingles
  of the two clean texts (lower-case words). Stock phrases (trait ``stock_phrase``) are the same
  words by chance, from different people: they carry no reference.
* ``faults``: what transport did to the text (mojibake, double_mojibake, html, zero_width,
  control, decomposed); ``traits``: all else that is special about the record; ``defect``: what
  keeps it from being read.
* ``clean_text``: the words as typed, slips included, faults undone, personal data in place;
  null where the record brings no text.
* ``pii``: kind, value as typed, and for names the cue before them.
"""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import orjson

from complaints_platform.generator.days import day_of
from complaints_platform.generator.options import GeneratedFile, GeneratorOptions
from complaints_platform.generator.records import REASONS, TIME_DEFECTS, Defect, Fate, Record
from complaints_platform.generator.volumes import OUTAGE, outage
from complaints_platform.schemas import QuarantineReason


class Truth:
    """Writes the truth of one day after the other, and adds it up."""

    def __init__(self, options: GeneratorOptions) -> None:
        self._options = options
        self._outage = outage(options)
        self._fates: dict[str, Counter[str]] = {}
        self._reasons: Counter[str] = Counter()
        self._like_outage: Counter[date] = Counter()
        self._redelivered: list[dict[str, str]] = []
        self._files = 0

    def of_day(self, day: date, records: list[Record], empty_files: list[tuple[str, str]]) -> GeneratedFile:
        """Return the truth file of ``day``: its written ``records``, and its empty files as (source, path)."""
        rows = [row_of(record) for record in records]
        rows += [_empty_file_row(source, path) for source, path in empty_files]
        for record in records:
            self._count_like_outage(record)
        for row in rows:
            self._fates.setdefault(row["source"], Counter())[row["fate"]] += 1
            if row["reason"]:
                self._reasons[row["reason"]] += 1
        return GeneratedFile(f"truth/{day.isoformat()}.ndjson", b"".join(orjson.dumps(row) + b"\n" for row in rows))

    def note_file(self) -> None:
        """Count a file."""
        self._files += 1

    def note_redelivery(self, path: str, same_as: str) -> None:
        """Note that ``path`` holds the very bytes of ``same_as``: not received again, so without rows."""
        self._redelivered.append({"file": path, "same_as": same_as})

    def summary(self) -> GeneratedFile:
        """Return the summary of all days."""
        options = self._options
        fates = {
            source: {"records": sum(fates.values()), **sorted_counts(fates)} for source, fates in self._fates.items()
        }
        document = {
            "options": {
                "days": options.days, "per_day": options.per_day, "seed": options.seed,
                "first_day": options.first_day.isoformat(),
            },
            "files": self._files,
            "records": sum(counts["records"] for counts in fates.values()),
            "sources": dict(sorted(fates.items())),
            "quarantined": sorted_counts(self._reasons),
            "redelivered_files": self._redelivered,
            "outage": self._outage_summary(),
        }  # fmt: skip
        return GeneratedFile("truth/summary.json", orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def _count_like_outage(self, record: Record) -> None:
        if (
            record.fate is Fate.COMPLAINT
            and record.region == self._outage.region
            and record.topic is not None
            and record.topic[0] == self._outage.topic[0]
        ):
            self._like_outage[day_of(record.occurred)] += 1

    def _outage_summary(self) -> dict[str, Any] | None:
        """Say where and when the outage was; None if it lies beyond the days generated."""
        if self._outage.day > self._options.last_day:
            return None
        return {
            "day": self._outage.day.isoformat(),
            "hours_utc": list(OUTAGE.hours),
            "region": self._outage.region,
            "category": self._outage.topic[0],
            "subcategory": self._outage.topic[1],
            "extra_complaints": self._outage.extra,
            "complaints_by_day": {day.isoformat(): count for day, count in sorted(self._like_outage.items())},
        }


def row_of(record: Record) -> dict[str, Any]:
    """Return the truth about a written record; the module's docstring describes the fields."""
    path, number = record.position or ("", 0)
    category, subcategory = record.topic or (None, None)
    timeless = record.defect in TIME_DEFECTS
    textless = record.fate is Fate.RETRACTED or record.defect is Defect.NO_TEXT
    return {
        "file": path,
        "record_number": number,
        "source": record.source,
        "source_id": record.source_id,
        "key": record.key,
        "occurred_at": None if timeless else _iso(record.occurred),
        "day": None if timeless else day_of(record.occurred).isoformat(),
        "category": category,
        "subcategory": subcategory,
        "region": record.region,
        "person": None if record.anonymous else record.person.key,
        "fate": record.fate.value,
        "reason": REASONS[record.defect].value if record.defect else None,
        "duplicate_of": record.duplicate_of.key if record.duplicate_of else None,
        "near_duplicate_of": record.near_duplicate_of.key if record.near_duplicate_of else None,
        "similarity": record.similarity,
        "faults": [] if textless else record.faults,
        "traits": record.traits,
        "defect": record.defect.value if record.defect else None,
        "style": record.style,
        "clean_text": None if textless else record.text,
        "pii": [] if textless else [datum._asdict() for datum in record.personal_data],
    }


def sorted_counts(counts: Counter[str]) -> dict[str, int]:
    """Return ``counts`` in the order of their names."""
    return dict(sorted(counts.items()))


def _empty_file_row(source: str, path: str) -> dict[str, Any]:
    nothing: dict[str, Any] = dict.fromkeys(
        ("source_id", "occurred_at", "day", "category", "subcategory", "region", "person", "duplicate_of",
         "near_duplicate_of", "similarity", "defect", "style", "clean_text")
    )  # fmt: skip
    return {
        **nothing,
        "file": path,
        "record_number": 0,
        "source": source,
        "key": f"{path}#0",
        "fate": Fate.QUARANTINED.value,
        "reason": QuarantineReason.EMPTY_FILE.value,
        "faults": [],
        "traits": ["empty_file"],
        "pii": [],
    }


def _iso(instant: int) -> str:
    return datetime.fromtimestamp(instant // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{instant % 1000:03d}Z"
