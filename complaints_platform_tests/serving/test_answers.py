"""What the service answers: the same numbers as SQL, of one manifest, and text that stays text."""

import csv
import io
import json
import os
import random
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from pydantic import SecretStr

from complaints_platform.errors import LakeError
from complaints_platform.freshness.publishing import publish
from complaints_platform.lake import Lake
from complaints_platform.learning.review import ReviewQueue
from complaints_platform.marts.definition import GRAINS
from complaints_platform.marts.registry import METRICS
from complaints_platform.platform import Platform
from complaints_platform.serving.answers import metric_values as metrics
from complaints_platform.serving.answers.health import Pulse, PulseTaker
from complaints_platform.serving.answers.metric_values import before
from complaints_platform.serving.answers.review import Reviewing
from complaints_platform.serving.audit import logged_sql
from complaints_platform.serving.auth import Role
from complaints_platform.serving.failures import RequestFailed
from complaints_platform.serving.scope import Filters, IncidentScope, Period
from complaints_platform.serving.service import Service
from complaints_platform.serving.sql.exporting import export, spec_of
from complaints_platform.serving.store.parquet import LocalFiles
from complaints_platform.serving.store.search import SearchRequest, _words
from complaints_platform.serving.store.warehouse import FILE_NAME, Warehouse
from complaints_platform_tests.chain import DAY, Chain
from complaints_platform_tests.serving.conftest import HTML

FIRST, LAST = date(2026, 3, 10), date(2026, 3, 18)
LOCAL_DAY = "CAST(occurred_at AT TIME ZONE 'Africa/Lagos' AS DATE)"


def random_filters(rng):
    values = {
        "channel": ["sms", "web_form", "social_media"],
        "category": ["network_data", "billing_charges", "messaging"],
        "region": ["Lagos", "Abuja", "(none)", "nowhere"],
    }
    return {name: rng.sample(values[name], rng.randint(1, 2)) for name in rng.sample(list(values), rng.randint(0, 2))}


def condition(filters):
    parts = ["true"]
    for name, values in filters.items():
        named = ", ".join(f"'{value}'" for value in values if value != "(none)") or "NULL"
        parts.append(f"({name} IN ({named}){f' OR {name} IS NULL' if '(none)' in values else ''})")
    return " AND ".join(parts)


def test_what_is_not_known_yet_is_not_called_well(served, monkeypatch):
    stranger = served.settings.model_copy(update={"data_key": SecretStr("a key that this lake never saw")})
    pulse = PulseTaker(Platform(stranger)).take()
    assert pulse.taken_at is not None  # to look takes no secret
    assert pulse.stale == served.service.pulse.stale
    known = served.get("/api/v1/health", Role.VIEWER).json()
    assert known["looked_at"]
    assert len(known["sources"]) == 4
    monkeypatch.setattr(served.service, "pulse", Pulse())
    answer = served.get("/api/v1/health", Role.VIEWER).json()
    assert answer["looked_at"] is None
    assert "not known yet" in answer["sentences"][0]
    assert len(answer["sentences"]) == 1
    assert served.get("/api/v1/overview", Role.VIEWER).json()["looked_at"] is None


def test_a_period_of_which_the_data_know_a_part_is_no_comparison(served):
    first = served.ask(f"SELECT min({LOCAL_DAY}) AS day FROM categorized.complaints")[0]["day"]  # noqa: S608
    whole = {"from": first + timedelta(days=2), "to": first + timedelta(days=3)}
    half = {"from": first + timedelta(days=2), "to": first + timedelta(days=4)}
    for asked, is_known in ((whole, True), (half, False)):
        answer = served.get("/api/v1/overview", Role.VIEWER, **asked).json()
        assert (answer["headline"][0]["previous"] is not None) is is_known
        assert all((each["previous"] is not None) is is_known for each in answer["by_channel"])


