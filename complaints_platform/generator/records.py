"""One record on its way from a customer's words to a line in a file, and what must become of it."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from complaints_platform.generator.people import Person
from complaints_platform.generator.personal_data import PersonalDatum
from complaints_platform.schemas import QuarantineReason

MILLISECOND = 1
SECOND = 1000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""Instants are whole milliseconds since 1970 (UTC), as the senders' clocks give them."""


class Fate(StrEnum):
    """What must become of a record: the outcomes of ``schemas``, and the two that never get there."""

    COMPLAINT = "complaint"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    RETRACTED = "retracted"
    FILTERED = "filtered"
    QUARANTINED = "quarantined"


class Defect(StrEnum):
    """What is wrong with a record as written, so that it can't be read."""

    CUT = "cut"
    TOO_FEW_FIELDS = "too_few_fields"
    TOO_MANY_FIELDS = "too_many_fields"
    NOT_AN_OBJECT = "not_an_object"
    NO_TEXT = "no_text"
    NO_TIME = "no_time"
    GARBLED_TIME = "garbled_time"
    FUTURE_TIME = "future_time"
    ANCIENT_TIME = "ancient_time"


REASONS = {
    Defect.CUT: QuarantineReason.MALFORMED_RECORD,
    Defect.TOO_FEW_FIELDS: QuarantineReason.MALFORMED_RECORD,
    Defect.TOO_MANY_FIELDS: QuarantineReason.MALFORMED_RECORD,
    Defect.NOT_AN_OBJECT: QuarantineReason.MALFORMED_RECORD,
    Defect.NO_TEXT: QuarantineReason.MISSING_TEXT,
    Defect.NO_TIME: QuarantineReason.MISSING_TIME,
    Defect.GARBLED_TIME: QuarantineReason.UNREADABLE_TIME,
    Defect.FUTURE_TIME: QuarantineReason.IN_THE_FUTURE,
    Defect.ANCIENT_TIME: QuarantineReason.BEFORE_HISTORY,
}
"""Why a record with this defect must be quarantined."""

TIME_DEFECTS = frozenset({Defect.NO_TIME, Defect.GARBLED_TIME, Defect.FUTURE_TIME, Defect.ANCIENT_TIME})


@dataclass(slots=True)
class Record:
    """A record of one sender.

    Attributes:
        source: Name of the source.
        source_id: The sender's own identifier; None for a sender without one.
        person: Who complains (for an agent's reply: to whom).
        topic: Category and subcategory; None if it is no complaint.
        text: The words as typed.
        sent_text: The words as they stand in the file.
        occurred: When the complaint was made; milliseconds since 1970.
        updated: When this version was made.
        delivered: When this version reached the sender's export.
        file_day: Day of the file in which it is delivered.
        region: Region as the truth has it; None if the sender gives none.
        variant: Drawn once; decides habits of writing, so that a copy is the same to the byte.
        fate: What must become of it.
        defect: What keeps it from being read.
        duplicate_of: The record that it repeats exactly.
        near_duplicate_of: The record whose words it takes up.
        similarity: How near it comes to those words (Jaccard, 3-word shingles of lower-case words).
        late_file: Delivered in the file of a day that came late.
        position: File and record number, once it is written.
    """

    source: str
    source_id: str | None
    person: Person
    topic: tuple[str, str] | None
    text: str
    sent_text: str
    occurred: int
    updated: int
    delivered: int
    file_day: date
    region: str | None
    variant: float
    thread: str | None = None
    anonymous: bool = False
    style: str = "plain"
    personal_data: list[PersonalDatum] = field(default_factory=list)
    traits: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    fate: Fate = Fate.COMPLAINT
    defect: Defect | None = None
    duplicate_of: "Record | None" = None
    near_duplicate_of: "Record | None" = None
    similarity: float | None = None
    late_file: bool = False
    position: tuple[str, int] | None = None

    @property
    def key(self) -> str:
        """How other records refer to it: source and native id, else file and record number.

        Raises:
            LookupError: it has no native id and is not written yet.
        """
        if self.source_id is not None:
            return f"{self.source}:{self.source_id}"
        if self.position is None:
            raise LookupError("a record without a native id has no key before it is written")
        path, number = self.position
        return f"{path}#{number}"
