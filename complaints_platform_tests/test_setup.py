"""Setting up: which Python is taken, and where packages come from."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHONS = ("python3.11", "python3.12", "python3.13", "python3")
BROKEN = "echo 'pyenv: python3.11: command not found' >&2; exit 127"
WORKING = f'exec {sys.executable} "$@"'
UNSUPPORTED = "exit 1"  # as an older Python answers the Makefile's question


def program(path, script):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def fresh_checkout(folder, **pythons):
    """Make a checkout; return the command that sets it up, and an environment with these Pythons on the path."""
    for name in PYTHONS:
        program(folder / "bin" / name, pythons.get(name.replace(".", "_"), UNSUPPORTED))
    for name in ("Makefile", "requirements.lock", "pyproject.toml", "setup.cfg"):
        shutil.copy(ROOT / name, folder)
    for name in ("docker/requirements.lock", "complaints_platform/instance/dagster.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    path = f"{folder / 'bin'}:/usr/bin:/bin"
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHON", "MAKEFLAGS"}}
    return ["make", "setup"], {**environment, "PATH": path}


@pytest.mark.parametrize(
    ("pythons", "chosen"),
    [
        ({"python3_11": BROKEN, "python3_12": WORKING, "python3_13": WORKING}, "python3.12"),
        ({"python3_11": WORKING, "python3_13": WORKING}, "python3.11"),
        ({"python3_11": BROKEN, "python3": WORKING}, "python3"),
    ],
)
def test_the_first_python_that_works_is_taken(tmp_path, pythons, chosen):
    command, environment = fresh_checkout(tmp_path, **pythons)
    plan = subprocess.run([*command, "-n"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert f"\n{chosen} -m venv " in plan.stdout


def test_without_a_python_that_works_set_up_says_what_is_needed(tmp_path):
    command, environment = fresh_checkout(tmp_path, python3_11=BROKEN)
    failed = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert failed.returncode
    assert "Python 3.11, 3.12 or 3.13 with venv is needed" in failed.stderr
    assert not (tmp_path / ".venv").exists()


def test_uv_comes_from_the_lock_by_its_hashes(tmp_path):
    command, environment = fresh_checkout(tmp_path, python3_11=WORKING)
    plan = subprocess.run([*command, "-n"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    (select,) = re.findall(r"^(sed .*) > ", plan.stdout, re.MULTILINE)
    selected = subprocess.run(["sh", "-c", select], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    first, *hashes = selected.splitlines()
    assert re.fullmatch(r"uv==[\d.]+ \\", first)
    assert len(hashes) > 10
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes)
    installs = [line for line in plan.stdout.splitlines() if "pip install" in line]
    assert len(installs) == 3
    assert all("--require-hashes" in line or line.endswith("--no-build-isolation --editable .") for line in installs)


SETTINGS = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INSECURE_HOST", "SSL_CERT_FILE")


@pytest.mark.parametrize(
    ("of_pip", "of_uv", "expected"),
    [
        ("", {}, {}),
        (
            r""":env:.index-url='https://u:p@mirror.example/simple'
global.cert='/company.pem'
global.extra-index-url='https://a.example\nhttps://b.example'
global.index-url='https://other.example/simple'
global.trusted-host='a.example'""",
            {},
            {
                "UV_DEFAULT_INDEX": "https://u:p@mirror.example/simple",
                "UV_INDEX": "https://a.example https://b.example",
                "UV_INSECURE_HOST": "a.example",
                "SSL_CERT_FILE": "/company.pem",
            },
        ),
        (
            "install.index-url='https://mirror.example/simple'",
            {"UV_DEFAULT_INDEX": "https://uv.example"},
            {"UV_DEFAULT_INDEX": "https://uv.example"},
        ),
    ],
)
def test_what_pip_is_configured_to_do_uv_does(tmp_path, of_pip, of_uv, expected):
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "uv", tmp_path / ".ci")
    program(tmp_path / ".venv" / "bin" / "pip", f"cat <<'END'\n{of_pip}\nEND")
    program(tmp_path / ".venv" / "bin" / "uv", 'echo "$@"; env')
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    uv = subprocess.run(
        [tmp_path / ".ci" / "uv", "pip", "install"],
        env={**environment, **of_uv},
        capture_output=True,
        text=True,
        check=True,
    )
    arguments, *variables = uv.stdout.splitlines()
    assert arguments == "pip install"
    found = dict(line.split("=", 1) for line in variables if "=" in line)
    assert {name: found[name] for name in SETTINGS if name in found} == expected
