"""``complaints labels`` and ``complaints review``: labels and corrections, in and out."""

from pathlib import Path
from typing import Annotated

import typer

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import Author, author_or_user

labels = typer.Typer(help="Labels given by people.", no_args_is_help=True)
review = typer.Typer(help="Complaints that a person should check.", no_args_is_help=True)


@labels.command("import")
def labels_import(
    file: Annotated[Path, typer.Argument(help="CSV with the columns text, category and, if known, subcategory.")],
    author: Author = None,
) -> None:
    """Add labels to the lake; the next training uses them."""
    from complaints_platform.learning.labels import import_labels

    platform = open_platform()
    imported = import_labels(platform.lake, platform.taxonomy, file, author_or_user(author))
    typer.echo(f"{imported} labels imported; train with: complaints update")


@review.command("export")
def review_export(
    to: Annotated[Path, typer.Option("--out", help="CSV to write; people fill in its last columns.")],
    limit: Annotated[int, typer.Option(min=1, help="How many complaints.")] = 50,
    days: Annotated[int, typer.Option(min=1, help="Choose from this many newest days.")] = 30,
) -> None:
    """Write the complaints the classifier would learn most from: doubtful ones, unlike each other."""
    from complaints_platform.learning.review import export_queue, write_queue

    queue = export_queue(open_platform().lake, limit, days)
    write_queue(queue, to)
    typer.echo(
        f"{queue.height} complaints in {to}; fill in category (or is_complaint: no), then: complaints review import"
    )


@review.command("import")
def review_import(
    file: Annotated[Path, typer.Argument(help="CSV with complaint_id, category and, if known, subcategory.")],
    author: Annotated[str, typer.Option(help="Who decided.")],
) -> None:
    """Import corrections: they override the model at once; fifty or more of them train the next one."""
    from complaints_platform.learning.corrections import import_corrections
    from complaints_platform.learning.labels import CORRECTIONS_TO_TRAIN, training_labels

    platform = open_platform()
    done = import_corrections(platform.lake, platform.taxonomy, file, author)
    typer.echo(
        f"{done.new} corrections imported for {len(done.days)} days, {done.repeated} were known already, "
        f"{done.undecided} rows are undecided; to apply them to the tables: complaints update"
    )
    waiting = training_labels(platform.lake, platform.taxonomy).waiting
    if waiting:
        typer.echo(f"{waiting} corrections so far; from {CORRECTIONS_TO_TRAIN} on they also train the classifier")
