"""Models of records on their way from a file to a categorised complaint; aggregates live in ``marts``."""

from enum import StrEnum

import pandera.polars as pa
import polars as pl

from complaints_platform.schemas import fields
from complaints_platform.schemas.fields import UtcTime
from complaints_platform.schemas.model import DataSet

FLAG_SEPARATOR = "; "
"""Between the flags of one record in ``time_flags``."""

NO_VALUE = "(none)"
"""Stands for a missing value (region, product, …) in lists and filters."""


class Outcome(StrEnum):
    """What became of a record that reached ``cleaned``. Every record has exactly one outcome.

    Records that never get there are *filtered* (the contract says they are no complaints)
    or *quarantined* (with a ``QuarantineReason``).
    """

    COMPLAINT = "complaint"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    RETRACTED = "retracted"


class QuarantineReason(StrEnum):
    """Why a record, or the unreadable part of a file, is in quarantine. A closed list."""

    UNREADABLE_FILE = "unreadable_file"
    """No record could be read: not a file, unknown compression, damaged from the start."""
    TRUNCATED_FILE = "truncated_file"
    """The file ends in the middle (half a gzip, an open quote); records before it are kept."""
    EMPTY_FILE = "empty_file"
    MISSING_COLUMN = "missing_column"
    """A column that the contract maps as text or time does not exist in the file."""
    DUPLICATE_HEADER = "duplicate_header"
    MALFORMED_RECORD = "malformed_record"
    """Not valid CSV or JSON, wrong number of fields, or not an object."""
    OVERSIZED_RECORD = "oversized_record"
    MISSING_TEXT = "missing_text"
    MISSING_TIME = "missing_time"
    UNREADABLE_TIME = "unreadable_time"
    BEFORE_HISTORY = "before_history"
    """Older than the first day of history (a setting)."""
    IN_THE_FUTURE = "in_the_future"
    MISSING_CUSTOMER = "missing_customer"
    """A record of reference data that names no customer."""
    UNKNOWN_CHANNEL = "unknown_channel"
    """The value of the channel column is not in the contract's value map."""


class RawRecord(DataSet):
    """One record of a file, read by its source contract; every value still as the sender wrote it."""

    record_number: int = pa.Field(ge=1, description="Number of the record in its file, from 1 (headers don't count).")
    line_number: int = pa.Field(ge=1, description="Line of the file on which the record starts, from 1.")
    source_id: str = pa.Field(nullable=True, description="The sender's own identifier of the record.")
    channel: str = fields.CHANNEL
    text: str = pa.Field(nullable=True, description="The complaint's words as sent. Only a retraction may have none.")
    occurred_at: UtcTime = fields.OCCURRED_AT
    original_timestamp: str = fields.ORIGINAL_TIMESTAMP
    original_timezone: str = pa.Field(
        description="Time zone used to read it: the contract's, or UTC for offsets and epochs."
    )
    updated_at: UtcTime = fields.UPDATED_AT
    first_response_at: UtcTime = fields.FIRST_RESPONSE_AT
    resolved_at: UtcTime = fields.RESOLVED_AT
    customer: str = pa.Field(nullable=True, description="The customer as the sender names them. Personal data.")
    agent: str = pa.Field(nullable=True, description="The agent as the sender names them. Personal data.")
    thread: str = pa.Field(nullable=True, description="The sender's conversation or case identifier.")
    region: str = pa.Field(nullable=True, description="Region as sent.")
    product: str = pa.Field(nullable=True, description="Product as sent.")
    status: str = pa.Field(nullable=True, description="Status as sent.")
    language: str = pa.Field(nullable=True, description="Language as sent.")
    withdrawn: bool = pa.Field(description="This version retracts the record.")
    time_flags: str = pa.Field(
        nullable=True, description="Optional times that were sent but dropped, and why. Null: none."
    )
    raw_record: str = pa.Field(description="The whole record as in the file (decoded). Personal data.")


class KnownCustomer(DataSet):
    """Reference data about a customer under one of their names, from a day on. No personal data."""

    person_key: str = pa.Field(description="Keyed hash of the name: account, phone number, e-mail address, handle.")
    account_key: str = pa.Field(description="Keyed hash of the account.")
    valid_from: pl.Date = pa.Field(description="First day (UTC) on which it is valid.")
    region: str = pa.Field(nullable=True, description="Region, named by the alias table.")
    product: str = pa.Field(nullable=True, description="Product or tariff.")
    segment: str = pa.Field(nullable=True, description="Segment, such as business or prepaid.")


