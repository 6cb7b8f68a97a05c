"""The dashboard in a real browser, over the real query service: what managers and the complaint team click and see."""

import csv
import hashlib
import re
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatch
from pathlib import Path
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe

from complaints_platform.classification.taxonomy import load_taxonomy
from complaints_platform.learning.labels import training_labels
from complaints_platform.platform import Platform
from complaints_platform.serving.auth import Role, new_token
from complaints_platform.serving.http.app import STATIC
from complaints_platform.serving.models import IncidentDetail, IncidentPoint
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform_tests.ui.dagster_server import ROOT
from complaints_platform_tests.ui.dashboard_server import SmallLake, serving

pytestmark = pytest.mark.browser

WIDE, PHONE = {"width": 1440, "height": 1000}, {"width": 390, "height": 844}
PAGES = {
    "overview": "Overview",
    "trends": "Trends",
    "incidents": "Incidents",
    "service": "Response & resolution",
    "review": "Review queue",
    "search": "Search",
    "quality": "Data quality",
}
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
WRITTEN_BY_PEOPLE = {"text", "region", "product", "explanation", "title", "definition", "term", "file_name", "words"}


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory):
    place = SmallLake(tmp_path_factory.mktemp("dashboard"))
    place.fill()
    return place


@pytest.fixture(scope="session")
def address(browser, small_lake):
    with serving(small_lake.settings) as url:
        yield url


@pytest.fixture
def open_page(browser, address):
    """A function that opens a route of the dashboard in a context of its own; at the end no page had an error."""
    contexts, errors = [], []

    def opened(route, url=address, before=None, **options):
        context = browser.new_context(base_url=url, **{"viewport": WIDE, "reduced_motion": "reduce", **options})
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if is_fault(said) else None)
        if before:
            before(page)
        page.goto(f"/#/{route}")
        return settled(page)

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def is_fault(said):
    # The browser itself notes every answer that is no success; what the page makes of it is tested.
    return said.type in {"error", "warning"} and "Failed to load resource" not in said.text


def settled(page):
    """Wait until the page that the address names is shown."""
    page.locator("main:not([aria-busy]) h1").wait_for()
    return page


def go(page, route):
    page.evaluate("route => { location.hash = `#/${route}`; }", route)
    page.wait_for_url(f"**/#/{route}")
    page.locator("main[aria-busy]").wait_for(state="detached")
    return settled(page)


def heading(page):
    return page.locator("main h1").inner_text()


def rows_of(small_lake, sql):
    return run_query(Catalogue.of(Platform(small_lake.settings)), sql).to_pylist()


def count_of(small_lake, condition):
    (row,) = rows_of(
        small_lake,
        f"SELECT count(*) AS found FROM categorized.complaints WHERE outcome = 'complaint' AND {condition}",  # noqa: S608
    )
    return row["found"]


def number(text):
    return int(re.search(r"[\d,]+", text)[0].replace(",", ""))


# What is shown


def test_every_page_opens_from_the_navigation_and_says_as_of_when(open_page):
    page = open_page("overview")
    for route, title in PAGES.items():
        page.locator("nav").get_by_role("link", name=re.compile(f"^{re.escape(title)}")).click()
        page.wait_for_url(f"**/#/{route}*")
        page.locator("main h1", has_text=title).wait_for()
        settled(page)
        assert page.title() == f"{title} \N{EN DASH} Complaints"
        assert page.locator("nav [aria-current=page]").inner_text().startswith(title)
        assert page.locator(".failed").count() == 0, page.locator(".failed").inner_text()
        state = page.locator("#topbar").inner_text()
        assert "As of" in state
        assert "Africa/Lagos (UTC+1)" in state
        assert re.search(r"on time|Late", state)


def test_the_overview_shows_the_numbers_of_the_detail(open_page, small_lake):
    page = open_page("overview")
    tile = page.locator(".tile", has=page.get_by_text("Complaints", exact=True)).first
    assert number(tile.locator(".tile-value").inner_text()) == count_of(small_lake, "true")
    shown = dict(bars(page, "By channel"))
    expected = rows_of(
        small_lake,
        "SELECT channel, count(*) AS found FROM categorized.complaints WHERE outcome = 'complaint' GROUP BY ALL",
    )
    names = {"call_centre": "Call centre", "sms": "SMS", "social_media": "Social media", "web_form": "Web form"}
    assert shown == {names[row["channel"]]: row["found"] for row in expected}