@pytest.mark.parametrize("seed", range(6))
def test_the_overview_is_sql_on_the_detail(served, seed):
    rng = random.Random(seed)  # noqa: S311
    first = FIRST + timedelta(days=rng.randint(0, 5))
    last = first + timedelta(days=rng.randint(0, 3))
    filters = random_filters(rng)
    answer = served.get("/api/v1/overview", Role.VIEWER, **{"from": first, "to": last, **filters}).json()
    rows = served.ask(
        f"SELECT {LOCAL_DAY} AS day, channel, region, category, count(*) AS n FROM categorized.complaints "  # noqa: S608
        f"WHERE outcome = 'complaint' AND {condition(filters)} GROUP BY ALL"
    )
    rows = [row for row in rows if first <= row["day"] <= last]
    assert answer["headline"][0]["value"] == sum(row["n"] for row in rows)
    assert {each["day"]: each["value"] for each in answer["by_day"] if each["value"]} == count(rows, "day")
    for dimension in ("channel", "region", "category"):
        shown = {each[dimension]: each["value"] for each in answer[f"by_{dimension}"] if each["value"]}
        assert shown == count(rows, dimension)


def count(rows, column):
    counts = Counter()
    for row in rows:
        value = row[column]
        counts[value.isoformat() if isinstance(value, date) else value] += row["n"]
    return dict(counts)


def test_every_metric_answers_by_every_dimension_and_grain(served):
    for metric in METRICS.values():
        questions = [{"grain": grain} for grain in GRAINS] + [{"by": by} for by in metric.dimensions]
        for asked in questions:
            answer = served.get(f"/api/v1/metrics/{metric.name}", Role.VIEWER, compare="previous", **asked)
            assert answer.status_code == 200, answer.text
            assert all(asked.get("by", "value") in row for row in answer.json()["rows"])


def test_what_was_before_stands_beside_what_is(served):
    asked = {"grain": "day", "by": "channel", "from": "2026-03-14", "to": "2026-03-16"}
    now = served.get("/api/v1/metrics/complaints", Role.VIEWER, **asked, compare="previous").json()
    then = served.get(
        "/api/v1/metrics/complaints", Role.VIEWER, **{**asked, "from": "2026-03-11", "to": "2026-03-13"}
    ).json()
    assert (now["previous_from"], now["previous_to"]) == ("2026-03-11", "2026-03-13")
    earlier = {(row["period"], row["channel"]): row["value"] for row in then["rows"]}
    assert now["rows"]
    for row in now["rows"]:
        day = date.fromisoformat(row["period"]) - timedelta(days=3)
        assert row["previous"] == earlier.get((day.isoformat(), row["channel"]))


@pytest.mark.parametrize(
    ("first", "last", "grain", "compare", "expected"),
    [
        ("2026-03-10", "2026-03-12", "day", "previous", ("2026-03-07", "2026-03-09")),
        ("2026-03-09", "2026-03-18", "week", "previous", ("2026-02-23", "2026-03-04")),
        ("2026-03-01", "2026-03-31", "month", "previous", ("2026-02-01", "2026-02-28")),
        ("2026-01-15", "2026-03-31", "month", "previous", ("2025-10-15", "2025-12-31")),
        ("2024-02-29", "2024-02-29", "day", "year", ("2023-02-28", "2023-02-28")),
        ("2026-03-09", "2026-03-15", "week", "year", ("2025-03-10", "2025-03-16")),
    ],
)
def test_the_period_before(first, last, grain, compare, expected):
    found = before(Period(date.fromisoformat(first), date.fromisoformat(last)), grain, compare)
    assert (found.first.isoformat(), found.last.isoformat()) == expected


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "*",
        "(",
        "a AND",
        "[a TO",
        "text:",
        "a^",
        "~",
        "\\",
        "-",
        '-"',
        "😀",
        "a:b:c",
        "'",
        "NOT",
        "IN [",
        "{a}",
        "\x00",
        "a" * 900,
        "text:>5",
        "/x/",
    ],
)
def test_whatever_people_type_is_a_search(served, query):
    for sort in ("newest", "relevance"):
        assert served.get("/api/v1/complaints", q=query, sort=sort).status_code == 200


