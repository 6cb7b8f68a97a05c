"""The names of things in the lake: every key is made, and taken apart, here.

    originals/<aa>/<sha256>                          the bytes as received
    raw/<source>/day=<day>/<sha256>-<version>-<n>.parquet   segments, by day of occurrence
    quarantine/<source>/<sha256>-<version>.parquet   what could not be read of a file
    receipts/<source>/<sha256>.json                  the commit point of a file
    received/<day>/<source>/<sha256>                 empty marks: which files came on a day
    index/keys/                                      Delta table: native id → day and version
    index/moved/<source>/day=<day>/<hash>.parquet    notes: versions of a day's records on other days
    tables/<schema>/<table>/                         Delta tables, partitioned by day
    models/<version>.joblib, models/current.json     classifiers
    labels/<name>.csv                                labels that people gave

``<version>`` is the reading version: a hash of contract and parser version, so that reading a
file again in the same way writes the same names, and in another way writes new ones.
"""

from datetime import date
from typing import NamedTuple


class SegmentName(NamedTuple):
    """The parts of a segment's name."""

    sha256: str
    version: str
    number: int

    def __str__(self) -> str:
        return f"{self.sha256}-{self.version}-{self.number:04d}.parquet"

    @classmethod
    def parse(cls, name: str) -> "SegmentName":
        """Take a segment's name apart."""
        sha256, version, number = name.removesuffix(".parquet").split("-")
        return cls(sha256, version, int(number))


def original(sha256: str) -> str:
    """Key of the original file."""
    return f"originals/{sha256[:2]}/{sha256}"


def incoming(token: str) -> str:
    """Key of an original while it is being received, before its hash is known."""
    return f"originals/incoming/{token}"


def raw_source(source: str) -> str:
    """Folder of a source's segments."""
    return f"raw/{source}"


def raw_day(source: str, day: date) -> str:
    """Folder of a source's segments of one day."""
    return f"raw/{source}/day={day.isoformat()}"


def day_of_folder(name: str) -> date:
    """Return the day of a folder named ``day=YYYY-MM-DD``."""
    return date.fromisoformat(name.removeprefix("day="))


def quarantine(source: str, sha256: str, version: str) -> str:
    """Key of a file's quarantined records."""
    return f"quarantine/{source}/{sha256}-{version}.parquet"


def receipt(source: str, sha256: str) -> str:
    """Key of a file's receipt."""
    return f"receipts/{source}/{sha256}.json"


def received_day(day: date) -> str:
    """Folder of the marks of files received on a day."""
    return f"received/{day.isoformat()}"


def received_mark(day: date, source: str, sha256: str) -> str:
    """Key of the mark that a file was received on a day."""
    return f"{received_day(day)}/{source}/{sha256}"


def moved_day(source: str, day: date) -> str:
    """Folder of the notes on a day's records that have versions on other days."""
    return f"index/moved/{source}/day={day.isoformat()}"


KEY_INDEX = "index/keys"
MODELS = "models"
LABELS = "labels"


def table(schema: str, name: str) -> str:
    """Folder of a Delta table."""
    return f"tables/{schema}/{name}"


def model(version: str) -> str:
    """Key of a trained classifier."""
    return f"{MODELS}/{version}.joblib"


CURRENT_MODEL = f"{MODELS}/current.json"
