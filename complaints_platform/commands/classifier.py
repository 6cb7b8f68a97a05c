"""``complaints classifier``: evaluate it, list its versions, and explain its decisions."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.markup import escape

from complaints_platform.commands.opening import open_platform
from complaints_platform.commands.printing import AsJson, Author, author_or_user, numbers_table, out, print_json, say

app = typer.Typer(help="Evaluate the classifier, choose a model, explain its decisions.", no_args_is_help=True)

TERMS_LISTED = 15
"""Words of an explanation beyond these are summed up; --json lists all."""


@app.command("evaluate")
def evaluate(
    *,
    train: Annotated[Path, typer.Option(help="CSV to train on.")],
    test: Annotated[Path | None, typer.Option(help="CSV to score on.")] = None,
    folds: Annotated[int | None, typer.Option(min=2, help="Cross-validate on --train in this many parts.")] = None,
    text: Annotated[str, typer.Option(help="Column of the text.")] = "text",
    label: Annotated[str, typer.Option(help="Column of the label.")] = "label",
    tier: Annotated[
        Literal["core", "full"] | None,
        typer.Option(help="Without (core) or with (full) the extra embeddings; by default with it, if installed."),
    ] = None,
    out_of_scope: Annotated[
        str | None, typer.Option(help="Label of texts outside all classes; measures how well they are rejected.")
    ] = None,
    per_class: Annotated[int | None, typer.Option(min=1, help="Train on this many random rows per class.")] = None,
    seed: Annotated[int, typer.Option(help="Seed for the random rows and the folds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train on one labelled CSV and score on another, or cross-validate on one."""
    from complaints_platform.classification.evaluation import Options, cross_validate_csv, evaluate_csv

    options = Options(text, label, tier, out_of_scope, per_class, seed)
    if test is not None and folds is None:
        result = evaluate_csv(train, test, options)
    elif folds is not None and test is None:
        result = cross_validate_csv(train, folds, options)
    else:
        raise typer.BadParameter("give one of --test and --folds", param_hint="--test")
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        if isinstance(value, int | float):
            say(f"{name:24} {value:,.4f}" if isinstance(value, float) else f"{name:24} {value:,}")


@app.command("versions")
def versions(as_json: AsJson = False) -> None:
    """List each trained model and what became of it, newest first."""
    models = open_platform().lake.models
    serving, history = models.serving(), models.history()
    if as_json:
        print_json({"serving": serving and asdict(serving), "history": [*map(asdict, history)]})
        return
    if serving is None:
        say("no model has been trained yet; complaints update trains one")
        return
    say(f"{serving.version} serves\n")
    for entry in history:
        say(f"{entry.at:%Y-%m-%d %H:%M} {entry.action:8} {entry.model.version}  {entry.by}")
        say(f"                 {entry.why}")


@app.command("serve")
def serve(
    version: Annotated[str, typer.Argument(help="A version from `complaints classifier versions`.")],
    why: Annotated[str, typer.Option(help="The reason, for the history.")] = "chosen by hand",
    author: Author = None,
) -> None:
    """Go back to an earlier model, or overrule a refusal; days categorised by others become stale."""
    from complaints_platform.learning.model import serve_version

    chosen = serve_version(open_platform().lake, version, author_or_user(author), why)
    typer.echo(f"{chosen.version} serves from now on; to categorise history with it: complaints update")


@app.command("explain")
def explain(
    complaint_id: Annotated[str, typer.Argument(help="A complaint_id of categorized.complaints.")],
    as_json: AsJson = False,
) -> None:
    """Show which words of a complaint decided its category, and which supported the runner-up."""
    from complaints_platform.learning.review import explain_complaint

    complaint, why = explain_complaint(open_platform().lake, complaint_id)
    if as_json:
        terms = [term._asdict() for term in why.terms]
        print_json({**complaint, "explanation": {**asdict(why), "terms": terms}})
        return
    say(str(complaint["text"]))
    say(f"\n{why.category}/{why.subcategory}, ahead of {why.runner_up}/{why.runner_up_subcategory}")
    if complaint["category"] != why.category:
        say(f"its stored category is {complaint['category']}, from a person or an earlier model")
    table = numbers_table("word", "for the first", "for the second", "difference")
    table.add_row("(any text)", "", "", f"{why.base:+.3f}")
    listed, others = why.terms[:TERMS_LISTED], why.terms[TERMS_LISTED:]
    for term in listed:
        values = (term.for_winner, term.for_runner_up, term.contribution)
        table.add_row(escape(term.term), *(f"{value:+.3f}" for value in values))
    if others:
        table.add_row(f"({len(others)} others)", "", "", f"{sum(term.contribution for term in others):+.3f}")
    table.add_row("sum", "", "", f"{why.score:+.3f}", style="bold")
    out.print(table)