def bars(page, title):
    card = page.locator("section.card", has=page.get_by_role("heading", name=title, exact=True))
    for row in card.locator(".bar-row").all():
        yield row.locator(".bar-title").inner_text(), number(row.locator(".bar-value").inner_text())


def test_a_chart_is_also_a_sentence_and_a_table(open_page):
    page = open_page("overview")
    figure = page.locator("figure", has=page.get_by_role("heading", name="Complaints per day"))
    image = figure.get_by_role("img")
    assert re.search(r"[\d,]+ complaints, [\d,]+ per day on average", image.get_attribute("aria-label"))
    figure.locator("canvas").wait_for()
    figure.get_by_role("button", name="Show as table").press("Enter")
    assert image.count() == 0
    days = figure.get_by_role("row").all()[1:]
    total = sum(number(row.get_by_role("cell").first.inner_text()) for row in days)
    assert f"{total:,} complaints" in figure.inner_text()


def test_trends_lead_by_region_and_category_to_the_complaints_and_on_to_file_and_record(open_page, small_lake):
    page = open_page("trends")
    follow(page, "Lagos", "region=Lagos")
    follow(page, "Calls and coverage", "category=network_voice")
    page.get_by_role("heading", name="By subcategory").wait_for()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=re.compile("^Read"))).first
    shown = number(row.get_by_role("cell").first.inner_text())
    row.get_by_role("link", name=re.compile("^Read")).click()
    page.locator("main h1", has_text="Search").wait_for()
    found = page.locator("p[role=status]", has_text="complaint")
    found.wait_for()
    assert number(found.inner_text()) == shown
    page.locator(".complaint a").first.click()
    page.locator("#lineage").wait_for()
    complaint_id = page.url.rsplit("/", 1)[1]
    (origin,) = rows_of(
        small_lake,
        "SELECT record_number, raw_sha256, file_name, text FROM categorized.complaints "  # noqa: S608  # an id of our own
        f"JOIN lake.receipts USING (raw_sha256) WHERE complaint_id = '{complaint_id}'",
    )
    lineage = page.locator("#lineage").inner_text()
    assert all(str(origin[name]) in lineage for name in ("record_number", "raw_sha256", "file_name"))
    assert page.locator(".review-text").inner_text() == re.sub(r"\s+", " ", origin["text"])


def test_how_a_number_is_counted_is_said_and_its_rows_can_be_downloaded(open_page, small_lake):
    page = open_page("trends?region=Lagos")
    page.locator("summary").click()
    assert "mart.daily_complaints" in page.locator("details").inner_text()
    rows = page.request.get(f"/{page.get_by_role('link', name='CSV').get_attribute('href')}").text().splitlines()
    counted = [int(row["complaints"]) for row in csv.DictReader(rows)]
    assert sum(counted) == count_of(small_lake, "region = 'Lagos'")


def follow(page, name, expected):
    page.get_by_role("row").get_by_role("link", name=name, exact=True).click()
    page.wait_for_url(f"**{expected}*")
    page.locator("main[aria-busy]").wait_for(state="detached")


def test_an_incident_shows_its_course_and_leads_to_its_complaints(open_page, small_lake):
    (cell,) = rows_of(
        small_lake,
        "SELECT CAST(occurred_at + INTERVAL 1 HOUR AS DATE) AS local_day, region, category, count(*) AS found, "
        "min(occurred_at) AS first FROM categorized.complaints "
        "WHERE outcome = 'complaint' AND region = 'Lagos' GROUP BY ALL "
        "ORDER BY found DESC, local_day, category LIMIT 1",
    )
    incident = incident_in(cell)

    def answer(route):
        is_detail = "/incidents/" in route.request.url
        body = incident if is_detail else {"as_of": incident["as_of"], "incidents": [incident_of_list(incident)]}
        route.fulfill(json=body)

    def find(route):
        """Ask the service for what this incident would count, if it had found it."""
        asked = {
            "from": cell["local_day"],
            "to": cell["local_day"],
            "region": cell["region"],
            "category": cell["category"],
        }
        route.continue_(url=route.request.url.replace("incident=an-incident", urlencode(asked)))

    def answers(page):
        page.route("**/api/v1/incidents**", answer)
        page.route("**/api/v1/complaints?*incident=an-incident*", find)

    page = open_page("overview", before=answers)
    go(page, "incidents")
    page.get_by_role("link", name=re.compile(" in Lagos$")).click()
    page.locator("main h1", has_text="in Lagos").wait_for()
    course = page.locator("figure", has=page.get_by_role("heading", name="Hour by hour"))
    course.locator("canvas").wait_for()
    course.get_by_role("button", name="Show as table").click()
    assert course.get_by_role("row").count() == 1 + len(incident["series"])
    assert incident["explanation"] in page.locator("main").inner_text()
    page.get_by_role("link", name=f"All {cell['found']} complaints").click()
    found = page.locator("p[role=status]", has_text="complaint")
    found.wait_for()
    assert number(found.inner_text()) == cell["found"]
    shown = page.locator(".complaint-category").all_inner_texts()
    title = load_title(cell["category"])
    assert {text.split(" \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} ")[0] for text in shown} == {title}
    page.get_by_role("link", name="Search all complaints").click()
    page.wait_for_url("**#/search")


