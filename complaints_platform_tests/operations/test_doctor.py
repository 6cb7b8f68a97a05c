"""Each fault of an installation is found, and said what to do about; a sound one has none."""

import json
import os
import time
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster._daemon.types import DaemonHeartbeat
from pydantic import SecretStr
from typer.testing import CliRunner

from complaints_platform.cleaning import DataKey
from complaints_platform.cli import app
from complaints_platform.instance import doctor as dagster_doctor
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import DAILY
from complaints_platform.lake.store import LocalStore
from complaints_platform.lake.tables import DayFrame, Table
from complaints_platform.operations import doctor
from complaints_platform.operations.doctor import FindingVerdict
from complaints_platform.platform import Platform
from complaints_platform.schemas import empty_frame
from complaints_platform.schemas.model import polars_schema
from complaints_platform_tests import contracts
from complaints_platform_tests.small_lake import SOURCE

KEY = "k" * 40
DAY = datetime(2026, 3, 10, tzinfo=UTC).date()


@pytest.fixture
def settings(make_settings, tmp_path):
    (tmp_path / "landing" / "forms").mkdir(parents=True)
    contracts.write_contract(tmp_path / "sources", "forms", SOURCE)
    return make_settings(data_key=SecretStr(KEY), sources=tmp_path / "sources")


def of(findings, *verdicts):
    chosen = verdicts or (FindingVerdict.WRONG, FindingVerdict.WARNING)
    return [f"{each.area}: {each.what} → {each.todo}" for each in findings if each.verdict in chosen]


def test_a_sound_installation_has_nothing_wrong(settings):
    sound = list(doctor.examine(Platform(settings), doctor.EXAMINATIONS))
    assert of(sound) == ["model: no classifier serves yet → complaints update trains one as soon as there is data"]
    assert {each.area for each in sound} == {area for area, _ in doctor.EXAMINATIONS}
    assert LocalStore(Path(settings.lake)).names("doctor") == []


def test_a_misspelt_variable_is_named_with_the_right_one_and_others_are_left_alone():
    (found,) = doctor.unknown_variables(["COMPLAINTS_LANDNG", "COMPLAINTS_LAKE", "COMPLAINTS_SMTP_SECRET", "HOME"])
    assert found.what == "COMPLAINTS_LANDNG is not a setting"
    assert "COMPLAINTS_LANDING" in found.todo


def test_a_landing_inside_the_lake_is_wrong(settings):
    inside = settings.model_copy(update={"landing": f"{settings.lake}/landing"})
    assert "the landing is inside the lake" in of(doctor.examine_settings(Platform(inside)))[0]


def test_the_development_key_warns_and_on_an_object_store_is_wrong(make_settings):
    (found,) = doctor.examine_credentials(Platform(make_settings()))
    assert found.verdict is FindingVerdict.WARNING
    (found,) = doctor.examine_credentials(Platform(make_settings(lake="s3://bucket/lake")))
    assert found.verdict is FindingVerdict.WRONG
    assert "COMPLAINTS_DATA_KEY" in found.todo


def test_no_secret_is_shown(settings):
    short = settings.model_copy(update={"metrics_token": SecretStr("too-short-a-token")})
    found = list(doctor.examine(Platform(short), doctor.EXAMINATIONS))
    assert any("metrics token" in line for line in of(found, FindingVerdict.WRONG))
    assert KEY not in str(found)
    assert "too-short-a-token" not in str(found)


def test_a_lake_that_cannot_be_written_is_wrong(settings, monkeypatch):
    def refuse(*_):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    (found,) = of(doctor.examine_lake(Platform(settings)))
    assert "Read-only file system" in found
    assert "read-only disk" in found


def test_a_storage_without_conditional_writes_is_wrong(settings, monkeypatch):
    monkeypatch.setattr(LocalStore, "create", lambda self, key, data: self.put(key, data) is None)
    (found,) = of(doctor.examine_lake(Platform(settings)))
    assert "conditional writes" in found


