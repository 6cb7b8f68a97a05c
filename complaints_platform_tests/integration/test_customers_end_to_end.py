"""A company gives its customers: through Dagster, from a dropped file to complaints that know their account."""

from datetime import date

import dagster as dg

from complaints_platform.commands.running import Runner
from complaints_platform.definitions import build_definitions
from complaints_platform.instance.local import local_instance
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, RATES, RECONCILIATION
from complaints_platform.platform import Platform
from complaints_platform.sources.contract import CUSTOMERS
from complaints_platform_tests.contracts import OWNER, write_contract

SHARED = {"description": "A test source.", "owner": OWNER, "cadence": "daily", "format": {"type": "csv"}}
FORMS = {
    **SHARED,
    "channel": "web_form",
    "fields": {"source_id": "id", "text": "what", "occurred_at": "at", "customer": "who"},
}
CRM = {**SHARED, "fields": {"customer": "account", "identifiers": ["phone"], "valid_from": "since", "segment": "kind"}}


def test_customers_that_come_later_make_their_days_stale_and_reach_the_complaints(make_settings, tmp_path):
    write_contract(tmp_path / "sources", "forms", FORMS)
    write_contract(tmp_path / "sources", "crm", CRM, CUSTOMERS)
    settings = make_settings(sources=tmp_path / "sources")
    for name in ("forms", "crm"):
        (tmp_path / "landing" / name).mkdir(parents=True)
    complaints = ["id,what,at,who", "1,no signal,2026-03-10T08:00:00,08031234567", "2,no signal,2026-05-10T08:00:00,A7"]
    (tmp_path / "landing" / "forms" / "forms.csv").write_text("\n".join(complaints))
    lake = Lake(settings.lake)
    with local_instance() as instance:
        runner = Runner(Platform(settings), instance)
        runner.collect()
        list(runner.update())
        assert accounts(lake) == [None, None]
        (tmp_path / "landing" / "crm" / "crm.csv").write_text(
            "account,phone,since,kind\nA7,+2348031234567,2026-04-01,gold"
        )
        runner.collect()
        assert [str(day) for day in Platform(settings).stale().days["cleaned/complaints"]] == ["2026-05-10"]
        list(runner.update())
        event = instance.get_latest_materialization_event(dg.AssetKey(["reference", "crm"]))
        assert event.asset_materialization.metadata["customers_in_the_newest"].value == 1
        assert check_of_customers(settings) == (True, {"files": 1, "names": 2})
    (nobody, ada) = accounts(lake)
    assert nobody is None, "in March nothing was known yet"
    assert ada is not None
    rates = RATES.table(lake).scan().collect()
    assert rates.select("day", "complaints", "subscribers").rows() == [(date(2026, 5, 10), 1, 1)], "not before April"
    table = RECONCILIATION.table(lake)
    files = {row["file_name"]: row for day in table.read_days(list(table.row_counts())) for row in day.frame.to_dicts()}
    assert (files["crm.csv"]["received"], files["crm.csv"]["filtered"], files["crm.csv"]["reconciles"]) == (1, 1, True)


def check_of_customers(settings):
    """What the hourly job finds of the customers: whether it passes, and its numbers."""
    job = build_definitions(Platform(settings)).resolve_job_def("hourly_checks")
    chosen = dg.AssetCheckKey(dg.AssetKey(["reference", "crm"]), "keeps_its_contract")
    assert chosen in job.asset_layer.asset_graph.asset_check_keys
    result = job.get_subset(asset_check_selection={chosen}, asset_selection=set()).execute_in_process()
    (found,) = result.get_asset_check_evaluations()
    return found.passed, {name: found.metadata[name].value for name in ("files", "names")}


def accounts(lake):
    table = CATEGORIZED.table(lake)
    return [row["account_key"] for day in table.read_days(sorted(table.row_counts())) for row in day.frame.to_dicts()]


def test_the_catalogue_shows_customers_upstream_of_complaints(make_settings, tmp_path):
    write_contract(tmp_path / "sources", "forms", FORMS)
    write_contract(tmp_path / "sources", "crm", CRM, CUSTOMERS)
    graph = build_definitions(Platform(make_settings(sources=tmp_path / "sources"))).resolve_asset_graph()
    node = graph.get(dg.AssetKey(["cleaned", "complaints"]))
    assert dg.AssetKey(["reference", "crm"]) in node.parent_keys
    assert graph.get(dg.AssetKey(["reference", "crm"])).owners == [OWNER]
