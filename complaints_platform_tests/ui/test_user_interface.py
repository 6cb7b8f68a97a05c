"""The user interface in a real browser: what a data engineer clicks and sees.

Session fixtures are the clicks that change something, in the order in which a newcomer makes them.
"""

import os
import re
from datetime import UTC, datetime, timedelta

import pytest

from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.lake import Lake, data_sets
from complaints_platform.quality import plots
from complaints_platform_tests.ui.dagster_server import ROOT, wait_until

pytestmark = pytest.mark.browser

GROUPS = ("sources", "cleaned", "classifier", "categorized", "marts")
RAW = ("raw/call_centre", "raw/sms", "raw/social_media", "raw/web_forms")
DESCRIPTIONS = {f"{spec.schema}/{spec.name}": spec.model.__doc__.split("\n")[0] for spec in data_sets.TABLES}
TABLES = tuple(DESCRIPTIONS)
MAY_BE_EMPTY = {"mart/complaint_rates", "mart/incidents", "mart/emerging_topics"}
"""Of thirty small days without customers' data."""
CHECKS = [
    ("cleaned/complaints", "no_record_lost_or_added", r"30 of 30 days agree with their receipts"),
    ("mart/daily_complaints", "agrees_with_detail", r"30 of 30 days agree with the detail"),
    ("mart/reconciliation", "every_file_reconciles", r"(\d+) of \1 files reconcile"),
    ("mart/service_times", "keeps_its_contract", r"(\d+) of \1 rules hold for [\d,]+ rows"),
    ("raw/call_centre", "volume_as_usual", r"as usual on 4 days"),
    ("raw/social_media", "records_as_usual", r"as usual on 4 days"),
    ("categorized/complaints", "no_drift_of_mean_confidence", r"no drift: [\d.]+ before, [\d.]+ now"),
]
ASSETS = (*(asset.split("/")[1] for asset in (*RAW, *TABLES)), "model")
GRAPH = {"x": 68, "y": 110, "width": 1360, "height": 1020}
IMAGES = ROOT / "docs" / "images"
RENEW_SCREENSHOTS = "RENEW_SCREENSHOTS" in os.environ
"""Set in the environment, the README's pictures are taken anew."""

FIRST = GeneratorOptions.first_day
MONTH = [FIRST + timedelta(days=offset) for offset in range(30)]

RUNS = "{ runsOrError { ... on Runs { results { runId jobName status tags { key value } } } } }"
BACKFILLS = """
{ partitionBackfillsOrError { ... on PartitionBackfills { results {
  id status numPartitions error { message } runs { runId status } } } } }
"""


def run_of(dagster, job, tag="", seconds=90):
    """Wait until the newest run of a job (with a tag of this value) has ended; return it."""

    def ended():
        for run in dagster.ask(RUNS)["runsOrError"]["results"]:
            if run["jobName"] == job and (not tag or tag in {each["value"] for each in run["tags"]}):
                return run if run["status"] in {"SUCCESS", "FAILURE", "CANCELED"} else None
        return None

    return wait_until(ended, seconds, f"the run of {job} has not ended")


def launch(page, button):
    """Press a button that launches a run, and wait until the UI says that it did."""
    page.get_by_role("button", name=button).last.click()
    page.get_by_text(re.compile(r"^(Launched run|Created backfill)")).first.wait_for()


def materialize(new_page, job, partitions):
    """Select partitions in the dialog of a job's Materialize button, and launch."""
    page = new_page(f"/locations/complaints_platform/jobs/{job}")
    page.get_by_role("button", name="Materialize all").click()
    page.get_by_text("Partition selection").wait_for()
    page.get_by_role("button", name="Show all partitions").click()
    box = page.get_by_placeholder(re.compile("partition|2026")).last
    box.fill(partitions)
    box.press("Enter")
    launch(page, re.compile("^Launch (1 run|backfill)$"))
    page.close()


@pytest.fixture(scope="session")
def collected(new_page, dagster):
    """The run that the launchpad of the job ``collect`` started."""
    page = new_page("/locations/complaints_platform/jobs/collect/playground")
    page.get_by_role("button", name="Launch Run").click()
    page.wait_for_url("**/runs/*")
    page.close()
    return run_of(dagster, "collect")