def test_another_data_key_than_the_lake_s_is_wrong(settings):
    other = DataKey(b"o" * 40, 1)
    Lake(settings.lake).keys.add(other.version, other.fingerprint)
    (found,) = of(doctor.examine_lake(Platform(settings)))
    assert "is not the key that this lake was built with" in found


def test_a_lake_of_a_newer_release_is_named_with_its_columns(settings):
    lake = Lake(settings.lake)
    newer = pl.Schema({**polars_schema(DAILY.model), "mood": pl.String()})
    table = Table(lake.store, DAILY.table(lake).key, newer)
    frame = empty_frame(DAILY.model).with_columns(mood=pl.lit(None, pl.String))
    table.replace_days([DAY], [DayFrame(DAY, frame, "f" * 32)])
    (found,) = of(doctor.examine_lake(Platform(settings)))
    assert "mart.daily_complaints has columns unknown to this release: mood" in found


def test_a_damaged_table_is_named(settings):
    log = Path(settings.lake) / "tables" / "mart" / "daily_complaints" / "_delta_log" / f"{0:020d}.json"
    log.parent.mkdir(parents=True)
    log.write_text("nonsense")
    (found,) = of(doctor.examine_lake(Platform(settings)))
    assert "daily_complaints can't be read" in found


def test_a_wrong_contract_is_named(settings):
    contracts.write_contract(settings.sources, "forms", {**SOURCE, "cadence": "sometimes"})
    (found,) = of(doctor.examine_sources(Platform(settings)))
    assert "cadence" in found


def test_a_landing_without_its_folder_and_a_file_that_cannot_be_read(settings):
    folder = Path(settings.landing) / "forms"
    (folder / "broken.csv").mkdir()
    (found,) = of(doctor.examine_sources(Platform(settings)), FindingVerdict.WRONG)
    assert "forms: broken.csv can't be read" in found
    (folder / "broken.csv").rmdir()
    folder.rmdir()
    (found,) = of(doctor.examine_sources(Platform(settings)))
    assert "the landing has no folder forms" in found


def test_a_silent_sender_is_named_with_the_time_of_its_last_file(settings):
    from complaints_platform.intake.collectors import collect_jobs
    from complaints_platform.intake.files import collect_all

    (Path(settings.landing) / "forms" / "a.csv").write_text(
        "id,text,at,updated\n1,no signal,2026-03-10T12:00:00Z,2026-03-10T12:00:00Z\n"
    )
    assert (
        len(list(collect_all(collect_jobs(Platform(settings).collectors(), Platform(settings).landing, [], None), 1)))
        == 1
    )
    assert of(doctor.examine_sources(Platform(settings))) == []
    (found,) = of(doctor.examine_sources(Platform(settings), datetime.now(UTC) + timedelta(hours=37)))
    assert f"forms: nothing new since {datetime.now(UTC):%Y-%m-%d}" in found


def test_a_model_that_is_gone_and_an_extra_that_is_not_installed(settings, monkeypatch):
    from complaints_platform.lake.models import Action, Promotion, ServingModel

    promoted = Promotion(Action.PROMOTED, ServingModel("gone", "1.0", "x"), "test", "test", {})
    Lake(settings.lake).models.record(promoted)
    (found,) = of(doctor.examine_model(Platform(settings)), FindingVerdict.WRONG)
    assert "the stored model gone is gone" in found
    monkeypatch.setattr("complaints_platform.classification.embeddings._MODULES", ("no_such_module",))
    (found,) = of(
        doctor.examine_model(Platform(settings.model_copy(update={"classifier_tier": "full"}))), FindingVerdict.WRONG
    )
    assert "embeddings" in found


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(5 << 20, FindingVerdict.WRONG), (9 << 30, FindingVerdict.WARNING), (50 << 30, FindingVerdict.GOOD)],
)
def test_a_disk_that_runs_full_is_noticed(settings, free, verdict):
    total = 100 << 30
    found = list(doctor.examine_disk(Platform(settings), lambda _place: (total, total - free, free)))
    assert {each.verdict for each in found} == {verdict}
    assert len(found) == 3


