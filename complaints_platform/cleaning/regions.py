"""Regions: many spellings and addresses of a place become the one name it is counted under.

The packaged alias table (``regions.yaml``) has the regions of four countries; a company names its own by a setting.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import polars as pl
from pydantic import Field

from complaints_platform.cleaning.text import normalize_texts, until_stable
from complaints_platform.errors import SettingsError
from complaints_platform.yaml_files import Part, read_yaml

PACKAGED_REGIONS = Path(__file__).with_name("regions.yaml")

LONGEST_CODE = 3
"""Letters of the longest code of a place, such as FCT or NSW."""

_WORD_START = re.compile(r"(?<![^\W_])(?<![\u2019'])[^\W_]")
_BETWEEN_PARTS = re.compile(r"\s*[,;/|\n]\s*|\s+[-\u2013]\s+")
_NOT_COUNTED = re.compile(r"[^\w]+")
_HAS_DIGIT = re.compile(r"[0-9]")


class _RegionsFile(Part):
    """What stands in an alias table."""

    regions: dict[str, list[str]] = Field(
        min_length=1, description="Name of each region → other names, codes and places in it."
    )


@dataclass(frozen=True)
class Regions:
    """The names of regions by everything that people write for them."""

    names: Mapping[str, str]
    """Alias, as ``_key`` writes it → name."""

    @property
    def fingerprint(self) -> str:
        """Hash of all names and aliases (12 hex digits)."""
        return hashlib.sha256(repr(sorted(self.names.items())).encode()).hexdigest()[:12]

    def normalize(self, values: pl.Series) -> pl.Series:
        """Return the name of the region for each of ``values`` (String; null and empty become null).

        A value that is no alias as a whole may be an address: the last of its parts that is an alias counts.
        Where none is, the value stays, tidied; of an address those parts stay that hold no number, because
        a house number tells who lives there.
        """
        normal = until_stable(values, self._normalize_once)
        return normal.set(normal == "", None)

    def _normalize_once(self, values: pl.Series) -> pl.Series:
        return pl.Series([self._name(value) for value in normalize_texts(values).to_list()], dtype=pl.String)

    def _name(self, value: str | None) -> str | None:
        if not value:
            return value
        parts = [part for part in _BETWEEN_PARTS.split(value) if part]
        for candidate in (value, *reversed(parts)):
            name = self.names.get(_key(candidate))
            if name is not None:
                return name
        if len(parts) > 1:
            value = ", ".join(part for part in parts if not _HAS_DIGIT.search(part))
        return _as_name(value)


@cache
def load_regions(path: Path = PACKAGED_REGIONS) -> Regions:
    """Load the alias table at ``path``.

    Raises:
        SettingsError: it can't be read, or one alias stands for two regions.
    """
    table = read_yaml(path, _RegionsFile, SettingsError)
    names: dict[str, str] = {}
    for name, aliases in table.regions.items():
        for alias in (name, *aliases):
            known = names.setdefault(_key(alias), name)
            if known != name:
                raise SettingsError(f"{path}: {alias!r} stands for {known!r} and for {name!r}; keep it in one of them")
    return Regions(names)


def _key(text: str) -> str:
    """Write an alias so that case, accents, points and spaces don't count."""
    plain = "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))
    return _NOT_COUNTED.sub(" ", plain).strip().casefold()


def _as_name(value: str) -> str:
    """Write a place like a name if it is all in capitals or all in small letters; short codes (NY, FCT) stay."""
    if (value.isupper() and len(value) <= LONGEST_CODE) or not (value.isupper() or value.islower()):
        return value
    return _WORD_START.sub(lambda match: match.group().upper(), value.lower())
