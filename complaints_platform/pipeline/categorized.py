"""The recipe of ``categorized/complaints``: each complaint gets the category that the model says, or a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl

from complaints_platform.classification.prediction import PREDICTION_SCHEMA, classify
from complaints_platform.classification.trained import TrainedModel
from complaints_platform.lake.fingerprints import of_categorized
from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.learning.corrections import CorrectionsInForce
from complaints_platform.pipeline.parallel import bounded_map
from complaints_platform.schemas import CategorizedComplaint, Outcome, conform

WORTH_LOOKING_UP = 2000
"""Fewer complaints are classified as fast as the answers of before are read."""

BY_MODEL = "model"
SAID_BY = ["model_version", "taxonomy_version", "category_source"]
ADDED = PREDICTION_SCHEMA.names()


@dataclass(frozen=True)
class CategorizedRecipe:
    """Makes days of ``categorized/complaints`` from cleaned days, one model and people's corrections."""

    stored: Table
    """The table itself: what the same model said of the same text before need not be asked again."""
    model: TrainedModel
    corrections: CorrectionsInForce
    workers: int = 1

    def frames(self, cleaned: Iterable[DayFrame]) -> Iterator[DayFrame]:
        """Yield the categorised frame of each cleaned day, in order."""
        return bounded_map(self._categorize, cleaned, self.workers)

    def _asked(self, texts: pl.Series) -> pl.DataFrame:
        answers = classify(self.model, texts)
        return answers.with_columns(pl.col("alternatives").list.join(", ")).select(ADDED)

    def _classified(self, day: date, complaints: pl.DataFrame) -> pl.DataFrame:
        """Return ``ADDED`` for each of ``complaints``: from the stored day where it holds the answer."""
        if complaints.height < WORTH_LOOKING_UP:
            return self._asked(complaints["text"])
        said = (
            self.stored.scan(day.isoformat(), columns=["complaint_id", "text", *SAID_BY, *ADDED])
            .filter(
                pl.col("model_version") == self.model.version,
                pl.col("taxonomy_version") == self.model.taxonomy.version,
                pl.col("category_source") == BY_MODEL,
                ~pl.col("complaint_id").is_in(self.corrections.frame["complaint_id"].implode()),
            )
            .select("text", *ADDED)
            .unique("text")
            .collect()
        )
        rows = complaints.select("text").with_row_index("row")
        known = rows.join(said, on="text", how="inner", nulls_equal=True)
        asked = rows.join(known, on="row", how="anti")
        answers = self._asked(asked["text"]).with_columns(asked["row"])
        return pl.concat([known.select("row", *ADDED), answers.select("row", *ADDED)]).sort("row").select(ADDED)

    def _categorize(self, day: DayFrame) -> DayFrame:
        is_complaint = pl.col("outcome") == Outcome.COMPLAINT
        complaints = day.frame.filter(is_complaint)
        result = self._classified(day.day, complaints)
        by_model = pl.concat([complaints, result], how="horizontal").with_columns(
            category_source=pl.lit(BY_MODEL),
            model_version=pl.lit(self.model.version),
            taxonomy_version=pl.lit(self.model.taxonomy.version),
        )
        corrected = self.corrections.applied(by_model, self.model.taxonomy)
        categorized = pl.concat([corrected, day.frame.filter(~is_complaint)], how="diagonal").sort(
            "occurred_at", "complaint_id", "raw_sha256", "record_number"
        )
        fingerprint = of_categorized(
            day.fingerprint, self.model.version, self.model.taxonomy.version, self.corrections.fingerprints.get(day.day)
        )
        return DayFrame(day.day, conform(categorized, CategorizedComplaint), fingerprint)
