"""What transport does to a text: wrong decoding, escaping, invisible characters.

Every fault here can be undone, so that a repaired text can be compared with the clean one.
"""

import html
import unicodedata

from complaints_platform.generator.people import Random, pick

_ZERO_WIDTH = ("\u200b", "\ufeff", "\u2060", "\u200b")
_CONTROL = ("\x07", "\x0b", "\x00", "\x1a")
_C1_START, _C1_END = 0x80, 0xA0
_MAX_INVISIBLE = 3


def _decode_table() -> dict[int, int]:
    """Return how WHATWG's windows-1252 reads each byte: as cp1252, its five gaps as C1 controls."""
    table = {}
    for byte in range(256):
        decoded = bytes([byte]).decode("cp1252", "ignore")
        table[byte] = ord(decoded) if decoded else byte
    return table


_CP1252 = _decode_table()


def mojibake(text: str) -> str:
    """Return the UTF-8 bytes of ``text`` read as cp1252, as browsers and most tools read it."""
    return text.encode("utf-8").decode("latin-1").translate(_CP1252)


def escape_html(text: str) -> str:
    """Return ``text`` with HTML's special characters, and pounds and euros, as entities."""
    return html.escape(text).replace("£", "&pound;").replace("€", "&euro;")


def scatter(text: str, characters: tuple[str, ...], random: Random) -> str:
    """Insert one to three of ``characters`` somewhere into ``text``."""
    for _ in range(1 + int(random() * _MAX_INVISIBLE)):
        at = int(random() * (len(text) + 1))
        text = text[:at] + pick(characters, random) + text[at:]
    return text


def damage(text: str, source: str, random: Random) -> tuple[str, list[str]]:
    """Return ``text`` as it comes out of ``source``, and which faults it took on the way."""
    faults: list[str] = []
    draw = random()
    if draw < 0.005:  # noqa: PLR2004 - shares, as below
        decomposed = unicodedata.normalize("NFD", text)
        if decomposed != text and source != "call_centre":
            text = decomposed
            faults.append("decomposed")
    elif draw < 0.02:  # noqa: PLR2004
        if source != "call_centre":  # its character set has no such characters
            text = scatter(text, _ZERO_WIDTH, random)
            faults.append("zero_width")
    elif draw < 0.022:  # noqa: PLR2004
        if source != "call_centre":
            text = scatter(text, _CONTROL, random)
            faults.append("control")
    if source == "web_forms" and random() < 0.12:  # noqa: PLR2004
        escaped = escape_html(text)
        if escaped != text:
            text = escaped
            faults.append("html")
    if not text.isascii() and random() < 0.1:  # noqa: PLR2004
        text, names = _misread(text, source, random)
        faults += names
    return text, faults


def _misread(text: str, source: str, random: Random) -> tuple[str, list[str]]:
    if source == "call_centre":
        misread = mojibake(text)
        writable = all(ord(letter) < _C1_START or _C1_END <= ord(letter) < 256 for letter in misread)  # noqa: PLR2004
        return (misread, ["mojibake"]) if writable else (text, [])
    if random() < 0.2:  # noqa: PLR2004
        return mojibake(mojibake(text)), ["double_mojibake"]
    return mojibake(text), ["mojibake"]
