import os
import signal
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import polars as pl
import pytest
from deltalake import DeltaTable

from complaints_platform.errors import LakeError
from complaints_platform.lake.store import LocalStore
from complaints_platform.lake.tables import DayFrame, Table

SCHEMA = pl.Schema({"day": pl.Date, "value": pl.Int64, "text": pl.String})
FIRST = date(2026, 3, 1)


def day_frame(day, values, fingerprint="f"):
    frame = pl.DataFrame({"value": values, "text": [f"{day} {value}" for value in values]}, schema_overrides=SCHEMA)
    return DayFrame(day, frame.with_columns(day=pl.lit(day)).select(SCHEMA.names()), fingerprint)


@pytest.fixture
def table(tmp_path):
    return Table(LocalStore(tmp_path), "tables/a/b", SCHEMA)


def days_of(count, first=FIRST):
    return [first + timedelta(days=offset) for offset in range(count)]


def values(table):
    return {
        day: frame["value"].to_list()
        for (day,), frame in table.scan().collect().partition_by("day", as_dict=True).items()
    }


def test_range_is_one_commit_and_reads_back(table):
    days = days_of(30)
    table.replace_days(days, (day_frame(day, [day.day, 1]) for day in days))
    assert table.version() == 1  # 0 creates the table
    assert values(table) == {day: [day.day, 1] for day in days}
    assert table.row_counts() == dict.fromkeys(days, 2)


def test_replacing_some_days_leaves_the_others(table):
    days = days_of(5)
    table.replace_days(days, (day_frame(day, [1]) for day in days))
    table.replace_days(days[1:3], [day_frame(days[1], [7], "new")])
    assert values(table) == {days[0]: [1], days[1]: [7], days[3]: [1], days[4]: [1]}
    assert table.fingerprints() == {days[0]: "f", days[1]: "new", days[3]: "f", days[4]: "f"}


def test_an_empty_day_is_materialised_and_a_missing_one_is_not(table):
    table.replace_days([FIRST], [day_frame(FIRST, [])])
    stored = list(table.read_days(days_of(2)))
    assert [(day.day, day.frame.height, day.fingerprint) for day in stored] == [(FIRST, 0, "f")]
    assert stored[0].frame.schema == SCHEMA


def test_a_table_never_written_is_empty(table):
    assert table.scan().collect().schema == SCHEMA
    assert list(table.read_days(days_of(3))) == []
    assert table.version() is None


def test_only_asked_columns_are_read(table):
    table.replace_days([FIRST], [day_frame(FIRST, [3])])
    (stored,) = table.read_days([FIRST], ["value"])
    assert stored.frame.to_dict(as_series=False) == {"value": [3]}


def test_failure_in_the_middle_leaves_the_table_as_it_was(table):
    days = days_of(4)
    table.replace_days(days, (day_frame(day, [1]) for day in days))

    def broken():
        yield day_frame(days[0], [2])
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        table.replace_days(days, broken())
    assert values(table) == {day: [1] for day in days}


def test_a_frame_of_another_day_is_refused(table):
    with pytest.raises(LakeError, match="2026-03-02"):
        table.replace_days([FIRST], [day_frame(FIRST + timedelta(days=1), [1])])


def test_several_writers_of_different_days_all_win(table):
    def write(number):
        for repeat in range(5):
            days = days_of(3, FIRST + timedelta(days=10 * number))
            table.replace_days(days, (day_frame(day, [number, repeat]) for day in days))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    expected = {day: [number, 4] for number in range(6) for day in days_of(3, FIRST + timedelta(days=10 * number))}
    assert values(table) == expected


def test_several_writers_of_one_day_leave_one_whole_version(table):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: table.replace_days([FIRST], [day_frame(FIRST, [number] * 3)]), range(8)))
    (kept,) = values(table).values()
    assert len(kept) == 3
    assert len(set(kept)) == 1


