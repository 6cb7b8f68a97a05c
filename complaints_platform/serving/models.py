"""What the query service answers: one Pydantic model for each answer, from which its OpenAPI is made.

Only shapes and what their fields mean; how answers are found is the business of the modules beside this one.
"""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Better = Literal["lower", "higher"] | None


class Answer(BaseModel):
    """Base of all models."""

    model_config = ConfigDict(extra="forbid")


class AsOf(Answer):
    """Base of answers that read tables."""

    as_of: datetime | None = Field(description="When the tables read were published; null: nothing was yet.")


class ErrorDetail(Answer):
    """What went wrong."""

    code: str = Field(description="For programs.")
    message: str = Field(description="For people.")
    hint: str | None = Field(default=None, description="What to do about it.")


class ErrorAnswer(Answer):
    """Every error has this shape."""

    error: ErrorDetail


class Me(Answer):
    """Who asks, and of what installation."""

    name: str
    role: str
    rights: list[str]
    profile: str
    time_zone: str = Field(description="The reporting zone: days and hours of people are its.")
    version: str


class SessionRequest(Answer):
    """A login."""

    token: str = Field(min_length=1, max_length=200)


class MetricInfo(Answer):
    """The one definition of a metric."""

    name: str
    title: str
    description: str
    unit: str
    formula: str
    grain: str = Field(description="What one row of its mart is.")
    table: str
    dimensions: list[str]
    grains: list[str]
    better: Better


class Metrics(Answer):
    """All metrics."""

    metrics: list[MetricInfo]


class MetricRow(BaseModel):
    """One value, with the requested dimensions under their names."""

    model_config = ConfigDict(extra="allow")

    period: date | None = Field(description="First day of the period; null for a total.")
    value: float | int | None
    previous: float | int | None = Field(default=None, description="The previous value, if a comparison was requested.")


class MetricAnswer(AsOf):
    """A metric by period and dimensions."""

    metric: str
    title: str
    unit: str
    grain: str
    by: list[str]
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    previous_from: date | None = None
    previous_to: date | None = None
    rows: list[MetricRow]
    truncated: bool = Field(description="There are more rows than `limit`.")
    mixed_versions: bool = Field(description="Days categorised by different models or taxonomies are compared.")


class Headline(Answer):
    """A metric of the whole period."""

    metric: str
    title: str
    unit: str
    value: float | int | None
    previous: float | int | None
    better: Better


class DayValue(Answer):
    """One day and what was as many days before as the period is long."""

    day: date
    value: int
    previous: int | None


class Share(Answer):
    """Base of the parts of a count."""

    value: int
    previous: int | None = Field(description="Null: there is no data of then.")


class OfCategory(Share):
    """Complaints of a category."""

    category: str | None


class OfRegion(Share):
    """Complaints of a region."""

    region: str | None


class OfChannel(Share):
    """Complaints of a channel."""

    channel: str | None


LOOKED_AT = "When sources, landing and what has to be made again were last looked at; null: not yet."


class Freshness(Answer):
    """When a source was heard of."""

    source: str
    cadence: str
    last_received_at: datetime | None
    deadline_at: datetime | None = Field(description="When it counts as silent; null: it never sent anything.")
    late: bool


class Incident(Answer):
    """An outbreak of complaints."""

    incident_id: str
    started_at: datetime
    peak_at: datetime | None
    ended_at: datetime | None
    severity: str
    open: bool
    categories: list[str]
    regions: list[str]
    channels: list[str]
    observed: float
    expected: float
    excess: float
    ratio: float | None
    top_terms: list[str]
    sample_ids: list[str]
    explanation: str


class Incidents(AsOf):
    """Incidents, newest first."""

    incidents: list[Incident]


class IncidentPoint(Answer):
    """An hour of an incident's counts."""

    time: datetime
    observed: float
    expected: float | None
    upper: float | None


class ComplaintItem(Answer):
    """A complaint in a list: redacted."""

    complaint_id: str
    day: date
    occurred_at: datetime
    source: str
    channel: str
    region: str | None
    product: str | None
    category: str | None
    subcategory: str | None
    confidence: float | None
    needs_review: bool | None
    category_source: str | None
    text: str | None
    near_duplicate_of: str | None
    status: str | None
    first_response_at: datetime | None
    resolved_at: datetime | None
    severity: str | None = None
    sentiment: str | None = None


