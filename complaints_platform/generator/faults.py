"""What transport does to a text: wrong decoding, escaping, invisible characters.

Every fault here can be undone, so that a repaired text can be compared with the clean one.
"""

import codecs
import html
import unicodedata

from complaints_platform.generator.draws import Random, pick
from complaints_platform.sources.decoding import WINDOWS_1252

_ZERO_WIDTH = ("\u200b", "\ufeff", "\u2060", "\u200b")
_CONTROL = ("\x07", "\x00", "\x1a")
_C1_START, _C1_END, _LATIN1_END = 0x80, 0xA0, 0xFF
_MAX_INVISIBLE = 3

# Shares of texts; those of html and of what follows it, of the texts that it would change.
_ZERO_WIDTH_SHARE = 0.015
_CONTROL_SHARE = 0.002
_HTML_SHARE = 0.12
_DECOMPOSED_SHARE = 0.03
_MOJIBAKE_SHARE = 0.1
_DOUBLE_SHARE = 0.2


def mojibake(text: str) -> str:
    """Return the UTF-8 bytes of ``text`` read as cp1252, as browsers and most tools read it."""
    return codecs.charmap_decode(text.encode("utf-8"), "strict", WINDOWS_1252)[0]


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
    """Return ``text`` as it comes out of ``source``, and which faults it took on the way.

    The call centre's character set has no combining or invisible characters, so it knows mojibake only.
    """
    if source == "call_centre":
        return _misread_latin1(text) if not text.isascii() and random() < _MOJIBAKE_SHARE else (text, [])
    faults: list[str] = []
    draw = random()
    if draw < _ZERO_WIDTH_SHARE:
        text = scatter(text, _ZERO_WIDTH, random)
        faults.append("zero_width")
    elif draw < _ZERO_WIDTH_SHARE + _CONTROL_SHARE:
        text = scatter(text, _CONTROL, random)
        faults.append("control")
    if source == "web_forms" and random() < _HTML_SHARE:
        text = _noting("html", text, escape_html(text), faults)
    if text.isascii():
        return text, faults
    if random() < _DECOMPOSED_SHARE:
        text = _noting("decomposed", text, unicodedata.normalize("NFD", text), faults)
    if random() < _MOJIBAKE_SHARE:
        double = random() < _DOUBLE_SHARE
        text = mojibake(mojibake(text)) if double else mojibake(text)
        faults.append("double_mojibake" if double else "mojibake")
    return text, faults


def _noting(fault: str, text: str, damaged: str, faults: list[str]) -> str:
    """Return ``damaged``, with ``fault`` noted if anything changed."""
    if damaged != text:
        faults.append(fault)
    return damaged


def _misread_latin1(text: str) -> tuple[str, list[str]]:
    """Return mojibake as far as Latin-1 can write it without control characters."""
    misread = mojibake(text)
    writable = all(ord(letter) < _C1_START or _C1_END <= ord(letter) <= _LATIN1_END for letter in misread)
    return (misread, ["mojibake"]) if writable else (text, [])
