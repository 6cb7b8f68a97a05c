"""The asset ``classifier/model``: trained from the taxonomy's seeds and people's labels."""

from typing import Any

import dagster as dg
import polars as pl

from complaints_platform.classification.plots import confusion_matrix_png, coverage_png, reliability_png
from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.classification.training import TrainedModel
from complaints_platform.defs.previews import picture, preview
from complaints_platform.lake import Lake
from complaints_platform.pipeline.model import train_and_serve
from complaints_platform.settings import Settings

OWNER = "team:complaints-data"


def classifier_asset(settings: Settings) -> dg.AssetsDefinition:
    """Return the asset that trains the classifier and lets it serve."""

    @dg.asset(
        key=["classifier", "model"],
        description=(
            "The classifier: word and character TF-IDF with a calibrated linear model over the telecom taxonomy "
            "(or the company's own). Without labels it learns from the taxonomy's seed phrases and its accuracy is "
            "not measured; with labels in the lake it is cross-validated on them."
        ),
        group_name="classifier",
        owners=[OWNER],
        kinds={"scikitlearn"},
        metadata={"dagster/uri": f"{settings.lake}/models"},
    )
    def model(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        trained = train_and_serve(Lake(settings.lake), load_taxonomy(settings.taxonomy))
        context.log.info(f"model {trained.version} serves from now on")
        return dg.MaterializeResult(metadata=_metadata(trained), data_version=dg.DataVersion(trained.version))

    return model


def _metadata(trained: TrainedModel) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "model_version": trained.version,
        "taxonomy_version": trained.taxonomy.version,
        "labels": trained.n_labels,
        "review_threshold": trained.review_threshold,
        "taxonomy": dg.MetadataValue.md(preview(_categories(trained))),
    }
    evaluation = trained.evaluation
    if evaluation is None:
        return {**metadata, "accuracy": "not measured: there are no labels yet (complaints labels import FILE)"}
    return {
        **metadata,
        "accuracy": evaluation["accuracy"],
        "macro_f1": evaluation["macro_f1"],
        "expected_calibration_error": evaluation["ece"],
        "per_class": dg.MetadataValue.md(preview(pl.DataFrame(evaluation["per_class"]))),
        "confusion_matrix": dg.MetadataValue.md(picture(confusion_matrix_png(evaluation), "Confusion matrix")),
        "calibration": dg.MetadataValue.md(picture(reliability_png(evaluation), "Reliability diagram")),
        "accuracy_by_coverage": dg.MetadataValue.md(picture(coverage_png(evaluation), "Accuracy by coverage")),
    }


def _categories(trained: TrainedModel) -> pl.DataFrame:
    rows = [
        (category.name, ", ".join(subcategory.name for subcategory in category.subcategories))
        for category in trained.taxonomy.categories
    ]
    return pl.DataFrame(rows, schema=["category", "subcategories"], orient="row")
