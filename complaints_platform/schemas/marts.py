"""Models of the marts: small tables with one definition each.

Every screen, report and alert reads these; how they are computed stands in ``marts/``.
"""

from typing import ClassVar

import pandera.polars as pa
import polars as pl

from complaints_platform.schemas.model import DataSet
from complaints_platform.schemas.records import UtcTime

EARLIER = "; null in days that an earlier release made, until they are made again"


class DailyComplaints(DataSet):
    """Complaints by day, source, channel, region, product, category and subcategory."""

    day: pl.Date = pa.Field(description="Day on which the complaints occurred (UTC). Partition.")
    local_day: pl.Date = pa.Field(description="That day in the reporting time zone: the one before, the same or after.")
    source: str = pa.Field(description="Source that they came from.")
    channel: str = pa.Field(description="Channel by which they came.")
    region: str = pa.Field(nullable=True, description="Region; null if the sender gives none.")
    product: str = pa.Field(nullable=True, description="Product; null if unknown.")
    category: str = pa.Field(description="First level of the taxonomy.")
    subcategory: str = pa.Field(nullable=True, description="Second level of the taxonomy.")
    model_version: str = pa.Field(description="Classifier by which the day was categorised.")
    taxonomy_version: str = pa.Field(description="Taxonomy of its categories.")
    complaints: int = pa.Field(ge=1, description="Complaints, exact duplicates excluded, near duplicates included.")
    near_duplicates: int = pa.Field(ge=0, description="How many of them nearly repeat an earlier one.")
    needs_review: int = pa.Field(ge=0, description="How many of them a person should look at.")
    by_model: int = pa.Field(ge=0, description="How many of them have the category that the classifier gave.")
    confidence_total: float = pa.Field(ge=0, description="Sum of the classifier's confidence (0..1) in these.")
    corrected: int = pa.Field(ge=0, description="How many of them have the category that a person gave.")
    confirmed: int = pa.Field(ge=0, description="How many of these the classifier had put into the same category.")
    with_sentiment: int = pa.Field(
        nullable=True, ge=0, description=f"Of how many of the complaints the sentiment is known{EARLIER}."
    )
    negative: int = pa.Field(nullable=True, ge=0, description=f"How many of these sound negative{EARLIER}.")
    with_severity: int = pa.Field(
        nullable=True, ge=0, description=f"Of how many of the complaints the severity is known{EARLIER}."
    )
    severe: int = pa.Field(nullable=True, ge=0, description=f"How many of these are of high severity{EARLIER}.")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = [
            "day",
            "local_day",
            "source",
            "channel",
            "region",
            "product",
            "category",
            "subcategory",
            "model_version",
            "taxonomy_version",
        ]


class ComplaintTrend(DataSet):
    """Complaints of a period up to a day, against the period before, by region and category."""

    day: pl.Date = pa.Field(description="Day at whose end it was counted (UTC). Partition.")
    local_day: pl.Date = pa.Field(
        nullable=True,
        description=f"Last day counted: the last of the reporting zone that was over by then{EARLIER}.",
    )
    period: str = pa.Field(isin=["day", "week", "month"], description="Calendar period: day, ISO week, month.")
    period_start: pl.Date = pa.Field(description="First day of the period that `local_day` lies in.")
    complete: bool = pa.Field(
        description="`local_day` is the period's last day; otherwise the count is period-to-date."
    )
    region: str = pa.Field(nullable=True, description="Region; null if the sender gives none.")
    category: str = pa.Field(description="First level of the taxonomy.")
    complaints: int = pa.Field(ge=0, description="Complaints from period_start to local_day.")
    previous: int = pa.Field(
        ge=0, description="Complaints of the period before: all of it if complete, else as many days of it."
    )
    mixed_versions: bool = pa.Field(
        description="The days counted were categorised by different models or taxonomies: a change may be theirs."
    )
    change: int = pa.Field(description="complaints - previous.")
    change_ratio: float = pa.Field(nullable=True, description="change / previous; null if previous is 0.")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "period", "region", "category"]