class QuarantinedRecord(DataSet):
    """One quarantined record (or file, with record number 0), and why. No raw text."""

    day: pl.Date = fields.RECEIVED_DAY
    source: str = fields.FILE_SOURCE
    file_name: str = fields.FILE_NAME
    raw_sha256: str = pa.Field(
        str_length={"min_value": 64, "max_value": 64}, description="SHA-256 of the original file."
    )
    record_number: int = pa.Field(ge=0, description="Number of the record in its file; 0 means the file as a whole.")
    line_number: int = pa.Field(ge=0, description="Line on which it starts; 0 if unknown.")
    reason: str = pa.Field(isin=[reason.value for reason in QuarantineReason], description="Why, from a closed list.")
    detail: str = pa.Field(description="What exactly is wrong and what to do, without the record's own text.")
    received_at: UtcTime = fields.RECEIVED_AT


class CleanedComplaint(DataSet, unique=["source", "raw_sha256", "record_number"]):
    """One received record, cleaned and redacted, with what became of it. No personal data."""

    day: pl.Date = fields.DAY
    complaint_id: str = pa.Field(
        str_length={"min_value": 32, "max_value": 32},
        description="Stable identity: hash of source and native id, or (keyed) of everything sent and its ordinal.",
    )
    source: str = fields.SOURCE
    source_id: str = pa.Field(nullable=True, description="The sender's own identifier.")
    channel: str = fields.CHANNEL
    occurred_at: UtcTime = fields.OCCURRED_AT
    original_timestamp: str = fields.ORIGINAL_TIMESTAMP
    original_timezone: str = pa.Field(description="Time zone used to read it.")
    updated_at: UtcTime = fields.UPDATED_AT
    first_response_at: UtcTime = fields.FIRST_RESPONSE_AT
    resolved_at: UtcTime = fields.RESOLVED_AT
    time_flags: str = pa.Field(
        nullable=True,
        description="Times that were sent but dropped, because they are unreadable, out of range or before "
        "occurred_at. Null: none.",
    )
    customer_key: str = pa.Field(
        nullable=True, description="Keyed hash of the customer; null if the sender names none."
    )
    key_version: int = pa.Field(description="Version of the data key behind the keyed hashes.")
    account_key: str = pa.Field(
        nullable=True,
        description="Keyed hash of the account that reference data knew for this customer at the time; it is the same "
        "for all names of one customer. Null without reference data.",
    )
    segment: str = pa.Field(nullable=True, description="Segment of the customer, by reference data.")
    agent_key: str = pa.Field(nullable=True, description="Keyed hash of the agent.")
    thread_key: str = pa.Field(nullable=True, description="Keyed hash of the conversation or case.")
    text: str = pa.Field(
        nullable=True, description="The complaint: repaired, normalised, personal data replaced by its kind."
    )
    language: str = pa.Field(nullable=True, description="Language (ISO 639): as sent, or else detected.")
    region: str = pa.Field(
        nullable=True, description="Region as sent, or else by reference data; named by the alias table."
    )
    product: str = pa.Field(nullable=True, description="Product as sent, or else by reference data; redacted.")
    status: str = pa.Field(nullable=True, description="Status, lower case.")
    outcome: str = pa.Field(
        isin=[outcome.value for outcome in Outcome],
        description="Outcome of the record; headline counts take 'complaint'.",
    )
    duplicate_of: str = pa.Field(nullable=True, description="For duplicates, complaint_id of the record it repeats.")
    near_duplicate_of: str = pa.Field(
        nullable=True, description="For near duplicates, complaint_id of the earliest similar complaint; still counted."
    )
    similarity: float = pa.Field(
        nullable=True, ge=0, le=1, description="Jaccard similarity to that text (3-word shingles)."
    )
    raw_sha256: str = fields.RAW_SHA256
    record_number: int = pa.Field(ge=1, description="Number of the record in that file.")
    received_at: UtcTime = fields.RECEIVED_AT


class CategorizedComplaint(CleanedComplaint):
    """A cleaned complaint with the category that a model or a person gave it."""

    category: str = pa.Field(
        nullable=True, description="First level of the taxonomy; null for records that aren't complaints."
    )
    subcategory: str = fields.SUBCATEGORY
    confidence: float = pa.Field(nullable=True, ge=0, le=1, description="Calibrated probability of the category.")
    needs_review: bool = pa.Field(nullable=True, description="The category is uncertain: a person should check it.")
    category_source: str = pa.Field(nullable=True, isin=["model", "person"], description="Who gave the category.")
    alternatives: str = pa.Field(
        nullable=True, description="The model's three likeliest categories, likeliest first, separated by commas."
    )
    is_complaint: bool = pa.Field(
        nullable=True,
        description="The words express dissatisfaction or report a fault, by the model or a person. Headline counts "
        "do not depend on it. Null if the taxonomy does not define it.",
    )
    severity: str = pa.Field(nullable=True, description="How severe it is for the customer, by the taxonomy's values.")
    sentiment: str = pa.Field(nullable=True, description="Tone of the text, by the taxonomy's values.")
    model_version: str = pa.Field(nullable=True, description="Version of the classifier.")
    taxonomy_version: str = pa.Field(nullable=True, description="Version of the taxonomy.")
