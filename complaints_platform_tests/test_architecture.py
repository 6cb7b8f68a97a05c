"""Imports run one way. Each package may import the packages named for it, and itself."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "complaints_platform"
EVERYTHING = None
ALLOWED = {
    "errors": set(),
    "zones": set(),
    "automation": set(),
    "loopback": set(),
    "settings": {"errors", "zones"},
    "schemas": {"errors"},
    "cleaning": {"errors", "schemas"},
    "classification": {"errors", "schemas"},
    "marts": {"errors", "schemas"},
    "quality": {"errors", "schemas"},
    "sources": {"errors", "schemas", "zones"},
    "lake": {"errors", "schemas"},
    "alerting": {"errors", "schemas", "settings", "lake", "zones"},
    "collection": {"errors", "schemas", "settings", "sources", "lake", "cleaning"},
    "pipeline": {"errors", "schemas", "settings", "sources", "lake", "cleaning", "classification", "marts", "quality"},
    "generator": {"errors", "schemas", "lake"},
    "serving": {
        "alerting",
        "errors",
        "loopback",
        "schemas",
        "settings",
        "sources",
        "lake",
        "classification",
        "marts",
        "collection",
        "pipeline",
    },
    "monitoring": {
        "errors",
        "loopback",
        "schemas",
        "settings",
        "sources",
        "lake",
        "cleaning",
        "classification",
        "collection",
        "pipeline",
        "quality",
    },
    "defs": EVERYTHING,
    "definitions": EVERYTHING,
    "demo": EVERYTHING,
    "cli": EVERYTHING,
    "commands": EVERYTHING,
}
KNOWS_DAGSTER = {"defs", "definitions", "demo", "cli", "commands"}
BELONGS_TO_DEFS = {Path("sources/component.py")}


def layer_of(path):
    relative = path.relative_to(PACKAGE)
    return "defs" if relative in BELONGS_TO_DEFS else relative.parts[0].removesuffix(".py")


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module


MODULES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    layer = layer_of(path)
    allowed = ALLOWED[layer]
    if allowed is EVERYTHING:
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "complaints_platform" and len(parts) > 1 and not is_lazy_component(path, name):
            assert parts[1] in allowed | {layer}, f"{layer} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_defs_knows_dagster(path):
    if layer_of(path) in KNOWS_DAGSTER:
        return
    assert not [name for name in imports(path) if name.split(".")[0].startswith("dagster")]


@pytest.mark.parametrize("path", [*MODULES, PACKAGE / "__init__.py"], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_belongs_there(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def is_lazy_component(path, name):
    return path == PACKAGE / "sources" / "__init__.py" and name == "complaints_platform.sources.component"
