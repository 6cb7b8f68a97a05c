"""The regulator pack of a month: read from the published marts, computed, and written as a file.

What is in it stands in ``marts.regulator_pack``.
"""

import calendar
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl

from complaints_platform.errors import QueryError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import DAILY, RATES, SERVICE, TableSpec
from complaints_platform.learning.spreadsheets import inert
from complaints_platform.marts.measuring import Question, measure
from complaints_platform.marts.registry import METRICS
from complaints_platform.marts.regulator_pack import (
    DAILY_COLUMNS,
    REGULATORS,
    SERVICE_COLUMNS,
    SUMMARY,
    as_lines,
    regulator_pack,
)

FORMATS = ("csv", "xlsx", "json")


@dataclass(frozen=True)
class Pack:
    """The filled-in template."""

    regulator: str
    month: date
    time_zone: str
    as_of: str
    """When the tables were published that it was made of (ISO 8601, UTC); empty before anything was."""
    tables: Mapping[str, pl.DataFrame]

    def render(self, output: str) -> bytes:
        """Return it as one of ``FORMATS``."""
        return {"csv": self._csv, "xlsx": self._xlsx, "json": self._json}[output]()

    def _about(self) -> dict[str, str]:
        return {
            "regulator": self.regulator,
            "name": REGULATORS[self.regulator],
            "month": f"{self.month:%Y-%m}",
            "time_zone": self.time_zone,
            "as_of": self.as_of,
        }

    def _csv(self) -> bytes:
        lines = as_lines(self.tables).with_columns(inert("row"))
        about = (pl.lit(self._about()[name]).alias(name) for name in ("regulator", "month"))
        return lines.select(*about, pl.all()).write_csv().encode()

    def _json(self) -> bytes:
        tables = {name: table.to_dicts() for name, table in self.tables.items()}
        return json.dumps({**self._about(), **tables}, indent=2).encode()

    def _xlsx(self) -> bytes:
        from openpyxl import Workbook  # type: ignore[import-untyped]
        from openpyxl.styles import Font  # type: ignore[import-untyped]

        book = Workbook()
        sheets: dict[str, tuple[Sequence[str], Sequence[Sequence[Any]]]] = {
            "about": (["", ""], list(self._about().items())),
            **{name: (table.columns, table.rows()) for name, table in self.tables.items()},
        }
        for name, (head, rows) in sheets.items():
            sheet = book.create_sheet(name)
            sheet.append(list(head))
            for row in rows:
                sheet.append(list(row))
            for cell in sheet[1]:
                cell.font = Font(bold=True)
            sheet.freeze_panes = "A2"
            for column in sheet.columns:
                sheet.column_dimensions[column[0].column_letter].width = 28
                for cell in column:
                    if isinstance(cell.value, str):
                        cell.data_type = "s"  # text stays text, also where it looks like a formula
        book.remove(book.worksheets[0])
        buffer = io.BytesIO()
        book.save(buffer)
        return buffer.getvalue()


def make_pack(lake: Lake, zone: str, regulator: str, month: date, classes: Mapping[str, str]) -> Pack:
    """Make the pack of the month of a day, in the reporting time zone; ``classes`` are the regulator's, by subcategory.

    Raises:
        QueryError: the month has no complaints.
    """
    first = month.replace(day=1)
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    manifest = lake.manifests.newest()
    # A local day lies in two UTC days at most; what is open may have been made on any day before.
    reached = [(first + timedelta(days=offset)).isoformat() for offset in range(-1, (last - first).days + 2)]

    def read(spec: TableSpec, *days: str) -> pl.LazyFrame:
        return spec.table_in(lake, manifest).scan(*days)

    in_month = pl.col("local_day").is_between(first, last)
    daily = read(DAILY, *reached).filter(in_month).collect()
    if daily.is_empty():
        raise QueryError(f"there are no complaints of {first:%Y-%m} in mart.daily_complaints")
    open_after = (pl.col("backlog_from") <= last) & (pl.col("resolved_day").is_null() | (pl.col("resolved_day") > last))
    service = read(SERVICE).filter(pl.col("local_day") <= last).filter(in_month | open_after).collect()
    tables = {DAILY: daily, SERVICE: service, RATES: read(RATES, *reached).collect()}
    filled = regulator_pack(
        _measured({spec.sql_name: table for spec, table in tables.items()}, Question(first, last)),
        daily.select(DAILY_COLUMNS),
        service.filter(in_month).select(SERVICE_COLUMNS),
        classes,
    )
    as_of = manifest.published_at.isoformat() if manifest else ""
    return Pack(regulator, first, zone, as_of, filled)


def _measured(tables: Mapping[str, pl.DataFrame], question: Question) -> dict[str, float | None]:
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA mart")
        for number, (name, table) in enumerate(tables.items()):
            connection.register(f"_{number}", table.to_arrow())
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM _{number}")  # noqa: S608  # names of data sets
        values = {}
        for name in SUMMARY:
            asked = measure(METRICS[name], question)
            ((value,),) = connection.execute(asked.sql, asked.parameters).fetchall()
            values[name] = None if value is None else float(value)
        return values
