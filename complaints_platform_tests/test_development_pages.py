"""The pages on adding things, performed: their code goes into a copy of the repository, and their commands run there.

One copy for all pages, so that one lake and one run of Dagster serve them all.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from complaints_platform_tests.development_pages import (
    ADDING,
    PAGES,
    ROOT,
    commands,
    copy_repository,
    files,
    perform,
)

MOST_LINES = 90


def ids(page):
    return page.stem


class Copy:
    """A copy of the repository with all that the pages add, and a lake of its own."""

    def __init__(self, root):
        self.root = root
        copy_repository(root)
        for page in ADDING:
            perform(page, root)
        self.changed = sorted({root / path for page in ADDING for path in files(page)})
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("COMPLAINTS_", "DAGSTER_"))},
            "PYTHONPATH": str(root),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COMPLAINTS_PROFILE": "test",
            "COMPLAINTS_LAKE": str(root / "lake"),
            "COMPLAINTS_LANDING": str(root / "landing"),
            "COMPLAINTS_CACHE": str(root / "cache"),
            "COMPLAINTS_FIRST_DAY": "2026-03-01",
            "DAGSTER_HOME": str(root / "dagster_home"),
        }
        (root / "dagster_home").mkdir()

    def run(self, command):
        done = subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            shell=isinstance(command, str),
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    return Copy(tmp_path_factory.mktemp("repository"))


@pytest.fixture(scope="module")
def outputs(copy):
    """What the commands of the pages print, but for tests and what the Makefile does."""
    every = dict.fromkeys(command for page in ADDING for command in commands(page))
    return {command: copy.run(command) for command in every if not command.startswith(("pytest", "make"))}


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_a_page_is_short(page):
    assert len(page.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("page", PAGES, ids=ids)
def test_what_a_page_runs_is_there(page):
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    markers = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]["markers"]
    for command in commands(page):
        if command.startswith("make "):
            assert command.split()[1] in targets
        if command.startswith("pytest "):
            named = set(re.findall(r'"([^"]*)"', command.partition("-m ")[2]))
            words = {word for expression in named for word in expression.split()} - {"not", "and", "or"}
            assert words <= {marker.split(":")[0] for marker in markers}
            paths = re.findall(r"complaints_platform_tests\S*", command)
            added = files(page)
            assert all((ROOT / path).exists() or path in added for path in paths), command


@pytest.mark.parametrize("page", [*PAGES, ROOT / "docs" / "architecture.md"], ids=ids)
def test_what_a_page_names_is_there(page):
    added = files(page)
    for path, names in re.findall(r"`(complaints_platform[\w/]*/[\w.]*)`(?:: ((?:`\w+`(?:, )?)+))?", page.read_text()):
        if path in added:
            continue
        assert (ROOT / path).exists(), path
        for name in re.findall(r"`(\w+)`", names):
            assert re.search(rf"^\s*(?:(?:async )?def |class )?{name}\b", (ROOT / path).read_text(), re.MULTILINE), name


def test_the_code_of_the_pages_is_as_the_repository_wants_it(copy):
    python = [str(path) for path in copy.changed if path.suffix == ".py"]
    copy.run(["ruff", "check", *python])
    copy.run(["ruff", "format", "--check", *python])


def test_the_tests_of_the_pages_pass(copy):
    added = [str(path) for path in copy.changed if path.name.startswith("test_")]
    assert len(added) > 1
    of_the_runbook = "complaints_platform_tests/alerting/test_documents.py"
    copy.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *added, of_the_runbook])


def test_the_commands_of_the_pages_answer(copy, outputs):
    answers = {name: output for name, output in outputs.items() if name.startswith("complaints query")}
    assert len(answers) > 1
    for query, answer in answers.items():
        assert ("language" if "languages" in query else "chat") in answer, query
    assert "`mart.languages`" in (copy.root / "docs" / "marts.md").read_text()
