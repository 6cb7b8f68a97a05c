"""Marts: pure functions from categorised complaints to the small tables that people read.

Each mart is defined once, here; its columns are documented in ``schemas.marts``. Which days
are computed when, and where results lie, is decided elsewhere (``defs``, ``lake``).
"""

MARTS_VERSION = "4"
"""Part of every mart's fingerprint: raise it when a definition changes."""

SPIKES_VERSION = "2"
"""Part of the fingerprints of hourly counts and incidents, likewise."""

TOPICS_VERSION = "1"
"""Part of the fingerprints of term counts and emerging topics, likewise."""