def incident_in(cell):
    """Return an incident as the query service answers it, over the complaints of a region and category on a day."""
    start = cell["first"].replace(minute=0, second=0, microsecond=0)
    hours = [start + timedelta(hours=hour) for hour in range(-3, 2)]
    points = [IncidentPoint(time=hour, observed=2.0, expected=0.5, upper=1.5) for hour in hours]
    answer = IncidentDetail(
        as_of=cell["first"],
        incident_id="an-incident",
        started_at=start,
        peak_at=start,
        ended_at=start + timedelta(minutes=30),
        severity="major",
        open=False,
        categories=[cell["category"]],
        regions=[cell["region"]],
        channels=[],
        observed=cell["found"],
        expected=0.5,
        excess=cell["found"] - 0.5,
        ratio=cell["found"] / 0.5,
        top_terms=["signal"],
        sample_ids=[],
        explanation="Far more complaints than at other times.",
        series=points,
        samples=[],
    )
    return answer.model_dump(mode="json", by_alias=True)


def incident_of_list(detail):
    return {name: value for name, value in detail.items() if name not in {"as_of", "series", "samples"}}


def test_search_finds_words_and_pages_on(open_page):
    page = open_page("search")
    page.get_by_label("Words in the complaint").fill("signal")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=signal*")
    page.locator("mark").first.wait_for()
    assert {word.lower() for word in page.locator("mark").all_inner_texts()} == {"signal"}
    go(page, "search")
    assert page.locator(".complaint").count() == 25
    page.get_by_role("button", name="Show 25 more").click()
    page.locator(".complaint").nth(49).wait_for()
    links = [link.get_attribute("href") for link in page.locator(".complaint-category").all()]
    assert len(set(links)) == 50
    assert page.evaluate("document.activeElement.getAttribute('href')") == links[25]


def test_a_search_without_results_says_what_to_do(open_page):
    page = open_page("search?q=xyzzyqwerty")
    assert "Try fewer words or a longer period" in page.locator("main").inner_text()
    page.get_by_role("link", name="Start over").click()
    page.locator(".complaint").first.wait_for()


# Filters and keys


def test_filters_are_chosen_by_keyboard_stand_in_the_address_and_can_be_shared(open_page):
    page = open_page("overview")
    page.keyboard.press("f")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Channel"
    page.keyboard.press("Enter")
    page.get_by_label("SMS").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.wait_for_url("**channel=sms*")
    page.get_by_role("button", name="Channel: SMS").wait_for()
    page.locator("main[aria-busy]").wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Channel: SMS"
    shared = open_page(page.url.split("#/")[1])
    assert [name for name, _ in bars(shared, "By channel")] == ["SMS"]
    assert heading(shared) == "Overview"


def test_the_keyboard_is_enough(open_page):
    page = open_page("overview")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("Go to Trends").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.locator("main h1", has_text="Trends").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Trends"
    page.keyboard.press("/")
    page.locator("main h1", has_text="Search").wait_for()


def test_what_is_shown_is_made_anew_when_the_tables_have_changed(open_page):
    newer = {"on": False}

    def answer(route):
        response = route.fetch()
        body = response.json()
        if newer["on"]:
            body["headline"][0]["value"] += 1
            route.fulfill(response=response, json=body, headers={**response.headers, "x-manifest": "999999"})
        else:
            route.fulfill(response=response, json=body)

    page = open_page("overview", before=lambda page: page.route("**/api/v1/overview*", answer))
    value = page.locator(".tile-value").first
    before = number(value.inner_text())
    page.get_by_role("button", name="Region").focus()
    newer["on"] = True
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator(".tile-value", has_text=f"{before + 1:,}").first.wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Region"


