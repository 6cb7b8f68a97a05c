"""A year of complaints straight into Delta tables: what the query service reads, without the work of making it.

Complaints are drawn from the taxonomy's phrases with regions, products and customers by Zipf; daily counts and service
times are made by the platform's own functions, contacts are drawn.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CATEGORIZED, CONTACTS, DAILY, SERVICE
from complaints_platform.lake.tables import DayFrame
from complaints_platform.marts.contacts import Contact
from complaints_platform.marts.daily_complaints import daily_complaints
from complaints_platform.marts.service_times import service_times
from complaints_platform.platform import Platform
from complaints_platform.schemas import CategorizedComplaint, conform
from complaints_platform.schemas.model import polars_schema
from complaints_platform.settings import Settings

LAST = date(2026, 10, 31)
TEXTS, REGIONS, PRODUCTS, CUSTOMERS = 60_000, 37, 12, 2_000_000
CHANNELS = (("social_media", "social_media"), ("sms", "sms"), ("web_forms", "web_form"), ("call_centre", "call_centre"))
RESOLVED, NO_REGION, NO_PRODUCT, UNSURE = 0.8, 0.1, 0.3, 0.5
"""Shares."""
DAYS_A_COMMIT = 30
DAY_SECONDS = 86_400


class Year:
    """Draws the complaints of days."""

    def __init__(self, a_day: int, seed: int = 1) -> None:
        self._rng = np.random.default_rng(seed)
        self._a_day = a_day
        self._pool = self._texts()

    def _texts(self) -> pl.DataFrame:
        """Return a pool of texts with their categories."""
        phrases = pl.DataFrame(load_taxonomy().seed_phrases(), schema=["phrase", "subcategory"], orient="row")
        parents = load_taxonomy().parents
        first = self._rng.zipf(1.2, TEXTS) % phrases.height
        chosen = phrases[first]
        filler = phrases["phrase"][self._rng.integers(0, phrases.height, TEXTS)]
        numbers = pl.Series("number", self._rng.integers(0, 5_000, TEXTS)).cast(pl.String)
        return pl.DataFrame(
            {
                "text": chosen["phrase"] + ". " + filler + ". ref " + numbers,
                "subcategory": chosen["subcategory"],
                "category": chosen["subcategory"].replace_strict(parents),
            }
        )

    def categorized(self, day: date) -> pl.DataFrame:
        """Return a day of ``CategorizedComplaint``."""
        rng, rows = self._rng, self._a_day
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        at = pl.Series(np.sort(rng.integers(0, DAY_SECONDS, rows)) * 1_000_000).cast(pl.Duration("us")) + start
        source = pl.Series(rng.choice(len(CHANNELS), rows, p=(0.4, 0.25, 0.2, 0.15)))
        told = source.is_in([2, 3])
        waited = pl.Series(rng.lognormal(4, 1.2, rows) * 60e6).cast(pl.Int64).cast(pl.Duration("us"))
        ids = rng.bytes(16 * rows).hex()
        confidence = rng.beta(5, 2, rows)
        columns = {
            "day": pl.Series([day]).new_from_index(0, rows),
            "complaint_id": pl.Series([ids[32 * row : 32 * row + 32] for row in range(rows)]),
            "source": source.replace_strict(dict(enumerate(name for name, _ in CHANNELS)), return_dtype=pl.String),
            "channel": source.replace_strict(dict(enumerate(name for _, name in CHANNELS)), return_dtype=pl.String),
            "occurred_at": at,
            "first_response_at": (at + waited).set(~told, None),
            "resolved_at": (at + 6 * waited).set(~(told & pl.Series(rng.random(rows) < RESOLVED)), None),
            "customer_key": pl.Series(rng.zipf(1.1, rows) % CUSTOMERS).cast(pl.String).str.zfill(32),
            "region": _named("region", rng.zipf(1.3, rows) % REGIONS, rng.random(rows) < NO_REGION),
            "product": _named("product", rng.zipf(1.4, rows) % PRODUCTS, rng.random(rows) < NO_PRODUCT),
            "status": pl.Series(["open"]).new_from_index(0, rows),
            "confidence": pl.Series(confidence),
            "needs_review": pl.Series(confidence < UNSURE),
        }
        fixed = {
            "original_timestamp": day.isoformat(),
            "original_timezone": "UTC",
            "key_version": 1,
            "language": "en",
            "outcome": "complaint",
            "raw_sha256": "0" * 64,
            "record_number": 1,
            "received_at": start + timedelta(days=1),
            "category_source": "model",
            "model_version": "benchmark",
            "taxonomy_version": "1.0",
        }
        texts = self._pool[rng.integers(0, TEXTS, rows)]
        frame = (
            pl.DataFrame(columns)
            .hstack(texts)
            .with_columns(alternatives=pl.col("category"), **{name: pl.lit(value) for name, value in fixed.items()})
        )
        schema = polars_schema(CategorizedComplaint)
        missing = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns]
        return conform(frame.with_columns(missing), CategorizedComplaint)

    def contacts(self, categorized: pl.DataFrame) -> pl.DataFrame:
        """Return a day of ``Contact``, with links as they usually are."""
        number = pl.Series(self._rng.geometric(0.8, categorized.height))
        frame = categorized.with_columns(
            local_day=pl.col("day"),
            person_key="customer_key",
            previous_id=pl.lit(None, pl.String),
            repeat_7_days=number > 1,
            repeat_30_days=number > 1,
            episode_id="complaint_id",
            episode_started_at="occurred_at",
            contact_number=number,
        )
        return conform(frame.select(polars_schema(Contact).names()), Contact)


def _named(name: str, numbers: np.ndarray, unknown: np.ndarray) -> pl.Series:
    names = f"{name} " + pl.Series(numbers).cast(pl.String)
    return names.set(pl.Series(unknown), None)


def is_built(settings: Settings, complaints: int, days: int) -> bool:
    """Tell whether the lake is one that ``build`` has filled with so many complaints of so many days."""
    lake = Lake(settings.lake)
    files = CATEGORIZED.table(lake).files() if lake.manifests.newest() is not None else []
    return (len(files), sum(file.rows for file in files)) == (days, complaints // days * days)


def build(settings: Settings, complaints: int, days: int) -> Iterator[date]:
    """Fill a lake with so many complaints of so many days and publish it; yield each day that is in."""
    lake = Lake(settings.lake)
    year, rules = Year(complaints // days), Platform(settings).mart_rules()
    wanted = [LAST - timedelta(days=back) for back in range(days - 1, -1, -1)]
    for start in range(0, days, DAYS_A_COMMIT):
        some = wanted[start : start + DAYS_A_COMMIT]
        made: dict[str, list[DayFrame]] = {}
        for day in some:
            categorized = year.categorized(day)
            frames = {
                CATEGORIZED: categorized,
                DAILY: daily_complaints(categorized, settings.time_zone),
                SERVICE: service_times(categorized, rules),
                CONTACTS: year.contacts(categorized),
            }
            for spec, frame in frames.items():
                made.setdefault(spec.sql_name, []).append(DayFrame(day, frame, "benchmark"))
            yield day
        for spec in (CATEGORIZED, DAILY, SERVICE, CONTACTS):
            spec.table(lake).replace_days(some, made[spec.sql_name])
    specs = (CATEGORIZED, DAILY, SERVICE, CONTACTS)
    lake.manifests.publish(None, {spec.sql_name: spec.table(lake).state().version for spec in specs})
