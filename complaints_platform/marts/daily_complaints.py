"""Complaints by day, source, channel, region, product, category and subcategory: the headline count."""

import pandera.polars as pa
import polars as pl

from complaints_platform.marts.definition import BY_COMPLAINT, COMPLAINT, ByDay, Detail, Mart, Metric, by_zone
from complaints_platform.marts.local_days import local_day
from complaints_platform.schemas import DataSet, Outcome, conform, fields

GRAIN = ["day", "local_day", *BY_COMPLAINT]

VERSIONS = ["model_version", "taxonomy_version"]
"""Versions that categorised the day; a day is categorised at once, so it has one of each."""

INPUT_COLUMNS = [
    *("day", "occurred_at", *BY_COMPLAINT, *VERSIONS, "outcome", "near_duplicate_of"),
    *("needs_review", "confidence", "category_source", "alternatives", "sentiment", "severity"),
]

BY_MODEL, BY_PERSON = "model", "person"
NEGATIVE, SEVERE = "negative", "high"
"""The values of sentiment and severity that are counted, if the taxonomy has them."""


class DailyComplaints(DataSet, unique=[*GRAIN, *VERSIONS]):
    """Complaints by day, source, channel, region, product, category and subcategory."""

    day: pl.Date = fields.DAY
    local_day: pl.Date = fields.LOCAL_DAY
    source: str = fields.SOURCE
    channel: str = fields.CHANNEL
    region: str = fields.REGION
    product: str = fields.PRODUCT
    category: str = fields.CATEGORY
    subcategory: str = fields.SUBCATEGORY
    model_version: str = fields.MODEL_VERSION
    taxonomy_version: str = fields.TAXONOMY_VERSION
    complaints: int = fields.COMPLAINTS
    near_duplicates: int = pa.Field(ge=0, description="How many of them are near duplicates.")
    needs_review: int = pa.Field(ge=0, description="How many of them need review.")
    by_model: int = pa.Field(ge=0, description="How many of them have the classifier's category.")
    confidence_total: float = pa.Field(ge=0, description="Sum of the confidence (0..1) of these.")
    corrected: int = pa.Field(ge=0, description="How many of them have a person's category.")
    confirmed: int = pa.Field(ge=0, description="For how many of these the classifier's category was the same.")
    with_sentiment: int = pa.Field(
        nullable=True, ge=0, description=f"How many complaints have a known sentiment{fields.EARLIER}."
    )
    negative: int = pa.Field(nullable=True, ge=0, description=f"How many of these are negative{fields.EARLIER}.")
    with_severity: int = pa.Field(
        nullable=True, ge=0, description=f"How many complaints have a known severity{fields.EARLIER}."
    )
    severe: int = pa.Field(nullable=True, ge=0, description=f"How many of these are of high severity{fields.EARLIER}.")


def daily_complaints(categorized: pl.DataFrame, zone: str) -> pl.DataFrame:
    """Count the complaints of one day's ``CategorizedComplaint`` rows (``INPUT_COLUMNS``), sorted by ``GRAIN``.

    Duplicates do not count; near duplicates do, and are also counted separately.
    """
    corrected = pl.col("category_source") == BY_PERSON
    # The classifier's own choice stays in alternatives where a person decided otherwise.
    said_by_model = pl.col("alternatives").str.split(", ").list.first()
    counted = (
        categorized.filter(pl.col("outcome") == Outcome.COMPLAINT)
        .with_columns(local_day=local_day("occurred_at", zone))
        .group_by(*GRAIN, *VERSIONS, maintain_order=True)
        .agg(
            complaints=pl.len(),
            near_duplicates=pl.col("near_duplicate_of").is_not_null().sum(),
            needs_review=pl.col("needs_review").sum(),
            by_model=(pl.col("category_source") == BY_MODEL).sum(),
            confidence_total=pl.col("confidence").sum(),
            corrected=corrected.sum(),
            confirmed=(corrected & (said_by_model == pl.col("category"))).sum(),
            with_sentiment=pl.col("sentiment").count(),
            negative=(pl.col("sentiment") == NEGATIVE).sum(),
            with_severity=pl.col("severity").count(),
            severe=(pl.col("severity") == SEVERE).sum(),
        )
        .sort(*GRAIN, *VERSIONS)
    )
    return conform(counted, DailyComplaints)


