"""How long a sender of each cadence may be silent. What is done about silence does not belong here."""

from datetime import timedelta

SILENT_AFTER = {
    "stream": timedelta(hours=8),
    "micro_batch": timedelta(hours=6),
    "hourly": timedelta(hours=3),
    "daily": timedelta(hours=36),
}
"""By cadence: nothing new for so long means that the sender has fallen silent; people and time zones need slack."""
