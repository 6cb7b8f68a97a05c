"""Trained classifiers in the lake: immutable objects by version, and the history of which of them served.

The history is append-only, and it alone says which model serves: letting one serve is one write.
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from complaints_platform.errors import LakeError
from complaints_platform.lake import layout
from complaints_platform.lake.store import Store


@dataclass(frozen=True)
class ServingModel:
    """The version that serves, and what it was trained with."""

    version: str
    taxonomy_version: str
    trained_from: str
    """Fingerprint of taxonomy, labels and training code."""


class Action(StrEnum):
    """What happened to a model."""

    PROMOTED = "promoted"
    """It was trained and serves."""
    REFUSED = "refused"
    """It was trained and does not serve."""
    CHOSEN = "chosen"
    """A person lets it serve, whatever was measured."""


@dataclass(frozen=True)
class Promotion:
    """One entry of the history. ``at`` (UTC) is set when it is written."""

    action: Action
    model: ServingModel
    by: str
    why: str
    verdict: dict[str, Any] = field(default_factory=dict)
    """Numbers of the comparison with the model that served; empty where there was none."""
    at: datetime | None = None


class Models:
    """The classifiers of one lake."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, version: str, data: bytes, held_out: bytes) -> None:
        """Store a model and what it said of labels that it had not seen; it does not serve yet."""
        self._store.put(layout.held_out(version), held_out)
        self._store.put(layout.model(version), data)

    def record(self, promotion: Promotion) -> None:
        """Append to the history; a model that it promotes or chooses serves from now on."""
        names = self._store.names(layout.MODEL_HISTORY)
        stamp = layout.stamp(datetime.now(UTC), names)
        entry = {**asdict(promotion), "at": layout.time_of_stamp(stamp).isoformat()}
        key = f"{layout.MODEL_HISTORY}/{stamp}-{promotion.action}-{promotion.model.version}.json"
        self._store.put(key, orjson.dumps(entry, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))

    def serving(self) -> ServingModel | None:
        """Return which model serves, or None before the first training."""
        return self._newest(Action.PROMOTED, Action.CHOSEN)

    def last_trained(self) -> ServingModel | None:
        """Return what was trained last, whether it serves or was refused."""
        return self._newest(Action.PROMOTED, Action.REFUSED)

    def history(self, newest: int | None = None) -> list[Promotion]:
        """Return the history (or its ``newest`` entries), newest first."""
        names = self._store.names(layout.MODEL_HISTORY)[::-1]
        return [self._entry(name) for name in names[:newest]]

    def versions(self) -> list[str]:
        """Return the versions of all stored models, sorted."""
        names = self._store.names(layout.MODELS)
        return [name.removesuffix(layout.MODEL_SUFFIX) for name in names if name.endswith(layout.MODEL_SUFFIX)]

    def find(self, version: str) -> ServingModel | None:
        """Return what the history knows of a version, or None."""
        for name in reversed(self._store.names(layout.MODEL_HISTORY)):
            if name.removesuffix(".json").rsplit("-", 1)[1] == version:
                return self._entry(name).model
        return None

    def load(self, version: str) -> bytes | None:
        """Return the bytes of a stored model."""
        return self._store.get(layout.model(version))

    def load_held_out(self, version: str) -> bytes | None:
        """Return what a stored model said of labels that it had not seen, as ``save`` was given it."""
        return self._store.get(layout.held_out(version))

    def _newest(self, *actions: Action) -> ServingModel | None:
        # Names alone tell actions apart, so a long row of refusals costs one listing.
        for name in reversed(self._store.names(layout.MODEL_HISTORY)):
            if name.split("-")[1] in actions:
                return self._entry(name).model
        return None

    def _entry(self, name: str) -> Promotion:
        try:
            entry = orjson.loads(self._store.get(f"{layout.MODEL_HISTORY}/{name}") or b"")
            return Promotion(
                **{
                    **entry,
                    "action": Action(entry["action"]),
                    "model": ServingModel(**entry["model"]),
                    "at": datetime.fromisoformat(entry["at"]),
                }
            )
        except (ValueError, TypeError, KeyError) as error:
            raise LakeError(f"{layout.MODEL_HISTORY}/{name}: a damaged entry of the history: {error}") from error
