"""Which of Dagster's runs may go: as long as nothing of what is shown of assets depends on them."""

from collections.abc import Iterator
from datetime import datetime

import dagster as dg

from complaints_platform.instance.history import ENDED
from complaints_platform.intake.files import batched

RUNS_AT_ONCE = 500
EVENTS_AT_ONCE = 1000


def old_runs(instance: dg.DagsterInstance, before: datetime) -> Iterator[str]:
    """Yield the ids of runs that ended before a time and are not the last of any partition.

    Dagster deletes the events of a run with it. Without those of the run that made it last, a partition would
    count as never made.
    """
    finished = dg.RunsFilter(statuses=ENDED, created_before=before)
    if instance.get_runs_count(finished) == 0:
        return
    needed = {run_id for key in instance.all_asset_keys() for run_id in _last_makers(instance, key, before)}
    cursor = None
    while records := instance.get_run_records(finished, limit=RUNS_AT_ONCE, cursor=cursor):
        cursor = records[-1].dagster_run.run_id
        for record in records:
            ended = record.end_time or record.create_timestamp.timestamp()
            if record.dagster_run.run_id not in needed and ended < before.timestamp():
                yield record.dagster_run.run_id


def forget(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run, its events and its output."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.delete_run(run_id)


def _last_makers(instance: dg.DagsterInstance, key: dg.AssetKey, before: datetime) -> Iterator[str]:
    """Yield the runs before a time that were the last to make the asset, or a partition of it."""
    last = instance.get_latest_materialization_event(key)
    if last is not None:
        yield last.run_id
    newest = instance.get_latest_storage_id_by_partition(key, dg.DagsterEventType.ASSET_MATERIALIZATION)
    for ids in batched(newest.values(), EVENTS_AT_ONCE):
        chosen = dg.AssetRecordsFilter(asset_key=key, before_timestamp=before.timestamp(), storage_ids=ids)
        for record in instance.fetch_materializations(chosen, limit=len(ids)).records:
            yield record.run_id
