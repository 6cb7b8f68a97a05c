"""The IO manager: day frames to and from the lake's Delta tables.

It serves one partition, a range in one run as one commit, and fan-in with missing days. It knows tables and
partitions, not what columns mean (docs/adr/0001-own-io-manager.md).
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import polars as pl

from complaints_platform.defs.frames import DayFrames, StoredDays, gate
from complaints_platform.defs.previews import sample
from complaints_platform.freshness.publishing import CHAIN, LAST_OF_A_RUN, is_whole, publish
from complaints_platform.instance.event_log import log_together
from complaints_platform.instance.partitions import REPORTED_BY_ASSETS_TAG, days_of
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import TABLES, TableSpec
from complaints_platform.lake.tables import DayFrame

PREVIEW_ROWS = 5
GATE_ROWS = 20_000
GATE_DAYS = 64


class DeltaIOManager(dg.IOManager):
    """Stores ``DayFrames`` in the Delta table that the asset key names; loads ``StoredDays``."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def handle_output(self, context: dg.OutputContext, obj: DayFrames) -> None:
        """Write all days of the run in one commit; nothing is visible before it.

        What is written last publishes the manifest, if a killed run or one still at work does not stand in the way.
        """
        spec = spec_of(context.asset_key)
        table = spec.table(self._lake)
        writing = _Writing(spec, obj)
        table.replace_days(obj.days, writing.frames(), {"run_id": context.run_id})
        if spec in LAST_OF_A_RUN and not _is_at_work(self._lake, spec, writing):
            publish(self._lake)
        _report_days(context, obj, writing)
        context.add_output_metadata(
            {
                "dagster/row_count": sum(table.row_counts().values()),
                "rows_written": sum(writing.rows.values()),
                "days_written": len(obj.days),
                "preview": dg.MetadataValue.md(sample(writing.sample)),
                "dagster/uri": table.uri,
            }
        )

    def load_input(self, context: dg.InputContext) -> StoredDays:
        """Give access to the days that the input depends on; missing days are absent."""
        spec = spec_of(context.asset_key)
        return StoredDays(spec.table(self._lake), days_of(context.asset_partition_keys))


class _Writing:
    """Gates and counts frames on their way into the table."""

    def __init__(self, spec: TableSpec, value: DayFrames) -> None:
        self._spec = spec
        self._value = value
        self.rows: dict[date, int] = {}
        self.fingerprints: dict[date, str] = {}
        self.sample = pl.DataFrame()

    def frames(self) -> Iterator[DayFrame]:
        """Yield all frames; small days are checked together, at the cost of one."""
        group: list[DayFrame] = []
        for day in self._value.frames:
            group.append(day)
            if sum(day.frame.height for day in group) >= GATE_ROWS or len(group) >= GATE_DAYS:
                yield from self._gated(group)
                group = []
        yield from self._gated(group)

    def _gated(self, group: list[DayFrame]) -> Iterator[DayFrame]:
        if group:
            gate(
                self._spec.model,
                pl.concat([day.frame for day in group]),
                f"{self._spec.schema}/{self._spec.name}, {group[0].day} to {group[-1].day}",
            )
        for day in group:
            self.rows[day.day] = day.frame.height
            self.fingerprints[day.day] = day.fingerprint
            if day.frame.height:
                self.sample = day.frame.head(PREVIEW_ROWS)
            yield day


def _is_at_work(lake: Lake, spec: TableSpec, writing: _Writing) -> bool:
    """Tell whether the run has tables of its days still to write: one day shows it."""
    return spec in CHAIN and bool(writing.rows) and not is_whole(lake, max(writing.rows))


def _report_days(context: dg.OutputContext, value: DayFrames, writing: _Writing) -> None:
    """Report to the catalogue what each day now holds, in the run's own events or in ours."""
    reported: dict[date, dict[str, Any]] = {
        day: {"dagster/partition_row_count": rows, "fingerprint": writing.fingerprints[day]}
        for day, rows in writing.rows.items()
    }
    if REPORTED_BY_ASSETS_TAG in value.context.run.tags:
        log_together(
            value.context.op_execution_context,
            (
                dg.AssetMaterialization(
                    context.asset_key,
                    partition=day.isoformat(),
                    metadata=metadata,
                    tags={"dagster/data_version": writing.fingerprints[day]},
                )
                for day, metadata in reported.items()
            ),
        )
    else:
        for day, metadata in reported.items():
            value.context.add_asset_metadata(metadata, partition_key=day.isoformat())


def spec_of(key: dg.AssetKey) -> TableSpec:
    """Return the data set that an asset key names."""
    for spec in TABLES:
        if [spec.schema, spec.name] == list(key.path):
            return spec
    raise KeyError(f"{key.to_user_string()} has no table; the known ones are in lake.data_sets")
