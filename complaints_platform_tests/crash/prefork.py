"""A process that has imported the platform once and forks a child for each ``complaints`` command.

Importing takes seconds, a fork milliseconds: only so can a command be killed at each of its
writes. Nothing of Polars, Arrow or delta-rs is used before the fork; their thread pools start
in the child. OpenBLAS starts threads when it is loaded, and waits for them in a fork: it is
started without any (OPENBLAS_NUM_THREADS), which is made sure of before the first fork.

Requests are lines of JSON on standard input: ``{"argv", "environment", "output", "kill_at",
"writes"}`` starts a command and answers its process id; ``{"wait": pid}`` answers its return code,
negative for a signal, and the CPU seconds that it used.
"""

import faulthandler
import importlib
import json
import os
import signal
import sys

import deltalake
from deltalake.table import TableOptimizer
from threadpoolctl import threadpool_info

from complaints_platform.cli import main

HANGS_AFTER_SECONDS = 300

PRELOADED = (
    "complaints_platform.intake.collectors",
    "complaints_platform.commands.running",
    "complaints_platform.sources.workbook",
    "dagster._core.definitions.antlr_asset_selection.antlr_asset_selection",
    "dagster._core.storage.legacy_storage",
    "dagster._grpc.client",
    "dagster_aws.components",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "pandera.backends.polars.builtin_checks",
    "sklearn.feature_extraction.text",
    "sklearn.svm",
    "upath",
)


class Writes:
    """Counts the moments at which a command changes what stands below a folder; kills it at one of them."""

    def __init__(self, folder, kill_at, count_file):
        self._folder = folder
        self._kill_at = kill_at
        self._count_file = count_file
        self._count = 0
        sys.addaudithook(self._audit)
        # delta-rs writes its log without Python, so Python's audit events do not tell of it.
        for owner, name in (
            (deltalake.DeltaTable, "create_write_transaction"),
            (deltalake.DeltaTable, "create"),
            (deltalake.DeltaTable, "create_checkpoint"),
            (TableOptimizer, "compact"),
        ):
            self._announce(owner, name)

    def _audit(self, event, arguments):
        # Objects appear by rename (or by a link, where the name must be free): right before it the bytes are
        # written but under no name yet. What is deleted is gone right after it.
        if event in {"os.rename", "os.link", "os.remove"}:
            path = os.fspath(arguments[0])
            half_written = event == "os.remove" and os.path.basename(path).startswith(".tmp-")  # noqa: PTH119
            if path.startswith(self._folder) and not half_written:
                self._moment()

    def _announce(self, owner, name):
        original = getattr(owner, name)

        def announced(*arguments, **named):
            self._moment()
            return original(*arguments, **named)

        setattr(owner, name, announced)

    def _moment(self):
        self._count += 1
        if self._count == self._kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def close(self):
        with open(self._count_file, "w") as file:  # noqa: PTH123
            file.write(str(self._count))


def preload():
    """Import what a command imports when it comes to it, so that no child has to."""
    for name in PRELOADED:
        importlib.import_module(name)
    pools = {pool["filepath"]: pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}
    assert pools, "no numeric library is loaded: this test of threads tests nothing"
    assert set(pools.values()) == {1}, f"threads would be lost in a fork: {pools}"


def run(request):
    """Be the command; never return."""
    output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    faulthandler.dump_traceback_later(HANGS_AFTER_SECONDS, exit=True, file=2)
    os.environ.update(request["environment"])
    sys.argv = ["complaints", *request["argv"]]
    writes = None
    if request["kill_at"] is not None:
        writes = Writes(request["environment"]["COMPLAINTS_LAKE"], request["kill_at"], request["writes"])
    code = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter does at its end
        sys.excepthook(*sys.exc_info())
        code = 1
    if writes is not None:
        writes.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def reply(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def serve():
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            _, status, used = os.wait4(request["wait"], 0)
            answer = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
        else:
            answer = os.fork()
            if answer == 0:
                run(request)
        reply(answer)


if __name__ == "__main__":
    preload()
    reply("ready")
    serve()
