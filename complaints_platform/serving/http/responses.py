"""From the result of a route to the response: JSON by model, with its manifest and audit entry."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from complaints_platform.serving.audit import logged_parameters
from complaints_platform.serving.auth import Principal, Right
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.service import Service
from complaints_platform.serving.store.warehouse import NO_MANIFEST, Snapshot, identity

MANIFEST_HEADER = "X-Manifest"


@dataclass
class Call:
    """One request, with its principal and service."""

    service: Service
    request: Request
    principal: Principal
    started: float

    def may(self, right: Right) -> "Call":
        """Make sure that the principal has a right.

        Raises:
            RequestFailed: 403.
        """
        if not self.principal.may(right):
            self.audited(None, 403)
            message = f"the role {self.principal.role} does not allow this ({right})"
            raise RequestFailed(403, "forbidden", message, "ask for another token")
        return self

    def ready(self) -> "Call":
        """Make sure that the marts are loaded.

        Raises:
            RequestFailed: 503.
        """
        if not self.service.is_ready:
            raise RequestFailed(503, "starting", "the tables are being loaded", "try again in a minute")
        return self

    def cached(self, build: Callable[[Snapshot], BaseModel], *more: object) -> Response:
        """Respond from the loaded marts, or from the cache if the same request was answered in the same hour.

        The hour matters because some metrics depend on the time: what is due by now. ``more`` is what else the answer
        depends on, besides manifest and request.

        Raises:
            RequestFailed: 503, the marts are not loaded yet.
        """
        service = self.ready().service
        key = (self.request.url.path, tuple(sorted(self.request.query_params.multi_items())), *more, this_hour())
        manifest = service.warehouse.manifest
        body = service.response_cache.find((*identity(manifest), *key))
        if body is None:
            with service.warehouse.snapshot() as snapshot:
                manifest = snapshot.manifest
                body = service.response_cache.get((*identity(manifest), *key), lambda: to_json(build(snapshot)))
        self.audited(None)
        return self.respond(body, NO_MANIFEST if manifest is None else manifest.number)

    def answered(self, answer: BaseModel, manifest: int | None, rows: int | None = None, status: int = 200) -> Response:
        """Respond with a model."""
        self.audited(rows, status)
        return self.respond(answer, manifest, status)

    @staticmethod
    def respond(answer: BaseModel | bytes, manifest: int | None, status: int = 200) -> Response:
        """Respond with a model, or its JSON, whose audit entry has been written already."""
        headers = {} if manifest is None else {MANIFEST_HEADER: str(manifest)}
        body = answer if isinstance(answer, bytes) else to_json(answer)
        return Response(body, status, headers, "application/json")

    def recorded(self, parameters: Mapping[str, Any], rows: int | None, status: int = 200) -> None:
        """Write the audit entry before responding.

        Raises:
            LakeError: it can't be written.
        """
        self.service.audit.write(self._entry(parameters, rows, status))

    def audited(self, rows: int | None, status: int = 200) -> None:
        """Add the request to the next batch of the audit log."""
        parameters = logged_parameters(self.request.query_params.multi_items())
        self.service.audit.note(self._entry(parameters, rows, status))

    def _entry(self, parameters: Mapping[str, Any], rows: int | None, status: int) -> dict[str, Any]:
        return {
            "at": datetime.now(UTC),
            "name": self.principal.name,
            "role": self.principal.role.value,
            "method": self.request.method,
            "path": self.request.url.path,
            "asked": dict(parameters),
            "status": status,
            "rows": rows,
            "milliseconds": round((time.perf_counter() - self.started) * 1000),
        }


async def call(request: Request) -> Call:
    """Find the principal of a request.

    Raises:
        RequestFailed: 401.
    """
    service: Service = request.app.state.service
    return Call(service, request, service.doorkeeper.principal(request), time.perf_counter())


def this_hour() -> datetime:
    """Return the start of the current hour."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


CurrentCall = Annotated[Call, Depends(call)]


def to_json(answer: BaseModel) -> bytes:
    """Return a model as JSON."""
    return answer.model_dump_json(by_alias=True).encode()
