"""Serving metrics over HTTP: an ASGI application to mount, and who may read it from where."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from pydantic import SecretStr

from complaints_platform.errors import SettingsError
from complaints_platform.loopback import is_loopback
from complaints_platform.operations.metrics import CONTENT_TYPE, Metrics

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
FEWEST_CHARACTERS = 24


def refuse_open_server(host: str, token: SecretStr | None) -> None:
    """Let no server start that others can reach without a credential.

    Raises:
        SettingsError: ``host`` is open to the network, and there is no token, or a short one.
    """
    if is_loopback(host):
        return
    if token is None or len(token.get_secret_value()) < FEWEST_CHARACTERS:
        raise SettingsError(
            f"{host} is open to the network: set COMPLAINTS_METRICS_TOKEN to a secret of at least {FEWEST_CHARACTERS} "
            "characters, and give it to Prometheus as its bearer token; or serve on 127.0.0.1"
        )


def metrics_application(metrics: Metrics, token: SecretStr | None = None) -> Application:
    """Return an ASGI application that answers every GET with the metrics, given the bearer token, if there is one."""
    expected = None if token is None else f"Bearer {token.get_secret_value()}".encode()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        import asyncio

        given = dict(scope["headers"]).get(b"authorization", b"")
        if expected is not None and not hmac.compare_digest(given, expected):
            await _answer(send, 401, b"a bearer token is needed\n", [(b"www-authenticate", b"Bearer")])
        elif scope["method"] not in {"GET", "HEAD"}:
            await _answer(send, 405, b"only GET\n", [(b"allow", b"GET, HEAD")])
        else:
            await _answer(send, 200, await asyncio.to_thread(metrics.text), [(b"content-type", CONTENT_TYPE.encode())])

    return application


async def _answer(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    sized = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": sized})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
