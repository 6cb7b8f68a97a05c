"""Assembly only: the one Definitions object of a platform."""

import warnings

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
from complaints_platform.platform import Platform
from complaints_platform.settings import load_settings

# The dagster family is pinned exactly and what is beta in it is covered by tests: repeating the
# warning at every start of every command would only teach people to overlook warnings.
warnings.filterwarnings("ignore", category=dg.BetaWarning)


def build_definitions(platform: Platform) -> dg.Definitions:
    """Return all definitions of a platform.

    Raises:
        ContractError: a source contract is wrong.
    """
    use_log_format(platform.settings.log_format)
    contracts, customer_contracts = platform.contracts, platform.customer_contracts
    sources, customers = sorted(contracts), sorted(customer_contracts)
    jobs = [collect_job(platform), replay_job(platform), *asset_jobs(sources, customers)]
    maintenance, hourly = maintenance_definitions(platform)
    reports, report_jobs, report_schedules = report_definitions(platform)
    return dg.Definitions.merge(
        postgres_definitions(platform),
        dg.Definitions(
            assets=[
                *(raw_asset(name, contract, platform) for name, contract in contracts.items()),
                *(reference_asset(name, contract, platform) for name, contract in customer_contracts.items()),
                classifier_asset(platform),
                *table_assets(platform, sources, customers),
                *reports,
            ],
            asset_checks=[
                *table_checks(platform),
                model_check(platform),
                *classifier_checks(platform),
                *source_checks(platform, sources, customers),
            ],
            jobs=[*jobs, maintenance, *report_jobs],
            sensors=[*sensors(platform, jobs), *alert_sensors(platform)],
            schedules=[*schedules(platform), hourly, hourly_checks(platform), *report_schedules],
            resources={"io_manager": DeltaIOManager(platform.lake), "run_days": RunDays()},
            # A process a step costs more than the steps of a day do.
            executor=dg.in_process_executor,
        ),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions under the settings of the environment."""
    return build_definitions(Platform(load_settings()))
