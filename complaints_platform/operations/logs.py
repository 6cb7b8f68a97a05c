"""Structured logs: one JSON object a line, with run, asset, partition and source, and no personal data.

Only named fields are written, whatever else a record carries. Of errors that are not the platform's own, type and
place are written and the message is not: libraries put the values that they could not digest into it.
"""

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from complaints_platform import errors

LOGGER = "complaints_platform"
PARTITION = "dagster/partition"
FIRST = "dagster/asset_partition_range_start"
LAST = "dagster/asset_partition_range_end"
OWN_ERRORS = {
    name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, errors.ComplaintsError)
}
"""Names of errors whose messages the platform writes itself, and keeps free of records' values."""


class JsonFormatter(logging.Formatter):
    """Formats records of Python and of Dagster (which carry ``dagster_meta``) alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        meta: Mapping[str, Any] = getattr(record, "dagster_meta", None) or {}
        fields: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": meta.get("orig_message") or record.getMessage(),
            **_of_dagster(meta),
        }
        if record.exc_info and record.exc_info[1] is not None:
            fields["error"] = _error(record.exc_info[1])
        return orjson.dumps({name: value for name, value in fields.items() if value is not None}).decode()


def _of_dagster(meta: Mapping[str, Any]) -> dict[str, object]:
    if not meta:
        return {}
    event, tags, step = meta.get("dagster_event"), meta.get("job_tags") or {}, meta.get("step_key")
    key = getattr(event, "asset_key", None)
    asset = "/".join(key.path) if key is not None else step.replace("__", "/") if step and "__" in step else None
    partition = getattr(event, "partition", None) or tags.get(PARTITION)
    if partition is None and FIRST in tags:
        partition = f"{tags[FIRST]}...{tags[LAST]}"
    fields: dict[str, object] = {
        "run": meta.get("run_id"),
        "job": meta.get("job_name"),
        "step": step,
        "asset": asset,
        "partition": partition,
        "source": asset.split("/")[1] if asset and asset.startswith(("raw/", "reference/")) else None,
    }
    if event is not None:
        fields["event"] = event.event_type_value
        failure = getattr(event.event_specific_data, "error", None) if event.is_failure else None
        if failure is not None:
            cause = failure.cause or failure
            own = cause.cls_name in OWN_ERRORS
            fields["error"] = {"type": cause.cls_name, **({"message": cause.message.strip()} if own else {})}
    return fields


def _error(error: BaseException) -> dict[str, str]:
    name = type(error).__name__
    said = {"message": str(error)} if name in OWN_ERRORS else {}
    frames = traceback.extract_tb(error.__traceback__)
    place = {"at": f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"} if frames else {}
    return {"type": name, **said, **place}


def json_handler() -> logging.Handler:
    """Return a handler that writes JSON lines to stderr as it is now."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    return handler


def configure(log_format: Literal["console", "json"]) -> None:
    """Write what the platform's own loggers say in a format; doing it again changes nothing."""
    logger = logging.getLogger(LOGGER)
    for handler in [each for each in logger.handlers if isinstance(each.formatter, JsonFormatter)]:
        logger.removeHandler(handler)
    if log_format == "json":
        logger.addHandler(json_handler())
        logger.setLevel(logging.INFO)
    logger.propagate = log_format != "json"