class Reconciliation(DataSet):
    """What became of every record of every file: the proof that nothing is lost or counted twice."""

    day: pl.Date = pa.Field(description="Day on which the file was received (UTC). Partition.")
    source: str = pa.Field(description="Source whose file it is.")
    file_name: str = pa.Field(description="Name of the file as received.")
    raw_sha256: str = pa.Field(description="SHA-256 of the original file.")
    received_at: UtcTime = pa.Field(description="When it was received (UTC).")
    received: int = pa.Field(
        ge=0, description="Records in the file; an unreadable file or rest of a file counts as one."
    )
    complaints: int = pa.Field(ge=0, description="Records that count as complaints.")
    duplicates: int = pa.Field(ge=0, description="Exact repetitions of another record.")
    superseded: int = pa.Field(ge=0, description="Records of which a newer version came.")
    retracted: int = pa.Field(ge=0, description="Records that the sender withdrew.")
    filtered: int = pa.Field(ge=0, description="Records that the contract says are no complaints.")
    quarantined: int = pa.Field(ge=0, description="Records set aside with a reason.")
    waiting: int = pa.Field(ge=0, description="Records whose day has not been materialised in cleaned/complaints yet.")
    reconciles: bool = pa.Field(description="received equals the sum of all outcomes, with nothing waiting.")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "source", "raw_sha256"]


class ServiceTime(DataSet):
    """How long a complaint waited for its first answer and its solution. One row a complaint of a source that tells."""

    day: pl.Date = pa.Field(description="Day on which the complaint was made (UTC). Partition.")
    local_day: pl.Date = pa.Field(description="The same in the reporting time zone.")
    complaint_id: str = pa.Field(description="The complaint.")
    source: str = pa.Field(description="Source that it came from.")
    channel: str = pa.Field(description="Channel by which it came.")
    region: str = pa.Field(nullable=True, description="Region; null if unknown.")
    product: str = pa.Field(nullable=True, description="Product; null if unknown.")
    category: str = pa.Field(description="First level of the taxonomy.")
    subcategory: str = pa.Field(nullable=True, description="Second level of the taxonomy.")
    opened_at: UtcTime = pa.Field(description="When it was made (UTC).")
    first_response_at: UtcTime = pa.Field(nullable=True, description="First answer to the customer (UTC).")
    first_response_minutes: float = pa.Field(nullable=True, ge=0, description="Minutes until then.")
    first_response_business_minutes: float = pa.Field(
        nullable=True, ge=0, description="Minutes of working hours until then."
    )
    first_response_target_minutes: float = pa.Field(
        nullable=True, description="Minutes it may take by the target of local_day; null: no target, or never told."
    )
    first_response_clock: str = pa.Field(
        nullable=True, isin=["calendar", "business"], description="Which minutes the target counts."
    )
    first_response_due_at: UtcTime = pa.Field(nullable=True, description="When these minutes have passed (UTC).")
    first_response_timely: bool = pa.Field(
        nullable=True, description="Answered by then; null: not answered yet, or no target."
    )
    resolved_at: UtcTime = pa.Field(nullable=True, description="When it was resolved (UTC).")
    resolved_day: pl.Date = pa.Field(nullable=True, description="That day in the reporting time zone.")
    resolution_minutes: float = pa.Field(nullable=True, ge=0, description="Minutes until then.")
    resolution_business_minutes: float = pa.Field(
        nullable=True, ge=0, description="Minutes of working hours until then."
    )
    resolution_target_minutes: float = pa.Field(
        nullable=True, description="Minutes it may take by the target of local_day; null: no target, or never told."
    )
    resolution_clock: str = pa.Field(
        nullable=True, isin=["calendar", "business"], description="Which minutes the target counts."
    )
    resolution_due_at: UtcTime = pa.Field(nullable=True, description="When these minutes have passed (UTC).")
    resolution_timely: bool = pa.Field(
        nullable=True, description="Resolved by then; null: not resolved yet, or no target."
    )
    backlog_from: pl.Date = pa.Field(
        nullable=True,
        description="Local day from which it is open, until resolved_day; null: its source does not tell when "
        "complaints are resolved, or says that it is closed but not since when.",
    )

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "complaint_id"]


