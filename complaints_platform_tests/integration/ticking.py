"""A platform whose sensors a test ticks by itself; the runs that they ask for are executed at once, in this process."""

from datetime import UTC, datetime

import dagster as dg

from complaints_platform.definitions import build_definitions
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED
from complaints_platform.lake.store import open_store
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings
from complaints_platform_tests import contracts
from complaints_platform_tests.small_lake import SOURCE

TODAY = datetime.now(UTC).date()
TEXTS = ("no signal in the whole village", "you overcharged me again", "the agent was rude to me")


class Installation:
    """Sensors and jobs of a lake with one source; runs are executed as the sensors ask for them."""

    def __init__(self, root, **settings):
        self.root = root
        contracts.write_contract(root / "sources", "forms", SOURCE)
        self.settings = load_settings(
            **{
                "profile": "test",
                "lake": str(root / "lake"),
                "landing": str(root / "landing"),
                "sources": root / "sources",
                "settle_seconds": 0,
                **settings,
            }
        )
        self.lake = Lake(self.settings.lake)
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursors = {}
        self.load()

    def load(self):
        """Load the code, as after a deployment."""
        self.definitions = build_definitions(Platform(self.settings))
        self.repository = self.definitions.get_repository_def()

    def send(self, name, days, word=""):
        rows = "".join(
            f"{name}-{number},{text} {word},{day}T12:00:00Z,{day}T12:00:00Z\n"
            for number, (day, text) in enumerate((day, text) for day in days for text in TEXTS)
        )
        open_store(self.settings.landing).put(f"forms/{name}.csv", f"id,text,at,updated\n{rows}".encode())
        return self.root / "landing" / "forms" / f"{name}.csv"

    def tick(self, sensor, *, run=True):
        """Evaluate a sensor and execute the runs that it asks for; return its result and how the runs ended."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursors.get(sensor), repository_def=self.repository
        )
        data = self.repository.get_sensor_def(sensor).evaluate_tick(context)
        self.cursors[sensor] = data.cursor or self.cursors.get(sensor)
        return data, [self.execute(request, sensor) for request in data.run_requests or [] if run]

    def execute(self, request, sensor):
        job = request.job_name or {"landing": "collect"}.get(sensor, sensor)
        done = self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            run_config=request.run_config,
            tags=request.tags,
            asset_selection=request.asset_selection,
            raise_on_error=False,
        )
        return done.success

    def settle(self):
        """Tick until nothing is asked for any more; return how many runs that took."""
        runs = 0
        for _ in range(12):
            done = [success for sensor in ("landing", "changes", "update_tables") for success in self.tick(sensor)[1]]
            runs += len(done)
            if not done:
                return runs
        raise AssertionError("the sensors do not come to rest")

    def rows(self, spec=CATEGORIZED):
        return spec.table(self.lake).scan().collect()
