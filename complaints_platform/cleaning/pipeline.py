"""Cleaning as a whole: raw records of a day become cleaned complaints with their outcome.

``prepare`` is what can be done record by record; ``decide_outcomes`` is what needs the day and the
day before.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl

from complaints_platform.cleaning.duplicates import (
    ARRIVAL,
    newest_versions,
    number_repetitions,
    repetitions,
    version_outcomes,
)
from complaints_platform.cleaning.identity import (
    CONTENT,
    DataKey,
    agent_keys,
    content_keys,
    customer_keys,
    map_distinct,
    native_id_keys,
    thread_keys,
)
from complaints_platform.cleaning.language import detect_languages
from complaints_platform.cleaning.near_duplicates import near_duplicates, shingled
from complaints_platform.cleaning.redaction import TOKENS, redact_texts
from complaints_platform.cleaning.rules import Rules
from complaints_platform.cleaning.shingles import shingle_words
from complaints_platform.cleaning.text import normalize_texts, scatter, until_stable
from complaints_platform.cleaning.words import split_words
from complaints_platform.schemas import FLAG_SEPARATOR, CleanedComplaint, Outcome, conform
from complaints_platform.schemas.model import polars_schema

CLEANING_VERSION = "2"
"""Part of the fingerprint of every day: raise it with every change that can change a cleaned row."""

_TIMES_AFTER = ("first_response_at", "resolved_at")
"""Times that can't be before the complaint was made."""

_DECIDED = ("outcome", "duplicate_of", "near_duplicate_of", "similarity")
_PREPARED = [name for name in polars_schema(CleanedComplaint) if name not in _DECIDED]
"""Columns of a cleaned complaint that need no other record."""


def prepare(raw: pl.DataFrame, key: DataKey, rules: Rules | None = None) -> pl.DataFrame:
    """Clean records one by one; nothing personal remains, and no row depends on another.

    Args:
        raw: columns of ``RawRecord``, and source, raw_sha256 (String), received_at (UTC, µs).
        key: the data key behind the hashes of customers, agents and threads.
        rules: what the company decides; its defaults if left out.

    Returns:
        One row per row, in the same order: the columns of ``CleanedComplaint`` but for outcome,
        duplicate_of, near_duplicate_of and similarity, and two that ``decide_outcomes`` needs:
        withdrawn (Boolean) and shingles (``SHINGLES``). Of records without a native id that agree in
        all that was sent, ``complaint_id`` is the same until ``decide_outcomes`` numbers them.
    """
    rules = rules or Rules()
    text = _clean_text(raw, rules)
    words = split_words(text)
    language = clean_fields(raw["language"], _in_small_letters)
    unsaid = language.is_null()
    if unsaid.any():
        language = language.zip_with(~unsaid, detect_languages(text, words, rules.languages))
    return (
        raw.with_columns(
            day=pl.col("occurred_at").dt.date(),
            complaint_id=_complaint_ids(raw, key),
            customer_key=customer_keys(raw["customer"], key),
            key_version=pl.lit(key.version, pl.Int64),
            agent_key=agent_keys(raw["agent"], key),
            thread_key=_by_source(raw, "thread", partial(thread_keys, key=key)),
            text=text,
            language=language,
            account_key=pl.lit(None, pl.String),
            segment=pl.lit(None, pl.String),
            region=clean_fields(raw["region"], rules.regions.normalize),
            product=clean_fields(raw["product"]),
            status=clean_fields(raw["status"], _in_small_letters),
            shingles=shingle_words(words),
        )
        .with_columns(_times_in_order())
        .select([*_PREPARED, "withdrawn", "shingles"])
    )


def decide_outcomes(today: pl.DataFrame, before: pl.DataFrame, elsewhere: pl.DataFrame) -> pl.DataFrame:
    """Decide the outcome of each record of a day, and which complaints are near duplicates.

    The rules stand in ``duplicates`` (versions, repetitions) and ``near_duplicates``. Near duplicates
    are looked for among the day's complaints, in all sources and channels, against those complaints
    and the day before; they stay complaints.

    Args:
        today: prepared records of a day, all of them.
        before: prepared records of the day before, all of them; no rows if there are none.
        elsewhere: the newest versions on other days of records of ``today`` with a native id:
            complaint_id, updated_at, received_at, raw_sha256, record_number; no rows if there are none.

    Returns:
        ``CleanedComplaint``, one row for each of ``today``, sorted by time and id; it does not depend
        on the order of the rows of any argument.

    Raises:
        SchemaViolation: ``today`` was not made by ``prepare``.
    """
    today = number_repetitions(today).with_row_index("row")
    before = number_repetitions(before)
    decided = pl.concat([version_outcomes(today, elsewhere), repetitions(today, before)])
    cleaned = today.join(decided, on="row", how="left", maintain_order="left").with_columns(
        pl.col("outcome").fill_null(Outcome.COMPLAINT.value)
    )
    near = _near_duplicates(cleaned.filter(pl.col("outcome") == Outcome.COMPLAINT.value), before)
    cleaned = cleaned.drop("shingles", "withdrawn").join(near, on="row", how="left", maintain_order="left")
    return conform(cleaned.drop("row").sort("occurred_at", "complaint_id", *ARRIVAL), CleanedComplaint)


