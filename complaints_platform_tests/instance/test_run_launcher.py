"""What run monitoring is told; that a lost run is repeated is seen in ``deployment/test_topology.py``."""

import json
import socket

import dagster as dg
import pytest
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from complaints_platform.instance.run_launcher import WatchedRunLauncher


def run_started_by(address):
    tags = {} if address is None else {GRPC_INFO_TAG: json.dumps(address)}
    return dg.DagsterRun(job_name="collect", run_id=dg._core.utils.make_new_run_id(), tags=tags)


def test_a_run_of_the_command_line_counts_as_alive_because_nobody_can_be_asked():
    result = WatchedRunLauncher().check_run_worker_health(run_started_by(None))
    assert result.status is WorkerStatus.RUNNING


def test_nothing_is_said_of_a_run_while_its_code_server_does_not_answer():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # taken, but nobody listens
        address = {"host": "127.0.0.1", "port": taken.getsockname()[1]}
        with pytest.raises(DagsterUserCodeUnreachableError):
            WatchedRunLauncher().check_run_worker_health(run_started_by(address))


def test_run_monitoring_may_ask():
    assert WatchedRunLauncher().supports_check_run_worker_health
