"""How runs are started and watched where a code server of its own runs them, as in production.

Nothing here knows complaints. ``docker/dagster.yaml`` names the class; on one machine Dagster's
own launcher does, because there the code server is started anew under another address.
"""

import json

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult


class WatchedRunLauncher(dg.DefaultRunLauncher):
    """Starts runs in the code server, and lets run monitoring find out which of them are gone.

    A code server reports a run whose process died, but not its own death, which takes all its runs along: with
    Dagster's launcher they stay "started" for ever and, as runs of one pool take turns, nothing of their pool ever runs
    again. A server that is back says which runs it has; the others failed, and are retried.
    """

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Yes: run monitoring may ask."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Ask the code server that started ``run`` whether it still has it.

        Raises:
            DagsterUserCodeUnreachableError: the server does not answer. Nothing is known then, and
                run monitoring asks again: a live run must not be repeated beside itself.
        """
        address = run.tags.get(GRPC_INFO_TAG)
        if address is None:
            return CheckRunHealthResult(WorkerStatus.RUNNING, "started by no code server: nobody can be asked")
        server = json.loads(address)
        client = DagsterGrpcClient(
            host=server.get("host"),
            port=server.get("port"),
            socket=server.get("socket"),
            use_ssl=bool(server.get("use_ssl", False)),
        )
        answer = dg.deserialize_value(
            client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id)), CanCancelExecutionResult
        )
        if answer.can_cancel:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.NOT_FOUND, "the code server was restarted and no longer has the run")
