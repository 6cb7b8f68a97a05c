"""The names of things in the lake: every key is made, and taken apart, here.

    originals/<aa>/<sha256>                          the bytes as received
    raw/<source>/day=<day>/<sha256>-<version>-<n>.parquet   segments, by day of occurrence
    packed/<source>/day=<day>/<stamp>-<hash>.*       many small segments of a day in one object, with a description
    quarantine/<source>/<sha256>-<version>.parquet   what could not be read of a file
    receipts/<source>/<sha256>.json                  the commit point of a file
    received/<day>/<source>/<stamp>-<sha256>         marks: which files came on a day; one of those that were
                                                     committed together says which days they touch
    reference/<source>/since=<day>/<sha256>-<version>.parquet   customers, hashed, by the first day they hold
    keys/<version>.fingerprint                       data keys that were used; never the keys themselves
    prepared/day=<day>/<made by>/<hash>.*            segments of a growing day, cleaned record by record; a cache
    profiles/<year>-<month>.parquet                  sums of each cleaned day by source, for checks; a cache
    arrivals/<source>/<token>                        which files of the landing were collected, eight bytes each
    readings/<source>                                the reading version that all files of a source were read by
    index/keys/                                      Delta table: native id → day and version
    index/moved/<source>/day=<day>/<hash>.parquet    notes: versions of a day's records on other days
    tables/<schema>/<table>/                         Delta tables, partitioned by day
    manifests/<number>.json                          which versions of all tables belong together
    unfinished.json                                  days that keep the next manifest waiting, and since when
    models/<version>.joblib                          classifiers, served or not
    models/<version>.held-out.parquet                what each said of labels that it had not seen
    models/history/<stamp>-<action>-<version>.json   which was let serve or refused, when and why
    labels/<stamp>-<hash>.ndjson                     labels that people gave to texts, one object an import
    corrections/<stamp>-<hash>.ndjson                corrections of complaints, one object an import
    audit/day=<day>/<stamp>-<token>.ndjson           who asked the query service for what
    reports/<kind>/day=<day>/<stamp>-<hash>.*        reports as they were sent: a page, and the numbers in it
    alerts/conditions/<key>/<number>.json            notifications: what became of one condition, in order
    alerts/open/<id>, alerts/pending/<id>            empty marks: not over yet; not delivered yet
    alerts/days/<day>/<id>                           empty marks: notifications of a day
    alerts/deliveries/<id>/<receiver>.<n>.*          attempts to deliver a notification: begun, ended
    alerts/acknowledged/<key>/<number>.json          who has acknowledged it
    alerts/receivers/<receiver>.json                 whether a receiver answers
    alerts/dead_man.json                             when the dead man's switch was last called
    alerts/looked.json                               when Dagster's sensor last looked for what is wrong
    alerts/probe/<machine>                           written again and again, to see whether the lake can be
    alerts/watchers/<name>.json                      when a process that watches was last alive

``<version>`` is the reading version: a hash of contract and parser version, so that reading a file again in the same
way writes the same names, and in another way writes new ones. Functions are named after what they return the key of.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

ORIGINALS = "originals"
INCOMING = f"{ORIGINALS}/incoming"
RAW = "raw"
PACKED = "packed"
QUARANTINE = "quarantine"
RECEIPTS = "receipts"
RECEIVED = "received"
REFERENCE = "reference"
KEYS = "keys"
KEY_SUFFIX = ".fingerprint"
PREPARED = "prepared"
PROFILES = "profiles"
KEY_INDEX = "index/keys"
TABLES = "tables"
MANIFESTS = "manifests"
UNFINISHED = "unfinished.json"
MODELS = "models"
MODEL_SUFFIX = ".joblib"
MODEL_HISTORY = f"{MODELS}/history"
LABELS = "labels"
CORRECTIONS = "corrections"
AUDIT = "audit"
REPORTS = "reports"
ALERTS = "alerts"
JOURNAL = "journal"
"""What release 0.1 noted of days touched; nothing reads it any more."""

STAMP_FORMAT = "%Y%m%dT%H%M%S%fZ"
"""Point in time at the start of a name: names in order are in the order of time."""


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
    return f"{ORIGINALS}/{sha256[:2]}/{sha256}"


def incoming(token: str) -> str:
    """Return the key of an original while it is being received, before its hash is known."""
    return f"{INCOMING}/{token}"


def raw_day(source: str, day: date) -> str:
    return f"{RAW}/{source}/day={day}"


def packed_day(source: str, day: date) -> str:
    return f"{PACKED}/{source}/day={day}"


def day_of_folder(name: str) -> date:
    """Return the day of a folder named ``day=YYYY-MM-DD``, or ``since=YYYY-MM-DD``."""
    return date.fromisoformat(name.partition("=")[2])


def quarantine(source: str, sha256: str, version: str) -> str:
    return f"{QUARANTINE}/{source}/{sha256}-{version}.parquet"


def receipt(source: str, sha256: str) -> str:
    return f"{RECEIPTS}/{source}/{sha256}.json"


def received_day(day: date) -> str:
    return f"{RECEIVED}/{day}"


def received_mark(day: date, source: str, now: datetime, sha256: str = "") -> str:
    """Return the key of a mark set ``now``: a file was received on a day; without a file: some were read again."""
    return f"{received_day(day)}/{source}/{now.astimezone(UTC).strftime(STAMP_FORMAT)}-{sha256}"


def file_of_mark(name: str) -> str:
    """Return the SHA-256 in a mark's name, empty if it has none; the marks of release 0.1 had no stamp before it."""
    return name.rpartition("-")[2]


