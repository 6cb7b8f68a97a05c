"""Counts and states: metrics, overview, incidents, health, taxonomy."""

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response

from complaints_platform.classification.taxonomy import Level
from complaints_platform.marts.definition import Grain
from complaints_platform.marts.registry import METRICS
from complaints_platform.serving.answers.health import health
from complaints_platform.serving.answers.incidents import incident_named, incidents_in
from complaints_platform.serving.answers.metric_values import Compare, MetricRequest, answer, registry
from complaints_platform.serving.answers.overview import overview
from complaints_platform.serving.auth import Right
from complaints_platform.serving.failures import not_found
from complaints_platform.serving.http.guards import documented_errors
from complaints_platform.serving.http.request_parameters import NOTHING, FromDay, ToDay, filters
from complaints_platform.serving.http.responses import CurrentCall
from complaints_platform.serving.models import (
    CategoryInfo,
    Health,
    IncidentDetail,
    Incidents,
    Me,
    MetricAnswer,
    Metrics,
    Overview,
    SubcategoryInfo,
    TaxonomyAnswer,
)
from complaints_platform.serving.scope import FIRST_DAY, LAST_DAY, Filters, Period
from complaints_platform.serving.store.warehouse import Snapshot

router = APIRouter(prefix="/api/v1", responses=documented_errors(400, 401, 403), tags=["numbers"])
MOST_ROWS = 50_000


@router.get("/me", response_model=Me)
def me(call: CurrentCall) -> Response:
    """Say who asks and what they may."""
    principal, settings = call.principal, call.service.settings
    found = Me(
        name=principal.name,
        role=principal.role.value,
        rights=[right.value for right in Right if principal.may(right)],
        profile=settings.profile,
        time_zone=settings.time_zone,
        version=version("complaints_platform"),
    )
    return call.answered(found, None)


@router.get("/metrics", response_model=Metrics)
def metrics(call: CurrentCall) -> Response:
    """List the metrics and what they mean."""
    return call.may(Right.VIEW).answered(registry(), None)


@router.get("/metrics/{name}", response_model=MetricAnswer, responses=documented_errors(404))
def metric(  # noqa: PLR0913, PLR0917  # one parameter of the query each
    call: CurrentCall,
    name: str,
    first: FromDay = None,
    last: ToDay = None,
    grain: Grain = "total",
    by: Annotated[list[str], Query(max_length=4)] = NOTHING,
    compare: Compare | None = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 10_000,
    where: Annotated[Filters, Depends(filters)] = Filters({}),  # noqa: B008  # FastAPI wants a default
) -> Response:
    """Answer a metric by period and dimensions, beside what was before."""
    call.may(Right.VIEW)
    if name not in METRICS:
        raise not_found(f"metric {name}; there are {', '.join(METRICS)}")
    request = MetricRequest(name, first, last, grain, tuple(dict.fromkeys(by)), where, compare, limit)
    return call.cached(lambda snapshot: answer(snapshot, request))


@router.get("/overview", response_model=Overview)
def overview_(
    call: CurrentCall,
    where: Annotated[Filters, Depends(filters)],
    first: FromDay = None,
    last: ToDay = None,
) -> Response:
    """Answer what a manager wants to see first."""
    pulse = call.service.pulse
    waiting = call.request.app.state.reviewing.waiting
    return call.may(Right.VIEW).cached(
        lambda snapshot: overview(snapshot, first, last, where, pulse, waiting), pulse.says, waiting
    )


@router.get("/incidents", response_model=Incidents)
def incidents(
    call: CurrentCall,
    where: Annotated[Filters, Depends(filters)],
    first: FromDay = None,
    last: ToDay = None,
    is_open: Annotated[bool | None, Query(alias="open", description="Only those that go on; or only others.")] = None,
) -> Response:
    """List incidents, newest first; without days, all."""
    period = Period(first or FIRST_DAY, last or LAST_DAY) if first or last else None
    return call.may(Right.VIEW).cached(
        lambda snapshot: Incidents(
            as_of=snapshot.as_of, incidents=incidents_in(snapshot, period, where, is_open=is_open)
        )
    )


@router.get("/incidents/{incident_id}", response_model=IncidentDetail, responses=documented_errors(404))
def incident(call: CurrentCall, incident_id: Annotated[str, Path(max_length=64)]) -> Response:
    """Answer one incident with its course; examples only to those who may see complaints."""
    index = call.may(Right.VIEW).service.index
    may_see = call.principal.may(Right.COMPLAINTS)

    def build(snapshot: Snapshot) -> IncidentDetail:
        found, series = incident_named(snapshot, incident_id)
        samples = index.some(complaint_ids=tuple(found.sample_ids)) if may_see and found.sample_ids else []
        return IncidentDetail(as_of=snapshot.as_of, series=series, samples=samples, **found.model_dump())

    return call.cached(build, may_see, index.state.manifest)


@router.get("/health", response_model=Health)
def health_(call: CurrentCall) -> Response:
    """Answer how data and pipeline are."""
    pulse = call.service.pulse
    return call.may(Right.VIEW).cached(lambda snapshot: health(snapshot, pulse), pulse.says)


@router.get("/taxonomy", response_model=TaxonomyAnswer)
def taxonomy(call: CurrentCall) -> Response:
    """List the categories and what they mean."""
    found = call.may(Right.VIEW).service.platform.taxonomy
    answer = TaxonomyAnswer(
        version=found.version,
        fallback=found.fallback,
        categories=[
            CategoryInfo(**_about(each), subcategories=[SubcategoryInfo(**_about(part)) for part in each.subcategories])
            for each in found.categories
        ],
    )
    return call.answered(answer, None)


def _about(level: Level) -> dict[str, Any]:
    return {"name": level.name, "title": level.title, "definition": level.definition}
