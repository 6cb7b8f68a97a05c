"""Who collects what: the collector of each source that has a contract, under the settings."""

from typing import Any

from complaints_platform.cleaning import DataKey
from complaints_platform.cleaning.regions import PACKAGED_REGIONS, load_regions
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.customers import CustomersCollector
from complaints_platform.intake.files import FileCollector
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
