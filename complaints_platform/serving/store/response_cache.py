"""Responses kept by manifest and request, up to a number of bytes.

A response depends only on its tables' versions, the request and the hour, which together are its key. So it never has
to be invalidated: it is simply not looked up any more. Of simultaneous requests for the same response one computes it
and the others wait.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

MOST_BYTES = 64 << 20


class ResponseCache:
    """A bounded cache of responses; the least recently used are dropped first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._responses: OrderedDict[Hashable, bytes] = OrderedDict()
        self._working: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> bytes | None:
        """Return the response for ``key`` if it is cached."""
        with self._lock:
            found = self._responses.get(key)
            if found is not None:
                self._responses.move_to_end(key)
            return found

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """Return the response for ``key``; ``make`` it if it is not cached."""
        with self._lock:
            working = self._working.setdefault(key, threading.Lock())
        with working:
            try:
                found = self.find(key)
                if found is None:
                    found = make()
                    self._keep(key, found)
            finally:
                with self._lock:
                    self._working.pop(key, None)
        return found

    def _keep(self, key: Hashable, response: bytes) -> None:
        with self._lock:
            self._bytes += len(response) - len(self._responses.pop(key, b""))
            self._responses[key] = response
            while self._bytes > self._most_bytes and len(self._responses) > 1:
                _, dropped = self._responses.popitem(last=False)
                self._bytes -= len(dropped)
