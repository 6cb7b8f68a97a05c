"""The benchmark of micro-batches cuts a day without losing a record, counts what is written, and compares hours."""

from benchmarks.intra_day_report import markdown
from benchmarks.intra_day_run import Spent, counted, cut
from complaints_platform.lake.store import LocalStore

HEADER = b"id;text\n"


def test_a_day_is_cut_into_small_files_that_hold_all_its_records_in_a_mixed_order(tmp_path):
    calls = [b"%d;call\n" % number for number in range(50)]
    sms = [b'{"id": %d}\n' % number for number in range(130)]
    (tmp_path / "calls.csv").write_bytes(HEADER + b"".join(calls))
    (tmp_path / "sms.ndjson").write_bytes(b"".join(sms))
    parts = cut(tmp_path, 18)
    for source, header, lines in (("calls", HEADER, calls), ("sms", b"", sms)):
        of_source = [part for part in parts if part.source == source]
        assert {part.header for part in of_source} == {header}
        assert b"".join(part.lines for part in of_source) == b"".join(lines)
    assert sum(part.records for part in parts) == 180
    assert len({part.name for part in parts}) == len(parts) == 18
    assert max(part.records for part in parts) == 10
    assert {part.source for part in parts[:4]} == {"calls", "sms"}


def test_what_is_written_to_stores_is_counted_and_arrives(tmp_path):
    spent, store = Spent(), LocalStore(tmp_path)
    with counted(spent):
        store.put("whole", b"12345")
        store.put("blocks", iter([b"123", b"45", b""]))
    store.put("afterwards", b"1")
    assert spent.bytes == 10
    assert store.get("whole") == store.get("blocks") == b"12345"


def test_hours_are_compared_by_what_a_micro_batch_costs():
    def part(runs, micro_batches, cpu, written):
        return {"runs": runs, "micro_batches": micro_batches, "cpu_s": cpu, "bytes": written}

    def hour(number, passes):
        collect = part(10, 10, 1.0, 10_000_000)
        return {
            "hour": number,
            "rows": 1,
            "collect": collect,
            "passes": passes,
            "look_cpu_s": 0.1,
            "waited_s": [1.0, 9.0],
        }

    early, late = hour(1, part(10, 10, 9.0, 30_000_000)), hour(23, part(2, 20, 28.0, 120_000_000))
    text = markdown({"records": 100, "micro_batches": 20, "together": 1, "hours": [early, late]})
    assert "Hour 23 against hour 1: CPU 1.50, bytes 1.75." in text
