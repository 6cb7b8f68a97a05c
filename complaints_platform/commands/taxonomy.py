"""``complaints taxonomy``: the categories, and what changing them would do."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, numbers_table, out, print_json, say

app = typer.Typer(help="The categories, and what changing them would do.", no_args_is_help=True)

MOVES_LISTED = 40
"""A changed taxonomy's moves beyond these are in --json."""


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """Show the categories, what they mean, and who approved this version."""
    taxonomy = open_platform().taxonomy
    if as_json:
        typer.echo(taxonomy.model_dump_json(indent=2))
        return
    say(f"version {taxonomy.version}, {taxonomy.approval}\n")
    for category in taxonomy.categories:
        out.print(f"[bold]{category.name}[/]  {escape(category.definition)}")
        for subcategory in category.subcategories:
            say(f"  {subcategory.name:24} {subcategory.definition}")


@app.command("diff")
def diff(
    new: Annotated[Path, typer.Argument(help="The taxonomy to try.")],
    days: Annotated[int, typer.Option(min=1, help="Compare this many newest days.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Show what a changed taxonomy would do: names added and removed, and which complaints would move where."""
    from complaints_platform.classification.taxonomy import load_taxonomy
    from complaints_platform.learning.taxonomy_preview import preview_change

    taxonomy_tried = load_taxonomy(new)
    platform = open_platform()
    change = preview_change(platform.lake, taxonomy_tried, days, platform.settings.classifier_tier)
    total, moved = int(change.moves["complaints"].sum()), int(change.moved["complaints"].sum())
    if as_json:
        document = {
            "version": taxonomy_tried.version,
            "approval": taxonomy_tried.approval,
            "days": [str(day) for day in change.days],
            "complaints": total,
            "moved": moved,
            "needs_review_before": change.review_before,
            "needs_review_after": change.review_after,
            "labels_left_out": change.labels_left_out,
            "names": change.names._asdict(),
            "moves": change.moved.to_dicts(),
        }
        print_json(document)
        return
    say(f"version {taxonomy_tried.version}, {taxonomy_tried.approval}")
    for what, names in change.names._asdict().items():
        if names:
            say(f"{what}: {', '.join(names)}")
    say(
        f"{moved:,} of {total:,} complaints of {len(change.days)} days would move; {change.review_after:,} would need "
        f"review, {change.review_before:,} do now; {change.labels_left_out:,} labels would lose their category"
    )
    table = numbers_table("from", "to", "complaints", text_columns=2)
    for old, old_sub, target, target_sub, count in change.moved.head(MOVES_LISTED).iter_rows():
        table.add_row(f"{old}/{old_sub or '-'}", f"{target}/{target_sub or '-'}", f"{count:,}")
    if moved:
        out.print(table)
