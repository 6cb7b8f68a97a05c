"""What stands before every route: headers that browsers obey, where requests may come from, and who asks.

Pure ASGI, so that answers stream through it. Which route needs which right is said where the route is.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from complaints_platform.errors import AuthError
from complaints_platform.loopback import is_loopback
from complaints_platform.serving.auth import LOCAL_USER, Principal, Right, Sessions, Tokens, digest_of
from complaints_platform.serving.failures import RequestFailed

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


def error_body(code: str, message: str, hint: str | None = None) -> bytes:
    """Return the body of an error."""
    return orjson.dumps({"error": {"code": code, "message": message, "hint": hint}})


class Guard:
    """Adds the headers, and refuses what no browser page of ours would send."""

    def __init__(self, app: ASGIApp, *, local_only: Callable[[], bool]) -> None:
        """Wrap an application.

        Args:
            app: the application.
            local_only: whether everyone on this machine is let in: then the name by which the service is called
                has to be this machine's, or a page of another name that leads here could read everything.
        """
        self._app = app
        self._local_only = local_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.encode(), value.encode())
                        for name, value in _headers_of(scope["path"])
                        if name.encode() not in there
                    ),
                ]
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            status, body = refusal
            await _answer(send_with_headers, status, body)
            return
        await self._app(scope, _bounded(receive), send_with_headers)

    def _refusal(self, scope: Scope, headers: Headers) -> tuple[int, bytes] | None:
        host = headers.get("host", "")
        if self._local_only() and not is_loopback(_name_of(host)):
            return 403, error_body(
                "wrong_host", "without tokens the service answers only to names of this machine", "use http://localhost"
            )
        if scope["method"] not in SAFE_METHODS and _is_cross_origin(headers, host):
            return 403, error_body("cross_origin", "another site's page may not change anything here")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BODY_BYTES:
            return 413, error_body("too_large", TOO_LARGE)
        return None


def _headers_of(path: str) -> Iterable[tuple[str, str]]:
    yield from SECURITY_HEADERS.items()
    # Files of the page may be cached but are revalidated: after an update all are of one version.
    yield "cache-control", "no-cache" if path.startswith("/static/") else "no-store"


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


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


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


def demand(principal: Principal, right: Right) -> None:
    """Make sure that a principal has a right.

    Raises:
        RequestFailed: 403.
    """
    if not principal.may(right):
        raise RequestFailed(
            403, "forbidden", f"the role {principal.role} does not allow this ({right})", "ask for another token"
        )


def documented_errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of errors for OpenAPI."""
    from complaints_platform.serving.models import ErrorAnswer

    return {status: {"model": ErrorAnswer} for status in statuses}
