"""What the catalogue is told of raw days."""

from datetime import timedelta

import pytest

from complaints_platform.defs.raw import materializations
from complaints_platform.lake.segments import Segments
from complaints_platform_tests.small_lake import FIRST, TEXTS, Place


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = Place(tmp_path_factory.mktemp("raw"))
    for file in range(6):
        place.send(f"part{file}", [(f"{file}-{n}", text, FIRST, FIRST) for n, text in enumerate(TEXTS)])
    return place


def test_a_micro_batch_of_a_day_of_many_files_is_told_of_by_reading_one_segment(place, monkeypatch):
    read, each = [], Segments._segment

    def counting(self, raw_day, name, *more):
        read.append(name)
        return each(self, raw_day, name, *more)

    monkeypatch.setattr(Segments, "_segment", counting)
    (event,) = materializations(place.lake, "forms", [FIRST])
    assert event.metadata["files"].value == 6
    assert event.metadata["dagster/partition_row_count"].value == 18
    newest = max(place.lake.segments.day("forms", FIRST).segments, key=lambda segment: segment[1].received_at)
    assert read == [str(newest[0])]
    assert "web_form" in event.metadata["preview"].value


def test_the_last_event_shows_records_of_the_newest_day_that_has_any(place):
    first, last = materializations(place.lake, "forms", [FIRST, FIRST + timedelta(days=1)])
    assert "preview" not in first.metadata
    assert last.metadata["dagster/partition_row_count"].value == 0
    assert "web_form" in last.metadata["preview"].value
