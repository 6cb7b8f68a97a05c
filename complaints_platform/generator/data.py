"""The generator's data files: what may stand in them, and reading them.

Each file says what its keys mean. ``writing`` uses ``topics.yaml`` and ``phrases.yaml``, ``people`` uses
``customers.yaml``, ``noise`` uses ``typing.yaml``, and ``personal_data`` and ``volumes`` use the file of their name.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, PlainValidator, RootModel, StringConstraints, ValidationInfo, model_validator

from complaints_platform.errors import GeneratorError
from complaints_platform.generator.grammar import Choice, compile_bank
from complaints_platform.yaml_files import Part, read_yaml

FOLDER = Path(__file__).parent
_SLOT = re.compile(r"\{(\w+)\}")


def _compiled(bank: object, info: ValidationInfo[set[str]]) -> Choice:
    if not isinstance(bank, str) or not bank.strip():
        raise ValueError("must be text, one template a line")
    unknown = set(_SLOT.findall(bank)) - info.context
    if unknown:
        raise ValueError(f"no slot is called {', '.join(sorted(unknown))}")
    return compile_bank(bank)


Bank = Annotated[tuple[Any, ...], PlainValidator(_compiled)]
"""A phrase bank: text with one template a line, in the notation of ``grammar``."""

Text = Annotated[str, StringConstraints(min_length=1)]
Texts = Annotated[tuple[Text, ...], Field(min_length=1)]
Share = Annotated[float, Field(ge=0)]


Data = TypeVar("Data", bound=Part)


class Topic(Part):
    """What is said about one subcategory."""

    says: Bank
    notes: Bank
    pidgin: Bank


class _Topics(RootModel[dict[str, dict[str, Topic]]]):
    """Category → subcategory → topic."""


class Phrases(Part):
    """What surrounds the complaint itself."""

    openings: dict[str, Bank]
    circumstances: Bank
    consequences: dict[str, Bank]
    demands: dict[str, Bank]
    pidgin_demands: Bank
    closings: dict[str, Bank]
    second_topic: Bank
    vague: Bank
    agent_openings: Bank
    agent_details: Bank
    agent_actions: Bank
    agent_replies: Bank
    hashtags: Bank
    stock_phrases: dict[str, Bank]
    slots: dict[str, Bank]
    program_slots: dict[str, Text]

    @model_validator(mode="before")
    @classmethod
    def _slots_are_known_to_the_banks(cls, document: Any, info: ValidationInfo[set[str]]) -> Any:
        for key in ("slots", "program_slots"):
            if isinstance(document.get(key), dict):
                info.context.update(document[key])
        return document


class Region(Part):
    """A region of a country."""

    weight: Share
    towns: Texts


class Country(Part):
    """A market."""

    code: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")]
    name: Text
    dial: Annotated[str, StringConstraints(pattern=r"^[1-9]\d*$")]
    phone_blocks: tuple[Texts, ...]
    phone_digits: int
    products: Texts
    regions: dict[str, Region]
    first_names: Texts
    last_names: Texts


class Customers(Part):
    """Who complains, and what they use."""

    countries: tuple[Country, ...]
    devices: Texts
    mail_domains: Texts


class PersonalData(Part):
    """How customers give away personal data."""

    sentences: dict[str, tuple[Annotated[str, StringConstraints(pattern=r"^[^{}]*\{value\}[^{}]*$")], ...]]
    shares: dict[str, dict[str, Share]]

    @model_validator(mode="after")
    def _all_kinds_have_sentences(self) -> Self:
        missing = {kind for shares in self.shares.values() for kind in shares} - self.sentences.keys()
        if missing:
            raise ValueError(f"sentences are missing for {', '.join(sorted(missing))}")
        return self


class SourceVolume(Part):
    """How much of it comes from a source, and when."""

    share: Share
    countries: dict[str, Share]
    weekdays: Annotated[tuple[Share, ...], Field(min_length=7, max_length=7)]
    hours: Annotated[tuple[Share, ...], Field(min_length=24, max_length=24)]


class OutageVolume(Part):
    """What a regional outage is like."""

    day: Annotated[int, Field(ge=0)]
    topic: tuple[Text, Text]
    regions: Texts
    hours: tuple[int, int]
    factor: Share
    minimum: int


class Volumes(Part):
    """How much there is of everything."""

    sources: dict[str, SourceVolume]
    categories: dict[str, Share]
    outage: OutageVolume


class Typing(Part):
    """How people type."""

    neighbours: dict[str, Text]
    short_forms: dict[str, Text]


def load_words(folder: Path = FOLDER) -> tuple[Phrases, dict[tuple[str, str], Topic]]:
    """Load phrases and topics; return the topics by category and subcategory.

    Raises:
        GeneratorError: a file is wrong, or a template names a slot that does not exist.
    """
    slots: set[str] = set()
    phrases = read_yaml(folder / "phrases.yaml", Phrases, GeneratorError, slots)
    topics = read_yaml(folder / "topics.yaml", _Topics, GeneratorError, slots)
    return phrases, {(category, name): topic for category, of in topics.root.items() for name, topic in of.items()}


def load_data(name: str, model: type[Data], folder: Path = FOLDER) -> Data:
    """Load a data file as ``model``.

    Raises:
        GeneratorError: the file is wrong.
    """
    return read_yaml(folder / name, model, GeneratorError)
