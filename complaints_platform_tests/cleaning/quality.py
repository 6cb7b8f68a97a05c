"""Measures of cleaning against the generator's truth: what was found, of how many, and what was not.

Files go the way of the pipeline (collected into a lake, then cleaned day by day); the truth comes from
the generator alone. Near duplicates are searched for a second time, by the definition and without any
shortcut, because texts may also resemble each other that were not made from each other.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from scipy import sparse

from complaints_platform.cleaning import clean_texts
from complaints_platform.cleaning.text import normalize_texts
from complaints_platform.generator import GeneratorOptions, generate_files
from complaints_platform.intake.collectors import collect_jobs
from complaints_platform.intake.files import collect_all
from complaints_platform.lake import Lake
from complaints_platform.lake.store import open_store
from complaints_platform.platform import Platform
from complaints_platform.settings import Settings, load_settings

SIMILARITY = 0.7
"""Least Jaccard index of two texts' 3-word shingles at which one nearly repeats the other."""

TOKEN_OF = {
    "phone": "<PHONE>", "email": "<EMAIL>", "card": "<CARD>", "iban": "<IBAN>", "nin": "<NATIONAL_ID>",
    "bvn": "<NATIONAL_ID>", "ssn": "<NATIONAL_ID>", "nino": "<NATIONAL_ID>", "ip": "<IP>", "url": "<URL>",
    "name": "<NAME>",
}  # fmt: skip
"""Kind of personal data in the truth → what has to stand in its place."""

_TOKEN = re.compile("<[A-Z_]+>")
_RETWEET = re.compile(r"^(?:RT @\w+:\s*)+")
_EXAMPLES = 3

Row = dict[str, Any]


class Share(NamedTuple):
    """How many of how many; examples of the rest, for the message of a failed test."""

    hits: int
    of: int
    others: list[str]

    @property
    def value(self) -> float:
        """The share, from 0 to 1; of nothing, all is found."""
        return self.hits / self.of if self.of else 1.0

    def __str__(self) -> str:
        examples = "".join(f"\n  {example}" for example in self.others[:_EXAMPLES])
        return f"{self.value:.4%} ({self.hits:,} of {self.of:,}){examples}"


class Agreement(NamedTuple):
    """Precision and recall of a search."""

    precision: Share
    recall: Share

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision.value + self.recall.value
        return 2 * self.precision.value * self.recall.value / total if total else 0.0

    def __str__(self) -> str:
        return f"F1 {self.f1:.4f}, precision {self.precision}, recall {self.recall}"


@dataclass(frozen=True)
class Sample:
    """Truth rows that reached ``cleaned``, each with its cleaned record under ``"cleaned"``."""

    rows: list[Row]

    @property
    def texts(self) -> list[Row]:
        """The rows that bring a text."""
        return [row for row in self.rows if row["clean_text"] is not None]


def sample(folder: Path, options: GeneratorOptions) -> Sample:
    """Generate complaints, collect and clean them below ``folder``, and put each beside its truth."""
    settings = load_settings(profile="test", lake=str(folder / "lake"), landing=str(folder / "landing"), workers=1)
    landing, truth = open_store(settings.landing), []
    for file in generate_files(options):
        if file.path.startswith("truth/"):
            truth += [json.loads(line) for line in file.content.splitlines() if file.path.endswith(".ndjson")]
        else:
            landing.put(file.path, file.content)
    for _ in collect_all(
        collect_jobs(Platform(settings).collectors(), Platform(settings).landing, [], None), settings.workers
    ):
        pass
    cleaned = _cleaned(settings)
    rows = [row for row in truth if row["fate"] not in {"filtered", "quarantined"}]
    return Sample([row | {"cleaned": cleaned[row["file"], row["record_number"]]} for row in rows])


def _cleaned(settings: Settings) -> dict[tuple[str, int], Row]:
    receipts = list(Lake(settings.lake).receipts.all())
    paths = {receipt.sha256: f"{receipt.source}/{receipt.file_name}" for receipt in receipts}
    days = sorted({date.fromisoformat(day) for receipt in receipts for day in receipt.days})
    frame = pl.concat([made.frame for made in Platform(settings).cleaned_recipe().frames(days)])
    return {(paths[row["raw_sha256"]], row["record_number"]): row for row in frame.iter_rows(named=True)}


# --- encodings ---------------------------------------------------------------------------------------


def repaired(sample: Sample, faults: set[str]) -> Share:
    """Texts with one of ``faults`` that come out like the same text without it."""
    rows = [row for row in sample.texts if faults & set(row["faults"])]
    sound = clean_texts(pl.Series([row["clean_text"] for row in rows], dtype=pl.String)).to_list()
    expected = {id(row): text for row, text in zip(rows, sound, strict=True)}
    return _share(rows, lambda row: row["cleaned"]["text"] == expected[id(row)])


def changed(texts: Iterable[str]) -> Share:
    """Sound texts whose repair changes more than white space and Unicode form."""
    texts = list(texts)
    after = normalize_texts(pl.Series(texts, dtype=pl.String)).to_list()
    others = [f"{text!r} became {new!r}" for text, new in zip(texts, after, strict=True) if new != plain(text)]
    return Share(len(others), len(texts), others)


