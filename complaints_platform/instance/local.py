"""Dagster's instance on this machine: below DAGSTER_HOME, made if it does not exist, kept in order."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from complaints_platform.lake.store import LocalStore
from complaints_platform.settings import HOME

INSTANCE_FILE = Path(__file__).parent / "dagster.yaml"

MOVED = re.compile(rb"(?<=\bcomplaints_platform\.)defs(?=\.(event_log|run_launcher)\b)")
"""Module paths that releases before 0.2 wrote into ``dagster.yaml``."""


@contextmanager
def local_instance() -> Iterator[dg.DagsterInstance]:
    """Open the instance at DAGSTER_HOME (by default below ``.complaints``), made if it does not exist."""
    instance_home()
    with dg.DagsterInstance.get() as instance:
        yield instance


def instance_home() -> Path:
    """Return DAGSTER_HOME, set and made if it was not, with a ``dagster.yaml`` that this release can use."""
    home = Path(os.environ.setdefault("DAGSTER_HOME", str((HOME / "dagster").absolute())))
    home.mkdir(parents=True, exist_ok=True)
    file = home / INSTANCE_FILE.name
    before = file.read_bytes() if file.exists() else None
    wanted = INSTANCE_FILE.read_bytes() if before is None else MOVED.sub(b"instance", before)
    if wanted != before:
        # Atomically: half a file would be an instance with other settings.
        LocalStore(home).put(file.name, wanted)
    return home


def names_moved_modules(home: Path) -> bool:
    """Tell whether ``dagster.yaml`` names modules that are elsewhere now; opening it here corrects that."""
    return MOVED.search((home / INSTANCE_FILE.name).read_bytes()) is not None
