"""From the bytes of a file to blocks of UTF-8: decompression and text encodings."""

import codecs
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import pyarrow as pa

from complaints_platform.schemas import QuarantineReason
from complaints_platform.sources.batches import MAX_RECORD_BYTES, UnreadableFileError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
FOREIGN_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Office file",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"7z\xbc\xaf": "7-zip",
    b"%PDF": "a PDF",
    b"PAR1": "Parquet",
    b"\xd0\xcf\x11\xe0": "an old Office file (.xls, .doc)",
}
MAGIC_BYTES = max(map(len, FOREIGN_MAGIC))

READ_BYTES = 256 << 10
"""How much is read and decompressed at once; what one damaged piece can hide from us."""

SNIFFED_BYTES = 64 << 10


class PlainBytes:
    """The decompressed bytes of a stream, in pieces, as far as they can be read.

    Compression is recognised by the first bytes, not by the file's name. Concatenated gzip members
    or zstd frames are one stream.

    Attributes:
        damage: After the last piece: what is wrong with the rest of the stream, for people, or
            None if all of it could be read.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.damage: str | None = None
        self.head = _read_fully(stream, MAGIC_BYTES)

    def __iter__(self) -> Iterator[bytes]:
        if self.head.startswith(GZIP_MAGIC):
            return self._gzip()
        if self.head.startswith(ZSTD_MAGIC):
            return self._zstd()
        return self._raw()

    def _raw(self) -> Iterator[bytes]:
        if self.head:
            yield self.head
        while piece := self._stream.read(READ_BYTES):
            yield piece

    def _gzip(self) -> Iterator[bytes]:
        member, started, pending = zlib.decompressobj(wbits=31), False, b""
        source = self._raw()
        while True:
            pending = pending or next(source, b"")
            if not pending:
                self.damage = "the file ends in the middle of its gzip data" if started else None
                return
            if not started and not pending.strip(b"\x00"):
                pending = b""  # tape blocks are padded with zeros, which gzip ignores, too
                continue
            try:
                piece = member.decompress(pending, READ_BYTES)
            except zlib.error:
                self.damage = "its gzip data is damaged, or followed by something else"
                return
            started, pending = True, member.unconsumed_tail
            if member.eof:
                member, started, pending = zlib.decompressobj(wbits=31), False, member.unused_data
            if piece:
                yield piece

    def _zstd(self) -> Iterator[bytes]:
        source = _KeepsErrors(self._raw())
        decompressed = pa.CompressedInputStream(pa.PythonFile(source, mode="r"), "zstd")
        while True:
            try:
                piece = decompressed.read(READ_BYTES)
            except OSError:
                if source.error is not None:
                    raise source.error from None
                self.damage = "its zstd data is damaged or ends in the middle"
                return
            if not piece:
                return
            yield piece


class _KeepsErrors:
    """A file for Arrow over pieces of bytes, which remembers errors of the stream.

    Arrow reports broken data and broken disks by the same type; only the first is ours to handle.
    """

    closed = False

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""
        self.error: OSError | None = None

    def read(self, size: int) -> bytes:
        try:
            data = self._rest or next(self._pieces, b"")
        except OSError as error:
            self.error = error
            raise
        self._rest = data[size:]
        return data[:size]

    def close(self) -> None:
        """Leave the stream open: it is the caller's."""


def _read_fully(stream: BinaryIO, size: int) -> bytes:
    """Read ``size`` bytes, or all if there are fewer; sockets and pipes may give less at a time."""
    data = b""
    while len(data) < size and (piece := stream.read(size - len(data))):
        data += piece
    return data


def utf8_blocks(plain: PlainBytes, encoding: str, block_bytes: int) -> Iterator[bytes]:
    """Decode a text file by ``encoding`` and give it as UTF-8, in blocks of about ``block_bytes``.

    With ``detect``: UTF-8 or UTF-16 by byte order mark; UTF-16 also by its pattern of zero
    bytes; otherwise every line that is valid UTF-8 is taken as such, and any other as
    Windows-1252 with its five undefined bytes as in Latin-1. A leading byte order mark is cut.
    What a declared encoding can't decode becomes NUL, which no honest text holds: the record it
    stands in is recognised by it.

    Raises:
        UnreadableFileError: the first bytes belong to something that is no text.
    """
    blocks = _regroup(iter(plain), block_bytes)
    first: list[bytes] = []
    sniffed = 0
    while sniffed < SNIFFED_BYTES and (block := next(blocks, b"")):
        first.append(block)
        sniffed += len(block)
    sample = b"".join(first)[:SNIFFED_BYTES]
    for magic, name in FOREIGN_MAGIC.items():
        if sample.startswith(magic):
            raise UnreadableFileError(
                QuarantineReason.UNREADABLE_FILE,
                f"its first bytes say that it is {name}, not text; send it as plain text, .gz or .zst",
            )
    codec = _detect(sample) if encoding == "detect" else encoding
    everything = chain(first, blocks)
    if codec is None:
        yield from _without_mark(map(_lines_to_utf8, _whole_lines(everything)))
    elif codecs.lookup(codec).name == "utf-8":
        yield from _without_mark(map(_checked, _whole_lines(everything)))
    else:
        yield from _without_mark(_by_codec(everything, codec))


