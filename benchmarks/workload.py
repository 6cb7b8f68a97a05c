"""The peers' workload: generated once a number of records and days, and put where each side reads it.

The peers' files are copied unchanged into the work folder; what they write stays there.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson
import polars as pl
import yaml

from benchmarks.errors import BenchmarkError, PeersAbsentError

ROOT = Path(__file__).parent
SOURCES = ROOT / "sources"
TAXONOMY = ROOT / "taxonomy.yaml"
PEERS_VARIABLE = "COMPLAINTS_PEERS"
DEFAULT_PEERS = ROOT.parent.parent / "shared" / "peers"
DATA_VARIABLE = "COMPLAINTS_TEST_DATA"
DEFAULT_DATA = ROOT.parent.parent / "shared" / "data"
IDS = {"social": "id", "sms": "msg_id", "web": "form_id", "calls": "call_id"}
"""The senders' own ids. The contracts name none, because the workload's exact copies carry new ones."""

NEEDED = ("gen.py", "meter.py", "p_pandas.py", "p_polars.py", "train.py", "udfs.py")

MONTH = 30
"""Days of a workload, unless something else is asked for."""

TRAINING_SHARE = 4 / 5
"""The peers' train.py fits on the first four fifths of the labels and scores on the rest."""


@dataclass(frozen=True)
class Workload:
    """Some records as the four senders' files, and labels of a part of them."""

    records: int
    """As many as were asked for; each day has the same number, so a remainder is left out."""
    days: int
    data: Path
    """Holds ``day=YYYY-MM-DD/<source>.<suffix>``."""
    peers: Path

    def landing(self, folder: Path) -> None:
        """Put the files into a landing, as ``<source>/<day>.<suffix>``: hard links, no copies."""
        for day in days_of(self.data):
            for file in folder_of(self.data, day).iterdir():
                target = folder / file.stem / f"{day}{file.suffix}"
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, target)

    def labels(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the labels (text, category) to train on, and those to score on."""
        rows = [orjson.loads(line) for path in sorted(self.data.glob("labels_*.jsonl")) for line in path.open("rb")]
        table = pl.DataFrame(rows, schema={"text": pl.String, "category": pl.String}, orient="row")
        training = int(table.height * TRAINING_SHARE)
        return table[:training], table[training:]


def days_of(data: Path) -> list[date]:
    """Return the days of a workload, in order."""
    return sorted(date.fromisoformat(folder.name.removeprefix("day=")) for folder in data.glob("day=*"))


def folder_of(data: Path, day: date) -> Path:
    """Return the folder of a day's files, one a source."""
    return data / f"day={day}"


def sources_with_ids(folder: Path) -> Path:
    """Write the benchmark's contracts with the senders' own ids as ``source_id`` into ``folder``; return it."""
    for source, column in IDS.items():
        contract = yaml.safe_load((SOURCES / source / "defs.yaml").read_text(encoding="utf-8"))
        contract["attributes"]["fields"]["source_id"] = column
        target = folder / source / "defs.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(yaml.safe_dump(contract, sort_keys=False), encoding="utf-8")
    return folder


def find_peers(folder: Path | None) -> Path:
    """Return the peers' folder: the one named, or that of the environment, or the one beside the repository.

    Raises:
        PeersAbsentError: it is not there.
    """
    folder = folder or Path(os.environ.get(PEERS_VARIABLE, DEFAULT_PEERS))
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise PeersAbsentError(
            f"{folder} lacks {', '.join(missing)}: the peers and their workload are needed; "
            f"name their folder with --peers or {PEERS_VARIABLE}"
        )
    return folder


def find_data(folder: Path | None) -> Path:
    """Return the folder of the public data sets: the one named, or the environment's, or the one beside the repository.

    Raises:
        PeersAbsentError: it is not there.
    """
    folder = folder or Path(os.environ.get(DATA_VARIABLE, DEFAULT_DATA))
    if not folder.is_dir():
        raise PeersAbsentError(
            f"{folder} is not there: name the public data sets' folder with --data or {DATA_VARIABLE}"
        )
    return folder


def prepare(records: int, peers: Path, work: Path, days: int = MONTH) -> Workload:
    """Copy the peers into the work folder and generate a workload of some days, unless both are there.

    Raises:
        BenchmarkError: the generator failed.
    """
    copied = work / "peers"
    copied.mkdir(parents=True, exist_ok=True)
    for name in NEEDED:
        shutil.copyfile(peers / name, copied / name)
    data = work / f"data-{records}-{days}"
    if not data.exists():
        unfinished = work / f"{data.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [sys.executable, "gen.py", str(records), str(unfinished), str(days)]
        if subprocess.run(command, cwd=copied, check=False, stdout=subprocess.DEVNULL).returncode:
            raise BenchmarkError(f"the workload's generator failed: {' '.join(command)}")
        unfinished.rename(data)
    return Workload(records, days, data, copied)
