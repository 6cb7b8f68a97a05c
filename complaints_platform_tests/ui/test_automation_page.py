"""What runs by itself, in a real browser: the sensors and what they did, a long backfill, a day that fails."""

import re
from datetime import timedelta

import pytest

from complaints_platform.generator.options import GeneratorOptions
from complaints_platform.generator.output import write_files
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import TRENDS
from complaints_platform.lake.store import open_store
from complaints_platform_tests.ui.dagster_server import FIRST_DAY, running_dagster, wait_until
from complaints_platform_tests.ui.test_user_interface import BACKFILLS, RUNS, materialize, run_of

pytestmark = [pytest.mark.browser, pytest.mark.drill]

DAYS = 3
BACKFILLED = [FIRST_DAY - timedelta(days=87) + timedelta(days=number) for number in range(90)]


@pytest.fixture(scope="module")
def dagster(tmp_path_factory):
    """Dagster as ``make start`` starts it, which finds files in the landing and brings them to the marts."""
    folder = tmp_path_factory.mktemp("automation")
    write_files(
        GeneratorOptions(days=DAYS, per_day=30), open_store(str(folder / "landing")), open_store(str(folder / "truth"))
    )
    settings = {"automation": "true", "tick_seconds": 5, "first_day": BACKFILLED[0]}
    with running_dagster(folder, "dg", "dev", **settings) as dagster:

        def in_the_marts():
            runs = dagster.ask(RUNS)["runsOrError"]["results"]
            at_work = [run for run in runs if run["status"] not in {"SUCCESS", "FAILURE", "CANCELED"}]
            return not at_work and len(TRENDS.table(Lake(dagster.lake)).row_counts()) >= DAYS

        wait_until(in_the_marts, 150, "the files are not in the marts")
        yield dagster


@pytest.fixture(scope="module")
def new_page(browser, dagster):
    context = browser.new_context(base_url=dagster.url, viewport={"width": 1500, "height": 1100})
    context.set_default_timeout(30_000)

    def open_page(path):
        page = context.new_page()
        page.goto(path)
        return page

    yield open_page
    context.close()


def test_the_automation_page_lists_sensors_and_schedules(new_page):
    page = new_page("/automation")
    for name in ("landing", "update_tables", "changes", "daily_close", "weekly_training"):
        page.get_by_text(name, exact=True).first.wait_for()


@pytest.mark.parametrize(
    ("sensor", "what", "why"),
    [
        ("landing", r"\d+ files: call_centre/calls_2026-03-10\.csv", "no new files"),
        (
            "update_tables",
            r"cleaned/complaints: 3 days 2026-03-10 … 2026-03-12",
            "everything that is due is up to date",
        ),
    ],
)
def test_the_page_of_a_sensor_shows_what_it_did_and_why_it_does_nothing_now(new_page, sensor, what, why):
    page = new_page(f"/locations/complaints_platform/sensors/{sensor}")

    def says_why():
        page.get_by_text("0 runs requested").last.hover()
        return page.get_by_text(why).count()

    # A tick that still waits for a run says so; the next one does not.
    wait_until(lambda: says_why() or page.reload() or page.get_by_text("0 runs requested").last.wait_for(), 60, why)
    page.get_by_text("Runs", exact=True).last.click()
    page.get_by_text(re.compile(what)).first.wait_for()


def test_a_backfill_of_ninety_days_is_started_watched_and_finished(new_page, dagster):
    materialize(new_page, "complaints_by_day", f"[{BACKFILLED[0]}...{BACKFILLED[-1]}]")

    def backfill():
        (found,) = dagster.ask(BACKFILLS)["partitionBackfillsOrError"]["results"]
        return found

    page = new_page(f"/runs/b/{backfill()['id']}")
    page.get_by_text("90 partitions").wait_for()
    wait_until(lambda: backfill()["status"] not in {"REQUESTED", "COMPLETING"}, 150, "the backfill has not ended")
    page.get_by_text("Succeeded", exact=True).nth(1).wait_for()  # the first is the head of a column
    assert (backfill()["status"], backfill()["numPartitions"]) == ("COMPLETED_SUCCESS", 90)
    assert len(backfill()["runs"]) == 1
    assert sorted(TRENDS.table(Lake(dagster.lake)).row_counts()) == BACKFILLED


def test_a_day_that_failed_is_visible_and_made_again_from_there(new_page, dagster):
    lake = Lake(dagster.lake)
    day = BACKFILLED[-1]
    model = next(name for name in lake.store.names("models") if name.endswith(".joblib"))
    lake.store.move(f"models/{model}", f"models/{model}.away")
    materialize(new_page, "complaints_by_day", day.isoformat())
    run = run_of(dagster, "complaints_by_day", day.isoformat())
    assert run["status"] == "FAILURE"
    page = new_page(f"/assets/categorized/complaints?view=partitions&status=FAILED&partition={day}")
    page.get_by_text(re.compile(r"Failed")).first.wait_for()
    lake.store.move(f"models/{model}.away", f"models/{model}")
    page = new_page(f"/runs/{run['runId']}")
    page.get_by_text("Failure", exact=True).first.wait_for()
    page.get_by_role("button", name=re.compile("Re-execute")).first.click()
    page.wait_for_url(lambda address: "/runs/" in address and run["runId"] not in address)
    again = page.url.rsplit("/", 1)[1].split("?")[0]

    def ended():
        runs = {each["runId"]: each["status"] for each in dagster.ask(RUNS)["runsOrError"]["results"]}
        return runs.get(again) in {"SUCCESS", "FAILURE"} and runs[again]

    assert wait_until(ended, 120, "the day was not made again") == "SUCCESS"
    page.get_by_text("Success", exact=True).first.wait_for()
