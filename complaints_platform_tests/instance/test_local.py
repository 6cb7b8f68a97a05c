"""The instance on this machine: made once, and a file of an older release is corrected when it is opened."""

import pytest

from complaints_platform.instance.doctor import examine_instance
from complaints_platform.instance.event_log import BatchingSqliteEventLogStorage
from complaints_platform.instance.local import INSTANCE_FILE, local_instance
from complaints_platform.operations.doctor import FindingVerdict
from complaints_platform.platform import Platform

OLD = INSTANCE_FILE.read_text().replace("complaints_platform.instance.event_log", "complaints_platform.defs.event_log")


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    return tmp_path / "home" / INSTANCE_FILE.name


def test_an_instance_is_made_where_there_is_none_and_what_people_changed_stays(file):
    with local_instance() as instance:
        assert isinstance(instance.event_log_storage, BatchingSqliteEventLogStorage)
    assert file.read_bytes() == INSTANCE_FILE.read_bytes()
    file.write_text("telemetry: {enabled: false}  # complaints_platform.defs.event_logs\n")
    before = file.stat()
    with local_instance():
        pass
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_names_modules_by_their_old_place_is_corrected_when_it_is_opened(file):
    launcher = "run_launcher: {module: complaints_platform.defs.run_launcher, class: WatchedRunLauncher}\n"
    file.parent.mkdir()
    file.write_text(f"{OLD}\n# ours\n{launcher}")
    with local_instance() as instance:
        assert isinstance(instance.event_log_storage, BatchingSqliteEventLogStorage)
        assert type(instance.run_launcher).__name__ == "WatchedRunLauncher"
    assert file.read_text() == f"{INSTANCE_FILE.read_text()}\n# ours\n{launcher.replace('.defs.', '.instance.')}"
    assert list(file.parent.glob(".*dagster.yaml*")) == []


def test_the_doctor_says_that_the_file_names_a_module_that_has_moved(file, make_settings):
    file.parent.mkdir()
    file.write_text(OLD)
    (finding,) = examine_instance(Platform(make_settings()))
    assert finding.verdict is FindingVerdict.WRONG
    assert "has moved" in finding.what
    assert "complaints update" in finding.todo
    assert file.read_text() == OLD
