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
    {"alerting"},
    {"operations"},
    {"serving"},
    {"instance"},
    {"defs"},
    {"components"},
    {"definitions"},
    {"commands"},
    {"cli"},
]
"""The rooms, from the ground up: each may import those of the floors below its own, and itself."""

DOCUMENTED_TAGS = {
    "dagster/asset_partition_range_end",
    "dagster/asset_partition_range_start",
    "dagster/column_schema",
    "dagster/data_version",
    "dagster/partition",
    "dagster/partition_row_count",
    "dagster/row_count",
    "dagster/table_name",
    "dagster/uri",
}
"""Tags and metadata that Dagster promises; others are written and read in ``instance`` only."""

LOOKS_UP = {
    ("sources/__init__.py", "complaints_platform.components"): "users' files name the component by sources",
    ("instance/doctor.py", "complaints_platform.definitions"): "asks whether the definitions load",
}
"""Lazy imports up the house, each with its reason."""


TAKE_THE_PLATFORM = {"alerting", "operations", "serving", "instance", "defs", "definitions", "commands"}
"""Rooms that put work together may take the whole ``Platform``; all others take a lake, contracts or a number."""

OPENS_A_LAKE = {"platform.py"}
READS_THE_ENVIRONMENT = {"definitions.py", "commands/opening.py"}
"""Where a process begins: Dagster's and the command line, of which the query service is a part."""


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


def beyond_the_promised(tree):
    """Yield what a module takes from Dagster that Dagster does not promise to keep."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None)
            names = [f"{module}.{alias.name}" if module else alias.name for alias in node.names]
            yield from (name for name in names if name.startswith("dagster") and "._" in name)
        elif isinstance(node, ast.Attribute) and ast.unparse(node).startswith(("dg._", "dagster._")):
            yield ast.unparse(node)
        elif isinstance(node, ast.Constant) and str(node.value).startswith("dagster/"):
            yield from {node.value} - DOCUMENTED_TAGS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_instance_takes_what_dagster_does_not_promise(path):
    if room_of(path) != "instance":
        assert not list(beyond_the_promised(ast.parse(path.read_text())))


@pytest.mark.parametrize(
    "line",
    [
        "from dagster._core.events import ASSET_EVENTS",
        "import dagster._core.launcher",
        "from dagster import _core",
        "from dagster_shared._x import y",
        "dg._core.utils.make_new_run_id()",
        'tags["dagster/defer_asset_events"]',
    ],
)
def test_what_dagster_does_not_promise_is_recognised(line):
    assert list(beyond_the_promised(ast.parse(line)))


@pytest.mark.parametrize("path", [*MODULES, PACKAGE / "__init__.py"], ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_belongs_there(path):
    assert ast.get_docstring(ast.parse(path.read_text()))


def calls(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


def places_that_call(name):
    return {path.relative_to(PACKAGE).as_posix() for path in MODULES if name in set(calls(path))}


def test_the_lake_is_opened_and_the_environment_read_in_one_place_each():
    assert places_that_call("Lake") == OPENS_A_LAKE
    assert places_that_call("load_settings") == READS_THE_ENVIRONMENT
    assert places_that_call("Platform") == READS_THE_ENVIRONMENT


def test_only_rooms_that_put_work_together_take_the_platform_or_settings():
    taking = {
        room_of(path)
        for path in MODULES
        if {"complaints_platform.platform", "complaints_platform.settings"} & set(imports(path))
    }
    assert taking - {"platform", "settings"} <= TAKE_THE_PLATFORM
