"""The taxonomy: what categories there are, what they mean, and the seed phrases that teach them.

A taxonomy is data (``taxonomy.yaml``, or a company's own file); this module defines its form and loads it.
"""

import hashlib
import json
from collections import Counter
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from complaints_platform.errors import ModelError
from complaints_platform.yaml_files import Part, read_yaml

PACKAGED_TAXONOMY = Path(__file__).with_name("taxonomy.yaml")
PACKAGED_FRAMES = Path(__file__).with_name("frames.yaml")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Phrase = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Regulator = Literal["ncc", "ofcom", "fcc", "acma"]


class Level(Part):
    """What categories and subcategories have in common."""

    name: Name
    title: Phrase = Field(description="What people read; by default made of the name.")
    definition: Phrase

    @model_validator(mode="before")
    @classmethod
    def _has_a_title(cls, given: Any) -> Any:
        if isinstance(given, dict) and isinstance(given.get("name"), str):
            return {"title": given["name"].replace("_", " ").capitalize(), **given}
        return given


class Subcategory(Level):
    """One subcategory, the unit that the classifier predicts."""

    seeds: tuple[Phrase, ...] = Field(min_length=1, description="Typical phrasings; they train where labels lack.")
    keywords: tuple[Phrase, ...] = Field(default=(), description="Words that point here nearly by themselves.")
    crosswalk: dict[Regulator, Phrase] = Field(default_factory=dict, description="Regulator → name of its class.")


class Category(Level):
    """One category with its subcategories."""

    subcategories: tuple[Subcategory, ...] = Field(min_length=1)


class AttributeValue(Part):
    """One value of an attribute."""

    name: Name
    definition: Phrase
    seeds: tuple[Phrase, ...] = Field(min_length=1, description="Typical phrasings; they train where labels lack.")


