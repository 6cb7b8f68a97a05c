"""The doctor: examinations of settings, lake, sources, model, credentials, disk, clock and versions.

Each examination covers one area and says what is wrong and what to do. None changes anything except a probe object,
which it deletes again. Dagster's instance is examined in ``instance.doctor``; ``commands.doctor`` prints.
"""

import difflib
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import Requirement

from complaints_platform.classification.embeddings import require_installed
from complaints_platform.errors import ComplaintsError
from complaints_platform.lake.data_sets import TABLES
from complaints_platform.lake.store import Store
from complaints_platform.learning.model import serving_model
from complaints_platform.operations.server import FEWEST_CHARACTERS
from complaints_platform.platform import Platform
from complaints_platform.schemas.model import polars_schema
from complaints_platform.settings import DEVELOPMENT_DATA_KEY, PREFIX, Settings
from complaints_platform.sources.contract import SILENT_AFTER

DISTRIBUTION = "complaints_platform"
LEAST_FREE_BYTES = 1 << 30
LEAST_FREE_SHARE = 0.1
MOST_SKEW = timedelta(minutes=1)
"""Receipt times decide which version of a record is newest: senders' clocks may be a day ahead, ours may not."""
FILES_TRIED = 50
"""How many waiting files of each source are opened."""
ALIKE = 0.8
"""Variables whose names are this similar to a setting count as misspelt."""


class FindingVerdict(StrEnum):
    """Whether a finding is good or bad news."""

    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True)
class Finding:
    """One result of an examination."""

    area: str
    verdict: FindingVerdict
    what: str
    """What was found."""
    todo: str = ""
    """What to do; empty where all is well."""


Examination = Callable[[Platform], Iterable[Finding]]