def _regroup(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Join small pieces, so that each block is at least ``size`` long but for the last."""
    held: list[bytes] = []
    length = 0
    for piece in pieces:
        for start in range(0, len(piece), size):
            part = piece[start : start + size]
            held.append(part)
            length += len(part)
            if length >= size:
                yield b"".join(held)
                held, length = [], 0
    if held:
        yield b"".join(held)


def _without_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    for block in blocks:
        head += block
        if len(head) >= len(codecs.BOM_UTF8):
            yield head.removeprefix(codecs.BOM_UTF8)
            break
    else:
        if head:
            yield head.removeprefix(codecs.BOM_UTF8)
        return
    yield from blocks


def _detect(sample: bytes) -> str | None:
    """Name the codec of a text, or None for UTF-8 or Windows-1252 line by line."""
    if sample.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = sample[0::2], sample[1::2]
    if _looks_like_high_bytes(odd, even):
        return "utf-16-le"
    if _looks_like_high_bytes(even, odd):
        return "utf-16-be"
    return None


def _looks_like_high_bytes(high: bytes, low: bytes) -> bool:
    """Tell whether the one half of the bytes are the upper ones of UTF-16.

    Even text without Latin letters has zero upper bytes for its spaces, digits, quotes and line
    ends, and only there; and text in 8 bits, in which a few zero bytes got lost, has two
    printable bytes nearly everywhere else.
    """
    zeros = high.count(0)
    if zeros * 10 < len(high) or not zeros or 0 in low:
        return False
    printable = sum(32 <= upper < 127 and 32 <= lower < 127 for upper, lower in zip(high, low, strict=False))  # noqa: PLR2004
    return printable * 2 < len(low)


def _by_codec(blocks: Iterable[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)(errors=UNDECODABLE)
    try:
        for block in blocks:
            yield decoder.decode(block).encode("utf-8", "replace")
        if unfinished := decoder.decode(b"", final=True):
            yield unfinished.encode("utf-8", "replace")
    except UnicodeError as error:
        # A few codecs (idna, utf-16 without a mark) refuse to go on, whatever the error handler.
        raise UnreadableFileError(
            QuarantineReason.UNREADABLE_FILE,
            f"can't be decoded as {codec} ({type(error).__name__}); check the contract's encoding",
        ) from error


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut blocks where lines end, so that each can be decoded by itself.

    A line that is too long for a record may be cut anywhere, because nothing of it will be kept.
    """
    rest = b""
    for block in blocks:
        data = rest + block
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if not cut and len(data) > 2 * MAX_RECORD_BYTES:
            cut = len(data)
        rest = data[cut:]
        if cut:
            yield data[:cut]
    if rest:
        yield rest


def _checked(block: bytes) -> bytes:
    """Return UTF-8 as it is, which nearly every block declared as such can be."""
    return block if _is_utf8(block) else block.decode("utf-8", UNDECODABLE).encode("utf-8")


def _lines_to_utf8(block: bytes) -> bytes:
    """Decode each line by itself: one line in another encoding must not change the others."""
    if _is_utf8(block):
        return block
    return b"".join(
        line if line.isascii() or _is_utf8(line) else _from_windows(line) for line in block.splitlines(keepends=True)
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _from_windows(line: bytes) -> bytes:
    return codecs.charmap_decode(line, "strict", WINDOWS_1252)[0].encode("utf-8")


# The WHATWG encoding standard reads the five bytes that Windows-1252 leaves open as Latin-1 does.
WINDOWS_1252 = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))


def _to_nul(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\x00", error.end


UNDECODABLE = "complaints_platform.nul"
codecs.register_error(UNDECODABLE, _to_nul)
