"""Who collects what: the collector of each source that has a contract, and the files a command names."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from complaints_platform.cleaning import DataKey
from complaints_platform.cleaning.regions import PACKAGED_REGIONS, load_regions
from complaints_platform.errors import ContractError
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.customers import CustomersCollector
from complaints_platform.intake.files import FileCollector
from complaints_platform.intake.landing import IncomingFile, Landing, files_at
from complaints_platform.lake import Lake
from complaints_platform.settings import Settings
from complaints_platform.sources.contract import load_contracts, load_customer_contracts


def collectors(settings: Settings) -> dict[str, FileCollector[Any]]:
    """Return the collector of each source, customers first: complaints that come with them find them known.

    Raises:
        ContractError: a contract is wrong.
        SettingsError: the alias table of regions is wrong, or the data key is not the lake's.
    """
    lake = Lake(settings.lake)
    of_complaints = {
        name: Collector(lake, name, contract, settings.first_day)
        for name, contract in load_contracts(settings.sources).items()
    }
    return {**customers_collectors(settings), **of_complaints}


def customers_collectors(settings: Settings) -> dict[str, CustomersCollector]:
    """Return the collector of each source of customers.

    Raises:
        ContractError: a contract is wrong.
        SettingsError: the alias table of regions is wrong, or the data key is not the lake's.
    """
    lake = Lake(settings.lake)
    key = DataKey(settings.data_key.get_secret_value().encode(), settings.data_key_version)
    lake.keys.check(key.version, key.fingerprint)
    regions = load_regions(settings.regions or PACKAGED_REGIONS)
    return {
        name: CustomersCollector(lake, name, contract, key, regions)
        for name, contract in load_customer_contracts(settings.sources).items()
    }


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
