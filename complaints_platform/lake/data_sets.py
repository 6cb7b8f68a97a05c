"""The data sets that have a table: name, model and how rows are told apart by day.

The one registry behind assets, the IO manager, queries and documentation.
"""

from dataclasses import dataclass

from complaints_platform.lake import Lake
from complaints_platform.lake.manifests import Manifest
from complaints_platform.lake.tables import Table
from complaints_platform.schemas import (
    CategorizedComplaint,
    CleanedComplaint,
    ComplaintRate,
    ComplaintTrend,
    Contact,
    CustomerFeatures,
    DailyComplaints,
    DataSet,
    EmergingTopic,
    HourlyComplaints,
    Incident,
    QuarantinedRecord,
    Reconciliation,
    ServiceTime,
    TermCount,
)


@dataclass(frozen=True)
class TableSpec:
    """One stored data set; ``schema/name`` is its asset key, ``schema.name`` its SQL name."""

    schema: str
    name: str
    model: type[DataSet]
    by_received_day: bool = False
    """Partitioned by the day a file was received, not the day of the complaint."""

    @property
    def sql_name(self) -> str:
        """Name of the table in queries and manifests."""
        return f"{self.schema}.{self.name}"

    def table(self, lake: Lake) -> Table:
        """Return the data set's table in a lake."""
        return lake.table(self.schema, self.name, self.model)

    def table_in(self, lake: Lake, manifest: Manifest | None) -> Table:
        """Return the table as a manifest names it, for reading; its newest version where there is no manifest yet."""
        newest = self.table(lake)
        return newest if manifest is None else newest.at(manifest.version(self.sql_name))


CLEANED = TableSpec("cleaned", "complaints", CleanedComplaint)
QUARANTINE = TableSpec("cleaned", "quarantine", QuarantinedRecord, by_received_day=True)
CATEGORIZED = TableSpec("categorized", "complaints", CategorizedComplaint)
DAILY = TableSpec("mart", "daily_complaints", DailyComplaints)
TRENDS = TableSpec("mart", "complaint_trends", ComplaintTrend)
RATES = TableSpec("mart", "complaint_rates", ComplaintRate)
SERVICE = TableSpec("mart", "service_times", ServiceTime)
CONTACTS = TableSpec("mart", "contacts", Contact)
FEATURES = TableSpec("mart", "customer_features", CustomerFeatures)
HOURLY = TableSpec("mart", "hourly_complaints", HourlyComplaints)
INCIDENTS = TableSpec("mart", "incidents", Incident)
TERMS = TableSpec("mart", "term_counts", TermCount)
TOPICS = TableSpec("mart", "emerging_topics", EmergingTopic)
RECONCILIATION = TableSpec("mart", "reconciliation", Reconciliation, by_received_day=True)

TABLES = (
    CLEANED,
    QUARANTINE,
    CATEGORIZED,
    DAILY,
    TRENDS,
    RATES,
    SERVICE,
    CONTACTS,
    FEATURES,
    HOURLY,
    INCIDENTS,
    TERMS,
    TOPICS,
    RECONCILIATION,
)
