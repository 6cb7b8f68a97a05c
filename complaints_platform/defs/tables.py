"""The day-partitioned assets with a table: cleaned, categorised, marts."""

from collections.abc import Callable, Sequence
from typing import Any

import dagster as dg

from complaints_platform.cleaning import CLEANING_VERSION
from complaints_platform.defs import pools
from complaints_platform.defs.frames import DayFrames, StoredDays, frames_type, table_schema
from complaints_platform.defs.partitions import RunDays, backfill_policy, daily_partitions
from complaints_platform.lake import Lake
from complaints_platform.marts import MARTS_VERSION, SPIKES_VERSION, TOPICS_VERSION
from complaints_platform.marts.complaint_trends import LOOK_BACK_DAYS
from complaints_platform.marts.daily_complaints import INPUT_COLUMNS
from complaints_platform.marts.hourly_complaints import HOURLY_COLUMNS
from complaints_platform.marts.incidents import SCORED_DAYS
from complaints_platform.marts.topics import TERM_COLUMNS, TOPIC_DAYS
from complaints_platform.pipeline import data_sets, marts, spikes
from complaints_platform.pipeline.categorized import CategorizedRecipe
from complaints_platform.pipeline.cleaned import LOOK_BACK, CleanedRecipe
from complaints_platform.pipeline.corrections import CorrectionsInForce
from complaints_platform.pipeline.data_sets import TableSpec
from complaints_platform.pipeline.model import serving_model
from complaints_platform.pipeline.quarantined import QuarantineRecipe
from complaints_platform.settings import Settings

PLATFORM_OWNER = "team:complaints-data"
ANALYTICS_OWNER = "team:complaints-analytics"


def table_assets(settings: Settings, sources: Sequence[str], customers: Sequence[str]) -> list[dg.AssetsDefinition]:
    """Return all assets that have a table."""
    return [
        _cleaned_complaints(settings, sources, customers),
        _quarantine(settings, sources),
        _categorized_complaints(settings),
        _daily_complaints(settings),
        _complaint_trends(settings),
        _hourly_complaints(settings),
        _incidents(settings),
        _term_counts(settings),
        _emerging_topics(settings),
        _reconciliation(settings),
    ]


def _table_asset(
    spec: TableSpec, settings: Settings, *, owner: str, kinds: set[str], version: str, **more: Any
) -> Callable[[Callable[..., DayFrames]], dg.AssetsDefinition]:
    """Return the decorator that makes a function the asset of ``spec``; ``more`` goes to ``dg.asset``."""
    decorator: Callable[[Callable[..., DayFrames]], dg.AssetsDefinition] = dg.asset(
        key=[spec.schema, spec.name],
        description=spec.model.__doc__,
        dagster_type=frames_type(spec.model),
        io_manager_key="io_manager",
        partitions_def=daily_partitions(settings),
        backfill_policy=backfill_policy(settings),
        pool=pools.TABLES,
        owners=[owner],
        kinds={"deltalake", *kinds},
        code_version=version,
        metadata={
            "dagster/column_schema": table_schema(spec.model),
            "dagster/table_name": f"{spec.schema}.{spec.name}",
            "dagster/uri": spec.table(Lake(settings.lake)).uri,
        },
        tags={"complaints/partitioned_by": "received" if spec.by_received_day else "occurred"},
        **more,
    )
    return decorator


def _window(days_back: int) -> dg.TimeWindowPartitionMapping:
    return dg.TimeWindowPartitionMapping(start_offset=-days_back, allow_nonexistent_upstream_partitions=True)


def _cleaned_complaints(settings: Settings, sources: Sequence[str], customers: Sequence[str]) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.CLEANED,
        settings,
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
        recipe = CleanedRecipe.of(settings)
        return DayFrames(context, days, recipe.frames(days))

    return complaints


def _quarantine(settings: Settings, sources: Sequence[str]) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.QUARANTINE,
        settings,
        owner=PLATFORM_OWNER,
        kinds={"polars"},
        version="1",
        group_name="cleaned",
        deps=[["raw", source] for source in sources],
    )
    def quarantine(context: dg.AssetExecutionContext, run_days: RunDays) -> DayFrames:
        days = run_days.of(context)
        recipe = QuarantineRecipe(Lake(settings.lake))
        return DayFrames(context, days, recipe.frames(days))

    return quarantine


def _categorized_complaints(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.CATEGORIZED,
        settings,
        owner=PLATFORM_OWNER,
        kinds={"scikitlearn"},
        version="1",
        group_name="categorized",
        ins={"cleaned": dg.AssetIn(["cleaned", "complaints"], dagster_type=frames_type(data_sets.CLEANED.model))},
        deps=[["classifier", "model"]],
    )
    def complaints(context: dg.AssetExecutionContext, run_days: RunDays, cleaned: StoredDays) -> DayFrames:
        days = run_days.of(context)
        lake = Lake(settings.lake)
        model, corrections = serving_model(lake), CorrectionsInForce.of(lake)
        context.add_output_metadata({"model_version": model.version, "taxonomy_version": model.taxonomy.version})
        recipe = CategorizedRecipe(data_sets.CATEGORIZED.table(lake), model, corrections, settings.workers)
        return DayFrames(context, days, recipe.frames(cleaned.frames(days)))

    return complaints


