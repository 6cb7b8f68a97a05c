"""Answers that were given before: kept by the manifest and the request, up to a number of bytes.

An answer depends on nothing but its tables' versions, what was asked and the hour, all of which are its key, so it
never has to be thrown away for being old: it is simply not found any more. Of requests for the same answer at the same
time one works and the others wait for it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST_BYTES = 64 << 20


class Answers:
    """A bounded store of answers, the least recently used of which go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._answers: OrderedDict[Hashable, bytes] = OrderedDict()
        self._working: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> bytes | None:
        """Return the answer to ``key`` if it is there."""
        with self._lock:
            return self._found(key)

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the answer to ``key``; ``make`` it if it is not there."""
        found, working = self._look(key)
        if found is not None:
            return found
        with working:
            found, _ = self._look(key)
            if found is None:
                try:
                    found = make()
                    self._keep(key, found)
                finally:
                    with self._lock:
                        self._working.pop(key, None)
        return found

    def _look(self, key: Hashable) -> tuple[bytes | None, threading.Lock]:
        with self._lock:
            found = self._found(key)
            return found, self._working.setdefault(key, threading.Lock()) if found is None else threading.Lock()

    def _found(self, key: Hashable) -> bytes | None:
        found = self._answers.get(key)
        if found is not None:
            self._answers.move_to_end(key)
        return found

    def _keep(self, key: Hashable, answer: bytes) -> None:
        with self._lock:
            self._bytes += len(answer) - len(self._answers.pop(key, b""))
            self._answers[key] = answer
            while self._bytes > self._most_bytes and len(self._answers) > 1:
                _, dropped = self._answers.popitem(last=False)
                self._bytes -= len(dropped)
