"""What people say of single complaints: taking it in, and what it does to categorised complaints.

The newest correction of a complaint counts. It overrides the model for as long as the taxonomy has its
category, and its complaint's text trains the next model. They are stored by ``lake.labels`` and applied each time a
day is made, by ``pipeline.categorized``. Staleness reads them too, so nothing heavy is imported here.
"""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Self

import polars as pl

from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.taxonomy_changes import labels_under
from complaints_platform.errors import LakeError, ModelError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CLEANED
from complaints_platform.lake.fingerprints import fingerprint
from complaints_platform.lake.labels import CORRECTION_COLUMNS, LABEL_COLUMNS
from complaints_platform.schemas import Outcome

DECISION = ["category", "subcategory", "is_complaint"]
"""What a person decides about a complaint."""
YES, NO = {"true", "yes", "y", "1"}, {"false", "no", "n", "0"}
BY_PERSON = "person"
NAMED = 5
"""A message names so many of what is wrong."""


@dataclass(frozen=True)
class CorrectionsInForce:
    """The newest correction of each complaint."""

    frame: pl.DataFrame
    """``CORRECTION_COLUMNS`` and who gave it, one row a complaint."""

    @classmethod
    def of(cls, lake: Lake) -> Self:
        """Read the corrections of a lake."""
        return cls(lake.corrections.read().unique("complaint_id", keep="last", maintain_order=True))

    @cached_property
    def fingerprints(self) -> dict[date, str]:
        """Day → hash of what is corrected of its complaints; days without corrections are absent."""
        ordered = self.frame.sort("complaint_id").select("day", "complaint_id", *DECISION)
        return {
            day: fingerprint(*rows.drop("day").iter_rows())
            for (day,), rows in ordered.partition_by("day", as_dict=True).items()
        }

    def labels(self, taxonomy: Taxonomy) -> pl.DataFrame:
        """Return complaint_id and ``LABEL_COLUMNS`` of all that ``taxonomy`` has a category for.

        What a person says is no complaint is of the taxonomy's fallback category.
        """
        named = self.frame.with_columns(
            pl.col("category").fill_null(taxonomy.fallback),
            is_complaint=pl.when("is_complaint").then(pl.lit("yes")).otherwise(pl.lit("no")),
            severity=pl.lit(None, pl.String),
            sentiment=pl.lit(None, pl.String),
        )
        return labels_under(named, taxonomy).select("complaint_id", *LABEL_COLUMNS.names())

    def applied(self, complaints: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
        """Let people's decisions override the model's; return the same rows and columns, in order.

        A decision without a subcategory keeps the model's if both agree on the category. A decision for a
        category that the taxonomy no longer has leaves the model's, marked for review. Corrections count
        wherever their complaint is now, also if it has moved to another day since. Where a person decided, confidence
        is null.
        """
        if self.frame.is_empty():
            return complaints
        decided = self.labels(taxonomy).select("complaint_id", person="category", person_subcategory="subcategory")
        corrected = self.frame.select("complaint_id", corrected=pl.lit(value=True), person_is_complaint="is_complaint")
        joined = complaints.join(corrected, on="complaint_id", how="left", maintain_order="left").join(
            decided, on="complaint_id", how="left", maintain_order="left"
        )
        by_person = pl.col("person").is_not_null()
        kept = pl.when(pl.col("person") == pl.col("category")).then("subcategory")
        unheard = pl.col("corrected").fill_null(value=False)

        def override(name: str, value: pl.Expr, otherwise: pl.Expr) -> pl.Expr:
            return pl.when(by_person).then(value).otherwise(otherwise).alias(name)

        return joined.with_columns(
            override("category", pl.col("person"), pl.col("category")),
            override("subcategory", pl.coalesce("person_subcategory", kept), pl.col("subcategory")),
            override("confidence", pl.lit(None, pl.Float64), pl.col("confidence")),
            override("needs_review", pl.lit(value=False), pl.col("needs_review") | unheard),
            override("category_source", pl.lit(BY_PERSON), pl.col("category_source")),
            pl.coalesce("person_is_complaint", "is_complaint").alias("is_complaint"),
        ).select(complaints.columns)


@dataclass(frozen=True)
class Imported:
    """What an import brought."""

    new: int
    repeated: int
    """Decisions that the same person had given already, and that still stand."""
    undecided: int
    """Rows without a decision."""
    days: list[date]
    """Days whose complaints have a new decision, in order."""


def import_corrections(lake: Lake, taxonomy: Taxonomy, file: Path, author: str) -> Imported:
    """Store the decisions of a CSV: complaint_id, category, and if there are, subcategory, is_complaint and day.

    Rows without a category and without an ``is_complaint`` have not been decided and are passed over.
    ``is_complaint`` is yes or no; of what is none, a category need not be named. ``day`` only says where
    to look first.

    Raises:
        LakeError: the file can't be read as such a CSV.
        ModelError: a category is not in the taxonomy, a value is neither yes nor no, a complaint is named twice
            or does not exist; nothing is stored.
    """
    return take_corrections(lake, taxonomy, _read(file), author, file)


def take_corrections(
    lake: Lake, taxonomy: Taxonomy, rows: pl.DataFrame, author: str, where: Path | str = "the decision"
) -> Imported:
    """Store decisions, as text: complaint_id, category, subcategory, is_complaint (yes or no) and day.

    A decision needs a category or an is_complaint, others are passed over; ``day`` only says where to look first.
    ``where`` is what messages call the source of the rows.

    Raises:
        ModelError: as of ``import_corrections``; nothing is stored.
    """
    decided = _checked(
        rows.filter(pl.any_horizontal(pl.col("category", "is_complaint").is_not_null())), taxonomy, where
    )
    found = _found(lake, decided, where)
    standing = CorrectionsInForce.of(lake).frame.filter(pl.col("author") == author)
    new = found.join(standing, on=["complaint_id", *DECISION], how="anti", nulls_equal=True)
    lake.corrections.add(new, author, taxonomy.version)
    return Imported(
        new=new.height,
        repeated=found.height - new.height,
        undecided=rows.height - decided.height,
        days=new["day"].unique().sort().to_list(),
    )


def _read(file: Path) -> pl.DataFrame:
    optional = ("subcategory", "is_complaint", "day")
    try:
        table = pl.read_csv(file.read_bytes(), infer_schema=False)
        chosen = table.select(
            "complaint_id",
            "category",
            *(name if name in table.columns else pl.lit(None, pl.String).alias(name) for name in optional),
        )
    except OSError as error:
        raise LakeError(f"{file} can't be read: {error.strerror}") from error
    except pl.exceptions.PolarsError as error:
        raise LakeError(f"{file} must be a CSV with the columns complaint_id and category: {error}") from error
    stripped = chosen.with_columns(pl.all().str.strip_chars())
    return stripped.with_columns(pl.when(pl.all() != "").then(pl.all())).with_columns(
        pl.col("is_complaint").str.to_lowercase(), pl.col("day").str.to_date("%F", strict=False)
    )


def _checked(rows: pl.DataFrame, taxonomy: Taxonomy, where: Path | str) -> pl.DataFrame:
    def refuse(wrong: pl.DataFrame, column: str, why: str) -> None:
        if wrong.height:
            values = ", ".join(str(value) for value in wrong[column].unique(maintain_order=True)[:NAMED])
            raise ModelError(f"{where}: {column} {values}: {why}; nothing was imported")

    parent = pl.col("subcategory").replace_strict(taxonomy.parents, default=None)
    refuse(rows.filter(pl.col("complaint_id").is_null()), "complaint_id", "every decision needs one")
    refuse(rows.filter(pl.col("complaint_id").is_duplicated()), "complaint_id", "decided more than once")
    refuse(
        rows.filter(~pl.col("category").is_in(taxonomy.category_names)),
        "category",
        f"not in the taxonomy, which has {', '.join(taxonomy.category_names)}",
    )
    refuse(
        rows.filter(pl.col("subcategory").is_not_null(), ~parent.eq_missing(pl.col("category"))),
        "subcategory",
        "not in the taxonomy under that category",
    )
    refuse(rows.filter(~pl.col("is_complaint").is_in([*YES, *NO])), "is_complaint", "must be yes or no")
    checked = rows.with_columns(is_complaint=pl.col("is_complaint").is_in(list(YES)))
    refuse(
        checked.filter(pl.col("is_complaint"), pl.col("category").is_null()),
        "complaint_id",
        "a complaint needs a category",
    )
    return checked


def _found(lake: Lake, decided: pl.DataFrame, where: Path | str) -> pl.DataFrame:
    """Return ``CORRECTION_COLUMNS`` of decisions: where their complaints are, and what these say."""
    table = CLEANED.table(lake)
    wanted = decided["complaint_id"].implode()
    columns = ["complaint_id", "day", "text"]
    found = pl.DataFrame(schema={name: CORRECTION_COLUMNS[name] for name in columns})
    materialised = set(table.row_counts())
    named = sorted(set(decided["day"].drop_nulls()) & materialised)
    for days in (named, sorted(materialised - set(named), reverse=True)):
        for frame in table.read_days(days, [*columns, "outcome"]):
            if found.height == decided.height:
                break
            there = frame.frame.filter(pl.col("outcome") == Outcome.COMPLAINT, pl.col("complaint_id").is_in(wanted))
            found = pl.concat([found, there.select(columns)])
    found = found.unique("complaint_id", keep="first", maintain_order=True)
    unknown = decided.join(found, on="complaint_id", how="anti")["complaint_id"]
    if len(unknown):
        raise ModelError(
            f"{where}: {len(unknown)} of its complaints are not in cleaned/complaints: {', '.join(unknown[:NAMED])}; "
            "nothing was imported"
        )
    return decided.drop("day").join(found, on="complaint_id", how="left").select(CORRECTION_COLUMNS.names())
