"""One name for one notion: what ``docs/glossary.md`` rules out appears nowhere."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "complaints_platform"
GLOSSARY = ROOT / "docs" / "glossary.md"

CLUMSY = (
    "every record of every file ends",
    "wait to be taken in",
    "none goes on now",
    "which day holds rows of which",
    "how manieth",
    "how often is looked",
    "model of before",
    "within so many minutes",
    "others do not count",
    "the category is too uncertain",
    "laid down",
)
"""Phrases of sentences that readers stumbled over."""

PROSE = {".md", ".html", ".j2", ".js", ".css", ".yaml", ".yml", ".py"}


def rows_of_glossary() -> Iterator[list[str]]:
    for line in GLOSSARY.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] not in {"term", "---"}:
            yield cells


def banned_phrases() -> list[str]:
    return [phrase for row in rows_of_glossary() for phrase in re.findall(r'"([^"]+)"', row[2])] + list(CLUMSY)


def banned_names() -> set[str]:
    """Return the names that nothing may have as a whole."""
    return {name for row in rows_of_glossary() for name in re.findall(r"`([^`]+)`", row[2])}


def banned_words() -> set[str]:
    """Return the words that no name may have in it."""
    last = GLOSSARY.read_text(encoding="utf-8").rpartition("## Names that say too little")[2]
    return set(re.findall(r"`([^`]+)`", last))


def texts() -> Iterator[Path]:
    """Yield pages, screens, configuration and source; not past decisions, nor what customers say."""
    yield ROOT / "README.md"
    for folder in (ROOT / "docs", ROOT / "docker", PACKAGE):
        for path in sorted(folder.rglob("*")):
            left_out = path == GLOSSARY or {"adr", "vendor"} & {*path.parts} or "generator" in path.parts
            if path.suffix in PROSE and not left_out and path.name != "taxonomy.yaml":
                yield path


def phrase_pattern(phrase: str) -> re.Pattern[str]:
    """Words may stand on two lines of a comment, or in two strings that Python joins."""
    gap = r'(?:[\s#]|"\s*\n\s*f?")+'
    return re.compile(rf"\b{gap.join(re.escape(word) for word in phrase.split())}\b", re.IGNORECASE)


@pytest.mark.parametrize("phrase", banned_phrases())
def test_no_text_says_it(phrase):
    pattern = phrase_pattern(phrase)
    found = []
    for path in texts():
        text = path.read_text(encoding="utf-8")
        found += [
            f"{path.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}" for match in pattern.finditer(text)
        ]
    assert not found


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def words_of(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def banned(named: Iterable[tuple[str, int]], path: Path) -> list[str]:
    names, words = banned_names(), banned_words()
    return [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for name, line in named
        if name.strip("_").lower() in names or words_of(name) & words
    ]


def test_no_name_in_python_uses_it():
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        found += banned(identifiers(ast.parse(path.read_text(encoding="utf-8"))), path)
        found += banned([(path.stem, 0)], path)
    assert not found


def test_no_name_in_the_dashboard_uses_it():
    found = []
    for path in sorted((PACKAGE / "serving" / "static" / "js").rglob("*.js")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            declared = re.findall(r"\b(?:const|let|function|class)\s+(\w+)", line)
            found += banned([(name, number) for name in declared], path)
    assert not found


def test_the_glossary_says_each_term_once():
    terms = [row[0] for row in rows_of_glossary()]
    assert len(terms) == len(set(terms)) > 50
    assert {"quarantine", "incident", "near duplicate", "backlog", "acknowledge"} <= set(terms)


@pytest.mark.parametrize(
    "text",
    ["was set aside.", "Set\n    aside", '"was set "\n  "aside"', '"was set "\n  f"aside"', "# was set\n    # aside"],
)
def test_a_phrase_is_found_across_lines(text):
    assert phrase_pattern("set aside").search(text)