def _daily_complaints(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.DAILY,
        settings,
        owner=ANALYTICS_OWNER,
        kinds={"polars"},
        version=MARTS_VERSION,
        group_name="marts",
        ins={
            "categorized": dg.AssetIn(
                ["categorized", "complaints"], dagster_type=frames_type(data_sets.CATEGORIZED.model)
            )
        },
    )
    def daily_complaints(context: dg.AssetExecutionContext, run_days: RunDays, categorized: StoredDays) -> DayFrames:
        days = run_days.of(context)
        return DayFrames(context, days, marts.daily_frames(categorized.frames(days, INPUT_COLUMNS)))

    return daily_complaints


def _complaint_trends(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.TRENDS,
        settings,
        owner=ANALYTICS_OWNER,
        kinds={"polars"},
        version=MARTS_VERSION,
        group_name="marts",
        ins={
            "daily": dg.AssetIn(
                ["mart", "daily_complaints"],
                dagster_type=frames_type(data_sets.DAILY.model),
                partition_mapping=_window(LOOK_BACK_DAYS),
            )
        },
    )
    def complaint_trends(context: dg.AssetExecutionContext, run_days: RunDays, daily: StoredDays) -> DayFrames:
        days = run_days.of(context)
        windows = sorted({read for day in days for read in marts.trend_window(day)})
        return DayFrames(context, days, marts.trend_frames(days, list(daily.frames(windows))))

    return complaint_trends


def _hourly_complaints(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.HOURLY,
        settings,
        owner=ANALYTICS_OWNER,
        kinds={"polars"},
        version=SPIKES_VERSION,
        group_name="marts",
        ins={
            "categorized": dg.AssetIn(
                ["categorized", "complaints"], dagster_type=frames_type(data_sets.CATEGORIZED.model)
            )
        },
    )
    def hourly_complaints(context: dg.AssetExecutionContext, run_days: RunDays, categorized: StoredDays) -> DayFrames:
        days = run_days.of(context)
        return DayFrames(context, days, spikes.hourly_frames(categorized.frames(days, HOURLY_COLUMNS)))

    return hourly_complaints


def _incidents(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.INCIDENTS,
        settings,
        owner=ANALYTICS_OWNER,
        kinds={"polars", "numpy"},
        version=SPIKES_VERSION,
        group_name="marts",
        # The texts of the few days on which something is open are read besides, to describe it.
        deps=[
            dg.AssetDep(["mart", "hourly_complaints"], partition_mapping=_window(spikes.INCIDENT_LOOK_BACK)),
            dg.AssetDep(["categorized", "complaints"], partition_mapping=_window(SCORED_DAYS)),
        ],
    )
    def incidents(context: dg.AssetExecutionContext, run_days: RunDays) -> DayFrames:
        days = run_days.of(context)
        lake = Lake(settings.lake)
        recipe = spikes.IncidentRecipe(data_sets.HOURLY.table(lake), data_sets.CATEGORIZED.table(lake))
        return DayFrames(context, days, recipe.frames(days))

    return incidents


def _term_counts(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.TERMS,
        settings,
        owner=ANALYTICS_OWNER,
        kinds={"polars"},
        version=TOPICS_VERSION,
        group_name="marts",
        ins={
            "categorized": dg.AssetIn(
                ["categorized", "complaints"], dagster_type=frames_type(data_sets.CATEGORIZED.model)
            )
        },
    )
    def term_counts(context: dg.AssetExecutionContext, run_days: RunDays, categorized: StoredDays) -> DayFrames:
        days = run_days.of(context)
        return DayFrames(context, days, spikes.terms_frames(categorized.frames(days, TERM_COLUMNS)))

    return term_counts


def _emerging_topics(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.TOPICS,
        settings,
        owner=ANALYTICS_OWNER,
        kinds={"polars"},
        version=TOPICS_VERSION,
        group_name="marts",
        ins={
            "terms": dg.AssetIn(
                ["mart", "term_counts"],
                dagster_type=frames_type(data_sets.TERMS.model),
                partition_mapping=_window(TOPIC_DAYS),
            )
        },
    )
    def emerging_topics(context: dg.AssetExecutionContext, run_days: RunDays, terms: StoredDays) -> DayFrames:
        days = run_days.of(context)
        windows = sorted({read for day in days for read in spikes.topics_window(day)})
        return DayFrames(context, days, spikes.topics_frames(days, list(terms.frames(windows))))

    return emerging_topics


def _reconciliation(settings: Settings) -> dg.AssetsDefinition:
    @_table_asset(
        data_sets.RECONCILIATION,
        settings,
        owner=PLATFORM_OWNER,
        kinds={"polars"},
        version=MARTS_VERSION,
        group_name="marts",
        # A file received today may hold records of any day: the recipe reads those days itself,
        # and the mapping by equal day only draws the lineage.
        deps=[["cleaned", "complaints"], ["cleaned", "quarantine"]],
    )
    def reconciliation(context: dg.AssetExecutionContext, run_days: RunDays) -> DayFrames:
        days = run_days.of(context)
        lake = Lake(settings.lake)
        recipe = marts.ReconciliationRecipe(lake, data_sets.CLEANED.table(lake))
        return DayFrames(context, days, recipe.frames(days))

    return reconciliation
