from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_records import ELSEWHERE, KEY, NOON, NOTHING, NOWHERE, raw_records

from complaints_platform.cleaning import decide_outcomes, native_id_keys, prepare, version_order
from complaints_platform.schemas import CleanedComplaint, conform

HOUR = timedelta(hours=1)


def decided(today, before=NOTHING, elsewhere=NOWHERE):
    return decide_outcomes(prepare(today, KEY), prepare(before, KEY), elsewhere)


def outcomes(today, before=NOTHING, elsewhere=NOWHERE):
    """Outcome of each record of today, by record number."""
    frame = decided(today, before, elsewhere)
    return dict(frame.select("record_number", "outcome").iter_rows())


def other_day(source_id, **version):
    row = {
        "complaint_id": native_id_keys("forms", pl.Series([source_id]))[0],
        "raw_sha256": "b" * 64,
        "record_number": 1,
    }
    return pl.DataFrame([dict.fromkeys(ELSEWHERE) | row | version], schema=ELSEWHERE)


def test_a_record_alone_is_a_complaint():
    assert outcomes(raw_records({"source_id": "1"}, {"source_id": "2"}, {})) == {
        1: "complaint",
        2: "complaint",
        3: "complaint",
    }


class TestWithNativeId:
    def test_the_version_updated_last_counts_whenever_it_came(self):
        versions = raw_records(
            {"source_id": "1", "updated_at": NOON, "text": "one", "received_at": NOON + 9 * HOUR},
            {"source_id": "1", "updated_at": NOON + HOUR, "text": "two", "received_at": NOON},
            {"source_id": "1", "updated_at": None, "text": "three", "received_at": NOON + 10 * HOUR},
        )
        assert outcomes(versions) == {1: "superseded", 2: "complaint", 3: "superseded"}

    def test_without_update_times_the_last_to_come_counts(self):
        versions = raw_records(
            {"source_id": "1", "text": "one", "received_at": NOON + HOUR},
            {"source_id": "1", "text": "two", "received_at": NOON},
        )
        assert outcomes(versions) == {1: "complaint", 2: "superseded"}

    def test_ties_are_decided_by_file_and_place(self):
        by_file = raw_records(
            {"source_id": "1", "text": "one", "raw_sha256": "f" * 64}, {"source_id": "1", "text": "two"}
        )
        assert outcomes(by_file) == {1: "complaint", 2: "superseded"}
        by_place = raw_records({"source_id": "1", "text": "one"}, {"source_id": "1", "text": "two"})
        assert outcomes(by_place) == {1: "superseded", 2: "complaint"}

    def test_a_version_that_came_twice_counts_as_the_first_to_come(self):
        versions = raw_records(
            {"source_id": "1", "status": "open", "received_at": NOON},
            {"source_id": "1", "status": "closed", "received_at": NOON + 2 * HOUR},
            {"source_id": "1", "status": "closed", "received_at": NOON + HOUR},
        )
        frame = decided(versions)
        assert dict(frame.select("record_number", "outcome").iter_rows()) == {
            1: "superseded",
            2: "duplicate",
            3: "complaint",
        }
        duplicate = frame.filter(pl.col("outcome") == "duplicate")
        assert duplicate["duplicate_of"].to_list() == duplicate["complaint_id"].to_list()

    def test_what_differs_only_in_notation_is_the_same_version(self):
        versions = raw_records(
            {"source_id": "1", "text": "no  signal", "customer": "@Ada", "status": "OPEN"},
            {"source_id": "1", "text": "no signal", "customer": "ada", "status": "open"},
        )
        assert outcomes(versions) == {1: "complaint", 2: "duplicate"}

    def test_a_withdrawal_retracts_unless_a_newer_version_takes_it_back(self):
        withdrawal = {"source_id": "1", "withdrawn": True, "text": None, "updated_at": NOON + HOUR}
        assert outcomes(raw_records({"source_id": "1"}, withdrawal)) == {1: "superseded", 2: "retracted"}
        assert outcomes(raw_records(withdrawal)) == {1: "retracted"}
        assert outcomes(raw_records(withdrawal, withdrawal)) == {1: "retracted", 2: "duplicate"}
        back = {"source_id": "1", "updated_at": NOON + 2 * HOUR}
        assert outcomes(raw_records(withdrawal, back)) == {1: "superseded", 2: "complaint"}

    def test_a_newer_version_on_another_day_supersedes_all_of_today(self):
        today = raw_records({"source_id": "1"}, {"source_id": "1"}, {"source_id": "2"})
        newer = other_day("1", updated_at=NOON, received_at=NOON)
        assert outcomes(today, elsewhere=newer) == {1: "superseded", 2: "superseded", 3: "complaint"}

    def test_an_older_version_on_another_day_changes_nothing(self):
        today = raw_records({"source_id": "1", "updated_at": NOON})
        older = other_day("1", received_at=NOON + 100 * HOUR)
        assert outcomes(today, elsewhere=older) == {1: "complaint"}

    def test_the_same_id_from_two_sources_is_two_records(self):
        assert outcomes(raw_records({"source_id": "1"}, {"source_id": "1", "source": "sms"})) == {
            1: "complaint",
            2: "complaint",
        }

    def test_the_same_words_under_two_ids_are_two_complaints(self):
        today = raw_records({"source_id": "1", "customer": "ada"}, {"source_id": "2", "customer": "ada"})
        assert outcomes(today) == {1: "complaint", 2: "complaint"}

    @settings(deadline=None)
    @given(st.permutations(range(4)), st.lists(st.sampled_from([None, NOON, NOON + HOUR]), min_size=4, max_size=4))
    def test_both_days_of_a_moved_record_agree_on_one_version(self, order, updates):
        versions = [
            {
                "source_id": "1",
                "updated_at": update,
                "received_at": NOON + number * HOUR,
                "record_number": number + 1,
                "text": str(number),
            }
            for number, update in zip(order, updates, strict=True)
        ]
        days = [versions[:2], [version | {"occurred_at": NOON + 48 * HOUR} for version in versions[2:]]]
        counting = []
        for here, there in [days, days[::-1]]:
            others = pl.concat([other_day("1", **_version(version)) for version in there]).sort(version_order()).tail(1)
            counting += [
                outcome for outcome in outcomes(raw_records(*here), elsewhere=others).values() if outcome == "complaint"
            ]
        assert counting == ["complaint"]


