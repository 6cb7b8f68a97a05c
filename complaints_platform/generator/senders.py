"""The four senders: in which files, and in which format and with what habits, each writes its records.

Which records there are is decided in ``days``; here they only become bytes and get their number.
"""

import csv
import gzip
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import groupby
from typing import Any, TypeVar

import orjson

from complaints_platform.generator.days import CALL_CENTRE_ZONE
from complaints_platform.generator.draws import pick
from complaints_platform.generator.options import GeneratedFile
from complaints_platform.generator.people import national_phone
from complaints_platform.generator.records import DAY, HOUR, MINUTE, Defect, Fate, Record
from complaints_platform.generator.writing import HANDLE

_FUTURE = 60 * 365 * DAY
_GARBLED_TIMES = ("2026-13-45T99:00:00Z", "yesterday evening", "32.13.2026 25:61:00", "1.77E+12x", "####")
_WEB_OFFSETS = {"NG": 60, "GB": 0, "DE": 60, "US": -300}
"""Minutes east of UTC that a customer's browser says."""


Written = TypeVar("Written")


class Sender(ABC):
    """Writes the records that one source delivers on a day."""

    source: str

    @abstractmethod
    def files(self, day: date, records: Sequence[Record]) -> Iterator[GeneratedFile]:
        """Yield the files of ``day`` with ``records`` (in order of delivery) and note each record's position."""


class SlotSender(Sender):
    """A sender that closes a file every few hours."""

    hours: int

    def files(self, day: date, records: Sequence[Record]) -> Iterator[GeneratedFile]:
        """Yield one file for each stretch of hours in which something was delivered."""
        for slot, members in groupby(records, key=self._slot):
            path = self.path(day, slot * self.hours)
            yield GeneratedFile(path, self.content(path, list(members)))

    @abstractmethod
    def path(self, day: date, hour: int) -> str:
        """Return the path of the file that begins at ``hour``."""

    @abstractmethod
    def content(self, path: str, records: list[Record]) -> bytes:
        """Return the bytes of a file."""

    def _slot(self, record: Record) -> int:
        return record.delivered % DAY // (self.hours * HOUR)


