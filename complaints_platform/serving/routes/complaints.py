"""Single complaints: search, detail, explanation, the raw record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from complaints_platform.serving.asking import Filters, FromDay, Period, ToDay, filters
from complaints_platform.serving.asking import period as period_of
from complaints_platform.serving.auth import Right
from complaints_platform.serving.guards import documented_errors
from complaints_platform.serving.models import Found
from complaints_platform.serving.replies import Asking
from complaints_platform.serving.search import Sort, Wanted, day_range

Flag = Annotated[bool | None, Query()]
router = APIRouter(prefix="/api/v1/complaints", responses=documented_errors(400, 401, 403), tags=["complaints"])


@router.get("", response_model=Found)
def search(  # noqa: PLR0913, PLR0917  # one parameter of the query each
    call: Asking,
    where: Annotated[Filters, Depends(filters)],
    q: Annotated[str, Query(max_length=1000, description='Words, "phrases", and -words that must not occur.')] = "",
    first: FromDay = None,
    last: ToDay = None,
    needs_review: Flag = None,
    near_duplicates: Flag = None,
    customer_key: Annotated[str | None, Query(max_length=128)] = None,
    sort: Sort = "newest",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Find complaints by words and filters, newest or most fitting first."""
    index, settings = call.may(Right.COMPLAINTS).service.index, call.service.settings
    chosen: Period | None = period_of(first, last, day_range(index.state))
    wanted = Wanted(q, chosen, settings.time_zone, where, needs_review, near_duplicates, customer_key)
    page = index.search(wanted, sort, limit, cursor)
    days = day_range(page.state)
    answer = Found(
        as_of=page.state.published_at,
        items=page.items,
        total=page.total,
        next_cursor=page.next_cursor,
        indexed_from=days[0] if days else None,
        indexed_to=days[1] if days else None,
    )
    return call.answered(answer, page.state.manifest, len(page.items))
