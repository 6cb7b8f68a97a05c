"""Starting what is measured in a process of its own, and reading its result.

Every measured process writes one line that begins with ``meter.RESULT``. What the processes do stands
in ``platform_run``, ``cleaning_run``, ``history_run``, ``usual_recipe`` and the peers' scripts.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from benchmarks.errors import BenchmarkError
from benchmarks.meter import RESULT
from benchmarks.workload import SOURCES, TAXONOMY

REPOSITORY = Path(__file__).parent.parent
FIRST_DAY = "2026-01-01"
"""Before the first day of the peers' workload."""

SHOWN_CHARACTERS = 4000
"""Of what a failed process wrote."""


def run_script(folder: Path, *command: str) -> str:
    """Run a Python script of ``folder`` there; return what it wrote.

    Raises:
        BenchmarkError: it failed.
    """
    return _run(command, folder, os.environ)


def run_module(
    work: Path,
    lake: Path,
    module: str,
    *arguments: object,
    sources: Path = SOURCES,
    first_day: str = FIRST_DAY,
    languages: str | None = None,
) -> dict[str, Any]:
    """Run a module of this package on a lake, with all settings of its own; return its result.

    Args:
        work: folder of the landing and of Dagster's instance.
        lake: root of the lake.
        module: name of the module within this package.
        arguments: of its command line.
        sources: folder of the source contracts.
        first_day: of history.
        languages: which complaints come in, if not the platform's defaults.

    Raises:
        BenchmarkError: it failed, or gave no result.
    """
    others = {name: value for name, value in os.environ.items() if not name.startswith(("COMPLAINTS_", "DAGSTER_"))}
    environment = {
        **others,
        "COMPLAINTS_PROFILE": "test",
        "COMPLAINTS_LAKE": str(lake),
        "COMPLAINTS_LANDING": str(work / "landing"),
        "COMPLAINTS_SOURCES": str(sources),
        "COMPLAINTS_TAXONOMY": str(TAXONOMY),
        "COMPLAINTS_FIRST_DAY": first_day,
        "DAGSTER_HOME": str(work / "dagster"),
        "PYTHONWARNINGS": "ignore",
        **({"COMPLAINTS_LANGUAGES": languages} if languages else {}),
    }
    return result_of(_run(["-m", f"benchmarks.{module}", *map(str, arguments)], REPOSITORY, environment))


def result_of(output: str) -> dict[str, Any]:
    """Return the result in what a measured process wrote.

    Raises:
        BenchmarkError: there is none.
    """
    for line in reversed(output.splitlines()):
        if line.startswith(RESULT):
            result: dict[str, Any] = orjson.loads(line.removeprefix(RESULT))
            return result
    raise BenchmarkError(f"no result in the output:\n{output[-SHOWN_CHARACTERS:]}")


def _run(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command)} failed:\n{done.stderr[-SHOWN_CHARACTERS:]}")
    return done.stdout
