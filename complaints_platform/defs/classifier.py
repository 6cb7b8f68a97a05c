"""The asset ``classifier/model``: trained from seed phrases and labels, and promoted if it is not worse."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import polars as pl

from complaints_platform.classification.plots import confusion_matrix_png, coverage_png, reliability_png
from complaints_platform.classification.promotion import PromotionDecision
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.trained import TrainedModel
from complaints_platform.defs.previews import picture, preview
from complaints_platform.defs.tables import PLATFORM_OWNER
from complaints_platform.instance.names import CLASSIFIER_POOL
from complaints_platform.lake.models import Promotion
from complaints_platform.learning.model import Training, train_challenger
from complaints_platform.platform import Platform

HISTORY_SHOWN = 20


def classifier_asset(platform: Platform) -> dg.AssetsDefinition:
    """Return the asset that trains the classifier and promotes the model if it is not worse than the champion."""

    @dg.asset(
        key=["classifier", "model"],
        description=(
            "The classifier: word and character TF-IDF with a calibrated linear model over the telecom taxonomy "
            "(or the company's own). Without labels it learns from the taxonomy's seed phrases and its accuracy is "
            "not measured; with labels in the lake it is cross-validated on them. A new model serves only if it is "
            "not worse than the current one, overall and in each category, on labels that neither was trained on."
        ),
        group_name="classifier",
        owners=[PLATFORM_OWNER],
        kinds={"scikitlearn"},
        pool=CLASSIFIER_POOL,
        metadata={"dagster/uri": f"{platform.settings.lake}/models"},
    )
    def model(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        lake = platform.lake
        taxonomy, author = platform.taxonomy, f"run {context.run.run_id}"
        training = train_challenger(lake, taxonomy, author, platform.settings.classifier_tier)
        version, verdict = training.model.version, training.verdict
        if verdict.serves:
            context.log.info(f"model {version} serves from now on: {verdict.why}")
        else:
            serving = training.serving.version
            context.log.warning(f"model {version} does not serve, {serving} stays in service: {verdict.why}")
        return dg.MaterializeResult(
            metadata={
                **_service(training),
                **_quality(training.model),
                "taxonomy": dg.MetadataValue.md(_taxonomy(training.model.taxonomy)),
                "history": dg.MetadataValue.md(preview(history_table(lake.models.history(HISTORY_SHOWN)))),
            },
            data_version=dg.DataVersion(training.serving.version),
        )

    return model


def history_table(history: Sequence[Promotion]) -> pl.DataFrame:
    """Return the history of models for people, in the given order."""
    rows = [
        (
            f"{entry.at:%Y-%m-%d %H:%M:%S}" if entry.at else "",
            str(entry.action),
            entry.model.version,
            entry.model.taxonomy_version,
            entry.by,
            entry.why,
        )
        for entry in history
    ]
    return pl.DataFrame(rows, schema=["when (UTC)", "what", "model", "taxonomy", "by", "why"], orient="row")


def _service(training: Training) -> dict[str, Any]:
    return {
        "serves": training.verdict.serves,
        "why": training.verdict.why,
        "serving_version": training.serving.version,
        "model_version": training.model.version,
        "taxonomy_version": training.model.taxonomy.version,
        "labels": training.model.n_labels,
        "labels_left_out": training.labels_left_out,
        "corrections_waiting": training.corrections_waiting,
        "review_threshold": training.model.review_threshold,
        **_comparison(training.verdict),
    }


def _comparison(verdict: PromotionDecision) -> dict[str, Any]:
    comparison = verdict.comparison
    if comparison is None:
        return {}
    return {
        "champion_accuracy": comparison["champion_accuracy"],
        "challenger_accuracy": comparison["challenger_accuracy"],
        "compared_on_labels": comparison["texts"],
        "p_worse": comparison["p_worse"],
        "champion_and_challenger": dg.MetadataValue.md(preview(pl.DataFrame(comparison["per_class"]))),
    }


def _quality(trained: TrainedModel) -> dict[str, Any]:
    evaluation = trained.evaluation
    if evaluation is None:
        return {"accuracy": "not measured: there are no labels yet (complaints labels import FILE)"}
    return {
        "accuracy": evaluation["accuracy"],
        "macro_f1": evaluation["macro_f1"],
        "expected_calibration_error": evaluation["ece"],
        "per_class": dg.MetadataValue.md(preview(pl.DataFrame(evaluation["per_class"]))),
        "confusion_matrix": dg.MetadataValue.md(picture(confusion_matrix_png(evaluation), "Confusion matrix")),
        "calibration": dg.MetadataValue.md(picture(reliability_png(evaluation), "Reliability diagram")),
        "accuracy_by_coverage": dg.MetadataValue.md(picture(coverage_png(evaluation), "Accuracy by coverage")),
    }


def _taxonomy(taxonomy: Taxonomy) -> str:
    rows = [(each.name, ", ".join(sub.name for sub in each.subcategories)) for each in taxonomy.categories]
    table = preview(pl.DataFrame(rows, schema=["category", "subcategories"], orient="row"))
    return f"Version {taxonomy.version}, {taxonomy.approval}.\n\n{table}"
