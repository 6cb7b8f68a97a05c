"""The registry of metrics: each number that people are shown is defined here, once.

Documentation, the metadata of assets, the query service and the dashboard read these definitions; which SQL a
question becomes is ``measuring``'s, the rows that are measured are made by the modules of the marts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from complaints_platform.schemas import (
    ComplaintRate,
    ComplaintTrend,
    Contact,
    CustomerFeatures,
    DailyComplaints,
    DataSet,
    EmergingTopic,
    HourlyComplaints,
    Incident,
    Reconciliation,
    ServiceTime,
    TermCount,
)

Grain = Literal["total", "day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("total", "day", "week", "month")


@dataclass(frozen=True)
class Mart:
    """One mart: what a row of it is."""

    name: str
    """Its name in SQL: ``mart.…``."""
    title: str
    grain: str
    """What one row is, in words."""
    description: str
    model: type[DataSet]
    day_column: str = "day"
    """The day by which readers group and filter; ``day`` itself is always the partition (UTC)."""
    by_complaint: bool = False
    """One row a complaint: as long as the detail, though narrow. The others stay small."""


@dataclass(frozen=True)
class OpenRows:
    """For what is a state, not an event: which rows count at the end of a day."""

    since: str
    """Column of the day from which a row counts."""
    until: str
    """Column of the day from which it no longer counts; null: it still does."""


@dataclass(frozen=True)
class Detail:
    """The same number from ``categorized.complaints``: what a test holds the mart against."""

    expression: str
    """A DuckDB SQL aggregate over its rows."""
    filter: str
    """A DuckDB SQL condition on its rows."""


@dataclass(frozen=True)
class Metric:
    """One number. All SQL in it is constant text; what people ask for are columns of its closed lists."""

    name: str
    title: str
    description: str
    unit: str
    """What the value counts: complaints, minutes, share (0..1), …"""
    formula: str
    """How it is computed, in words."""
    table: str
    """The mart that it is computed from: a key of ``MARTS``."""
    expression: str
    """A DuckDB SQL aggregate over rows of that mart; null where there is nothing to compute it from. If the metric has
    ``open_rows``, it is one over the ages of what is open: age (days), rows_of_age (how many are so old),
    rows_up_to_age (how many are so old or younger) and rows_open (how many there are)."""
    dimensions: tuple[str, ...]
    """Columns of the mart by which it may be grouped and filtered."""
    better: Literal["lower", "higher"] | None
    detail: Detail | None
    """None where settings (targets, business hours) or chains of complaints decide: no constant SQL can say it."""
    dtype: Literal["integer", "number"] = "integer"
    filter: str = ""
    """A DuckDB SQL condition on rows of the mart that have something to measure; empty: all have. The expression passes
    over others by itself; with the condition, groups of nothing else are absent."""
    grains: tuple[Grain, ...] = GRAINS
    open_rows: OpenRows | None = None
    """If given, a period's value is that at the end of its last day; otherwise, that of the rows of its days."""


COMPLAINT = "outcome = 'complaint'"
"""What counts in the detail: exact duplicates, older versions and withdrawn records do not."""

MARTS: Mapping[str, Mart] = {
    mart.name: mart
    for mart in (
        Mart(
            "mart.daily_complaints",
            "Complaints by day",
            "a day, source, channel, region, product, category and subcategory",
            "How many complaints there were, of what kind, and how sure the classifier was of them. Where the "
            "reporting time zone is not UTC, a UTC day has rows of two local days.",
            DailyComplaints,
            day_column="local_day",
        ),
        Mart(
            "mart.complaint_trends",
            "Trends",
            "a period (day, ISO week, month) up to a day, region and category",
            "Complaints of a period against the period before. By other dimensions, and against a year before, the "
            "metric `complaints` is asked (`compare=year`), which counts the same days.",
            ComplaintTrend,
            day_column="local_day",
        ),
        Mart(
            "mart.complaint_rates",
            "Complaints against subscribers",
            "a day, region and product",
            "Complaints beside the number of subscribers, by UTC day. Without reference data of customers it is empty.",
            ComplaintRate,
        ),
        Mart(
            "mart.service_times",
            "Service times",
            "a complaint of a source whose contract maps first_response_at or resolved_at",
            "How long customers waited for an answer and a solution, in all hours and in working hours; by which "
            "target, as of the day of the complaint; and since and until when the complaint was open.",
            ServiceTime,
            day_column="local_day",
            by_complaint=True,
        ),
        Mart(
            "mart.contacts",
            "Contacts and cases",
            "a complaint of a known customer",
            "Which complaint of the same customer about the same category came before it, and which case (episode) it "
            "belongs to: complaints not more than 7 days apart, by any channel, for less than 30 days.",
            Contact,
            day_column="local_day",
            by_complaint=True,
        ),
        Mart(
            "mart.customer_features",
            "Customer features",
            "a day and customer who complained on it",
            "What the customer went through in 90 days, as it was known when the day ended: for models of churn.",
            CustomerFeatures,
        ),
        Mart(
            "mart.hourly_complaints",
            "Complaints by hour",
            "an hour (UTC), channel, region and category",
            "How many complaints there were by hour: what incidents are found in.",
            HourlyComplaints,
        ),
        Mart(
            "mart.incidents",
            "Incidents",
            "an outbreak of complaints and a day on which it is open; the newest row of an incident is the whole",
            "More complaints than is usual for the hour, the weekday and the place, by more than chance explains.",
            Incident,
        ),
        Mart(
            "mart.term_counts",
            "Words by day",
            "a word or pair of words of a category on a day, the 200 most used ones",
            "How many complaints of a category use a word.",
            TermCount,
        ),
        Mart(
            "mart.emerging_topics",
            "Emerging topics",
            "a word or pair of words that rises within a category on a day",
            "What is written about more than in the four weeks before.",
            EmergingTopic,
        ),
        Mart(
            "mart.reconciliation",
            "Reconciliation",
            "a file received",
            "What became of every record of every file.",
            Reconciliation,
        ),
    )
}