class IncidentDetail(AsOf, Incident):
    """An incident with its course and examples."""

    series: list[IncidentPoint]
    samples: list[ComplaintItem]


class Overview(AsOf):
    """What a manager sees first."""

    first: date | None = Field(serialization_alias="from")
    last: date | None = Field(serialization_alias="to")
    previous_from: date | None
    previous_to: date | None
    headline: list[Headline]
    by_day: list[DayValue]
    by_category: list[OfCategory]
    by_region: list[OfRegion]
    by_channel: list[OfChannel]
    incidents: list[Incident]
    freshness: list[Freshness]
    looked_at: datetime | None = Field(description=LOOKED_AT)
    review_waiting: int | None = Field(
        description="Complaints of the last 30 days with data that are marked for review and that nobody has decided; "
        "null: not known yet, or there is no classifier."
    )
    stale_days: int = Field(description="Days that will be made again because something they are made of changed.")
    mixed_versions: bool


class Found(AsOf):
    """A page of complaints."""

    items: list[ComplaintItem]
    total: int = Field(description="Complaints that match, on all pages.")
    next_cursor: str | None
    indexed_from: date | None = Field(description="First day that can be searched by now.")
    indexed_to: date | None


class Correction(Answer):
    """What a person said of a complaint."""

    author: str
    at: datetime
    category: str | None
    subcategory: str | None
    is_complaint: bool


class Lineage(Answer):
    """Where a complaint's bytes are."""

    file_name: str | None
    raw_sha256: str
    record_number: int
    received_at: datetime
    source: str


class Episode(Answer):
    """The case that a complaint belongs to."""

    episode_id: str
    contact_number: int = Field(description="The how-manieth contact of its case it is.")
    started_at: datetime
    previous_id: str | None = Field(description="The contact of the case before it.")


class ComplaintDetail(AsOf):
    """All that is known of a complaint, but for what was sent."""

    complaint: dict[str, Any] = Field(description="Columns of categorized.complaints.")
    duplicates: list[ComplaintItem] = Field(description="Records that repeat it exactly.")
    near_duplicates: list[ComplaintItem]
    corrections: list[Correction]
    lineage: Lineage
    episode: Episode | None


class TermWeight(Answer):
    """A word or phrase, and what it adds for the category (negative: against it)."""

    term: str
    weight: float


class Alternative(Answer):
    """A category that the model finds likely."""

    category: str
    subcategory: str | None = None
    probability: float | None = None


class ExplanationAnswer(Answer):
    """Why the serving model gives a complaint its category."""

    category: str
    subcategory: str | None
    stored_category: str | None = Field(description="The category in the tables; a person may have decided otherwise.")
    runner_up: str | None
    terms: list[TermWeight]
    alternatives: list[Alternative]


class RawAnswer(Answer):
    """A record as it was received: personal data."""

    complaint_id: str
    source: str
    file_name: str | None
    raw_sha256: str
    record_number: int
    received_at: datetime
    raw_record: str
    text: str | None
    customer: str | None


class ReviewItem(ComplaintItem):
    """A complaint that a person should look at."""

    alternatives: list[Alternative]
    terms: list[TermWeight]


class ReviewQueue(AsOf):
    """The review queue, most instructive first."""

    waiting: int = Field(description="The same number as review_waiting of the overview.")
    items: list[ReviewItem]


class CorrectionRequest(Answer):
    """A decision about a complaint."""

    complaint_id: str = Field(pattern=r"^[0-9a-f]{32}$")
    category: str | None = Field(default=None, max_length=63)
    subcategory: str | None = Field(default=None, max_length=63)
    is_complaint: bool = True


class CorrectionAnswer(Answer):
    """What became of it."""

    label_id: str = Field(description="The same for the same decision of the same person.")
    complaint_id: str
    category: str | None
    subcategory: str | None
    is_complaint: bool
    author: str
    new: bool = Field(description="False: this person had said just that before, and it still stands.")


class SubcategoryInfo(Answer):
    """Second level of the taxonomy."""

    name: str
    title: str
    definition: str


class CategoryInfo(SubcategoryInfo):
    """First level of the taxonomy."""

    subcategories: list[SubcategoryInfo]


class TaxonomyAnswer(Answer):
    """The taxonomy in force."""

    version: str
    fallback: str = Field(description="Category of what is no complaint, or of nothing else.")
    categories: list[CategoryInfo]


