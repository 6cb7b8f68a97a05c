"""What a change of the taxonomy means: for labels given before it, for the names, for categorised complaints."""

from typing import NamedTuple

import polars as pl

from complaints_platform.classification.taxonomy import Taxonomy

MOVES_SCHEMA = pl.Schema(
    {
        "from_category": pl.String,
        "from_subcategory": pl.String,
        "to_category": pl.String,
        "to_subcategory": pl.String,
        "complaints": pl.Int64,
    }
)


def labels_under(labels: pl.DataFrame, taxonomy: Taxonomy) -> pl.DataFrame:
    """Return the labels whose category ``taxonomy`` has; subcategories that it does not have there become null."""
    fits = pl.col("subcategory").replace_strict(taxonomy.parents, default=None) == pl.col("category")
    return labels.filter(pl.col("category").is_in(taxonomy.category_names)).with_columns(
        subcategory=pl.when(fits).then("subcategory")
    )


class NameChanges(NamedTuple):
    """Names that stand in one of two taxonomies only, or in another place. ``category/subcategory``."""

    added: list[str]
    removed: list[str]
    moved: list[str]
    """``subcategory: old category → new category``."""
    reworded: list[str]
    """Subcategories of the same place whose definition, seeds or keywords differ."""


def name_changes(old: Taxonomy, new: Taxonomy) -> NameChanges:
    """Compare the names of two taxonomies."""
    before = {sub.name: (category.name, sub) for category in old.categories for sub in category.subcategories}
    after = {sub.name: (category.name, sub) for category in new.categories for sub in category.subcategories}
    both = [name for name in before if name in after]
    return NameChanges(
        added=[f"{after[name][0]}/{name}" for name in after if name not in before],
        removed=[f"{before[name][0]}/{name}" for name in before if name not in after],
        moved=[f"{name}: {before[name][0]} → {after[name][0]}" for name in both if before[name][0] != after[name][0]],
        reworded=[
            f"{after[name][0]}/{name}"
            for name in both
            if before[name][0] == after[name][0] and before[name][1] != after[name][1]
        ],
    )


def moves(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Count complaints by where they were and where they would be, those that stay included.

    Args:
        before: columns category and subcategory, one row a complaint.
        after: the same for the same complaints, in the same order.

    Returns:
        ``MOVES_SCHEMA``, largest counts first.
    """
    columns = ["category", "subcategory"]
    both = pl.concat(
        [
            before.select(pl.col(columns).name.prefix("from_")),
            after.select(pl.col(columns).name.prefix("to_")),
        ],
        how="horizontal",
    )
    names = MOVES_SCHEMA.names()[:4]
    counted = both.group_by(names).agg(complaints=pl.len().cast(pl.Int64))
    return counted.sort("complaints", *names, descending=[True, *[False] * len(names)]).select(MOVES_SCHEMA.names())
