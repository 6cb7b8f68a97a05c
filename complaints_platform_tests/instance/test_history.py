"""What Dagster's instance remembers, as alerts need it; that they follow from it is seen in ``alerting``."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg

from complaints_platform.instance import history
from complaints_platform.instance.history import InstanceHistory
from complaints_platform.instance.partitions import Batch

DAYS = tuple(date(2026, 3, 1) + timedelta(days=number) for number in range(3))


@dg.asset(partitions_def=dg.DailyPartitionsDefinition("2026-01-01"), backfill_policy=dg.BackfillPolicy.single_run())
def table() -> None:
    pass


@dg.asset_check(asset=table)
def is_sound():
    return dg.AssetCheckResult(passed=True)


def test_plans_of_many_days_do_not_hide_what_earlier_runs_said(monkeypatch):
    monkeypatch.setattr(history, "EVALUATIONS_PER_CHECK", 2)
    definitions = dg.Definitions([table], asset_checks=[is_sound], jobs=[dg.define_asset_job("by_day")])
    started = datetime.now(UTC)
    with dg.instance_for_test() as instance:
        for days in (DAYS[:2], DAYS):
            job = definitions.resolve_job_def("by_day")
            assert job.execute_in_process(instance=instance, tags=Batch(days).tags).success
        said = InstanceHistory(instance, definitions.get_repository_def()).evaluations(started)
    assert [(each.check, each.passed, each.days) for each in said] == [
        ("is_sound", True, DAYS[:2]),
        ("is_sound", True, DAYS),
    ]
