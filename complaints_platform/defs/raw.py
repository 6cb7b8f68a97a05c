"""The raw assets, one a source: what collect has written and reported, by day of occurrence.

Materialising one by hand rebuilds its segments from the originals, by the contract as it is now.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import dagster as dg

from complaints_platform.defs.frames import table_schema
from complaints_platform.defs.previews import sample
from complaints_platform.instance.event_log import log_together
from complaints_platform.instance.names import RAW_POOL
from complaints_platform.instance.partitions import backfill_policy, daily_partitions, days_of
from complaints_platform.intake.collect import Collector
from complaints_platform.lake import Lake
from complaints_platform.lake.segments import RawDay
from complaints_platform.platform import Platform
from complaints_platform.schemas import RawRecord
from complaints_platform.sources.contract import SILENT_AFTER, ChannelMap, SourceContract

KINDS = {"csv": "csv", "ndjson": "json", "json": "json", "parquet": "parquet", "xlsx": "excel"}
"""Names of the UI's icons."""

MAX_FILE_NAMES = 20

WARNED_AFTER = 0.75
"""Share of that time after which the UI warns."""

SAFE_PREVIEW = ["record_number", "line_number", "channel", "occurred_at", "region", "product", "status"]
"""Columns of raw records that hold no personal data: no other raw value enters the event log."""


def raw_asset(name: str, contract: SourceContract, platform: Platform) -> dg.AssetsDefinition:
    """Return the asset ``raw/<name>`` of a source."""

    @dg.asset(
        key=["raw", name],
        description=_description(contract),
        group_name="sources",
        owners=[contract.owner],
        kinds={KINDS[contract.format.type], "polars"},
        tags={"complaints/cadence": contract.cadence},
        partitions_def=daily_partitions(platform.settings.first_day),
        backfill_policy=backfill_policy(platform.settings.days_per_run),
        pool=RAW_POOL,
        freshness_policy=freshness_of(contract.cadence),
        code_version=contract.fingerprint,
        metadata={
            "dagster/column_schema": table_schema(RawRecord),
            "dagster/table_name": f"raw.{name}",
            "dagster/uri": f"{platform.settings.lake}/raw/{name}",
        },
    )
    def raw(context: dg.AssetExecutionContext) -> None:
        collector = Collector(platform.lake, name, contract, platform.settings.first_day)
        days = days_of(context.partition_keys)
        beyond = sorted(rebuild(context, collector, days) - set(days))
        if beyond:
            context.log.info(f"parsing again also changed {len(beyond)} other days: {beyond[0]} … {beyond[-1]}")
            log_together(context.op_execution_context, materializations(collector.lake, name, beyond))

    return raw


def freshness_of(cadence: str) -> dg.FreshnessPolicy:
    """Return when a source of this cadence counts as silent, for the UI and as an event of its asset."""
    silent = SILENT_AFTER[cadence]
    return dg.FreshnessPolicy.time_window(fail_window=silent, warn_window=silent * WARNED_AFTER)


def rebuild(context: dg.AssetExecutionContext, collector: Collector, days: list[date]) -> set[date]:
    """Parse the originals of ``days`` again; return all days that this touched."""
    segments = collector.lake.segments
    receipts = {receipt.sha256: receipt for day in days for _, receipt in segments.day(collector.source, day).segments}
    touched: set[date] = set()
    for done in collector.read_again(list(receipts.values())):
        touched |= done.days
        context.log.info(done.describe())
    raw_days = [segments.day(collector.source, day) for day in days]
    for raw_day in raw_days:
        context.add_asset_metadata(day_metadata(raw_day), partition_key=raw_day.day.isoformat())
    context.add_output_metadata(
        {"files": len(receipts), "days": len(days), "preview": _preview(collector.lake, raw_days)}
    )
    return touched


def materializations(lake: Lake, source: str, days: Iterable[date]) -> Iterator[dg.AssetMaterialization]:
    """Yield the events that tell Dagster what raw partitions now hold, in order of days.

    The catalogue shows the last one: only that one carries a preview.
    """
    ordered = sorted(days)
    with_records: list[RawDay] = []
    for day in ordered:
        raw_day = lake.segments.day(source, day)
        with_records = [raw_day] if raw_day.segments else with_records
        last = {"preview": _preview(lake, with_records)} if day == ordered[-1] else {}
        yield dg.AssetMaterialization(
            ["raw", source],
            partition=day.isoformat(),
            metadata={**day_metadata(raw_day), **last},
            # Same content, same data version: what is downstream stays fresh when nothing changed.
            tags={"dagster/data_version": raw_day.fingerprint},
        )


def day_metadata(raw_day: RawDay) -> dict[str, dg.MetadataValue]:
    """Return the catalogue's view of a raw day, without any values of records."""
    files = sorted({receipt.file_name for _, receipt in raw_day.segments})
    names = ", ".join(files[:MAX_FILE_NAMES])
    if len(files) > MAX_FILE_NAMES:
        names += f" and {len(files) - MAX_FILE_NAMES} more"
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(raw_day.rows),
        "files": dg.MetadataValue.int(len(files)),
        "file_names": dg.MetadataValue.text(names),
        "records_with_versions_on_other_days": dg.MetadataValue.int(raw_day.elsewhere.height),
        "fingerprint": dg.MetadataValue.text(raw_day.fingerprint),
    }


def _preview(lake: Lake, raw_days: Sequence[RawDay]) -> dg.MetadataValue:
    """Show some records of the newest day that has any, from the file received last."""
    for raw_day in reversed(raw_days):
        if raw_day.segments:
            newest = max(raw_day.segments, key=lambda segment: segment[1].received_at)
            frame = lake.segments.read(replace(raw_day, segments=(newest,)))
            return dg.MetadataValue.md(sample(frame.select(SAFE_PREVIEW).head(5)))
    return dg.MetadataValue.md("*no records on these days*")


def _description(contract: SourceContract) -> str:
    if isinstance(contract.channel, ChannelMap):
        channel = f"by `{contract.channel.field}`: " + ", ".join(sorted(set(contract.channel.values.values())))
    else:
        channel = contract.channel
    return (
        f"{contract.description}\n\n"
        f"Raw records as sent, one partition per day of occurrence (UTC). Channel: {channel}. "
        f"Format: {contract.format.type}, encoding {contract.encoding}, times in {contract.times.zone}. "
        f"Cadence: {contract.cadence}.\n\n"
        "Collect writes it; materialising a day by hand parses its originals again by the current contract. "
        "Holds personal data; nothing downstream does."
    )
