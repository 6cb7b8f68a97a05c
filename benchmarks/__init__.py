"""The benchmark suite: the platform against scripts that do the same work on the same files.

``path`` runs what ``complaints demo`` runs, from files to marts; ``cleaning`` goes from files to de-duplicated
complaints, and shows how that grows. Both take the peers' workload, by source contracts of their own
(``sources/``). Tests of correctness do not belong here, but a run whose counts don't add up is no
measurement, so every run is checked.
"""
