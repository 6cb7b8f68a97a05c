"""Targets: within which time a complaint is to be answered and resolved, as of the day it was made.

A target is data (``targets.yaml``, or a company's own file). This module says what may stand in it, loads it and
finds the target of each complaint; whether it was met is ``service_times``' question.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl
from pydantic import Field

from complaints_platform.errors import SettingsError
from complaints_platform.yaml_files import Part, read_yaml

PACKAGED_TARGETS = Path(__file__).with_name("targets.yaml")

Measure = Literal["first_response", "resolution"]
Clock = Literal["calendar", "business"]
TARGET = pl.Struct({"minutes": pl.Float64(), "clock": pl.String()})


class Target(Part):
    """One target."""

    measure: Measure
    valid_from: date = Field(description="First day (reporting zone) on which complaints are made that it is for.")
    clock: Clock = Field(description="calendar: all hours count; business: working hours.")
    hours: float = Field(gt=0, le=2000, description="How many of them it may take.")
    channels: tuple[str, ...] = Field(default=(), description="Only for these channels; by default for all.")
    segments: tuple[str, ...] = Field(default=(), description="Only for customers of these segments; by default all.")

    def fits(self) -> pl.Expr:
        """Return the condition (of rows with channel, segment and local_day) under which it is for a complaint."""
        fits = pl.col("local_day") >= self.valid_from
        if self.channels:
            fits &= pl.col("channel").is_in(self.channels)
        if self.segments:
            fits &= pl.col("segment").is_in(self.segments).fill_null(value=False)
        return fits


class _TargetsFile(Part):
    """What stands in a file of targets."""

    targets: tuple[Target, ...]


@dataclass(frozen=True)
class Targets:
    """All targets that were ever in force."""

    targets: tuple[Target, ...]

    def until(self, day: date) -> tuple[Target, ...]:
        """Return what can matter on a day and before: a target that is yet to come changes nothing."""
        return tuple(target for target in self.targets if target.valid_from <= day)

    def of(self, measure: Measure) -> pl.Expr:
        """Return the target of each complaint (of rows with channel, segment and local_day), as ``TARGET``.

        Its fields are null where none fits.
        """
        # The last that fits counts; sorting is stable, so of equals the last in the file.
        ranked = sorted(
            (target for target in self.targets if target.measure == measure),
            key=lambda target: (bool(target.channels) + bool(target.segments), target.valid_from),
        )
        found = pl.lit({"minutes": None, "clock": None}, dtype=TARGET)
        for target in ranked:
            found = (
                pl.when(target.fits())
                .then(pl.lit({"minutes": target.hours * 60, "clock": target.clock}, dtype=TARGET))
                .otherwise(found)
            )
        return found


@cache
def load_targets(file: Path) -> Targets:
    """Read a file of targets; ``SettingsError``, which says where and what, if it can't be read or is wrong."""
    return Targets(read_yaml(file, _TargetsFile, SettingsError).targets)
