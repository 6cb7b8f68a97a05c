"""What happens on a day: who complains, and what follows from each complaint.

All that follows (new versions, withdrawals, copies, repeated deliveries) is decided when the
complaint is made and waits for the day on which it is delivered, so that a day's content does
not depend on how many days follow. A complaint has at most one such sequel: the expected fate
of every record is then certain, whatever order the files are read in.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from complaints_platform.generator import volumes
from complaints_platform.generator.draws import chance, pick
from complaints_platform.generator.faults import damage
from complaints_platform.generator.noise import to_latin1
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.people import Person, person_of
from complaints_platform.generator.records import DAY, HOUR, MINUTE, SECOND, Defect, Fate, Record
from complaints_platform.generator.writing import Wording, write, write_addition, write_reply

CALL_CENTRE_ZONE = ZoneInfo("Europe/Berlin")

_CUSTOMERS_PER_DAILY_COMPLAINT = 20
_REDRAWS = 8
_REGION_GIVEN = {"social_media": 0.75, "sms": 0.85, "web_forms": 0.95, "call_centre": 0.97}
_AGAIN_SHARE = 0.06
_REPLY_SHARE = 0.07
_LATE_SHARE = 0.004
_ANONYMOUS_SHARE = 0.03
_WHOLE_SECONDS_SHARE = 0.3
_CLOCK_NOT_MOVED_SHARE = 0.5
_RELOGGED_LIMIT = 20 * HOUR
"""A call logged twice lies within this of the first, well inside the 24 hours of an exact duplicate."""
_RETWEET_LENGTH = 140
_CLOSED_TOO_EARLY_SHARE = 0.008
_ANYTHING = ("other_review", "not_a_complaint")
_POST_ID_EPOCH, _POST_ID_SERIAL_BITS = 1_288_834_974_657, 22
"""X numbers its posts by milliseconds since that instant, followed by 22 more bits."""
_LATE_FILE_EVERY = 10
_LATE_FILE_DAY = 5
_LATE_FILE_SPILL = 0.3

_DEFECTS = {
    "social_media": (Defect.CUT, Defect.CUT, Defect.NO_TEXT, Defect.NO_TIME, Defect.GARBLED_TIME, Defect.FUTURE_TIME),
    "sms": (Defect.CUT, Defect.NO_TEXT, Defect.NO_TIME, Defect.GARBLED_TIME, Defect.ANCIENT_TIME),
    "web_forms": (Defect.NOT_AN_OBJECT, Defect.NO_TEXT, Defect.GARBLED_TIME, Defect.FUTURE_TIME, Defect.NO_TIME),
    "call_centre": (
        Defect.TOO_FEW_FIELDS, Defect.TOO_MANY_FIELDS, Defect.NO_TEXT, Defect.NO_TIME, Defect.GARBLED_TIME,
        Defect.ANCIENT_TIME,
    ),
}  # fmt: skip


Sequel = Callable[[Record], None]
"""Delivers a record together with what follows from it."""


def start_of(day: date) -> int:
    """Return the first instant of ``day`` (UTC) in milliseconds since 1970."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000


