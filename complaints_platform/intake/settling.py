"""Which files have settled: their senders are done writing them.

The sensor waits for that. Names that mean "not finished" are left alone by ``landing``, and a file that grows while it
is read is not committed by ``files``: so is one that ``complaints collect`` reads, which does not wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar


class Changed(Protocol):
    """Something that was changed at a time."""

    @property
    def changed(self) -> float:
        """When it was changed last, in seconds since 1970 by the clock of whoever stores it."""

    @property
    def identity(self) -> int:
        """By what it is recognised; any change makes another one."""


F = TypeVar("F", bound=Changed)


@dataclass(frozen=True)
class Settling:
    """The rule.

    Attributes:
        seconds: how long a file has to be left alone.
        by_age: a file may be seen growing; otherwise all files are whole.
        ahead: files changed in the future have settled, too. Their sender's clock goes ahead and their age says
            nothing; whoever has seen them unchanged for long enough may say so.
    """

    seconds: float
    by_age: bool = True
    ahead: bool = False

    def files(self, files: Iterable[F], now: float) -> list[F]:
        """Return those of ``files`` that have settled at ``now`` (seconds since 1970)."""
        if not self.by_age or self.seconds <= 0:
            return list(files)
        return [file for file in files if (self.ahead if file.changed > now else now - file.changed >= self.seconds)]
