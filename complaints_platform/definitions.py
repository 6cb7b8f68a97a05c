"""Assembly only: the one Definitions object, from settings and source contracts."""

import warnings
from pathlib import Path

import dagster as dg

from complaints_platform.defs.alerting import alert_sensors
from complaints_platform.defs.automation import schedules, sensors
from complaints_platform.defs.checks import table_checks
from complaints_platform.defs.classifier import classifier_asset
from complaints_platform.defs.classifier_checks import classifier_checks, model_check
from complaints_platform.defs.collecting import collect_job, replay_job
from complaints_platform.defs.io_manager import DeltaIOManager
from complaints_platform.defs.jobs import asset_jobs
from complaints_platform.defs.maintenance import maintenance_definitions
from complaints_platform.defs.postgres import postgres_definitions
from complaints_platform.defs.raw import raw_asset
from complaints_platform.defs.reference import reference_asset
from complaints_platform.defs.reports import report_definitions
from complaints_platform.defs.source_checks import hourly_checks, source_checks
from complaints_platform.defs.tables import table_assets
from complaints_platform.instance.logs import use_log_format
from complaints_platform.instance.partitions import RunDays
from complaints_platform.settings import PACKAGED_SOURCES, Settings, load_settings
from complaints_platform.sources.contract import load_contracts, load_customer_contracts

# The dagster family is pinned exactly and what is beta in it is covered by tests: repeating the
# warning at every start of every command would only teach people to overlook warnings.
warnings.filterwarnings("ignore", category=dg.BetaWarning)


def build_definitions(settings: Settings) -> dg.Definitions:
    """Return all definitions under ``settings``.

    Raises:
        ContractError: a source contract is wrong.
    """
    use_log_format(settings.log_format)
    sources = sorted(load_contracts(settings.sources))
    customers = sorted(load_customer_contracts(settings.sources))
    jobs = [collect_job(settings), replay_job(settings), *asset_jobs(sources, customers)]
    maintenance, hourly = maintenance_definitions(settings)
    reports, report_jobs, report_schedules = report_definitions(settings)
    return dg.Definitions.merge(
        _source_definitions(settings),
        postgres_definitions(settings),
        dg.Definitions(
            assets=[
                classifier_asset(settings),
                *table_assets(settings, sources, customers),
                *reports,
            ],
            asset_checks=[
                *table_checks(settings),
                model_check(settings),
                *classifier_checks(settings),
                *source_checks(settings, sources, customers),
            ],
            jobs=[*jobs, maintenance, *report_jobs],
            sensors=[*sensors(settings, jobs), *alert_sensors(settings)],
            schedules=[*schedules(settings), hourly, hourly_checks(settings), *report_schedules],
            resources={"io_manager": DeltaIOManager(lake=settings.lake), "run_days": RunDays()},
            # A process a step costs more than the steps of a day do.
            executor=dg.in_process_executor,
        ),
    )


def _source_definitions(settings: Settings) -> dg.Definitions:
    if settings.sources == PACKAGED_SOURCES:
        return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    # Contracts outside of the project are not part of Dagster's component tree.
    contracts = load_contracts(settings.sources)
    customers = load_customer_contracts(settings.sources)
    return dg.Definitions(
        assets=[
            *(raw_asset(name, contract, settings) for name, contract in contracts.items()),
            *(reference_asset(name, contract, settings) for name, contract in customers.items()),
        ]
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions under the settings of the environment."""
    return build_definitions(load_settings())