def good(area: str, what: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(area, FindingVerdict.GOOD, what)


def warning(area: str, what: str, todo: str) -> Finding:
    """Return a finding that may be intended or a mistake."""
    return Finding(area, FindingVerdict.WARNING, what, todo)


def wrong(area: str, what: str, todo: str) -> Finding:
    """Return a finding that something is wrong."""
    return Finding(area, FindingVerdict.WRONG, what, todo)


def examine(platform: Platform, examinations: Iterable[tuple[str, Examination]]) -> Iterator[Finding]:
    """Yield the findings of all examinations (area and function); one that fails is itself a finding."""
    for area, examination in examinations:
        try:
            yield from examination(platform)
        except Exception as error:  # noqa: BLE001  # whatever one examination meets, the others continue
            yield wrong(area, f"can't be examined: {type(error).__name__}: {first_line(error)}", "see the error")


def unknown_variables(names: Iterable[str]) -> Iterator[Finding]:
    """Yield the environment variables that look like a setting but are not."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in sorted(set(names) - known):
        close = difflib.get_close_matches(name, known, 1, ALIKE) if name.startswith(PREFIX) else []
        if close:
            yield warning("settings", f"{name} is not a setting", f"did you mean {close[0]}? See docs/settings.md")


def examine_settings(platform: Platform) -> Iterator[Finding]:
    """Check that the settings fit together."""
    settings = platform.settings
    yield good("settings", f"profile {settings.profile}, lake {settings.lake}, landing {settings.landing}")
    landing = settings.landing
    if settings.profile == "prod" and not _is_remote(settings.lake) and not Path(_path(settings.lake)).is_absolute():
        what = f"the lake {settings.lake} is relative to the folder where a command runs"
        yield warning("settings", what, f"set {PREFIX}LAKE to an absolute folder or to s3://bucket/prefix")
    if _path(landing).startswith(f"{_path(settings.lake).rstrip('/')}/") or landing == settings.lake:
        yield wrong("settings", "the landing is inside the lake", f"set {PREFIX}LANDING to a separate place")


def examine_credentials(platform: Platform) -> Iterator[Finding]:
    """Check secrets, without printing any."""
    settings = platform.settings
    key = settings.data_key.get_secret_value()
    if key == DEVELOPMENT_DATA_KEY:
        # Profile prod does not start with it.
        say = wrong if _is_remote(settings.lake) else warning
        yield say(
            "credentials",
            "the data key is the public development key: hashes of customers can be guessed",
            f"set {PREFIX}DATA_KEY to a secret of your own and {PREFIX}PROFILE to prod; if the lake already holds "
            "hashes, run complaints rekey",
        )
    else:
        yield good("credentials", f"the data key is your own, version {settings.data_key_version}")
    token = settings.metrics_token
    if token is not None and len(token.get_secret_value()) < FEWEST_CHARACTERS:
        yield wrong(
            "credentials",
            f"the metrics token has fewer than {FEWEST_CHARACTERS} characters",
            f"set {PREFIX}METRICS_TOKEN to a longer one (python -c 'import secrets; print(secrets.token_hex(32))')",
        )


def examine_lake(platform: Platform) -> Iterator[Finding]:
    """Write, read and delete a probe; check the data key and the tables' columns."""
    lake = platform.lake
    problem = _probe(lake.store)
    if problem is not None:
        yield problem
        return
    yield good("lake", f"{lake.store.uri} can be written and read")
    try:
        platform.data_key()
    except ComplaintsError as error:
        yield wrong("lake", str(error), f"set {PREFIX}DATA_KEY and {PREFIX}DATA_KEY_VERSION to those of the lake")
    else:
        yield good("lake", "the data key is the lake's")
    for spec in TABLES:
        try:
            there = set(spec.table(lake).stored_columns())
        except ComplaintsError as error:
            yield wrong("lake", str(error), "restore the folder from a backup, or delete the table: update rebuilds it")
            continue
        newer = sorted(there - set(polars_schema(spec.model)))
        if newer:
            what = f"{spec.sql_name} has columns unknown to this release: {', '.join(newer)}"
            yield wrong("lake", what, "a newer release has written this lake: install that release")


def _probe(store: Store) -> Finding | None:
    """Return what is wrong with a store; None if objects can be created once, read and deleted."""
    key = f"doctor/{uuid.uuid4().hex}"
    todo = (
        "check address, credentials and permissions (AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY)"
        if _is_remote(store.uri)
        else "check that the folder exists, is writable for the current user, and is not on a full or read-only disk"
    )
    try:
        if not store.create(key, b"probe") or store.create(key, b"other") or store.get(key) != b"probe":
            what = f"{store.uri} lets a second writer overwrite what the first has created"
            return wrong("lake", what, "use a store with conditional writes (If-None-Match)")
    except (ComplaintsError, OSError) as error:
        return wrong("lake", f"{store.uri} can't be used: {first_line(error)}", todo)
    finally:
        _delete(store, key)
    return None


def _delete(store: Store, key: str) -> None:
    with suppress(ComplaintsError, OSError):  # what could not be written need not be deleted
        store.delete(key)


def examine_sources(platform: Platform, now: datetime | None = None) -> Iterator[Finding]:
    """Check contracts, waiting files that can't be read, and silent senders."""
    now = now or datetime.now(UTC)
    settings, lake, landing = platform.settings, platform.lake, platform.landing
    try:
        contracts = platform.all_contracts
    except ComplaintsError as error:
        yield wrong("sources", str(error), "correct the file; dg check yaml names the line")
        return
    if not contracts:
        yield wrong("sources", f"there are no sources in {settings.sources}", "add <name>/defs.yaml (docs/sources.md)")
        return
    yield good("sources", f"{len(contracts)} contracts are valid: {', '.join(sorted(contracts))}")
    received = lake.receipts.last_received(contracts)
    for name, contract in sorted(contracts.items()):
        waiting = landing.look(name, lake.arrivals.taken(name), most=10_000).waiting
        for file in waiting[:FILES_TRIED]:
            try:
                if file.is_folder:
                    raise IsADirectoryError("is a folder, not a file")
                with file.open() as stream:
                    stream.read(1)
            except (ComplaintsError, OSError) as error:
                todo = "make it readable for the current user, or remove it from the landing"
                yield wrong("sources", f"{name}: {file.name} can't be read: {first_line(error)}", todo)
        if not _is_remote(settings.landing) and not Path(_path(settings.landing), name).is_dir():
            todo = f"create {settings.landing}/{name} for its sender"
            yield warning("sources", f"{name}: the landing has no folder {name}", todo)
        last = received.get(name)
        if last is not None and now - last > SILENT_AFTER[contract.cadence]:
            what = f"{name}: nothing new since {last:%Y-%m-%d %H:%M} UTC, although its cadence is {contract.cadence}"
            yield warning("sources", what, "ask the sender; if the source has ended, delete its contract")


def examine_model(platform: Platform) -> Iterator[Finding]:
    """Check the model that serves, its taxonomy and the extra for the tier."""
    try:
        taxonomy = platform.taxonomy
        if platform.settings.classifier_tier == "full":
            require_installed()
    except ComplaintsError as error:
        extra = "make embeddings, or in a checkout pip install '.[embeddings]'"
        yield wrong("model", str(error), f"correct {PREFIX}TAXONOMY, or install the extra: {extra}")
        return
    lake = platform.lake
    serving = lake.models.serving()
    if serving is None:
        yield warning("model", "no classifier serves yet", "complaints update trains one as soon as there is data")
        return
    try:
        model = serving_model(lake)
    except ComplaintsError as error:
        yield wrong(
            "model",
            str(error),
            "train again by materialising classifier/model, or go back to an intact model: "
            "complaints classifier versions, complaints classifier serve VERSION",
        )
        return
    yield good("model", f"{model.version} serves, trained for taxonomy {model.taxonomy.version}")
    if model.taxonomy.version != taxonomy.version:
        yield warning(
            "model",
            f"the taxonomy is {taxonomy.version}, the model was trained for {model.taxonomy.version}",
            "complaints update trains for the new one; the sensor changes does so when COMPLAINTS_CHANGES allows",
        )


def examine_disk(
    platform: Platform, usage: Callable[[str], tuple[int, int, int]] = shutil.disk_usage
) -> Iterator[Finding]:
    """Check the free space of the local disks with lake, landing and temporary files."""
    import tempfile

    places = {"temporary files": tempfile.gettempdir()}
    for name, uri in (("lake", platform.settings.lake), ("landing", platform.settings.landing)):
        if not _is_remote(uri):
            path = Path(_path(uri)).absolute()
            places[name] = str(next(each for each in (path, *path.parents) if each.exists()))
    for name, place in sorted(places.items()):
        total, _, free = usage(place)
        what = f"{name}: {free / 1e9:,.1f} GB of {total / 1e9:,.0f} GB free at {place}"
        todo = "delete what is not needed, run complaints maintain, or enlarge the disk"
        if free < LEAST_FREE_BYTES:
            yield wrong("disk", what, todo)
        elif free < LEAST_FREE_SHARE * total:
            yield warning("disk", what, todo)
        else:
            yield good("disk", what)


def examine_clock(platform: Platform, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[Finding]:
    """Compare this machine's clock with the lake's, and with the last publication."""
    lake = platform.lake
    key = f"doctor/{uuid.uuid4().hex}"
    now = clock()
    try:
        lake.store.put(key, b"probe")
        entry = lake.store.stat(key)
    except (ComplaintsError, OSError) as error:
        yield wrong("clock", f"can't be compared with the lake's: {first_line(error)}", "see the area lake")
        return
    finally:
        _delete(lake.store, key)
    todo = "synchronise the clocks (timedatectl, chrony): receipt times decide which version of a record counts"
    skew = timedelta(0) if entry is None else now - entry.modified
    if abs(skew) > MOST_SKEW:
        yield wrong("clock", f"this machine's clock is {skew.total_seconds():+,.0f} s off the lake's", todo)
        return
    manifest = lake.manifests.newest()
    if manifest is not None and manifest.published_at > now + MOST_SKEW:
        what = f"the lake was published at {manifest.published_at:%Y-%m-%d %H:%M} UTC, in the future"
        yield wrong("clock", what, todo)
        return
    yield good("clock", f"it is {now:%Y-%m-%d %H:%M:%S} UTC, in agreement with the lake")


def examine_versions(
    _platform: Platform, installed: Callable[[str], str] = metadata.version, requires: list[str] | None = None
) -> Iterator[Finding]:
    """Compare the installed packages with the platform's requirements, or with others."""
    texts = metadata.requires(DISTRIBUTION) if requires is None else requires
    needed = [each for each in map(Requirement, texts or []) if not each.marker or each.marker.evaluate({"extra": ""})]
    problems = []
    for requirement in needed:
        try:
            version = installed(requirement.name)
        except metadata.PackageNotFoundError:
            problems.append(f"{requirement.name} is not installed")
            continue
        if version not in requirement.specifier:
            problems.append(f"{requirement.name} is {version}, but {requirement.specifier} is required")
    for problem in problems:
        yield wrong("versions", problem, "install from the lock: make setup, or rebuild the image")
    if not problems:
        yield good("versions", f"{len(needed)} packages match the requirements")


EXAMINATIONS: list[tuple[str, Examination]] = [
    ("settings", examine_settings),
    ("credentials", examine_credentials),
    ("lake", examine_lake),
    ("sources", examine_sources),
    ("model", examine_model),
    ("disk", examine_disk),
    ("clock", examine_clock),
    ("versions", examine_versions),
]


def _is_remote(uri: str) -> bool:
    return urlsplit(uri).scheme == "s3"


def _path(uri: str) -> str:
    return urlsplit(uri).path if uri.startswith("file://") else uri


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, cut to 300 characters."""
    return (str(error).splitlines() or [""])[0][:300]
