"""Labels on their way into the lake and out to training: checked against the taxonomy before anything is stored.

Labels of texts come by CSV; corrections of complaints (``corrections``) are labels of their texts as well.
"""

from pathlib import Path
from typing import NamedTuple

import polars as pl

from complaints_platform.classification.attributes import ATTRIBUTES
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.taxonomy_changes import labels_under
from complaints_platform.errors import ModelError
from complaints_platform.lake import Lake
from complaints_platform.lake.labels import LABEL_COLUMNS, read_labels
from complaints_platform.lake.store import open_store
from complaints_platform.learning.corrections import CorrectionsInForce


def import_labels(lake: Lake, taxonomy: Taxonomy, file: Path, author: str) -> int:
    """Store the labels of a CSV (``LABEL_COLUMNS``) that stand nowhere yet; return how many.

    A text that has a label already gets the new one: of several the last one counts.

    Raises:
        LakeError: the file can't be read as such a CSV.
        ModelError: a value is not in the taxonomy, or a row says nothing; nothing is stored.
    """
    with open_store(str(file.parent)).open(file.name) as stream:
        labels = read_labels(stream, str(file))
    allowed = {
        "category": taxonomy.category_names,
        "subcategory": taxonomy.subcategory_names,
        **{name: taxonomy.attribute_values(name) for name in ATTRIBUTES},
    }
    for column, names in allowed.items():
        unknown = sorted(set(labels[column].drop_nulls().unique()) - set(names))
        if unknown:
            raise ModelError(
                f"{file}: {column} {', '.join(unknown[:5])} is not in the taxonomy; "
                f"it has {', '.join(names) or 'no ' + column}"
            )
    said = pl.any_horizontal(pl.col("category", *ATTRIBUTES).is_not_null())
    if labels.filter(pl.col("text").is_null() | ~said).height:
        raise ModelError(f"{file}: every row needs a text and a category, or one of {', '.join(ATTRIBUTES)}")
    if labels.filter(pl.col("category").is_null(), pl.col("subcategory").is_not_null()).height:
        raise ModelError(f"{file}: a subcategory needs its category beside it")
    if labels_under(labels, taxonomy)["subcategory"].null_count() > labels["subcategory"].null_count():
        raise ModelError(f"{file}: a subcategory stands beside a category that it is not of")
    labels = labels.unique("text", keep="last", maintain_order=True)
    standing = lake.labels.read().unique("text", keep="last")
    new = labels.join(standing, on=LABEL_COLUMNS.names(), how="anti", nulls_equal=True)
    lake.labels.add(new, author, taxonomy.version)
    return new.height


CORRECTIONS_TO_TRAIN = 50
"""Fewer corrections override their complaints and train nothing. The review queue holds what the model finds hardest,
not a sample: trained on ten of them, true ones, it lost 2.5 points; on ten wrong ones 6."""


class TrainingLabels(NamedTuple):
    """All that people said, as far as a taxonomy has a place for it."""

    frame: pl.DataFrame
    """``LABEL_COLUMNS``, null where unknown, corrections last; of several rows for one text the last one counts."""
    left_out: int
    """Labels and corrections that the taxonomy has no place for."""
    corrections: int
    """How many rows are corrections."""

    @property
    def waiting(self) -> int:
        """Number of corrections that are too few yet to train on."""
        return self.corrections if self.corrections < CORRECTIONS_TO_TRAIN else 0

    @property
    def for_training(self) -> pl.DataFrame:
        """The rows of ``frame`` that a model is trained on."""
        return self.frame.head(self.frame.height - self.waiting)


def training_labels(lake: Lake, taxonomy: Taxonomy) -> TrainingLabels:
    """Return the labels of texts, and after them the corrections of complaints, for training under ``taxonomy``.

    What a label says of attributes counts whatever becomes of its category.
    """
    labels, corrections = lake.labels.read(), CorrectionsInForce.of(lake)
    columns = LABEL_COLUMNS.names()
    about_attributes = labels.filter(
        pl.any_horizontal(pl.col(*ATTRIBUTES).is_not_null()),
        ~pl.col("category").is_in(taxonomy.category_names).fill_null(value=False),
    ).with_columns(category=pl.lit(None, pl.String), subcategory=pl.lit(None, pl.String))
    corrected = corrections.labels(taxonomy).select(columns)
    usable = pl.concat([about_attributes.select(columns), labels_under(labels, taxonomy).select(columns), corrected])
    return TrainingLabels(usable, labels.height + corrections.frame.height - usable.height, corrected.height)
