"""The usual recipe: pandas, ftfy, regular expressions, drop_duplicates, and datasketch for near duplicates.

What a careful analyst writes with the well-known libraries, in one process, following their documentation.
``python -m benchmarks.usual_recipe DATA`` reads all days of a workload and measures each step. It shares no
code with the platform, and nothing of it is made slow on purpose: times, tables and exact duplicates are
vectorised, MinHashes are made in bulk, each day has an index of its own.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ftfy
import orjson
import pandas as pd
from datasketch import MinHash, MinHashLSH

from benchmarks.meter import RESULT, Meter, Span

SIMILARITY = 0.7
"""Least Jaccard similarity of near duplicates: the platform's, so that both look for the same."""

PERMUTATIONS = 128
"""Datasketch's own default."""

SHINGLE_WORDS = 3

CARD = re.compile(r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b")
EMAIL = re.compile(r"[\w.%+-]+@[\w.-]+\.[A-Za-z]{2,}")
PHONE = re.compile(r"\+\d{1,3}[ -]?\d{2,4}[ -]?\d{5,8}")
SPACES = re.compile(r"\s+")

PATHS: dict[str, dict[str, str]] = {
    "social": {"source_id": "id", "customer": "user.handle", "time": "created_at", "region": "geo.region"},
    "sms": {"source_id": "msg_id", "customer": "msisdn", "time": "ts", "region": "cell"},
    "web": {"source_id": "form_id", "customer": "email", "time": "submitted", "region": "region"},
    "calls": {"source_id": "call_id", "customer": "customer_no", "time": "opened_local", "region": "region"},
}
ANSWERED = {"social": "first_reply_at", "sms": "replied_ts", "web": "resolved", "calls": "closed_local"}
TEXTS = {"social": "text", "sms": "body", "web": "message", "calls": "transcript"}


def read(folders: list[Path]) -> pd.DataFrame:
    """Read all channels of some days; lines that are no JSON, and calls without a time, are left out."""
    return pd.concat([frame for folder in folders for frame in _read_day(folder)], ignore_index=True)


def clean(complaints: pd.DataFrame) -> pd.DataFrame:
    """Repair the encoding of each text and normalise its white space."""
    texts = [SPACES.sub(" ", ftfy.fix_text(text)).strip() for text in complaints["raw"]]
    return complaints.drop(columns="raw").assign(text=texts)


def redact(complaints: pd.DataFrame) -> pd.DataFrame:
    """Replace cards, mail addresses and phone numbers by tokens."""
    return complaints.assign(
        text=[PHONE.sub("<PHONE>", EMAIL.sub("<EMAIL>", CARD.sub("<CARD>", text))) for text in complaints["text"]]
    )


def drop_exact(complaints: pd.DataFrame) -> pd.DataFrame:
    """Keep the first of complaints that agree in day, channel, customer and text."""
    ordered = complaints.sort_values(["day", "time", "source_id"])
    return ordered.drop_duplicates(["day", "channel", "customer", "text"])


def flag_near(complaints: pd.DataFrame) -> pd.DataFrame:
    """Name for each complaint the earliest of its day whose text it nearly repeats (column ``near_of``)."""
    near_of: list[str | None] = []
    for _, day in complaints.groupby("day", sort=False):
        near_of += _near_of(day["source_id"].tolist(), day["text"].tolist())
    return complaints.assign(near_of=near_of)


def _read_day(folder: Path) -> list[pd.DataFrame]:
    day = folder.name.removeprefix("day=")
    frames = []
    for channel in ("social", "sms", "web"):
        table = pd.json_normalize(_records(folder / f"{channel}.ndjson"))
        frames.append(_common(table, channel, day, _utc))
    table = pd.read_csv(folder / "calls.csv", sep=";", encoding="latin-1", dtype=str)
    calls = _common(table, "calls", day, _berlin)
    return [*frames, calls[calls["time"].notna()]]


def _records(path: Path) -> list[dict[str, Any]]:
    records = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return records


def _common(table: pd.DataFrame, channel: str, day: str, times: Callable[[pd.Series], pd.Series]) -> pd.DataFrame:
    names = {path: name for name, path in PATHS[channel].items()}
    names |= {ANSWERED[channel]: "answered", TEXTS[channel]: "raw"}
    table = table[list(names)].rename(columns=names)
    return table.assign(channel=channel, day=day, time=times(table["time"]), answered=times(table["answered"]))


def _utc(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values, utc=True, unit="ms" if pd.api.types.is_numeric_dtype(values) else None)


def _berlin(values: pd.Series) -> pd.Series:
    local = pd.to_datetime(values, format="%d.%m.%Y %H:%M:%S", errors="coerce")
    return local.dt.tz_localize("Europe/Berlin", ambiguous=True, nonexistent="NaT").dt.tz_convert("UTC")


def _near_of(names: list[str], texts: list[str]) -> list[str | None]:
    """Ask the index of all earlier texts, and check what it answers; the texts are in the order of time."""
    index = MinHashLSH(threshold=SIMILARITY, num_perm=PERMUTATIONS)
    hashes: list[MinHash] = []
    near_of: list[str | None] = []
    for number, minhash in enumerate(MinHash.generator(map(_shingles, texts), num_perm=PERMUTATIONS)):
        similar = [other for other in index.query(minhash) if minhash.jaccard(hashes[other]) >= SIMILARITY]
        near_of.append(names[min(similar)] if similar else None)
        index.insert(number, minhash)
        hashes.append(minhash)
    return near_of


def _shingles(text: str) -> list[bytes]:
    words = text.split()
    ends = range(SHINGLE_WORDS, max(len(words), SHINGLE_WORDS) + 1)
    return [" ".join(words[end - SHINGLE_WORDS : end]).encode() for end in ends]


def main() -> None:
    folders = sorted(Path(sys.argv[1]).glob("day=*"))
    lines = sum(_lines(path) - (path.suffix == ".csv") for folder in folders for path in folder.iterdir())
    spans: dict[str, Span] = {}

    def step(name: str, function: Callable[..., pd.DataFrame], argument: Any) -> pd.DataFrame:
        started = time.time()
        result = function(argument)
        spans[name] = Span(started, time.time())
        return result

    with Meter() as meter:
        records = step("read", read, folders)
        cleaned = step("redact", redact, step("clean", clean, records))
        distinct = step("exact", drop_exact, cleaned)
        flagged = step("near", flag_near, distinct)
    result = {
        "total": asdict(meter.total()),
        "stages": {name: asdict(meter.cost(span)) for name, span in spans.items()},
        "found": {
            "records": lines,
            "unreadable": lines - len(records),
            "exact": len(records) - len(distinct),
            "near": int(flagged["near_of"].notna().sum()),
        },
    }
    sys.stdout.write(RESULT + orjson.dumps(result).decode() + "\n")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


if __name__ == "__main__":
    main()
