"""One complaint: all its columns, what repeats it, what people said of it, where its bytes are, and why it is there."""

from dataclasses import replace
from datetime import date
from threading import Lock
from typing import Any

import polars as pl

from complaints_platform.classification.explanation import explain
from complaints_platform.classification.trained import TrainedModel
from complaints_platform.errors import ModelError
from complaints_platform.lake.data_sets import CATEGORIZED, CONTACTS
from complaints_platform.lake.manifests import Manifest
from complaints_platform.learning.model import load_model
from complaints_platform.schemas import Outcome
from complaints_platform.schemas.model import polars_schema
from complaints_platform.serving.failures import RequestFailed, not_found
from complaints_platform.serving.models import (
    Alternative,
    ComplaintDetail,
    Correction,
    Episode,
    ExplanationAnswer,
    Lineage,
    RawAnswer,
    TermWeight,
)
from complaints_platform.serving.service import Service
from complaints_platform.serving.sql import language
from complaints_platform.serving.store.parquet import select_files

Row = dict[str, Any]


EPISODE_COLUMNS = ["complaint_id", "episode_id", "contact_number", "episode_started_at", "previous_id"]


class ModelAtHand:
    """The serving model, loaded once for each version."""

    def __init__(self, service: Service) -> None:
        self._lake = service.lake
        self._loaded: tuple[str, TrainedModel] | None = None
        self._lock = Lock()

    def get(self) -> TrainedModel:
        """Return the model that serves now.

        Raises:
            RequestFailed: 404, none does.
        """
        serving = self._lake.models.serving()
        if serving is None:
            raise RequestFailed(404, "no_model", "no classifier has been trained yet", "run: complaints update")
        with self._lock:
            if self._loaded is None or self._loaded[0] != serving.version:
                self._loaded = serving.version, load_model(self._lake, serving.version)
            return self._loaded[1]


def find(service: Service, complaint_id: str, manifest: Manifest | None) -> Row:
    """Return the row of ``categorized.complaints`` by its id; of several versions, the one that counts.

    The index says which day to look at; as long as it is being built, all days are looked at.

    Raises:
        RequestFailed: 404, there is none.
    """
    table = CATEGORIZED.table_in(service.lake, manifest)
    files = table.files()
    item = service.index.find(complaint_id)
    if item is not None:
        files = [file for file in files if file.partition == item.day.isoformat()]
    elif manifest is not None and service.index.state.manifest == manifest.number:
        files = []
    if files:
        rows = select_files(polars_schema(CATEGORIZED.model), service.files.of_table(table, files))
        order = f"outcome = '{Outcome.COMPLAINT}' DESC, received_at DESC"
        with language.connect(service.settings.serving_memory_mb // 4, 1) as connection:
            found: list[Row] = (
                connection.sql(
                    f"SELECT * FROM ({rows}) WHERE complaint_id = ? ORDER BY {order} LIMIT 1",  # noqa: S608  # files of the table's log
                    params=[complaint_id],
                )
                .to_arrow_table()
                .to_pylist()
            )
        if found:
            return found[0]
    raise not_found(f"complaint {complaint_id}")


def detail(service: Service, complaint_id: str, manifest: Manifest | None) -> ComplaintDetail:
    """Return all that is known of a complaint but for what was sent.

    Raises:
        RequestFailed: 404, there is none.
    """
    row = find(service, complaint_id, manifest)
    near = service.index.some(near_duplicate_of=complaint_id)
    if row["near_duplicate_of"] is not None:
        near += service.index.some(complaint_ids=(row["near_duplicate_of"],))
    return ComplaintDetail(
        as_of=None if manifest is None else manifest.published_at,
        complaint=row,
        duplicates=service.index.some(duplicate_of=complaint_id, outcome=Outcome.DUPLICATE),
        near_duplicates=near,
        corrections=_corrections(service, complaint_id),
        lineage=Lineage(received_at=row["received_at"], **_place(service, row)),
        episode=_episode(service, complaint_id, row["day"], manifest),
    )


def _episode(service: Service, complaint_id: str, day: date, manifest: Manifest | None) -> Episode | None:
    """Return the case that a complaint belongs to; None if its customer is not known."""
    table = CONTACTS.table_in(service.lake, manifest)
    contacts = table.scan(day.isoformat(), columns=EPISODE_COLUMNS).filter(pl.col("complaint_id") == complaint_id)
    found = contacts.drop("complaint_id").rename({"episode_started_at": "started_at"}).collect().to_dicts()
    return Episode(**found[0]) if found else None


def _corrections(service: Service, complaint_id: str) -> list[Correction]:
    """Return what people said of a complaint, newest first."""
    given = service.lake.corrections.read().filter(pl.col("complaint_id") == complaint_id).rename({"given_at": "at"})
    return [Correction(**row) for row in given.select(list(Correction.model_fields)).reverse().to_dicts()]


def _place(service: Service, row: Row) -> dict[str, Any]:
    """Return in which file of which source a complaint's record is."""
    receipt = service.lake.receipts.get(row["source"], row["raw_sha256"])
    file_name = None if receipt is None else receipt.file_name
    return {"file_name": file_name, **{name: row[name] for name in ("source", "raw_sha256", "record_number")}}


def explanation(
    service: Service, model: TrainedModel, complaint_id: str, manifest: Manifest | None
) -> ExplanationAnswer:
    """Return which words decide the category of a complaint, by the model that serves now.

    Raises:
        RequestFailed: 404, there is no such complaint, or it has no text.
    """
    row = find(service, complaint_id, manifest)
    if row["outcome"] != Outcome.COMPLAINT:
        raise not_found(f"explanation: {complaint_id} is {row['outcome']}")
    try:
        why = explain(model, pl.Series("text", [row["text"]], dtype=pl.String))[0]
    except ModelError as error:
        raise RequestFailed(404, "no_model", str(error)) from error
    names = [name.strip() for name in (row["alternatives"] or "").split(",") if name.strip()]
    return ExplanationAnswer(
        category=why.category,
        subcategory=why.subcategory,
        stored_category=row["category"],
        runner_up=why.runner_up,
        terms=[TermWeight(term=term.term, weight=term.contribution) for term in why.terms],
        alternatives=[Alternative(category=name) for name in names],
    )


def raw(service: Service, complaint_id: str, manifest: Manifest | None) -> RawAnswer:
    """Return a complaint's record as it was received.

    Raises:
        RequestFailed: 404, there is no such complaint, or its record is gone.
    """
    row = find(service, complaint_id, manifest)
    day: date = row["day"]
    raw_day = service.lake.segments.day(row["source"], day)
    of_file = tuple(each for each in raw_day.segments if each[0].sha256 == row["raw_sha256"])
    records = service.lake.segments.read(replace(raw_day, segments=of_file))
    found = records.filter(records["record_number"] == row["record_number"]).to_dicts()
    if not found:
        raise not_found(f"raw record of {complaint_id} any more")
    sent = {name: found[0][name] for name in ("received_at", "raw_record", "text", "customer")}
    return RawAnswer(complaint_id=complaint_id, **_place(service, row), **sent)