def test_alerts_are_shown_where_they_are_set_up_and_can_be_acknowledged(open_page):
    alert = {
        "id": "an-alert",
        "state": "open",
        "kind": "source_silent",
        "title": "A sender has fallen silent",
        "severity": "major",
        "text": "sms: no file for 9 h",
        "source": "sms",
        "day": None,
        "categories": [],
        "meaning": "No new file has come from this source.",
        "next_step": "Ask the source's owner.",
        "runbook": "docs/runbook.md#source_silent",
        "opened_at": "2026-03-18T08:00:00+00:00",
        "changed_at": "2026-03-18T08:00:00+00:00",
        "acknowledged": None,
        "deliveries": [],
        "waiting": False,
        "history": [],
    }

    def answer(route):
        if route.request.method == "POST":
            assert route.request.url.endswith("/alerts/an-alert/ack")
            alert["acknowledged"] = {"by": "local", "at": "2026-03-18T09:00:00+00:00"}
            route.fulfill(json={"id": "an-alert", **alert["acknowledged"]})
        else:
            route.fulfill(json={"alerts": [alert], "receivers": [], "looked_at": datetime.now(UTC).isoformat()})

    page = open_page("overview", before=lambda page: page.route("**/api/v1/alerts**", answer))
    page.locator("nav").get_by_role("link", name="Alerts").click()
    page.locator("main h1", has_text="Alerts").wait_for()
    shown = page.locator(".alert")
    assert "sms: no file for 9 h" in shown.inner_text()
    assert "What to do: Ask the source's owner." in shown.inner_text()
    page.evaluate(Axe().axe_script)
    assert serious_faults(page, {"resultTypes": ["violations"]}) == []
    page.get_by_role("button", name=re.compile("^Acknowledge:")).click()
    page.get_by_text("acknowledged by local, 18 Mar 2026, 10:00").wait_for()
    assert page.get_by_role("button", name=re.compile("^Acknowledge:")).count() == 0


