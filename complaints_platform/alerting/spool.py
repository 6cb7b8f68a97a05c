"""Where notifications wait that the lake can't take: that it is out of reach, or that its disk is full.

The spool is a folder of the machine that noticed it. When that can't be written either, what is noticed is kept in
memory: it is sent all the same, and is forgotten with the process.
"""

import logging
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from complaints_platform.alerting.outbox import Objects, Outbox
from complaints_platform.errors import LakeError
from complaints_platform.lake.layout import ALERTS
from complaints_platform.lake.store import Store, open_store

LOG = logging.getLogger(__name__)
PROBED_SECONDS = 20
PROBE = f"{ALERTS}/probe"


class MemoryObjects:
    """Objects in memory."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None."""
        return self._objects.get(key)

    def put(self, key: str, blocks: bytes) -> None:
        """Keep the object."""
        self._objects[key] = blocks

    def create(self, key: str, data: bytes) -> bool:
        """Keep the object unless there is one."""
        return self._objects.setdefault(key, data) is data

    def names(self, prefix: str) -> list[str]:
        """List one level."""
        below = [key.removeprefix(f"{prefix}/") for key in self._objects if key.startswith(f"{prefix}/")]
        return sorted({key.partition("/")[0] for key in below})

    def delete(self, key: str) -> None:
        """Forget the object."""
        self._objects.pop(key, None)


class SpoolObjects:
    """Objects in a folder; in memory once the folder can't be written."""

    def __init__(self, folder: Objects) -> None:
        self._folder = folder
        self._memory = MemoryObjects()

    def get(self, key: str) -> bytes | None:
        """Return the object's bytes, or None."""
        found = self._memory.get(key)
        return self._folder.get(key) if found is None else found

    def put(self, key: str, blocks: bytes) -> None:
        """Write the object."""
        try:
            self._folder.put(key, blocks)
        except (LakeError, OSError) as error:
            LOG.warning("the spool can't be written: %s", error)
            self._memory.put(key, blocks)

    def create(self, key: str, data: bytes) -> bool:
        """Write the object unless there is one."""
        if self._memory.get(key) is not None:
            return False
        try:
            return self._folder.create(key, data)
        except (LakeError, OSError) as error:
            LOG.warning("the spool can't be written: %s", error)
            return self._memory.create(key, data)

    def names(self, prefix: str) -> list[str]:
        """List one level."""
        return sorted({*self._folder.names(prefix), *self._memory.names(prefix)})

    def delete(self, key: str) -> None:
        """Delete the object."""
        self._memory.delete(key)
        self._folder.delete(key)


def spool(folder: Path) -> Outbox:
    """Return the outbox in a local folder; a process has one, because some of it may only be in memory."""
    return Outbox(_objects(folder.absolute()))


@cache
def _objects(folder: Path) -> SpoolObjects:
    return SpoolObjects(open_store(str(folder)))


@dataclass(frozen=True)
class Space:
    """Space on a disk, in bytes."""

    path: str
    free: int
    total: int


def spaces(paths: Sequence[Path]) -> list[Space]:
    """Return the space on the disks of some paths, once per disk; a path that does not exist counts as its parent."""
    found: dict[int, Space] = {}
    for path in paths:
        there = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
        usage = shutil.disk_usage(there)
        found.setdefault(there.stat().st_dev, Space(str(there), usage.free, usage.total))
    return list(found.values())


def why_unreachable(store: Store, machine: str, seconds: float = PROBED_SECONDS) -> str | None:
    """Test whether a lake can be read and written; return why not, or None.

    Clients of object stores retry for minutes; after ``seconds`` the lake counts as unreachable.
    """
    key, errors = f"{PROBE}/{machine}", list[Exception]()

    def probe() -> None:
        try:
            store.put(key, machine.encode())
            if store.get(key) != machine.encode():
                raise LakeError("what was written just now can't be read")
        except Exception as error:  # noqa: BLE001  # every client has errors of its own
            errors.append(error)

    thread = threading.Thread(target=probe, daemon=True)  # one that takes too long is left running
    thread.start()
    thread.join(seconds)
    for error in errors:
        return str(error.__cause__ or error) if isinstance(error, LakeError) else type(error).__name__
    return f"no answer within {seconds:.0f} s" if thread.is_alive() else None