OF_COMPLAINTS = ("source", "channel", "region", "product", "category", "subcategory")
OF_CATEGORIES = (*OF_COMPLAINTS, "model_version", "taxonomy_version")
OF_CUSTOMERS = ("region", "product")

DAILY, RATES, SERVICE, CONTACTS = (
    "mart.daily_complaints",
    "mart.complaint_rates",
    "mart.service_times",
    "mart.contacts",
)

KNOWN_CUSTOMER = f"{COMPLAINT} AND coalesce(account_key, customer_key) IS NOT NULL"
MEDIAN = 0.5
OPEN = OpenRows("backlog_from", "resolved_day")


def _waiting(name: str, title: str, done: str, at: str) -> tuple[Metric, ...]:
    """Return median and 90th percentile of the time until ``at``, in all hours and in working hours."""
    in_detail = f"date_diff('microseconds', occurred_at, {at}) / 6e7"

    def metric(share: str, words: str, quantile: float, *, business: bool) -> Metric:
        column = f"{name}_business_minutes" if business else f"{name}_minutes"
        kind = "minutes of working hours" if business else "minutes"
        return Metric(
            name=f"{name}_{'median' if quantile == MEDIAN else 'p90'}{'_business' if business else ''}",
            title=f"{title}: {words}{' (working hours)' if business else ''}",
            description=f"Within so many {kind} {share} of the complaints were {done}. Others do not count.",
            unit="minutes",
            formula=f"{words} of {column}, interpolated, by the day of the complaint",
            table=SERVICE,
            expression=f"quantile_cont({column}, {quantile})",
            filter=f"{column} IS NOT NULL",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=None
            if business
            else Detail(f"quantile_cont({in_detail}, {quantile})", f"{COMPLAINT} AND {at} IS NOT NULL"),
            dtype="number",
        )

    return tuple(
        metric(*which, business=business)
        for business in (False, True)
        for which in (("half", "median", MEDIAN), ("nine of ten", "90th percentile", 0.9))
    )


def _timely(name: str, title: str, done: str, besides: str = "") -> Metric:
    """Return the share of complaints that were dealt with in time; ``besides`` is said of what does not count."""
    due = f"{name}_timely IS NOT NULL OR {name}_due_at <= now()"
    return Metric(
        name=f"{name}_timely_rate",
        title=title,
        description=f"Share of the complaints that were {done} in time, of those that were {done} or should have been "
        f"by now. The target is that of the day on which the complaint was made.{besides}",
        unit="share",
        formula=f"{name}_timely / ({name}_timely is known, or {name}_due_at has passed), by the day of the complaint",
        table=SERVICE,
        expression=f"count(*) FILTER ({name}_timely) / nullif(count(*) FILTER ({due}), 0)",
        dimensions=OF_COMPLAINTS,
        better="higher",
        detail=None,
        dtype="number",
    )


def _share_of(name: str, title: str, description: str, counts: tuple[str, str], attribute: tuple[str, str]) -> Metric:
    """Return the share of complaints that have a value of an attribute, of those of which the attribute is known."""
    (having, known), (column, value) = counts, attribute
    return Metric(
        name=name,
        title=title,
        description=description,
        unit="share",
        formula=f"complaints of {column} {value} / complaints whose {column} is known",
        table=DAILY,
        expression=f"sum({having}) / nullif(sum({known}), 0)",
        dimensions=OF_CATEGORIES,
        better="lower",
        detail=Detail(f"avg(CAST({column} = '{value}' AS INTEGER))", f"{COMPLAINT} AND {column} IS NOT NULL"),
        dtype="number",
    )


