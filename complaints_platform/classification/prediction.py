"""Applying a trained model to the texts of complaints, row by row."""

import numpy as np
import polars as pl

from complaints_platform.classification.attributes import ATTRIBUTE_SCHEMA
from complaints_platform.classification.tokens import tokenise
from complaints_platform.classification.trained import TrainedModel, category_probabilities

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

    The category is the one of highest probability (the sum over its subcategories), the subcategory the likeliest
    within it, the confidence the category's probability (0..1). A text needs review if its highest decision value is
    below the model's threshold. Texts with nothing to go by (null, blank, or doubtful without a single known word)
    get the taxonomy's fallback category, no subcategory, confidence 0, no alternatives, and need review.

    Returns:
        ``PREDICTION_SCHEMA``, one row for each text, in order. No row depends on another.
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
    doubtful = pl.Series(scores.max(axis=1, initial=-np.inf) < model.review_threshold, dtype=pl.Boolean)
    blank = pl.Series(texts.fill_null("").str.strip_chars() == "")
    unknown = doubtful & ~_hold_a_known_word(model, texts, doubtful)
    frame = pl.DataFrame(
        {
            "category": categories.gather(best),
            "subcategory": pl.Series(names, dtype=pl.String).gather(within),
            "confidence": np.clip(sums[np.arange(len(sums)), best], 0.0, 1.0),
            "needs_review": doubtful,
            "alternatives": alternatives,
            **model.attributes.predict(texts).to_dict(),
        },
        schema=PREDICTION_SCHEMA,
    )
    return _with_fallback(frame, blank | unknown, taxonomy.fallback)


def _hold_a_known_word(model: TrainedModel, texts: pl.Series, chosen: pl.Series) -> pl.Series:
    """Tell which texts hold a word of letters that training knew; true where not ``chosen``."""
    batch = tokenise(texts.filter(chosen).fill_null(""))
    known = np.array([model.estimator.knows_a_word(token) for token in batch.distinct], dtype=np.bool_)
    text_of = np.repeat(np.arange(len(batch.lengths)), batch.lengths)
    holds = np.bincount(text_of, known[batch.codes], minlength=len(batch.lengths)) > 0
    found = np.ones(len(texts), dtype=np.bool_)
    found[chosen.to_numpy()] = holds
    return pl.Series(found)


def _with_fallback(frame: pl.DataFrame, blank: pl.Series, fallback: str) -> pl.DataFrame:
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