def plain(text: str) -> str:
    """Return ``text`` in composed Unicode with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).split())


# --- personal data -----------------------------------------------------------------------------------


def redacted(sample: Sample, kinds: set[str]) -> Share:
    """Texts with personal data of ``kinds`` that come out as typed, but for the token in its place."""
    rows = [row for row in sample.texts if any(datum["kind"] in kinds for datum in row["pii"])]
    return _share(rows, lambda row: row["cleaned"]["text"] == _with_tokens(row))


def touched(sample: Sample) -> Share:
    """Texts without personal data that redaction changed; copies that cut it in two are left out."""
    personal = {row["key"] for row in sample.rows if row["pii"]}
    rows = [row for row in sample.texts if not row["pii"] and row["near_duplicate_of"] not in personal]
    untouched = _share(rows, lambda row: _TOKEN.search(row["cleaned"]["text"]) is None)
    return Share(untouched.of - untouched.hits, untouched.of, untouched.others)


def _with_tokens(row: Row) -> str:
    text: str = row["clean_text"]
    for datum in row["pii"]:
        text = text.replace(datum["value"], TOKEN_OF[datum["kind"]])
    return plain(text)


# --- duplicates --------------------------------------------------------------------------------------


def exact_duplicates(sample: Sample) -> Agreement:
    """Duplicates that repeat what the truth says they repeat.

    Of identical copies of one version one is the complaint, no matter which: they count as a group. A
    call in the hour that the clocks repeat was written with a time that stands for two; it is left out.
    """
    ambiguous = {row["key"] for row in sample.rows if "clock_repeated" in row["traits"]}
    rows = [row for row in sample.rows if not {row["key"], row["duplicate_of"]} & ambiguous]
    ids = {row["key"]: row["cleaned"]["complaint_id"] for row in rows}
    expected = Counter((row["key"], ids[row["duplicate_of"]]) for row in rows if row["fate"] == "duplicate")
    actual = Counter(
        (row["key"], row["cleaned"]["duplicate_of"]) for row in rows if row["cleaned"]["outcome"] == "duplicate"
    )
    right = (expected & actual).total()
    return Agreement(
        Share(right, actual.total(), [f"wrongly: {key}" for key in actual - expected]),
        Share(right, expected.total(), [f"missed: {key}" for key in expected - actual]),
    )


def near_duplicates(sample: Sample) -> Agreement:
    """Complaints flagged as near duplicates, against those that the definition names.

    By the definition a complaint nearly repeats an earlier one of the same day or the day before if the
    3-word shingles of the typed words, without the mark of a retweet, have a Jaccard index of
    ``SIMILARITY`` or more.
    """
    complaints = [row for row in sample.texts if row["cleaned"]["outcome"] == "complaint"]
    complaints.sort(key=lambda row: (row["cleaned"]["occurred_at"], row["cleaned"]["complaint_id"]))
    days = np.array([row["cleaned"]["day"].toordinal() for row in complaints])
    similar = similar_to_an_earlier_one([row["clean_text"] for row in complaints], days)
    flagged = np.array([row["cleaned"]["near_duplicate_of"] is not None for row in complaints])
    right = int((similar & flagged).sum())
    return Agreement(
        Share(right, int(flagged.sum()), [complaints[at]["clean_text"] for at in np.flatnonzero(flagged & ~similar)]),
        Share(right, int(similar.sum()), [complaints[at]["clean_text"] for at in np.flatnonzero(similar & ~flagged)]),
    )


def copies_found(sample: Sample) -> Share:
    """Retweets, edited and pasted copies (at least ``SIMILARITY`` like their original) that are flagged."""
    rows = [row for row in sample.texts if row["near_duplicate_of"] and row["similarity"] >= SIMILARITY]
    return _share(rows, lambda row: row["cleaned"]["near_duplicate_of"] is not None)


def similar_to_an_earlier_one(texts: list[str], days: np.ndarray) -> np.ndarray:
    """Say which of ``texts`` (in the order of time) resemble an earlier one of their day or the day before."""
    vocabulary: dict[tuple[str, ...], int] = {}
    sets = [[vocabulary.setdefault(shingle, len(vocabulary)) for shingle in _shingles(text)] for text in texts]
    sizes = np.array([len(members) for members in sets])
    columns = np.fromiter((member for members in sets for member in members), np.int64, sizes.sum())
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    matrix = sparse.csr_matrix((np.ones(len(columns), np.int32), columns, offsets), (len(sets), len(vocabulary)))
    similar = np.zeros(len(texts), bool)
    for day in np.unique(days):
        before, begin, end = np.searchsorted(days, [day - 1, day, day + 1])
        common = (matrix[begin:end] @ matrix[before:end].T).tocoo()
        later, earlier = common.row + begin, common.col + before
        union = sizes[later] + sizes[earlier] - common.data
        similar[later[(earlier < later) & (common.data >= SIMILARITY * union - 1e-9)]] = True
    return similar


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", _RETWEET.sub("", text).lower())
    return {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))}


def _share(rows: list[Row], is_hit: Callable[[Row], bool]) -> Share:
    others = [row for row in rows if not is_hit(row)]
    return Share(
        len(rows) - len(others),
        len(rows),
        [f"{row['clean_text']!r} became {row['cleaned']['text']!r}" for row in others],
    )