def test_words_phrases_and_exclusions(served):
    texts = [
        row["text"].lower() for row in served.ask("SELECT text FROM categorized.complaints WHERE outcome = 'complaint'")
    ]

    def found(q):
        return served.get("/api/v1/complaints", q=q, limit=200).json()["total"]

    def has(text, word):
        return word in "".join(letter if letter.isalnum() else " " for letter in text).split()

    assert found("") == len(texts)
    assert found("network") == sum(has(text, "network") for text in texts) > 0
    assert found("network -the") == sum(has(text, "network") and not has(text, "the") for text in texts) > 0
    assert found("NETWORK the") == sum(has(text, "network") and has(text, "the") for text in texts) > 0
    assert _words('a "b c" -d -"e f" AND') == [(False, "a"), (False, "b c"), (True, "d"), (True, "e f"), (False, "and")]


def test_pages_join_without_gaps_whatever_comes_meanwhile(served):
    everything = served.ask(
        "SELECT complaint_id FROM categorized.complaints WHERE outcome = 'complaint' AND channel = 'sms'"
    )
    seen, cursor, times = [], None, []
    while True:
        answer = served.get(
            "/api/v1/complaints", channel="sms", limit=17, **({"cursor": cursor} if cursor else {})
        ).json()
        seen += [item["complaint_id"] for item in answer["items"]]
        times += [item["occurred_at"][:19] for item in answer["items"]]
        assert answer["total"] == len(everything)
        cursor = answer["next_cursor"]
        if cursor is None:
            break
        served.service.index._view = type(served.service.index._view)(
            served.service.index._index.searcher(), served.service.index.state
        )
    assert sorted(seen) == sorted(row["complaint_id"] for row in everything)
    assert times == sorted(times, reverse=True)


def test_pages_by_relevance_are_of_one_ranking(served):
    first = served.get("/api/v1/complaints", q="network", sort="relevance", limit=5).json()
    second = served.get(
        "/api/v1/complaints", q="network", sort="relevance", limit=5, cursor=first["next_cursor"]
    ).json()
    both = served.get("/api/v1/complaints", q="network", sort="relevance", limit=10).json()
    assert [*first["items"], *second["items"]] == both["items"]
    other = served.get("/api/v1/complaints", q="other", sort="relevance", cursor=first["next_cursor"])
    assert other.json()["error"]["code"] == "invalid_cursor"


def test_pages_of_an_incident_go_on_while_it_grows(served):
    """Each manifest counts more hours and cells of an incident that goes on."""
    index, begun = served.service.index, datetime(2026, 3, 1, tzinfo=UTC)

    def page(incident, days, cells, cursor=None):
        what = IncidentScope(incident, begun, begun + timedelta(days=days), cells)
        return index.search(SearchRequest("network", None, "UTC", Filters({}), counted=what), "relevance", 3, cursor)

    every = [(None, None, None)]
    first = page("a", 30, tuple(every))
    assert first.next_cursor
    grown = page("a", 31, (*every, ("network_data", None, None)), first.next_cursor)
    assert grown.items == page("a", 30, tuple(every), first.next_cursor).items != first.items
    with pytest.raises(RequestFailed, match="not one of this search"):
        page("b", 30, tuple(every), first.next_cursor)


def test_what_is_asked_of_an_incident_waits_for_the_marts(served, monkeypatch):
    monkeypatch.setattr(Service, "is_ready", False)
    answer = served.get("/api/v1/complaints", incident="0" * 16)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "starting")
    monkeypatch.undo()
    assert served.get("/api/v1/complaints", incident="0" * 16).status_code == 404


def counted(served, where):
    sql = f"SELECT count(*) AS n FROM categorized.complaints WHERE outcome = 'complaint' AND {where}"  # noqa: S608
    return served.ask(sql)[0]["n"]


