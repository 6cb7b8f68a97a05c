"""Reading the compose file as ``docker compose`` does, and starting its services without Docker.

A container has an address of its own and the ports that the file says. So has a process here: each
service gets an address of the loopback network, and where the file says another service's name, or
this container's ("0.0.0.0", "localhost"), the process reads an address. All else stays as it is.
"""

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
COMPOSE = DOCKER / "compose.yaml"
IMAGE_HOME = "/opt/dagster"
SECONDS_FOR_A_HEALTH_CHECK = 60

VARIABLE = re.compile(r"\$(?:(?P<escaped>\$)|\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<word>[^}]*))?\})")


class Unset(Exception):
    """A variable that must be set is not, or is empty."""


def interpolate(value, variables):
    """Put variables into all texts of a document: ``${A}``, ``${A:-default}``, ``${A:?message}``, ``$$``."""
    if isinstance(value, dict):
        return {key: interpolate(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [interpolate(item, variables) for item in value]
    if not isinstance(value, str):
        return value

    def replace(match):
        if match["escaped"]:
            return "$"
        found = variables.get(match["name"], "")
        if found or match["kind"] is None:
            return found
        if match["kind"] == "?":
            raise Unset(f"{match['name']}: {match['word']}")
        return match["word"]

    return VARIABLE.sub(replace, value)


def load(variables):
    return interpolate(yaml.safe_load(COMPOSE.read_text()), variables)


@dataclass
class Service:
    """A service of the compose file as a process on this machine."""

    name: str
    folder: Path
    command: list
    environment: dict
    health: list
    process: subprocess.Popen = None
    log: Path = field(init=False)

    def __post_init__(self):
        self.log = self.folder / f"{self.name}.log"

    def start(self):
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder / "empty",
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def is_healthy(self):
        """Run the health check of the compose file."""
        assert self.process.poll() is None, f"{self.name} has ended:\n{self.said}"
        return self.checks_health().returncode == 0

    def checks_health(self):
        return subprocess.run(
            self.health,
            cwd=self.folder / "empty",
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS_FOR_A_HEALTH_CHECK,
            check=False,
        )

    def becomes_healthy(self, seconds):
        wait_until(self.is_healthy, seconds, lambda: f"{self.name} is not healthy:\n{self.said}")
        return self

    def kill(self):
        """Let it vanish with all its processes, as a container does."""
        if self.process is None:
            return
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def said(self):
        return self.log.read_text(errors="replace")[-3000:]


def services(document, addresses, folder):
    """Return the services of a compose file that run our image, as processes below ``folder``."""
    (folder / "empty").mkdir(parents=True)
    home = folder / "dagster"
    home.mkdir()
    for file in ("dagster.yaml", "workspace.yaml", "make_buckets.py"):
        (home / file).write_bytes((DOCKER / file).read_bytes())
    image = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DAGSTER_HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    found = {}
    for name, service in document["services"].items():
        if "build" not in service:
            continue
        temporary = folder / f"{name}-tmp"
        temporary.mkdir()
        translate = translation(addresses, name, str(home))
        found[name] = Service(
            name,
            folder,
            [translate(word) for word in service["command"]],
            {**image, "HOME": str(temporary), "TMPDIR": str(temporary)}
            | {key: translate(value) for key, value in service["environment"].items()},
            [translate(word) for word in service["healthcheck"].get("test", ["CMD"])[1:]],
        )
    return found


def translation(addresses, own, home):
    """Return what turns a text that a container reads into what its process here must read."""

    def translate(text):
        text = re.sub(r"(?<![\w.])(localhost|0\.0\.0\.0)(?![\w.])", addresses[own], text).replace(IMAGE_HOME, home)
        if text in addresses:
            return addresses[text]
        return re.sub(r"://([\w-]+)(?=[:/])", lambda match: f"://{addresses.get(match[1], match[1])}", text)

    return translate


def wait_until(condition, seconds, what, pause=0.25):
    """Return the first true value of ``condition()``; fail when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"after {seconds} s: {what()}"
        time.sleep(pause)
    return value
