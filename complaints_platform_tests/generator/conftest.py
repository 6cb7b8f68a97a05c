"""One generated fortnight that all tests of this folder look at."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from complaints_platform.generator import GeneratorOptions, generate_files


@dataclass(frozen=True)
class Generated:
    """Files by path, truth rows, and the summary."""

    options: GeneratorOptions
    files: dict[str, bytes]
    rows: list[dict[str, Any]]
    summary: dict[str, Any]

    def of(self, source: str) -> dict[str, bytes]:
        """Files of one source that are received for the first time."""
        again = {entry["file"] for entry in self.summary["redelivered_files"]}
        return {path: content for path, content in self.files.items() if path.startswith(source) and path not in again}

    def rows_of(self, path: str) -> list[dict[str, Any]]:
        """Truth rows of one file, in order."""
        return [row for row in self.rows if row["file"] == path]


def generated(options: GeneratorOptions) -> Generated:
    files = {file.path: file.content for file in generate_files(options)}
    truth = {path: files.pop(path) for path in sorted(files) if path.startswith("truth/")}
    summary = json.loads(truth.pop("truth/summary.json"))
    rows = [json.loads(line) for content in truth.values() for line in content.splitlines()]
    return Generated(options, files, rows, summary)


@pytest.fixture(scope="session")
def fortnight() -> Generated:
    """Fourteen days that hold the outage, the late file and every kind of sequel."""
    return generated(GeneratorOptions(days=14, per_day=600))


@pytest.fixture(scope="session")
def spring() -> Generated:
    """Three days around the change of clocks of 29 March 2026."""
    return generated(GeneratorOptions(days=3, per_day=200, first_day=date(2026, 3, 28)))


@pytest.fixture(scope="session")
def autumn() -> Generated:
    """Three days around the change of clocks of 25 October 2026."""
    return generated(GeneratorOptions(days=3, per_day=200, first_day=date(2026, 10, 24)))
