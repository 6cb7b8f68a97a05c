"""The recipe of ``categorized/complaints``: each complaint gets the category that the model says, or a person."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from complaints_platform.classification.prediction import classify
from complaints_platform.classification.training import TrainedModel
from complaints_platform.lake.tables import DayFrame
from complaints_platform.pipeline.corrections import CorrectionsInForce
from complaints_platform.pipeline.fingerprints import of_categorized
from complaints_platform.pipeline.parallel import bounded_map
from complaints_platform.schemas import CategorizedComplaint, Outcome, conform

ADDED = ["category", "subcategory", "confidence", "needs_review"]


@dataclass(frozen=True)
class CategorizedRecipe:
    """Makes days of ``categorized/complaints`` from cleaned days, one model and people's corrections."""

    model: TrainedModel
    corrections: CorrectionsInForce
    workers: int = 1

    def frames(self, cleaned: Iterable[DayFrame]) -> Iterator[DayFrame]:
        """Yield the categorised frame of each cleaned day, in order."""
        return bounded_map(self._categorize, cleaned, self.workers)

    def _categorize(self, day: DayFrame) -> DayFrame:
        is_complaint = pl.col("outcome") == Outcome.COMPLAINT
        complaints = day.frame.filter(is_complaint)
        result = classify(self.model, complaints["text"]).select(ADDED)
        by_model = pl.concat([complaints, result], how="horizontal").with_columns(
            category_source=pl.lit("model"),
            model_version=pl.lit(self.model.version),
            taxonomy_version=pl.lit(self.model.taxonomy.version),
        )
        corrected = self.corrections.applied(by_model, self.model.taxonomy)
        categorized = pl.concat(
            [corrected, day.frame.filter(~is_complaint)],
            how="diagonal",
        ).sort("occurred_at", "complaint_id", "raw_sha256", "record_number")
        fingerprint = of_categorized(
            day.fingerprint,
            self.model.version,
            self.model.taxonomy.version,
            self.corrections.fingerprints.get(day.day),
        )
        return DayFrame(day.day, conform(categorized, CategorizedComplaint), fingerprint)
