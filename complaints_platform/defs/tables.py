"""The day-partitioned assets with a table: cleaned, categorised, marts."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from complaints_platform.cleaning import CLEANING_VERSION
from complaints_platform.defs.frames import DayFrames, StoredDays, frames_type, table_schema
from complaints_platform.instance.names import TABLES_POOL
from complaints_platform.instance.partitions import RunDays, backfill_policy, daily_partitions
from complaints_platform.lake import data_sets
from complaints_platform.lake.data_sets import TableSpec
from complaints_platform.learning.corrections import CorrectionsInForce
from complaints_platform.learning.model import serving_model
from complaints_platform.marts import reconciliation
from complaints_platform.marts.documentation import metrics_table
from complaints_platform.marts.registry import MARTS
from complaints_platform.pipeline.categorized import CategorizedRecipe
from complaints_platform.pipeline.cleaned import LOOK_BACK
from complaints_platform.pipeline.derived import DERIVED, Derived
from complaints_platform.pipeline.quarantined import QuarantineRecipe
from complaints_platform.pipeline.reconciliation import ReconciliationRecipe
from complaints_platform.platform import Platform

PLATFORM_OWNER = "team:complaints-data"
ANALYTICS_OWNER = "team:complaints-analytics"


def table_assets(platform: Platform, sources: Sequence[str], customers: Sequence[str]) -> list[dg.AssetsDefinition]:
    """Return all assets that have a table."""
    known = [["reference", name] for name in customers]
    return [
        _cleaned_complaints(platform, sources, customers),
        _quarantine(platform, sources),
        _categorized_complaints(platform),
        *(_mart(each, platform, known if each.mart.reads_accounts else ()) for each in DERIVED),
        _reconciliation(platform),
    ]


def _table_asset(
    spec: TableSpec, platform: Platform, *, owner: str, kinds: set[str], version: str, **more: Any
) -> Callable[[Callable[..., DayFrames]], dg.AssetsDefinition]:
    """Return the decorator that makes a function the asset of ``spec``; ``more`` goes to ``dg.asset``."""
    decorator: Callable[[Callable[..., DayFrames]], dg.AssetsDefinition] = dg.asset(
        key=[spec.schema, spec.name],
        description=spec.model.__doc__,
        dagster_type=frames_type(spec.model),
        io_manager_key="io_manager",
        partitions_def=daily_partitions(platform.settings.first_day),
        backfill_policy=backfill_policy(platform.settings.days_per_run),
        pool=TABLES_POOL,
        owners=[owner],
        kinds={"deltalake", *kinds},
        code_version=version,
        metadata={
            "dagster/column_schema": table_schema(spec.model),
            "dagster/table_name": f"{spec.schema}.{spec.name}",
            "dagster/uri": spec.table(platform.lake).uri,
            **_definitions(spec),
        },
        tags={"complaints/partitioned_by": "received" if spec.by_received_day else "occurred"},
        **more,
    )
    return decorator


def _definitions(spec: TableSpec) -> dict[str, Any]:
    """Return the metrics that are computed from a table, for its page in the catalogue."""
    mart = MARTS.get(spec.sql_name)
    return {"metrics": dg.MetadataValue.md(metrics_table(mart))} if mart is not None and mart.metrics else {}


def _window(days_back: int) -> dg.TimeWindowPartitionMapping:
    return dg.TimeWindowPartitionMapping(start_offset=-days_back, allow_nonexistent_upstream_partitions=True)


def _cleaned_complaints(platform: Platform, sources: Sequence[str], customers: Sequence[str]) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.CLEANED,
        platform,
        owner=PLATFORM_OWNER,
        kinds={"polars"},
        version=CLEANING_VERSION,
        group_name="cleaned",
        deps=[
            *(dg.AssetDep(["raw", source], partition_mapping=_window(LOOK_BACK.days)) for source in sources),
            *(["reference", name] for name in customers),
        ],
    )
    def complaints(context: dg.AssetExecutionContext, run_days: RunDays) -> DayFrames:
        days = run_days.of(context)
        recipe = platform.cleaned_recipe()
        return DayFrames(context, days, recipe.frames(days))

    return complaints


def _quarantine(platform: Platform, sources: Sequence[str]) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.QUARANTINE,
        platform,
        owner=PLATFORM_OWNER,
        kinds={"polars"},
        version="1",
        group_name="cleaned",
        deps=[["raw", source] for source in sources],
    )
    def quarantine(context: dg.AssetExecutionContext, run_days: RunDays) -> DayFrames:
        days = run_days.of(context)
        recipe = QuarantineRecipe(platform.lake)
        return DayFrames(context, days, recipe.frames(days))

    return quarantine


def _categorized_complaints(platform: Platform) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.CATEGORIZED,
        platform,
        owner=PLATFORM_OWNER,
        kinds={"scikitlearn"},
        version="2",
        group_name="categorized",
        ins={"cleaned": dg.AssetIn(["cleaned", "complaints"], dagster_type=frames_type(data_sets.CLEANED.model))},
        deps=[["classifier", "model"]],
    )
    def complaints(context: dg.AssetExecutionContext, run_days: RunDays, cleaned: StoredDays) -> DayFrames:
        days = run_days.of(context)
        lake = platform.lake
        model, corrections = serving_model(lake), CorrectionsInForce.of(lake)
        context.add_output_metadata({"model_version": model.version, "taxonomy_version": model.taxonomy.version})
        recipe = CategorizedRecipe(data_sets.CATEGORIZED.table(lake), model, corrections, platform.settings.workers)
        return DayFrames(context, days, recipe.frames(cleaned.frames(days)))

    return complaints


def _mart(derived: Derived, platform: Platform, deps: Sequence[Sequence[str]] = ()) -> dg.AssetsDefinition:
    """Return the asset of a mart that is built from one other table."""
    source_model = derived.source.model

    @_table_asset(
        derived.spec,
        platform,
        owner=ANALYTICS_OWNER,
        kinds={"polars"},
        version=derived.mart.version,
        group_name="marts",
        ins={
            "source": dg.AssetIn(
                [derived.source.schema, derived.source.name],
                dagster_type=frames_type(source_model),
                partition_mapping=_window(derived.mart.look_back) if derived.mart.look_back else None,
            )
        },
        deps=deps,
    )
    def mart(context: dg.AssetExecutionContext, run_days: RunDays, source: StoredDays) -> DayFrames:
        days = run_days.of(context)
        return DayFrames(context, days, platform.mart_recipes().frames(derived.spec, days, source.table))

    return mart


def _reconciliation(platform: Platform) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.RECONCILIATION,
        platform,
        owner=PLATFORM_OWNER,
        kinds={"polars"},
        version=reconciliation.MART.version,
        group_name="marts",
        # A file received today may hold records of any day: the recipe reads those days itself,
        # and the mapping by equal day only draws the lineage.
        deps=[["cleaned", "complaints"], ["cleaned", "quarantine"]],
    )
    def files(context: dg.AssetExecutionContext, run_days: RunDays) -> DayFrames:
        days = run_days.of(context)
        lake = platform.lake
        recipe = ReconciliationRecipe(lake, data_sets.CLEANED.table(lake))
        return DayFrames(context, days, recipe.frames(days))

    return files