def moved_day(source: str, day: date) -> str:
    return f"index/moved/{source}/day={day}"


def reference_since(source: str, since: date) -> str:
    return f"{REFERENCE}/{source}/since={since}"


def data_key(version: int) -> str:
    return f"{KEYS}/{version}{KEY_SUFFIX}"


def places_before(version: int) -> str:
    """Return the key of where corrected complaints stood before a data key was replaced by this one."""
    return f"{KEYS}/before-{version}.parquet"


def arrivals(source: str) -> str:
    return f"arrivals/{source}"


def reading(source: str) -> str:
    return f"readings/{source}"


def prepared(day: date, made_by: str) -> str:
    return f"{PREPARED}/day={day}/{made_by}"


def profiles(month: date) -> str:
    return f"{PROFILES}/{month:%Y-%m}.parquet"


def manifest(number: int) -> str:
    """Return the key of a manifest; names in order are in the order of publication."""
    return f"{MANIFESTS}/{number:012d}.json"


def number_of_manifest(name: str) -> int:
    return int(name.removesuffix(".json"))


def reports(kind: str, day: date) -> str:
    """Return the folder of the reports of one kind about a day, or about the days that it ends."""
    return f"{REPORTS}/{kind}/day={day}"


def stamp(now: datetime, names: Sequence[str]) -> str:
    """Return ``now`` as a stamp that sorts after those of ``names``, even where the clock was set back."""
    last = max((name.split("-", 1)[0] for name in names), default="")
    own = now.astimezone(UTC).strftime(STAMP_FORMAT)
    if own > last:
        return own
    return (time_of_stamp(last) + timedelta(microseconds=1)).strftime(STAMP_FORMAT)


def audit(now: datetime, token: str) -> str:
    own = now.astimezone(UTC)
    return f"{AUDIT}/day={own.date()}/{own.strftime(STAMP_FORMAT)}-{token}.ndjson"


def time_of_stamp(text: str) -> datetime:
    """Return the time (UTC) that a stamp, or a name that starts with one, stands for."""
    return datetime.strptime(text.split("-", 1)[0], STAMP_FORMAT).replace(tzinfo=UTC)


def table(schema: str, name: str) -> str:
    return f"{TABLES}/{schema}/{name}"


def model(version: str) -> str:
    return f"{MODELS}/{version}{MODEL_SUFFIX}"


def held_out(version: str) -> str:
    """Return the key of what a classifier said of labels that it had not seen."""
    return f"{MODELS}/{version}.held-out.parquet"