def _offset(instant: int) -> timedelta:
    offset = datetime.fromtimestamp(instant // 1000, CALL_CENTRE_ZONE).utcoffset()
    return offset or timedelta(0)


def day_of(instant: int) -> date:
    """Return the day (UTC) of an instant in milliseconds since 1970."""
    return datetime.fromtimestamp(instant // 1000, UTC).date()


class Days:
    """Plays one day after the other, and keeps what later days' files will hold."""

    def __init__(self, options: GeneratorOptions) -> None:
        self._options = options
        self._outage = volumes.outage(options)
        self._pending: dict[date, list[Record]] = defaultdict(list)
        self._again: dict[date, list[tuple[Person, str, tuple[str, str]]]] = defaultdict(list)
        self._used_texts: tuple[set[str], set[str]] = (set(), set())
        self._first_instant = start_of(options.first_day)
        self._end = start_of(options.last_day) + DAY
        self._random = Random()  # noqa: S311 - reproducible draws, nothing secret
        self._serial = 0
        self._day = options.first_day
        self._sequels = {
            "social_media": _running(
                (0.006, self._spoil),
                (0.008, self._withdraw),
                (0.015, self._edit),
                (0.008, self._redeliver),
                (0.03, self._retweet),
                (0.02, self._copy_paste),
                (0.012, self._cross_channel),
            ),
            "sms": _running((0.005, self._spoil), (0.03, self._redeliver), (0.012, self._cross_channel)),
            "web_forms": _running(
                (0.005, self._spoil),
                (0.02, self._correct),
                (0.01, self._redeliver),
                (0.008, self._submit_twice),
                (0.012, self._cross_channel),
            ),
            "call_centre": _running(
                (0.006, self._spoil),
                (0.025, self._log_again),
                (0.005, self._log_anonymously),
                (0.004, self._log_for_another),
                (0.004, self._log_days_later),
            ),
        }

    def play(self, day: date) -> None:
        """Let all complaints of ``day`` happen, with what follows from them."""
        self._random = Random(f"{self._options.seed}/{day.isoformat()}")  # noqa: S311 - as above
        self._serial = 0
        self._day = day
        self._used_texts = (self._used_texts[1], set())
        start = start_of(day)
        for source in volumes.SOURCES:
            for _ in range(volumes.draw_count(source, day, self._options.per_day, self._random)):
                self._complain(source, start)
        for person, source, topic in self._again.pop(day, ()):
            self._make(source, person, topic, self._instant(source, start), "again")
        if day == self._outage.day:
            self._break_down(start)
        self._cross_change_of_clocks(start)

    def delivered(self, day: date) -> list[Record]:
        """Hand over (and forget) the records that the files of ``day`` hold, in order of delivery."""
        return sorted(self._pending.pop(day, ()), key=lambda record: record.delivered)

    @property
    def waiting(self) -> list[date]:
        """Days for which records are kept, in order."""
        return sorted(self._pending)

    # --- complaints -------------------------------------------------------------------------

    def _complain(self, source: str, start: int) -> None:
        person = self._someone(volumes.draw_region(source, self._random.random()))
        topic = volumes.draw_topic(self._random)
        self._make(source, person, topic, self._instant(source, start))
        if self._random.random() < _AGAIN_SHARE:
            again = day_of(start) + timedelta(days=1 + int(self._random.random() * 6))
            if again <= self._options.last_day:
                self._again[again].append((person, source, topic))

    def _break_down(self, start: int) -> None:
        first, end = volumes.OUTAGE.hours
        for _ in range(self._outage.extra):
            source = volumes.draw_source(self._random)
            instant = start + int((first + self._random.random() * (end - first)) * HOUR)
            self._make(source, self._someone(self._outage.region), self._outage.topic, instant, "outage")

    def _cross_change_of_clocks(self, start: int) -> None:
        """Have a few calls in the hours around a change of clocks, which are quiet otherwise."""
        if _offset(start) != _offset(start + DAY):
            for minute in (3, 17, 28, 44, 61, 72, 85, 101, 118):
                region = volumes.draw_region("call_centre", self._random.random())
                topic = volumes.draw_topic(self._random)
                self._make("call_centre", self._someone(region), topic, start + minute * MINUTE)

    def _someone(self, region: str) -> Person:
        pool = max(50, self._options.per_day * _CUSTOMERS_PER_DAILY_COMPLAINT // len(volumes.SOURCES))
        return person_of(self._options.seed, region, int(self._random.random() * pool))

    def _instant(self, source: str, start: int) -> int:
        hour = volumes.draw_hour(source, self._random.random())
        return start + hour * HOUR + int(self._random.random() * HOUR)

    def _make(self, source: str, person: Person, topic: tuple[str, str], occurred: int, *traits: str) -> None:
        record = self._record(source, person, topic, occurred, self._words(person, source, topic))
        record.traits += traits
        self._sequel(record)

    def _words(self, person: Person, source: str, topic: tuple[str, str]) -> Wording:
        """Write a text that was not used yesterday or today; stock phrases may repeat."""
        yesterday, today = self._used_texts
        for _ in range(_REDRAWS):
            words = write(person, source, topic, self._random.random)
            used = words.text.casefold()
            if "stock_phrase" in words.traits or (used not in today and used not in yesterday):
                break
        today.add(used)
        return words

    def _record(
        self, source: str, person: Person, topic: tuple[str, str] | None, occurred: int, words: Wording
    ) -> Record:
        random = self._random.random
        text = to_latin1(words.text) if source == "call_centre" else words.text
        sent, faults = damage(text, source, random)
        variant = random()
        if source == "call_centre" or (source == "social_media" and variant < _WHOLE_SECONDS_SHARE):
            occurred = occurred // SECOND * SECOND
        record = Record(
            source=source,
            source_id=self._identifier(source, occurred),
            person=person,
            topic=topic,
            text=text,
            sent_text=sent,
            occurred=occurred,
            updated=occurred,
            delivered=occurred + int(random() * 30) * SECOND,
            file_day=day_of(occurred),
            region=person.region if random() < _REGION_GIVEN[source] else None,
            variant=variant,
            style=words.style,
            personal_data=words.personal_data,
            traits=words.traits,
            faults=faults,
        )
        if source == "call_centre":
            record.anonymous = random() < _ANONYMOUS_SHARE
            record.traits += self._clock_traits(occurred)
            if chance(_CLOSED_TOO_EARLY_SHARE, random):
                record.traits.append("closed_before_created")
        self._route(record)
        return record

    def _clock_traits(self, occurred: int) -> list[str]:
        """Return what a change of clocks does to a call's time: a gap not heeded, or a repeated hour."""
        earlier, now, later = (_offset(occurred + shift) for shift in (-HOUR, 0, HOUR))
        if now > earlier and self._random.random() < _CLOCK_NOT_MOVED_SHARE:
            return ["clock_not_moved"]
        return ["clock_repeated"] if now < earlier or later < now else []

    def _identifier(self, source: str, occurred: int) -> str | None:
        self._serial += 1
        if source == "social_media":
            return str((occurred - _POST_ID_EPOCH << _POST_ID_SERIAL_BITS) + self._serial)
        if source == "sms":
            return f"SM{self._random.getrandbits(128):032x}"
        if source == "web_forms":
            return f"WF-{self._day:%y%m%d}-{self._serial:06d}"
        return None

    def _route(self, record: Record) -> None:
        """Decide in which day's file ``record`` is delivered."""
        record.file_day = day_of(record.delivered)
        if record.source == "call_centre":
            record.file_day = datetime.fromtimestamp(record.occurred // 1000, CALL_CENTRE_ZONE).date()
            index = (record.file_day - self._options.first_day).days % _LATE_FILE_EVERY
            if index == _LATE_FILE_DAY or (index == _LATE_FILE_DAY + 1 and record.variant < _LATE_FILE_SPILL):
                record.file_day += timedelta(days=_LATE_FILE_DAY + 3 - index)
                record.late_file = True

    def _deliver(self, *records: Record) -> None:
        """Keep ``records`` for the files of their days; what would occur after the last day never happens."""
        for record in records:
            if record.occurred < self._end:
                self._pending[record.file_day].append(record)

    # --- what follows from a complaint ------------------------------------------------------

    def _sequel(self, record: Record) -> None:
        """Deliver ``record`` with at most one sequel, drawn by the habits of its source."""
        draw = 1.0 if "stock_phrase" in record.traits else self._random.random()  # whose copies would prove nothing
        for limit, sequel in self._sequels[record.source]:
            if draw < limit:
                sequel(record)
                return
        if record.source != "call_centre" and self._random.random() < _LATE_SHARE:
            self._postpone(record, 1 + int(self._random.random() * 3 * 24) * HOUR)
        self._deliver(record)
        if record.source == "social_media" and self._random.random() < _REPLY_SHARE:
            self._reply(record)

    def _postpone(self, record: Record, delay: int) -> None:
        record.delivered += delay
        record.traits.append("late")
        self._route(record)

    def _spoil(self, record: Record) -> None:
        record.defect = pick(_DEFECTS[record.source], self._random.random)
        record.fate = Fate.QUARANTINED
        self._deliver(record)

    def _withdraw(self, record: Record) -> None:
        deletion = replace(
            record,
            text="", sent_text="", personal_data=[], faults=[], traits=["withdrawal"], fate=Fate.RETRACTED,
            updated=record.occurred + self._later(2 * MINUTE, 30 * HOUR),
        )  # fmt: skip
        deletion.delivered = deletion.updated + SECOND
        self._route(deletion)
        record.fate = Fate.SUPERSEDED
        self._deliver(record, deletion)

    def _edit(self, record: Record) -> None:
        """Follow up with a newer version; now and then it is delivered before the first one."""
        newer = self._newer_version(record, record.occurred + self._later(MINUTE, 26 * HOUR))
        if chance(0.15, self._random.random):
            self._postpone(record, newer.delivered - record.delivered + self._later(MINUTE, 9 * HOUR))
            newer.traits.append("before_older_version")
        self._deliver(record, newer)

    def _correct(self, record: Record) -> None:
        """Follow up with a corrected form; sometimes the time of the incident moves to another day."""
        newer = self._newer_version(record, record.occurred + self._later(10 * MINUTE, 48 * HOUR))
        moved = record.occurred - self._later(12 * HOUR, 3 * DAY)
        if chance(0.4, self._random.random) and moved >= self._first_instant:
            newer.occurred = moved
            newer.traits.append("moved")
        self._deliver(record, newer)

    def _newer_version(self, record: Record, updated: int) -> Record:
        text = f"{record.text} {self._addition(record)}"
        sent, faults = damage(text, record.source, self._random.random)
        newer = replace(
            record, text=text, sent_text=sent, faults=faults, updated=updated, delivered=updated + SECOND,
            traits=[*record.traits, "new_version"],
        )  # fmt: skip
        self._route(newer)
        record.fate = Fate.SUPERSEDED
        return newer

    def _redeliver(self, record: Record) -> None:
        """Deliver the same record again, soon (mostly the same file) or hours later."""
        delay = self._later(SECOND, 5 * MINUTE) if chance(0.6, self._random.random) else self._later(HOUR, 20 * HOUR)
        copy = self._duplicate(record, delivered=record.delivered + delay)
        self._deliver(record, copy)

    def _duplicate(self, record: Record, *, delivered: int) -> Record:
        copy = replace(record, delivered=delivered, fate=Fate.DUPLICATE, duplicate_of=record, traits=["redelivered"])
        self._route(copy)
        return copy

    def _log_again(self, record: Record) -> None:
        """Log the same call a second time, minutes to hours later, in the same words."""
        record.anonymous = False
        self._repeat(record, self._later(MINUTE, _RELOGGED_LIMIT), Fate.DUPLICATE)

    def _log_anonymously(self, record: Record) -> None:
        """Log the same words twice without a customer: whether it is one complaint can't be known."""
        record.anonymous = True
        self._repeat(record, self._later(MINUTE, 12 * HOUR), Fate.COMPLAINT)

    def _log_for_another(self, record: Record) -> None:
        """Paste a note into another customer's case: two complaints."""
        self._repeat(record, self._later(MINUTE, 12 * HOUR), Fate.COMPLAINT, self._stranger(record))

    def _log_days_later(self, record: Record) -> None:
        """Repeat a note when the trouble is back, more than two days later: a new complaint."""
        self._repeat(record, self._later(49 * HOUR, 4 * DAY), Fate.COMPLAINT)

    def _repeat(self, record: Record, after: int, fate: Fate, person: Person | None = None) -> None:
        """Deliver ``record`` and the same words ``after`` it."""
        self._deliver(record)
        occurred = (record.occurred + after) // SECOND * SECOND
        copy = replace(
            record, occurred=occurred, updated=occurred, delivered=occurred, fate=fate, variant=self._random.random(),
            person=person or record.person, traits=["repeated_note", *self._clock_traits(occurred)],
        )  # fmt: skip
        if record.late_file:  # a copy never comes before what it repeats
            copy.file_day, copy.late_file = record.file_day, True
        else:
            self._route(copy)
        if fate is Fate.DUPLICATE:
            copy.duplicate_of = record
        elif after < 2 * DAY:
            copy.near_duplicate_of, copy.similarity = record, 1.0
        self._deliver(copy)

    def _retweet(self, record: Record) -> None:
        """Have one to three others pass the post on, in its own words or cut to length."""
        self._deliver(record)
        for _ in range(1 + int(self._random.random() * 3)):
            text = f"RT @{record.person.handle}: {record.text}"
            if len(text) > _RETWEET_LENGTH and chance(0.2, self._random.random):
                text = text[: _RETWEET_LENGTH - 1] + "…"
            self._take_up(record, "social_media", self._stranger(record), text, "retweet")

    def _copy_paste(self, record: Record) -> None:
        """Have somebody else post an edited copy of it."""
        self._deliver(record)
        self._take_up(record, "social_media", self._stranger(record), self._edited(record), "edited_copy")

    def _cross_channel(self, record: Record) -> None:
        """Have the same person say it on a second channel too, in the same words or nearly."""
        self._deliver(record)
        others = tuple(source for source in ("social_media", "sms", "web_forms") if source != record.source)
        text = record.text if chance(0.6, self._random.random) else self._edited(record)
        self._take_up(record, pick(others, self._random.random), record.person, text, "cross_channel")

    def _submit_twice(self, record: Record) -> None:
        """Send the form twice by a double click: two ids, the same words."""
        self._deliver(record)
        self._take_up(record, "web_forms", record.person, record.text, "double_click", self._later(SECOND, 9 * SECOND))

    def _take_up(
        self, record: Record, source: str, person: Person, text: str, trait: str, after: int | None = None
    ) -> None:
        """Make a complaint of ``person`` out of the words of ``record``."""
        occurred = record.occurred + (self._later(MINUTE, 20 * HOUR) if after is None else after)
        kept = [datum for datum in record.personal_data if datum.value in text]
        traits = [value for value in record.traits if value != "late"]
        copy = self._record(source, person, record.topic, occurred, Wording(text, record.style, kept, [*traits, trait]))
        copy.near_duplicate_of, copy.similarity = record, similarity(record.text, text)
        self._deliver(copy)

    def _edited(self, record: Record) -> str:
        random = self._random.random
        if chance(0.5, random):
            return f"{record.text} {pick(('#same', '+1', 'Same here!', '👆', 'Pls share'), random)}"
        if chance(0.5, random):
            return f"{pick(('This!', 'So true:', 'Same:', '👇'), random)} {record.text}"
        return f"{record.text} {self._addition(record)}"

    def _addition(self, record: Record) -> str:
        return write_addition(record.person, record.topic or _ANYTHING, self._random.random)

    def _stranger(self, record: Record) -> Person:
        stranger = self._someone(record.person.region)
        return stranger if stranger.key != record.person.key else self._stranger(record)

    def _reply(self, record: Record) -> None:
        """Have the care team answer in public: outbound, so no complaint."""
        words = Wording(write_reply(record.person, self._random.random), "plain", traits=["reply"])
        occurred = record.occurred + self._later(5 * MINUTE, 10 * HOUR)
        reply = self._record("social_media", record.person, None, occurred, words)
        reply.fate, reply.thread = Fate.FILTERED, record.source_id
        self._deliver(reply)

    def _later(self, least: int, most: int) -> int:
        return least + int(self._random.random() * (most - least))


def similarity(one: str, other: str) -> float:
    """Return the Jaccard similarity of two texts' sets of 3-word shingles (lower-case words)."""
    left, right = _shingles(one), _shingles(other)
    return round(len(left & right) / len(left | right), 3)


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[start : start + 3]) for start in range(max(1, len(words) - 2))}


def _running(*shares: tuple[float, Sequel]) -> tuple[tuple[float, Sequel], ...]:
    limits = accumulate(share for share, _sequel in shares)
    return tuple((limit, sequel) for limit, (_share, sequel) in zip(limits, shares, strict=True))
