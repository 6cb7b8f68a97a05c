"""What a changed taxonomy would do to a lake, before it is applied. Nothing is stored."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from complaints_platform.classification.prediction import classify
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.taxonomy_changes import MOVES_SCHEMA, NameChanges, moves, name_changes
from complaints_platform.classification.trained import Tier
from complaints_platform.classification.training import train
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.learning.corrections import CorrectionsInForce
from complaints_platform.learning.labels import training_labels
from complaints_platform.learning.model import serving_model
from complaints_platform.schemas import Outcome

PLACE = ["category", "subcategory"]
DECIDED = [*PLACE, "confidence", "needs_review", "category_source"]


@dataclass(frozen=True)
class TaxonomyChange:
    """What a new taxonomy would change.

    Attributes:
        names: names that come, go and move, against the taxonomy that serves.
        moves: ``MOVES_SCHEMA``: from where to where complaints go, those that stay included.
        days: the days looked at, in order.
        review_before: complaints of these days that need review now.
        review_after: those that would.
        labels_left_out: labels and corrections whose category the new taxonomy does not have.
    """

    names: NameChanges
    moves: pl.DataFrame
    days: list[date]
    review_before: int
    review_after: int
    labels_left_out: int

    @property
    def moved(self) -> pl.DataFrame:
        """``moves`` of complaints that would change their category or subcategory."""
        same = pl.all_horizontal(pl.col(f"from_{name}").eq_missing(pl.col(f"to_{name}")) for name in PLACE)
        return self.moves.filter(~same)


def preview_change(lake: Lake, new: Taxonomy, days: int, tier: Tier = "core") -> TaxonomyChange:
    """Train a model for ``new`` and set what it says of the newest ``days`` stored days against what stands there.

    What stands there is what people see now: if the serving model is not trained from today's labels, part of the
    difference is theirs.

    Raises:
        ModelError: no model serves yet.
    """
    serving = serving_model(lake)
    given = training_labels(lake, new)
    labels, left_out = given.for_training, given.left_out
    model, corrections = train(new, labels, tier), CorrectionsInForce.of(lake)
    table = CATEGORIZED.table(lake)
    newest = sorted(table.row_counts())[-days:]
    counted = [pl.DataFrame(schema=MOVES_SCHEMA)]
    review_before = review_after = 0
    for stored in table.read_days(newest, ["complaint_id", "text", "outcome", *DECIDED]):
        before = stored.frame.filter(pl.col("outcome") == Outcome.COMPLAINT)
        predicted = pl.concat(
            [
                before.select("complaint_id"),
                classify(model, before["text"]).drop("alternatives").with_columns(category_source=pl.lit("model")),
            ],
            how="horizontal",
        )
        after = corrections.applied(predicted, new)
        counted.append(moves(before.select(PLACE), after.select(PLACE)))
        review_before += int(before["needs_review"].sum())
        review_after += int(after["needs_review"].sum())
    names = MOVES_SCHEMA.names()[:-1]
    total = pl.concat(counted).group_by(names).agg(pl.col("complaints").sum())
    return TaxonomyChange(
        names=name_changes(serving.taxonomy, new),
        moves=total.sort("complaints", *names, descending=[True, *[False] * len(names)]),
        days=newest,
        review_before=review_before,
        review_after=review_after,
        labels_left_out=left_out,
    )