class Attribute(Part):
    """Something else that is said of each text, whatever its category."""

    name: Literal["is_complaint", "severity", "sentiment"]
    definition: Phrase
    fallback: Name = Field(description="Value of texts that hold nothing to go by.")
    values: tuple[AttributeValue, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _values_fit(self) -> Self:
        if len(set(self.value_names)) < len(self.values):
            raise ValueError(f"the values of {self.name} must be unique")
        if self.fallback not in self.value_names:
            raise ValueError(f"fallback {self.fallback!r} is none of the values of {self.name}")
        if self.name == "is_complaint" and set(self.value_names) != {"yes", "no"}:
            raise ValueError("the values of is_complaint must be yes and no (quoted: YAML takes them for booleans)")
        return self

    @property
    def value_names(self) -> tuple[str, ...]:
        """Names of the values, in order."""
        return tuple(value.name for value in self.values)


class Frames(Part):
    """Neutral sentences that surround what a complaint is about. Training hides seeds among them."""

    openings: tuple[Phrase, ...] = Field(default=(), description="How people begin.")
    circumstances: tuple[Phrase, ...] = Field(default=(), description="Since when, where, with what.")
    pleading: tuple[Phrase, ...] = Field(default=(), description="What it led to, and what they want.")
    closings: tuple[Phrase, ...] = Field(default=(), description="How they end, and what staff answers.")
    notes: tuple[Phrase, ...] = Field(default=(), description="What call-centre agents write around it.")


@cache
def packaged_frames() -> Frames:
    """Return the frames that come with the package, for taxonomies without their own."""
    return read_yaml(PACKAGED_FRAMES, Frames, ModelError)


class Taxonomy(Part):
    """Two levels of categories. Names of subcategories are unique across all categories."""

    version: Phrase
    approved_by: Phrase | None = Field(
        default=None, description="Who approved this version; null if it is not approved yet."
    )
    approved_at: date | None = Field(default=None, description="When they did (YYYY-MM-DD).")
    fallback: Name = Field(description="Category of texts that hold nothing to go by.")
    categories: tuple[Category, ...] = Field(min_length=2)
    attributes: tuple[Attribute, ...] = Field(default=(), description="What else is said of each text.")
    frames: Frames = Field(
        default_factory=packaged_frames,
        description="Sentences that say nothing of the category; by default the package's.",
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        for level, names in (("category", self.category_names), ("subcategory", self.subcategory_names)):
            twice = sorted(name for name, count in Counter(names).items() if count > 1)
            if twice:
                raise ValueError(f"{level} names must be unique; {', '.join(twice)} appears more than once")
        if self.fallback not in self.category_names:
            raise ValueError(f"fallback {self.fallback!r} is none of the categories")
        if len({attribute.name for attribute in self.attributes}) < len(self.attributes):
            raise ValueError("an attribute may appear only once")
        return self

    @model_validator(mode="after")
    def _an_approval_has_name_and_day(self) -> Self:
        if (self.approved_by is None) != (self.approved_at is None):
            raise ValueError("approved_by and approved_at belong together: give both, or neither until it is approved")
        return self

    @property
    def approval(self) -> str:
        """Who approved this version and when, as a phrase."""
        return (
            "not approved yet" if self.approved_by is None else f"approved by {self.approved_by} on {self.approved_at}"
        )

    @property
    def category_names(self) -> tuple[str, ...]:
        """Names of the categories, in order."""
        return tuple(category.name for category in self.categories)

    @property
    def subcategory_names(self) -> tuple[str, ...]:
        """Names of all subcategories, in order."""
        return tuple(sub.name for sub in self._subcategories)

    @property
    def parents(self) -> dict[str, str]:
        """Subcategory → category."""
        return {sub.name: category.name for category in self.categories for sub in category.subcategories}

    def crosswalk(self, regulator: Regulator) -> dict[str, str]:
        """Return subcategory → class of a regulator, of all that have one."""
        return {sub.name: sub.crosswalk[regulator] for sub in self._subcategories if regulator in sub.crosswalk}

    @property
    def fingerprint(self) -> str:
        """Hash of all that decides what is predicted (12 hex digits).

        Of definitions only those of subcategories do: they are trained on. Titles, crosswalks and approval do not.
        """
        decisive = self.model_dump(
            mode="json",
            exclude={
                "approved_by": True,
                "approved_at": True,
                "categories": {
                    "__all__": {"definition": True, "title": True, "subcategories": {"__all__": {"crosswalk", "title"}}}
                },
                "attributes": {"__all__": {"definition": True, "values": {"__all__": {"definition"}}}},
            },
        )
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:12]

    def attribute_values(self, name: str) -> tuple[str, ...]:
        """Return the values of an attribute; none if the taxonomy does not define it."""
        return next((attribute.value_names for attribute in self.attributes if attribute.name == name), ())

    def parent(self, subcategory: str) -> str:
        """Return the category of ``subcategory``.

        Raises:
            ModelError: the taxonomy has no such subcategory.
        """
        try:
            return self.parents[subcategory]
        except KeyError:
            raise ModelError(f"taxonomy {self.version} has no subcategory {subcategory!r}") from None

    def seed_phrases(self) -> list[tuple[str, str]]:
        """Return every seed phrase with its subcategory."""
        return [(seed, sub.name) for sub in self._subcategories for seed in sub.seeds]

    def keyword_phrases(self) -> list[tuple[str, str]]:
        """Return every keyword with its subcategory."""
        return [(word, sub.name) for sub in self._subcategories for word in sub.keywords]

    def definition_phrases(self) -> list[tuple[str, str]]:
        """Return the definition of every subcategory with its name."""
        return [(sub.definition, sub.name) for sub in self._subcategories]

    @property
    def _subcategories(self) -> tuple[Subcategory, ...]:
        return tuple(sub for category in self.categories for sub in category.subcategories)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Load the taxonomy at ``path``, or the packaged one.

    Raises:
        ModelError: not readable as YAML, or a field is wrong; the message names file and field.
    """
    return read_yaml(path or PACKAGED_TAXONOMY, Taxonomy, ModelError)