class Contact(DataSet):
    """A complaint of a known customer, linked to the one before about the same category. One row a complaint."""

    day: pl.Date = pa.Field(description="Day on which the complaint was made (UTC). Partition.")
    local_day: pl.Date = pa.Field(description="The same in the reporting time zone.")
    complaint_id: str = pa.Field(description="The complaint.")
    occurred_at: UtcTime = pa.Field(description="When it was made (UTC).")
    person_key: str = pa.Field(description="The customer: account_key where it is known, else customer_key.")
    source: str = pa.Field(description="Source that it came from.")
    channel: str = pa.Field(description="Channel by which it came.")
    region: str = pa.Field(nullable=True, description="Region; null if unknown.")
    product: str = pa.Field(nullable=True, description="Product; null if unknown.")
    category: str = pa.Field(description="First level of the taxonomy.")
    subcategory: str = pa.Field(nullable=True, description="Second level of the taxonomy.")
    previous_id: str = pa.Field(
        nullable=True,
        description="The customer's complaint before it about the same category, by any channel, within 7 days.",
    )
    repeat_7_days: bool = pa.Field(description="There is one within 7 days.")
    repeat_30_days: bool = pa.Field(description="There is one within 30 days.")
    episode_id: str = pa.Field(description="Complaint with which its case began; that of a first contact is its own.")
    episode_started_at: UtcTime = pa.Field(description="When that was (UTC); less than 30 days before.")
    contact_number: int = pa.Field(ge=1, description="The how-manieth contact of its case it is.")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "complaint_id"]


class CustomerFeatures(DataSet):
    """What a customer went through in the 90 days up to a day on which they complained, for churn models."""

    day: pl.Date = pa.Field(description="Day of their complaint (UTC), the last one counted. Partition.")
    person_key: str = pa.Field(description="The customer: account_key where it is known, else customer_key.")
    account_known: bool = pa.Field(description="Reference data knows the account.")
    region: str = pa.Field(nullable=True, description="Region of the newest complaint of the day that has one.")
    product: str = pa.Field(nullable=True, description="Product of the newest complaint of the day that has one.")
    segment: str = pa.Field(nullable=True, description="Segment of the newest complaint of the day that has one.")
    last_category: str = pa.Field(description="Category of the newest complaint.")
    contacts_today: int = pa.Field(ge=1, description="Complaints on that day.")
    contacts_7_days: int = pa.Field(ge=1, description="Complaints in 7 days, that day included.")
    contacts_30_days: int = pa.Field(ge=1, description="Complaints in 30 days, that day included.")
    contacts_90_days: int = pa.Field(ge=1, description="Complaints in 90 days, that day included.")
    categories_90_days: int = pa.Field(ge=1, description="How many categories they were about.")
    channels_90_days: int = pa.Field(ge=1, description="By how many channels they came.")
    repeats_90_days: int = pa.Field(
        ge=0, description="How many came within 7 days of another of these about the same category."
    )
    negative_share_90_days: float = pa.Field(
        nullable=True, ge=0, le=1, description="Share that sounds negative, of those whose sentiment is known."
    )
    unresolved_90_days: int = pa.Field(
        ge=0, description="How many, of sources that tell, were not resolved when the day ended."
    )
    days_since_last: int = pa.Field(
        nullable=True, ge=1, description="Days since the last day with a complaint before this one; null: none in 90."
    )

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "person_key"]


class ComplaintRate(DataSet):
    """Complaints of a day and how many subscribers there were, by region and product."""

    day: pl.Date = pa.Field(description="Day on which the complaints occurred (UTC). Partition.")
    region: str = pa.Field(nullable=True, description="Region; null if unknown.")
    product: str = pa.Field(nullable=True, description="Product; null if unknown.")
    complaints: int = pa.Field(ge=0, description="Complaints, exact duplicates excluded, near duplicates included.")
    subscribers: int = pa.Field(ge=0, description="Accounts that reference data knows on the day.")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "region", "product"]


class HourlyComplaints(DataSet):
    """Complaints by hour, channel, region and category: what incidents are found in."""

    day: pl.Date = pa.Field(description="Day on which the complaints occurred (UTC). Partition.")
    hour_at: UtcTime = pa.Field(description="Start of the hour in which they occurred (UTC).")
    channel: str = pa.Field(description="Channel by which they came.")
    region: str = pa.Field(nullable=True, description="Region; null if the sender gives none.")
    category: str = pa.Field(description="First level of the taxonomy.")
    model_version: str = pa.Field(description="Classifier by which the day was categorised.")
    taxonomy_version: str = pa.Field(description="Taxonomy of its categories.")
    complaints: int = pa.Field(ge=1, description="Complaints, exact duplicates excluded, near duplicates included.")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["hour_at", "channel", "region", "category", "model_version", "taxonomy_version"]


