"""Reading files by a source contract: the one entrance to this package's readers."""

import tempfile
from collections.abc import Iterator
from typing import IO, BinaryIO

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import (
    MAX_DOCUMENT_BYTES,
    ReadBatch,
    SplitBatch,
    UnreadableFileError,
    Window,
)
from complaints_platform.sources.columns import Columns
from complaints_platform.sources.contract import (
    CsvFormat,
    FileContract,
    JsonFormat,
    NdjsonFormat,
    ParquetFormat,
    SourceContract,
    XlsxFormat,
)
from complaints_platform.sources.decoding import PlainBytes
from complaints_platform.sources.delimited import split_delimited
from complaints_platform.sources.json_document import split_document
from complaints_platform.sources.json_text import split_lines
from complaints_platform.sources.lines import Block, line_ends, text_blocks
from complaints_platform.sources.mapping import Mapper, columns_of
from complaints_platform.sources.parquet import split_parquet
from complaints_platform.sources.times import check_formats
from complaints_platform.sources.workbook import split_workbook

__all__ = ["PARSER_VERSION", "ReadBatch", "Window", "line_of_file", "read_records"]

PARSER_VERSION = "2"
"""Raise it whenever the same bytes may give other records: segments are named by it."""

BLOCK_BYTES = 16 << 20
"""How much text is held and read at once."""

SPOOLED_BYTES = 64 << 20
"""Files that must be read at any place are held in memory up to this size, and in a temporary file beyond."""


def read_records(
    stream: BinaryIO,
    file_name: str,
    contract: SourceContract,
    window: Window,
    *,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[ReadBatch]:
    """Read a file by its source contract, batch by batch, in the file's order.

    Nothing about the file's content is an error: what can't be read is quarantined with a
    reason and a detail for people, and everything else is read. The batches' records have the
    schema of ``RawRecord``; ``received`` adds up to the number of records in the file, where an
    unreadable file, or the rest of a damaged one, counts as one. A file without records, but
    for its header, gives batches without rows, or none.

    Text is held in blocks of ``block_bytes``, Parquet by row groups; JSON documents and
    workbooks are held whole. The result does not depend on ``block_bytes``.

    Raises:
        ContractError: a time format of the contract can't be used.
        OSError: the stream itself fails.
    """
    check_formats(contract.times)
    mapper = Mapper(contract, window, typed=has_types(contract))
    for batch in split_records(stream, file_name, contract, columns_of(contract), block_bytes):
        yield mapper.read(batch)


def line_of_file(stream: BinaryIO, contract: FileContract, number: int) -> str | None:
    """Return line ``number`` (from 1) of a text file, decoded, without its end.

    Returns:
        None if the format has no lines of records, or the file's readable part has fewer.

    Raises:
        OSError: the stream itself fails.
    """
    if not isinstance(contract.format, CsvFormat | NdjsonFormat):
        return None
    ended, held = 0, b""
    try:
        for block in text_blocks(PlainBytes(stream), contract.encoding, BLOCK_BYTES):
            text = held + block.text
            ends = [int(end) for end in line_ends(text) if not Block(text, block.final).is_open_at(int(end))]
            if ended + len(ends) >= number:
                place = number - ended - 1
                return text[ends[place - 1] if place else 0 : ends[place]].rstrip(b"\r\n").decode()
            ended += len(ends)
            held = text[ends[-1] :] if ends else text
    except UnreadableFileError:
        return None
    return held.decode() if ended + 1 == number and held else None


def has_types(contract: FileContract) -> bool:
    """Tell whether the file's values have types, so that its times are ISO 8601 whatever the contract says."""
    return isinstance(contract.format, ParquetFormat | XlsxFormat)


def split_records(
    stream: BinaryIO, file_name: str, contract: FileContract, columns: Columns, block_bytes: int = BLOCK_BYTES
) -> Iterator[SplitBatch]:
    """Split a file into records by its format, in the file's order; an unreadable one is a problem of its own."""
    try:
        yield from _split(PlainBytes(stream), contract, columns, block_bytes)
    except UnreadableFileError as error:
        yield SplitBatch(problems=[error.problem._replace(detail=f"{file_name}: {error.problem.detail}")])


def _split(plain: PlainBytes, contract: FileContract, columns: Columns, block_bytes: int) -> Iterator[SplitBatch]:
    """Split a file into records.

    Raises:
        UnreadableFileError: the file as a whole, or its rest, can't be read.
    """
    paths, required = columns.mapped, columns.required
    match contract.format:
        case CsvFormat() as csv_format:
            yield from split_delimited(text_blocks(plain, contract.encoding, block_bytes), csv_format, columns)
        case NdjsonFormat():
            yield from split_lines(text_blocks(plain, contract.encoding, block_bytes), paths)
        case JsonFormat(records=records):
            text = _whole_text(plain, contract.encoding, block_bytes)
            yield from split_document(text, records, paths, plain.damage)
        case ParquetFormat():
            with _spooled(plain) as file:
                yield from split_parquet(file, paths, required)
        case XlsxFormat(sheet=sheet):
            with _spooled(plain) as file:
                yield from split_workbook(file, sheet, paths, required)


def _whole_text(plain: PlainBytes, encoding: str, block_bytes: int) -> str:
    """Read a text file whole.

    Raises:
        UnreadableFileError: it is too large.
    """
    texts: list[bytes] = []
    size = 0
    for block in text_blocks(plain, encoding, block_bytes):
        texts.append(block.text)
        size += len(block.text)
        if size > MAX_DOCUMENT_BYTES:
            raise UnreadableFileError(
                QuarantineReason.UNREADABLE_FILE,
                f"has more than {MAX_DOCUMENT_BYTES:,} bytes, too many for a document that is read whole; "
                "ask for one object a line (ndjson)",
            )
    return b"".join(texts).decode()


def _spooled(plain: PlainBytes) -> IO[bytes]:
    """Copy a file to where it can be read at any place.

    Raises:
        UnreadableFileError: it is empty, or its compression is damaged.
    """
    file = tempfile.SpooledTemporaryFile(SPOOLED_BYTES)  # noqa: SIM115 - the caller closes it
    for piece in plain:
        file.write(piece)
    if not file.tell() or plain.damage is not None:
        file.close()
        if plain.damage is None:
            raise UnreadableFileError(QuarantineReason.EMPTY_FILE, "has no bytes; ask the sender for it again")
        raise UnreadableFileError(QuarantineReason.UNREADABLE_FILE, f"{plain.damage}; ask for the file again")
    file.seek(0)
    return file
