"""The source contract: all that the platform must know of a sender, as one typed object.

A contract is data (``defs/sources/<name>/defs.yaml``). This module defines its form and loads it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

import polars as pl
import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from complaints_platform.errors import ContractError
from complaints_platform.yaml_files import Part, problems_of
from complaints_platform.zones import time_zones

COMPLAINTS = "complaints_platform.sources.ComplaintSource"
CUSTOMERS = "complaints_platform.sources.CustomerSource"
"""Component types: what the files of a source are about."""

SILENT_AFTER: Mapping[str, timedelta] = {
    "stream": timedelta(hours=8),
    "micro_batch": timedelta(hours=6),
    "hourly": timedelta(hours=3),
    "daily": timedelta(hours=36),
}
"""By cadence: nothing new for so long means that the sender has fallen silent; people and time zones need slack."""

SOURCE_NAME = r"^[a-z][a-z0-9_]{0,62}$"

FieldPath = Annotated[str, Field(min_length=1, description="A column, or a path into nested objects (user.handle).")]
FieldPaths = Annotated[
    FieldPath | list[FieldPath], Field(description="One column, or several whose values are joined by a space.")
]


class ChannelMap(Part):
    """The channel differs by record: which column says it, and what its values mean."""

    field: FieldPath
    values: dict[str, str] = Field(
        min_length=1, description="Value of the column → channel. Any other value is quarantined as unknown_channel."
    )


class CsvFormat(Part):
    """Delimited text with a header line."""

    type: Literal["csv"]
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)

    @model_validator(mode="after")
    def _records_are_separable(self) -> "CsvFormat":
        for name, character in (("delimiter", self.delimiter), ("quote", self.quote)):
            if not character.isascii() or character in "\r\n\x00":
                raise ValueError(f"{name} must be an ASCII character, and no line end; examples are ',' and '\"'")
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote must differ")
        return self


class NdjsonFormat(Part):
    """One JSON object a line."""

    type: Literal["ndjson"]


class JsonFormat(Part):
    """One JSON document that holds the records in a list."""

    type: Literal["json"]
    records: str | None = Field(
        default=None, description="Path to the list inside the document; by default the document is the list."
    )


class ParquetFormat(Part):
    """A Parquet file."""

    type: Literal["parquet"]


class XlsxFormat(Part):
    """An Excel workbook; the first row of the sheet is the header."""

    type: Literal["xlsx"]
    sheet: str | None = Field(default=None, description="Name of the sheet; by default the first.")


FileFormat = Annotated[CsvFormat | NdjsonFormat | JsonFormat | ParquetFormat | XlsxFormat, Field(discriminator="type")]


class Times(Part):
    """How the sender writes times."""

    zone: str = Field(default="UTC", description="IANA zone of times without an offset, such as Europe/Berlin.")
    formats: list[str] = Field(
        default=["iso8601"],
        min_length=1,
        description="Tried in order: iso8601, epoch_s, epoch_ms, epoch_us, or a strftime pattern (%d-%m-%Y %H:%M).",
    )

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        if zone not in time_zones() - LOCAL_ZONES:
            raise ValueError(f"{zone!r} is no IANA time zone; an example is 'Europe/Berlin'")
        return zone

    @field_validator("formats")
    @classmethod
    def _formats_are_known(cls, formats: list[str]) -> list[str]:
        for pattern in formats:
            if pattern not in NAMED_TIME_FORMATS and "%" not in pattern:
                raise ValueError(
                    f"{pattern!r} is neither a strftime pattern nor one of {', '.join(sorted(NAMED_TIME_FORMATS))}"
                )
        return formats

    @property
    def zone_info(self) -> ZoneInfo:
        """The zone as an object."""
        return ZoneInfo(self.zone)


LOCAL_ZONES = frozenset({"localtime", "Factory"})
"""Zones that mean something else on each machine."""

NAMED_TIME_FORMATS = frozenset({"iso8601", "epoch_s", "epoch_ms", "epoch_us"})


NEVER_ACCOUNTS = ("", "a", "word", "1", "2026", "<ACCOUNT>", "<PHONE> <EMAIL>", "<NATIONAL_ID>", "<NAME>, <IBAN>")
"""What an account pattern must not match: it would empty texts of words, or replace what was replaced before."""


class Fields(Part):
    """Which column of the sender is which field of a raw record."""

    text: FieldPaths
    occurred_at: FieldPaths
    source_id: FieldPath | None = Field(
        default=None, description="The sender's own identifier. Without it, records are identified by content."
    )
    updated_at: FieldPaths | None = None
    customer: FieldPath | None = None
    region: FieldPath | None = None
    product: FieldPath | None = None
    status: FieldPath | None = None
    first_response_at: FieldPaths | None = None
    resolved_at: FieldPaths | None = None
    agent: FieldPath | None = None
    thread: FieldPath | None = None
    language: FieldPath | None = None


class ValueFilter(Part):
    """Records whose column holds one of some values."""

    field: FieldPath
    values: list[str] = Field(min_length=1)


class FileContract(Part):
    """What must be known of any files that are sent regularly: for whom, how often, in which form."""

    description: str = Field(min_length=1, description="What this source is, for people.")
    owner: str = Field(
        description="Who answers for it: an e-mail address or team:name.", pattern=r"^(team:[\w-]+|[^@\s]+@[^@\s]+)$"
    )
    cadence: Literal["stream", "micro_batch", "hourly", "daily"] = Field(description="How often files are expected.")
    format: FileFormat
    encoding: str = Field(default="detect", description="A Python codec name (utf-8, latin-1, cp1252), or detect.")
    times: Times = Times()

    @field_validator("encoding")
    @classmethod
    def _encoding_exists(cls, encoding: str) -> str:
        if encoding != "detect":
            try:
                "".encode(encoding)
            except LookupError:
                raise ValueError(f"{encoding!r} is no known encoding; examples are utf-8, latin-1, cp1252") from None
        return encoding

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides how records are read (12 hex digits); what is for people or for cleaning is not."""
        decisive = self.model_dump(mode="json", exclude={"description", "owner", "cadence", "account_pattern"})
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:12]


