"""Cleaning: pure functions on Polars frames, from raw records to cleaned complaints.

Here belongs everything that makes a record comparable, free of personal data and counted once: text
repair, redaction, keyed identities, exact and near duplicates. Reading files and times (``sources``),
storing frames (``lake``) and telling what a complaint is about (``classification``) do not.
"""

from complaints_platform.cleaning.duplicates import version_order
from complaints_platform.cleaning.identity import DataKey, native_id_keys
from complaints_platform.cleaning.pipeline import CLEANING_VERSION, clean_texts, decide_outcomes, prepare
from complaints_platform.cleaning.rules import Rules

__all__ = [
    "CLEANING_VERSION",
    "DataKey",
    "Rules",
    "clean_texts",
    "decide_outcomes",
    "native_id_keys",
    "prepare",
    "version_order",
]
