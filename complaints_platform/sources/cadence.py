"""How often files are expected of a source, and when its silence means something."""

from collections.abc import Mapping
from datetime import timedelta

SILENT_AFTER: Mapping[str, timedelta] = {
    "stream": timedelta(hours=8),
    "micro_batch": timedelta(hours=6),
    "hourly": timedelta(hours=3),
    "daily": timedelta(hours=36),
}
"""By cadence: nothing new for so long means that the sender has fallen silent; people and time zones need slack."""