def test_that_nothing_is_wrong_is_said_only_while_somebody_looks(open_page):
    looked = {"at": None}

    def answer(route):
        route.fulfill(json={"alerts": [], "receivers": [], "looked_at": looked["at"]})

    page = open_page("alerts", before=lambda page: page.route("**/api/v1/alerts**", answer))
    unwatched, good = page.get_by_text("The platform has not checked"), page.get_by_text("Nothing needs attention.")
    for minutes, words in ((None, "problems yet"), (11, "problems since"), (2, None)):
        looked["at"] = minutes and (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()
        page.reload()
        settled(page)
        assert good.count() == (words is None)
        assert unwatched.count() == (words is not None)
        assert words is None or words in unwatched.inner_text()


def test_neither_what_is_unknown_nor_what_fails_keeps_the_dashboard_from_opening(open_page):
    def unknown(route):
        response = route.fetch()
        route.fulfill(response=response, json={**response.json(), "looked_at": None, "freshness": []})

    def fails(route):
        route.fulfill(status=503, json={"error": {"code": "unavailable", "message": "not now", "hint": None}})

    def before(page):
        page.route("**/api/v1/overview**", unknown)
        page.route("**/api/v1/alerts**", fails)

    page = open_page("overview", before=before)
    page.get_by_text("Sources: not known yet").wait_for()
    page.locator("nav").get_by_role("link", name="Alerts").click()
    page.get_by_text("not now").wait_for()


# The review queue


def test_a_category_is_corrected_by_one_key_and_becomes_a_label(open_page, small_lake):
    page = open_page("review")
    text = page.locator(".review-text").inner_text()
    wanted = page.locator(".candidate").nth(1).locator("strong").inner_text()
    assert page.locator(".review-card mark").count() > 0, "no deciding term is shown in the text"
    before = small_lake.lake.corrections.read().height
    page.keyboard.press("2")
    page.get_by_text(f"{wanted} chosen.").wait_for()
    assert page.locator(".review-text").inner_text() != text
    page.keyboard.press("1")  # the next decision sends the one before
    page.get_by_text("1 decided").wait_for()
    page.keyboard.press("u")
    correction = small_lake.lake.corrections.read()[before:].row(0, named=True)
    assert re.sub(r"\s+", " ", correction["text"]) == text
    assert wanted.startswith(load_title(correction["category"]))
    labels = training_labels(small_lake.lake, load_taxonomy()).frame
    assert (correction["text"], correction["category"]) in set(labels.select("text", "category").iter_rows())
    page.locator(".decisions a").first.click()
    page.locator("main h1", has_text="Complaint").wait_for()
    card = page.locator("section.card", has=page.get_by_role("heading", name="Category", exact=True))
    assert wanted in card.locator(".decisions").inner_text()


def load_title(category):
    return category.replace("_", " ").capitalize()


def test_an_undone_decision_leaves_no_trace_and_a_held_one_is_sent_when_the_page_is_left(open_page, small_lake):
    page = open_page("review")
    sent = []
    page.on("request", lambda request: sent.append(request) if request.method == "POST" else None)
    first = page.locator(".review-text").inner_text()
    page.keyboard.press("x")
    page.get_by_text("Not a complaint chosen.").wait_for()
    page.keyboard.press("u")
    page.get_by_text("Not a complaint chosen.").wait_for(state="detached")
    assert page.locator(".review-text").inner_text() == first
    assert sent == []
    before = small_lake.lake.corrections.read().height
    page.keyboard.press("c")
    page.get_by_role("combobox").fill("router and equipment")
    page.keyboard.press("Enter")
    page.get_by_text(re.compile("Router and equipment chosen")).wait_for()
    with page.expect_response("**/api/v1/corrections") as answered:
        page.keyboard.press("g")
        page.keyboard.press("o")
    assert answered.value.status == 201
    assert small_lake.lake.corrections.read().height == before + 1
    (decision,) = [request.post_data_json for request in sent]
    assert (decision["category"], decision["subcategory"]) == ("device_install", "router_equipment")
    assert decision["is_complaint"] is True


def test_before_nothing_waits_is_said_the_queue_is_asked_for_once_more(open_page):
    """Another queue may have been chosen while the last complaints of one were decided."""
    waiting = {"shown": 1}
    queue = {}

    def answer(route):
        queue.update(queue or route.fetch().json())
        route.fulfill(json={**queue, "items": queue["items"][: waiting["shown"]]})

    def take(page):
        page.route("**/api/v1/review**", answer)
        page.route("**/api/v1/corrections", lambda route: route.fulfill(status=201, json={}))

    page = open_page("review", before=take)
    text = page.locator(".review-text")
    first = text.inner_text()
    waiting["shown"] = 2
    page.keyboard.press("1")
    text.get_by_text(first).wait_for(state="detached")
    text.wait_for()
    assert text.inner_text() != first
    page.keyboard.press("1")
    page.get_by_text("The queue is empty").wait_for()


def test_a_decision_that_could_not_be_saved_is_said_and_comes_again(open_page, small_lake):
    error = {"error": {"code": "busy", "message": "the lake is away", "hint": None}}
    page = open_page("review")
    page.route("**/api/v1/corrections", lambda route: route.fulfill(status=503, json=error))
    text = page.locator(".review-text")
    first = text.inner_text()
    page.keyboard.press("1")
    page.get_by_text(" chosen.").wait_for()
    second = text.inner_text()
    page.keyboard.press("1")
    page.get_by_text("the lake is away").wait_for()
    # Only now: what an earlier page held until it was closed may have come meanwhile.
    before = small_lake.lake.corrections.read().height
    page.keyboard.press("u")
    assert text.inner_text() == second
    page.keyboard.press("s")
    page.keyboard.press("s")
    assert text.inner_text() == first
    assert small_lake.lake.corrections.read().height == before


# Whoever looks, on whatever


def test_axe_finds_no_serious_fault_on_any_page(open_page):
    page = open_page("overview")
    page.evaluate(Axe().axe_script)
    for route in (*PAGES, "trends?by=crossed", "search?q=signal", complaint_route(page)):
        go(page, route)
        assert serious_faults(page, {"resultTypes": ["violations"]}) == [], route
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert serious_faults(page, {"runOnly": ["color-contrast"]}) == [], f"{route}, dark"
        page.evaluate("document.documentElement.dataset.theme = 'light'")


def serious_faults(page, options):
    answer = page.evaluate("options => axe.run(document, options)", options)
    assert answer["passes"], "axe has not looked"
    return [fault for fault in answer["violations"] if fault["impact"] in {"serious", "critical"}]


def complaint_route(page):
    found = page.request.get("/api/v1/complaints?limit=1").json()
    return f"complaints/{found['items'][0]['complaint_id']}"


def test_on_a_phone_nothing_is_wider_than_the_screen(open_page):
    page = open_page("overview", viewport=PHONE)
    for route in (*PAGES, complaint_route(page)):
        go(page, route)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], route
    page.get_by_role("button", name="Menu").click()
    page.locator("nav").get_by_role("link", name="Trends").click()
    page.locator("main h1", has_text="Trends").wait_for()
    assert not page.locator("nav").is_visible()


