"""A small lake of a test's own, filled through Dagster, and the reviewer who corrects it."""

from datetime import date, timedelta

import dagster as dg
import polars as pl

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.commands.running import Runner
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.learning.corrections import import_corrections
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings
from complaints_platform_tests import contracts

FIRST = date(2026, 3, 10)
TEXTS = ("no signal in the whole village", "you overcharged me again", "the agent was rude to me")
SOURCE = {
    "description": "Complaints of a test.",
    "owner": contracts.OWNER,
    "cadence": "daily",
    "channel": "web_form",
    "format": {"type": "csv"},
    "fields": {"source_id": "id", "text": "text", "occurred_at": "at", "updated_at": "updated"},
}


class Place:
    """A lake of three days with three complaints each, its settings and its runner."""

    def __init__(self, root):
        contracts.write_contract(root / "sources", "forms", SOURCE)
        self.settings = load_settings(
            profile="test", lake=str(root / "lake"), landing=str(root / "landing"), sources=root / "sources"
        )
        self.root = root
        self.lake = Lake(self.settings.lake)
        self.runner = Runner(Platform(self.settings), dg.DagsterInstance.ephemeral())

    def fill(self):
        rows = [
            (f"{day}-{n}", text, FIRST + timedelta(days=day), FIRST + timedelta(days=day))
            for day in range(3)
            for n, text in enumerate(TEXTS)
        ]
        self.send("first", rows)
        self.update()

    def send(self, name, rows):
        frame = pl.DataFrame(rows, schema=["id", "text", "at", "updated"], orient="row")
        frame = frame.with_columns(pl.col("at", "updated").cast(pl.String) + "T12:00:00Z")
        (self.root / "landing" / "forms").mkdir(parents=True, exist_ok=True)
        frame.write_csv(self.root / "landing" / "forms" / f"{name}.csv")
        self.runner.collect()

    def update(self):
        return [run.describe() for run in self.runner.update()]

    def rows(self):
        return {row["source_id"]: row for row in CATEGORIZED.table(self.lake).scan().collect().iter_rows(named=True)}

    def correct(self, author="the reviewer", **decisions):
        """Import decisions by source_id, each a mapping of columns."""
        rows = self.rows()
        lines = [
            {"complaint_id": rows[name]["complaint_id"], "category": None, "subcategory": None, "is_complaint": None}
            | decision
            for name, decision in decisions.items()
        ]
        file = self.root / "decisions.csv"
        pl.DataFrame(lines, infer_schema_length=None).write_csv(file)
        return import_corrections(self.lake, load_taxonomy(), file, author)

    def stale(self):
        return Platform(self.settings).stale().days