def test_filters_of_a_search_are_those_of_sql(served):
    for seed in range(5):
        filters = random_filters(random.Random(seed))  # noqa: S311
        answer = served.get("/api/v1/complaints", needs_review=True, **filters).json()
        assert answer["total"] == counted(served, f"needs_review AND {condition(filters)}")
    days = served.get("/api/v1/complaints", **{"from": "2026-03-12", "to": "2026-03-12"}).json()["total"]
    assert days == counted(served, f"{LOCAL_DAY} = '2026-03-12'")


def test_markup_in_a_complaint_is_text_everywhere(served):
    item = served.get("/api/v1/complaints", q="hyperlink").json()["items"][0]
    assert item["text"] == HTML
    detail = served.get(f"/api/v1/complaints/{item['complaint_id']}")
    assert detail.json()["complaint"]["text"] == HTML
    assert detail.headers["content-type"] == "application/json"
    sql = f"SELECT text FROM categorized.complaints WHERE complaint_id = '{item['complaint_id']}'"  # noqa: S608
    answer = served.client(Role.ANALYST).post("/api/v1/sql", json={"sql": sql, "format": "csv"})
    assert next(iter(csv.DictReader(io.StringIO(answer.text))))["text"] == f"'{HTML}"


def test_a_complaint_leads_back_to_its_bytes(served):
    item = served.get("/api/v1/complaints", q="hyperlink").json()["items"][0]
    path = f"/api/v1/complaints/{item['complaint_id']}"
    lineage = served.get(path).json()["lineage"]
    assert (lineage["file_name"], lineage["record_number"]) == ("html.ndjson", 1)
    raw = served.get(f"{path}/raw", Role.PRIVACY_OFFICER).json()
    assert json.loads(raw["raw_record"])["text"] == HTML
    with served.lake.originals.open(lineage["raw_sha256"]) as original:
        assert json.loads(original.read())["id"] == "html-1"
    why = served.get(f"{path}/explanation").json()
    assert why["terms"]


def test_duplicates_and_the_case_of_a_complaint(served):
    row = served.ask(
        "SELECT complaint_id, duplicate_of FROM categorized.complaints WHERE outcome = 'duplicate' LIMIT 1"
    )[0]
    detail = served.get(f"/api/v1/complaints/{row['duplicate_of']}").json()
    assert row["complaint_id"] in [item["complaint_id"] for item in detail["duplicates"]]
    contact = served.ask(
        "SELECT complaint_id, previous_id, episode_id FROM mart.contacts WHERE previous_id IS NOT NULL LIMIT 1"
    )
    for each in contact:
        episode = served.get(f"/api/v1/complaints/{each['complaint_id']}").json()["episode"]
        assert (episode["episode_id"], episode["previous_id"]) == (each["episode_id"], each["previous_id"])


