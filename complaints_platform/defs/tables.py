"""The day-partitioned assets with a table: cleaned, categorised, marts."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import dagster as dg

from complaints_platform.cleaning import CLEANING_VERSION
from complaints_platform.defs.frames import DayFrames, StoredDays, frames_type, table_schema
from complaints_platform.instance.names import TABLES_POOL
from complaints_platform.instance.partitions import RunDays, backfill_policy, daily_partitions
from complaints_platform.lake.data_sets import CATEGORIZED, CLEANED, QUARANTINE, RECONCILIATION, TableSpec
from complaints_platform.lake.tables import DayFrame
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

Frames = Callable[[dg.AssetExecutionContext, list[date], Mapping[str, StoredDays]], Iterator[DayFrame]]
"""Makes the frames of some days, given the stored days of the asset's ``source``, if it has one."""


@dataclass(frozen=True)
class _Recipe:
    """What differs between the assets."""

    spec: TableSpec
    group: str
    version: str
    frames: Frames
    source: TableSpec | None = None
    look_back: int = 0
    """How many days of the source before a day are read as well."""
    deps: Sequence[Any] = ()
    owner: str = PLATFORM_OWNER
    kind: str = "polars"


def table_assets(platform: Platform, sources: Sequence[str], customers: Sequence[str]) -> list[dg.AssetsDefinition]:
    """Return all assets that have a table."""
    lake = platform.lake
    raw = [["raw", source] for source in sources]
    known = [["reference", name] for name in customers]

    def categorized(
        context: dg.AssetExecutionContext, days: list[date], stored: Mapping[str, StoredDays]
    ) -> Iterator[DayFrame]:
        model, corrections = serving_model(lake), CorrectionsInForce.of(lake)
        context.add_output_metadata({"model_version": model.version, "taxonomy_version": model.taxonomy.version})
        recipe = CategorizedRecipe(CATEGORIZED.table(lake), model, corrections, platform.settings.workers)
        return recipe.frames(stored["source"].frames(days))

    def mart(derived: Derived) -> _Recipe:
        return _Recipe(
            derived.spec,
            "marts",
            derived.mart.version,
            lambda _, days, stored: platform.mart_recipes().frames(derived.spec, days, stored["source"].table),
            derived.source,
            derived.mart.look_back,
            deps=known if derived.mart.reads_accounts else (),
            owner=ANALYTICS_OWNER,
        )

    recipes = [
        _Recipe(
            CLEANED,
            "cleaned",
            CLEANING_VERSION,
            lambda _context, days, _: platform.cleaned_recipe().frames(days),
            deps=[*(dg.AssetDep(key, partition_mapping=_window(LOOK_BACK.days)) for key in raw), *known],
        ),
        _Recipe(QUARANTINE, "cleaned", "1", lambda _context, days, _: QuarantineRecipe(lake).frames(days), deps=raw),
        _Recipe(
            CATEGORIZED, "categorized", "2", categorized, CLEANED, deps=[["classifier", "model"]], kind="scikitlearn"
        ),
        *map(mart, DERIVED),
        _Recipe(
            RECONCILIATION,
            "marts",
            reconciliation.MART.version,
            lambda _context, days, _: ReconciliationRecipe(lake, CLEANED.table(lake)).frames(days),
            # A file received today may hold records of any day: the recipe reads those days itself, the deps only draw
            # the lineage.
            deps=[["cleaned", "complaints"], ["cleaned", "quarantine"]],
        ),
    ]
    return [_asset(recipe, platform) for recipe in recipes]


def _asset(recipe: _Recipe, platform: Platform) -> dg.AssetsDefinition:
    spec, source = recipe.spec, recipe.source
    described = MARTS.get(spec.sql_name)
    metrics = {"metrics": dg.MetadataValue.md(metrics_table(described))} if described and described.metrics else {}

    @dg.asset(
        key=[spec.schema, spec.name],
        description=spec.model.__doc__,
        group_name=recipe.group,
        dagster_type=frames_type(spec.model),
        io_manager_key="io_manager",
        partitions_def=daily_partitions(platform.settings.first_day),
        backfill_policy=backfill_policy(platform.settings.days_per_run),
        pool=TABLES_POOL,
        owners=[recipe.owner],
        kinds={"deltalake", recipe.kind},
        code_version=recipe.version,
        metadata={
            "dagster/column_schema": table_schema(spec.model),
            "dagster/table_name": f"{spec.schema}.{spec.name}",
            "dagster/uri": spec.table(platform.lake).uri,
            **metrics,
        },
        tags={"complaints/partitioned_by": "received" if spec.by_received_day else "occurred"},
        ins={
            "source": dg.AssetIn(
                [source.schema, source.name],
                dagster_type=frames_type(source.model),
                partition_mapping=_window(recipe.look_back) if recipe.look_back else None,
            )
        }
        if source
        else None,
        deps=recipe.deps,
    )
    def table(context: dg.AssetExecutionContext, run_days: RunDays, **inputs: StoredDays) -> DayFrames:
        days = run_days.of(context)
        return DayFrames(context, days, recipe.frames(context, days, inputs))

    return table


def _window(days_back: int) -> dg.TimeWindowPartitionMapping:
    return dg.TimeWindowPartitionMapping(start_offset=-days_back, allow_nonexistent_upstream_partitions=True)
