"""Raw records for the tests of cleaning: only what matters for a test has to be said."""

from datetime import UTC, datetime, timedelta

import polars as pl

from complaints_platform.cleaning import DataKey
from complaints_platform.lake.segments import SEGMENT_SCHEMA

KEY = DataKey(b"a secret of tests, not of people", 7)
NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
ELSEWHERE = pl.Schema(
    {
        "complaint_id": pl.String,
        "updated_at": pl.Datetime("us", "UTC"),
        "received_at": pl.Datetime("us", "UTC"),
        "raw_sha256": pl.String,
        "record_number": pl.Int64,
    }
)

DEFAULTS = {
    "record_number": 1,
    "line_number": 1,
    "source_id": None,
    "channel": "web",
    "text": "the network is down again in our street",
    "occurred_at": NOON,
    "original_timestamp": "2026-03-14T12:00:00Z",
    "original_timezone": "UTC",
    "withdrawn": False,
    "raw_record": "{}",
    "source": "forms",
    "raw_sha256": "a" * 64,
    "received_at": NOON + timedelta(days=1),
}


def raw_records(*records: dict) -> pl.DataFrame:
    rows = [
        dict.fromkeys(SEGMENT_SCHEMA) | DEFAULTS | {"record_number": number} | record
        for number, record in enumerate(records, 1)
    ]
    return pl.DataFrame(rows, schema=SEGMENT_SCHEMA)


NOTHING = raw_records()
NOWHERE = pl.DataFrame(schema=ELSEWHERE)
