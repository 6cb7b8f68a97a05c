"""``complaints doctor``: what is wrong with an installation, and what to do."""

import os
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.markup import escape

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, out, print_json
from complaints_platform.errors import SettingsError

if TYPE_CHECKING:
    from complaints_platform.operations.doctor import Finding

MARKS = {"good": "[green]good[/]   ", "warning": "[yellow]warning[/]", "wrong": "[bold red]wrong[/]  "}


def doctor(as_json: AsJson = False) -> None:
    """Check settings, lake, instance, sources, model, credentials, disk, clock and versions; say what to do.

    Exit code 1 if something is wrong, 0 if there are only warnings.
    """
    from complaints_platform.operations.doctor import Finding, FindingVerdict

    found: list[Finding] = []
    for finding in _findings():
        found.append(finding)
        if not as_json:
            line = f"{MARKS[finding.verdict]}  {finding.area:12} {escape(finding.what)}"
            out.print(line, soft_wrap=True)
            if finding.todo:
                out.print(f"{'':23}→ {escape(finding.todo)}", soft_wrap=True)
    bad = sum(each.verdict is FindingVerdict.WRONG for each in found)
    if as_json:
        print_json({"healthy": not bad, "findings": [asdict(each) for each in found]}, indent=2)
    else:
        counted = f"{bad} {'thing is' if bad == 1 else 'things are'} wrong"
        out.print(f"\n[bold red]{counted}[/]" if bad else "\nnothing is wrong")
    if bad:
        raise typer.Exit(1)


def _findings() -> "Iterator[Finding]":
    from complaints_platform.instance.doctor import examine_definitions, examine_instance
    from complaints_platform.operations.doctor import EXAMINATIONS, examine, unknown_variables, wrong

    yield from unknown_variables(os.environ)
    try:
        platform = open_platform()
    except SettingsError as error:
        yield wrong("settings", str(error), "correct the variable (docs/settings.md)")
        return
    dagster = [("instance", examine_definitions), ("instance", examine_instance)]
    yield from examine(platform, [*EXAMINATIONS, *dagster])
