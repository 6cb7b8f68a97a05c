"""Trained classifiers in the lake: immutable objects by version, and which of them serves."""

from dataclasses import dataclass

import orjson

from complaints_platform.lake import layout
from complaints_platform.lake.store import Store


@dataclass(frozen=True)
class ServingModel:
    """The version that serves, and what it was trained with."""

    version: str
    taxonomy_version: str
    trained_from: str
    """Fingerprint of taxonomy, labels and training code."""


class Models:
    """The classifiers of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, model: ServingModel, data: bytes) -> None:
        """Store a model; it does not serve yet."""
        self._store.put(layout.model(model.version), data)

    def promote(self, model: ServingModel) -> None:
        """Let a stored model serve from now on."""
        self._store.put(layout.CURRENT_MODEL, orjson.dumps(model, option=orjson.OPT_INDENT_2))

    def serving(self) -> ServingModel | None:
        """Return which model serves, or None before the first training."""
        data = self._store.get(layout.CURRENT_MODEL)
        return None if data is None else ServingModel(**orjson.loads(data))

    def load(self, version: str) -> bytes | None:
        """Return the bytes of a stored model."""
        return self._store.get(layout.model(version))
