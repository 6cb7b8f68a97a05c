"""Runs started from the command line: the same jobs and instance as in the UI, in this process."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import dagster as dg

from complaints_platform.definitions import build_definitions
from complaints_platform.errors import ComplaintsError
from complaints_platform.freshness.publishing import publish
from complaints_platform.instance.names import BY_DAY, BY_RECEIVED_DAY, COLLECT, REPLAY, TRAIN
from complaints_platform.instance.partitions import batches
from complaints_platform.intake.quarantine import Selection
from complaints_platform.learning.model import model_is_stale
from complaints_platform.lifecycle import rekey
from complaints_platform.platform import Platform

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""Events and stack traces go to the instance, for the UI; the terminal shows results."""


class RunFailed(ComplaintsError):
    """A Dagster run failed; the message names it and its first error."""


@dataclass(frozen=True)
class Run:
    """A run that succeeded."""

    job: str
    days: tuple[date, ...] = ()

    def describe(self) -> str:
        """Return one line."""
        if not self.days:
            return self.job
        if len(self.days) == 1:
            return f"{self.job}, {self.days[0]}"
        return f"{self.job}, {len(self.days)} days from {self.days[0]} to {self.days[-1]}"


class Runner:
    """Runs the platform's jobs in this process; a failed run raises RunFailed, and runs before it stay."""

    def __init__(self, platform: Platform, instance: dg.DagsterInstance) -> None:
        self._platform = platform
        self._instance = instance
        self._definitions = build_definitions(platform)

    def collect(self, sources: list[str] | None = None) -> None:
        """Collect the files in the landing."""
        self._execute(COLLECT, {}, {"ops": {"collect_landing": {"config": {"sources": sources or []}}}})

    def replay(self, selection: Selection, *, every_file: bool) -> None:
        """Parse files again whose contract has changed since; if the run fails, files replayed before stay so."""
        parts = {"source": selection.source, "reason": selection.reason, "file": selection.file}
        chosen = {name: value for name, value in parts.items() if value is not None} | {"every_file": every_file}
        self._execute(REPLAY, {}, {"ops": {"replay_files": {"config": chosen}}})

    def rekey(self) -> Iterator[str]:
        """Hash everything again with the data key in the settings; yield a description of each step.

        May be interrupted and repeated. Afterwards no version of any table holds a hash of the old key.

        Raises:
            SettingsError: the new key or its version can't be used.
            RunFailed: a run failed, or other runs are active.
        """
        busy = self._instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        if busy:
            raise RunFailed(f"{len(busy)} runs are active, {busy[0].run_id} first: rekey when nothing else is running")
        lake, key = self._platform.lake, self._platform.configured_key
        begun = rekey.begin(lake, key)
        yield f"the data key is version {key.version}" + ("" if begun else " already: continuing")
        for name, collector in self._platform.customers_collectors().items():
            yield f"{name}: {len(collector.refresh())} files of customers hashed again"
        yield from (run.describe() for run in self.update())
        yield f"{rekey.carry_corrections_over(lake, key)} corrections carried over to new complaint ids"
        yield from (run.describe() for run in self.update())
        for table, files in rekey.purge_old_hashes(lake, key):
            yield f"{table}: {files} files with old hashes deleted"

    def update(self) -> Iterator[Run]:
        """Materialise whatever is stale, in as few runs as possible; yield each run when it has ended.

        Raises:
            SettingsError: the data key is not the lake's.
        """
        platform = self._platform
        platform.data_key()
        if model_is_stale(platform.lake, platform.taxonomy, platform.settings.classifier_tier):
            self._execute(TRAIN, {}, {})
            yield Run(TRAIN)
        yield from self.materialize(BY_DAY, platform.stale().by_day())
        yield from self.materialize(BY_RECEIVED_DAY, platform.stale().by_received_day())
        # A run killed after its last table has left nothing stale, but has not published.
        publish(platform.lake)

    def materialize(self, job: str, days: Sequence[date], longest: int | None = None) -> Iterator[Run]:
        """Materialise some days, stale or not, in runs of at most ``longest`` days; yield each when it has ended."""
        for batch in batches(days, longest or self._platform.settings.days_per_run):
            self._execute(job, batch.tags, batch.config)
            yield Run(job, batch.days)

    def _execute(self, job: str, tags: dict[str, str], config: dict[str, object]) -> None:
        result = self._definitions.resolve_job_def(job).execute_in_process(
            instance=self._instance, tags=tags, run_config={**config, **QUIET}, raise_on_error=False
        )
        if not result.success:
            raise RunFailed(f"run {result.run_id} of job {job} failed: {_first_error(result)}")


def _first_error(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_failure and event.event_specific_data is not None:
            error = getattr(event.event_specific_data, "error", None)
            if error is not None:
                return str(error.cause.message if error.cause else error.message).strip()
    return "see the run's log"
