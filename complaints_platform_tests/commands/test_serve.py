"""``complaints serve``, ``tokens`` and ``query`` as people type them."""

import subprocess
import sys
from datetime import timedelta

import polars as pl
from typer.testing import CliRunner

from complaints_platform.cli import app
from complaints_platform.errors import AuthError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import DAILY
from complaints_platform.lake.tables import DayFrame
from complaints_platform.serving.auth import parse_tokens
from complaints_platform_tests.chain import DAY, STEPS, Chain, frame

DAYS, ROWS = 4, 50_000
run = CliRunner().invoke


def test_a_token_is_shown_once_and_its_line_can_be_redirected():
    done = run(app, ["tokens", "new", "--role", "analyst", "--name", "weekly numbers"])
    assert done.exit_code == 0
    [principal] = parse_tokens(done.stdout, "stdout").values()
    assert (principal.role, principal.name) == ("analyst", "weekly numbers")
    assert "cp_" in done.stderr
    assert "cp_" not in done.stdout
    assert run(app, ["tokens", "new", "--role", "local", "--name", "x"]).exit_code != 0


def test_serving_the_network_without_a_token_is_refused():
    done = run(app, ["serve", "--host", "0.0.0.0"])  # noqa: S104
    assert isinstance(done.exception, AuthError)


def test_a_query_that_stops_early_ends_well(tmp_path):
    lake = Lake(str(tmp_path / "lake"))
    days = [DAY + timedelta(days=number) for number in range(DAYS)]
    chain = Chain(lake)
    chain.run(dict.fromkeys(days, 1))
    DAILY.table(lake).replace_days(
        days,
        [DayFrame(day, frame(DAILY, day, 1).select(pl.all().repeat_by(ROWS)).explode(pl.all()), "f") for day in days],
    )
    lake.manifests.publish(None, {spec.sql_name: spec.table(lake).state().version for spec in STEPS})
    sql = "SELECT complaints FROM mart.daily_complaints LIMIT 1"
    done = subprocess.run(
        [sys.executable, "-c", "from complaints_platform.cli import main; main()", "query", sql, "--format", "csv"],
        env={"COMPLAINTS_LAKE": str(tmp_path / "lake"), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"complaints\n1\n", b"")
