"""Promises about the repository itself."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

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
    "LICENSE",
    "CHANGELOG.md",
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


LARGE = {
    "complaints_platform/classification/word_vectors.npz",  # a trained table (docs/adr/0007)
    "complaints_platform/serving/static/vendor/echarts/echarts.common.min.js",  # as published, with its licence
}
"""What comes with the package."""


def test_no_file_is_a_copy_of_outside_data():
    large = {
        path for path in tracked() if (ROOT / path).stat().st_size > 500_000 and not path.endswith((".png", ".lock"))
    }
    assert large <= LARGE


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_the_licence_is_the_one_that_the_package_names():
    assert project()["license"] == "Apache-2.0"
    assert project()["license-files"] == ["LICENSE"]
    licence = (ROOT / "LICENSE").read_text()
    assert re.match(r"\s+Apache License\s+Version 2\.0, January 2004\n", licence)
    assert "END OF TERMS AND CONDITIONS" in licence


def test_the_newest_release_of_the_changelog_is_the_version():
    headings = re.findall(r"^## (.*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    releases = [re.fullmatch(r"\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)", heading).groups() for heading in headings[1:]]
    assert releases[0][0] == project()["version"]
    assert [day for _, day in releases] == sorted((day for _, day in releases), reverse=True)


def test_the_changelog_has_only_the_kinds_of_change_of_its_format():
    kinds = re.findall(r"^### (.*)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert kinds
    assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_hooks_before_a_commit_run_what_make_check_runs():
    checks = re.search(r"^check: (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split()
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]
    hooks = repositories[0]["hooks"]
    assert [hook["entry"] for hook in hooks] == [f"make {check}" for check in checks]
    assert all(hook["language"] == "system" and not hook["pass_filenames"] for hook in hooks)


def test_the_development_container_has_the_python_that_is_deployed():
    deployed = re.search(r"^FROM python:([\d.]+)-", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE)[1]
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["image"].startswith(f"python:{deployed}-")
    assert re.search(r"^setup-dev:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert container["postCreateCommand"] == "make setup-dev"


PAGES = [*ROOT.glob("*.md"), *sorted(ROOT.glob("docs/**/*.md")), *ROOT.glob(".github/*.md")]


def anchors(page):
    headings = re.findall(r"^#+ (.*)", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_something(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        there = (page.parent / file).resolve() if file else page
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


FORKING_OPTIONS = {"preexec_fn", "user", "group", "extra_groups"}
"""With these ``subprocess`` forks; without, it starts a program in a way that runs nobody's fork handlers."""

FORKING_NAMES = {"fork", "forkpty", "ProcessPoolExecutor", "multiprocessing"}
FORKS_WITHOUT_THREADS = {"complaints_platform_tests/crash/prefork.py"}
"""Forks on purpose, after it has made sure that no numeric library has threads."""


def forks(node):
    """Say whether this piece of code forks the process that it runs in."""
    if isinstance(node, ast.Call):
        names = {ast.unparse(node.func).rpartition(".")[2]}
        options = {keyword.arg for keyword in node.keywords}
        return bool(names & {"run", "Popen", "call", "check_call", "check_output"} and options & FORKING_OPTIONS)
    if isinstance(node, ast.Import | ast.ImportFrom):
        return not FORKING_NAMES.isdisjoint({getattr(node, "module", None), *(alias.name for alias in node.names)})
    return isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.fork", "os.forkpty", "pty.fork"}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("subprocess.run(['initdb'], user='postgres')", True),
        ("Popen(['initdb'], preexec_fn=limit)", True),
        ("subprocess.run(['initdb'], check=True)", False),
        ("pid = os.fork()", True),
        ("from concurrent.futures import ProcessPoolExecutor", True),
        ("import multiprocessing", True),
        ("from concurrent.futures import ThreadPoolExecutor", False),
    ],
)
def test_code_that_forks_is_recognised(code, expected):
    assert any(map(forks, ast.walk(ast.parse(code)))) is expected


def test_nothing_forks_a_process_that_may_have_loaded_numeric_libraries():
    """OpenBLAS ends its threads in a fork, and once waited for one for ever."""
    code = [path for path in tracked() if path.endswith(".py") and (ROOT / path).exists()]
    assert len(code) > 400
    forking = {path for path in code if any(map(forks, ast.walk(ast.parse((ROOT / path).read_text()))))}
    assert forking == FORKS_WITHOUT_THREADS


HANGING = """
import ctypes, threading
def waits_for_ever(): threading.Event().wait()
def test_hangs():
    threading.Thread(target=waits_for_ever, daemon=True).start()
    ctypes.PyDLL(None).pause()  # in C, without letting any Python run
def test_of_the_same_file(): pass
"""


@pytest.mark.parametrize("processes", [0, 1])
def test_a_test_that_hangs_ends_with_all_stacks_and_a_failure(tmp_path, processes):
    (tmp_path / "test_hanging.py").write_text(HANGING)
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, "-p", "no:cacheprovider", "-n", str(processes)]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-o", "faulthandler_timeout=1", tmp_path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode
    assert "Timeout (0:00:01)!" in ended.stderr
    assert "in test_hangs" in ended.stderr
    assert "in waits_for_ever" in ended.stderr
    if processes:
        assert "worker 'gw0' crashed while running 'test_hanging.py::test_hangs'" in ended.stdout
        assert "1 failed, 1 passed" in ended.stdout
