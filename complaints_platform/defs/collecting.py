"""The jobs ``collect`` and ``replay``: new files, or files whose contract was fixed, become raw partitions.

When they run is decided elsewhere (``freshness``).
"""

import time
from collections import Counter
from datetime import date

import dagster as dg
import polars as pl
from pydantic import Field

from complaints_platform.defs.previews import preview
from complaints_platform.defs.raw import materializations
from complaints_platform.defs.reference import reference_metadata
from complaints_platform.instance.event_log import log_together
from complaints_platform.instance.names import COLLECT, RAW_POOL, REPLAY
from complaints_platform.intake import readings
from complaints_platform.intake.customers import CustomersCollector
from complaints_platform.intake.files import Collected, Status, collect_all, summary
from complaints_platform.intake.quarantine import Selection, replay, replayable
from complaints_platform.intake.settling import Settling
from complaints_platform.lake import Lake
from complaints_platform.platform import Platform

FILES_SHOWN = 200


class CollectConfig(dg.Config):
    """Which files to collect."""

    sources: list[str] = Field(default_factory=list, description="Sources to collect; by default all.")
    settle_seconds: float = Field(default=0, description="Leave alone files changed less than this many seconds ago.")
    ahead: bool = Field(
        default=False,
        description="Also collect files with a modification time in the future, which never settle by age.",
    )
    again: bool = Field(
        default=False, description="Also files collected before: under a changed contract they are parsed again."
    )


def collect_job(platform: Platform) -> dg.JobDefinition:
    """Return the job that collects everything in the landing."""

    @dg.op(
        description="Store, parse and commit every new file in the landing; report the changed raw partitions.",
        pool=RAW_POOL,
    )
    def collect_landing(context: dg.OpExecutionContext, config: CollectConfig) -> None:
        known = platform.collectors()
        unknown = sorted(set(config.sources) - known.keys())
        if unknown:
            raise dg.Failure(f"unknown sources {unknown}; known are {sorted(known)}", allow_retries=False)
        lake = platform.lake
        names = config.sources or list(known)
        for name in names:
            readings.begin(lake, known[name])
        landing = platform.landing
        looks = {name: landing.look(name, set() if config.again else lake.arrivals.taken(name)) for name in names}
        settled = Settling(config.settle_seconds, by_age=not landing.shows_whole_files_only, ahead=config.ahead)
        jobs = [(known[name], file) for name in names for file in settled.files(looks[name].waiting, time.time())]
        results: list[tuple[str, Collected]] = []
        taken: dict[str, list[int]] = {name: [] for name in names}
        for (_, file), (collector, done) in zip(jobs, collect_all(jobs, platform.settings.workers), strict=True):
            results.append((collector.source, done))
            if done.receipt is not None:
                taken[collector.source].append(file.identity)
            # Each log line is a row in Dagster's event log, about 7 ms: the table below lists the rest.
            if done.status in {Status.FAILED, Status.GROWING}:
                context.log.warning(f"{collector.source}: {done.describe()}")
        context.log.info(summary([done for _, done in results]))
        for name in names:
            lake.arrivals.note(name, taken[name], looks[name].listed)
        _report_partitions(context, lake, results)
        customers = sorted(name for name, each in known.items() if isinstance(each, CustomersCollector))
        log_together(
            context,
            (
                dg.AssetMaterialization(["reference", name], metadata=reference_metadata(lake, name))
                for name in customers
            ),
        )
        context.add_output_metadata(_summary(results))
        failed = [done for _, done in results if done.status is Status.FAILED]
        if failed:
            raise dg.Failure(
                f"{len(failed)} of {len(results)} files could not be collected; they stay in the landing for the "
                "next attempt. All others are collected. First: " + "; ".join(done.describe() for done in failed[:5])
            )

    @dg.job(
        name=COLLECT,
        description="Collect all new files from the landing: originals, raw segments, quarantine, receipts.",
        tags={"complaints/lane": "collect"},
    )
    def collect() -> None:
        collect_landing()

    return collect


class ReplayConfig(dg.Config):
    """Which files to replay; empty fields match all."""

    source: str | None = Field(default=None, description="Files of this source.")
    reason: str | None = Field(default=None, description="Files with records quarantined for this reason.")
    file: str | None = Field(default=None, description="Part of the file's name, or the start of its SHA-256.")
    every_file: bool = Field(default=False, description="Also files without quarantined records.")

    def reads_all_of(self, source: str) -> bool:
        """Tell whether this replays every file of a source that an older contract has parsed."""
        return self.every_file and self.reason is None and self.file is None and self.source in {None, source}


def replay_job(platform: Platform) -> dg.JobDefinition:
    """Return the job that parses files again whose contract has changed since."""

    @dg.op(
        description="Parse files again by their current contracts; report the changed raw partitions.", pool=RAW_POOL
    )
    def replay_files(context: dg.OpExecutionContext, config: ReplayConfig) -> None:
        selection = Selection(config.source, config.reason, config.file)
        read_by = {name: collector for name, collector in platform.collectors().items() if config.reads_all_of(name)}
        results: list[tuple[str, Collected]] = []
        rows = []
        for collector, before, done in replay(
            replayable(platform.lake, platform.collectors(), selection, every_file=config.every_file)
        ):
            results.append((collector.source, done))
            now = done.receipt.quarantined if done.receipt else before.quarantined
            rows.append((collector.source, done.file_name, before.received, before.quarantined, now))
        for collector in read_by.values():
            readings.end(platform.lake, collector)
        columns = ["source", "file", "received", "quarantined before", "quarantined now"]
        table = pl.DataFrame(rows, schema=columns, orient="row")
        _report_partitions(context, platform.lake, results)
        released = int((table["quarantined before"] - table["quarantined now"]).sum()) if rows else 0
        context.log.info(f"{len(rows)} files replayed, {released:,} records released from quarantine")
        context.add_output_metadata(
            {
                "files": len(rows),
                "records_released": released,
                "read_again": dg.MetadataValue.md(preview(table.head(FILES_SHOWN))),
            }
        )

    @dg.job(
        name=REPLAY,
        description=(
            "Parse files again that have quarantined records and whose source contract (or reader) has changed since. "
            "The days that change are stale afterwards; complaints update rebuilds them."
        ),
        tags={"complaints/lane": "collect"},
    )
    def replay_quarantine() -> None:
        replay_files()

    return replay_quarantine


def _report_partitions(context: dg.OpExecutionContext, lake: Lake, results: list[tuple[str, Collected]]) -> None:
    touched: dict[str, set[date]] = {}
    for source, done in results:
        touched.setdefault(source, set()).update(done.days)
    for source, days in sorted(touched.items()):
        log_together(context, materializations(lake, source, days))


def _summary(results: list[tuple[str, Collected]]) -> dict[str, object]:
    rows = [
        (
            source,
            done.file_name,
            str(done.status),
            done.receipt.received if done.receipt else None,
            done.receipt.quarantined if done.receipt else None,
        )
        for source, done in results
        if done.status is not Status.ALREADY
    ]
    table = pl.DataFrame(rows, schema=["source", "file", "status", "received", "quarantined"], orient="row")
    counts = Counter(str(done.status) for _, done in results)
    return {**counts, "files": dg.MetadataValue.md(preview(table.head(FILES_SHOWN)))}
