"""A collect that is killed, or that others disturb, and is repeated leaves what an undisturbed one leaves."""

import shutil
from datetime import UTC, date, datetime

import pytest
from harness import KILLED, assert_only_the_committed_counts, assert_same, contents, moments

from complaints_platform.intake.collect import Collector
from complaints_platform.intake.files import Status
from complaints_platform.intake.landing import Landing
from complaints_platform.lake import Lake
from complaints_platform.settings import PACKAGED_SOURCES
from complaints_platform.sources.contract import load_contracts

pytestmark = pytest.mark.crash

ROUNDS = 20


def test_a_collect_killed_at_any_of_its_writes_and_repeated_changes_nothing(servers, new_place):
    command = ("collect", "--source", "sms")
    whole = new_place()
    counting = servers.all[0].start(whole, *command, kill_at=0)
    counting.succeeds()
    expected = contents(whole)
    assert counting.writes > 15

    def kill_and_repeat(server, write):
        place = new_place()
        assert server.start(place, *command, kill_at=write).wait() == KILLED
        assert_only_the_committed_counts(place)
        server.start(place, *command).succeeds()
        assert_same(contents(place), expected)
        shutil.rmtree(place.folder)

    servers.each(kill_and_repeat, range(1, counting.writes + 1))


def test_a_collect_killed_at_random_moments_and_repeated_changes_nothing(servers, new_place, untouched):
    def kill_and_repeat(server, moment):
        place = new_place()
        command = server.start(place, "collect")
        command.kill_after(moment)
        killed = command.wait() == KILLED
        receipts = len(assert_only_the_committed_counts(place))
        server.start(place, "collect").succeeds()
        assert_same(contents(place), untouched.after_collect)
        return killed, receipts

    rounds = servers.each(kill_and_repeat, moments(ROUNDS, untouched.collect_seconds, seed=1))
    assert sum(killed for killed, _ in rounds) >= ROUNDS * 3 // 4, rounds
    all_receipts = len(untouched.after_collect["receipts"])
    assert sum(0 < receipts < all_receipts for _, receipts in rounds) >= 3, rounds


def test_two_processes_that_collect_the_same_files_leave_what_one_leaves(servers, new_place, untouched):
    for _ in range(6):
        place = new_place()
        for command in [server.start(place, "collect") for server in servers.all]:
            command.succeeds()
        assert_same(contents(place), untouched.after_collect)


def test_two_processes_that_collect_versions_of_the_same_records_see_each_other(
    servers, new_place, untouched, landing, tmp_path
):
    # Texts carry no time of change: of two versions the later received counts, which is a matter of chance here.
    expected = {name: rows for name, rows in untouched.after_collect.items() if "sms" not in name}
    halves = [tmp_path / "first", tmp_path / "second"]
    for number, half in enumerate(halves, start=1):
        for file in landing.glob("*/*"):
            if (file.name.startswith("1.") == (number == 1)) and file.parent.name != "sms":
                target = half / file.relative_to(landing)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file, target)
    for round_number in range(6):
        folder = tmp_path / f"together-{round_number}"
        places = [new_place(landing=half, folder=folder) for half in halves]
        for command in [server.start(place, "collect") for server, place in zip(servers.all, places, strict=True)]:
            command.succeeds()
        found = contents(places[0])
        for name, rows in expected.items():
            assert found[name] == [row for row in rows if "sms" not in row and '"source": "sms"' not in row], name


class At:
    """A collector of texts that lives at a given second."""

    def __init__(self, folder, landing, second, day=20):
        contract = load_contracts(PACKAGED_SOURCES)["sms"]
        self.lake = Lake(str(folder / "lake"))
        now = datetime(2026, 3, day, 0, 0, second, tzinfo=UTC)
        self.collector = Collector(self.lake, "sms", contract, date(2010, 1, 1), lambda: now)
        self.files = Landing(str(landing)).files("sms")


class PowerCut(BaseException):
    """What a kill looks like from inside."""


def test_a_file_interrupted_before_midnight_and_collected_after_it_counts_on_one_day(tmp_path, landing, monkeypatch):
    before, after = At(tmp_path, landing, 0, day=19), At(tmp_path, landing, 0, day=20)
    put = type(before.lake.store).put

    def cut(store, key, blocks):
        if key.startswith("receipts/"):
            raise PowerCut
        put(store, key, blocks)

    with monkeypatch.context() as patched:
        patched.setattr(type(before.lake.store), "put", cut)
        with pytest.raises(PowerCut):
            before.collector.collect(before.files)
    assert {done.status for done in after.collector.collect(after.files)} == {Status.COLLECTED}
    receipts = after.lake.receipts
    assert [receipt.file_name for receipt in receipts.all()] == ["1.ndjson.gz", "2.ndjson.gz"]
    assert receipts.received_on(date(2026, 3, 19)) == []


@pytest.mark.parametrize("announced", [False, True], ids=["after its segments", "after its notes"])
def test_a_second_reader_that_is_killed_does_not_change_which_version_is_the_newest(tmp_path, landing, announced):
    first, second, third = (At(tmp_path, landing, second) for second in (1, 2, 3))
    earlier, later = first.files
    first.collector.collect([earlier])
    second.collector.collect([later])
    days = date(2026, 3, 10), date(2026, 3, 12)
    fingerprints = [first.lake.segments.day("sms", day).fingerprint for day in days]
    # Another process found no receipt of the first file either, read it later, and was killed before its own receipt.
    written = third.collector._read(third.collector._store(earlier), None, third.collector.clock())
    if announced:
        (entries,) = written.entries
        third.lake.key_index.announce("sms", entries)
        third.lake.key_index.note_moved("sms", entries)
    standing = []
    for day in days:
        raw = first.lake.segments.day("sms", day)
        own = first.lake.segments.read(raw).filter(source_id="m3")["received_at"].item()
        elsewhere = raw.elsewhere.filter(source_id="m3")["received_at"].item()
        standing.append(own > elsewhere)
    assert standing == [False, True]
    assert [first.lake.segments.day("sms", day).fingerprint for day in days] == fingerprints


def test_files_collected_together_are_received_in_the_order_of_their_names(tmp_path, landing):
    together = At(tmp_path, landing, 0)
    times = [done.receipt.received_at for done in together.collector.collect(together.files, workers=2)]
    assert times == sorted(set(times))
