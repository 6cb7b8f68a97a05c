"""Applying a trained model to the texts of complaints, row by row.

Texts in, a frame out; where they come from and go to does not matter here.
"""

import numpy as np
import polars as pl

from complaints_platform.classification.attributes import ATTRIBUTE_SCHEMA
from complaints_platform.classification.training import TrainedModel, category_probabilities

ALTERNATIVES = 3
"""Likeliest categories given for each text."""
PREDICTION_SCHEMA = pl.Schema(
    [
        ("category", pl.String()),
        ("subcategory", pl.String()),
        ("confidence", pl.Float64()),
        ("needs_review", pl.Boolean()),
        ("alternatives", pl.List(pl.String)),
        *ATTRIBUTE_SCHEMA.items(),
    ]
)


def classify(model: TrainedModel, texts: pl.Series) -> pl.DataFrame:
    """Return category, subcategory, confidence, needs_review, alternatives and attributes of each text.

    The category is the one of highest probability (the sum over its subcategories), the subcategory the
    likeliest within it, the confidence the category's probability (0..1), the alternatives the likeliest
    three categories in order. A text is for review if its highest decision value is below the model's
    threshold. Null or blank texts get the taxonomy's fallback category, no subcategory, confidence 0, no
    alternatives, and are for review.

    Args:
        model: a trained model.
        texts: strings, nulls allowed.

    Returns:
        A frame with ``PREDICTION_SCHEMA`` and one row for each text, in order. No row depends on another.
    """
    names, taxonomy = model.estimator.classes_.tolist(), model.taxonomy
    categories = pl.Series(taxonomy.category_names, dtype=pl.String)
    texts = texts.cast(pl.String)
    scores, probabilities = model.estimator.judge(texts)
    sums = category_probabilities(probabilities, names, taxonomy)
    ranked = np.argsort(-sums, axis=1, kind="stable")[:, : min(ALTERNATIVES, len(categories))]
    best = ranked[:, 0]
    category_of = np.array([taxonomy.category_names.index(taxonomy.parent(name)) for name in names])
    within = np.where(category_of[None, :] == best[:, None], probabilities, -1.0).argmax(axis=1)
    alternatives = categories.gather(ranked.ravel()).reshape(ranked.shape).cast(pl.List(pl.String))
    blank = pl.Series(texts.fill_null("").str.strip_chars() == "")
    frame = pl.DataFrame(
        {
            "category": categories.gather(best),
            "subcategory": pl.Series(names, dtype=pl.String).gather(within),
            "confidence": np.clip(sums[np.arange(len(sums)), best], 0.0, 1.0),
            "needs_review": scores.max(axis=1, initial=-np.inf) < model.review_threshold,
            "alternatives": alternatives,
            **model.attributes.predict(texts).to_dict(),
        },
        schema=PREDICTION_SCHEMA,
    )
    return _with_blanks(frame, blank, taxonomy.fallback)


def _with_blanks(frame: pl.DataFrame, blank: pl.Series, fallback: str) -> pl.DataFrame:
    if not blank.any():
        return frame
    nothing: dict[str, pl.Expr] = {
        "category": pl.lit(fallback),
        "subcategory": pl.lit(None, dtype=pl.String),
        "confidence": pl.lit(0.0),
        "needs_review": pl.lit(value=True),
        "alternatives": pl.lit([], dtype=pl.List(pl.String)),
    }
    return frame.with_columns(
        pl.when(~blank).then(pl.col(name)).otherwise(value).alias(name) for name, value in nothing.items()
    )
