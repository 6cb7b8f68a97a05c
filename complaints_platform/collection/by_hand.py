"""What a person asks to be collected: named paths of one source, or all that waits in the landing."""

from collections.abc import Sequence
from pathlib import Path

from complaints_platform.collection.collect import Collector
from complaints_platform.collection.landing import IncomingFile, Landing, files_at
from complaints_platform.errors import ContractError
from complaints_platform.lake import Lake
from complaints_platform.settings import Settings
from complaints_platform.sources.contract import load_contracts


def collect_jobs(settings: Settings, paths: Sequence[Path], source: str | None) -> list[tuple[Collector, IncomingFile]]:
    """Pair each file with the collector of its source.

    Raises:
        ContractError: the source is unknown, or paths are given without one.
        LakeError: a path does not exist.
    """
    contracts = load_contracts(settings.sources)
    if source is not None and source not in contracts:
        raise ContractError(f"no source {source!r}; there are {', '.join(contracts)} in {settings.sources}")
    if paths and source is None:
        raise ContractError(
            f"--source is missing: by which contract are these files read? There are {', '.join(contracts)}"
        )
    lake = Lake(settings.lake)
    collectors = {name: Collector(lake, name, contract, settings.first_day) for name, contract in contracts.items()}
    if paths and source is not None:
        return [(collectors[source], file) for file in files_at(paths)]
    landing = Landing(settings.landing)
    return [(collectors[name], file) for name in ([source] if source else contracts) for file in landing.files(name)]
