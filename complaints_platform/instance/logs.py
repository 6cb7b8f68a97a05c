"""Structured logs of Dagster's runs.

Dagster writes what runs log to the terminal by a logger of its own, unless each run's configuration names another.
Runs are asked for in many places, so the default itself is replaced, in processes that write JSON.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Literal

import dagster as dg
from dagster._core.execution import context_creation_job

from complaints_platform.operations.logs import configure, json_handler

LEVEL = "INFO"

System = Sequence[tuple[dg.LoggerDefinition, Mapping[str, object]]]


@dg.logger(
    config_schema={"log_level": dg.Field(str, default_value=LEVEL), "name": dg.Field(str, default_value="dagster")},
    description="One JSON object a line: time, level, message, run, job, step, asset, partition, source, error.",
)
def json_console_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Return the logger that runs write to."""
    logger = logging.getLoggerClass()(context.logger_config["name"], context.logger_config["log_level"])
    logger.addHandler(json_handler())
    return logger


def use_log_format(log_format: Literal["console", "json"]) -> None:
    """Let this process, and the runs in it, write logs in a format."""
    configure(log_format)
    chosen = _json_loggers if log_format == "json" else dg.default_system_loggers
    context_creation_job.default_system_loggers = chosen  # type: ignore[attr-defined, assignment]


def _json_loggers(_instance: dg.DagsterInstance | None) -> System:
    return [(json_console_logger, {"name": "dagster", "log_level": LEVEL})]
