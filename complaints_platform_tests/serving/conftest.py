"""A generated lake with a service over it and a token of each role, shared by all tests of the service."""

import json
from dataclasses import dataclass, field
from datetime import date

import dagster as dg
import pytest
from fastapi.testclient import TestClient

from complaints_platform.commands.running import Runner
from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake import Lake
from complaints_platform.lake.store import open_store
from complaints_platform.platform import Platform
from complaints_platform.serving.auth import TOKEN_ROLES, Role, new_token
from complaints_platform.serving.http.app import build_app
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.settings import load_settings

DAYS, PER_DAY = 9, 60
METRICS = b"complaints_runs 1\n"
HTML = '=HYPERLINK("x") <script>alert(1)</script> & <b>slow</b>'


@dataclass
class Served:
    """A service, who may ask it, and the lake behind it."""

    settings: object
    app: object
    tokens: dict = field(default_factory=dict)

    @property
    def service(self):
        return self.app.state.service

    @property
    def lake(self):
        return Lake(self.settings.lake)

    def client(self, role=None):
        headers = {"authorization": f"Bearer {self.tokens[role]}"} if role else {}
        return TestClient(self.app, base_url="http://testserver", headers=headers, raise_server_exceptions=False)

    def get(self, path, role=Role.ANALYST, **parameters):
        return self.client(role).get(path, params=parameters)

    def ask(self, sql):
        return run_query(Catalogue.of(Platform(self.settings)), sql).to_pylist()


def started(settings, tokens):
    app = build_app(Platform(settings), lambda: METRICS)
    app.state.service.start()
    app.state.service.bring_up_to_date()
    return Served(settings, app, tokens)


@pytest.fixture(scope="session")
def filled(tmp_path_factory):
    """Settings of a lake of nine generated days, one complaint of which holds HTML."""
    root = tmp_path_factory.mktemp("served")
    settings = load_settings(
        profile="test",
        lake=str(root / "lake"),
        landing=str(root / "landing"),
        cache=root / "cache",
        first_day=date(2026, 1, 1),
        time_zone="Africa/Lagos",
        sql_seconds=1.5,
        sql_memory_mb=256,
        sql_rows=1000,
    )
    write_files(GeneratorOptions(days=DAYS, per_day=PER_DAY), open_store(settings.landing), open_store(str(root)))
    at = "2026-03-15T12:00:00Z"
    post = {"id": "html-1", "created_at": at, "updated_at": at, "direction": "inbound", "deleted": False, "text": HTML}
    (root / "landing" / "social_media" / "html.ndjson").write_text(json.dumps(post) + "\n")
    runner = Runner(Platform(settings), dg.DagsterInstance.ephemeral())
    runner.collect()
    list(runner.update())
    return settings


@pytest.fixture(scope="session")
def served(filled, tmp_path_factory):
    """The service over it, with a token of each role."""
    made = {role: new_token(role, f"a {role.value}") for role in TOKEN_ROLES}
    file = tmp_path_factory.mktemp("tokens") / "tokens"
    file.write_text("\n".join(line for _, line in made.values()))
    place = started(filled.model_copy(update={"tokens_file": file}), {role: token for role, (token, _) in made.items()})
    yield place
    place.service.close()
