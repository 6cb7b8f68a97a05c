"""One run of the platform in a process of its own: ``python -m benchmarks.platform_run WAY DATA PEERS RECORDS``.

Settings come from the environment, as everywhere. ``train`` trains the classifier, ``dagster`` takes
the whole path as the command line does, ``direct`` calls the same recipes without Dagster. The
result is one line of JSON.
"""

import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from benchmarks.meter import RESULT, Meter, Span
from benchmarks.workload import MONTH, Workload
from complaints_platform.classification.prediction import classify
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.cleaning import clean_texts
from complaints_platform.commands.running import Runner
from complaints_platform.instance.local import local_instance
from complaints_platform.intake.collectors import collect_jobs
from complaints_platform.intake.files import collect_all
from complaints_platform.lake import Lake, data_sets
from complaints_platform.lake.labels import LABEL_COLUMNS
from complaints_platform.lake.tables import Table
from complaints_platform.learning.corrections import CorrectionsInForce
from complaints_platform.learning.model import serving_model, train_challenger
from complaints_platform.pipeline.categorized import CategorizedRecipe
from complaints_platform.pipeline.derived import DERIVED
from complaints_platform.pipeline.quarantined import QuarantineRecipe
from complaints_platform.pipeline.reconciliation import ReconciliationRecipe
from complaints_platform.platform import Platform
from complaints_platform.schemas import Outcome
from complaints_platform.settings import Settings, load_settings

STAGE_OF_STEP = {
    "collect_landing": "collect",
    "cleaned__complaints": "cleaned",
    "categorized__complaints": "categorized",
    **{f"{each.spec.schema}__{each.spec.name}": "marts" for each in DERIVED},
    "cleaned__quarantine": "marts",
    "mart__reconciliation": "marts",
}
"""Dagster's steps; all others are checks."""

CHECKS = "checks"

AUTHOR = "benchmarks"
"""Who gives the labels and asks for the training."""

Spans = dict[str, list[Span]]


def train(settings: Settings, workload: Workload) -> dict[str, Any]:
    """Train as the peers do: on the first four fifths of the labels; score on the rest."""
    training, held_out = workload.labels()
    lake = Lake(settings.lake)
    started = time.perf_counter()
    taxonomy = load_taxonomy(settings.taxonomy)
    labels = training.with_columns(clean_texts(training["text"]), subcategory="any_" + pl.col("category"))
    lake.labels.add(pl.concat([pl.DataFrame(schema=LABEL_COLUMNS), labels], how="diagonal"), AUTHOR, taxonomy.version)
    model = train_challenger(lake, taxonomy, AUTHOR).model
    seconds = time.perf_counter() - started
    predicted = classify(model, clean_texts(held_out["text"]))["category"]
    return {"seconds": seconds, "labels": training.height, "accuracy": (predicted == held_out["category"]).mean()}


def through_dagster(settings: Settings) -> Spans:
    """Take the whole path as ``complaints demo`` does; return what each stage took, by Dagster's step events."""
    spans: Spans = {}
    with local_instance() as instance:
        runner = Runner(Platform(settings), instance)
        runner.collect()
        for _ in runner.update():
            pass
        for run in instance.get_runs():
            for step in instance.get_run_step_stats(run.run_id):
                if step.start_time is not None and step.end_time is not None:
                    stage = STAGE_OF_STEP.get(step.step_key, CHECKS)
                    spans.setdefault(stage, []).append(Span(step.start_time, step.end_time))
    return spans


def without_dagster(settings: Settings) -> Spans:
    """Call the same recipes in the same order, with neither runs nor events, checks and previews."""
    lake = Lake(settings.lake)
    cleaned = Platform(settings).cleaned_recipe()
    spans: Spans = {}

    @contextmanager
    def stage(name: str) -> Any:
        started = time.time()
        yield
        spans.setdefault(name, []).append(Span(started, time.time()))

    def write(spec: data_sets.TableSpec, days: list[Any], frames: Callable[[Table], Any]) -> None:
        table = spec.table(lake)
        table.replace_days(days, frames(table))

    with stage("collect"):
        for _ in collect_all(
            collect_jobs(Platform(settings).collectors(), Platform(settings).landing, [], None), settings.workers
        ):
            pass
    categorized = CategorizedRecipe(
        data_sets.CATEGORIZED.table(lake), serving_model(lake), CorrectionsInForce.of(lake), settings.workers
    )
    days = Platform(settings).stale().by_day()
    with stage("cleaned"):
        write(data_sets.CLEANED, days, lambda _: cleaned.frames(days))
    with stage("categorized"):
        source = data_sets.CLEANED.table(lake)
        write(data_sets.CATEGORIZED, days, lambda _: categorized.frames(source.read_days(days)))
    with stage("marts"):
        recipes = Platform(settings).mart_recipes()
        for each in DERIVED:
            source = each.source.table(lake)
            write(each.spec, days, lambda _, spec=each.spec, source=source: recipes.frames(spec, days, source))
    received = Platform(settings).stale().by_received_day()
    with stage("marts"):
        write(data_sets.QUARANTINE, received, lambda _: QuarantineRecipe(lake).frames(received))
        recipe = ReconciliationRecipe(lake, data_sets.CLEANED.table(lake))
        write(data_sets.RECONCILIATION, received, lambda _: recipe.frames(received))
    return spans


def counts(settings: Settings, workload: Workload) -> dict[str, Any]:
    """Return what the lake holds, for the checks of the measurement."""
    lake = Lake(settings.lake)
    files = data_sets.RECONCILIATION.table(lake).scan().collect()
    complaints = (
        data_sets.CATEGORIZED.table(lake)
        .scan(columns=["day", "text", "category", "outcome", "near_duplicate_of"])
        .filter(pl.col("outcome") == Outcome.COMPLAINT)
        .collect()
    )
    _, held_out = workload.labels()
    truth = held_out.select(text=clean_texts(held_out["text"]), truth="category").unique("text", keep="none")
    scored = complaints.join(truth, on="text")
    return {
        "files": files.height,
        "all_files_reconcile": bool(files["reconciles"].all()),
        **{
            name: int(files[name].sum()) for name in ("received", "complaints", "duplicates", "quarantined", "filtered")
        },
        "near_duplicates": complaints["near_duplicate_of"].count(),
        "in_daily_mart": int(data_sets.DAILY.table(lake).scan().select(pl.col("complaints").sum()).collect().item()),
        "days": complaints["day"].n_unique(),
        "scored": scored.height,
        "accuracy": (scored["category"] == scored["truth"]).mean(),
    }


def lake_megabytes(settings: Settings) -> float:
    """Return the size of all that was stored."""
    return sum(path.stat().st_size for path in Path(settings.lake).rglob("*") if path.is_file()) / 2**20


def main() -> None:
    way, data, peers, records = sys.argv[1:]
    workload = Workload(int(records), MONTH, Path(data), Path(peers))
    settings = load_settings()
    if way == "train":
        result = train(settings, workload)
    else:
        with Meter() as meter:
            spans = through_dagster(settings) if way == "dagster" else without_dagster(settings)
        result = {
            "total": asdict(meter.total()),
            "stages": {name: asdict(meter.cost(*parts)) for name, parts in spans.items()},
            "counts": counts(settings, workload),
            "lake_mb": lake_megabytes(settings),
        }
    sys.stdout.write(RESULT + orjson.dumps(result).decode() + "\n")


if __name__ == "__main__":
    main()
