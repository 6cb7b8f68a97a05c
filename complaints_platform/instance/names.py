"""Names by which jobs and pools are asked for.

Runs of one pool take turns, whoever started them (``dagster.yaml`` sets one run a pool): they touch the same data.
Tags of jobs would not do: a run that somebody starts from an asset's page, or a backfill, has none of them.
"""

COLLECT = "collect"
REPLAY = "replay"
UPDATE = "update_tables"
BY_DAY = "complaints_by_day"
BY_RECEIVED_DAY = "files_by_received_day"
TRAIN = "train_classifier"
CHECKS = "hourly_checks"

RAW_POOL = "raw"
"""Runs that write raw segments: collect, replay, and raw days that are parsed again."""

TABLES_POOL = "tables"
"""Runs that write tables: no two of them work on one day."""

CLASSIFIER_POOL = "classifier"
"""Runs that train."""

MAINTENANCE_POOL = "maintenance"
"""Maintenance runs: safe beside all others, but two at once would do everything twice."""