def test_other_engines_read_it_as_a_delta_table(table):
    table.replace_days(days_of(2), (day_frame(day, [4]) for day in days_of(2)))
    read = pl.DataFrame(DeltaTable(table.uri).to_pyarrow_table())
    assert sorted(read["day"].to_list()) == days_of(2)


def test_appends_are_compacted(tmp_path):
    schema = pl.Schema({"source": pl.String, "value": pl.Int64})
    table = Table(LocalStore(tmp_path), "index", schema, partition_by="source")
    for number in range(6):
        table.append(pl.DataFrame({"source": ["a"], "value": [number]}), "a")
    table.append(pl.DataFrame({"source": ["b"], "value": [9]}), "b")
    table.compact_when_fragmented("a", 5)
    assert len([file for file in table.files() if file.partition == "a"]) == 1
    assert sorted(table.scan("a").collect()["value"].to_list()) == list(range(6))
    assert table.scan("b").collect()["value"].to_list() == [9]


WRITER = """
import sys
from datetime import date, timedelta
import polars as pl
from complaints_platform.lake.store import LocalStore
from complaints_platform.lake.tables import DayFrame, Table
schema = pl.Schema({"day": pl.Date, "value": pl.Int64, "text": pl.String})
table = Table(LocalStore(__import__("pathlib").Path(sys.argv[1])), "t", schema)
days = [date(2026, 3, 1) + timedelta(days=n) for n in range(6)]
value = 0
print("ready", flush=True)
while True:
    value += 1
    frame = pl.DataFrame({"day": [days[0]], "value": [value], "text": ["x"]}, schema=schema)
    table.replace_days(days, (DayFrame(day, frame.with_columns(day=pl.lit(day)), "f") for day in days))
"""


@pytest.mark.crash
def test_readers_see_whole_commits_while_writers_are_killed(tmp_path):
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)], stdout=subprocess.PIPE
        ) as writer:
            writer.stdout.readline()
            versions = set()
            while len(versions) < 5:
                stored = Table(LocalStore(tmp_path), "t", SCHEMA).scan().collect()
                assert stored["value"].n_unique() <= 1
                assert stored.height in {0, 6}
                versions |= set(stored["value"])
            os.kill(writer.pid, signal.SIGKILL)
    final = Table(LocalStore(tmp_path), "t", SCHEMA).scan().collect()
    assert final["day"].n_unique() == final.height == 6


def test_a_column_of_a_newer_release_is_added_and_null_in_rows_of_before(tmp_path):
    store = LocalStore(tmp_path)
    day = date(2026, 3, 10)
    old = Table(store, "t", pl.Schema({"day": pl.Date, "n": pl.Int64}))
    new = Table(store, "t", pl.Schema({"day": pl.Date, "n": pl.Int64, "added": pl.String}))
    old.replace_days([day], [DayFrame(day, pl.DataFrame({"day": [day], "n": [1]}), "f1")])
    assert [frame.frame.to_dicts() for frame in new.read_days([day])] == [[{"day": day, "n": 1, "added": None}]]
    later = day + timedelta(days=1)
    new.replace_days([later], [DayFrame(later, pl.DataFrame({"day": [later], "n": [2], "added": ["x"]}), "f2")])
    assert new.scan().collect().sort("n")["added"].to_list() == [None, "x"]


def test_purging_history_leaves_only_what_the_newest_version_names(tmp_path):
    store = LocalStore(tmp_path)
    day = date(2026, 3, 10)
    table = Table(store, "t", pl.Schema({"day": pl.Date, "n": pl.Int64}))
    for number in range(3):
        table.replace_days([day], [DayFrame(day, pl.DataFrame({"day": [day], "n": [number]}), f"f{number}")])
    assert table.purge_history() == 2
    assert len(list(tmp_path.rglob("*.parquet"))) == 1
    assert [frame.frame["n"].to_list() for frame in table.read_days([day])] == [[2]]
