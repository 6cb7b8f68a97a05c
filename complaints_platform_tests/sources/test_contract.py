import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from complaints_platform.errors import ContractError
from complaints_platform.settings import PACKAGED_SOURCES
from complaints_platform.sources.contract import COMPLAINTS, SourceContract, load_contract, load_contracts
from complaints_platform_tests import contracts

ROOT = Path(__file__).parent.parent.parent


def write(folder, name, attributes, component=COMPLAINTS):
    path = folder / name / "defs.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump({"type": component, "attributes": attributes}))
    return path


def changed(**changes):
    return {**contracts.COMCAST, **changes}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (changed(cadence="sometimes"), "attributes.cadence"),
        (changed(times={"zone": "Berlin"}), "attributes.times.zone"),
        (changed(times={"formats": ["iso"]}), "attributes.times.formats"),
        (changed(encoding="utf-99"), "attributes.encoding"),
        (changed(owner="someone"), "attributes.owner"),
        (changed(format={"type": "pdf"}), "attributes.format"),
        (changed(fields={"text": "a"}), "attributes.fields.occurred_at"),
        (changed(fields={"text": "a", "occurred_at": "b", "colour": "c"}), "attributes.fields.colour"),
        (changed(surprise=1), "attributes.surprise"),
        (
            changed(fields={"text": "a", "occurred_at": "b"}, withdrawn={"field": "x", "values": ["y"]}),
            "withdrawn needs fields.source_id",
        ),
    ],
)
def test_a_mistake_names_file_and_field(tmp_path, attributes, expected):
    path = write(tmp_path, "comcast", attributes)
    with pytest.raises(ContractError) as error:
        load_contract(path)
    assert str(path) in str(error.value)
    assert expected in str(error.value)


def test_another_component_type_is_no_contract(tmp_path):
    with pytest.raises(ContractError, match="must be a mapping"):
        load_contract(write(tmp_path, "comcast", contracts.COMCAST, component="something.Else"))


def test_what_is_no_yaml_is_named(tmp_path):
    path = write(tmp_path, "comcast", contracts.COMCAST)
    path.write_text("type: [")
    with pytest.raises(ContractError, match="can't be read as YAML"):
        load_contract(path)


def test_a_source_name_must_fit_an_asset_key(tmp_path):
    write(tmp_path, "Call Centre", contracts.COMCAST)
    with pytest.raises(ContractError, match="name must match"):
        load_contracts(tmp_path)


def test_an_empty_folder_says_what_belongs_there(tmp_path):
    with pytest.raises(ContractError, match=r"defs\.yaml"):
        load_contracts(tmp_path)


def test_prose_does_not_change_how_files_are_read():
    contract = SourceContract.model_validate(contracts.COMCAST)
    reworded = SourceContract.model_validate(changed(description="Other words.", owner="team:others", cadence="hourly"))
    other = SourceContract.model_validate(changed(times={"zone": "UTC", "formats": ["iso8601"]}))
    assert contract.fingerprint == reworded.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(", "no regular expression"),
        ("(?<=AC)[0-9]+", "no regular expression"),
        (".*", "would also match ''"),
        (r"[0-9]{4}", "would also match '2026'"),
        ("[A-Z]{7}", "would also match '<ACCOUNT>'"),
    ],
)
def test_an_account_pattern_that_would_spoil_texts_is_refused(pattern, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        SourceContract.model_validate(changed(account_pattern=pattern))


def test_an_account_pattern_is_cleanings_matter_not_readings():
    with_pattern = SourceContract.model_validate(changed(account_pattern=r"\bAC[0-9]{8}\b"))
    assert with_pattern.fingerprint == SourceContract.model_validate(contracts.COMCAST).fingerprint


def test_the_packaged_contracts_load():
    assert set(load_contracts(PACKAGED_SOURCES)) == {"call_centre", "sms", "social_media", "web_forms"}


def test_dg_check_yaml_names_the_line_of_a_mistake(tmp_path):
    for name in ("pyproject.toml", "setup.cfg"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "complaints_platform", tmp_path / "complaints_platform")
    path = tmp_path / "complaints_platform" / "defs" / "sources" / "sms" / "defs.yaml"
    lines = path.read_text().splitlines()
    number = next(index for index, line in enumerate(lines) if line.strip().startswith("cadence:"))
    lines[number] = "  cadence: sometimes"
    path.write_text("\n".join(lines))
    dg = Path(sys.executable).parent / "dg"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}  # the copy, not the installed package
    done = subprocess.run(
        # Without a path, dg 1.13.27 checks only the last file of each component type.
        [dg, "check", "yaml", path.parent],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"sms/defs.yaml:{number + 1}" in done.stdout
    assert "'sometimes' is not one of" in done.stdout
