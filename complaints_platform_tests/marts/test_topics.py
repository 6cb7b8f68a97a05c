import json
from datetime import date, timedelta

import polars as pl
import pytest

from complaints_platform.marts.emerging_topics import TOPIC_DAYS, emerging_topics
from complaints_platform.marts.term_counts import INPUT_COLUMNS, term_counts
from complaints_platform.marts.terms import standing_out, terms_of

DAY = date(2026, 3, 10)
SCHEMA = dict.fromkeys(INPUT_COLUMNS, pl.String) | {"day": pl.Date}
USUAL = ["The signal is weak in the whole village", "My router keeps dropping calls", "Weak signal at my office"]


def complaints(day, texts, **more):
    rows = [
        {"day": day, "complaint_id": f"{day}-{number:03}", "text": text, "category": "data", "outcome": "complaint"}
        | more
        for number, text in enumerate(texts)
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def terms(text):
    return set(terms_of(pl.DataFrame({"complaint_id": ["a"], "text": [text]}))["term"])


def test_terms_are_words_and_pairs_without_stop_words():
    assert terms("The Tower Down since tower DOWN") == {"tower", "down", "tower down"}
    assert terms("It is <PHONE> or @someone, code AB-1234 at https://x.example/abc") == {"code"}
    assert terms("mast-broken Größe") == {"mast-broken", "größe", "mast-broken größe"}
    assert terms_of(
        pl.DataFrame({"complaint_id": ["a"], "text": [None]}, schema_overrides={"text": pl.String})
    ).is_empty()


def test_counts_are_of_complaints_without_near_duplicates():
    texts = ["tower fire tower", "Tower fire!", "a fire"]
    frame = pl.concat(
        [
            complaints(DAY, texts),
            complaints(DAY, ["tower fire"] * 4, near_duplicate_of="x").with_columns(complaint_id=pl.lit("near")),
            complaints(DAY, ["tower fire"] * 4, outcome="duplicate").with_columns(complaint_id=pl.lit("copy")),
        ]
    )
    counted = {row["term"]: row for row in term_counts(DAY, frame).iter_rows(named=True)}
    assert {term: row["complaints"] for term, row in counted.items()} == {"tower": 2, "tower fire": 2, "fire": 3}
    assert counted["tower fire"]["texts"] == 3
    assert json.loads(counted["tower fire"]["sample_ids"]) == [f"{DAY}-000", f"{DAY}-001"]


@pytest.fixture(scope="module")
def counts():
    days = [DAY - timedelta(days=back) for back in range(TOPIC_DAYS, 0, -1)]
    frames = [term_counts(day, complaints(day, USUAL * 10)) for day in days]
    today = complaints(DAY, USUAL * 10 + [f"smart meter{'s'[: n % 2]} explode near the church" for n in range(12)])
    return pl.concat([*frames, term_counts(DAY, today)])


def test_a_new_subject_emerges_and_the_usual_does_not(counts):
    found = emerging_topics(DAY, counts)
    assert set(found["category"]) == {"data"}
    named = found["term"].to_list()
    assert "church" in named or "near church" in named or "explode" in named
    assert not {"signal", "router", "weak signal"} & set(named)
    assert (found["complaints"] >= 2 * found["expected"]).all()
    assert all(len(json.loads(ids)) == 3 for ids in found["sample_ids"])


def test_without_a_week_nothing_is_new(counts):
    assert emerging_topics(DAY, counts.filter(pl.col("day") > DAY - timedelta(days=7))).is_empty()


def test_terms_that_set_texts_apart():
    inside = complaints(DAY, ["blackout in the harbour quarter, no signal"] * 6)
    background = complaints(DAY, ["no signal at home", "billing is wrong"] * 20)
    found = standing_out(inside, background, 3)
    assert found == ["blackout", "harbour quarter"]
    assert standing_out(inside.clear(), background, 3) == []
