"""The list of marts holds every mart once, after what it is made of."""

from pathlib import Path

from complaints_platform import marts
from complaints_platform.marts.registry import MARTS, METRICS, MODULES
from complaints_platform.schemas.model import polars_schema


def test_every_module_that_defines_a_mart_is_listed_and_names_it():
    defining = {path.stem for path in Path(marts.__file__).parent.glob("*.py") if "\nMART = " in path.read_text()}
    assert defining == set(MODULES)
    assert list(MARTS) == [f"mart.{module}" for module in MODULES]


def test_a_mart_comes_after_the_one_that_it_is_made_of():
    names = list(MARTS)
    for place, mart in enumerate(MARTS.values()):
        assert mart.source not in names[place:]


def test_metrics_have_names_of_their_own_and_dimensions_that_their_mart_has():
    assert len(METRICS) == sum(len(mart.metrics) for mart in MARTS.values())
    for metric in METRICS.values():
        assert set(metric.dimensions) <= set(polars_schema(MARTS[metric.table].model))
