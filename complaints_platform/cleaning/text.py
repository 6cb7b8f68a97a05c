"""Text repair: encoding damage, entities, Unicode form, invisible characters, white space.

Here belongs what makes the same words the same text, whatever their way. A few cheap regular expressions find the
rows of a column that need any work at all.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from functools import reduce
from operator import or_

import polars as pl


def _windows_1252(byte: int) -> str:
    """Return what Windows-1252 shows for a byte; its five holes stay C1 controls, as browsers do."""
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


_BYTE_OF = {chr(byte): byte for byte in range(0x80, 0x100)} | {_windows_1252(byte): byte for byte in range(0x80, 0x100)}
"""Character → byte, for bytes that were read as Windows-1252 or as Latin-1 (which keeps C1 controls)."""

_CONTINUATION = "".join(character for character, byte in _BYTE_OF.items() if byte in range(0x80, 0xC0))
"""What the second to fourth bytes of a UTF-8 character look like after such a reading."""

_SEQUENCE = re.compile(f"[Â-ß][{_CONTINUATION}]|[à-ï][{_CONTINUATION}]{{2}}|[ð-ô][{_CONTINUATION}]{{3}}")

_PUNCTUATION = "\u201c\u201d\u2018\u2019\u2026\u2013\u2014»«™®°\u00b4·•"
"""Those of them that in sound text may follow a capital at the end of a word, such as quotes, dashes, ellipses."""

_LETTERLIKE = "".join(set(_CONTINUATION) - set(_PUNCTUATION))

_EVIDENCE = re.compile(
    f"[Â-ô](?=[{_CONTINUATION}])(?:"  # two classes in front let the search skip sound characters fast
    f"(?<=Â)[{_CONTINUATION}]"
    f"|(?<=[ÃÄÅÌ])[{_LETTERLIKE}]"
    f"|(?<=[ÃÄÅ])[{_PUNCTUATION}](?=\\w)"
    f"|(?<=Ã)(?<![A-ZÀ-Þ]Ã)[{_PUNCTUATION}]"
    f"|(?<=[a-zß-ÿ][ÄÅÌ])[{_PUNCTUATION}]"
    f"|(?<=[âðï])[{_CONTINUATION}]{{2}}"
    f"|(?<=[ÐÑ])[{_CONTINUATION}][ÐÑ][{_CONTINUATION}]"
    f"|(?<=[Ø-Û])[{_CONTINUATION}][Ø-Û][{_CONTINUATION}]"
    f"|(?<=[ÎÏ])[{_CONTINUATION}][ÎÏ][{_CONTINUATION}]"
    f"|(?<=[à-í])[{_CONTINUATION}]{{2}}[à-í][{_CONTINUATION}]{{2}}"
    ")"
)
"""What hardly occurs in sound text: Latin, its accents (Ì), punctuation and emoji by one damaged character, other
scripts by two."""

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
"""A character reference with its semicolon: without it, "AT&Tcopy" would lose its words."""

_EMOJI = "\u2190-\u21ff\u2300-\u2bff\U0001f000-\U0001faff"
_LONE_JOINER = re.compile(f"(?<![{_EMOJI}\ufe0f])\u200d|\u200d(?![{_EMOJI}])")
"""A zero-width joiner that joins no emoji."""

_INVISIBLE = "\u00ad\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_REMOVED = re.compile(f"[\x00-\x08\x0e-\x1f\x7f{_INVISIBLE}]")
_C1 = re.compile("[\x80-\x9f]")
_ODD_CHARACTER = re.compile(f"{_REMOVED.pattern[:-1]}\x80-\x9f\u200d]")

# Everything that NFC could change or move: marks, and the characters that are not marks but have a
# canonical decomposition or compose with what stands before them (Unicode 14, DerivedNormalizationProps).
_NOT_SURELY_NFC = (
    r"[\p{M}--\ufe0f]\u0374\u037e\u0387\u0958-\u095f\u09dc-\u09df\u0a33-\u0a36\u0a59-\u0a5e\u0b5c\u0b5d\u0f43-\u0f69"
    r"\u1161-\u1175\u11a8-\u11c2\u1f71-\u1ffd\u2000\u2001\u2126\u212a\u212b\u2329\u232a\u2adc\uf900-\ufb4e"
    r"\U0001d15e-\U0001d1c0\U0002f800-\U0002fa1d"
)

# Gates. Rust's regular expressions know no look-around, so they may let sound texts through, but no damaged
# one by. Each stands alone because one pattern of many alternatives loses the search's fast path (12 times).
_MAYBE_ENTITY = "&[#A-Za-z][A-Za-z0-9]+;"
_MAYBE_MISREAD = (
    f"[ÂÃÄÅÌ][{_CONTINUATION}]|[âðï][{_CONTINUATION}]{{2}}|[ÐÑ][{_CONTINUATION}][ÐÑ][{_CONTINUATION}]"
    f"|[Ø-Û][{_CONTINUATION}][Ø-Û][{_CONTINUATION}]|[ÎÏ][{_CONTINUATION}][ÎÏ][{_CONTINUATION}]"
)
_MAYBE_MISREAD_ASIAN = f"[{_CONTINUATION}]{{2}}[à-í][{_CONTINUATION}]{{2}}"
_ODD_CHARACTERS = f"[\\x00-\\x08\\x0e-\\x1f\\x7f-\\x9f\\u200d{_INVISIBLE}{_NOT_SURELY_NFC}]"
_ODD_SPACES = r"[\t-\r\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]|  |^ | $"
_IRREGULAR = f"{_ODD_CHARACTERS}|{_ODD_SPACES}|{_MAYBE_MISREAD_ASIAN}"


def normalize_texts(texts: pl.Series) -> pl.Series:
    """Return ``texts`` (String; nulls stay) with sound encoding, composed Unicode and single spaces.

    In this order, until nothing changes: character references become characters; UTF-8 that was
    read as Windows-1252 or Latin-1 is read again; C1 controls become what Windows-1252 has for
    them; other controls and invisible characters go (joiners within emoji stay); Unicode NFC; runs
    of white space become one space, none at the ends.
    """
    return until_stable(texts, _normalize_once)


def count_misread(texts: pl.Series) -> int:
    """Return how many of ``texts`` (String, as sent) are UTF-8 that was read as another character set."""
    gates = (_MAYBE_MISREAD, _MAYBE_MISREAD_ASIAN)
    suspects = texts.filter(reduce(or_, (texts.str.contains(gate) for gate in gates)).fill_null(value=False))
    return sum(_EVIDENCE.search(text) is not None for text in suspects.to_list())


def until_stable(texts: pl.Series, step: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Apply ``step`` to ``texts``, and again to those that it changed, until it changes none."""
    result, todo = texts, texts
    rows = pl.int_range(texts.len(), eager=True)
    while rows.len():
        stepped = step(todo)
        changed = (stepped != todo).fill_null(value=False).arg_true()
        rows, todo = rows.gather(changed), stepped.gather(changed)
        result = scatter(result, rows, todo)
    return result


