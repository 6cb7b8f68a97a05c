"""What belongs together is published, at once; what is half-done keeps it waiting, but not for ever."""

import shutil
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from complaints_platform.freshness.publishing import (
    NOTHING,
    PATIENCE,
    inconsistent_days,
    is_whole,
    publish,
    publish_all,
)
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CLEANED, DAILY, TABLES
from complaints_platform.lake.tables import Table
from complaints_platform.pipeline.derived import DERIVED_OF
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform_tests.chain import DAY, LAST, STEPS, Chain, made

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def chain(tmp_path):
    return Chain(Lake(str(tmp_path / "lake")))


def totals(catalogue):
    sql = """SELECT (SELECT sum(complaints) FROM mart.daily_complaints)::INT,
                    (SELECT sum(complaints) FROM mart.complaint_trends)::INT"""
    return tuple(run_query(catalogue, sql).to_pylist()[0].values())


def test_a_run_becomes_visible_as_a_whole(chain):
    catalogue = Catalogue(chain.lake, [])
    chain.run({DAY: 1, NEXT: 10})
    first = publish(chain.lake)
    for spec in STEPS[:-1]:
        chain.step(spec, {DAY: 2})
        assert publish(chain.lake) == first
        assert totals(catalogue) == (11, 11)
    chain.step(LAST, {DAY: 2})
    second = publish(chain.lake)
    assert second.number == first.number + 1
    assert totals(catalogue) == (12, 12)
    assert publish(chain.lake) == second


def test_a_day_is_whole_when_the_last_table_of_the_chain_is_written(chain):
    for number in (1, 2):
        for spec in STEPS[:-1]:
            chain.step(spec, {DAY: number})
            assert not is_whole(chain.lake, DAY)
        chain.step(LAST, {DAY: number})
        assert is_whole(chain.lake, DAY)
    assert not is_whole(chain.lake, NEXT)


def test_while_a_run_is_at_work_few_tables_are_looked_at(chain, monkeypatch):
    chain.run({DAY: 1})
    chain.run({DAY: 2}, until=DAILY)
    looked, state = [], Table.state
    monkeypatch.setattr(Table, "state", lambda table: looked.append(table.key) or state(table))
    assert not is_whole(chain.lake, DAY)
    assert len(looked) <= 4
    del looked[:]
    publish(chain.lake)
    assert len(looked) >= len(TABLES)


def test_a_query_keeps_its_manifest_for_its_whole_life(chain):
    catalogue = Catalogue(chain.lake, [])
    chain.run({DAY: 1})
    publish(chain.lake)
    opened = catalogue.open({"mart.daily_complaints"}, chain.lake.manifests.newest())
    chain.run({DAY: 2})
    publish(chain.lake)
    [(_, select)] = opened.views
    assert duckdb.sql(f"SELECT complaints FROM ({select})").fetchall() == [(1,)]  # noqa: S608
    assert totals(catalogue) == (2, 2)


def test_what_was_never_published_is_empty_beside_what_was(chain):
    chain.run({DAY: 1})
    publish(chain.lake)
    table = next(spec for spec in TABLES if spec.by_received_day)
    assert table.table_in(chain.lake, chain.lake.manifests.newest()).scan().collect().is_empty()


def test_a_run_that_died_before_publishing_is_published_by_the_next(chain):
    chain.run({DAY: 1})
    assert publish(chain.lake).versions == {spec.sql_name: 1 for spec in STEPS}


def test_a_run_that_died_between_tables_keeps_its_day_unseen_until_it_is_repeated(chain):
    chain.run({DAY: 1, NEXT: 1})
    publish(chain.lake, NOW)
    chain.run({DAY: 2}, until=DAILY)
    chain.run({NEXT: 5})
    assert totals(Catalogue(chain.lake, [])) == (2, 2)
    assert publish(chain.lake, NOW).number == 1
    chain.run({DAY: 2, NEXT: 5}, after=DAILY)  # what looks back on the day is made again with it
    assert publish(chain.lake, NOW).number == 2
    assert totals(Catalogue(chain.lake, [])) == (7, 7)


def test_a_day_that_fails_again_and_again_does_not_hide_the_others_for_ever(chain):
    chain.run({DAY: 1, NEXT: 1})
    publish(chain.lake, NOW)
    chain.run({DAY: 2}, until=CLEANED)
    assert publish(chain.lake, NOW).number == 1
    chain.run({DAY: 3}, until=CLEANED)
    chain.run({NEXT: 5})
    assert publish(chain.lake, NOW + PATIENCE / 2).number == 1
    shown = publish(chain.lake, NOW + PATIENCE)
    assert (shown.number, shown.unfinished) == (2, (DAY,))
    chain.run({NEXT: 6})
    shown = publish(chain.lake, NOW + PATIENCE)
    assert (shown.number, shown.unfinished) == (3, (DAY,))
    chain.run({DAY: 4})
    assert publish(chain.lake, NOW + PATIENCE).unfinished == ()
    chain.run({DAY: 5}, until=CLEANED)
    assert publish(chain.lake, NOW + PATIENCE).number == 4


