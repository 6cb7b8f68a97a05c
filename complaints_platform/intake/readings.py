"""By which reading version the files of each source were read: is there a contract that not all of them know?

One small object a source says it for all its receipts.
"""

from typing import Any

from complaints_platform.intake.files import FileCollector
from complaints_platform.lake import Lake, layout


def begin(lake: Lake, collector: FileCollector[Any]) -> None:
    """Say, before the first file of a source is read, by which version that is."""
    if lake.store.get(layout.reading(collector.source)) is None and not _has_files(lake, collector.source):
        end(lake, collector)


def end(lake: Lake, collector: FileCollector[Any]) -> None:
    """Say that all files of a source were read by the present version."""
    lake.store.put(layout.reading(collector.source), collector.version.encode())


def are_old(lake: Lake, collector: FileCollector[Any]) -> bool:
    """Tell whether files of a source may have been read by another version than the present one."""
    known = lake.store.get(layout.reading(collector.source))
    return known != collector.version.encode() and _has_files(lake, collector.source)


def _has_files(lake: Lake, source: str) -> bool:
    return bool(lake.store.names(f"{layout.RECEIPTS}/{source}"))
