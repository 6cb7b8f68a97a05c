"""Markdown that people see in the UI: small tables, and plots as embedded pictures."""

import base64

import polars as pl

MAX_CELL_CHARACTERS = 80


def preview(frame: pl.DataFrame) -> str:
    """Return the frame as a Markdown table; long cells are cut."""
    if frame.is_empty():
        return "*no rows*"
    header = "| " + " | ".join(frame.columns) + " |\n|" + "---|" * frame.width
    return "\n".join([header, *("| " + " | ".join(_cell(value) for value in row) + " |" for row in frame.iter_rows())])


def picture(png: bytes, description: str) -> str:
    """Return a PNG as a Markdown image; ``description`` is read out to those who can't see it."""
    return f"![{description}](data:image/png;base64,{base64.b64encode(png).decode()})"


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    escaped = text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
    return escaped if len(escaped) <= MAX_CELL_CHARACTERS else escaped[: MAX_CELL_CHARACTERS - 1] + "…"
