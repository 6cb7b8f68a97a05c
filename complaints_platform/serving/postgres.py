"""Marts published to Postgres, for tools that speak to databases only: types, comments, all tables at once.

Everything is written beside what is there, in a staging schema; one transaction then puts it in place. A reader
sees the tables of one manifest or of the next, never half of one, and waits for no longer than a rename takes.
Which table holds what is the registry's (``lake.data_sets``, ``schemas``); when it is done, ``defs.postgres``'s.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import polars as pl
from pydantic import SecretStr

from complaints_platform.errors import ExportError
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import TABLES, TableSpec
from complaints_platform.lake.manifests import Manifest
from complaints_platform.schemas.model import DataSet, polars_schema
from complaints_platform.serving.store.parquet import SQL_TYPES, identifier, literal, sql_type

PUBLISHED = tuple(spec for spec in TABLES if spec.schema == "mart")
ABOUT = "publication"
"""The table that says which manifest the others are of."""
STAGING_SUFFIX = "_staging"
LOCK = 0x636F6D706C61696E
"""Number of the advisory lock that publishers of one database hold ("complain")."""
DAYS_AT_ONCE = 31
SECONDS_TO_WAIT = 60
"""For readers that are at work when the tables are put in place."""
TYPES: Mapping[pl.DataType, str] = {**SQL_TYPES, pl.String(): "text", pl.Float64(): "double precision"}
"""Where Postgres names them otherwise than DuckDB."""


@dataclass(frozen=True)
class PublishedTable:
    """A table as it was published."""

    name: str
    rows: int


@dataclass(frozen=True)
class Publication:
    """All that was published at once."""

    manifest: int
    tables: list[PublishedTable]


def publish(lake: Lake, url: SecretStr, schema: str) -> Publication:
    """Publish all marts of the newest manifest, in place of what was published before.

    The schema and the staging schema beside it are the platform's own. The URL
    (``postgresql://user:password@host:port/database``) stands in no message.

    Raises:
        ExportError: nothing to publish, the driver or the database is not there, or it refuses.
    """
    manifest = lake.manifests.newest()
    if manifest is None:
        raise ExportError("no tables have been published in the lake yet: materialise the marts first")
    with _connection(url) as connection:
        _lock(connection)
        tables = _staged(connection, lake, manifest, f"{schema}{STAGING_SUFFIX}")
        _put_in_place(connection, schema)
    return Publication(manifest.number, tables)


class Published(NamedTuple):
    """The manifest in Postgres. Its number is not enough: a lake that was created again counts from 1."""

    number: int
    published_at: datetime


def published_manifest(url: SecretStr, schema: str) -> Published | None:
    """Return the manifest that stands in Postgres; None if there is none.

    Raises:
        ExportError: the driver or the database is not there, or it refuses.
    """
    with _connection(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass($1) IS NOT NULL", (f'"{schema}"."{ABOUT}"',))
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(f'SELECT manifest, published_at FROM "{schema}"."{ABOUT}"')  # noqa: S608  # a checked setting
        row = cursor.fetchone()
        return None if row is None else Published(*row)


def _staged(connection: Any, lake: Lake, manifest: Manifest, staging: str) -> list[PublishedTable]:
    """Write all tables into the staging schema and return them."""
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{staging}" CASCADE')
        cursor.execute(f'CREATE SCHEMA "{staging}"')
        tables = []
        for spec in PUBLISHED:
            for statement in _definition(spec.model, staging, spec.name):
                cursor.execute(statement)
            rows = _filled(cursor, spec, lake, manifest, staging)
            cursor.execute(f'CREATE INDEX ON "{staging}"."{spec.name}" (day)')
            tables.append(PublishedTable(spec.name, rows))
        cursor.execute(
            f'CREATE TABLE "{staging}"."{ABOUT}" (manifest bigint, published_at timestamptz, written_at timestamptz)'
        )
        cursor.execute(
            f'INSERT INTO "{staging}"."{ABOUT}" VALUES ($1, $2, $3)',  # noqa: S608  # a checked setting
            (manifest.number, manifest.published_at, datetime.now(UTC)),
        )
        cursor.execute(
            f'COMMENT ON TABLE "{staging}"."{ABOUT}" IS '
            "'Which version of the tables this is, when it was published in the lake, and when it was written here.'"
        )
    connection.commit()
    return tables


def _definition(model: type[DataSet], schema: str, name: str) -> Iterator[str]:
    """Yield the statements that make an empty table with types and comments."""
    columns = model.to_schema().columns
    types = polars_schema(model)
    lines = ", ".join(
        f'"{column}" {sql_type(dtype, TYPES)}{"" if columns[column].nullable else " NOT NULL"}'
        for column, dtype in types.items()
    )
    yield f'CREATE TABLE "{schema}"."{name}" ({lines})'
    yield f'COMMENT ON TABLE "{schema}"."{name}" IS {literal(model.__doc__ or "")}'
    for column in types:
        yield f'COMMENT ON COLUMN "{schema}"."{name}"."{column}" IS {literal(columns[column].description or "")}'


def _filled(cursor: Any, spec: TableSpec, lake: Lake, manifest: Manifest, schema: str) -> int:
    table = spec.table_in(lake, manifest)
    days = sorted(table.row_counts())
    rows = 0
    for start in range(0, len(days), DAYS_AT_ONCE):
        frames = [day.frame for day in table.read_days(days[start : start + DAYS_AT_ONCE])]
        if frames:
            data = pl.concat(frames)
            cursor.adbc_ingest(spec.name, data.to_arrow(), mode="append", db_schema_name=schema)
            rows += data.height
    return rows


def _put_in_place(connection: Any, schema: str) -> None:
    """Put the staged tables where the published ones are, in one transaction."""
    staging = f"{schema}{STAGING_SUFFIX}"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{SECONDS_TO_WAIT}s'")
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for name in [*(spec.name for spec in PUBLISHED), ABOUT]:
            cursor.execute(f'DROP TABLE IF EXISTS "{schema}"."{name}"')
            cursor.execute(f'ALTER TABLE "{staging}"."{name}" SET SCHEMA "{schema}"')
        # Who may read the schema may read what takes the place of what they read before.
        cursor.execute(
            "SELECT DISTINCT grantee.rolname FROM pg_namespace AS space, "
            "aclexplode(space.nspacl) AS entry JOIN pg_roles AS grantee ON grantee.oid = entry.grantee "
            "WHERE space.nspname = $1 AND entry.privilege_type = 'USAGE'",
            (schema,),
        )
        for (role,) in cursor.fetchall():
            cursor.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA "{schema}" TO {identifier(role)}')
        cursor.execute(f'DROP SCHEMA "{staging}"')
    connection.commit()


@contextmanager
def _connection(url: SecretStr) -> Iterator[Any]:
    driver = _driver()
    try:
        connection = driver.connect(url.get_secret_value())
    except driver.Error:
        # The driver's message may repeat the address, and with it the password.
        raise ExportError(
            "Postgres can't be reached or does not let us in: check COMPLAINTS_POSTGRES and that the server runs"
        ) from None
    try:
        yield connection
    except driver.Error as error:
        first_line = next(filter(str.strip, str(error).splitlines()), type(error).__name__)
        raise ExportError(f"Postgres refuses: {first_line}") from None
    finally:
        connection.close()  # what is not committed is rolled back


def _lock(connection: Any) -> None:
    """Let only one publish at a time; the lock ends with the connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock($1)", (LOCK,))
        if not cursor.fetchone()[0]:
            raise ExportError("somebody else is publishing to this database right now; try again later")
    connection.commit()


def _driver() -> Any:
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise ExportError(
            "the Postgres driver is not installed: make setup and the image bring it; elsewhere, in a checkout: "
            "pip install '.[postgres]'"
        ) from error
    return dbapi
