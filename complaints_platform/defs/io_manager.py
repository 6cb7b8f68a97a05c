"""The IO manager: day frames to and from the lake's Delta tables.

It serves one partition, a range in one run as one commit, and fan-in with missing days. It
knows tables and partitions, not what columns mean (docs/adr/0001-own-io-manager.md).
"""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from complaints_platform.defs.frames import DayFrames, StoredDays, gate
from complaints_platform.defs.partitions import days_of
from complaints_platform.defs.previews import preview
from complaints_platform.lake import Lake
from complaints_platform.lake.tables import DayFrame
from complaints_platform.pipeline.data_sets import TABLES, TableSpec

PREVIEW_ROWS = 5


class DeltaIOManager(dg.ConfigurableIOManager):
    """Stores ``DayFrames`` in the Delta table that the asset key names; loads ``StoredDays``."""

    lake: str

    def handle_output(self, context: dg.OutputContext, obj: DayFrames) -> None:
        """Write all partitions of the run in one commit; nothing is visible before it."""
        spec = spec_of(context.asset_key)
        days = days_of(context.asset_partition_keys)
        writing = _Writing(spec, obj)
        spec.table(Lake(self.lake)).replace_days(days, writing.frames(), {"run_id": context.run_id})
        context.add_output_metadata(
            {
                "dagster/row_count": writing.rows,
                "days": len(days),
                "preview": dg.MetadataValue.md(preview(writing.sample)),
                "dagster/uri": spec.table(Lake(self.lake)).uri,
            }
        )

    def load_input(self, context: dg.InputContext) -> StoredDays:
        """Give access to the days that the input depends on; missing days are simply not there."""
        spec = spec_of(context.asset_key)
        return StoredDays(spec.table(Lake(self.lake)), days_of(context.asset_partition_keys))


class _Writing:
    """Gates and counts frames on their way into the table."""

    def __init__(self, spec: TableSpec, value: DayFrames) -> None:
        self._spec = spec
        self._value = value
        self.rows = 0
        self.sample = pl.DataFrame()

    def frames(self) -> Iterator[DayFrame]:
        for day in self._value.frames:
            gate(self._spec.model, day.frame, f"{self._spec.schema}/{self._spec.name} {day.day}")
            self.rows += day.frame.height
            if day.frame.height:
                self.sample = day.frame.head(PREVIEW_ROWS)
            self._value.context.add_asset_metadata(
                {"dagster/partition_row_count": day.frame.height, "fingerprint": day.fingerprint},
                partition_key=day.day.isoformat(),
            )
            yield day


def spec_of(key: dg.AssetKey) -> TableSpec:
    """Return the data set that an asset key names."""
    for spec in TABLES:
        if [spec.schema, spec.name] == list(key.path):
            return spec
    raise KeyError(f"{key.to_user_string()} has no table; the known ones are in pipeline.data_sets")
