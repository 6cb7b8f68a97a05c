"""Dagster's own machinery: event log, run launcher, log format, history of runs and checks, days of runs.

The only room that may import names that Dagster does not promise to keep (``dagster._…``); each has a test of
what it means. What is defined for Dagster to see belongs in ``defs``.
"""
