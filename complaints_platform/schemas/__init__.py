"""The contracts: one Pandera model per data set, from which everything else is derived.

Here belong the models and the pure functions that project a model into a Polars schema, a
documented column list or a validated frame. How data comes to satisfy a model (cleaning,
classification, marts) does not belong here, nor does anything that knows Dagster.
"""

from complaints_platform.schemas.marts import (
    ComplaintRate,
    ComplaintTrend,
    Contact,
    CustomerFeatures,
    DailyComplaints,
    EmergingTopic,
    HourlyComplaints,
    Incident,
    Reconciliation,
    ServiceTime,
    TermCount,
)
from complaints_platform.schemas.model import DataSet, conform, empty_frame
from complaints_platform.schemas.records import (
    FLAG_SEPARATOR,
    NO_VALUE,
    CategorizedComplaint,
    CleanedComplaint,
    KnownCustomer,
    Outcome,
    QuarantinedRecord,
    QuarantineReason,
    RawRecord,
)

__all__ = [
    "FLAG_SEPARATOR",
    "NO_VALUE",
    "CategorizedComplaint",
    "CleanedComplaint",
    "ComplaintRate",
    "ComplaintTrend",
    "Contact",
    "CustomerFeatures",
    "DailyComplaints",
    "DataSet",
    "EmergingTopic",
    "HourlyComplaints",
    "Incident",
    "KnownCustomer",
    "Outcome",
    "QuarantineReason",
    "QuarantinedRecord",
    "RawRecord",
    "Reconciliation",
    "ServiceTime",
    "TermCount",
    "conform",
    "empty_frame",
]
