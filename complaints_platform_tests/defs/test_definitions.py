import shutil
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import polars as pl
import pytest

from complaints_platform.definitions import build_definitions
from complaints_platform.defs.frames import MAX_VIOLATION_CHARACTERS, gate
from complaints_platform.errors import SchemaViolation
from complaints_platform.instance.partitions import Batch, batches, days_of_run
from complaints_platform.lake.data_sets import CLEANED, DAILY, TABLES
from complaints_platform.platform import Platform
from complaints_platform.settings import PACKAGED_SOURCES
from complaints_platform.sources.contract import CUSTOMERS as CUSTOMER_COMPONENT
from complaints_platform_tests import contracts
from complaints_platform_tests.frames import daily_rows

SOURCES = sorted(path.parent.name for path in PACKAGED_SOURCES.glob("*/defs.yaml"))


@pytest.fixture
def graph(make_settings):
    return build_definitions(Platform(make_settings())).resolve_asset_graph()


def test_the_graph_holds_every_asset_and_no_other(graph):
    expected = {("classifier", "model"), *(("raw", source) for source in SOURCES)}
    expected |= {(spec.schema, spec.name) for spec in TABLES} | {("report", "daily"), ("report", "weekly")}
    assert {tuple(key.path) for key in graph.get_all_asset_keys()} == expected


def test_every_asset_says_what_it_is_and_who_answers_for_it(graph):
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.group_name not in {None, "default"}, key
        if key.path[0] not in {"classifier", "report"}:
            columns = node.metadata["dagster/column_schema"].columns
            assert all(column.description for column in columns), key
            assert node.metadata["dagster/table_name"]


def test_all_day_partitioned_assets_share_one_definition(graph):
    partitions = {graph.get(key).partitions_def for key in graph.get_all_asset_keys()} - {None}
    assert len(partitions) == 1


def test_tomorrow_is_the_last_partition_because_clocks_of_senders_may_go_ahead(graph):
    (partitions,) = {graph.get(key).partitions_def for key in graph.get_all_asset_keys()} - {None}
    assert partitions.get_last_partition_key() == (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_a_company_adds_a_source_by_one_file(tmp_path, make_settings):
    contracts.write_contract(tmp_path / "sources", "comcast", contracts.COMCAST)
    definitions = build_definitions(Platform(make_settings(sources=tmp_path / "sources")))
    keys = definitions.resolve_asset_graph().get_all_asset_keys()
    assert dg.AssetKey(["raw", "comcast"]) in keys
    assert dg.AssetKey(["raw", "sms"]) not in keys


def test_the_gate_names_data_set_and_column_and_stays_short():
    rows = 100_000
    good = daily_rows({"day": date(2026, 3, 10), "complaints": 0})
    bad = pl.concat([good.with_columns(day=pl.lit(None, pl.Date))] * rows)
    with pytest.raises(SchemaViolation) as error:
        gate(DAILY.model, bad, "mart/daily_complaints 2026-03-10")
    assert "mart/daily_complaints 2026-03-10" in str(error.value)
    assert "complaints" in str(error.value)
    assert len(str(error.value)) < MAX_VIOLATION_CHARACTERS + 100


def day(text):
    return date.fromisoformat(text)


def test_batches_are_few_and_say_which_days_they_mean():
    days = [day("2026-03-01"), day("2026-03-02"), day("2020-01-05")]
    scattered, rest = batches(days, 2)
    assert scattered.days == (day("2020-01-05"), day("2026-03-01"))
    assert "dagster/defer_asset_events" in scattered.tags
    assert rest == Batch((day("2026-03-02"),))
    assert "dagster/defer_asset_events" not in rest.tags
    assert days_of_run(rest.tags) == [day("2026-03-02")]
    assert batches([], 10) == []


CUSTOMERS = {
    "description": "Customers of a test.",
    "owner": contracts.OWNER,
    "cadence": "daily",
    "format": {"type": "csv"},
    "fields": {"customer": "account"},
}


def described(definitions):
    """What is said of each asset, but for where its bytes lie."""
    found = {}
    for asset in definitions.assets:
        for spec in asset.specs:
            metadata = {name: value for name, value in spec.metadata.items() if name != "dagster/uri"}
            found[spec.key.to_user_string()] = (
                spec.description,
                spec.group_name,
                list(spec.owners),
                set(spec.kinds),
                dict(spec.tags),
                spec.code_version,
                spec.partitions_def,
                spec.freshness_policy,
                asset.backfill_policy,
                asset.op.pool,
                {dep.asset_key for dep in spec.deps},
                metadata,
            )
    return found


def test_contracts_outside_of_the_package_give_the_same_assets(tmp_path, make_settings):
    shutil.copytree(PACKAGED_SOURCES, tmp_path / "sources")
    inside = described(build_definitions(Platform(make_settings())))
    outside = described(build_definitions(Platform(make_settings(sources=tmp_path / "sources"))))
    assert {key for key in inside if key.startswith("raw/")} == {f"raw/{source}" for source in SOURCES}
    assert outside == inside


def test_definitions_of_another_lake_than_the_environment_s_use_it_everywhere(tmp_path, make_settings, monkeypatch):
    monkeypatch.setenv("COMPLAINTS_LAKE", str(tmp_path / "of the environment"))
    shutil.copytree(PACKAGED_SOURCES, tmp_path / "sources")
    contracts.write_contract(tmp_path / "sources", "accounts", CUSTOMERS, CUSTOMER_COMPONENT)
    for sources in (PACKAGED_SOURCES, tmp_path / "sources"):
        platform = Platform(make_settings(sources=sources))
        definitions = build_definitions(platform)
        stored = {
            spec.key.to_user_string(): spec.metadata["dagster/uri"]
            for asset in definitions.assets
            for spec in asset.specs
        }
        assert [key for key, uri in stored.items() if not str(uri).startswith(platform.settings.lake)] == []
        assert ("reference/accounts" in stored) is (sources != PACKAGED_SOURCES)
        made = [
            asset for asset in definitions.assets if asset.key.to_user_string() in {"raw/sms", "cleaned/complaints"}
        ]
        assert dg.materialize(made, partition_key="2026-03-10", resources=definitions.resources).success
    assert CLEANED.table(platform.lake).fingerprints().keys() == {date(2026, 3, 10)}
    assert not (tmp_path / "of the environment").exists()
