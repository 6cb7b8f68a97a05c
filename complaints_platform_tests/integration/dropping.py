"""Files of all sources, dropped in random order at random moments, by several senders at once."""

import os
import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake.store import open_store

GROWING = 0.15
REDELIVERED = 0.3
PIECES = 4
SECONDS_A_PIECE = 0.4


@dataclass
class Drop:
    """A file on its way into the landing."""

    source: str
    name: str
    data: bytes
    grows: bool
    closed: float = 0.0

    @property
    def hash(self):
        return sha256(self.data).hexdigest()


@dataclass
class Dropping:
    """Some are for days two years ago or for tomorrow, some come again under another name, some grow slowly."""

    landing: Path
    drops: list

    @classmethod
    def of(cls, landing, staging, count, days=10, seed=7):
        chance = random.Random(seed)  # noqa: S311  # repeatable, no secret
        today = datetime.now(UTC).date()
        unique = round(count * (1 - REDELIVERED))
        rare = max(1, unique // 20)
        pools = {
            "old": _files(staging / "old", today - timedelta(days=730), 2),
            "tomorrow": _files(staging / "tomorrow", today + timedelta(days=1), 1),
            "now": _files(staging / "now", today - timedelta(days=days - 1), days),
        }
        chosen = [*chance.sample(pools["old"], rare), *chance.sample(pools["tomorrow"], rare)]
        chosen += chance.sample(pools["now"], unique - len(chosen))
        again = [
            (source, f"again-{number}-{name}", data)
            for number, (source, name, data) in enumerate(chance.choices(chosen, k=count - unique))
        ]
        drops = [Drop(*each, grows=chance.random() < GROWING) for each in [*chosen, *again]]
        chance.shuffle(drops)
        return cls(landing, drops)

    def send(self, drops, seconds):
        """Drop files evenly over the time; return when the last one is closed."""
        begun = time.monotonic()
        senders = []
        for number, drop in enumerate(drops):
            wait = begun + seconds * number / len(drops) - time.monotonic()
            if wait > 0:
                threading.Event().wait(wait)
            sender = threading.Thread(target=self._send, args=(drop,))
            sender.start()
            senders.append(sender)
        for sender in senders:
            sender.join()

    def _send(self, drop):
        path = self.landing / drop.source / drop.name
        path.parent.mkdir(parents=True, exist_ok=True)
        pieces = PIECES if drop.grows else 1
        size = max(1, -(-len(drop.data) // pieces))
        with path.open("wb") as file:
            for start in range(0, len(drop.data), size):
                file.write(drop.data[start : start + size])
                file.flush()
                os.fsync(file.fileno())
                if pieces > 1:
                    threading.Event().wait(SECONDS_A_PIECE)
        drop.closed = time.time()


def _files(folder, first_day, days):
    """Return (source, name, bytes) of generated files."""
    options = GeneratorOptions(days=days, per_day=120, first_day=first_day)
    write_files(options, open_store(str(folder / "landing")), open_store(str(folder / "truth")))
    found = []
    for path in sorted((folder / "landing").rglob("*")):
        if path.is_file():
            source, *rest = path.relative_to(folder / "landing").parts
            found.append((source, f"{first_day}-{'-'.join(rest)}", path.read_bytes()))
    return found
