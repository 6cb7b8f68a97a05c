"""What SQL may say, and the connection it runs on: reading named data sets and computing, nothing else.

A query is one SELECT. Its syntax tree is looked at before anything is run: it may name data sets and its own
WITH tables, and call functions that only compute. Then DuckDB itself is told to keep away from files, network and
settings. Imports nothing heavy of the platform, as it is loaded for every query (``worker``).
"""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

from complaints_platform.errors import QueryError

TABLE_FUNCTIONS = frozenset({"range", "generate_series", "unnest"})
TABLE_KINDS = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION", "PIVOT"})
"""What FROM may hold; what shows, describes or attaches something is not among it."""

VOLATILE_BUT_HARMLESS = frozenset({"random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7"})
REFUSED_FUNCTIONS = frozenset(
    {
        "current_setting",
        "current_database",
        "current_catalog",
        "current_schema",
        "current_schemas",
        "current_role",
        "current_user",
        "session_user",
        "user",
        "version",
        "getenv",
        "getvariable",
        "get_block_size",
        "in_search_path",
        "json_deserialize_sql",
        "json_serialize_plan",
        "json_serialize_sql",
        "parse_duckdb_log_message",
        "txid_current",
        "which_secret",
    }
)
REFUSED_PREFIXES = ("pg_", "duckdb_", "inet_", "has_", "icu_collate", "collate_", "pragma_")
"""What tells of the machine, the process or its settings, or waits."""

OWN_NAME = re.compile(r"(?!duckdb_|pg_|sqlite_|pragma_)[A-Za-z_]\w*")
"""What a WITH table may be called: no file, and none of DuckDB's own views."""

CONFIG: dict[str, Any] = {
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_unsigned_extensions": False,
}


def connect(memory_mb: int | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own, with no more memory and threads than given, that writes nothing to disk."""
    limits: dict[str, Any] = {}
    if memory_mb is not None:
        limits = {"memory_limit": f"{memory_mb}MB", "temp_directory": "", "max_temp_directory_size": "0KB"}
    if threads is not None:
        limits["threads"] = threads
    connection = duckdb.connect(config={**CONFIG, **limits})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def lock(connection: duckdb.DuckDBPyConnection, paths: Sequence[str]) -> None:
    """Keep a connection away from everything but the files at ``paths``, for good."""
    connection.execute("SET allowed_paths = ?", [list(paths)])
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def statement_of(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """Return the one SELECT that a query is.

    Raises:
        QueryError: it is something else, or can't be parsed.
    """
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(str(error)) from error
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise QueryError("only a single SELECT is allowed")
    return statements[0]


def data_sets_of(connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
    """Return the ``schema.table`` names in a SELECT, from its syntax tree.

    DuckDB's own get_table_names binds the query, which fails while the tables are not there yet.

    Raises:
        QueryError: the query does more than reading data sets and computing.
    """
    serialized = connection.execute("SELECT json_serialize_sql(?)", [sql]).fetchall()
    tree = json.loads(serialized[0][0])
    if tree.get("error"):
        raise QueryError(f"this query can't be checked: {tree.get('error_message', 'not a plain SELECT')}")
    nodes = list(_nodes(tree))
    own = {entry["key"].lower() for node in nodes for entry in _with_tables(node)}
    strange = sorted(name for name in own if not OWN_NAME.fullmatch(name))
    if strange:
        raise QueryError(f"a WITH table can't be called {strange[0]!r}: use letters, digits and underscores")
    computing = _computing_functions(connection)
    names: set[str] = set()
    for node in nodes:
        if "table_name" in node and node.get("type") == "BASE_TABLE":
            names |= _data_set(node, own)
        elif "alias" in node and "sample" in node and node.get("type") not in TABLE_KINDS:
            raise QueryError(f"FROM can't hold a {str(node.get('type')).lower().replace('_', ' ')}")
        elif node.get("type") == "TABLE_FUNCTION":
            _check_function(str(node["function"].get("function_name")), TABLE_FUNCTIONS)
        elif node.get("class") in {"FUNCTION", "WINDOW"} and node.get("function_name"):
            _check_function(str(node["function_name"]), computing | TABLE_FUNCTIONS)
    return names


def create_views(connection: duckdb.DuckDBPyConnection, views: Iterable[tuple[str, str]]) -> None:
    """Create the data sets (``schema.table``, SELECT) that a query names."""
    for name, select in views:
        schema, table = name.split(".")
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        connection.execute(f'CREATE VIEW "{schema}"."{table}" AS {select}')


def _data_set(node: dict[str, Any], own: set[str]) -> set[str]:
    schema, table = str(node.get("schema_name") or ""), str(node["table_name"])
    if node.get("catalog_name"):
        raise QueryError(f"no data set {node['catalog_name']}.{schema}.{table}: name it as schema.table")
    if schema:
        return {f"{schema}.{table}".lower()}
    if table.lower() not in own:
        raise QueryError(f"no data set {table}: name it as schema.table, such as mart.daily_complaints")
    return set()


def _check_function(name: str, allowed: frozenset[str]) -> None:
    if name.lower() not in allowed:
        raise QueryError(f"the function {name} is not allowed: it is unknown, or does more than compute")


def _computing_functions(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Return the functions that give values for values."""
    rows = connection.execute(
        "SELECT function_name, bool_or(coalesce(stability = 'VOLATILE', false)) FROM duckdb_functions() "
        "WHERE function_type IN ('scalar', 'aggregate', 'macro', 'window') GROUP BY ALL"
    ).fetchall()
    return frozenset(
        name.lower()
        for name, volatile in rows
        if (not volatile or name in VOLATILE_BUT_HARMLESS)
        and name not in REFUSED_FUNCTIONS
        and not name.startswith(REFUSED_PREFIXES)
    )


def _nodes(tree: Any) -> Iterable[dict[str, Any]]:
    parts = [tree]
    while parts:
        part = parts.pop()
        if isinstance(part, list):
            parts += part
        elif isinstance(part, dict):
            yield part
            parts += part.values()


def _with_tables(node: dict[str, Any]) -> list[dict[str, Any]]:
    tables = node.get("cte_map")
    return tables.get("map", []) if isinstance(tables, dict) else []
