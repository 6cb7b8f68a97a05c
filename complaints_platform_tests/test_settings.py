import pytest

from complaints_platform.errors import SettingsError
from complaints_platform.settings import load_settings

KEY = "0123456789abcdef0123456789abcdef-secret"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("COMPLAINTS_PROFILE", "staging", "'dev', 'test' or 'prod'"),
        ("COMPLAINTS_LAKE", "gs://bucket", "s3://bucket/prefix"),
        ("COMPLAINTS_LANDING", "ftp://host", "s3://bucket/prefix"),
        ("COMPLAINTS_FIRST_DAY", "soon", "valid date"),
        ("COMPLAINTS_FIRST_DAY", "1850-01-01", "1970-01-01"),
        ("COMPLAINTS_WORKERS", "0", "greater than or equal to 1"),
        ("COMPLAINTS_SOURCES", "/does/not/exist", "not a folder"),
        ("COMPLAINTS_TAXONOMY", "/does/not/exist.yaml", "not a file"),
    ],
)
def test_a_bad_value_names_the_variable_and_what_is_allowed(monkeypatch, variable, value, expected):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert variable in str(error.value)
    assert expected in str(error.value)


def test_prod_refuses_to_start_without_a_key_of_its_own(monkeypatch):
    monkeypatch.setenv("COMPLAINTS_PROFILE", "prod")
    with pytest.raises(SettingsError, match="COMPLAINTS_DATA_KEY must be set"):
        load_settings()


def test_no_secret_is_shown(monkeypatch):
    monkeypatch.setenv("COMPLAINTS_PROFILE", "prod")
    monkeypatch.setenv("COMPLAINTS_DATA_KEY", KEY)
    settings = load_settings()
    assert KEY not in repr(settings)
    assert KEY not in str(settings.model_dump())
    monkeypatch.setenv("COMPLAINTS_WORKERS", "none")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert KEY not in str(error.value)


def test_a_short_key_in_prod_is_refused_without_showing_it(monkeypatch):
    monkeypatch.setenv("COMPLAINTS_PROFILE", "prod")
    monkeypatch.setenv("COMPLAINTS_DATA_KEY", "tooshortsecret")
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert "tooshortsecret" not in str(error.value)
