"""The benchmark suite: the whole path from files to marts, against scripts that do the same work.

It runs what ``complaints demo`` runs (the same jobs, the same Dagster instance) on the peers'
workload, by source contracts of its own (``sources/``). Tests of correctness do not belong here,
but a run whose counts don't add up is no measurement, so every run is checked.
"""
