"""Where one running service keeps what it can make again: its tables' copy, its search index, fetched files.

The folder is named by the lake, so that another lake never meets what was kept of this one; and a lock tells
services that run at once on one machine apart: each takes the first free place.
"""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Self

from complaints_platform.errors import LakeError

MOST_SERVICES = 32


class CacheFolder:
    """A folder that belongs to this process until it is closed or the process ends."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def take(cls, root: Path, lake_uri: str) -> Self:
        """Take the first free folder for a lake.

        Raises:
            LakeError: the folder can't be written, or very many services run on it.
        """
        of_lake = root / hashlib.sha256(lake_uri.encode()).hexdigest()[:16]
        for number in range(MOST_SERVICES):
            folder = of_lake / str(number)
            try:
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise LakeError(f"{folder} can't be written ({error.strerror}): set COMPLAINTS_CACHE") from error
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            return cls(folder, lock)
        raise LakeError(f"{MOST_SERVICES} services run on {of_lake} already")

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._lock)
