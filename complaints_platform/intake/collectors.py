"""The files that a command names, each with the collector of its source."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from complaints_platform.errors import ContractError
from complaints_platform.intake.files import FileCollector
from complaints_platform.intake.landing import Landing, StoredFile, files_at


def collect_jobs(
    known: Mapping[str, FileCollector[Any]], landing: Landing, paths: Sequence[Path], source: str | None
) -> list[tuple[FileCollector[Any], StoredFile]]:
    """Pair each file with the collector of its source: the files at some paths, or all that the landing holds.

    Raises:
        ContractError: the source is unknown, or paths are given without one.
        LakeError: a path does not exist.
    """
    if source is not None and source not in known:
        raise ContractError(f"no source {source!r}; there are {', '.join(known)}")
    if paths and source is None:
        raise ContractError(
            f"--source is missing: by which contract are these files read? There are {', '.join(known)}"
        )
    if paths and source is not None:
        return [(known[source], file) for file in files_at(paths)]
    return [(known[name], file) for name in ([source] if source else known) for file in landing.files(name)]
