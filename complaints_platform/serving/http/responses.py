"""From what a route finds to what is sent: JSON by model, manifest and audit entry beside it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from complaints_platform.lake.manifests import Manifest
from complaints_platform.serving.audit import asked_in_parameters
from complaints_platform.serving.auth import Principal, Right
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.http.guards import demand
from complaints_platform.serving.service import Service
from complaints_platform.serving.store.warehouse import NO_MANIFEST, Reading

MANIFEST_HEADER = "X-Manifest"


@dataclass
class Call:
    """One request: who asks, for what, of which service."""

    service: Service
    request: Request
    principal: Principal
    started: float

    def may(self, right: Right) -> "Call":
        """Make sure that whoever asks has a right.

        Raises:
            RequestFailed: 403.
        """
        try:
            demand(self.principal, right)
        except RequestFailed as error:
            self.audited(None, error.status)
            raise
        return self

    def ready(self) -> "Call":
        """Make sure that the marts are at hand.

        Raises:
            RequestFailed: 503.
        """
        if not self.service.is_ready:
            raise RequestFailed(503, "starting", "the tables are being taken in", "try again in a minute")
        return self

    def cached(self, build: Callable[[Reading], BaseModel], *more: object) -> Response:
        """Answer from the marts at hand, or with what was answered before to the same request in the same hour.

        Some metrics depend on the time: what should have been answered by now.

        Args:
            build: finds the answer; all it reads is of one manifest.
            more: what the answer depends on beside the manifest and the request.

        Raises:
            RequestFailed: 503, the marts are not at hand yet.
        """
        service = self.ready().service
        asked = (self.request.url.path, tuple(sorted(self.request.query_params.multi_items())), *more, this_hour())
        manifest = service.warehouse.manifest
        body = service.answers.find((*_identity(manifest), *asked))
        if body is None:
            with service.warehouse.reading() as reading:
                manifest = reading.manifest
                body = service.answers.get((*_identity(manifest), *asked), lambda: to_json(build(reading)))
        self.audited(None)
        return reply(body, NO_MANIFEST if manifest is None else manifest.number)

    def answered(self, answer: BaseModel, manifest: int | None, rows: int | None = None, status: int = 200) -> Response:
        """Answer with a model."""
        self.audited(rows, status)
        return reply(to_json(answer), manifest, status)

    @staticmethod
    def reply(answer: BaseModel, manifest: int | None, status: int = 200) -> Response:
        """Answer with a model that has been recorded already."""
        return reply(to_json(answer), manifest, status)

    def recorded(self, asked: Mapping[str, Any], rows: int | None, status: int = 200) -> None:
        """Write the audit entry before anything is answered.

        Raises:
            LakeError: it can't be written.
        """
        self.service.audit.write(self._entry(asked, rows, status))

    def audited(self, rows: int | None, status: int = 200) -> None:
        """Note the request for the next batch of the audit log."""
        parameters: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            parameters.setdefault(name, []).append(value)
        self.service.audit.note(self._entry(asked_in_parameters(parameters), rows, status))

    def _entry(self, asked: Mapping[str, Any], rows: int | None, status: int) -> dict[str, Any]:
        entry = self.service.audit.entry(self.principal, self.request.method, self.request.url.path, asked)
        milliseconds = round((time.perf_counter() - self.started) * 1000)
        return {**entry, "status": status, "rows": rows, "milliseconds": milliseconds}


async def call(request: Request) -> Call:
    """Find out who asks.

    Raises:
        RequestFailed: 401.
    """
    service: Service = request.app.state.service
    return Call(service, request, service.doorkeeper.principal(request), time.perf_counter())


def this_hour() -> datetime:
    """Return when the hour began."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def _identity(manifest: Manifest | None) -> tuple[object, ...]:
    """Return what tells answers of different tables apart, also of a lake that was deleted and made anew."""
    return (NO_MANIFEST, None) if manifest is None else (manifest.number, manifest.published_at)


Asking = Annotated[Call, Depends(call)]


def to_json(answer: BaseModel) -> bytes:
    """Return a model as JSON."""
    return answer.model_dump_json(by_alias=True).encode()


def reply(body: bytes, manifest: int | None, status: int = 200) -> Response:
    """Return a response of JSON."""
    headers = {} if manifest is None else {MANIFEST_HEADER: str(manifest)}
    return Response(body, status, headers, "application/json")