def _version(record):
    return {"raw_sha256": "a" * 64} | {name: record[name] for name in ("updated_at", "received_at", "record_number")}


class TestWithoutNativeId:
    def repeated(self, *, after, **changes):
        return {"customer": "ada", "occurred_at": NOON + after} | changes

    def test_same_customer_and_words_within_a_day_is_a_duplicate_of_the_earliest(self):
        today = raw_records(*(self.repeated(after=hours * HOUR) for hours in (2, 0, 1)))
        frame = decided(today)
        assert frame["outcome"].to_list() == ["complaint", "duplicate", "duplicate"]
        assert frame["duplicate_of"].to_list() == [None, frame["complaint_id"][0], frame["complaint_id"][0]]

    @pytest.mark.parametrize(("hours", "outcome"), [(23, "duplicate"), (24, "duplicate"), (24.001, "complaint")])
    def test_the_window_reaches_across_midnight_for_24_hours(self, hours, outcome):
        before = raw_records(self.repeated(after=timedelta()))
        today = raw_records(self.repeated(after=hours * HOUR))
        assert outcomes(today, before) == {1: outcome}

    def test_each_record_is_compared_with_records_not_with_complaints(self):
        before = raw_records(self.repeated(after=timedelta()))
        today = raw_records(self.repeated(after=20 * HOUR), self.repeated(after=30 * HOUR))
        frame = decided(today, before)
        assert frame["outcome"].to_list() == ["duplicate", "duplicate"]
        assert frame["duplicate_of"].to_list() == [prepare(before, KEY)["complaint_id"][0], frame["complaint_id"][0]]

    @pytest.mark.parametrize(
        "change", [{"customer": "bola"}, {"customer": None}, {"text": "no light"}, {"source": "sms"}]
    )
    def test_weak_likeness_is_no_identity(self, change):
        today = raw_records(self.repeated(after=timedelta()), self.repeated(after=HOUR, **change))
        assert outcomes(today) == {1: "complaint", 2: "complaint"}

    def test_nobody_s_words_are_never_exact_duplicates(self):
        today = raw_records(*(self.repeated(after=hours * HOUR, customer=None) for hours in (0, 1)))
        frame = decided(today)
        assert frame["outcome"].to_list() == ["complaint", "complaint"]
        assert frame["near_duplicate_of"].to_list() == [None, frame["complaint_id"][0]]

    def test_records_that_agree_in_everything_get_ids_of_their_own(self):
        records = [{"raw_sha256": letter * 64, "customer": customer} for letter in "ab" for customer in (None, "ada")]
        frame = decided(raw_records(*records, *records))
        assert frame["complaint_id"].n_unique() == 8
        assert frame.filter(pl.col("customer_key").is_not_null())["outcome"].to_list().count("duplicate") == 3

    def test_the_day_before_counts_repetitions_the_same_way(self):
        day = raw_records(self.repeated(after=timedelta()), self.repeated(after=timedelta()))
        tomorrow = raw_records(self.repeated(after=20 * HOUR))
        original = decided(day).filter(pl.col("outcome") == "complaint")["complaint_id"][0]
        assert decided(tomorrow, day)["duplicate_of"].to_list() == [original]


