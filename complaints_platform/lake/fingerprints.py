"""Fingerprints: one hash over everything that decides the rows of a day.

Recipes stamp them on what they write; ``staleness`` computes them anew and compares. That of a stored day
has two halves: how it was made (code, settings, model) and of which data. Whether a day is stale because of
new data or only because it would be made in another way decides how soon it is made again.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date

FINGERPRINT_DIGITS = 16


def fingerprint(*parts: object) -> str:
    """Return the hash (16 hex digits) of ``parts``; their order and boundaries count."""
    digest = hashlib.sha256()
    for part in parts:
        text = str(part).encode()
        digest.update(len(text).to_bytes(8) + text)
    return digest.hexdigest()[:FINGERPRINT_DIGITS]


def made_of(recipe: Iterable[object], data: Iterable[object]) -> str:
    """Return the fingerprint (32 hex digits) of a day: its recipe's half and its data's half."""
    return fingerprint(*recipe) + fingerprint(*data)


def recipe_of(stored: str) -> str:
    """Return the half that says how a day was made."""
    return stored[:FINGERPRINT_DIGITS]


def data_of(stored: str) -> str:
    """Return the half that says of which data a day was made."""
    return stored[FINGERPRINT_DIGITS : 2 * FINGERPRINT_DIGITS]


def of_categorized(cleaned_fingerprint: str, model_version: str, taxonomy_version: str, corrections: str | None) -> str:
    """Return the fingerprint (48 hex digits) of a day of ``categorized/complaints``.

    ``corrections`` is that of people's corrections of the day; None if there are none. By what stands after the halves
    ``is_made_of`` knows the cleaned day again, without knowing the model.
    """
    halves = made_of(
        (recipe_of(cleaned_fingerprint), model_version, taxonomy_version), (data_of(cleaned_fingerprint), corrections)
    )
    return halves + fingerprint(cleaned_fingerprint)


def inputs_of(stored: str) -> str:
    """Return what stands behind the halves: the hash of the exact fingerprints of what a day was made of."""
    return stored[2 * FINGERPRINT_DIGITS :]


def is_made_of(categorized_fingerprint: str, cleaned_fingerprint: str) -> bool:
    """Tell whether a day of ``categorized/complaints`` was made of exactly this cleaned day."""
    return inputs_of(categorized_fingerprint) == fingerprint(cleaned_fingerprint)


def of_window(
    days: Iterable[date], known: Mapping[date, str], recipe: Iterable[object] = (), data: Iterable[object] = ()
) -> str:
    """Return the fingerprint of a day that reads a window: which of its days exist, and how and of what each was made.

    ``known`` has the fingerprints (32 hex digits) of the days that exist; ``recipe`` and ``data`` are what else decides
    how the day is made, and of what.
    """
    there = [(day, known[day]) for day in sorted(days) if day in known]
    # Hashed as one part each: thousands of days are looked at again and again.
    return made_of(
        (*recipe, "".join(recipe_of(value) for _, value in there)),
        (*data, "".join(f"{day} {data_of(value)}\n" for day, value in there)),
    )
