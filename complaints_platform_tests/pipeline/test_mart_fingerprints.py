"""Fingerprints as the release before computed them: if one changes, every day of every lake in use is stale."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from complaints_platform.lake.fingerprints import made_of
from complaints_platform.pipeline.derived import DERIVED
from complaints_platform.pipeline.marts import MartRecipes
from complaints_platform.pipeline.reconciliation import reconciliation_fingerprint
from complaints_platform.platform import Platform

DAY = date(2026, 3, 10)
SOURCE = {DAY - timedelta(days=back): made_of(("recipe", back % 2), (back,)) for back in range(100) if back % 7 != 3}
REFERENCE = [
    SimpleNamespace(identity="accounts aa 1", valid_from=date(2026, 1, 1)),
    SimpleNamespace(identity="accounts bb 1", valid_from=date(2026, 4, 1)),
]
BEFORE = {
    "mart.daily_complaints": "447a3b9237582f4ba1b614ff9c758397b3848effa153506a",
    "mart.complaint_trends": "30d615bcb3362974ee18c4c2b35a1d53d7fca515f8fca16b",
    "mart.complaint_rates": "2caf593d2fd362979e8919dce08b00bfb3848effa153506a",
    "mart.service_times": "aecd0d0541fa86efa1b614ff9c758397b3848effa153506a",
    "mart.contacts": "09008740e653105c7869130560f04e39af30ccb588dfb87b",
    "mart.customer_features": "a723fd81226ae46f86b240570bab43861e06f7f61aab68b2",
    "mart.hourly_complaints": "c4a71921860fd73ca1b614ff9c758397b3848effa153506a",
    "mart.incidents": "e872944a892d1d64d2d63689d000b840ad004fd0a243d1c5",
    "mart.term_counts": "cfa688e3ae2aed1da1b614ff9c758397b3848effa153506a",
    "mart.emerging_topics": "7c9eeea86079c91cf33660bb2dd6022a82dc8372aeb2fb1e",
}
"""Computed by the release of 21 November 2026, under the same settings and the packaged contracts; that of contacts,
whose definition changed, by the one that changed it."""


@pytest.mark.parametrize(
    "derived", [each for each in DERIVED if each.mart.name in BEFORE], ids=lambda derived: derived.mart.name
)
def test_days_of_the_release_before_are_not_stale(make_settings, derived):
    platform = Platform(make_settings(time_zone="Pacific/Auckland", holidays="NZ"))
    recipes = MartRecipes(platform.lake, platform.mart_rules(), REFERENCE)
    assert recipes.fingerprint(derived.spec, DAY, SOURCE) == BEFORE[derived.mart.name]


def test_reconciliation_of_the_release_before_is_not_stale():
    reached = [DAY, DAY - timedelta(days=3), DAY - timedelta(days=4)]
    made = reconciliation_fingerprint("0123456789abcdef" * 2, reached, SOURCE)
    assert made == "61ee41782b804e495ec0a3c203b94bae"
