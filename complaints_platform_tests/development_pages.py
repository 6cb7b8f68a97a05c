"""The pages on adding things (``docs/development``), taken apart: code, files and commands.

A block whose first line is ``# a/path`` is a new file; one that begins with ``--- a/path`` changes one, by the lines
around.
"""

import re
import shutil
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs" / "development").glob("*.md"))
ADDING = [page for page in PAGES if page.name.startswith("add-")]
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:#|---) (\S+/\S+\.\w+)\n")
COPIED = ("complaints_platform", "complaints_platform_tests", "docs", "pyproject.toml", "setup.cfg")


def blocks(page):
    """Return the fenced blocks of a page: language and text."""
    return [(language, dedent(text)) for _, language, text in BLOCK.findall(page.read_text())]


def commands(page):
    lines = (line for language, text in blocks(page) if language == "console" for line in text.splitlines())
    return [line.partition("  #")[0].strip() for line in lines]


def files(page):
    """Return the files that a page adds or changes, by path."""
    return [named[1] for _, text in blocks(page) if (named := FILE.match(text))]


def copy_repository(root):
    """Copy what runs and is tested."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, root / name)


def perform(page, root):
    """Do in a copy of the repository what a page says."""
    for language, text in blocks(page):
        named = FILE.match(text)
        if named is None:
            continue
        path, content = root / named[1], text[named.end() :]
        if language == "diff":
            path.write_text(_patched(path.read_text(), content))
        else:
            assert not path.exists(), path
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)


def _patched(before, diff):
    for hunk in diff.split("@@\n"):
        old, new = ("".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[:1] != mark) for mark in "+-")
        assert before.count(old) == 1, f"there {before.count(old)} times:\n{old}"
        before = before.replace(old, new)
    return before
