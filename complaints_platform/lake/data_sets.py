"""The data sets that have a table: name, model and which day partitions it.

The one catalogue behind assets, the IO manager, queries and documentation. Marts come from their own list
(``marts.registry``); those that other code reads by name have a constant here.
"""

from dataclasses import dataclass

from complaints_platform.lake import Lake
from complaints_platform.lake.manifests import Manifest
from complaints_platform.lake.tables import Table
from complaints_platform.marts import (
    complaint_rates,
    complaint_trends,
    contacts,
    daily_complaints,
    incidents,
    reconciliation,
    service_times,
)
from complaints_platform.marts.definition import Mart
from complaints_platform.marts.registry import MARTS
from complaints_platform.schemas import CategorizedComplaint, CleanedComplaint, DataSet, QuarantinedRecord


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


def table_of(mart: Mart) -> TableSpec:
    """Return the table of a mart."""
    schema, name = mart.name.split(".")
    return TableSpec(schema, name, mart.model, mart.by_received_day)


DAILY = table_of(daily_complaints.MART)
TRENDS = table_of(complaint_trends.MART)
RATES = table_of(complaint_rates.MART)
SERVICE = table_of(service_times.MART)
CONTACTS = table_of(contacts.MART)
INCIDENTS = table_of(incidents.MART)
RECONCILIATION = table_of(reconciliation.MART)

TABLES = (CLEANED, QUARANTINE, CATEGORIZED, *map(table_of, MARTS.values()))
