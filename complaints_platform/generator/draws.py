"""Drawing from a source of random numbers: the few operations that all modules share.

They take the bound ``random`` of a ``random.Random`` (a float from 0 to 1), which is several
times faster than the methods of that class and gives the same draws on every platform.
"""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar

Random = Callable[[], float]
Item = TypeVar("Item")


def pick(items: Sequence[Item], random: Random) -> Item:
    """Take one of ``items``."""
    return items[int(random() * len(items))]


def chance(share: float, random: Random) -> bool:
    """Tell whether something happens that happens in ``share`` (0 to 1) of all cases."""
    return random() < share


def digits(count: int, random: Random) -> str:
    """Return ``count`` random digits."""
    return str(int(random() * 10**count)).zfill(count)


def cumulative(weights: Sequence[float]) -> list[float]:
    """Return the running share of ``weights``, ending in 1.0: ready for ``bisect``."""
    total = sum(weights)
    return [value / total for value in accumulate(weights)]
