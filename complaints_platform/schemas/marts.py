"""Models of the marts: small tables with one definition each.

Every screen, report and alert reads these; how they are computed stands in ``marts/``.
"""

from typing import ClassVar

import pandera.polars as pa
import polars as pl

from complaints_platform.schemas.model import DataSet
from complaints_platform.schemas.records import UtcTime


class DailyComplaints(DataSet):
    """Complaints by day, channel, region, category and subcategory."""

    day: pl.Date = pa.Field(description="Day on which the complaints occurred (UTC). Partition.")
    channel: str = pa.Field(description="Channel by which they came.")
    region: str = pa.Field(nullable=True, description="Region; null if the sender gives none.")
    category: str = pa.Field(description="First level of the taxonomy.")
    subcategory: str = pa.Field(nullable=True, description="Second level of the taxonomy.")
    model_version: str = pa.Field(description="Classifier by which the day was categorised.")
    taxonomy_version: str = pa.Field(description="Taxonomy of its categories.")
    complaints: int = pa.Field(ge=1, description="Complaints, exact duplicates excluded, near duplicates included.")
    near_duplicates: int = pa.Field(ge=0, description="How many of them nearly repeat an earlier one.")
    needs_review: int = pa.Field(ge=0, description="How many of them a person should look at.")

    class Config(DataSet.Config):
        """What no two rows share."""

        unique: ClassVar[list[str]] = [
            "day",
            "channel",
            "region",
            "category",
            "subcategory",
            "model_version",
            "taxonomy_version",
        ]


class ComplaintTrend(DataSet):
    """Complaints of a period up to a day, against the period before, by region and category."""

    day: pl.Date = pa.Field(description="Last day counted (UTC). Partition.")
    period: str = pa.Field(isin=["day", "week", "month"], description="Calendar period: day, ISO week, month.")
    period_start: pl.Date = pa.Field(description="First day of the period that `day` lies in.")
    complete: bool = pa.Field(description="`day` is the period's last day; otherwise the count is period-to-date.")
    region: str = pa.Field(nullable=True, description="Region; null if the sender gives none.")
    category: str = pa.Field(description="First level of the taxonomy.")
    complaints: int = pa.Field(ge=0, description="Complaints from period_start to day.")
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
