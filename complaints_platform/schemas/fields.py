"""Columns that several data sets share, each described once.

A column of one model only, or with another meaning there, is described in that model.
"""

from typing import Annotated

import pandera.polars as pa
import polars as pl

UtcTime = Annotated[pl.Datetime, "us", "UTC"]
"""A point in time, in microseconds, UTC."""

EARLIER = "; null on days built by an earlier release, until they are rebuilt"

DAY = pa.Field(description="Day on which the complaint occurred (UTC). Partition.")
LOCAL_DAY = pa.Field(description="That day in the reporting time zone: the one before, the same or after.")
RECEIVED_DAY = pa.Field(description="Day on which the file was received (UTC). Partition.")

SOURCE = pa.Field(description="Its source.")
CHANNEL = pa.Field(description="Channel it came through.")
REGION = pa.Field(nullable=True, description="Region; null if unknown.")
PRODUCT = pa.Field(nullable=True, description="Product; null if unknown.")
CATEGORY = pa.Field(description="First level of the taxonomy.")
SUBCATEGORY = pa.Field(nullable=True, description="Second level of the taxonomy.")
MODEL_VERSION = pa.Field(description="Version of the classifier that categorised the day.")
TAXONOMY_VERSION = pa.Field(description="Version of the taxonomy of its categories.")
COMPLAINTS = pa.Field(ge=1, description="Complaints, without duplicates, with near duplicates.")

COMPLAINT_ID = pa.Field(description="The complaint.")
PERSON_KEY = pa.Field(description="The customer: account_key if known, else customer_key.")
OCCURRED_AT = pa.Field(description="When the complaint was made (UTC).")
ORIGINAL_TIMESTAMP = pa.Field(description="That time as the sender wrote it.")
UPDATED_AT = pa.Field(nullable=True, description="When the sender last changed the record (UTC).")
FIRST_RESPONSE_AT = pa.Field(nullable=True, description="First response to the customer (UTC).")
RESOLVED_AT = pa.Field(nullable=True, description="When it was resolved (UTC).")

FILE_SOURCE = pa.Field(description="Source of the file.")
FILE_NAME = pa.Field(description="Name of the file as received.")
RAW_SHA256 = pa.Field(description="SHA-256 of the original file.")
RECEIVED_AT = pa.Field(description="When the file was received (UTC).")

TERM = pa.Field(description="A word or two neighbouring words of redacted texts, lower case.")
SAMPLE_IDS = pa.Field(description="complaint_id of up to three of them (JSON array).")
