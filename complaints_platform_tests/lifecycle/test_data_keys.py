"""Data keys: a lake takes the one it was built with, and another one only when it is announced."""

from datetime import date

import pytest

from complaints_platform.cleaning import DataKey
from complaints_platform.errors import LakeError, SettingsError
from complaints_platform.lake import Lake
from complaints_platform.lifecycle import rekey
from complaints_platform.platform import Platform

DAY = date(2026, 3, 1)
FIRST = {"data_key": "the secret with which it all began", "data_key_version": 1}
SECOND = {"data_key": "another secret that nobody has leaked", "data_key_version": 2}


def key_of(settings):
    return DataKey(settings.data_key.get_secret_value().encode(), settings.data_key_version)


@pytest.fixture
def used_lake(make_settings):
    """A lake that was used with the first key."""
    settings = make_settings(**FIRST)
    list(Platform(settings).cleaned_recipe().frames([settings.first_day]))
    return Lake(settings.lake)


def test_the_key_of_the_lake_is_taken(used_lake, make_settings):
    assert Platform(make_settings(**FIRST)).cleaned_recipe().key == key_of(make_settings(**FIRST))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data_key": SECOND["data_key"]}, "restore it"),
        ({"data_key_version": 2}, "run: complaints rekey"),
        (SECOND, "run: complaints rekey"),
    ],
)
def test_a_key_that_nobody_announced_is_refused(used_lake, make_settings, changes, message):
    with pytest.raises(SettingsError, match=message) as caught:
        Platform(make_settings(**{**FIRST, **changes})).cleaned_recipe()
    assert SECOND["data_key"] not in str(caught.value)


def test_whoever_only_looks_needs_no_key(used_lake, make_settings):
    look = Platform(make_settings(data_key="neither the lake's key nor a known one", data_key_version=7)).cleaned_look()
    of_the_maker = Platform(make_settings(**FIRST)).cleaned_recipe()
    assert look.key == used_lake.keys.newest()
    assert look.fingerprint(DAY, {}, {"sms": "x"}) == of_the_maker.fingerprint(DAY, {}, {"sms": "x"})
    assert rekey.begin(used_lake, key_of(make_settings(**SECOND)))
    assert Platform(make_settings(**FIRST)).cleaned_look().key.version == 2


def test_an_unused_lake_takes_any_key_and_needs_no_rekeying(make_settings):
    settings = make_settings(**SECOND)
    assert Platform(settings).cleaned_recipe().key.version == 2
    with pytest.raises(SettingsError, match="no key has to be replaced"):
        rekey.begin(Lake(settings.lake), key_of(settings))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "a version of its own"),
        ({"data_key": SECOND["data_key"]}, "COMPLAINTS_DATA_KEY_VERSION to 2"),
        ({"data_key_version": 2}, "set it to a new secret"),
    ],
)
def test_a_new_key_must_be_new_and_have_a_version_of_its_own(used_lake, make_settings, changes, message):
    with pytest.raises(SettingsError, match=message):
        rekey.begin(used_lake, key_of(make_settings(**{**FIRST, **changes})))


def test_an_old_key_cannot_come_back(used_lake, make_settings):
    assert rekey.begin(used_lake, key_of(make_settings(**SECOND)))
    assert Platform(make_settings(**SECOND)).cleaned_recipe().key.version == 2
    with pytest.raises(SettingsError, match="rekeyed to version 2"):
        Platform(make_settings(**FIRST)).cleaned_recipe()


def test_beginning_again_goes_on_and_the_end_is_the_end(used_lake, make_settings):
    key = key_of(make_settings(**SECOND))
    assert rekey.begin(used_lake, key)
    assert not rekey.begin(used_lake, key)
    assert rekey.carry_corrections_over(used_lake, key) == 0
    assert dict(rekey.purge_old_hashes(used_lake, key))["reference"] == 0
    with pytest.raises(SettingsError, match="a version of its own"):
        rekey.begin(used_lake, key)
    with pytest.raises(LakeError):
        used_lake.keys.places(2)
