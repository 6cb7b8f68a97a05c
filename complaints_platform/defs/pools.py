"""Pools: runs that touch the same data take turns, whoever started them (``dagster.yaml`` sets one run a pool).

Tags of jobs would not do: a run that somebody starts from an asset's page, or a backfill, has none of them.
"""

RAW = "raw"
"""Runs that write raw segments: collect, replay, and raw days that are read again."""

TABLES = "tables"
"""Runs that write tables: no two of them work on one day."""

CLASSIFIER = "classifier"
"""Runs that train."""

MAINTENANCE = "maintenance"
"""Runs that tidy up: safe beside all others, but two at once would do everything twice."""
