"""Promises about the repository itself."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOP_LEVEL = {
    "complaints_platform",
    "complaints_platform_tests",
    "workspace.yaml",
    "pyproject.toml",
    "setup.cfg",
    "requirements.lock",
    "docker",
    "Makefile",
    "README.md",
    "docs",
    "benchmarks",
}


def tracked():
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return listing.stdout.splitlines()


def test_the_top_level_is_the_agreed_one():
    names = {path.split("/")[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} <= TOP_LEVEL


@pytest.mark.parametrize(
    ("name", "fewest"),
    [("requirements.lock", 100), ("docker/requirements.lock", 100), ("docker/requirements-embeddings.lock", 10)],
)
def test_a_lock_holds_names_versions_and_hashes_and_no_addresses(name, fewest):
    lock = (ROOT / name).read_text()
    pins = re.findall(r"^[A-Za-z0-9._\[\]-]+==\S+", lock, re.MULTILINE)
    assert len(pins) > fewest
    assert "://" not in lock
    assert "index" not in re.sub(r"^[a-z0-9-]*index[a-z0-9-]*==", "", lock, flags=re.MULTILINE)
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    assert all("--hash=sha256:" in entry for entry in entries)


MODELS = {"complaints_platform/classification/word_vectors.npz"}
"""Trained tables that come with the package (docs/adr/0007)."""


LIBRARIES = {"complaints_platform/serving/static/vendor/echarts/echarts.common.min.js"}
"""What the dashboard loads; its licence and hash stand beside it."""


def test_no_file_is_a_copy_of_outside_data():
    large = {
        path for path in tracked() if (ROOT / path).stat().st_size > 500_000 and not path.endswith((".png", ".lock"))
    }
    assert large <= MODELS | LIBRARIES