class Incident(DataSet):
    """Outbreaks of complaints: one row for each day on which one is open; the newest row of an incident is the whole.

    Lists are JSON arrays, so that every reader of the table can take them; `(none)` stands for an unknown region.
    """

    day: pl.Date = pa.Field(description="Day (UTC) as of whose end, or newest hour, the row describes it. Partition.")
    incident_id: str = pa.Field(
        str_length={"min_value": 16, "max_value": 16}, description="Stable name: the same on all its days."
    )
    started_at: UtcTime = pa.Field(description="Start of its first hour (UTC).")
    detected_at: UtcTime = pa.Field(description="End of the hour whose data were enough to see it (UTC).")
    peak_at: UtcTime = pa.Field(description="Start of the hour with the largest excess (UTC).")
    ended_at: UtcTime = pa.Field(
        nullable=True, description="End of its last hour (UTC), once it is seen to be over; null while it is open."
    )
    severity: str = pa.Field(
        isin=["minor", "major", "critical"],
        description="Excess of the worst hour against an average hour of all complaints: critical from a half, major "
        "from a tenth.",
    )
    observed: int = pa.Field(ge=1, description="Complaints during the incident, in its regions and categories.")
    expected: float = pa.Field(ge=0, description="Complaints usual in them at these hours.")
    excess: float = pa.Field(description="observed - expected.")
    ratio: float = pa.Field(ge=0, description="observed / expected.")
    categories: str = pa.Field(description="Categories that it shows in, the largest excess first (JSON array).")
    regions: str = pa.Field(description="Regions that it shows in, the largest excess first (JSON array).")
    channels: str = pa.Field(description="Channels that brought most of the excess, the largest first (JSON array).")
    counted: str = pa.Field(
        nullable=True,
        description="What observed counts from started_at on: JSON array of [category, region, channel], null for any"
        f"{EARLIER}.",
    )
    top_terms: str = pa.Field(description="Words and pairs of words that stand out in its texts (JSON array).")
    sample_ids: str = pa.Field(description="complaint_id of a few of its complaints around the peak (JSON array).")
    series: str = pa.Field(
        description="Its hours: JSON array of [start of the hour, observed, expected, upper], where more than upper is "
        "three standard deviations above expected.",
    )
    explanation: str = pa.Field(
        description="What happened, in a sentence made of these numbers, with times of the reporting zone."
    )

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "incident_id"]


class TermCount(DataSet):
    """How many complaints of a category use a word or a pair of words, by day: the most used ones."""

    day: pl.Date = pa.Field(description="Day on which the complaints occurred (UTC). Partition.")
    category: str = pa.Field(description="First level of the taxonomy.")
    texts: int = pa.Field(ge=1, description="Complaints of the category on the day, near duplicates left out.")
    term: str = pa.Field(description="A word or two neighbouring words of redacted texts, lower case.")
    complaints: int = pa.Field(ge=1, description="How many of these texts use it.")
    sample_ids: str = pa.Field(description="complaint_id of up to three of them (JSON array).")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "category", "term"]


class EmergingTopic(DataSet):
    """Words and pairs of words that rise within a category, against the four weeks before."""

    day: pl.Date = pa.Field(description="Day (UTC) on which the term stands out. Partition.")
    category: str = pa.Field(description="First level of the taxonomy.")
    term: str = pa.Field(description="A word or two neighbouring words of redacted texts, lower case.")
    complaints: int = pa.Field(ge=1, description="Complaints of the category that use it on the day.")
    expected: float = pa.Field(ge=0, description="As many would use it at its share of the four weeks before.")
    score: float = pa.Field(description="How improbable the rise is: -log10 of the probability of as many or more.")
    sample_ids: str = pa.Field(description="complaint_id of up to three of them (JSON array).")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = ["day", "category", "term"]