def clean_texts(texts: pl.Series, account_pattern: str | None = None) -> pl.Series:
    """Repair and redact each of ``texts`` (String; nulls stay null); doing it again changes nothing.

    ``account_pattern`` is a regular expression (Rust's) of the company's account numbers.
    """
    return until_stable(normalize_texts(texts), partial(_redact_normalized, account_pattern=account_pattern))


def _in_small_letters(values: pl.Series) -> pl.Series:
    return values.str.to_lowercase()


def _clean_text(raw: pl.DataFrame, rules: Rules) -> pl.Series:
    if not rules.account_patterns:
        return clean_texts(raw["text"])
    return _by_source(raw, "text", lambda source, texts: clean_texts(texts, rules.account_patterns.get(source)))


def clean_fields(values: pl.Series, normalize: Callable[[pl.Series], pl.Series] | None = None) -> pl.Series:
    """Clean short values (String) like texts, for a form's field holds whatever people put there; empty ones are null.

    Each distinct value is normalised by ``normalize`` before.
    """

    def step(distinct: pl.Series) -> pl.Series:
        cleaned = clean_texts(normalize(distinct).fill_null("") if normalize else distinct)
        # What writes a field in another case must leave the tokens of an earlier cleaning alone.
        return cleaned.str.replace_many(TOKENS, TOKENS, ascii_case_insensitive=True)

    def clean(distinct: pl.Series) -> pl.Series:
        cleaned = until_stable(distinct, step)
        return cleaned.set(cleaned == "", None)

    return map_distinct(values, clean)


def _redact_normalized(texts: pl.Series, account_pattern: str | None) -> pl.Series:
    redacted = redact_texts(texts, account_pattern)
    rows = (redacted != texts).fill_null(value=False).arg_true()
    return scatter(redacted, rows, normalize_texts(redacted.gather(rows)))


def _times_in_order() -> list[pl.Expr]:
    """Drop the times that are before the complaint, and add to ``time_flags`` that they were there."""
    early = {name: pl.col(name) < pl.col("occurred_at") for name in _TIMES_AFTER}
    flags = [
        pl.col("time_flags"),
        *(pl.when(is_early).then(pl.lit(f"{name} before occurred_at")) for name, is_early in early.items()),
    ]
    flagged = pl.any_horizontal(flag.is_not_null() for flag in flags)
    return [
        *(pl.when(~is_early.fill_null(value=False)).then(name).alias(name) for name, is_early in early.items()),
        pl.when(flagged).then(pl.concat_str(flags, separator=FLAG_SEPARATOR, ignore_nulls=True)).alias("time_flags"),
    ]


def _complaint_ids(raw: pl.DataFrame, key: DataKey) -> pl.Series:
    ids = _by_source(raw, "source_id", native_id_keys)
    without = ids.is_null().arg_true()
    return scatter(ids, without, content_keys(raw.select(CONTENT)[without], key))


def _by_source(raw: pl.DataFrame, column: str, function: Callable[[str, pl.Series], pl.Series]) -> pl.Series:
    """Apply ``function`` to the values of each source apart."""
    result = pl.Series([None], dtype=pl.String).new_from_index(0, raw.height)
    for source in raw["source"].unique().to_list():
        rows = (raw["source"] == source).arg_true()
        result = scatter(result, rows, function(source, raw[column].gather(rows)))
    return result


def _near_duplicates(complaints: pl.DataFrame, before: pl.DataFrame) -> pl.DataFrame:
    """Return row, near_duplicate_of, similarity of near duplicates."""
    columns = ["occurred_at", "complaint_id", "row", "shingles"]
    earlier = _standing(before).join(complaints, on="complaint_id", how="anti")
    pool = pl.concat(
        [earlier.with_columns(row=pl.lit(None, pl.get_index_type())).select(columns), complaints.select(columns)]
    )
    pool = pool.sort("occurred_at", "complaint_id")
    match = near_duplicates(shingled(pool["shingles"]), pool["row"].is_not_null().to_numpy())
    found = np.flatnonzero(match.earliest >= 0)
    return pl.DataFrame(
        {
            "row": pool["row"].gather(found),
            "near_duplicate_of": pool["complaint_id"].gather(match.earliest[found]),
            "similarity": match.similarity[found],
        }
    )


def _standing(before: pl.DataFrame) -> pl.DataFrame:
    """Keep of the day before the newest version of each record, unless it is a withdrawal."""
    versions = before.filter(pl.col("complaint_id").is_duplicated())
    single = before.filter(pl.col("complaint_id").is_unique())
    return pl.concat([single, newest_versions(versions)]).filter(~pl.col("withdrawn"))
