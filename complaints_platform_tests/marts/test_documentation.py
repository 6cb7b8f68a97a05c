from pathlib import Path

from complaints_platform.marts.documentation import renewed

PAGE = Path(__file__).parents[2] / "docs" / "marts.md"


def test_the_page_says_what_the_registry_says():
    page = PAGE.read_text(encoding="utf-8")
    assert renewed(page) == page, "python -m complaints_platform.marts.documentation docs/marts.md makes it anew"
