"""No personal datum that was sent stands in anything the platform makes of it: a scan of every byte.

What the senders wrote stays in ``originals`` and ``raw``. Everything else in the lake, and all that
Dagster keeps, is read as bytes, and once more unpacked, because Parquet, models and snapshots are
compressed and a database splits long values. The same scanner has to find the data in ``raw``.
"""

import io
import json
import re
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from operator import attrgetter
from pathlib import Path

import joblib
import polars as pl
import pytest

from complaints_platform.commands.running import Runner
from complaints_platform.generator import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.generator.people import Person, national_phone, person_of
from complaints_platform.generator.senders import CallCentre
from complaints_platform.instance.local import local_instance
from complaints_platform.lake.store import open_store
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings

OPTIONS = GeneratorOptions(days=4, per_day=300, seed=60_017)
MAY_HOLD_PERSONAL_DATA = {"originals", "raw"}
NOTATIONS = 5
"""Ways in which ``national_phone`` writes a number."""

SENT_AS = {"social_media": attrgetter("handle"), "sms": attrgetter("phone"), "web_forms": attrgetter("email")}
"""How a source names its customers, where it always does so in the same way."""

UNPACKED = {".db": "tables", ".sqlite": "tables", ".parquet": "columns", ".joblib": "objects"}
ZLIB_START = b"\x78\x01"
"""First bytes of what zlib packs at its fastest, as joblib does for models; a header stands before it."""

MENTION = re.compile(r"(?<![\w.+\-])@\w+")
"""Handles of others within a text are public, and stay; the customer's own is never written with an @."""


class Played:
    """A lake and an instance of Dagster through which a few days have gone, and who was in them."""

    def __init__(self, root: Path) -> None:
        settings = load_settings(profile="test", lake=str(root / "lake"), landing=str(root / "landing"))
        truth = open_store(str(root))
        write_files(OPTIONS, open_store(settings.landing), truth)
        self.rows = [
            json.loads(line)
            for name in truth.names("truth")
            if name.endswith(".ndjson")
            for line in truth.get(f"truth/{name}").splitlines()
        ]
        with local_instance() as instance:
            runner = Runner(Platform(settings), instance)
            runner.collect()
            self.runs = list(runner.update())
        self.lake = root / "lake"

    def identifiers(self) -> dict[str, set[str]]:
        """All that names a person, by kind, in every notation."""
        found = defaultdict(set)
        for row in self.rows:
            for datum in row["pii"]:
                found[datum["kind"]].add(datum["value"])
            if row["person"] is not None:
                person = _person(row["person"])
                found["customer"] |= {person.handle, person.email, *_notations(person)}
        found["agent"] = set(CallCentre.agents)
        return dict(found)


def _person(key: str) -> Person:
    _country, region, index = key.split("-")
    return person_of(OPTIONS.seed, region, int(index))


def _notations(person: Person) -> set[str]:
    written = {
        national_phone(person.phone, person.country.code, lambda way=way: (way + 0.5) / NOTATIONS)
        for way in range(NOTATIONS)
    }
    return {person.phone, *written}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    root = tmp_path_factory.mktemp("leaks")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_HOME", str(root / "dagster"))
        yield Played(root)


