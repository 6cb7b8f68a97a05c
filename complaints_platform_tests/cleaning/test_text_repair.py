import unicodedata

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.cleaning.text import _repair_characters, _repair_encoding, normalize_texts


def normalize_text(text):
    """What ``normalize_texts`` does to each text, without the gates that pass over most rows."""
    while True:
        normalized = " ".join(_repair_characters(_repair_encoding(text)).split())
        if normalized == text:
            return text
        text = normalized


SOUND = [
    "Ünlü naïve ñandú, “quoted” — £5 or 10 €",
    "Łódź, Škoda, Žižkov, ğüşı",
    "привет, как дела",
    "नमस्ते दुनिया",
    "你好世界",
    "مرحبا بالعالم",
    "no network 😀👍🏽 since 9",
]
CLEAN_BUT_ODD = [
    "IRMÃ” said",
    "COSÌ” said, LUNEDÌ… e VENERDÌ — sì",
    "A MANHÃ… toda",
    "NÅ… ja, PÅ” og",
    "naïve café Österreich",
    "AT&T; Q&A; R&amp",
    "Ã is a letter",
    "family 👨‍👩‍👧 and flag 🏴󠁧󠁢󠁥󠁮󠁧󠁿 and ❤️",
    "½ \u00d7 3 = 1½ · 20° «so»",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
misread = st.text(st.sampled_from("ÂÃÄÅâðïÐÑØÙÎàã€™œ\x80\x9d\xa0©¼½¿&;#x3amplt \u200d\u200b\u0301e\n<>"), max_size=40)


def misread_as(text, encoding):
    """What a reader sees who takes UTF-8 for ``encoding``; bytes that Windows-1252 lacks stay controls."""
    return "".join(bytes([byte]).decode(encoding, errors="ignore") or chr(byte) for byte in text.encode())


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("text", SOUND)
def test_misread_text_is_read_again(text, times, encoding):
    damaged = text
    for _ in range(times):
        damaged = misread_as(damaged, encoding)
    assert normalize_text(damaged) == text


@pytest.mark.parametrize("text", SOUND + CLEAN_BUT_ODD)
def test_sound_text_is_left_alone(text):
    assert normalize_text(text) == text


@pytest.mark.parametrize("text", ["café today", "São Paulo", "Ada\u0300 Obi", "Adébáyọ̀"])
def test_misread_accents_are_read_again_even_where_nothing_else_is_damaged(text):
    """An accent as a character of its own is a single damaged one: Ì and what stands for its second byte."""
    damaged = misread_as(unicodedata.normalize("NFD", text), "cp1252")
    assert damaged != text
    assert normalize_text(damaged) == unicodedata.normalize("NFC", text)


def test_a_damaged_word_beside_sound_ones_is_repaired():
    assert normalize_text("“Straße” and StraÃŸe and 😀") == "“Straße” and Straße and 😀"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("&lt;3 &amp;amp; &#8364;5 &eacute;", "<3 & €5 é"),
        ("\x93so\x94 he said\x85", "“so” he said…"),
        ("e\u0301te\u0301", "été"),
        ("a\u200bb\u00adc\ufeffd\x00e\x07f", "abcdef"),
        ("  a \t b\r\nc\u00a0\u2003d  ", "a b c d"),
        ("a\u200db", "ab"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_repairs(text, expected):
    assert normalize_text(text) == expected


@settings(deadline=None)
@given(st.lists(st.none() | texts | misread, max_size=5))
def test_a_column_is_repaired_like_its_texts(values):
    expected = [None if value is None else normalize_text(value) for value in values]
    assert normalize_texts(pl.Series(values, dtype=pl.String)).to_list() == expected


@settings(deadline=None)
@given(texts | misread)
def test_repairing_twice_changes_nothing_more(text):
    once = normalize_text(text)
    assert normalize_text(once) == once
    assert unicodedata.is_normalized("NFC", once)


def test_every_character_that_composition_can_change_passes_the_gate():
    characters = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    around = pl.Series([f"e{character}e\u0301x" for character in characters])
    expected = pl.Series([normalize_text(f"e{character}e\u0301x") for character in characters])
    assert normalize_texts(around).equals(expected)
    alone = pl.Series([f"a{character}a" for character in characters])
    changed = pl.Series([normalize_text(text) for text in alone.to_list()])
    assert normalize_texts(alone).equals(changed)


def test_the_input_series_is_not_changed():
    before = pl.Series(["Ã©", "a  b", "c"])
    normalize_texts(before)
    assert before.to_list() == ["Ã©", "a  b", "c"]
