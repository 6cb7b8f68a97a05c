"""The runbook has a section for every kind, and the example of a routes file is one."""

import re
from pathlib import Path

import pytest

from complaints_platform.alerting.events import KINDS
from complaints_platform.alerting.routes import RUNBOOK, load_routes

ROOT = Path(__file__).parents[2]


def test_every_alert_has_its_section_in_the_runbook_with_what_to_look_at_and_to_do():
    sections = re.split(r"^## ", (ROOT / RUNBOOK).read_text(), flags=re.MULTILINE)[1:]
    by_kind = {section.splitlines()[0]: section for section in sections}
    assert by_kind.keys() == KINDS.keys()
    for kind, section in by_kind.items():
        assert KINDS[kind].title in section
        assert KINDS[kind].meaning in section
        assert all(f"\n{part}" in section for part in ("Noticed ", "Look at:", "Do: "))


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_of_routes_are_read(tmp_path, number):
    example = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "alerts.md").read_text(), re.DOTALL)[number]
    (tmp_path / "routes.yaml").write_text(example)
    assert load_routes(tmp_path / "routes.yaml")
