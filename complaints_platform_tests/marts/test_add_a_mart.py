"""Adding a mart by its page (one file, one line): done in a copy of the package, it appears wherever marts do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from complaints_platform_tests.development_pages import ROOT, copy_repository, files, perform

PAGE = ROOT / "docs" / "development" / "add-a-mart.md"
NAME = "languages"


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What a process sees whose package has the mart."""
    root = tmp_path_factory.mktemp("added")
    copy_repository(root)
    perform(PAGE, root)
    environment = os.environ | {"PYTHONPATH": str(root)}
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


def test_it_takes_its_file_one_line_and_its_test():
    assert files(PAGE) == [
        "complaints_platform/marts/languages.py",
        "complaints_platform/marts/registry.py",
        "complaints_platform_tests/marts/test_languages.py",
    ]
