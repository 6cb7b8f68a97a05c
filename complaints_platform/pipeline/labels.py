"""Labels on their way into the lake: checked against the taxonomy before anything is stored."""

from pathlib import Path

import polars as pl

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.errors import ModelError
from complaints_platform.lake import Lake
from complaints_platform.lake.labels import read_labels
from complaints_platform.lake.store import open_store


def import_labels(lake: str, taxonomy: Path | None, file: Path) -> int:
    """Store the labels of a CSV (text, category, optionally subcategory); return how many.

    The same file again replaces what it brought before.

    Raises:
        LakeError: the file can't be read as such a CSV.
        ModelError: a category or subcategory is not in the taxonomy; nothing is stored.
    """
    with open_store(str(file.parent)).open(file.name) as stream:
        labels = read_labels(stream, str(file))
    known = load_taxonomy(taxonomy)
    for column, names in (("category", known.category_names), ("subcategory", known.subcategory_names)):
        unknown = sorted(set(labels[column].drop_nulls().unique()) - set(names))
        if unknown:
            raise ModelError(
                f"{file}: {column} {', '.join(unknown[:5])} is not in the taxonomy; it has {', '.join(names)}"
            )
    if labels.filter(pl.col("text").is_null() | pl.col("category").is_null()).height:
        raise ModelError(f"{file}: every row needs a text and a category")
    Lake(lake).labels.add(file.stem, labels)
    return labels.height
