"""The one ``Platform``: what settings name, opened and read when it is first asked for.

A process makes one (the command line, the definitions, the query service) and hands it down. Here belongs
putting together what the rooms below offer, and nothing that works by itself: those rooms take a lake,
contracts or a number, never all settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from complaints_platform.classification.taxonomy import Taxonomy, load_taxonomy
from complaints_platform.cleaning import DataKey, Rules
from complaints_platform.cleaning.regions import PACKAGED_REGIONS, Regions, load_regions
from complaints_platform.freshness.staleness import Staleness, StalenessWatch
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.customers import CustomersCollector
from complaints_platform.intake.files import FileCollector
from complaints_platform.intake.landing import Landing
from complaints_platform.lake import Lake
from complaints_platform.marts.business_time import BusinessCalendar, WorkingHours
from complaints_platform.marts.definition import MartRules, TimesSent
from complaints_platform.marts.targets import PACKAGED_TARGETS, load_targets
from complaints_platform.pipeline.cleaned import CleanedLook, CleanedRecipe
from complaints_platform.pipeline.marts import MartRecipes
from complaints_platform.settings import Settings
from complaints_platform.sources.contract import (
    CustomersContract,
    FileContract,
    SourceContract,
    load_contracts,
    load_customer_contracts,
)


@dataclass(frozen=True)
class Platform:
    """All that settings name.

    What stays as it is while a process runs is made once. Contracts and taxonomy are read each time they are asked
    for, so that a process that runs for months notices a changed file; whoever needs them twice keeps them.

    Raises:
        ContractError: what is asked for needs source contracts, and one is wrong, or there is none of complaints.
        ModelError: it needs the taxonomy, which can't be read, or is wrong.
        SettingsError: it needs regions, business hours, holidays or targets, which are wrong, or the data key, which
            is not the lake's.
    """

    settings: Settings

    @cached_property
    def lake(self) -> Lake:
        """The lake: the only place that opens it."""
        return Lake(self.settings.lake)

    @cached_property
    def landing(self) -> Landing:
        """Where senders drop files."""
        return Landing(self.settings.landing)

    @cached_property
    def configured_key(self) -> DataKey:
        """The data key of the settings, whether or not it is the lake's."""
        return DataKey(self.settings.data_key.get_secret_value().encode(), self.settings.data_key_version)

    @cached_property
    def regions(self) -> Regions:
        """The alias table of regions."""
        return load_regions(self.settings.regions or PACKAGED_REGIONS)

    @property
    def contracts(self) -> Mapping[str, SourceContract]:
        """Source → contract, of the sources of complaints, as the files say now."""
        return load_contracts(self.settings.sources)

    @property
    def customer_contracts(self) -> Mapping[str, CustomersContract]:
        """Source → contract, of the sources of customers, as the files say now."""
        return load_customer_contracts(self.settings.sources)

    @property
    def all_contracts(self) -> Mapping[str, FileContract]:
        """Source → contract, of all sources, as the files say now."""
        return {**self.contracts, **self.customer_contracts}

    @property
    def taxonomy(self) -> Taxonomy:
        """The categories, as the file says now."""
        return load_taxonomy(self.settings.taxonomy)

    def data_key(self) -> DataKey:
        """Return the data key under which the lake is written; whoever starts that should ask for it first."""
        key = self.configured_key
        self.lake.keys.check(key.version, key.fingerprint)
        return key

    def collectors(self) -> dict[str, FileCollector[Any]]:
        """Return the collector of each source, customers first: complaints that come with them find them known."""
        of_complaints = {
            name: Collector(self.lake, name, contract, self.settings.first_day)
            for name, contract in self.contracts.items()
        }
        return {**self.customers_collectors(), **of_complaints}

    def customers_collectors(self) -> dict[str, CustomersCollector]:
        """Return the collector of each source of customers."""
        key = self.data_key()
        return {
            name: CustomersCollector(self.lake, name, contract, key, self.regions)
            for name, contract in self.customer_contracts.items()
        }

    def cleaned_look(self) -> CleanedLook:
        """Return what the days of ``cleaned/complaints`` should be made of, by the newest key of the lake.

        A lake that knows no key yet is looked at under that of the settings.
        """
        contracts = self.contracts
        key = self.lake.keys.newest() or self.data_key()
        return CleanedLook(self.lake, sorted(contracts), key, self._rules(contracts))

    def cleaned_recipe(self) -> CleanedRecipe:
        """Return the recipe of ``cleaned/complaints``."""
        contracts = self.contracts
        rules = self._rules(contracts)
        return CleanedRecipe(self.lake, sorted(contracts), self.data_key(), rules, self.settings.workers)

    def mart_rules(self) -> MartRules:
        """Return what settings and source contracts decide of marts."""
        times = {
            name: TimesSent(contract.fields.first_response_at is not None, contract.fields.resolved_at is not None)
            for name, contract in self.contracts.items()
        }
        hours = WorkingHours.parse(self.settings.business_hours)
        calendar = BusinessCalendar(self.settings.time_zone, hours, self.settings.holidays)
        return MartRules(times, calendar, load_targets(self.settings.targets or PACKAGED_TARGETS))

    def mart_recipes(self) -> MartRecipes:
        """Return the recipes of the marts, by what the lake knows of customers now; raises as ``mart_rules`` does."""
        return MartRecipes(self.lake, self.mart_rules(), self.lake.reference.files())

    def stale(self, watch: StalenessWatch | None = None) -> Staleness:
        """Return what is stale: by looking at everything, or as a watch finds it that has looked before."""
        return (watch or StalenessWatch()).find(self.cleaned_look(), self.mart_rules())

    def _rules(self, contracts: Mapping[str, SourceContract]) -> Rules:
        patterns = {name: contract.account_pattern for name, contract in contracts.items() if contract.account_pattern}
        return Rules(self.settings.languages, self.regions, patterns)