def _share_of(having: str, title: str, description: str, column: str, value: str) -> Metric:
    """Return the share of complaints with a value of an attribute, among those whose attribute is known."""
    return Metric(
        name=f"{having}_share",
        title=title,
        description=description,
        unit="share",
        dtype="number",
        formula=f"complaints of {column} {value} / complaints whose {column} is known",
        expression=f"sum({having}) / nullif(sum(with_{column}), 0)",
        better="lower",
        detail=Detail(f"avg(CAST({column} = '{value}' AS INTEGER))", f"{COMPLAINT} AND {column} IS NOT NULL"),
    )


MART = Mart(
    name="mart.daily_complaints",
    title="Complaints by day",
    grain="a day, source, channel, region, product, category and subcategory",
    description="How many complaints there were, about what, and how sure the classifier was. Where the reporting "
    "time zone is not UTC, a UTC day has rows of two local days.",
    model=DailyComplaints,
    recipe=ByDay(lambda window: daily_complaints(window.today, window.rules.zone), INPUT_COLUMNS),
    settings=by_zone,
    dimensions=(*BY_COMPLAINT, *VERSIONS),
    day_column="local_day",
    metrics=(
        Metric(
            name="complaints",
            title="Complaints",
            description="Complaints received, without duplicates, superseded versions and retracted records; near "
            "duplicates are included.",
            formula="number of records with outcome complaint",
            expression="CAST(coalesce(sum(complaints), 0) AS BIGINT)",
            better="lower",
            detail=Detail("count(*)", COMPLAINT),
        ),
        Metric(
            name="near_duplicates",
            title="Near duplicates",
            description="Complaints whose text is almost that of an earlier one, as in campaigns and from bots.",
            formula="number of complaints that name an earlier one as near_duplicate_of",
            expression="CAST(coalesce(sum(near_duplicates), 0) AS BIGINT)",
            detail=Detail("count(*)", f"{COMPLAINT} AND near_duplicate_of IS NOT NULL"),
        ),
        Metric(
            name="needs_review",
            title="Need review",
            description="Complaints whose category is uncertain: a person should check it.",
            formula="number of complaints marked needs_review",
            expression="CAST(coalesce(sum(needs_review), 0) AS BIGINT)",
            better="lower",
            detail=Detail("count(*)", f"{COMPLAINT} AND needs_review"),
        ),
        Metric(
            name="review_share",
            title="Share needing review",
            description="Share of complaints whose category is uncertain.",
            unit="share",
            dtype="number",
            formula="complaints marked needs_review / complaints",
            expression="sum(needs_review) / nullif(sum(complaints), 0)",
            better="lower",
            detail=Detail("avg(CAST(needs_review AS INTEGER))", COMPLAINT),
        ),
        Metric(
            name="mean_confidence",
            title="Classifier confidence",
            description="Average probability, by the classifier's own estimate, that its categories are right.",
            unit="share",
            dtype="number",
            formula="sum of confidence / complaints with the classifier's category",
            expression="sum(confidence_total) / nullif(sum(by_model), 0)",
            better="higher",
            detail=Detail("avg(confidence)", f"{COMPLAINT} AND category_source = 'model'"),
        ),
        _share_of(
            "negative",
            "Negative in tone",
            "Share of complaints whose text sounds angry, disappointed or sarcastic to the classifier.",
            "sentiment",
            NEGATIVE,
        ),
        _share_of(
            "severe",
            "Severe",
            "Share of complaints that the classifier judges severe for the customer.",
            "severity",
            SEVERE,
        ),
        Metric(
            name="corrections",
            title="Corrections",
            description="Complaints whose category was set by a person.",
            formula="number of complaints with category_source person",
            expression="CAST(coalesce(sum(corrected), 0) AS BIGINT)",
            detail=Detail("count(*)", f"{COMPLAINT} AND category_source = 'person'"),
        ),
        Metric(
            name="correction_agreement",
            title="Agreement with people",
            description="Share of the complaints checked by people whose category they confirmed. People mostly check "
            "uncertain ones.",
            unit="share",
            dtype="number",
            formula="complaints whose category by a person is the first of alternatives / corrections",
            expression="sum(confirmed) / nullif(sum(corrected), 0)",
            better="higher",
            detail=Detail(
                "avg(CAST(coalesce(split_part(alternatives, ', ', 1) = category, false) AS INTEGER))",
                f"{COMPLAINT} AND category_source = 'person'",
            ),
        ),
    ),
)