def map_rows(texts: pl.Series, chosen: pl.Series, function: Callable[[str], str]) -> pl.Series:
    """Return ``texts`` with ``function`` applied to those rows where the Boolean ``chosen`` is true."""
    rows = chosen.arg_true()
    return scatter(texts, rows, pl.Series([function(text) for text in texts.gather(rows).to_list()], dtype=pl.String))


def scatter(values: pl.Series, rows: pl.Series, replacements: pl.Series) -> pl.Series:
    """Return ``values`` with those at ``rows`` replaced; ``Series.scatter`` itself would change its input."""
    return values.clone().scatter(rows, replacements) if rows.len() else values


def _normalize_once(texts: pl.Series) -> pl.Series:
    gates = (_MAYBE_MISREAD, _MAYBE_ENTITY, _IRREGULAR)
    rows = reduce(or_, (texts.str.contains(gate) for gate in gates)).arg_true()
    odd = texts.gather(rows)
    misread = reduce(or_, (odd.str.contains(gate) for gate in (_MAYBE_MISREAD, _MAYBE_MISREAD_ASIAN, _MAYBE_ENTITY)))
    odd = map_rows(odd, misread, _repair_encoding)
    odd = map_rows(odd, odd.str.contains(_ODD_CHARACTERS), _repair_characters)
    spaced = odd.str.contains(_ODD_SPACES).arg_true()
    odd = scatter(odd, spaced, odd.gather(spaced).str.replace_all(r"\s+", " ").str.strip_chars(" "))
    return scatter(texts, rows, odd)


def _repair_encoding(text: str) -> str:
    if "&" in text:
        text = _ENTITY.sub(_unescape, text)
    while _EVIDENCE.search(text):
        repaired = _undo_misreading(text)
        if repaired == text:
            break
        text = repaired
    return text


def _undo_misreading(text: str) -> str:
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
    return _SEQUENCE.sub(_read_again, text)


def _repair_characters(text: str) -> str:
    if _ODD_CHARACTER.search(text):
        text = _LONE_JOINER.sub("", _REMOVED.sub("", _C1.sub(_read_c1, text)))
    return unicodedata.normalize("NFC", text)


def _unescape(match: re.Match[str]) -> str:
    return html.unescape(match.group())


def _read_again(match: re.Match[str]) -> str:
    try:
        return bytes(_BYTE_OF[character] for character in match.group()).decode("utf-8")
    except UnicodeDecodeError:
        return match.group()


def _read_c1(match: re.Match[str]) -> str:
    character = _windows_1252(ord(match.group()))
    return "" if _C1.match(character) else character
