"""Reports as they were sent: which there are, and their pages."""

from datetime import date
from typing import get_args

from fastapi import APIRouter, Response

from complaints_platform.lake.reports import StoredReport
from complaints_platform.serving.auth import Right
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.http.guards import documented_errors
from complaints_platform.serving.http.responses import CurrentCall
from complaints_platform.serving.models import ReportInfo, Reports
from complaints_platform.serving.report.figures import Kind

router = APIRouter(responses=documented_errors(400, 401, 403), tags=["reports"])
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""A report carries its style within it, because it is mailed; it has no scripts."""


@router.get("/api/v1/reports", response_model=Reports)
def reports(call: CurrentCall) -> Response:
    """List the newest report of each day, the latest day first."""
    found = call.may(Right.VIEW).service.lake.reports.all(get_args(Kind))
    listed = [
        ReportInfo(kind=each.kind, day=each.day, made_at=each.made_at, page=f"/reports/{each.kind}/{each.day}")
        for each in found
    ]
    return call.answered(Reports(reports=listed), None, rows=len(listed))


@router.get("/reports/{kind}/{day}", responses={200: {"content": {"text/html": {}}}, **documented_errors(404)})
def report(call: CurrentCall, kind: Kind, day: date) -> Response:
    """Show the newest report of a day."""
    lake = call.may(Right.VIEW).service.lake
    call.audited(None)
    found: list[StoredReport] = lake.reports.of_day(kind, day)
    if not found:
        raise RequestFailed(404, "not_found", f"there is no {kind} report of {day}", "/api/v1/reports lists them")
    page = lake.reports.page(found[-1])
    return Response(page, media_type="text/html", headers={"content-security-policy": PAGE_POLICY})
