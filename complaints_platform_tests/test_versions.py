"""The dagster family resolves to old releases without an error when a dependency asks for too much."""

from importlib.metadata import version

import pytest

FAMILY = {
    "dagster": "1.13.27",
    "dagster-webserver": "1.13.27",
    "dagster-graphql": "1.13.27",
    "dagster-dg-cli": "1.13.27",
    "dagster-aws": "0.29.27",
    "dagster-pandera": "0.29.27",
}


@pytest.mark.parametrize(("package", "expected"), FAMILY.items())
def test_the_installed_dagster_family_is_the_pinned_one(package, expected):
    assert version(package) == expected


@pytest.mark.parametrize(("package", "below"), [("pandas", 3), ("protobuf", 7)])
def test_packages_that_pull_an_old_dagster_stay_below_their_limit(package, below):
    assert int(version(package).split(".")[0]) < below