def test_dark_follows_the_system_and_can_be_chosen(open_page):
    page = open_page("overview", color_scheme="dark")
    assert brightness(page) < 60
    toggle = page.get_by_role("button", name=re.compile("^Appearance"))
    toggle.click()
    assert brightness(page) > 200
    page.reload()
    settled(page)
    assert brightness(page) > 200, "the choice is forgotten"


def brightness(page):
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) / 3


# What must not happen


def test_html_in_data_is_shown_as_text_on_every_page(open_page):
    def hostile(value, key=None):
        if isinstance(value, dict):
            return {name: hostile(part, name) for name, part in value.items()}
        if isinstance(value, list):
            return [hostile(part, key) for part in value]
        return f"{value} {HOSTILE}" if isinstance(value, str) and key in WRITTEN_BY_PEOPLE else value

    def answer(route):
        response = route.fetch()
        body = hostile(response.json()) if response.ok else response.json()
        route.fulfill(response=response, json=body)

    page = open_page("overview", before=lambda page: page.route("**/api/v1/**", answer))
    for route in (*PAGES, complaint_route(page)):
        go(page, route)
        assert page.evaluate("window.hacked") is None
        assert page.locator("main img, main script, nav img, nav script, [onerror]").count() == 0, route
    assert HOSTILE in page.locator(".review-text").inner_text()


def test_an_error_says_what_to_do_and_can_be_tried_again(open_page):
    failing = {"on": True}

    def answer(route):
        error = {"code": "busy", "message": "the tables are being moved", "hint": "wait a minute"}
        if failing["on"]:
            route.fulfill(status=503, json={"error": error})
        else:
            route.continue_()

    page = open_page("overview", before=lambda page: page.route("**/api/v1/metrics/*", answer))
    go(page, "trends")
    alert = page.get_by_role("alert")
    assert "the tables are being moved" in alert.inner_text()
    assert "wait a minute" in alert.inner_text()
    failing["on"] = False
    alert.get_by_role("button", name="Try again").click()
    page.locator("figure canvas").wait_for()
    go(page, "incidents/none-such")
    assert "Not found" in page.get_by_role("alert").inner_text()


def test_with_tokens_people_log_in_and_see_what_their_role_may(open_page, small_lake):
    token, line = new_token(Role.VIEWER, "a manager")
    with serving(small_lake.settings_with(tokens=line)) as url:
        page = open_page("overview", url=url)
        assert heading(page) == "Log in"
        page.get_by_label("Token").fill("cp_wrong")
        page.keyboard.press("Enter")
        page.get_by_text("this token is not known").wait_for()
        page.get_by_label("Token").fill(token)
        page.keyboard.press("Enter")
        page.locator("main h1", has_text="Overview").wait_for()
        offered = page.locator("nav .nav-title").all_inner_texts()
        assert "Trends" in offered
        assert not {"Review queue", "Search"} & set(offered)
        go(page, "review")
        assert "Your role does not include this" in page.get_by_role("alert").inner_text()
        page.get_by_role("button", name="Log out").click()
        page.get_by_label("Token").wait_for()


def test_pages_parse_no_html_and_load_nothing_from_elsewhere(open_page, address):
    page = open_page("overview")
    policy = page.request.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    own = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".html", ".css"} and "vendor" not in path.parts]
    assert len(own) > 15
    for path in own:
        text = path.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text), (
            path
        )
        assert not re.search(r"(?:src|href|url|import|from)\s*[=(]?\s*[\"'(]?https?:", text), path
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    settled(page)
    page.locator("figure canvas").wait_for()
    assert asked
    assert all(url.startswith(address) for url in asked)


def test_the_chart_library_is_what_its_note_says_and_all_files_are_in_the_package():
    vendor = STATIC / "vendor" / "echarts"
    digest = hashlib.sha256((vendor / "echarts.common.min.js").read_bytes()).hexdigest()
    assert digest in (vendor / "README.md").read_text()
    assert {"LICENSE", "NOTICE"} <= {path.name for path in vendor.iterdir()}
    (line,) = re.findall(r"^complaints_platform = (.*)$", (ROOT / "setup.cfg").read_text(), re.MULTILINE)
    patterns = [pattern.strip() for pattern in line.split(",")]
    for path in STATIC.rglob("*"):
        inside = path.relative_to(ROOT / "complaints_platform")
        if path.is_file():
            assert any(len(Path(p).parts) == len(inside.parts) and fnmatch(str(inside), p) for p in patterns), inside
