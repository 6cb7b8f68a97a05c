"""The recipe of ``classifier/model``: taxonomy and labels become a stored model, and one of them serves."""

from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.training import TRAINING_VERSION, TrainedModel, train
from complaints_platform.errors import ModelError
from complaints_platform.lake import Lake
from complaints_platform.lake.models import ServingModel
from complaints_platform.pipeline.fingerprints import fingerprint


def training_fingerprint(lake: Lake, taxonomy: Taxonomy) -> str:
    """Return the fingerprint of what a training would use now."""
    labels = lake.labels.read()
    return fingerprint(
        TRAINING_VERSION, taxonomy.fingerprint, labels.write_csv() if labels is not None else "no labels"
    )


def train_and_serve(lake: Lake, taxonomy: Taxonomy) -> TrainedModel:
    """Train from the taxonomy's seeds and the lake's labels; store the model and let it serve.

    Raises:
        ModelError: labels don't fit the taxonomy.
    """
    trained_from = training_fingerprint(lake, taxonomy)
    model = train(taxonomy, lake.labels.read())
    serving = ServingModel(model.version, taxonomy.version, trained_from)
    lake.models.save(serving, model.to_bytes())
    lake.models.promote(serving)
    return model


def serving_model(lake: Lake) -> TrainedModel:
    """Load the model that serves.

    Raises:
        ModelError: none has been trained yet, or its bytes are gone or damaged.
    """
    serving = lake.models.serving()
    data = lake.models.load(serving.version) if serving else None
    if data is None:
        raise ModelError("no classifier serves yet: materialise classifier/model first (complaints update does)")
    return TrainedModel.from_bytes(data)


def model_is_stale(lake: Lake, taxonomy: Taxonomy) -> bool:
    """Tell whether taxonomy, labels or training code have changed since the serving model was trained."""
    serving = lake.models.serving()
    return serving is None or serving.trained_from != training_fingerprint(lake, taxonomy)
