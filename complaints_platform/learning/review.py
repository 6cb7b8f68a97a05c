"""The review queue of a lake: from categorised complaints to a file that people fill in.

Which complaints are most worth a look is ``classification.review``'s; taking decisions back in is ``corrections``'.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from complaints_platform.classification.explanation import Explanation, explain
from complaints_platform.classification.review import review_queue
from complaints_platform.classification.trained import TrainedModel
from complaints_platform.errors import ModelError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.lake.manifests import Manifest
from complaints_platform.learning.corrections import CorrectionsInForce
from complaints_platform.learning.labels import training_labels
from complaints_platform.learning.model import serving_model
from complaints_platform.learning.spreadsheets import inert
from complaints_platform.schemas import Outcome

REVIEW_DAYS = 30
"""The queue is chosen from so many newest days: older complaints say less about those to come."""
LOW_CONFIDENCE = 0.6
"""Below it a complaint may be chosen although the model would decide it by itself."""
CONSIDERED = 20_000
"""Of more complaints than this an evenly spread share is considered: at least half as many."""
COLUMNS = [
    *("complaint_id", "day", "channel", "text", "near_duplicate_of", "outcome"),
    *("category", "subcategory", "confidence", "needs_review"),
]


def export_queue(lake: Lake, limit: int, days: int = REVIEW_DAYS) -> pl.DataFrame:
    """Return the review queue as people fill it in, chosen from the newest materialised days.

    Columns: complaint_id, day, channel, text; predicted_category, predicted_subcategory and confidence (0..1) as
    stored; candidates and because for people; and category, subcategory, is_complaint, empty.

    Raises:
        ModelError: no model serves.
    """
    model = serving_model(lake)
    complaints = open_complaints(lake, days).considered
    labelled = training_labels(lake, model.taxonomy).frame["text"]
    queue = review_queue(model, complaints, labelled, limit)
    details = complaints.select(
        "complaint_id",
        "day",
        "channel",
        "confidence",
        predicted_category="category",
        predicted_subcategory="subcategory",
    )
    listed = queue.join(details, on="complaint_id", how="left", maintain_order="left")
    candidate = pl.format(
        "{} {}%",
        pl.element().struct.field("category"),
        (pl.element().struct.field("probability") * 100).round().cast(pl.Int64),
    )
    empty = pl.lit(None, pl.String)
    return listed.select(
        "complaint_id",
        "day",
        "channel",
        inert("text"),
        "predicted_category",
        "predicted_subcategory",
        pl.col("confidence").round(3),
        pl.col("candidates").list.eval(candidate).list.join("; "),
        inert("because"),
        category=empty,
        subcategory=empty,
        is_complaint=empty,
    )


def write_queue(queue: pl.DataFrame, file: Path) -> None:
    """Write the queue as a CSV that spreadsheets read as UTF-8."""
    queue.write_csv(file, include_bom=True)


def explain_complaint(lake: Lake, complaint_id: str) -> tuple[dict[str, object], Explanation]:
    """Return a categorised complaint (columns ``COLUMNS``) and why the serving model gives it its category.

    Raises:
        ModelError: no model serves, or there is no such complaint.
    """
    model = serving_model(lake)
    table = CATEGORIZED.table(lake)
    for day in sorted(table.row_counts(), reverse=True):
        for stored in table.read_days([day], COLUMNS):
            found = stored.frame.filter(pl.col("complaint_id") == complaint_id, pl.col("outcome") == Outcome.COMPLAINT)
            if found.height:
                return found.row(0, named=True), explain(model, found["text"])[0]
    raise ModelError(f"there is no complaint {complaint_id!r} in categorized/complaints")


@dataclass(frozen=True)
class ReviewQueue:
    """What people should look at next."""

    waiting: pl.Series
    """Ids of the complaints of the newest days that are marked ``needs_review`` and that nobody had decided: what is
    counted as waiting. The queue may also ask for others, of which the model is not sure either."""
    frame: pl.DataFrame
    """``classification.review.QUEUE_SCHEMA``, best first."""


def queue_of(lake: Lake, model: TrainedModel, manifest: Manifest | None, limit: int) -> ReviewQueue:
    """Return the review queue of the tables that a manifest names, by the doubts of ``model``.

    Raises:
        ModelError: nothing is categorised yet.
    """
    complaints = open_complaints(lake, REVIEW_DAYS, manifest)
    labelled = training_labels(lake, model.taxonomy).frame["text"]
    return ReviewQueue(complaints.waiting, review_queue(model, complaints.considered, labelled, limit))


@dataclass(frozen=True)
class OpenComplaints:
    """The complaints that the model doubts and nobody has decided, newest days first."""

    waiting: pl.Series
    """Ids of those that are marked ``needs_review``."""
    considered: pl.DataFrame
    """Columns ``COLUMNS``: all of them, or of more than ``CONSIDERED`` an evenly spread share."""


def open_complaints(lake: Lake, days: int, manifest: Manifest | None = None) -> OpenComplaints:
    """Look for open complaints in the newest days; one day at a time is held in memory.

    Raises:
        ModelError: nothing is categorised yet.
    """
    table = CATEGORIZED.table_in(lake, manifest)
    decided = CorrectionsInForce.of(lake).frame["complaint_id"].implode()
    doubtful = pl.col("needs_review") | (pl.col("confidence") < LOW_CONFIDENCE)
    newest = sorted(table.row_counts(), reverse=True)[:days]
    if not newest:
        raise ModelError("no complaints are categorised yet: complaints update does it")
    waiting, share = [], _Share(CONSIDERED)
    for stored in table.read_days(newest, COLUMNS):
        of_day = stored.frame.filter(
            pl.col("outcome") == Outcome.COMPLAINT, doubtful, ~pl.col("complaint_id").is_in(decided)
        )
        waiting.append(of_day.filter("needs_review")["complaint_id"])
        share.add(of_day)
    return OpenComplaints(pl.concat(waiting), share.rows)


class _Share:
    """An evenly spread share of rows that come one frame after the other: every second, fourth, … of them all."""

    def __init__(self, most: int) -> None:
        self.rows = pl.DataFrame()
        self._most = most
        self._step = 1
        self._seen = 0

    def add(self, frame: pl.DataFrame) -> None:
        """Add rows; whenever there are too many, drop every second one."""
        taken = frame.gather_every(self._step, offset=-self._seen % self._step)
        self.rows = pl.concat([self.rows, taken]) if self._seen else taken
        self._seen += frame.height
        while self.rows.height > self._most:
            self.rows = self.rows.gather_every(2)
            self._step *= 2
