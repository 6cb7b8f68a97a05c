"""What a person asks to be collected: named paths of one source, or all that waits in the landing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from complaints_platform.errors import ContractError
from complaints_platform.intake.collectors import collectors
from complaints_platform.intake.files import FileCollector
from complaints_platform.intake.landing import IncomingFile, Landing, files_at
from complaints_platform.settings import Settings


def collect_jobs(
    settings: Settings, paths: Sequence[Path], source: str | None
) -> list[tuple[FileCollector[Any], IncomingFile]]:
    """Pair each file with the collector of its source.

    Raises:
        ContractError: the source is unknown, or paths are given without one.
        LakeError: a path does not exist.
    """
    known = collectors(settings)
    if source is not None and source not in known:
        raise ContractError(f"no source {source!r}; there are {', '.join(known)} in {settings.sources}")
    if paths and source is None:
        raise ContractError(
            f"--source is missing: by which contract are these files read? There are {', '.join(known)}"
        )
    if paths and source is not None:
        return [(known[source], file) for file in files_at(paths)]
    landing = Landing(settings.landing)
    return [(known[name], file) for name in ([source] if source else known) for file in landing.files(name)]