class Scanner:
    """Looks for many strings at once, whatever their case, also as JSON writes them."""

    def __init__(self, wanted: set[str]) -> None:
        self._written = {form.lower(): value for value in wanted for form in {value, json.dumps(value)[1:-1]}}

    def found_below(self, folder: Path, parts: set[str] | None = None) -> dict[str, set[str]]:
        """File → what was found in it; of ``folder`` only the given top-level parts, or all."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        read = [
            (str(path.relative_to(folder)), MENTION.sub("@", text))
            for path in paths
            if parts is None or path.relative_to(folder).parts[0] in parts
            for text in texts_of(path)
        ]
        texts = pl.DataFrame(read, schema={"file": pl.String, "text": pl.String}, orient="row")
        hits = texts.select(
            "file",
            hit=pl.col("text").str.extract_many(list(self._written), ascii_case_insensitive=True, overlapping=True),
        )
        found = defaultdict(set)
        for file, hit in hits.explode("hit").drop_nulls().unique().iter_rows():
            found[file].add(self._written[hit.lower()])
        return dict(found)


def texts_of(path: Path) -> Iterator[str]:
    """Yield what stands in a file: its bytes as text, and what they hold unpacked."""
    data = path.read_bytes()
    yield data.decode(errors="replace")
    match UNPACKED.get(path.suffix):
        case "tables":
            yield from _cells(path)
        case "columns":
            for column in pl.read_parquet(io.BytesIO(data)).iter_columns():
                yield "\n".join(map(str, column.to_list()))
        case "objects":
            yield zlib.decompress(data[data.index(ZLIB_START) :]).decode(errors="replace")


def _cells(path: Path) -> Iterator[str]:
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - names from the database itself
                for cell in row:
                    yield _unzipped(cell).decode(errors="replace") if isinstance(cell, bytes) else str(cell)


def _unzipped(cell: bytes) -> bytes:
    """Unpack what Dagster compresses, such as snapshots of jobs."""
    try:
        return zlib.decompress(cell)
    except zlib.error:
        return cell


def test_the_scanner_finds_what_was_sent_in_raw(played):
    """A control: damaged and quarantined texts apart, every identifier stands in the raw segments."""
    sound = [row for row in played.rows if row["fate"] not in {"filtered", "quarantined"} and not row["faults"]]
    sent = {datum["value"] for row in sound for datum in row["pii"]}
    sent |= {SENT_AS[row["source"]](_person(row["person"])) for row in sound if row["source"] in SENT_AS}
    assert len(sent) > 800
    for kind, values in played.identifiers().items():
        found = set().union(*Scanner(values).found_below(played.lake, {"raw"}).values())
        assert found, f"no {kind} in raw"
        assert found >= values & sent, f"{kind}: {sorted(values & sent - found)[:5]}"


def test_nothing_sent_stands_in_the_lake_from_cleaned_on(played):
    parts = {path.name for path in played.lake.iterdir()} - MAY_HOLD_PERSONAL_DATA
    assert {"tables", "models", "receipts", "quarantine"} <= parts
    everything = set().union(*played.identifiers().values())
    assert len(everything) > 3000
    assert Scanner(everything).found_below(played.lake, parts) == {}


def test_nothing_sent_stands_in_what_dagster_keeps(played):
    home = played.lake.parent / "dagster"
    databases = {path.name for path in home.rglob("*.db")}
    assert {"runs.db", "index.db"} <= databases
    assert len(played.runs) == 3
    everything = set().union(*played.identifiers().values())
    assert Scanner(everything).found_below(home) == {}


@pytest.mark.parametrize("suffix", [".txt", ".parquet", ".joblib", ".db"])
def test_the_scanner_looks_into_compressed_files(tmp_path, suffix):
    path = tmp_path / f"file{suffix}"
    secrets = [f"ada{number}@example.com" for number in range(200)]
    match suffix:
        case ".txt":
            path.write_text(json.dumps({"event": secrets}))
        case ".parquet":
            pl.DataFrame({"text": [secrets[0]], "list": [secrets]}).write_parquet(path, compression="zstd")
        case ".joblib":
            packed = io.BytesIO()
            joblib.dump({"vocabulary": secrets}, packed, compress=("zlib", 1))
            path.write_bytes(b"a header\n" + packed.getvalue())
        case ".db":
            with closing(sqlite3.connect(path)) as database:
                database.execute("CREATE TABLE events (body TEXT, snapshot BLOB)")
                rows = ("x" * 9000 + secrets[0], zlib.compress(" ".join(secrets).encode()))
                database.execute("INSERT INTO events VALUES (?, ?)", rows)
                database.commit()
    assert Scanner(set(secrets)).found_below(tmp_path) == {path.name: set(secrets)}