@pytest.fixture(scope="session")
def trained(new_page, dagster):
    """The run that the Materialize button of the classifier's page started."""
    page = new_page("/assets/classifier/model")
    launch(page, "Materialize")
    page.close()
    return run_of(dagster, "__ASSET_JOB")


@pytest.fixture(scope="session")
def one_day(new_page, dagster, collected, trained):
    """The run of one partition of cleaned → categorized → marts, and the rows that it made."""
    materialize(new_page, "complaints_by_day", FIRST.isoformat())
    run = run_of(dagster, "complaints_by_day", FIRST.isoformat())
    return run, rows_by_day(dagster)


@pytest.fixture(scope="session")
def month(new_page, dagster, one_day):
    """The backfill of thirty days."""
    materialize(new_page, "complaints_by_day", f"[{MONTH[0]}...{MONTH[-1]}]")

    def ended():
        backfills = dagster.ask(BACKFILLS)["partitionBackfillsOrError"]["results"]
        return backfills[0] if backfills and backfills[0]["status"] not in {"REQUESTED", "COMPLETING"} else None

    return wait_until(ended, 300, "the backfill has not ended")


@pytest.fixture(scope="session")
def received_today(new_page, dagster, month):
    """The run of the newest partition of the data sets by day received."""
    materialize(new_page, "files_by_received_day", datetime.now(UTC).date().isoformat())
    return run_of(dagster, "files_by_received_day")


@pytest.fixture(scope="session")
def judged(new_page, dagster, received_today):
    """The run of the hourly checks, which judges what senders sent on the newest days."""
    page = new_page("/locations/complaints_platform/jobs/hourly_checks/playground")
    page.get_by_role("button", name="Launch Run").click()
    page.wait_for_url("**/runs/*")
    page.close()
    return run_of(dagster, "hourly_checks")


def rows_by_day(dagster):
    """Return data set → day → rows for the data sets by day of the complaint."""
    lake = Lake(dagster.lake)
    return {
        f"{spec.schema}/{spec.name}": spec.table(lake).row_counts()
        for spec in data_sets.TABLES
        if not spec.by_received_day
    }


def test_the_collect_job_launched_from_its_launchpad_shows_a_table_of_files(collected, new_page):
    assert collected["status"] == "SUCCESS"
    page = new_page(f"/runs/{collected['runId']}")
    page.get_by_text("Success", exact=True).first.wait_for()
    page.get_by_text("STEP_OUTPUT", exact=True).wait_for()
    page.get_by_text("[Show Markdown]").last.click()
    dialog = page.locator(".bp5-dialog")
    dialog.get_by_role("columnheader", name="quarantined").wait_for()
    assert dialog.get_by_role("row").count() > 100
    assert dialog.get_by_role("row").nth(1).get_by_role("cell").nth(0).inner_text() == "call_centre"


def test_one_partition_materialised_from_the_ui_reaches_every_table_and_no_other_day(one_day):
    run, rows = one_day
    assert run["status"] == "SUCCESS"
    assert {name: set(days) for name, days in rows.items()} == {name: {FIRST} for name in rows}
    assert all(days[FIRST] > 0 for name, days in rows.items() if name not in MAY_BE_EMPTY)


def test_a_backfill_of_thirty_days_from_the_ui_is_one_run_and_fills_every_day(month, dagster):
    assert month["status"] == "COMPLETED_SUCCESS", month
    assert month["numPartitions"] == 30
    assert [run["status"] for run in month["runs"]] == ["SUCCESS"]
    rows = rows_by_day(dagster)
    assert {name: sorted(days) for name, days in rows.items()} == dict.fromkeys(rows, MONTH)
    assert rows["cleaned/complaints"] == rows["categorized/complaints"]
    lake = Lake(dagster.lake)
    raw = {day: sum(lake.segments.day(source.split("/")[1], day).rows for source in RAW) for day in MONTH}
    assert rows["cleaned/complaints"] == raw


