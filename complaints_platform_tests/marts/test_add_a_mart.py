"""Adding a mart is one file and one line: done in a copy of the package, the mart appears wherever marts do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME = "languages"
CODE = '''
"""Complaints by day and language."""

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.definition import COMPLAINT, ByDay, Detail, Mart, Metric, Window
from complaints_platform.schemas import DataSet, Outcome, conform, fields

INPUT_COLUMNS = ["day", "language", "outcome"]


class LanguageCount(DataSet, unique=["day", "language"]):
    """Complaints by day and language."""

    day: pl.Date = fields.DAY
    language: str = pa.Field(nullable=True, description="Language (ISO 639); null if unknown.")
    complaints: int = fields.COMPLAINTS


def languages(window: Window) -> pl.DataFrame:
    """Count the complaints of a day by language."""
    complaints = window.today.filter(pl.col("outcome") == Outcome.COMPLAINT)
    counts = complaints.group_by("day", "language").agg(complaints=pl.len())
    return conform(counts.sort("language"), LanguageCount)


MART = Mart(
    name="mart.languages",
    title="Languages",
    grain="a day and language",
    description="In which languages people complain.",
    model=LanguageCount,
    recipe=ByDay(languages, INPUT_COLUMNS),
    dimensions=("language",),
    metrics=(
        Metric(
            name="languages",
            title="Languages",
            description="Languages in which people complain.",
            unit="languages",
            formula="number of distinct languages",
            expression="count(DISTINCT language)",
            detail=Detail("count(DISTINCT language)", COMPLAINT),
        ),
    ),
)
'''


def package_with(root, name, code):
    """Copy the package to ``root`` and add a mart to it: its file, and its line in the list."""
    package = root / "complaints_platform"
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copytree(ROOT / "complaints_platform", package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "marts" / f"{name}.py").write_text(code.lstrip())
    registry = package / "marts" / "registry.py"
    last = '    "reconciliation",\n'
    text = registry.read_text()
    assert text.count(last) == 1
    registry.write_text(text.replace(last, f'    "{name}",\n{last}'))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What a process sees whose package has the mart."""
    root = tmp_path_factory.mktemp("added")
    package_with(root, NAME, CODE)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), str(ROOT)])}
    looked = subprocess.run(
        [sys.executable, Path(__file__).with_name("look_at_mart.py"), NAME, root],
        env=environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.returncode == 0, looked.stderr
    return json.loads(looked.stdout)


def test_it_is_an_asset_that_names_its_source_and_metrics(seen):
    assert seen["asset"] == {
        "description": "Complaints by day and language.",
        "sources": [["categorized", "complaints"]],
        "metrics": True,
        "checked": True,
    }


def test_it_stands_in_the_catalogue_and_in_the_documentation(seen):
    assert seen["table"] == "mart.languages"
    assert "### From `mart.languages`" in seen["documentation"]
    assert "| `language` | Language (ISO 639); null if unknown. |" in seen["documentation"]


def test_its_days_are_made_and_their_fingerprints_looked_after(seen):
    assert seen["rows"] == [["2026-03-10", "de", 1], ["2026-03-10", "en", 2], ["2026-03-11", "en", 1]]
    assert seen["current"] == [True, True]


def test_the_query_service_answers_its_metric_and_sql(seen):
    assert seen["listed"]["table"] == "mart.languages"
    assert seen["total"] == [{"period": None, "value": 2, "previous": None}]
    assert [(row["language"], row["value"]) for row in seen["by_language"]] == [("de", 1), ("en", 1)]
    assert seen["sql"] == [["de", 1], ["en", 3]]
