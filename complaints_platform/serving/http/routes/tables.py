"""Tables as such: what data sets there are, SQL over them, exports, and the audit log."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from complaints_platform.errors import QueryError
from complaints_platform.lake.data_sets import TABLES
from complaints_platform.serving.audit import logged_parameters, logged_sql
from complaints_platform.serving.auth import Principal, Right
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.http.guards import documented_errors
from complaints_platform.serving.http.request_parameters import FromDay, ToDay, filters
from complaints_platform.serving.http.responses import MANIFEST_HEADER, CurrentCall
from complaints_platform.serving.models import (
    Audit,
    AuditEntry,
    ColumnInfo,
    DataSetInfo,
    SqlAnswer,
    SqlColumn,
    SqlRequest,
)
from complaints_platform.serving.scope import Filters
from complaints_platform.serving.sql.exporting import MEDIA_TYPES, Format, export, files_of, spec_of
from complaints_platform.serving.sql.query import Catalogue
from complaints_platform.serving.sql.sandbox import Result
from complaints_platform.serving.store.parquet import sql_type

router = APIRouter(prefix="/api/v1", responses=documented_errors(400, 401, 403), tags=["tables"])
FILES: dict[str, Any] = {"content": {media.partition(";")[0]: {} for media in MEDIA_TYPES.values()}}
LARGEST_SAFE_INTEGER = 2**53
Safe = Annotated[bool, Query(description="In CSV, an apostrophe stands before texts that begin like a formula.")]
DESCRIPTIONS = {spec.sql_name: spec.model for spec in TABLES}


@router.get("/datasets", response_model=list[DataSetInfo])
def datasets(call: CurrentCall) -> Response:
    """List the data sets that whoever asks may name in SQL."""
    catalogue = call.may(Right.SQL).service.catalogue
    found = [_described(catalogue, name) for name in allowed_names(catalogue, call.principal)]
    call.audited(len(found))
    return call.respond(TypeAdapter(list[DataSetInfo]).dump_json(found), None)


@router.post("/sql", response_model=SqlAnswer, responses={200: FILES, **documented_errors(408, 413, 429)})
def sql(call: CurrentCall, query: SqlRequest) -> Response:
    """Run one SELECT over data sets, read-only and within limits."""
    service = call.may(Right.SQL).service
    manifest = service.warehouse.manifest
    try:
        result = service.sandbox.run(query.sql, allowed_names(service.catalogue, call.principal), manifest)
    except (QueryError, RequestFailed) as error:
        call.recorded(logged_sql(query.sql), None, error.status if isinstance(error, RequestFailed) else 400)
        raise
    call.recorded(logged_sql(query.sql), result.table.num_rows)
    number = manifest.number if manifest else 0
    if query.format != "json":
        pieces = files_of(iter(result.table.to_batches()), result.table.schema, query.format, safe=True)
        return _file("query", pieces, query.format, number)
    answer = SqlAnswer(
        as_of=manifest.published_at if manifest else None,
        columns=[SqlColumn(name=column.name, type=str(column.type)) for column in result.table.schema],
        rows=_plain_rows(result),
        truncated=result.truncated,
        elapsed_ms=result.milliseconds,
    )
    return call.respond(answer, number)


@router.get("/export/{dataset}", response_class=StreamingResponse, responses={200: FILES, **documented_errors(404)})
def export_(  # noqa: PLR0913, PLR0917  # one parameter of the query each
    call: CurrentCall,
    dataset: str,
    where: Annotated[Filters, Depends(filters)],
    output: Annotated[Format, Query(alias="format")] = "csv",
    first: FromDay = None,
    last: ToDay = None,
    spreadsheet_safe: Safe = True,  # noqa: FBT002  # a parameter of the query
) -> Response:
    """Export a data set as CSV, Parquet or an Arrow stream."""
    service = call.may(Right.EXPORT).service
    spec = spec_of(dataset)
    manifest = service.warehouse.manifest
    pieces = export(service, spec, manifest, (first, last), where, output, safe=spreadsheet_safe)
    call.recorded(logged_parameters(call.request.query_params.multi_items()), None)
    return _file(dataset.replace(".", "_"), pieces, output, manifest.number if manifest else 0)


@router.get("/audit", response_model=Audit)
def audit(call: CurrentCall, limit: Annotated[int, Query(ge=1, le=10_000)] = 200) -> Response:
    """List the newest entries of the audit log."""
    entries = call.may(Right.AUDIT).service.audit.newest(limit)
    return call.answered(Audit(entries=[AuditEntry.model_validate(entry) for entry in entries]), None, len(entries))


def allowed_names(catalogue: Catalogue, principal: Principal) -> list[str]:
    """Return the data sets that somebody may name: records as received and their receipts only by right."""
    hidden = () if principal.may(Right.RAW) else ("raw.", "lake.")
    return [name for name in catalogue.names() if not name.startswith(hidden)]


def _described(catalogue: Catalogue, name: str) -> DataSetInfo:
    model = DESCRIPTIONS.get(name)
    documented = model.to_schema().columns if model is not None else {}
    return DataSetInfo(
        name=name,
        description=(model.__doc__ or "").strip().split("\n")[0] if model is not None else "As received.",
        columns=[
            ColumnInfo(
                name=column,
                type=sql_type(dtype),
                description=(documented[column].description or "") if column in documented else "",
            )
            for column, dtype in catalogue.schema(name).items()
        ],
    )


def _file(name: str, pieces: Iterator[bytes], output: Format, manifest: int) -> Response:
    disposition = f'attachment; filename="{name}.{output}"'
    headers = {MANIFEST_HEADER: str(manifest), "content-disposition": disposition}
    return StreamingResponse(pieces, headers=headers, media_type=MEDIA_TYPES[output])


def _plain_rows(result: Result) -> list[list[Any]]:
    columns = [[_plain(value) for value in column.to_pylist()] for column in result.table.columns]
    return [list(row) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    """Return a value as JSON can say it; integers that JavaScript would round become texts."""
    plain: Any
    match value:
        case None | bool() | str() | float() | date() | datetime():
            plain = value
        case Decimal():
            plain = _plain(int(value)) if value == value.to_integral_value() else float(value)
        case int():
            plain = value if abs(value) <= LARGEST_SAFE_INTEGER else str(value)
        case bytes():
            plain = value.hex()
        case dict():
            plain = {str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            plain = [_plain(each) for each in value]
        case _:
            plain = str(value)
    return plain
