"""What a data engineer wants to know first: what arrived, what waits, what is stale."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from complaints_platform.errors import LakeError
from complaints_platform.intake.landing import StoredFile
from complaints_platform.lake import Lake
from complaints_platform.lake.store import blocks_of
from complaints_platform.platform import Platform


@dataclass
class SourceStatus:
    """One source: files and records received, files that wait."""

    source: str
    cadence: str
    files: int = 0
    received: int = 0
    filtered: int = 0
    quarantined: int = 0
    waiting: int = 0
    last_received_at: datetime | None = None


@dataclass(frozen=True)
class Status:
    """The whole picture."""

    lake: str
    landing: str
    model: str | None
    published_at: datetime | None
    """When the versions of all tables that queries show now were published."""
    sources: list[SourceStatus]
    stale: dict[str, list[date]]

    def as_json(self) -> dict[str, Any]:
        """Return the picture with ISO days and times."""
        fields: dict[str, Any] = orjson.loads(orjson.dumps(self))
        return fields


def gather(platform: Platform) -> Status:
    """Look at receipts, landing and fingerprints."""
    lake, landing = platform.lake, platform.landing
    known = platform.collectors()
    sources = {name: SourceStatus(name, collector.contract.cadence) for name, collector in known.items()}
    for receipt in lake.receipts.all():
        if (source := sources.get(receipt.source)) is None:
            continue
        source.files += 1
        source.received += receipt.received
        source.filtered += receipt.filtered
        source.quarantined += receipt.quarantined
        source.last_received_at = max(filter(None, [source.last_received_at, receipt.received_at]))
    for name, source in sources.items():
        source.waiting = sum(_waits(lake, name, file) for file in landing.files(name))
    serving = lake.models.serving()
    manifest = lake.manifests.newest()
    return Status(
        lake.store.uri,
        landing.uri,
        serving.version if serving else None,
        manifest.published_at if manifest else None,
        list(sources.values()),
        dict(platform.stale().days),
    )


def render_text(status: Status, console: Console) -> None:
    """Print the picture for people."""
    table = Table("source", "files", "records", "quarantined", "files waiting", "last file received")
    for column in table.columns[1:5]:
        column.justify = "right"
    for source in status.sources:
        table.add_row(
            source.source,
            f"{source.files:,}",
            f"{source.received:,}",
            f"{source.quarantined:,}",
            f"{source.waiting:,}",
            f"{source.last_received_at:%Y-%m-%d %H:%M}" if source.last_received_at else "never",
        )
    console.print(
        f"lake     {status.lake}\nlanding  {status.landing}\nmodel    {status.model or 'none trained yet'}",
        highlight=False,
    )
    if status.published_at:
        console.print(f"queries  as of {status.published_at:%Y-%m-%d %H:%M:%S} UTC", highlight=False)
    console.print(table)
    if not status.stale:
        console.print("everything is up to date")
    for name, days in status.stale.items():
        which = f"{days[0]} … {days[-1]}" if len(days) > 1 else str(days[0])
        console.print(f"stale    {name}: {len(days)} days ({which})", highlight=False)
    if status.stale:
        console.print("bring them up to date with: complaints update")


def _waits(lake: Lake, source: str, file: StoredFile) -> bool:
    if file.is_folder:
        return True
    digest = hashlib.sha256()
    try:
        with file.open() as stream:
            for block in blocks_of(stream):
                digest.update(block)
    except LakeError:
        return True  # unreadable now: it is not collected either
    return lake.receipts.get(source, digest.hexdigest()) is None
