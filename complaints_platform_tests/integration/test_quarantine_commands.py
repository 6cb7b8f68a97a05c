"""Quarantine as a place to work in: see what was set aside, fix the contract, replay, and all counts again."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from complaints_platform import cli
from complaints_platform.commands.running import Runner
from complaints_platform.instance.local import local_instance
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CLEANED, QUARANTINE, RECONCILIATION
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings
from complaints_platform_tests.contracts import OWNER, write_contract

CONTRACT = {
    "description": "A test source.",
    "owner": OWNER,
    "cadence": "daily",
    "channel": "web_form",
    "format": {"type": "csv"},
    "fields": {"source_id": "id", "text": "what", "occurred_at": "at", "resolved_at": "closed"},
}
LINES = [
    "id,at,what,closed",
    "1,2026-03-10T08:00:00,no signal,",
    "2,11/03/2026 09:30,call Zoe on 08031234567,",
    "3,11/03/2026 10:30,the bill is wrong,2026-03-12T00:00:00",
    "4,never,the bill is wrong,",
]


def environment(root):
    return {
        "COMPLAINTS_PROFILE": "test",
        "COMPLAINTS_LAKE": str(root / "lake"),
        "COMPLAINTS_LANDING": str(root / "landing"),
        "COMPLAINTS_SOURCES": str(root / "sources"),
        "DAGSTER_HOME": str(root / "dagster"),
    }


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """A lake that has collected two files by a contract that knows only one of their two time formats."""
    root = tmp_path_factory.mktemp("collected")
    write_contract(root / "sources", "forms", CONTRACT)
    write_contract(root / "sources", "other", CONTRACT)
    landing = root / "landing" / "forms"
    landing.mkdir(parents=True)
    (landing / "march.csv").write_text("\n".join(LINES))
    (landing / "fine.csv").write_text("\n".join(LINES[:2]).replace("1,", "9,", 1))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(root).items():
            patch.setenv(name, value)
        with local_instance() as instance:
            runner = Runner(Platform(load_settings()), instance)
            runner.collect()
            list(runner.update())
    return root


@pytest.fixture
def home(collected, tmp_path, monkeypatch):
    """A copy of the collected lake for each test, named by the environment."""
    root = shutil.copytree(collected, tmp_path / "home")
    for name, value in environment(root).items():
        monkeypatch.setenv(name, value)
    return root


def run(*arguments):
    result = CliRunner().invoke(cli.app, ["quarantine", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def fix(home):
    write_contract(home / "sources", "forms", {**CONTRACT, "times": {"formats": ["iso8601", "%d/%m/%Y %H:%M"]}})


def reconciliation():
    table = RECONCILIATION.table(Lake(load_settings().lake))
    return [row for day in table.read_days(sorted(table.row_counts())) for row in day.frame.to_dicts()]


def test_what_was_set_aside_is_counted_by_day_source_and_reason(home):
    (count,) = json.loads(run("list", "--json"))
    assert (count["source"], count["reason"], count["records"], count["files"]) == ("forms", "unreadable_time", 3, 1)
    assert json.loads(run("list", "--json", "--source", "other")) == []
    assert json.loads(run("list", "--json", "--reason", "missing_text")) == []
    assert "the quarantine is empty" in run("list", "--since", "2999-01-01")


def test_each_record_is_shown_with_its_place_and_reason_and_only_on_demand_with_its_words(home):
    shown = run("show")
    assert "march.csv" in shown
    assert "record 2, line 3" in shown
    assert "no time by the contract's formats (iso8601)" in shown
    assert "Zoe" not in shown
    with_originals = run("show", "--original", "--file", "march")
    assert "| 2,11/03/2026 09:30,call Zoe on 08031234567," in with_originals
    assert "| 4,never,the bill is wrong," in with_originals


def test_unknown_sources_and_reasons_are_named_with_what_there_is(home, capsys, monkeypatch):
    for option, message in ((["--source", "nobody"], "there are forms, other"), (["--reason", "x"], "missing_text")):
        monkeypatch.setattr("sys.argv", ["complaints", "quarantine", "list", *option])
        with pytest.raises(SystemExit, match="1"):
            cli.main()
        assert message in capsys.readouterr().err


def test_replay_before_the_contract_is_fixed_says_what_to_do(home):
    assert "Change the contract first" in run("replay")


def test_after_the_contract_is_fixed_replay_releases_the_records_and_the_numbers_reconcile_again(home):
    before = {row["file_name"]: row for row in reconciliation()}
    assert (before["march.csv"]["complaints"], before["march.csv"]["quarantined"]) == (1, 3)
    fix(home)
    output = run("replay", "--source", "forms")
    assert "1 file replayed: 3 records in quarantine before, 1 now" in output
    after = {row["file_name"]: row for row in reconciliation()}
    assert (after["march.csv"]["complaints"], after["march.csv"]["quarantined"]) == (3, 1)
    assert after["fine.csv"] == before["fine.csv"]
    assert all(row["reconciles"] for row in after.values())
    lake = Lake(load_settings().lake)
    assert sum(CLEANED.table(lake).row_counts().values()) == 4
    assert sum(QUARANTINE.table(lake).row_counts().values()) == 1
    assert "Change the contract first" in run("replay")


def test_every_file_of_a_changed_contract_can_be_read_again(home):
    fix(home)
    assert "2 files replayed" in run("replay", "--every-file", "--no-update")
    lake = Lake(load_settings().lake)
    assert sum(CLEANED.table(lake).row_counts().values()) == 2, "--no-update leaves the tables as they are"
    assert len({receipt.version for receipt in lake.receipts.all()}) == 1
