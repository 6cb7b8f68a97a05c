"""The HTTP application: routes, guards and errors put together.

``build_app`` is where other parts of the platform mount what they serve.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from complaints_platform.errors import ComplaintsError, LakeError, QueryError
from complaints_platform.platform import Platform
from complaints_platform.serving.answers.complaint import ModelAtHand
from complaints_platform.serving.answers.review import Reviewing
from complaints_platform.serving.auth import Right
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.http.guards import COOKIE, Guard, documented_errors, error_response
from complaints_platform.serving.http.responses import CurrentCall
from complaints_platform.serving.http.routes import alerts, complaints, numbers, reports, review, sessions, tables
from complaints_platform.serving.models import Alive
from complaints_platform.serving.service import Service
from complaints_platform.serving.sql.exporting import MEDIA_TYPES

log = logging.getLogger(__name__)

STATIC = Path(__file__).parent.parent / "static"
SMALL_BYTES = 2048
"""Shorter answers are not worth compressing."""
COMPRESSED = (*DEFAULT_EXCLUDED_CONTENT_TYPES, MEDIA_TYPES["parquet"], MEDIA_TYPES["arrow"])
"""Types that are compressed already, or whose numbers take longer to compress than to send."""
REVIEW_SECONDS = 5.0
"""How often it is looked whether the review queue is worn."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
THEMES = (sessions, numbers, complaints, review, tables, reports, alerts)


def build_app(platform: Platform, metrics: Callable[[], bytes] | None = None) -> FastAPI:
    """Return the application over a platform; it works once its lifespan has begun.

    ``metrics`` gives what ``/metrics`` shows to Prometheus; without it there is no such page.

    Raises:
        AuthError: the tokens can't be read.
        LakeError: the cache folder can't be used.
    """
    service = Service(platform)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        try:
            yield
        finally:
            service.close()

    app = FastAPI(
        title="Complaints",
        description="Answers about customer complaints.",
        version="1",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
    )
    app.state.service = service
    app.state.model = ModelAtHand(service)
    app.state.reviewing = Reviewing(service, app.state.model)
    service.keep_up("review", app.state.reviewing.keep_ready, REVIEW_SECONDS)
    for theme in THEMES:
        app.include_router(theme.router)
    _add_pages(app, service)
    if metrics is not None:
        _add_metrics(app, metrics)
    _add_errors(app)
    _describe(app)
    app.add_middleware(GZipMiddleware, minimum_size=SMALL_BYTES, exclude_content_types=COMPRESSED)
    app.add_middleware(Guard, local_only=lambda: not service.tokens.configured)
    return app


def _add_pages(app: FastAPI, service: Service) -> None:
    @app.get("/healthz", tags=["service"])
    def healthz() -> Alive:
        """Tell that the service runs."""
        return Alive(status="ok" if service.is_ready else "starting")

    @app.get("/", include_in_schema=False)
    def dashboard() -> Response:
        return FileResponse(STATIC / "index.html")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _describe(app: FastAPI) -> None:
    """Say in the OpenAPI how to log in, and leave out what FastAPI supposes of errors: here they are all alike."""
    described = app.openapi()
    for operations in described["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    schemas = described["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    described["components"]["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
    }
    described["security"] = [{"token": []}, {"session": []}]


def _add_metrics(app: FastAPI, metrics: Callable[[], bytes]) -> None:
    @app.get(
        "/metrics", tags=["service"], responses={200: {"content": {METRICS_TYPE: {}}}, **documented_errors(401, 403)}
    )
    def metrics_(call: CurrentCall) -> Response:
        """Show numbers of the platform to Prometheus."""
        call.may(Right.VIEW)
        return Response(metrics(), media_type=METRICS_TYPE)


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(RequestFailed)
    def failed(_: Request, error: RequestFailed) -> Response:
        return error_response(error.status, error.code, error.message, error.hint)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'body'}: {problem['msg']}"
            for problem in error.errors()
        )
        return error_response(400, "invalid_request", problems, "see /openapi.json")

    @app.exception_handler(QueryError)
    def refused(_: Request, error: QueryError) -> Response:
        return error_response(400, "refused", str(error))

    @app.exception_handler(ComplaintsError)
    def unavailable(_: Request, error: ComplaintsError) -> Response:
        log.error("%s: %s", type(error).__name__, error)
        code = "lake_unavailable" if isinstance(error, LakeError) else "unavailable"
        return error_response(503, code, "this can't be answered now", "the service's log says why")

    @app.exception_handler(HTTPException)
    def http(_: Request, error: HTTPException) -> Response:
        return error_response(error.status_code, CODES.get(error.status_code, "bad_request"), str(error.detail))

    @app.exception_handler(Exception)
    def unexpected(_: Request, error: Exception) -> Response:
        log.error("a request failed", exc_info=error)
        return error_response(500, "failed", "something went wrong here", "the service's log says what")
