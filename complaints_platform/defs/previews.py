"""Markdown for the UI: small tables, and plots as embedded images."""

import base64

import polars as pl

MAX_CELL_CHARACTERS = 80

WIDE = 6
"""More columns than this don't fit on the screen."""

ROWS_OF_WIDE = 2


def preview(frame: pl.DataFrame) -> str:
    """Return the frame as a Markdown table; long cells are cut."""
    if frame.is_empty():
        return "*no rows*"
    header = "| " + " | ".join(frame.columns) + " |\n|" + "---|" * frame.width
    return "\n".join([header, *("| " + " | ".join(_cell(value) for value in row) + " |" for row in frame.iter_rows())])


def sample(frame: pl.DataFrame) -> str:
    """Return a few rows as a Markdown table; wide ones are turned, so that each column is a line."""
    if frame.is_empty() or frame.width <= WIDE:
        return preview(frame)
    rows = frame.head(ROWS_OF_WIDE)
    lines = [(name, *(_text(value) for value in rows[name])) for name in rows.columns]
    return preview(
        pl.DataFrame(lines, schema=["column", *(f"row {n}" for n in range(1, rows.height + 1))], orient="row")
    )


def picture(png: bytes, description: str) -> str:
    """Return a PNG as a Markdown image; ``description`` is for screen readers."""
    return f"![{description}](data:image/png;base64,{base64.b64encode(png).decode()})"


def drawing(svg: str, description: str) -> str:
    """Return an SVG as a Markdown image; ``description`` is for screen readers."""
    return f"![{description}](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _cell(value: object) -> str:
    escaped = _text(value).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
    return escaped if len(escaped) <= MAX_CELL_CHARACTERS else escaped[: MAX_CELL_CHARACTERS - 1] + "…"


def _text(value: object) -> str:
    return "" if value is None else str(value)
