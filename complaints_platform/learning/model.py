"""The recipe of ``classifier/model``: taxonomy and labels become a stored model, and it is decided what serves."""

import io
from dataclasses import asdict, dataclass

import polars as pl

from complaints_platform.classification.promotion import Champion, PromotionDecision, judge
from complaints_platform.classification.taxonomy import Taxonomy
from complaints_platform.classification.trained import TRAINING_VERSION, Tier, TrainedModel, encoder_of
from complaints_platform.errors import ModelError
from complaints_platform.lake import Lake
from complaints_platform.lake.fingerprints import fingerprint
from complaints_platform.lake.models import Action, Promotion, ServingModel
from complaints_platform.learning.labels import training_labels


@dataclass(frozen=True)
class Training:
    """What a training brought."""

    model: TrainedModel
    verdict: PromotionDecision
    serving: ServingModel
    """What serves after it."""
    labels_left_out: int
    """Labels of categories that the taxonomy does not have."""
    corrections_waiting: int
    """Corrections that are too few yet to train on."""


def training_fingerprint(taxonomy: Taxonomy, labels: pl.DataFrame, tier: Tier) -> str:
    """Return the fingerprint of what a training with these labels uses."""
    return fingerprint(TRAINING_VERSION, encoder_of(tier), taxonomy.fingerprint, labels.write_csv())


def train_challenger(lake: Lake, taxonomy: Taxonomy, by: str, tier: Tier = "core") -> Training:
    """Train from the taxonomy's seeds and the lake's labels; let the model serve if it is not worse.

    Model, verdict and reason are stored either way; ``by``, who or what asks for it, stands in the history.

    Raises:
        ModelError: the extra that the tier needs is not installed.
    """
    from complaints_platform.classification.training import train

    given = training_labels(lake, taxonomy)
    labels = given.for_training
    model = train(taxonomy, labels, tier)
    trained = ServingModel(model.version, taxonomy.version, training_fingerprint(taxonomy, labels, tier))
    serving = lake.models.serving()
    verdict = _judged(lake, serving, model, labels)
    buffer = io.BytesIO()
    model.held_out.write_parquet(buffer)
    lake.models.save(model.version, model.to_bytes(), buffer.getvalue())
    action = Action.PROMOTED if verdict.serves else Action.REFUSED
    numbers = {name: value for name, value in asdict(verdict).items() if name not in {"serves", "why"}}
    lake.models.record(Promotion(action, trained, by, verdict.why, numbers))
    return Training(
        model, verdict, trained if verdict.serves or serving is None else serving, given.left_out, given.waiting
    )


def serve_version(lake: Lake, version: str, by: str, why: str) -> ServingModel:
    """Let a stored model serve from now on, whatever was measured; return what it was trained with.

    Raises:
        ModelError: there is no such version, or it can't be loaded.
    """
    chosen = lake.models.find(version)
    if chosen is None:
        raise ModelError(f"there is no model {version!r}; there are {', '.join(lake.models.versions()) or 'none'}")
    load_model(lake, version)
    lake.models.record(Promotion(Action.CHOSEN, chosen, by, why))
    return chosen


def serving_model(lake: Lake) -> TrainedModel:
    """Load the model that serves; ``ModelError`` if none was trained yet, or its bytes are gone or damaged."""
    serving = lake.models.serving()
    if serving is None:
        raise ModelError("no classifier serves yet: materialise classifier/model first (complaints update does)")
    return load_model(lake, serving.version)


def load_model(lake: Lake, version: str) -> TrainedModel:
    """Load a stored model; ``ModelError`` if its bytes are gone or damaged."""
    data = lake.models.load(version)
    if data is None:
        raise ModelError(f"the stored model {version} is gone; train it again (materialise classifier/model)")
    return TrainedModel.from_bytes(data)


def model_is_stale(lake: Lake, taxonomy: Taxonomy, tier: Tier = "core") -> bool:
    """Tell whether taxonomy, labels, tier or training code have changed since a model was trained last.

    A model that was refused is not tried again until something changes; one that a person chose serves on
    until then.
    """
    now = training_fingerprint(taxonomy, training_labels(lake, taxonomy).for_training, tier)
    known = (lake.models.serving(), lake.models.last_trained())
    return not any(model is not None and model.trained_from == now for model in known)


def _judged(lake: Lake, serving: ServingModel | None, model: TrainedModel, labels: pl.DataFrame) -> PromotionDecision:
    if serving is None:
        return judge(model, labels, champion=None)
    try:
        champion = load_model(lake, serving.version)
    except ModelError as error:
        return PromotionDecision(
            serves=True, why=f"the model that served, {serving.version}, can't be used any more: {error}"
        )
    seen = lake.models.load_held_out(serving.version)
    if seen is None:
        return PromotionDecision(
            serves=True, why=f"what {serving.version}, that served, was trained on is not known any more"
        )
    return judge(model, labels, Champion(champion, pl.read_parquet(seen)))
