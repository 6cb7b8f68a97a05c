"""A report as one HTML page without scripts, pictures or anything from elsewhere: it mails and prints."""

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from complaints_platform.serving.report.figures import Figures
from complaints_platform.serving.report.sentences import duration, name, sentences, title

CELLS_SHOWN = 12
PARTS_SHOWN = 15


def render(figures: Figures, time_zone: str) -> str:
    """Return the page. All text of data is escaped."""
    highest = max((count for _, count in figures.course), default=0) or 1
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            figures=figures,
            title=title(figures),
            sentences=sentences(figures),
            parts=[
                ("Categories", "category", figures.overview.by_category[:PARTS_SHOWN]),
                ("Regions", "region", figures.overview.by_region[:PARTS_SHOWN]),
                ("Channels", "channel", figures.overview.by_channel[:PARTS_SHOWN]),
            ],
            cells=[cell for cell in figures.cells if cell.change][:CELLS_SHOWN],
            highest=highest,
            time_zone=time_zone,
        )
    )


def number(value: float | None, unit: str) -> str:
    """Return a metric's value as people read it."""
    if value is None:
        return "not known"
    if unit == "share":
        return f"{value:.1%}"
    if unit == "minutes":
        return duration(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}"


def difference(now: float | None, before: float | None) -> str:
    """Return the change in per cent, or in words where there is none to compute."""
    if now is None or before is None:
        return "no comparison"
    if not before:
        return "as before" if not now else "new"
    return f"{(now - before) / before:+.0%}"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("complaints_platform.serving.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, people=name)
    environment.globals.update(difference=difference)
    return environment
