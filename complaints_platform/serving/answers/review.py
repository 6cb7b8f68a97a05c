"""The review queue at hand, and taking decisions in.

Choosing what people should look at reads a month of complaints, so a queue is chosen ahead, as soon as there are
tables, served from memory until half of it is decided or it is old, and chosen again in the background: soon while
somebody works on it, rarely while nobody has asked for it. How it is chosen is ``learning.review``'s. How many
complaints wait is counted here once, for the page and for whoever shows the number.
"""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from complaints_platform.errors import ModelError
from complaints_platform.lake.manifests import Manifest
from complaints_platform.learning.corrections import CorrectionsInForce, take_corrections
from complaints_platform.learning.review import ReviewQueue, queue_of
from complaints_platform.serving.answers.complaint import ModelAtHand
from complaints_platform.serving.auth import Principal
from complaints_platform.serving.failures import RequestFailed, not_found
from complaints_platform.serving.models import (
    Alternative,
    ComplaintItem,
    CorrectionAnswer,
    CorrectionRequest,
    ReviewItem,
    TermWeight,
)
from complaints_platform.serving.models import ReviewQueue as ReviewAnswer
from complaints_platform.serving.service import Service

QUEUE_LENGTH = 100
OLD_AFTER_SECONDS = 300.0
UNASKED_OLD_AFTER_SECONDS = 3600.0
"""While nobody asks for the queue, only the number of those that wait is seen."""
DECISION_SCHEMA = pl.Schema(
    {
        "complaint_id": pl.String(),
        "category": pl.String(),
        "subcategory": pl.String(),
        "is_complaint": pl.String(),
        "day": pl.Date(),
    }
)


@dataclass
class _Chosen:
    """A queue, of when it is, and what has become of it: whoever looks at an older one changes nothing of a newer."""

    queue: ReviewQueue
    manifest: Manifest | None
    at: float
    waiting: int = 0
    is_half_done: bool = False
    is_asked_for: bool = False
    counting: threading.Lock = field(default_factory=threading.Lock)


class Reviewing:
    """The review queue of one service."""

    def __init__(self, service: Service, model: ModelAtHand) -> None:
        self._service = service
        self._model = model
        self._chosen: _Chosen | None = None
        self._tried: Manifest | None = None
        self._choosing = threading.Lock()
        self._deciding = threading.Lock()

    @property
    def waiting(self) -> int | None:
        """How many complaints wait for a decision; None: it is not known (yet)."""
        return None if self._chosen is None else self._chosen.waiting

    def keep_ready(self) -> None:
        """Choose a queue ahead if there is none or the one at hand is worn; do nothing without a model or complaints.

        Raises:
            LakeError: the lake can't be read.
        """
        chosen, manifest = self._chosen, self._service.warehouse.manifest
        if chosen is None:
            if manifest is None or manifest == self._tried:
                return
        elif not self._is_worn(chosen):
            return
        try:
            self._choose()
        except RequestFailed:  # there is nothing to choose from, before the next manifest
            self._tried = manifest

    def queue(self, limit: int) -> tuple[ReviewAnswer, Manifest | None]:
        """Return the queue without what has been decided since it was chosen, and the manifest that it is of.

        Raises:
            RequestFailed: 404, no model has been trained yet.
        """
        chosen = self._chosen or self._choose()
        chosen.is_asked_for = True
        rows = self._left(chosen).to_dicts()
        ids = tuple(row["complaint_id"] for row in rows)
        found = self._service.index.some(len(ids), complaint_ids=ids) if ids else []
        items = {item.complaint_id: item for item in found}
        # Cut last: fewer than asked for means that there are no more.
        listed = [row for row in rows if row["complaint_id"] in items][:limit]
        answer = ReviewAnswer(
            as_of=chosen.manifest.published_at if chosen.manifest else None,
            waiting=chosen.waiting,
            items=[_item(items[row["complaint_id"]], row) for row in listed],
        )
        return answer, chosen.manifest

    def decide(self, correction: CorrectionRequest, principal: Principal) -> CorrectionAnswer:
        """Take a decision in; the same one of the same person again changes nothing.

        Raises:
            RequestFailed: 400, the taxonomy has no such category; 404, there is no such complaint.
        """
        if correction.is_complaint and correction.category is None:
            raise RequestFailed(400, "no_category", "a complaint needs a category")
        item = self._service.index.find(correction.complaint_id)
        if item is None:
            raise not_found(f"complaint {correction.complaint_id}")
        decision = {**correction.model_dump(), "is_complaint": "yes" if correction.is_complaint else "no"}
        rows = pl.DataFrame([{**decision, "day": item.day}], schema=DECISION_SCHEMA)
        taxonomy = self._service.platform.taxonomy
        try:
            with self._deciding:
                done = take_corrections(self._service.lake, taxonomy, rows, principal.name)
        except ModelError as error:
            raise RequestFailed(
                400, "invalid_decision", str(error), "GET /api/v1/taxonomy lists what there is"
            ) from error
        if self._chosen is not None:
            self._left(self._chosen)
        content = repr((principal.name, *decision.values()))
        return CorrectionAnswer(
            **correction.model_dump(),
            label_id=hashlib.sha256(content.encode()).hexdigest()[:32],
            author=principal.name,
            new=done.new > 0,
        )

    def _left(self, chosen: _Chosen) -> pl.DataFrame:
        """Return what nobody has decided of a queue by now, and count what waits."""
        with chosen.counting:  # read and counted by one at a time: a later count is of later decisions
            decided = CorrectionsInForce.of(self._service.lake).frame["complaint_id"].implode()
            chosen.waiting = int((~chosen.queue.waiting.is_in(decided)).sum())
            rows = chosen.queue.frame.filter(~pl.col("complaint_id").is_in(decided))
            chosen.is_half_done = rows.height < chosen.queue.frame.height / 2
        return rows

    def _is_worn(self, chosen: _Chosen) -> bool:
        newer = self._service.warehouse.manifest != chosen.manifest
        old_after = OLD_AFTER_SECONDS if chosen.is_asked_for else UNASKED_OLD_AFTER_SECONDS
        return chosen.is_half_done or (newer and time.monotonic() - chosen.at > old_after)

    def _choose(self) -> _Chosen:
        before = self._chosen
        with self._choosing:
            if self._chosen is not None and self._chosen is not before:
                return self._chosen  # somebody else has chosen meanwhile
            manifest = self._service.warehouse.manifest
            model = self._model.get()
            try:
                queue = queue_of(self._service.lake, model, manifest, QUEUE_LENGTH)
            except ModelError as error:
                raise RequestFailed(404, "nothing_categorised", str(error)) from error
            chosen = _Chosen(queue, manifest, time.monotonic())
            self._left(chosen)
            self._chosen = chosen
            return chosen


def _item(item: ComplaintItem, row: dict[str, Any]) -> ReviewItem:
    return ReviewItem(
        **item.model_dump(),
        alternatives=[Alternative(**candidate) for candidate in row["candidates"] or []],
        terms=[TermWeight(**term) for term in row["terms"] or []],
    )