def _of_contacts(days: int) -> Metric:
    return Metric(
        name=f"repeat_contacts_{days}_days",
        title=f"Repeat contacts within {days} days",
        description=f"Complaints of customers who had complained about the same category within {days} days, by "
        "whatever channel.",
        unit="complaints",
        formula=f"number of complaints with repeat_{days}_days",
        table=CONTACTS,
        expression=f"count(*) FILTER (repeat_{days}_days)",
        dimensions=OF_COMPLAINTS,
        better="lower",
        detail=None,
    )


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="complaints",
            title="Complaints",
            description="Complaints received. Exact repetitions, older versions and withdrawn records do not count; "
            "complaints that nearly repeat an earlier one do.",
            unit="complaints",
            formula="number of records with outcome complaint",
            table=DAILY,
            expression="CAST(coalesce(sum(complaints), 0) AS BIGINT)",
            dimensions=OF_CATEGORIES,
            better="lower",
            detail=Detail("count(*)", COMPLAINT),
        ),
        Metric(
            name="near_duplicates",
            title="Near duplicates",
            description="Complaints whose words nearly repeat those of an earlier one, as campaigns and bots do.",
            unit="complaints",
            formula="number of complaints that name an earlier one as near_duplicate_of",
            table=DAILY,
            expression="CAST(coalesce(sum(near_duplicates), 0) AS BIGINT)",
            dimensions=OF_CATEGORIES,
            better=None,
            detail=Detail("count(*)", f"{COMPLAINT} AND near_duplicate_of IS NOT NULL"),
        ),
        Metric(
            name="needs_review",
            title="For review",
            description="Complaints of whose category the classifier is too unsure: a person should look.",
            unit="complaints",
            formula="number of complaints marked needs_review",
            table=DAILY,
            expression="CAST(coalesce(sum(needs_review), 0) AS BIGINT)",
            dimensions=OF_CATEGORIES,
            better="lower",
            detail=Detail("count(*)", f"{COMPLAINT} AND needs_review"),
        ),
        Metric(
            name="review_share",
            title="Share for review",
            description="Share of complaints of whose category the classifier is too unsure.",
            unit="share",
            formula="complaints marked needs_review / complaints",
            table=DAILY,
            expression="sum(needs_review) / nullif(sum(complaints), 0)",
            dimensions=OF_CATEGORIES,
            better="lower",
            detail=Detail("avg(CAST(needs_review AS INTEGER))", COMPLAINT),
            dtype="number",
        ),
        Metric(
            name="mean_confidence",
            title="Confidence of the classifier",
            description="How likely the classifier holds its own categories to be right, on average.",
            unit="share",
            formula="sum of confidence / complaints with the classifier's category",
            table=DAILY,
            expression="sum(confidence_total) / nullif(sum(by_model), 0)",
            dimensions=OF_CATEGORIES,
            better="higher",
            detail=Detail("avg(confidence)", f"{COMPLAINT} AND category_source = 'model'"),
            dtype="number",
        ),
        _share_of(
            "negative_share",
            "Sounds negative",
            "Share of complaints whose words sound angry, disappointed or sarcastic, as the classifier hears them.",
            ("negative", "with_sentiment"),
            ("sentiment", "negative"),
        ),
        _share_of(
            "severe_share",
            "Severe",
            "Share of complaints that are grave for the customer, as the classifier judges by the taxonomy.",
            ("severe", "with_severity"),
            ("severity", "high"),
        ),
        Metric(
            name="corrections",
            title="Decided by people",
            description="Complaints whose category a person gave.",
            unit="complaints",
            formula="number of complaints with category_source person",
            table=DAILY,
            expression="CAST(coalesce(sum(corrected), 0) AS BIGINT)",
            dimensions=OF_CATEGORIES,
            better=None,
            detail=Detail("count(*)", f"{COMPLAINT} AND category_source = 'person'"),
        ),
        Metric(
            name="correction_agreement",
            title="People agree with the classifier",
            description="Share of the complaints that people looked at which they left in the category that the "
            "classifier found likeliest. People mostly look at what it was unsure of.",
            unit="share",
            formula="complaints whose category by a person is the first of alternatives / complaints decided by people",
            table=DAILY,
            expression="sum(confirmed) / nullif(sum(corrected), 0)",
            dimensions=OF_CATEGORIES,
            better="higher",
            detail=Detail(
                "avg(CAST(coalesce(split_part(alternatives, ', ', 1) = category, false) AS INTEGER))",
                f"{COMPLAINT} AND category_source = 'person'",
            ),
            dtype="number",
        ),
        Metric(
            name="complaints_per_1000_subscribers",
            title="Complaints per 1,000 subscribers",
            description="Complaints of the period for each thousand subscribers there were in it on average. Only with "
            "reference data of customers. Complaints of customers whose region or product is unknown count in totals.",
            unit="complaints per 1,000 subscribers",
            formula="1000 * complaints / (sum of subscribers over days / days)",
            table=RATES,
            expression="1000.0 * sum(complaints) * count(DISTINCT day) / nullif(sum(subscribers), 0)",
            dimensions=OF_CUSTOMERS,
            better="lower",
            detail=None,
            dtype="number",
        ),
        *_waiting("first_response", "First response", "answered", "first_response_at"),
        *_waiting("resolution", "Resolution", "resolved", "resolved_at"),
        Metric(
            name="answered",
            title="Answered",
            description="Complaints that were answered, by the day of the complaint.",
            unit="complaints",
            formula="number of complaints with first_response_at",
            table=SERVICE,
            expression="count(first_response_at)",
            dimensions=OF_COMPLAINTS,
            better=None,
            detail=Detail("count(first_response_at)", COMPLAINT),
        ),
        Metric(
            name="resolved",
            title="Resolved",
            description="Complaints that were resolved, by the day of the complaint.",
            unit="complaints",
            formula="number of complaints with resolved_at",
            table=SERVICE,
            expression="count(resolved_at)",
            dimensions=OF_COMPLAINTS,
            better=None,
            detail=Detail("count(resolved_at)", COMPLAINT),
        ),
        _timely("first_response", "Answered in time", "answered"),
        _timely(
            "resolution",
            "Resolved in time",
            "resolved",
            " What is closed without a time does not count: it is neither open nor late.",
        ),
        Metric(
            name="backlog",
            title="Open complaints",
            description="Complaints that were open when the period ended, of sources that tell when they are resolved.",
            unit="complaints",
            formula="number of complaints with backlog_from <= last day, and resolved_day none or later",
            table=SERVICE,
            expression="CAST(coalesce(sum(rows_of_age), 0) AS BIGINT)",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=None,
            open_rows=OPEN,
        ),
        Metric(
            name="backlog_median_age",
            title="Age of open complaints: median",
            description="For how many days half of the complaints had been open when the period ended.",
            unit="days",
            formula="median of last day - backlog_from over open complaints",
            table=SERVICE,
            # Half way between the two in the middle, which are one if their number is odd.
            expression="(min(age) FILTER (2 * rows_up_to_age >= rows_open) "
            "+ min(age) FILTER (2 * rows_up_to_age > rows_open)) / 2",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=None,
            dtype="number",
            open_rows=OPEN,
        ),
        Metric(
            name="backlog_over_30_days",
            title="Open for more than 30 days",
            description="Complaints that had been open for more than 30 days when the period ended.",
            unit="complaints",
            formula="number of open complaints with last day - backlog_from > 30",
            table=SERVICE,
            expression="CAST(coalesce(sum(rows_of_age) FILTER (age > 30), 0) AS BIGINT)",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=None,
            open_rows=OPEN,
        ),
        Metric(
            name="contacts",
            title="Complaints of known customers",
            description="Complaints whose customer is known: the events behind the cases.",
            unit="complaints",
            formula="number of complaints with a customer",
            table=CONTACTS,
            expression="count(*)",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=Detail("count(*)", KNOWN_CUSTOMER),
        ),
        Metric(
            name="cases",
            title="Cases",
            description="Cases that began: complaints of one customer about one category, not more than 7 days apart "
            "and for less than 30 days, are one case, by whatever channels they came.",
            unit="cases",
            formula="number of complaints that are the first of their case",
            table=CONTACTS,
            expression="count(*) FILTER (contact_number = 1)",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=None,
        ),
        _of_contacts(7),
        _of_contacts(30),
        Metric(
            name="repeat_rate_7_days",
            title="Share of repeat contacts within 7 days",
            description="Share of the complaints of known customers that repeat one of the last 7 days about the same "
            "category.",
            unit="share",
            formula="complaints with repeat_7_days / complaints with a customer",
            table=CONTACTS,
            expression="avg(CAST(repeat_7_days AS INTEGER))",
            dimensions=OF_COMPLAINTS,
            better="lower",
            detail=None,
            dtype="number",
        ),
    )
}
