"""The benchmark of the whole path runs: a small workload is trained on, taken to the marts and counted."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from benchmarks import platform_run
from benchmarks.workload import SOURCES, TAXONOMY, Workload

DAYS = [date(2026, 3, 27), date(2026, 3, 28)]
TEXTS = {
    "billing": "I was charged twice on my invoice of {}",
    "delivery": "the parcel of {} never arrived at my door",
    "outage": "no signal at all since {}, the network is down",
}


def write_workload(folder, a_day):
    """Short messages of two days, and labels of texts like theirs; the last fifth is held out."""
    texts = [(name, text.format(number)) for number in range(a_day // len(TEXTS)) for name, text in TEXTS.items()]
    for day in DAYS:
        lines = []
        for number, (_, text) in enumerate(texts):
            at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(minutes=number)
            sent = {"msg_id": f"{day}-{number}", "msisdn": f"+4915000000{number}", "ts": int(at.timestamp() * 1000)}
            lines.append(orjson.dumps({**sent, "cell": "Berlin", "body": f"{text}, {day}"}))
        (folder / f"day={day}").mkdir(parents=True)
        (folder / f"day={day}" / "sms.ndjson").write_bytes(b"\n".join(lines))
    labels = [orjson.dumps([f"{text}, {DAYS[0]}", name]) for name, text in texts]
    (folder / "labels_0.jsonl").write_bytes(b"\n".join(labels))
    return len(texts) * len(DAYS)


@pytest.mark.parametrize("run", [platform_run.through_dagster, platform_run.without_dagster])
def test_the_path_is_run_from_labels_and_files_to_counts(run, make_settings, tmp_path):
    workload = Workload(60, len(DAYS), tmp_path / "data", tmp_path / "peers")
    received = write_workload(workload.data, 30)
    settings = make_settings(sources=SOURCES, taxonomy=TAXONOMY, first_day=DAYS[0])
    trained = platform_run.train(settings, workload)
    assert trained["labels"] == 24
    assert trained["accuracy"] > 0.9
    workload.landing(tmp_path / "landing")
    spans = run(settings)
    assert {"collect", "cleaned", "categorized", "marts"} <= spans.keys()
    counts = platform_run.counts(settings, workload)
    assert counts["all_files_reconcile"]
    assert (counts["received"], counts["complaints"], counts["days"]) == (received, received, 2)
    assert counts["in_daily_mart"] == received
    assert counts["scored"]
