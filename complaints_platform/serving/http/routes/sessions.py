"""Logging in and out."""

from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response

from complaints_platform.serving.auth import SESSION_SECONDS
from complaints_platform.serving.http.guards import COOKIE, documented_errors
from complaints_platform.serving.models import SessionRequest
from complaints_platform.serving.service import Service

router = APIRouter(prefix="/api/v1", tags=["session"])


@router.post("/session", status_code=204, responses=documented_errors(400, 401, 403))
def log_in(request: Request, credentials: SessionRequest) -> Response:
    """Begin a session with a token; its cookie can't be read by pages and goes to no other site."""
    service: Service = request.app.state.service
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        service.doorkeeper.log_in(credentials.token),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        # Whether the browser speaks HTTPS: with us, or, as its Origin says, with a proxy in front of us.
        secure="https" in {request.url.scheme, urlsplit(request.headers.get("origin", "")).scheme},
        path="/",
    )
    return response


@router.delete("/session", status_code=204, responses=documented_errors(403))
def log_out(request: Request) -> Response:
    """End the session."""
    service: Service = request.app.state.service
    session = request.cookies.get(COOKIE)
    if session:
        service.sessions.close(session)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response