def test_a_decision_becomes_a_correction_once(served):
    client = served.client(Role.REVIEWER)
    queue = client.get("/api/v1/review", params={"limit": 3}).json()
    item = queue["items"][0]
    assert item["alternatives"][0]["probability"] >= item["alternatives"][1]["probability"]
    assert item["terms"]
    body = {"complaint_id": item["complaint_id"], "category": "messaging", "subcategory": "message_delayed"}
    first, again = (client.post("/api/v1/corrections", json=body) for _ in range(2))
    assert (first.status_code, first.json()["new"], again.json()["new"]) == (201, True, False)
    assert first.json()["label_id"] == again.json()["label_id"]
    stored = served.lake.corrections.read().filter(pl.col("complaint_id") == item["complaint_id"])
    assert stored.select("author", "category", "subcategory").rows() == [("a reviewer", "messaging", "message_delayed")]
    left = client.get("/api/v1/review", params={"limit": 3}).json()
    assert item["complaint_id"] not in [each["complaint_id"] for each in left["items"]]
    marked = served.ask(
        "SELECT complaint_id FROM categorized.complaints WHERE needs_review AND outcome = 'complaint' "
        "AND day > (SELECT max(day) FROM categorized.complaints) - 30"
    )
    decided = served.lake.corrections.read()["complaint_id"].to_list()
    assert left["waiting"] == len({row["complaint_id"] for row in marked} - {*decided})
    assert left["waiting"] == served.get("/api/v1/overview").json()["review_waiting"]
    assert queue["waiting"] - left["waiting"] == (item["complaint_id"] in {row["complaint_id"] for row in marked})
    said = served.get(f"/api/v1/complaints/{item['complaint_id']}").json()["corrections"]
    assert [each["category"] for each in said] == ["messaging"]
    wrong = client.post("/api/v1/corrections", json={**body, "category": "nonsense"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_decision")


def test_the_review_queue_is_chosen_before_anybody_opens_it(served, monkeypatch):
    reviewing = Reviewing(served.service, served.app.state.model)
    assert reviewing.waiting is None
    reviewing.keep_ready()
    monkeypatch.setattr("complaints_platform.serving.answers.review.queue_of", None)
    answer, manifest = reviewing.queue(3)
    assert (len(answer.items), manifest) == (3, served.service.warehouse.manifest)
    assert reviewing.waiting == answer.waiting > 0
    reviewing.keep_ready()  # nothing is worn: nothing is chosen


def test_the_review_queue_is_chosen_again_soon_only_for_those_who_work_on_it(served, monkeypatch):
    reviewing, clock = Reviewing(served.service, served.app.state.model), [1e6]
    monkeypatch.setattr("complaints_platform.serving.answers.review.time.monotonic", lambda: clock[0])
    chosen = []
    choose = reviewing._choose
    monkeypatch.setattr(reviewing, "_choose", lambda: chosen.append(clock[0]) or choose())

    def looked(after):
        clock[0] += after
        reviewing._chosen.manifest = None  # a newer one is at hand
        reviewing.keep_ready()
        return len(chosen)

    reviewing.keep_ready()
    assert looked(after=400) == 1
    reviewing.queue(1)
    assert looked(after=0) == 2  # the queue is older than five minutes, and somebody works on it
    assert looked(after=400) == 2  # nobody has asked since
    assert looked(after=3300) == 3


def test_a_queue_is_cut_after_what_the_index_does_not_hold_is_left_out(served, monkeypatch):
    reviewing = Reviewing(served.service, served.app.state.model)
    every = [item.complaint_id for item in reviewing.queue(100)[0].items]
    some = served.service.index.some
    monkeypatch.setattr(
        served.service.index,
        "some",
        lambda *limit, **wanted: [item for item in some(*limit, **wanted) if item.complaint_id not in every[:2]],
    )
    assert [item.complaint_id for item in reviewing.queue(3)[0].items] == every[2:5]


def test_a_late_look_at_an_older_queue_counts_nothing(served):
    reviewing = Reviewing(served.service, served.app.state.model)
    reviewing.keep_ready()
    older, waiting = reviewing._chosen, reviewing.waiting
    older.queue = ReviewQueue(older.queue.waiting.clear(), older.queue.frame)
    reviewing._choose()
    reviewing._left(older)
    assert older.waiting == 0
    assert reviewing.waiting == waiting > 0


def test_an_answer_is_kept_for_an_hour_at_most(served, monkeypatch):
    """What should have been answered by now grows as time passes, without any table changing."""
    asked = []
    monkeypatch.setattr(
        "complaints_platform.serving.http.routes.numbers.answer",
        lambda *question: asked.append(question) or metrics.answer(*question),
    )
    path = "/api/v1/metrics/first_response_timely_rate"
    for hour, times in ((1, 1), (1, 1), (2, 2)):
        monkeypatch.setattr("complaints_platform.serving.http.responses.this_hour", lambda hour=hour: hour)
        assert served.get(path).status_code == 200
        assert len(asked) == times


@pytest.mark.parametrize("output", ["csv", "parquet", "arrow"])
def test_exports_are_the_data_set(served, output):
    answer = served.get(
        "/api/v1/export/categorized.complaints",
        format=output,
        channel="sms",
        **{"from": "2026-03-12", "to": "2026-03-14"},
    )
    data = io.BytesIO(answer.content)
    if output == "csv":
        ids = pl.read_csv(data, infer_schema=False)["complaint_id"]
    else:
        frame = pl.read_parquet(data) if output == "parquet" else pl.DataFrame(pa.ipc.open_stream(data).read_all())
        assert frame.schema["occurred_at"] == pl.Datetime("us", "UTC")
        ids = frame["complaint_id"]
    wanted = served.ask(
        "SELECT complaint_id FROM categorized.complaints "
        "WHERE channel = 'sms' AND day BETWEEN '2026-03-12' AND '2026-03-14'"
    )
    assert sorted(ids) == sorted(row["complaint_id"] for row in wanted)
    assert ids.len() > 0


def test_an_export_of_a_mart_has_the_days_of_the_reporting_zone_and_fetches_none_before_its_turn(served, monkeypatch):
    days = ["2026-03-12", "2026-03-13"]
    answer = served.get("/api/v1/export/mart.daily_complaints", format="parquet", **{"from": days[0], "to": days[1]})
    exported = pl.read_parquet(io.BytesIO(answer.content))
    assert {str(day) for day in exported["local_day"]} == set(days)
    rows = served.ask(
        "SELECT count(*) AS n FROM categorized.complaints "  # noqa: S608
        f"WHERE outcome = 'complaint' AND {LOCAL_DAY} BETWEEN '{days[0]}' AND '{days[1]}'"
    )
    assert exported["complaints"].sum() == rows[0]["n"]
    assert exported["day"].n_unique() == 3  # midnight in Lagos is 23:00 UTC

    fetched, real = [], LocalFiles.of_table
    monkeypatch.setattr(LocalFiles, "of_table", lambda *asked: fetched.append(asked) or real(*asked))
    pieces = export(
        served.service,
        spec_of("mart.daily_complaints"),
        served.service.warehouse.manifest,
        (None, None),
        Filters({}),
        "arrow",
        safe=True,
    )
    assert fetched == []
    next(pieces)
    assert len(fetched) == 1


def test_an_export_can_be_made_for_programs_instead_of_spreadsheets(served):
    for safe, start in ((True, "'=HYPER"), (False, "=HYPER")):
        answer = served.get(
            "/api/v1/export/categorized.complaints", spreadsheet_safe=safe, **{"from": "2026-03-15", "to": "2026-03-15"}
        )
        assert any(row["text"].startswith(start) for row in csv.DictReader(io.StringIO(answer.text)))
    assert served.get("/api/v1/export/raw.sms", Role.PRIVACY_OFFICER).status_code == 404
    assert served.get("/api/v1/export/cleaned.quarantine", region="x").status_code == 400


def test_the_audit_log_says_who_asked_for_what_but_not_the_words(served):
    secret = "08031234567"  # noqa: S105  # a phone number that somebody types
    served.get("/api/v1/complaints", q=secret, channel="sms", customer_key=secret)
    served.client(Role.ANALYST).post("/api/v1/sql", json={"sql": f"SELECT '{secret}', {secret} -- {secret}"})
    served.get("/api/v1/audit", Role.VIEWER)
    entries = served.get("/api/v1/audit", Role.PRIVACY_OFFICER, limit=50).json()["entries"]
    stored = b"".join(
        served.lake.store.get(entry.key) for entry in served.lake.store.entries("audit") if not entry.is_folder
    )
    assert secret.encode() not in stored
    by_path = {(entry["path"], entry["name"]): entry for entry in reversed(entries)}
    assert by_path["/api/v1/sql", "a analyst"]["asked"] == {"sql": "SELECT ?, ?"}
    assert by_path["/api/v1/complaints", "a analyst"]["asked"]["channel"] == ["sms"]
    assert by_path["/api/v1/audit", "a viewer"]["status"] == 403
    assert (
        logged_sql("SELECT a1 FROM t WHERE b = 'O''Neil' /* x */ AND c > 1.5e3")["sql"]
        == "SELECT a1 FROM t WHERE b = ? AND c > ?"
    )


def test_nothing_secret_is_answered_that_is_not_written_down(served, monkeypatch):
    def full(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(served.service.audit._audit, "add", full)
    item = served.get("/api/v1/complaints", q="hyperlink").json()["items"][0]
    answer = served.get(f"/api/v1/complaints/{item['complaint_id']}/raw", Role.PRIVACY_OFFICER)
    assert answer.status_code == 500
    assert HTML not in answer.text


def test_a_request_reads_one_manifest_while_others_are_published(tmp_path):
    chain = Chain(Lake(str(tmp_path / "lake")))
    warehouse = Warehouse(chain.lake, LocalFiles(chain.lake.store, tmp_path / "files"), tmp_path, 256, "UTC")
    days = [DAY + timedelta(days=number) for number in range(4)]
    published, stop, wrong = {}, threading.Event(), []

    def write():
        for value in range(1, 8):
            chain.run(dict.fromkeys(days, value))
            published[publish(chain.lake).number] = value
        stop.set()

    def refresh():
        while not stop.is_set():
            warehouse.refresh()

    threads = [threading.Thread(target=work) for work in (write, refresh)]
    for thread in threads:
        thread.start()
    seen = set()
    while not stop.is_set():
        with warehouse.snapshot() as snapshot:
            first = snapshot.rows("SELECT list(DISTINCT complaints) FROM mart.daily_complaints")[0][0]
            second = snapshot.rows("SELECT list(DISTINCT complaints), count(*) FROM mart.daily_complaints")[0]
            if snapshot.number:
                seen.add(snapshot.number)
                if first != second[0] or len(first) != 1 or second[1] != len(days):
                    wrong.append((snapshot.number, first, second))
    for thread in threads:
        thread.join()
    warehouse.refresh()
    assert not wrong
    assert len(seen) > 1
    with warehouse.snapshot() as snapshot:
        assert snapshot.rows("SELECT DISTINCT complaints FROM mart.daily_complaints") == [(published[snapshot.number],)]
    warehouse.close()


class Bucket:
    """An object store of one object; counts how often it is fetched."""

    uri = "s3://bucket"
    fetched = 0

    def get(self, key):
        self.fetched += 1
        return b"data" if key == "a/b.parquet" else None


def test_files_of_an_object_store_are_fetched_once_and_forgotten(tmp_path):
    bucket = Bucket()
    files = LocalFiles(bucket, tmp_path)
    [path] = files.paths(["a/b.parquet"])
    assert files.paths(["a/b.parquet"]) == [path]
    assert (Path(path).read_bytes(), bucket.fetched) == (b"data", 1)
    with pytest.raises(LakeError, match="is gone"):
        files.paths(["a/c.parquet"])
    now = datetime.now(UTC)
    files.forget([], now - timedelta(hours=1))
    files.forget(["a/b.parquet"], now + timedelta(hours=1))
    assert Path(path).exists()
    os.utime(path, (0, 0))
    assert files.paths(["a/b.parquet"]) == [path]  # used again: whoever reads it now must not lose it
    files.forget([], now - timedelta(hours=1))
    assert Path(path).exists()
    files.forget([], now + timedelta(hours=1))
    assert not Path(path).exists()


def test_a_copy_that_is_damaged_or_of_another_lake_is_made_again(tmp_path):
    chain = Chain(Lake(str(tmp_path / "lake")))
    chain.run({DAY: 1, DAY + timedelta(days=1): 2})
    publish(chain.lake)

    def total():
        warehouse = Warehouse(chain.lake, LocalFiles(chain.lake.store, tmp_path / "files"), tmp_path, 256, "UTC")
        warehouse.refresh()
        with warehouse.snapshot() as snapshot:
            found = snapshot.rows("SELECT sum(complaints) FROM mart.daily_complaints")[0][0]
        warehouse.close()
        return found

    assert total() == 3
    assert total() == 3
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 1000)
    assert total() == 3
    chain = Chain(Lake(str(tmp_path / "another")))
    chain.run({DAY: 7})
    publish(chain.lake)
    assert total() == 7
