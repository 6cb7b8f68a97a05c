"""One platform: what it makes once, and what it reads again so that a process that runs for months notices it."""

from pathlib import Path

import pytest

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.errors import ContractError
from complaints_platform.platform import Platform
from complaints_platform_tests import contracts


@pytest.fixture
def platform(tmp_path, make_settings):
    contracts.write_contract(tmp_path / "sources", "comcast", contracts.COMCAST)
    packaged = load_taxonomy().model_dump_json()
    (tmp_path / "taxonomy.yaml").write_text(packaged)
    return Platform(make_settings(sources=tmp_path / "sources", taxonomy=tmp_path / "taxonomy.yaml"))


def test_the_lake_is_opened_once_and_only_when_it_is_asked_for(platform):
    assert platform.lake is platform.lake
    assert not Path(platform.settings.lake).exists()


def test_a_changed_contract_is_noticed_by_the_next_who_asks(platform):
    before = platform.cleaned_look()
    contracts.write_contract(platform.settings.sources, "another", contracts.COMCAST)
    assert set(platform.contracts) == set(platform.collectors()) == {"another", "comcast"}
    assert before.sources == ["comcast"]
    (platform.settings.sources / "another" / "defs.yaml").write_text("type: nonsense")
    with pytest.raises(ContractError, match="another"):
        platform.stale()


def test_a_changed_taxonomy_is_noticed_by_the_next_who_asks(platform):
    before = platform.taxonomy.version
    text = platform.settings.taxonomy.read_text()
    platform.settings.taxonomy.write_text(text.replace(f'"{before}"', '"changed"'))
    assert platform.taxonomy.version == "changed"
