"""What stands before every route: headers that browsers obey, where requests may come from, and who asks.

Pure ASGI, so that answers stream through it. Which route needs which right is said where the route is.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import Request, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from complaints_platform.errors import AuthError
from complaints_platform.loopback import is_loopback
from complaints_platform.serving.auth import LOCAL_USER, Principal, Sessions, Tokens, digest_of
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.models import ErrorAnswer

COOKIE = "complaints_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BODY_BYTES = 1 << 20
TOO_LARGE = f"a request may have {MOST_BODY_BYTES:,} bytes"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Mapping[str, str] = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def error_response(status: int, code: str, message: str, hint: str | None = None) -> Response:
    """Return a response of an error."""
    body = orjson.dumps({"error": {"code": code, "message": message, "hint": hint}})
    return Response(body, status, media_type="application/json")


class Guard:
    """Adds the headers, and refuses what no browser page of ours would send."""

    def __init__(self, app: ASGIApp, *, local_only: Callable[[], bool]) -> None:
        """Wrap an application.

        If it is ``local_only``, everyone on this machine is let in: then the name by which the service is called has
        to be this machine's, or a page of another name that leads here could read everything.
        """
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                # Files of the page may be cached but are revalidated: after an update all are of one version.
                headers.setdefault("cache-control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
            await send(message)

        refusal = self._refusal(scope, Headers(scope=scope))
        if refusal is None:
            await self._app(scope, _bounded(receive), send_with_headers)
        else:
            await refusal(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        host = headers.get("host", "")
        if self._local_only() and not is_loopback(_name_of(host)):
            return error_response(
                403,
                "wrong_host",
                "without tokens the service answers only to names of this machine",
                "use http://localhost",
            )
        if scope["method"] not in SAFE_METHODS and _is_cross_origin(headers, host):
            return error_response(403, "cross_origin", "another site's page may not change anything here")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            return error_response(413, "too_large", TOO_LARGE)
        return None


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_cross_origin(headers: Headers, host: str) -> bool:
    if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        return True
    origin = headers.get("origin")
    try:
        return origin is not None and urlsplit(origin).netloc.lower() != host.lower()
    except ValueError:
        return True


def _bounded(receive: Receive) -> Receive:
    """Stop a body that is longer than announced, or too long."""
    taken = 0

    async def bounded() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BODY_BYTES:
            # While a body is read, the framework passes on only its own exceptions.
            raise HTTPException(413, TOO_LARGE)
        return message

    return bounded


class Doorkeeper:
    """Finds the principal of a request."""

    def __init__(self, tokens: Tokens, sessions: Sessions) -> None:
        self._tokens = tokens
        self._sessions = sessions

    def principal(self, request: Request) -> Principal:
        """Return the principal of a request.

        Raises:
            RequestFailed: 401, no token or one that is unknown.
        """
        if not self._tokens.configured:
            return LOCAL_USER
        digest = self._digest(request)
        try:
            found = None if digest is None else self._tokens.by_digest(digest)
        except AuthError as error:
            raise RequestFailed(
                503, "tokens_unreadable", "the service's tokens can't be read", "see its log"
            ) from error
        if found is None:
            raise RequestFailed(
                401,
                "no_token" if digest is None else "unknown_token",
                "a token is needed" if digest is None else "this token is not known, or no longer",
                "send it as Authorization: Bearer <token>, or log in",
            )
        return found

    def log_in(self, token: str) -> str:
        """Start a session; return its id.

        Raises:
            RequestFailed: 401, the token is unknown.
        """
        digest = digest_of(token)
        if self._tokens.configured and self._tokens.by_digest(digest) is None:
            raise RequestFailed(401, "unknown_token", "this token is not known, or no longer")
        return self._sessions.open(digest)

    def _digest(self, request: Request) -> str | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return digest_of(token.strip())
        session = request.cookies.get(COOKIE)
        return self._sessions.token_digest(session) if session else None


def documented_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of errors for OpenAPI."""
    return {status: {"model": ErrorAnswer} for status in statuses}
