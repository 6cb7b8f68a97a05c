"""Work on several days at once, in order, with bounded memory.

Threads suffice: Polars and NumPy leave the interpreter's lock while they work.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def bounded_map(function: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of ``items``, at most ``workers`` ahead of the reader.

    Unlike ``Executor.map`` it takes items only as they are needed, so that a range of any
    length needs the memory of a few days.
    """
    with ThreadPoolExecutor(max_workers=workers) as pool:
        running: deque[Future[Result]] = deque()
        try:
            for item in items:
                running.append(pool.submit(function, item))
                if len(running) >= workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()
