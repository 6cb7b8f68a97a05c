"""Asset jobs: which assets are materialised together, by which kind of day."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from complaints_platform.defs.checks import rare_checks
from complaints_platform.defs.classifier_checks import DRIFT_CHECKS
from complaints_platform.defs.source_checks import reference_check_keys, sender_check_keys
from complaints_platform.instance.names import BY_DAY, BY_RECEIVED_DAY, CHECKS, TRAIN, UPDATE
from complaints_platform.lake.data_sets import TABLES


def asset_jobs(sources: Sequence[str], customers: Sequence[str]) -> list[Any]:
    """Return the jobs over assets of these sources of complaints and of customers."""
    senders = dg.AssetSelection.checks(*sender_check_keys(sources))

    def keys(*, by_received_day: bool) -> dg.AssetSelection:
        chosen = [spec for spec in TABLES if spec.by_received_day is by_received_day]
        return dg.AssetSelection.assets(*([spec.schema, spec.name] for spec in chosen))

    by_day, by_received_day = keys(by_received_day=False), keys(by_received_day=True)
    train = dg.AssetSelection.assets(["classifier", "model"])
    rare = dg.AssetSelection.checks(*rare_checks())
    # Drift is measured when a day is closed; what keeps nothing wrong from flowing on is judged once an hour.
    update = (by_day | by_received_day) - dg.AssetSelection.checks(*DRIFT_CHECKS) - rare
    checks = senders | rare | dg.AssetSelection.checks(*reference_check_keys(customers))
    return [
        dg.define_asset_job(name, selection, description=description, tags={"complaints/lane": lane})
        for name, selection, lane, description in (
            (UPDATE, update, "days", "All tables, each for its stale days; started by the sensor of that name."),
            (
                BY_DAY,
                by_day | senders,
                "days",
                "From raw to marts, for days on which complaints occurred; then the senders are judged.",
            ),
            (
                BY_RECEIVED_DAY,
                by_received_day,
                "received",
                "Quarantine and reconciliation, for days on which files were received.",
            ),
            (
                CHECKS,
                checks,
                "checks",
                "Judges the newest days: each source, and everything not judged with each micro-batch.",
            ),
            (TRAIN, train, "classifier", "Train the classifier, and let it serve if it is not worse."),
        )
    ]
