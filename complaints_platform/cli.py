"""The ``complaints`` command, assembled from its groups; ``commands/`` has a module for each."""

import sys

import typer
from rich.markup import escape

from complaints_platform.commands import alerts, classifier, data, quarantine, questions, report, review, taxonomy
from complaints_platform.commands.doctor import doctor
from complaints_platform.commands.lifecycle import rekey
from complaints_platform.commands.metrics import metrics
from complaints_platform.commands.printing import err
from complaints_platform.commands.regulator import regulator_pack
from complaints_platform.commands.serve import serve, tokens
from complaints_platform.commands.start import start
from complaints_platform.errors import ComplaintsError

app = typer.Typer(
    help="Customer complaints from files to answers.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    start,
    serve,
    regulator_pack,
    doctor,
    metrics,
    data.generate,
    data.collect,
    data.update,
    data.maintain,
    data.backfill,
    rekey,
    questions.query,
    questions.status,
    data.demo,
):
    app.command()(command)
app.add_typer(classifier.app, name="classifier")
app.add_typer(review.labels, name="labels")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(review.review, name="review")
app.add_typer(report.app, name="report")
app.add_typer(taxonomy.app, name="taxonomy")
app.add_typer(tokens, name="tokens")
app.add_typer(alerts.app, name="alerts")


def main() -> None:
    """Run the command line; expected errors and system errors become one line on stderr and exit code 1."""
    try:
        app()
    except (ComplaintsError, OSError) as error:
        err.print(f"[bold red]{type(error).__name__}[/]: {escape(str(error))}", soft_wrap=True)
        sys.exit(1)
