"""A lake that can't be written, or a file that can't be read: one clear line, exit code 1, and nothing half-written."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import assert_same, contents, neutral_environment

from complaints_platform_tests.limited import limited

pytestmark = pytest.mark.crash

GIVES_UP_AFTER_SECONDS = 300
"""A pipe that nobody writes to would keep a reader for ever."""


def complaints(place, *arguments, under):
    return subprocess.run(
        limited(under, Path(sys.executable).parent / "complaints", *arguments),
        env={**neutral_environment(), **place.environment, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        check=False,
        timeout=GIVES_UP_AFTER_SECONDS,
    )


def assert_fails_in_one_line(command, pattern):
    assert command.returncode == 1, command.stdout + command.stderr
    (line,) = (line for line in command.stderr.splitlines() if line.strip())
    assert re.search(pattern, line), line


def unfinished(place):
    return [path for path in place.lake.rglob("*") if path.name.startswith(".tmp-") or path.parent.name == "incoming"]


def test_a_full_disk_stops_collect_in_one_line_and_a_second_try_makes_it_good(new_place, servers, untouched):
    place = new_place()
    failed = complaints(place, "collect", under="space")
    assert_fails_in_one_line(failed, "^LakeError: .*/raw/.* can't be written: File too large")
    assert contents(place)["receipts"] == []
    assert unfinished(place) == []
    servers.all[0].start(place, "collect").succeeds()
    assert_same(contents(place), untouched.after_collect)


@pytest.fixture
def read_only(new_place, untouched, landing, tmp_path):
    """A collected lake without tables that nobody may write, and a landing with a new file."""
    shutil.copytree(landing, tmp_path / "more")
    new = {"messageId": "m9", "msisdn": "+2348031234567", "body": "no signal", "ts": 1773144000000}
    (tmp_path / "more" / "sms" / "9.ndjson").write_text(json.dumps(new))
    place = new_place(copy_of=untouched.collected, landing=tmp_path / "more")
    folders = [place.lake, *(path for path in place.lake.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield place
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.parametrize(
    ("command", "line"), [("collect", "^LakeError: .* can't be written"), ("update", "^RunFailed: .* can't be written")]
)
def test_a_read_only_lake_stops_a_command_in_one_line_and_stays_as_it_is(read_only, untouched, command, line):
    failed = complaints(read_only, command, under="permissions")
    assert_fails_in_one_line(failed, f"{line}: Permission denied")
    assert_same(contents(read_only), untouched.after_collect)


def test_a_file_that_may_not_be_read_does_not_keep_others_out(new_place, untouched, landing, tmp_path):
    shutil.copytree(landing, tmp_path / "more")
    secret = tmp_path / "more" / "web_forms" / "0.json"
    secret.write_text("{}")
    secret.chmod(0)
    os.mkfifo(tmp_path / "more" / "web_forms" / "pipe.json")
    place = new_place(landing=tmp_path / "more")
    failed = complaints(place, "collect", under="permissions")
    assert failed.returncode == 1
    assert "0.json can't be read: Permission denied" in failed.stdout
    assert "pipe.json can't be read: it is no regular file" in failed.stdout
    assert_same(contents(place), untouched.after_collect)


def test_a_folder_that_may_not_be_listed_is_not_taken_for_an_empty_one(new_place, landing, tmp_path):
    shutil.copytree(landing, tmp_path / "more")
    (tmp_path / "more" / "sms").chmod(0)
    failed = complaints(new_place(landing=tmp_path / "more"), "collect", under="permissions")
    (tmp_path / "more" / "sms").chmod(0o755)
    assert_fails_in_one_line(failed, "^LakeError: .*/sms can't be listed: Permission denied")