def test_the_newest_day_received_holds_every_file(received_today, dagster):
    assert received_today["status"] == "SUCCESS"
    table = data_sets.RECONCILIATION.table(Lake(dagster.lake))
    (files,) = [day.frame for day in table.read_days(sorted(table.row_counts()))]
    assert files.height > 300
    assert files["reconciles"].all()


@pytest.mark.parametrize("asset", [*RAW, *TABLES])
def test_the_page_of_an_asset_shows_description_columns_row_count_and_preview(asset, received_today, new_page):
    page = new_page(f"/assets/{asset}")
    page.get_by_text(DESCRIPTIONS.get(asset, "Raw records as sent, one partition per day")).first.wait_for()
    page.get_by_role("cell", name="Column name", exact=True).wait_for()
    if asset in TABLES:
        page.get_by_text("Row count", exact=True).wait_for()
    page.get_by_text("dagster/partition_row_count", exact=True).wait_for()
    preview = page.get_by_role("row").filter(has=page.get_by_role("cell", name="preview", exact=True))
    preview.wait_for()
    if asset in MAY_BE_EMPTY:
        page.close()
        return
    link = preview.get_by_text("[Show Markdown]")
    if link.count():
        link.click()
        preview = page.locator(".bp5-dialog")
    preview.get_by_role("table").first.wait_for()
    assert preview.get_by_role("table").get_by_role("row").count() > 1
    page.close()


def test_the_page_of_the_classifier_says_that_accuracy_is_not_measured_without_labels(trained, new_page):
    assert trained["status"] == "SUCCESS"
    page = new_page("/assets/classifier/model")
    page.get_by_text("not measured: there are no labels yet").wait_for()
    page.get_by_role("cell", name="network_voice", exact=True).wait_for()


@pytest.mark.parametrize(("asset", "name", "result"), CHECKS)
def test_results_of_checks_are_visible_with_their_history_as_a_picture(asset, name, result, judged, new_page):
    assert judged["status"] == "SUCCESS"
    page = new_page(f"/assets/{asset}?view=checks&checkDetail={name}")
    page.get_by_text(name).first.wait_for()
    page.get_by_text("Passed", exact=True).wait_for()
    page.get_by_text(re.compile(result)).wait_for()
    row = page.get_by_role("row").filter(has_text=re.compile("^(history|by_day)")).filter(has_text="[Show Markdown]")
    row.get_by_text("[Show Markdown]").click()
    picture = page.get_by_role("img", name=re.compile("by day"))
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") == plots.WIDTH
    page.close()


def test_the_asset_graph_shows_every_group_and_asset(received_today, new_page):
    page = new_page("/asset-groups")
    page.get_by_label("unfold_more").first.wait_for()
    page.get_by_text("Hide navigation").click()
    page.get_by_label("panel_show_right").last.click()
    page.get_by_label("settings").last.click()
    page.get_by_role("menuitem", name="Expand all groups").click()
    page.keyboard.press("Escape")
    page.get_by_role("menu").wait_for(state="detached")
    labels = [page.get_by_text(name, exact=True) for name in (*GROUPS, *ASSETS)]
    # Farther away, the graph fits into the window, and labels become large.
    details = page.get_by_text("Asset checks", exact=True)
    wait_until(lambda: not details.count() or page.get_by_label("zoom_out").click(), 30, "the graph is still large")
    # What lies outside of the window is not drawn at all: go farther away until everything is.
    wait_until(
        lambda: all(is_in_view(page, label) for label in labels) or page.get_by_label("zoom_out").click(),
        30,
        "the graph does not fit into the window",
    )
    assert page.get_by_text("complaints", exact=True).count() == 2  # cleaned and categorized
    if RENEW_SCREENSHOTS:
        page.screenshot(path=IMAGES / "asset-graph.png", clip=GRAPH)


def is_in_view(page, label):
    box = label.first.bounding_box() if label.count() else None
    if box is None:
        return False
    right, bottom = box["x"] + box["width"], box["y"] + box["height"]
    return (
        min(box["x"], box["y"]) >= 0 and right <= page.viewport_size["width"] and bottom <= page.viewport_size["height"]
    )
