"""Imports run one way: a room imports only from the floors below it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "complaints_platform"

PURE = {"schemas", "cleaning", "classification", "marts", "quality"}
KNOWS_DAGSTER = {"instance", "defs", "components", "definitions", "commands", "cli"}
HOUSE = [
    {"errors", "zones", "loopback"},
    {"yaml_files"},
    {"settings", "schemas"},
    {"cleaning", "classification", "marts", "quality"},
    {"sources", "lake"},
    {"intake", "generator"},
    {"learning"},
    {"pipeline"},
    {"freshness"},
    {"lifecycle"},
    {"platform"},
    {"alerting", "operations"},
    {"serving"},
    {"instance"},
    {"defs"},
    {"components"},
    {"definitions"},
    {"commands"},
    {"cli"},
]
"""The rooms, from the ground up: each may import those of the floors below its own, and itself."""

LOOKS_UP = {
    ("sources/__init__.py", "complaints_platform.components"): "users' files name the component by sources",
    ("instance/doctor.py", "complaints_platform.definitions"): "asks whether the definitions load",
}
"""Lazy imports up the house, each with its reason."""


def floor_of(room):
    return next(number for number, rooms in enumerate(HOUSE) if room in rooms)


def below(room):
    if room in PURE:
        return {"errors", "schemas", "yaml_files"}
    return {other for floor in HOUSE[: floor_of(room)] for other in floor}


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


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
    room, place = room_of(path), path.relative_to(PACKAGE).as_posix()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "complaints_platform" and len(parts) > 1 and (place, name) not in LOOKS_UP:
            assert parts[1] in below(room) | {room}, f"{room} must not import {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_upper_rooms_know_dagster(path):
    if room_of(path) in KNOWS_DAGSTER:
        return
    assert not [name for name in imports(path) if name.split(".")[0].startswith("dagster")]


@pytest.mark.parametrize("path", [*MODULES, PACKAGE / "__init__.py"], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_belongs_there(path):
    assert ast.get_docstring(ast.parse(path.read_text()))
