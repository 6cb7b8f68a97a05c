"""Incidents for the API: the newest row of each in ``mart.incidents``."""

from datetime import datetime, timedelta
from typing import Any

import orjson

from complaints_platform.lake.data_sets import INCIDENTS
from complaints_platform.schemas import NO_VALUE
from complaints_platform.serving.failures import RequestFailed, not_found
from complaints_platform.serving.models import Incident, IncidentPoint
from complaints_platform.serving.scope import Filters, IncidentScope, Period
from complaints_platform.serving.store.warehouse import Snapshot

HOUR = timedelta(hours=1)
LISTS = {"category": "categories", "region": "regions", "channel": "channels"}
NEWEST = (
    f"SELECT * FROM {INCIDENTS.sql_name} QUALIFY row_number() OVER (PARTITION BY incident_id ORDER BY day DESC) = 1"  # noqa: S608  # a constant
)
COPIED_FIELDS = [
    name for name in Incident.model_fields if name not in {"open", *LISTS.values(), "top_terms", "sample_ids"}
]


def incidents_in(
    snapshot: Snapshot, period: Period | None, filters: Filters, *, is_open: bool | None = None
) -> list[Incident]:
    """Return the incidents that touch a period and show in what the filters name, newest first.

    Incidents know categories, regions and channels; other filters do not restrict them. Without ``is_open``, those
    that go on are listed and those that are over.
    """
    found = [_incident(row) for row in snapshot.dicts(f"{NEWEST} ORDER BY started_at DESC, incident_id")]
    start, end = period.instants(snapshot.time_zone) if period is not None else (None, None)
    return [
        incident
        for incident in found
        if (end is None or incident.started_at < end)
        and (start is None or incident.ended_at is None or incident.ended_at > start)
        and (is_open is None or incident.open is is_open)
        and _shows_in(incident, filters)
    ]


def counted_by(snapshot: Snapshot, incident_id: str) -> IncidentScope:
    """Return which complaints an incident counts.

    Raises:
        RequestFailed: 404, there is none; 503, an older release has written it and did not say what it counts.
    """
    row = _row_of(snapshot, incident_id)
    if row["counted"] is None:
        raise RequestFailed(
            503,
            "being_made_again",
            f"what incident {incident_id} counts was not written down by the release that found it",
            "its days are stale and made again: ask when complaints status lists none",
        )
    hours = [datetime.fromisoformat(point[0]) for point in orjson.loads(row["series"])]
    cells = orjson.loads(row["counted"])
    return IncidentScope(incident_id, row["started_at"], hours[-1] + HOUR, tuple((*cell,) for cell in cells))


def incident_named(snapshot: Snapshot, incident_id: str) -> tuple[Incident, list[IncidentPoint]]:
    """Return one incident and its hours.

    Raises:
        RequestFailed: 404, there is none.
    """
    row = _row_of(snapshot, incident_id)
    series = [dict(zip(IncidentPoint.model_fields, point, strict=True)) for point in orjson.loads(row["series"])]
    return _incident(row), [IncidentPoint(**point) for point in series]


def _row_of(snapshot: Snapshot, incident_id: str) -> dict[str, Any]:
    rows = snapshot.dicts(f"SELECT * FROM ({NEWEST}) WHERE incident_id = ?", [incident_id])  # noqa: S608  # a constant
    if not rows:
        raise not_found(f"incident {incident_id}")
    return rows[0]


def _incident(row: dict[str, Any]) -> Incident:
    lists = {name: orjson.loads(row[name]) for name in (*LISTS.values(), "top_terms", "sample_ids")}
    return Incident(**{name: row[name] for name in COPIED_FIELDS}, **lists, open=row["ended_at"] is None)


def _shows_in(incident: Incident, filters: Filters) -> bool:
    return all(
        {NO_VALUE if value is None else value for value in values} & set(getattr(incident, LISTS[name]))
        for name, values in filters.where.items()
        if name in LISTS
    )
