"""Fingerprints: one hash over everything that decides the rows of a day.

Recipes stamp them on what they write; ``staleness`` computes them anew and compares.
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


def of_categorized(cleaned_fingerprint: str, model_version: str, taxonomy_version: str, corrections: str | None) -> str:
    """Return the fingerprint of a day of ``categorized/complaints``.

    Args:
        cleaned_fingerprint: that of its cleaned complaints.
        model_version: version of the classifier.
        taxonomy_version: version of the taxonomy.
        corrections: fingerprint of people's corrections of the day; None if there are none.
    """
    return fingerprint(cleaned_fingerprint, model_version, taxonomy_version, corrections)


def of_days(days: Iterable[date], known: Mapping[date, str]) -> str:
    """Return the fingerprint of a window: which of its days exist, and what each was made from."""
    return fingerprint(*(f"{day} {known[day]}" for day in sorted(days) if day in known))
