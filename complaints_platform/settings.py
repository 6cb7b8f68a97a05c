"""The one typed Settings object, read from the environment (``COMPLAINTS_*``).

Everything that differs between a laptop, a test and production is here; nothing else in the
package reads the environment. Secrets are ``SecretStr``, so no log or error shows them.
"""

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from complaints_platform.errors import SettingsError
from complaints_platform.zones import time_zones

PREFIX = "COMPLAINTS_"
HOME = Path(".complaints")
"""Where dev and test keep their data, below the working directory."""

PACKAGED_SOURCES = Path(__file__).parent / "defs" / "sources"

DEVELOPMENT_DATA_KEY = "development-only-data-key-not-a-secret"
"""Public: it makes demos and tests repeatable, and prod refuses to start with it."""

MINIMUM_KEY_LENGTH = 32
HOURS = 24


class Settings(BaseSettings):
    """All settings. Each field is the environment variable ``COMPLAINTS_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    profile: Literal["dev", "test", "prod"] = Field(
        default="dev", description="dev and test have safe local defaults; prod insists on explicit values."
    )
    lake: str = Field(
        default=str(HOME / "lake"), description="Root of the lake: a folder, or s3://bucket/prefix.", min_length=1
    )
    landing: str = Field(
        default=str(HOME / "landing"),
        description="Where senders drop files, one folder per source: a folder, or s3://bucket/prefix.",
        min_length=1,
    )
    sources: Path = Field(
        default=PACKAGED_SOURCES, description="Folder of the source contracts, one <name>/defs.yaml per source."
    )
    taxonomy: Path | None = Field(default=None, description="Your own taxonomy file; by default the packaged one.")
    classifier_tier: Literal["core", "full"] = Field(
        default="core", description="How models are trained: core, or full, which needs the extra embeddings."
    )
    regions: Path | None = Field(
        default=None, description="Your own alias table of regions; by default the packaged one."
    )
    languages: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("en", "pcm", "ha", "ig", "yo", "sw", "de", "fr", "es", "pt", "it", "nl", "ar"),
        min_length=1,
        description="Languages to detect (ISO 639, separated by commas); with only one, every text of "
        "12 letters or more is in it.",
    )
    first_day: date = Field(
        default=date(2010, 1, 1),
        ge=date(1970, 1, 1),
        description="First day of history: older records are quarantined, and partitions start here.",
    )
    data_key: SecretStr = Field(
        default=SecretStr(DEVELOPMENT_DATA_KEY),
        description="Secret that turns customers into keyed hashes. Keep it for the life of the lake.",
    )
    data_key_version: int = Field(default=1, ge=1, description="Version of the data key, stored beside every hash.")
    days_per_run: int = Field(
        default=1000, ge=1, description="Most days in one run of a backfill; a longer range becomes several runs."
    )
    time_zone: str = Field(
        default="UTC",
        description="IANA time zone of the company's days and hours, such as Africa/Lagos.",
    )
    business_hours: str = Field(
        default="Mon-Fri 09:00-17:00",
        min_length=1,
        description="Working hours in COMPLAINTS_TIME_ZONE, such as Mon-Fri 08:00-18:00, Sat 09:00-13:00.",
    )
    holidays: str = Field(
        default="",
        description="Country (ISO 3166) with the public holidays, and subdivision if needed: NG, GB-ENG, DE-BY. "
        "Empty: no holidays.",
    )
    targets: Path | None = Field(
        default=None, description="Your own response and resolution targets; by default the packaged ones."
    )
    automation: bool = Field(default=True, description="Whether sensors and schedules are turned on from the start.")
    tick_seconds: int = Field(
        default=10,
        ge=5,
        le=3600,
        description="How often the sensors check landing and lake, in seconds; Dagster's minimum is 5.",
    )
    settle_seconds: float = Field(
        default=3, ge=0, description="A file in the landing is complete when it has not changed for this many seconds."
    )
    days_first: Literal["newest", "oldest"] = Field(default="newest", description="Which stale days are rebuilt first.")
    changes: Literal["at_once", "at_night", "by_hand"] = Field(
        default="at_night",
        description="When to rebuild days without new data, after a change of code, contract, taxonomy or model.",
    )
    night: Annotated[tuple[int, int], NoDecode] = Field(
        default=(22, 5), description="Start and end hour of the night, in COMPLAINTS_TIME_ZONE."
    )
    manifest_days: int = Field(
        default=7, ge=1, description="How many days older states of the tables stay readable; storage grows with them."
    )
    run_history_days: int = Field(
        default=90, ge=1, description="Days after which Dagster's runs are deleted, except the last of each partition."
    )
    alerts: Path | None = Field(
        default=None, description="YAML file that says who is notified of what; without it nothing is sent."
    )
    alerts_spool: Path = Field(
        default=HOME / "alerts", description="Local folder for notifications that the lake can't store."
    )
    alerts_seconds: int = Field(
        default=30, ge=5, le=3600, description="How often to check for problems and send notifications, in seconds."
    )
    alerts_days: int = Field(
        default=400, ge=31, description="Days after which resolved and delivered notifications are deleted."
    )
    audit_days: int = Field(default=400, ge=30, description="Days after which entries of the audit log are deleted.")
    report_days: int | None = Field(
        default=None, ge=30, description="Days after which reports are deleted; by default never."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Format of logs: for people, or one JSON object per line."
    )
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token for reading metrics; required to serve them beyond this machine."
    )
    workers: int = Field(default=2, ge=1, le=64, description="Days or files processed in parallel within a run.")
    cache: Path = Field(
        default=HOME / "cache",
        description="Cache folder of the query service; may be deleted while it is stopped.",
    )
    tokens: SecretStr = Field(
        default=SecretStr(""),
        description="Who may use the query service: lines of role, SHA-256 of the token and name.",
    )
    tokens_file: Path | None = Field(default=None, description="A file of such lines; read again when it changes.")
    postgres: SecretStr | None = Field(
        default=None,
        description="Where marts are published for BI tools: postgresql://user:password@host:port/database.",
    )
    postgres_schema: str = Field(
        default="complaints",
        pattern=r"^[a-z_][a-z0-9_]{0,40}$",
        description="Schema of the published tables; it and <schema>_staging belong to the platform.",
    )
    serving_memory_mb: int = Field(
        default=1024, ge=256, description="Memory for the query service's tables; the rest is spilled to disk."
    )
    sql_memory_mb: int = Field(default=1024, ge=256, description="Memory limit of one SQL query through the service.")
    sql_seconds: float = Field(default=30, gt=0, le=600, description="Time limit of one SQL query, in seconds.")
    sql_rows: int = Field(default=100_000, ge=1, description="Row limit of one SQL query.")
    sql_at_once: int = Field(default=2, ge=1, le=32, description="SQL queries running at once; others wait briefly.")

    @field_validator("lake", "landing")
    @classmethod
    def _scheme_is_supported(cls, value: str) -> str:
        scheme = urlsplit(value).scheme
        if "://" in value and scheme not in {"s3", "file"}:
            raise ValueError(
                f"scheme {scheme!r} is not supported; allowed are a folder, file:///… or s3://bucket/prefix"
            )
        return value

    @field_validator("sources")
    @classmethod
    def _sources_exist(cls, value: Path) -> Path:
        if not value.is_dir():
            raise ValueError(f"{value} is not a folder; allowed is a folder that holds <name>/defs.yaml files")
        return value

    @field_validator("taxonomy", "regions", "targets", "tokens_file", "alerts")
    @classmethod
    def _file_exists(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"{value} is not a file; allowed is the path of the {info.field_name} file")
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        if value not in time_zones():
            raise ValueError(f"{value!r} is not an IANA time zone; an example is Africa/Lagos")
        return value

    @field_validator("night", mode="before")
    @classmethod
    def _hours_are_two(cls, value: object) -> object:
        return value.split("-") if isinstance(value, str) else value

    @field_validator("night")
    @classmethod
    def _hours_exist(cls, value: tuple[int, int]) -> tuple[int, int]:
        if not all(0 <= hour < HOURS for hour in value) or value[0] == value[1]:
            raise ValueError(f"{value[0]}-{value[1]} are not two different hours of a day; an example is 22-5")
        return value

    @field_validator("languages", mode="before")
    @classmethod
    def _languages_are_listed(cls, value: object) -> object:
        return tuple(code.strip().lower() for code in value.split(",")) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _production_has_its_own_key(self) -> "Settings":
        key = self.data_key.get_secret_value()
        if self.profile == "prod" and (key == DEVELOPMENT_DATA_KEY or len(key) < MINIMUM_KEY_LENGTH):
            raise ValueError(
                f"{PREFIX}DATA_KEY must be set to a secret of at least {MINIMUM_KEY_LENGTH} characters in profile prod "
                "(make one with: python -c 'import secrets; print(secrets.token_hex(32))')"
            )
        return self


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; ``overrides`` win over it.

    Raises:
        SettingsError: a value is wrong; the message names the variable and what is allowed,
            and never shows a secret.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates what the caller overrides
    except ValidationError as error:
        problems = [
            f"{PREFIX}{str(problem['loc'][0]).upper()}: {problem['msg']}" if problem["loc"] else problem["msg"]
            for problem in error.errors(include_input=False)
        ]
        raise SettingsError("; ".join(problems)) from None


def secret_of_environment(name: str) -> SecretStr | None:
    """Return the secret in the environment variable that a configuration file names; None if it is not set."""
    value = os.environ.get(name, "")
    return SecretStr(value) if value else None
