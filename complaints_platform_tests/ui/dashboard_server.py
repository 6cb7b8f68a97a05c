"""The query service with its dashboard over a small lake, in a thread of the test's own process."""

import threading
from contextlib import contextmanager
from datetime import date

import dagster as dg
import uvicorn

from complaints_platform.commands.running import Runner
from complaints_platform.generator import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake import Lake
from complaints_platform.lake.store import open_store
from complaints_platform.platform import Platform
from complaints_platform.serving.http.app import build_app
from complaints_platform.settings import load_settings
from complaints_platform_tests.ui.dagster_server import wait_until

DAYS = 9
PER_DAY = 60
SECONDS_TO_START = 30


class SmallLake:
    """Nine days of generated complaints, taken in, categorised and counted."""

    def __init__(self, root):
        self.root = root
        self.settings = self.settings_with()
        self.lake = Lake(self.settings.lake)
        self.runner = Runner(Platform(self.settings), dg.DagsterInstance.ephemeral())

    def settings_with(self, **more):
        return load_settings(
            profile="test",
            lake=str(self.root / "lake"),
            landing=str(self.root / "landing"),
            time_zone="Africa/Lagos",
            first_day=date(2026, 1, 1),
            cache=self.root / "cache",
            **more,
        )

    def fill(self):
        options = GeneratorOptions(days=DAYS, per_day=PER_DAY)
        write_files(options, open_store(self.settings.landing), open_store(str(self.root)))
        self.runner.collect()
        list(self.runner.update())


@contextmanager
def serving(settings):
    """Serve on a free port; yield the address."""
    config = uvicorn.Config(build_app(Platform(settings)), host="127.0.0.1", port=0, log_level="error", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started, SECONDS_TO_START, "the query service has not started")
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(SECONDS_TO_START)
