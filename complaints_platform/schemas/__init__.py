"""The contracts: one Pandera model per data set that is not a mart, and the columns that several data sets share."""

import numpy as np
import polars as pl

from complaints_platform.schemas.fields import UtcTime
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

# Polars imports NumPy when it first needs it, which fails if two threads need it at once: so now, by one.
pl.Series(np.zeros(1))

__all__ = [
    "FLAG_SEPARATOR",
    "NO_VALUE",
    "CategorizedComplaint",
    "CleanedComplaint",
    "DataSet",
    "KnownCustomer",
    "Outcome",
    "QuarantineReason",
    "QuarantinedRecord",
    "RawRecord",
    "UtcTime",
    "conform",
    "empty_frame",
]