class SourceHealth(Answer):
    """A source and what came of it."""

    source: str
    cadence: str
    files: int
    received: int
    quarantined: int
    waiting: int = Field(description="Files in the landing that are not collected yet.")
    last_received_at: datetime | None
    late: bool


class QuarantineCount(Answer):
    """Quarantined records, counted."""

    source: str
    reason: str
    records: int


class OpenFile(Answer):
    """A file whose records are not all accounted for yet."""

    source: str
    file_name: str
    received_at: datetime
    received: int
    waiting: int


class ReconciliationHealth(Answer):
    """The proof that nothing is lost."""

    files: int
    reconciled: int
    open: list[OpenFile]


class Quality(Answer):
    """A measure of data quality, with plain words."""

    metric: str
    title: str
    value: float | None
    unit: str
    words: str


class ModelHealth(Answer):
    """The classifier in service."""

    version: str | None
    taxonomy_version: str | None
    trained_at: datetime | None
    needs_review_share: float | None


class Health(AsOf):
    """How data and pipeline are."""

    looked_at: datetime | None = Field(description=LOOKED_AT)
    sources: list[SourceHealth]
    quarantine: list[QuarantineCount]
    reconciliation: ReconciliationHealth
    quality: list[Quality]
    stale: dict[str, int] = Field(description="Table → days that will be made again.")
    model: ModelHealth
    sentences: list[str] = Field(description="Findings in plain words, the most important first.")


class SqlColumn(Answer):
    """A column of a result."""

    name: str
    type: str


class ColumnInfo(SqlColumn):
    """A column of a data set."""

    description: str


class DataSetInfo(Answer):
    """A data set that SQL can name."""

    name: str
    description: str
    columns: list[ColumnInfo]


class SqlRequest(Answer):
    """A query."""

    sql: str = Field(min_length=1, max_length=100_000)
    format: Literal["json", "csv", "parquet", "arrow"] = "json"


class SqlAnswer(AsOf):
    """A result, as rows of values."""

    columns: list[SqlColumn]
    rows: list[list[Any]]
    truncated: bool = Field(description="There are more rows than may be returned.")
    elapsed_ms: int


class AuditEntry(Answer):
    """One request in the audit log."""

    at: datetime
    name: str
    role: str
    method: str
    path: str
    asked: dict[str, Any]
    status: int
    rows: int | None
    milliseconds: int


class Audit(Answer):
    """The newest entries of the audit log, newest first."""

    entries: list[AuditEntry]


class Alive(Answer):
    """The service runs."""

    status: Literal["ok", "starting"]


class ReportInfo(Answer):
    """A report that was made."""

    kind: str
    day: date = Field(description="The last day it is about.")
    made_at: datetime
    page: str = Field(description="Where its page is.")


class Reports(Answer):
    """Reports, the latest day first."""

    reports: list[ReportInfo]


class AlertDelivery(Answer):
    """What became of telling somebody."""

    notification: str
    receiver: str
    attempts: int
    delivered: bool
    error: str
    at: datetime


class AlertChange(Answer):
    """One notification of an alert: opened, worse, resolved."""

    id: str
    state: str
    severity: str
    text: str
    at: datetime


class AcknowledgementInfo(Answer):
    """Who has acknowledged an alert, and when."""

    by: str
    at: datetime


class Acknowledged(AcknowledgementInfo):
    """An acknowledgement, with its alert."""

    id: str


class Alert(Answer):
    """A condition that was noticed, from opened to resolved."""

    id: str
    kind: str
    title: str
    state: Literal["open", "resolved", "happened"]
    severity: str
    text: str
    source: str | None
    day: date | None
    categories: list[str]
    meaning: str
    next_step: str
    runbook: str
    opened_at: datetime
    changed_at: datetime
    acknowledged: AcknowledgementInfo | None
    deliveries: list[AlertDelivery]
    waiting: bool = Field(description="A notification is still waiting to be delivered.")
    history: list[AlertChange]


class AlertReceiver(Answer):
    """Whether a receiver can be reached."""

    receiver: str
    failures: int
    at: datetime | None
    error: str


class Alerts(Answer):
    """Alerts, the newest first."""

    looked_at: datetime | None = Field(
        description="When the platform last completed its checks; null: never. Long ago: an empty list means nothing."
    )
    alerts: list[Alert]
    receivers: list[AlertReceiver]
