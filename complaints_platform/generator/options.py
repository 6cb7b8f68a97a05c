"""What a caller of the generator says and gets: options in, files out."""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class GeneratorOptions:
    """What to generate; equal options give equal bytes."""

    days: int = 30
    per_day: int = 1000
    """Complaints a day on average, before copies, new versions, agents' answers and the outage."""
    seed: int = 7
    first_day: date = date(2026, 3, 10)
    """In UTC; thirty days from the default cross Europe's change of clocks."""

    def __post_init__(self) -> None:
        if self.days < 1 or self.per_day < 1:
            raise ValueError(f"days and per_day must be at least 1, not {self.days} and {self.per_day}")

    @property
    def last_day(self) -> date:
        """The last day on which complaints occur; late files may be dated after it."""
        return self.first_day + timedelta(days=self.days - 1)


@dataclass(frozen=True)
class GeneratedFile:
    """A file to be written: its path below the output folder, and its bytes."""

    path: str
    content: bytes