class SocialMedia(SlotSender):
    """NDJSON of posts, edits and deletions as a social platform streams them; some blank lines."""

    source = "social_media"
    hours = 6

    def path(self, day: date, hour: int) -> str:
        """Return ``social_media/2026-03-10T06.ndjson``."""
        return f"{self.source}/{day.isoformat()}T{hour:02d}.ndjson"

    def content(self, path: str, records: list[Record]) -> bytes:
        """Return one JSON object a line."""
        lines = []
        for number, record in enumerate(records, start=1):
            record.position = (path, number)
            lines.append(_cut_if_spoilt(orjson.dumps(self._post(record)), record))
            if _habit(record, 0.002):
                lines.append(b"")
        return b"\n".join(lines) + b"\n"

    def _post(self, record: Record) -> dict[str, Any]:
        reply = record.fate is Fate.FILTERED
        post: dict[str, Any] = {
            "id": record.source_id,
            "created_at": _time(record, self._instant),
            "updated_at": self._instant(record, record.updated),
            "direction": "outbound" if reply else "inbound",
            "deleted": record.fate is Fate.RETRACTED,
            "user": {
                "handle": HANDLE if reply else record.person.handle,
                "followers": int(record.variant**6 * 90_000),
            },
            "geo": {"region": _region_as_sent(record), "precision": "city"} if record.region else None,
            "conversation_id": record.thread or record.source_id,
            "lang": "pcm" if record.style == "pidgin" and _habit(record, 0.5) else "en",
            "text": record.sent_text,
        }
        if record.fate is Fate.RETRACTED:
            del post["text"]
        return _without_missing(post, record, "created_at", "text")

    def _instant(self, _record: Record, instant: int) -> str:
        moment = datetime.fromtimestamp(instant // 1000, UTC)
        fraction = instant % 1000
        return f"{moment:%Y-%m-%dT%H:%M:%S}" + (f".{fraction:03d}Z" if fraction else "Z")


class Sms(SlotSender):
    """Gzipped NDJSON of a message gateway: epoch milliseconds, ASCII with escapes, repeated deliveries."""

    source = "sms"
    hours = 6

    def path(self, day: date, hour: int) -> str:
        """Return ``sms/sms_20260310_0600.ndjson.gz``."""
        return f"{self.source}/sms_{day:%Y%m%d}_{hour:02d}00.ndjson.gz"

    def content(self, path: str, records: list[Record]) -> bytes:
        """Return one JSON object a line, compressed."""
        lines = []
        for number, record in enumerate(records, start=1):
            record.position = (path, number)
            lines.append(_cut_if_spoilt(json.dumps(self._message(record)).encode("ascii"), record))
        return gzip.compress(b"\n".join(lines) + b"\n", compresslevel=6, mtime=0)

    def _message(self, record: Record) -> dict[str, Any]:
        message: dict[str, Any] = {
            "messageId": record.source_id,
            "ts": _time(record, lambda _record, instant: instant),
            "msisdn": record.person.phone,
            "shortcode": "3434",
            "body": record.sent_text,
            "parts": 1 + len(record.sent_text) // 153,
            "cell": {"region": _region_as_sent(record)},
        }
        return _without_missing(message, record, "ts", "body")


class WebForms(SlotSender):
    """One JSON document a micro-batch; ISO times with the offset of the customer's browser."""

    source = "web_forms"
    hours = 4

    def path(self, day: date, hour: int) -> str:
        """Return ``web_forms/batch-20260310-08.json``."""
        return f"{self.source}/batch-{day:%Y%m%d}-{hour:02d}.json"

    def content(self, path: str, records: list[Record]) -> bytes:
        """Return ``{"batch": …, "submissions": […]}``."""
        submissions = []
        for number, record in enumerate(records, start=1):
            record.position = (path, number)
            spoilt = record.defect is Defect.NOT_AN_OBJECT
            submissions.append(f"submission lost ({record.source_id})" if spoilt else self._submission(record))
        batch = {"id": path.partition("batch-")[2].removesuffix(".json"), "size": len(records), "form_version": 7}
        return orjson.dumps({"batch": batch, "submissions": submissions}, option=orjson.OPT_INDENT_2)

    def _submission(self, record: Record) -> dict[str, Any]:
        answered = _habit(record, 0.3)
        submission: dict[str, Any] = {
            "id": record.source_id,
            "incident_at": _time(record, self._instant),
            "last_modified": self._instant(record, record.updated),
            "contact": {"email": record.person.email, "preferred": "mail"},
            "region": _region_as_sent(record),
            "product": record.person.product,
            "message": record.sent_text,
            "status": "answered" if answered else "new",
            "answered_at": self._instant(record, record.occurred + int(record.variant * 10 * HOUR))
            if answered
            else None,
        }
        return _without_missing(submission, record, "incident_at", "message")

    def _instant(self, record: Record, instant: int) -> str:
        zone = timezone(timedelta(minutes=_WEB_OFFSETS[record.person.country.code]))
        return datetime.fromtimestamp(instant / 1000, zone).isoformat(timespec="milliseconds")


class CallCentre(Sender):
    """One CSV a local day, in Latin-1 with local times and without ids; a day that comes late mixes days."""

    source = "call_centre"
    header = ("Erstellt am", "Rufnummer", "Region", "Produkt", "Notiz", "Status", "Erledigt am", "Bearbeiter")
    agents = ("K. Lehmann", "S. Yildiz", "T. Brandt", "M. O'Connor", "J. Groß", "A. Okoye", "P. Nowak")

    def files(self, day: date, records: Sequence[Record]) -> Iterator[GeneratedFile]:
        """Yield the file of ``day`` and, where some have waited, the late file that came with it."""
        for late, suffix in ((False, ""), (True, "_nachlieferung")):
            members = sorted((record for record in records if record.late_file is late), key=_occurred)
            if members:
                path = f"{self.source}/calls_{day.isoformat()}{suffix}.csv"
                yield GeneratedFile(path, self._content(path, members))

    def _content(self, path: str, records: list[Record]) -> bytes:
        buffer = io.StringIO()
        writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
        writer.writerow(self.header)
        for number, record in enumerate(records, start=1):
            record.position = (path, number)
            writer.writerow(self._row(record))
            if _habit(record, 0.002):
                buffer.write("\r\n")
        return buffer.getvalue().encode("latin-1")

    def _row(self, record: Record) -> list[str]:
        created = _time(record, self._local) if record.defect is not Defect.NO_TIME else ""
        closed = "closed_before_created" in record.traits or _habit(record, 0.6)
        row = [
            created,
            "" if record.anonymous else self._customer(record),
            _region_as_sent(record) or "",
            record.person.product,
            "" if record.defect is Defect.NO_TEXT else record.sent_text,
            "Closed" if closed else "open",
            self._local(record, record.occurred + self._handling(record)) if closed else "",
            self.agents[int(record.variant * 1e6) % len(self.agents)],
        ]
        if record.defect is Defect.TOO_FEW_FIELDS:
            return row[:5]
        return (
            [*row[:4], *record.sent_text.split(" ", 1), *row[5:], "?"]
            if record.defect is Defect.TOO_MANY_FIELDS
            else row
        )

    def _customer(self, record: Record) -> str:
        person, habit = record.person, record.variant * 1e4 % 1
        return national_phone(person.phone, person.country.code, lambda: habit)

    def _handling(self, record: Record) -> int:
        """Return how long the case was open; a few were closed before they were created."""
        if "closed_before_created" in record.traits:
            return -20 * MINUTE
        return int(record.variant**2 * 9 * DAY) + 4 * MINUTE

    def _local(self, record: Record, instant: int) -> str:
        moment = datetime.fromtimestamp(instant // 1000, CALL_CENTRE_ZONE)
        if instant == record.occurred and "clock_not_moved" in record.traits:
            moment -= timedelta(hours=1)
        return f"{moment:%d.%m.%Y %H:%M:%S}"


def _habit(record: Record, share: float) -> bool:
    """Tell whether ``record`` is one of the ``share`` that are written in some way: the same for all its copies."""
    return record.variant < share


def _occurred(record: Record) -> int:
    return record.occurred


def _time(record: Record, write: Callable[[Record, int], Written]) -> Written | str:
    """Return the time of ``record`` as its sender writes it, wrong if that is its defect."""
    if record.defect is Defect.GARBLED_TIME:
        return pick(_GARBLED_TIMES, lambda: record.variant)
    if record.defect is Defect.FUTURE_TIME:
        return write(record, record.occurred + _FUTURE)
    if record.defect is Defect.ANCIENT_TIME:
        return write(record, record.occurred % DAY)  # a clock that starts again in 1970
    return write(record, record.occurred)


def _region_as_sent(record: Record) -> str | None:
    """Return the region in the spelling of the day: as it is, in capitals, or with stray spaces."""
    if record.region is None:
        return None
    spellings = (*(record.region,) * 12, *(record.region.upper(),) * 2, f" {record.region.lower()}  ")
    return pick(spellings, lambda: record.variant * 1e3 % 1)


def _without_missing(fields: dict[str, Any], record: Record, time: str, text: str) -> dict[str, Any]:
    """Take time or text out of ``fields`` if that is the defect of ``record``: no key, a null or nothing but blanks."""
    missing = {Defect.NO_TIME: time, Defect.NO_TEXT: text}.get(record.defect) if record.defect else None
    if missing is not None:
        if _habit(record, 0.4):
            del fields[missing]
        else:
            fields[missing] = None if missing == time or _habit(record, 0.7) else "  "
    return fields


def _cut_if_spoilt(line: bytes, record: Record) -> bytes:
    """Return ``line``, cut somewhere in the middle if that is the defect of ``record``."""
    return line[: int(len(line) * (0.2 + 0.75 * record.variant))] if record.defect is Defect.CUT else line


SENDERS: tuple[Sender, ...] = (SocialMedia(), Sms(), WebForms(), CallCentre())
