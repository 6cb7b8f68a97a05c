"""The query service without HTTP: its caches and its background work."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Self

from complaints_platform.errors import ComplaintsError
from complaints_platform.lake.data_sets import TABLES
from complaints_platform.lake.manifests import READERS_TAKE_AT_MOST
from complaints_platform.platform import Platform
from complaints_platform.serving.answers.health import Pulse, PulseTaker
from complaints_platform.serving.audit import AuditLog
from complaints_platform.serving.auth import Sessions, Tokens
from complaints_platform.serving.http.guards import Doorkeeper
from complaints_platform.serving.sql.query import Catalogue
from complaints_platform.serving.sql.sandbox import Limits, Sandbox
from complaints_platform.serving.store.cache_folder import CacheFolder
from complaints_platform.serving.store.parquet import LocalFiles
from complaints_platform.serving.store.response_cache import ResponseCache
from complaints_platform.serving.store.search import SearchIndex
from complaints_platform.serving.store.warehouse import Warehouse

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""How often to check for a new manifest."""
PULSE_SECONDS = 30.0
START_SECONDS = 5.0
AUDIT_SECONDS = 2.0
FORGET_SECONDS = 600.0
LONGEST_PAUSE_SECONDS = 60.0


class Service:
    """Everything that routes need. Between ``start`` and ``close`` it keeps itself up to date."""

    def __init__(self, platform: Platform) -> None:
        """Open caches and read the tokens.

        Raises:
            AuthError: the tokens can't be read.
            ContractError: a source contract is wrong.
            LakeError: the cache folder can't be used.
        """
        settings = platform.settings
        self.platform, self.settings, self.lake = platform, settings, platform.lake
        self.tokens = Tokens(settings.tokens.get_secret_value(), settings.tokens_file)
        self.sessions = Sessions()
        self.doorkeeper = Doorkeeper(self.tokens, self.sessions)
        self.audit = AuditLog(self.lake.audit)
        self.response_cache = ResponseCache()
        self._folder = CacheFolder.take(settings.cache, self.lake.store.uri)
        self.files = LocalFiles(self.lake.store, self._folder.path / "files")
        self.warehouse = Warehouse(
            self.lake, self.files, self._folder.path, settings.serving_memory_mb, settings.time_zone
        )
        self.index = SearchIndex(self.lake, self._folder.path)
        self.catalogue = Catalogue(self.lake, platform.contracts, self.files)
        limits = Limits(settings.sql_seconds, settings.sql_memory_mb, settings.sql_rows, settings.sql_at_once)
        self.sandbox = Sandbox(self.catalogue, limits)
        self.pulse = Pulse()
        self._pulse_taker = PulseTaker(platform)
        self._stopping = threading.Event()
        self._ready = threading.Event()
        self._threads: list[threading.Thread] = []
        self.keep_up("tables", self._refresh_tables, REFRESH_SECONDS)
        self.keep_up("search", self._refresh_index, REFRESH_SECONDS)
        self.keep_up("pulse", self._take_pulse, PULSE_SECONDS)
        self.keep_up("audit", self.audit.flush, AUDIT_SECONDS)
        self.keep_up("fetched files", self._forget_files, FORGET_SECONDS)

    def keep_up(self, name: str, work: Callable[[], object], seconds: float) -> None:
        """Repeat some work while the service runs; call this before it is started."""
        self._threads.append(
            threading.Thread(target=self._again_and_again, args=(name, work, seconds), name=name, daemon=True)
        )

    def start(self) -> Self:
        """Start the background work; wait until a lake of usual size is loaded."""
        for thread in self._threads:
            thread.start()
        self._ready.wait(START_SECONDS)
        return self

    @property
    def is_ready(self) -> bool:
        """Whether the marts are loaded; the first time, copying those of many years takes minutes."""
        return self._ready.is_set() or self.warehouse.manifest is not None

    def bring_up_to_date(self) -> None:
        """Load everything now, and wait for it: for tests and benchmarks.

        Raises:
            ComplaintsError: lake or contracts can't be read.
        """
        self._refresh_tables()
        self._refresh_index()
        self._take_pulse()

    def close(self) -> None:
        """Stop the background work and release the cache."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        self._try("audit", self.audit.flush)
        self.sandbox.close()
        self.warehouse.close()
        self._folder.close()

    def _refresh_tables(self) -> None:
        self.warehouse.refresh()
        self._ready.set()

    def _refresh_index(self) -> None:
        self.index.refresh(self.warehouse.manifest, self._stopping)

    def _forget_files(self) -> None:
        """Delete fetched files that no reader needs any more: older versions, and raw records."""
        manifest = self.warehouse.manifest
        tables = [spec.table_in(self.lake, manifest) for spec in TABLES]
        kept = {f"{table.key}/{file.path}" for table in tables for file in table.files()}
        self.files.forget(kept, datetime.now(UTC) - READERS_TAKE_AT_MOST)

    def _take_pulse(self) -> None:
        self.pulse = self._pulse_taker.take()

    def _again_and_again(self, name: str, work: Callable[[], object], seconds: float) -> None:
        failures = 0
        while not self._stopping.is_set():
            failures = 0 if self._try(name, work) else failures + 1
            self._stopping.wait(min(seconds * 2**failures, max(seconds, LONGEST_PAUSE_SECONDS)))

    @staticmethod
    def _try(name: str, work: Callable[[], object]) -> bool:
        """Do some work; failures are logged and retried ever more rarely, while the service continues as it is."""
        try:
            work()
        except ComplaintsError as error:
            log.warning("%s: %s", name, error)
            return False
        except Exception:
            log.exception("%s failed", name)
            return False
        return True