def test_tables_that_were_deleted_and_made_anew_are_published(chain, tmp_path):
    for value in range(3):
        chain.run({DAY: value})
    publish(chain.lake)
    shutil.rmtree(tmp_path / "lake" / "tables")
    chain.run({DAY: 9})
    assert publish(chain.lake).number == 2
    assert totals(Catalogue(chain.lake, [])) == (9, 9)


def test_publishing_all_leaves_one_manifest_that_names_what_is_newest(chain):
    chain.run({DAY: 1})
    publish(chain.lake)
    chain.run({DAY: 2}, until=DAILY)
    publish_all(chain.lake)
    (manifest,) = chain.lake.manifests.all()
    assert manifest.versions == {spec.sql_name: spec.table(chain.lake).version() for spec in STEPS}


DAYS = [DAY + timedelta(days=offset) for offset in range(4)]
RUNS = st.lists(
    st.tuples(st.sets(st.sampled_from(DAYS), min_size=1), st.integers(0, 3), st.integers(1, len(STEPS))), max_size=6
)


@given(RUNS)
def test_exactly_the_days_of_interrupted_runs_are_torn(runs):
    """Each run writes a number for some days into its first tables."""
    states = {spec: {} for spec in STEPS}
    for days, value, tables in runs:
        for spec in STEPS[:tables]:
            states[spec] |= dict.fromkeys(days, value)
    now = {}
    # Trends and others that look back were made of what stands now; all others, of what a run gave them.
    looking_back = {spec for spec, derived in DERIVED_OF.items() if derived.mart.look_back}
    for spec in STEPS:
        source = now[DERIVED_OF[spec].source] if spec in looking_back else None
        now[spec] = {day: made(spec, day, value, source) for day, value in states[spec].items()}
    inconsistent = {
        day
        for day in states[CLEANED]
        if len({states[spec].get(day) for spec in STEPS if spec not in looking_back}) > 1
        or any(day not in states[spec] for spec in looking_back)
    }
    before = NOTHING
    assert inconsistent_days(before, now) == sorted(inconsistent)
    assert inconsistent_days(now, now) == []
    assert inconsistent_days(now, now, DAYS) == sorted(inconsistent | (set(DAYS) - states[CLEANED].keys()))


STATES_SEEN_A_ROUND = 2

WRITER = """
    import sys
    from datetime import timedelta
    from chain import DAY, STEPS, Chain
    from complaints_platform.lake import Lake
    from complaints_platform.freshness.publishing import publish
    chain, value = Chain(Lake(sys.argv[1])), int(sys.argv[2])
    while True:
        for spec in STEPS:
            chain.step(spec, {DAY + timedelta(days=int(sys.argv[2]) + offset): value for offset in range(2)})
        publish(chain.lake)
        value += 10
"""


@pytest.mark.crash
def test_a_reader_never_sees_half_a_run_while_two_write_and_are_killed(chain):
    """Each writer owns two days, which it gives the same number, in table after table."""
    sql = """
        SELECT d.day::VARCHAR AS day, d.complaints AS daily, t.complaints AS trends
        FROM mart.daily_complaints d FULL JOIN mart.complaint_trends t USING (day) ORDER BY 1
    """
    chain.run({DAY + timedelta(days=offset): 0 for offset in range(4)})
    publish(chain.lake)
    catalogue, seen = Catalogue(chain.lake, []), set()
    deadline = datetime.now(UTC) + timedelta(minutes=2)
    code = textwrap.dedent(WRITER)
    for _ in range(2):
        writers = [
            subprocess.Popen(
                [sys.executable, "-c", code, str(chain.lake.store.uri), str(first)],
                env={"PYTHONPATH": str(Path(__file__).parent.parent)},
            )
            for first in (0, 2)
        ]
        try:
            before = len(seen)
            while len(seen) < before + STATES_SEEN_A_ROUND:
                rows = run_query(catalogue, sql).to_pylist()
                assert [row["daily"] for row in rows] == [row["trends"] for row in rows]
                assert rows[0]["daily"] == rows[1]["daily"]
                assert rows[2]["daily"] == rows[3]["daily"]
                seen.add(tuple(row["daily"] for row in rows))
                assert datetime.now(UTC) < deadline, f"{len(seen)} states seen"
        finally:
            for writer in writers:
                writer.kill()
                writer.wait()
