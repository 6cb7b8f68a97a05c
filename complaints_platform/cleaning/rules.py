"""What a company decides about cleaning, beside its data key: languages, regions, its account numbers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from complaints_platform.cleaning.language import DEFAULT_LANGUAGES
from complaints_platform.cleaning.regions import Regions, load_regions


@dataclass(frozen=True)
class Rules:
    """How records are cleaned."""

    languages: tuple[str, ...] = DEFAULT_LANGUAGES
    """Codes of ISO 639 that the language of a text is chosen from."""
    regions: Regions = field(default_factory=load_regions)
    account_patterns: Mapping[str, str] = field(default_factory=dict)
    """Source → regular expression (Rust's) of the account numbers in its texts."""

    @property
    def fingerprint(self) -> str:
        """Hash of all decisions (12 hex digits)."""
        decided = (self.languages, self.regions.fingerprint, sorted(self.account_patterns.items()))
        return hashlib.sha256(repr(decided).encode()).hexdigest()[:12]