STAMPS = [NOON + hours * HOUR for hours in (0, 1, 1, 5)]
records = st.lists(
    st.fixed_dictionaries(
        {
            "source_id": st.sampled_from([None, None, "1", "2"]),
            "source": st.sampled_from(["forms", "sms"]),
            "customer": st.sampled_from([None, "ada", "@Ada", "08031234567"]),
            "text": st.sampled_from(
                [
                    "no network in the whole of Ikeja today",
                    "NO NETWORK in the whole of Ikeja today!",
                    "refund",
                    "",
                    "Ã©",
                ]
            ),
            "occurred_at": st.sampled_from(STAMPS),
            "updated_at": st.sampled_from([None, *STAMPS]),
            "received_at": st.sampled_from(STAMPS),
            "withdrawn": st.sampled_from([False, False, False, True]),
            "raw_sha256": st.sampled_from(["a" * 64, "b" * 64]),
        }
    ),
    max_size=9,
)


@settings(max_examples=80, deadline=None)
@given(records, records, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(today, before, random):
    raw_today, raw_before = raw_records(*today), raw_records(*before).with_columns(pl.col("occurred_at") - 24 * HOUR)
    shuffled = [
        frame.sample(fraction=1, shuffle=True, seed=random.randrange(1000)) for frame in (raw_today, raw_before)
    ]
    frame = decided(raw_today, raw_before)
    assert frame.equals(decided(*shuffled), null_equal=True)
    assert frame.height == len(today)
    conform(frame, CleanedComplaint)


@settings(max_examples=60, deadline=None)
@given(records, st.integers(0, 9))
def test_how_records_are_split_into_files_does_not_matter(today, cut):
    """Apart from lineage, the rows are the same whether one file brings all records or two do."""
    same_time = [record | {"received_at": NOON} for record in today]
    one_file = [record | {"raw_sha256": "a" * 64} for record in same_time]
    two_files = [
        record
        | ({"raw_sha256": "a" * 64} if number <= cut else {"raw_sha256": "b" * 64, "record_number": number - cut})
        for number, record in enumerate(one_file, 1)
    ]
    lineage = ["raw_sha256", "record_number", "received_at"]
    frames = [decided(raw_records(*files)).drop(lineage) for files in (one_file, two_files)]
    assert frames[0].sort(pl.all()).equals(frames[1].sort(pl.all()), null_equal=True)


@settings(max_examples=60, deadline=None)
@given(records)
def test_every_id_counts_once_at_most(today):
    frame = decided(raw_records(*today))
    counting = frame.filter(pl.col("outcome").is_in(["complaint", "retracted"]))
    assert counting["complaint_id"].is_unique().all()
    native = frame.filter(pl.col("source_id").is_not_null())
    assert native["complaint_id"].n_unique() == counting.filter(pl.col("source_id").is_not_null()).height
