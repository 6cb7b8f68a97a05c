"""The peers' workload: generated once a size, and put where each side reads it.

The peers' files are copied unchanged into the work folder; what they write stays there.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl

from benchmarks.errors import BenchmarkError, PeersAbsentError

ROOT = Path(__file__).parent
SOURCES = ROOT / "sources"
TAXONOMY = ROOT / "taxonomy.yaml"
PEERS_VARIABLE = "COMPLAINTS_PEERS"
DEFAULT_PEERS = ROOT.parent.parent / "shared" / "peers"
NEEDED = ("gen.py", "meter.py", "p_pandas.py", "p_polars.py", "train.py", "udfs.py")

TRAINING_SHARE = 4 / 5
"""The peers' train.py fits on the first four fifths of the labels and scores on the rest."""


@dataclass(frozen=True)
class Workload:
    """Some records as the four senders' files, and labels of a part of them."""

    records: int
    data: Path
    peers: Path

    def landing(self, folder: Path) -> None:
        """Put the files into a landing, as ``<source>/<day>.<suffix>``: hard links, no copies."""
        for file in sorted(self.data.glob("day=*/*")):
            target = folder / file.stem / f"{file.parent.name.removeprefix('day=')}{file.suffix}"
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, target)

    def labels(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the labels (text, category) to train on, and those to score on."""
        rows = [orjson.loads(line) for path in sorted(self.data.glob("labels_*.jsonl")) for line in path.open("rb")]
        table = pl.DataFrame(rows, schema={"text": pl.String, "category": pl.String}, orient="row")
        training = int(table.height * TRAINING_SHARE)
        return table[:training], table[training:]


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


def prepare(records: int, peers: Path, work: Path) -> Workload:
    """Copy the peers into the work folder and generate the workload, unless both are there.

    Raises:
        BenchmarkError: the generator failed.
    """
    copied = work / "peers"
    copied.mkdir(parents=True, exist_ok=True)
    for name in NEEDED:
        shutil.copyfile(peers / name, copied / name)
    data = work / f"data-{records}"
    if not data.exists():
        unfinished = work / f"data-{records}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [sys.executable, "gen.py", str(records), str(unfinished)]
        if subprocess.run(command, cwd=copied, check=False, stdout=subprocess.DEVNULL).returncode:
            raise BenchmarkError(f"the workload's generator failed: {' '.join(command)}")
        unfinished.rename(data)
    return Workload(records, data, copied)
