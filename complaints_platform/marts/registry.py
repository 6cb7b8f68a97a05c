"""The marts, and the metrics that are computed from them: what there is, and nothing of how.

Who adds a mart writes its module, with its ``MART``, and names it here.
"""

from collections.abc import Mapping
from importlib import import_module

from complaints_platform.marts.definition import Mart, Metric

MODULES = (
    "daily_complaints",
    "complaint_trends",
    "complaint_rates",
    "service_times",
    "contacts",
    "customer_features",
    "hourly_complaints",
    "incidents",
    "term_counts",
    "emerging_topics",
    "reconciliation",
)
"""Modules of this package that define a mart, each after the one whose table it reads."""

MARTS: Mapping[str, Mart] = {
    mart.name: mart for mart in (import_module(f"complaints_platform.marts.{name}").MART for name in MODULES)
}
"""By name in SQL, in the order in which they are made."""

METRICS: Mapping[str, Metric] = {metric.name: metric for mart in MARTS.values() for metric in mart.metrics}
"""By name, in the order in which people see them."""