class SourceContract(FileContract):
    """All that must be known of one source of complaints."""

    channel: str | ChannelMap = Field(description="The channel, or the column that says it.")
    fields: Fields
    account_pattern: str | None = Field(
        default=None,
        description="What the company's own account numbers look like in texts (a regular expression without "
        "look-around, such as \\bAC[0-9]{8}\\b): they become <ACCOUNT>.",
    )
    keep: ValueFilter | None = Field(
        default=None, description="Only these records are complaints (inbound only, say); all others count as filtered."
    )
    withdrawn: ValueFilter | None = Field(
        default=None, description="These versions withdraw their record (a deleted post, say). Needs fields.source_id."
    )

    @field_validator("account_pattern")
    @classmethod
    def _pattern_can_be_used(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            found = pl.Series([*NEVER_ACCOUNTS]).filter(pl.Series([*NEVER_ACCOUNTS]).str.contains(pattern)).to_list()
        except pl.exceptions.ComputeError as error:
            raise ValueError(f"{pattern!r} is no regular expression that can be used: {error}") from None
        if found:
            raise ValueError(f"{pattern!r} would also match {found[0]!r}; make it say more of what a number looks like")
        return pattern

    @model_validator(mode="after")
    def _withdrawal_needs_identity(self) -> "SourceContract":
        if self.withdrawn is not None and self.fields.source_id is None:
            raise ValueError("withdrawn needs fields.source_id: without it the record that is withdrawn is unknown")
        return self


class CustomerFields(Part):
    """Which column of the sender is which property of a customer."""

    customer: FieldPath = Field(description="The account: one number or name for each customer.")
    identifiers: list[FieldPath] = Field(
        default=[], description="Other names by which complaints may call the customer: phone, e-mail, handle."
    )
    valid_from: FieldPaths | None = Field(
        default=None, description="Since when all this holds. Without it, every file is a snapshot of its day."
    )
    region: FieldPath | None = None
    product: FieldPath | None = None
    segment: FieldPath | None = None


class CustomersContract(FileContract):
    """All that must be known of files that say who the customers are."""

    fields: CustomerFields


Contract = TypeVar("Contract", SourceContract, CustomersContract)


def load_contract(path: Path) -> SourceContract:
    """Load the contract of a source of complaints in the ``defs.yaml`` at ``path``.

    Raises:
        ContractError: not YAML, another component type, or a field that is wrong; the
            message names the file and each field.
    """
    return _validated(path, _read(path), COMPLAINTS, SourceContract)


def load_contracts(folder: Path) -> Mapping[str, SourceContract]:
    """Load the contract of every source of complaints, ``<name>/defs.yaml`` below ``folder``; return them by name.

    Raises:
        ContractError: a contract is wrong, a name is not usable in an asset key, or there is none.
    """
    contracts = _load_all(folder, COMPLAINTS, SourceContract)
    if not contracts:
        raise ContractError(f"{folder}: holds no <name>/defs.yaml of a source of complaints; each is one such file")
    return contracts


def load_customer_contracts(folder: Path) -> Mapping[str, CustomersContract]:
    """Load the contract of every source of customers below ``folder``; return them by name. There may be none.

    Raises:
        ContractError: a contract is wrong, or a name is not usable in an asset key.
    """
    return _load_all(folder, CUSTOMERS, CustomersContract)


def _load_all(folder: Path, component: str, model: type[Contract]) -> dict[str, Contract]:
    contracts = {}
    for path in sorted(folder.glob("*/defs.yaml")):
        document = _read(path)
        if not re.match(SOURCE_NAME, path.parent.name):
            raise ContractError(f"{path.parent}: a source's name must match {SOURCE_NAME}")
        if document.get("type") != component and document.get("type") in (COMPLAINTS, CUSTOMERS):
            continue
        contracts[path.parent.name] = _validated(path, document, component, model)
    return contracts


def _read(path: Path) -> dict[str, Any]:
    try:
        document = _parsed(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ContractError(f"{path}: can't be read as YAML: {error}") from error
    return document if isinstance(document, dict) else {}


@lru_cache(maxsize=256)
def _parsed(text: str) -> Any:
    """Parse YAML; a run reads each contract many times, and what is returned is never changed."""
    return yaml.safe_load(text)


def _validated(path: Path, document: dict[str, Any], component: str, model: type[Contract]) -> Contract:
    if document.get("type") != component:
        raise ContractError(f"{path}: must be a mapping with 'type: {component}' and 'attributes:'")
    try:
        return model.model_validate(document.get("attributes") or {})
    except ValidationError as error:
        raise ContractError(f"{path}: {problems_of(error, 'attributes.')}") from error
