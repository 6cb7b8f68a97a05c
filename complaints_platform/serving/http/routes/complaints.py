"""Single complaints: search, detail, explanation, the raw record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Response

from complaints_platform.serving.answers import complaint
from complaints_platform.serving.answers.incidents import counted_by
from complaints_platform.serving.auth import Right
from complaints_platform.serving.http.guards import documented_errors
from complaints_platform.serving.http.request_parameters import FromDay, ToDay, filters
from complaints_platform.serving.http.responses import CurrentCall
from complaints_platform.serving.models import ComplaintDetail, ExplanationAnswer, Found, RawAnswer
from complaints_platform.serving.scope import Filters, IncidentScope, Period
from complaints_platform.serving.scope import period as period_of
from complaints_platform.serving.store.search import SearchRequest, Sort

ComplaintId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
Flag = Annotated[bool | None, Query()]
router = APIRouter(prefix="/api/v1/complaints", responses=documented_errors(400, 401, 403), tags=["complaints"])


@router.get("", response_model=Found, responses=documented_errors(404, 503))
def search(  # noqa: PLR0913, PLR0917  # one parameter of the query each
    call: CurrentCall,
    where: Annotated[Filters, Depends(filters)],
    q: Annotated[str, Query(max_length=1000, description='Words, "phrases", and -words that must not occur.')] = "",
    first: FromDay = None,
    last: ToDay = None,
    needs_review: Flag = None,
    near_duplicates: Flag = None,
    customer_key: Annotated[str | None, Query(max_length=128)] = None,
    incident: Annotated[str | None, Query(max_length=64, description="Only complaints that it counts.")] = None,
    sort: Sort = "newest",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Find complaints by words and filters, newest or most fitting first.

    Without days, those of the incident are searched, or else the last 30 that have data.
    """
    index, settings = call.may(Right.COMPLAINTS).service.index, call.service.settings
    counted: IncidentScope | None = None
    chosen: Period | None = None
    if incident is not None:
        with call.ready().service.warehouse.snapshot() as snapshot:
            counted = counted_by(snapshot, incident)
    if counted is None or first is not None or last is not None:
        chosen = period_of(first, last, index.state.days)
    request = SearchRequest(
        q, chosen, settings.time_zone, where, needs_review, near_duplicates, customer_key, counted=counted
    )
    page = index.search(request, sort, limit, cursor)
    indexed_from, indexed_to = page.state.days or (None, None)
    answer = Found(
        as_of=page.state.published_at,
        items=page.items,
        total=page.total,
        next_cursor=page.next_cursor,
        indexed_from=indexed_from,
        indexed_to=indexed_to,
    )
    return call.answered(answer, page.state.manifest, len(page.items))


@router.get("/{complaint_id}", response_model=ComplaintDetail, responses=documented_errors(404))
def detail(call: CurrentCall, complaint_id: ComplaintId) -> Response:
    """Answer all that is known of a complaint, back to the file and record that it came in."""
    service = call.may(Right.COMPLAINTS).service
    manifest = service.warehouse.manifest
    found = complaint.detail(service, complaint_id, manifest)
    call.recorded({}, 1)
    return call.respond(found, manifest.number if manifest else 0)


@router.get("/{complaint_id}/explanation", response_model=ExplanationAnswer, responses=documented_errors(404))
def explanation(call: CurrentCall, complaint_id: ComplaintId) -> Response:
    """Answer which words decide the category of a complaint."""
    service = call.may(Right.COMPLAINTS).service
    manifest = service.warehouse.manifest
    model = call.request.app.state.model.get()
    found = complaint.explanation(service, model, complaint_id, manifest)
    return call.answered(found, manifest.number if manifest else 0, 1)


@router.get("/{complaint_id}/raw", response_model=RawAnswer, responses=documented_errors(404))
def raw(call: CurrentCall, complaint_id: ComplaintId) -> Response:
    """Answer the record as it was received: personal data."""
    service = call.may(Right.RAW).service
    manifest = service.warehouse.manifest
    found = complaint.raw(service, complaint_id, manifest)
    call.recorded({}, 1)
    return call.respond(found, manifest.number if manifest else 0)
