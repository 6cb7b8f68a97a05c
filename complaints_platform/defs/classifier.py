"""The asset ``classifier/model``: trained from the taxonomy's seeds and people's labels."""

import dagster as dg

from complaints_platform.classification import TrainedModel, load_taxonomy, train
from complaints_platform.classification.plots import confusion_plot, coverage_plot, reliability_plot
from complaints_platform.defs.previews import picture, preview
from complaints_platform.lake import Lake
from complaints_platform.lake.models import ServingModel
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
        lake = Lake(settings.lake)
        trained = train(load_taxonomy(settings.taxonomy), lake.labels.read())
        serving = ServingModel(trained.version, trained.taxonomy_version)
        lake.models.save(serving, trained.to_bytes())
        lake.models.promote(serving)
        context.log.info(f"model {trained.version} serves from now on")
        return dg.MaterializeResult(metadata=_metadata(trained), data_version=dg.DataVersion(trained.version))

    return model


def _metadata(trained: TrainedModel) -> dict[str, object]:
    metadata: dict[str, object] = {
        "model_version": trained.version,
        "taxonomy_version": trained.taxonomy_version,
        "training_texts": trained.n_training_texts,
        "labels": trained.n_labels,
    }
    evaluation = trained.evaluation
    if evaluation is None:
        return {**metadata, "accuracy": "not measured: there are no labels yet"}
    return {
        **metadata,
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1,
        "expected_calibration_error": evaluation.ece,
        "per_class": dg.MetadataValue.md(preview(evaluation.per_class)),
        "confusion_matrix": dg.MetadataValue.md(picture(confusion_plot(evaluation), "Confusion matrix")),
        "calibration": dg.MetadataValue.md(picture(reliability_plot(evaluation), "Reliability diagram")),
        "accuracy_by_coverage": dg.MetadataValue.md(picture(coverage_plot(evaluation), "Accuracy by coverage")),
    }
