"""What ``make start`` starts, over generated complaints, and a browser in front of it."""

from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake.store import open_store
from complaints_platform_tests.ui.dagster_server import running_dagster

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def dagster(tmp_path_factory):
    """Dagster as ``make start`` starts it; a month of complaints waits in the landing."""
    folder = tmp_path_factory.mktemp("ui")
    options = GeneratorOptions(days=30, per_day=30)
    write_files(options, open_store(str(folder / "landing")), open_store(str(folder / "truth")))
    with running_dagster(folder, "dg", "dev") as dagster:
        yield dagster


@pytest.fixture(scope="session")
def browser():
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (Debian: apt-get install chromium)")
    playwright = sync_playwright().start()
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS)
    yield browser
    browser.close()
    playwright.stop()


@pytest.fixture(scope="session")
def new_page(browser, dagster):
    """A function that opens a page of the UI in a new tab."""
    context = browser.new_context(base_url=dagster.url, viewport={"width": 1500, "height": 1320})
    context.set_default_timeout(30_000)

    def open_page(path):
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    context.close()