def test_a_clock_that_is_off_is_noticed(settings):
    (found,) = of(doctor.examine_clock(Platform(settings), lambda: datetime.now(UTC) + timedelta(minutes=5)))
    assert "+300 s off" in found or "+299 s off" in found
    Lake(settings.lake).manifests.publish(None, {}, [], datetime.now(UTC) + timedelta(hours=2))
    (found,) = of(doctor.examine_clock(Platform(settings)))
    assert "in the future" in found


def test_packages_that_are_missing_or_other_versions_are_named(settings):
    def installed(name):
        if name == "polars":
            raise metadata.PackageNotFoundError(name)
        return "1.12.0"

    found = of(
        doctor.examine_versions(
            Platform(settings), installed, ["polars>=2", "dagster==1.13.27", 'onnx>=9; extra == "x"']
        )
    )
    assert [line.split(" → ")[0] for line in found] == [
        "versions: polars is not installed",
        "versions: dagster is 1.12.0, but ==1.13.27 is required",
    ]


def test_an_examination_that_fails_hides_no_other(settings):
    def fails(_settings):
        raise ZeroDivisionError("by accident")

    found = list(doctor.examine(Platform(settings), [("odd", fails), ("disk", doctor.examine_disk)]))
    assert "odd: can't be examined: ZeroDivisionError: by accident" in of(found, FindingVerdict.WRONG)[0]
    assert len(found) > 1


def test_an_instance_without_home_storage_or_daemon(settings, monkeypatch, tmp_path):
    monkeypatch.delenv("DAGSTER_HOME")
    assert "DAGSTER_HOME is not set" in of(dagster_doctor.examine_instance(Platform(settings)))[0]
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_text("storage:\n  sqlite:\n    base_dir: /proc/nowhere\n")
    (found,) = of(dagster_doctor.examine_instance(Platform(settings)), FindingVerdict.WRONG)
    assert "does not answer" in found


def test_a_daemon_that_stopped_and_runs_that_failed_are_noticed(settings):
    @dg.op
    def breaks():
        raise dg.Failure("on purpose")

    @dg.job
    def broken():
        breaks()

    with dg.DagsterInstance.local_temp() as instance:
        assert "no daemon has ever run" in of(dagster_doctor.examine_open_instance(instance, Platform(settings)))[0]
        for name in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), name, "id", []))
        assert of(dagster_doctor.examine_open_instance(instance, Platform(settings))) == []
        run = broken.execute_in_process(instance=instance, raise_on_error=False).run_id
        for name in instance.get_required_daemon_types():
            instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - 300, name, "id", []))
        failed, silent = of(dagster_doctor.examine_open_instance(instance, Platform(settings)))
    assert run in failed
    assert "shows no sign of life" in silent
    assert "dagster-daemon run" in silent


def test_definitions_that_do_not_load_are_noticed(settings):
    assert of(dagster_doctor.examine_definitions(Platform(settings))) == []
    (settings.sources / "forms" / "defs.yaml").write_text("type: nonsense\n")
    (found,) = of(dagster_doctor.examine_definitions(Platform(settings)), FindingVerdict.WRONG)
    assert "the definitions can't be loaded: ContractError" in found


def test_the_command_says_it_to_people_and_machines_and_by_its_exit_code(settings, monkeypatch):
    for name in ("lake", "landing", "sources"):
        monkeypatch.setenv(f"COMPLAINTS_{name.upper()}", str(getattr(settings, name)))
    monkeypatch.setenv("COMPLAINTS_DATA_KEY", KEY)
    result = CliRunner().invoke(app, ["doctor", "--json"])
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["healthy"]) == (0, True), answer
    (settings.sources / "forms" / "defs.yaml").write_text("type: nonsense\n")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "wrong    sources" in result.stdout
    assert "2 things are wrong" in result.stdout
    monkeypatch.setenv("COMPLAINTS_WORKERS", "none")
    result = CliRunner().invoke(app, ["doctor"])
    assert result.exit_code == 1
    assert "COMPLAINTS_WORKERS" in result.stdout
