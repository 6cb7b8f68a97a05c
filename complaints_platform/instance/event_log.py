"""Dagster's event log on one machine: the stock SQLite storage, with less work for each event.

The stock storage opens a database anew for every event, twice for events of assets, and flushes both to disk; a run
of 30 days over five assets writes some hundred. Here events that Dagster hands over together share a transaction, and
the database that all runs share stays open. Databases of single runs are still closed after each write, because the UI
follows a run by the changes of that file. A Postgres instance does all this by itself.
"""

import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.events import ASSET_EVENTS, DagsterEventBatchMetadata
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME, SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import NullPool, QueuePool

BATCH_VARIABLE = "DAGSTER_EVENT_BATCH_SIZE"
"""Dagster hands events over together only where this is set."""

BATCH_EVENTS = 1000
ENGINES_KEPT = 32


class BatchingSqliteEventLogStorage(SqliteEventLogStorage):
    """SQLite event log below DAGSTER_HOME, in the same files as the stock storage."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        os.environ.setdefault(BATCH_VARIABLE, str(BATCH_EVENTS))
        self._engine = lru_cache(ENGINES_KEPT)(self._new_engine)
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Take no configuration."""
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Any
    ) -> "BatchingSqliteEventLogStorage":
        """Open the files of the instance at DAGSTER_HOME."""
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data, **config_value)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store events in two transactions for each run and kind of event; others than of assets one by one."""
        for (run_id, of_asset), group in groupby(events, key=lambda entry: (entry.run_id, _is_of_asset(entry))):
            if of_asset:
                self._store_asset_events(run_id, list(group))
            else:
                for entry in group:
                    self.store_event(entry)

    def dispose(self) -> None:
        """Close the database that stayed open."""
        self._engine.cache_clear()
        super().dispose()

    def _store_asset_events(self, run_id: str, entries: Sequence[dg.EventLogEntry]) -> None:
        rows = [self._event_to_row(entry) for entry in entries]
        insert, ids = SqlEventLogStorageTable.insert(), SqlEventLogStorageTable.c.id
        with self.run_connection(run_id) as connection:
            connection.execute(insert, rows)
        with self.index_transaction() as connection:
            stored = connection.execute(insert.returning(ids, sort_by_parameter_order=True), rows)
            numbered = list(zip(entries, stored.scalars(), strict=True))
            self._store_asset_event_tags(connection, entries, [event_id for _, event_id in numbered])
            # The entry of an asset tells of its newest event only.
            newest = {
                (entry.get_dagster_event().asset_key, entry.dagster_event_type): number
                for number, (entry, _) in enumerate(numbered)
            }
            for number in sorted(newest.values()):
                self._store_asset_event(connection, *numbered[number])

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _new_engine(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool if shard == INDEX_SHARD_NAME else NullPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        event.listen(engine, "connect", _flush_at_checkpoints)
        return engine


def log_together(context: dg.OpExecutionContext, events: Iterable[dg.AssetMaterialization]) -> None:
    """Log what ``context.log_event`` would log, which hands events over one by one."""
    batch, logged = uuid.uuid4().hex, list(events)
    for number, materialization in enumerate(logged, start=1):
        dg.DagsterEvent.asset_materialization(
            context.get_step_execution_context(),
            materialization,
            DagsterEventBatchMetadata(batch, is_end=number == len(logged)),
        )


def _is_of_asset(entry: dg.EventLogEntry) -> bool:
    return entry.is_dagster_event and entry.dagster_event_type in ASSET_EVENTS


def _flush_at_checkpoints(connection: Any, _record: object) -> None:
    """Don't wait for the disk at each commit: with a write-ahead log a lost machine loses events, never the file."""
    connection.execute("PRAGMA synchronous=NORMAL")
