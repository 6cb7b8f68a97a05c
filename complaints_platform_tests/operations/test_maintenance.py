"""Maintenance takes away what nobody can need any more, and nothing else, whoever is at work beside it."""

import os
import random
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.freshness.publishing import publish
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.landing import files_at
from complaints_platform.lake import Lake, layout
from complaints_platform.lake.data_sets import CLEANED, DAILY, TRENDS
from complaints_platform.lake.key_index import ENTRY_COLUMNS
from complaints_platform.lake.tables import Table
from complaints_platform.operations import maintenance
from complaints_platform.operations.maintenance import PACK_BYTES, Maintenance, Unit, to_merge
from complaints_platform.serving.sql.query import Catalogue, run_query
from complaints_platform.sources.contract import SourceContract
from complaints_platform_tests.chain import DAY, Chain
from complaints_platform_tests.contracts import OWNER

FORMS = {
    "description": "A test source.",
    "owner": OWNER,
    "cadence": "stream",
    "channel": "web_form",
    "format": {"type": "csv"},
    "fields": {"source_id": "id", "text": "what", "occurred_at": "at"},
}
HOUR = timedelta(hours=1)
LONG = timedelta(days=2)
SEGMENTS, PACKS = 6, 3
"""As many are merged in these tests; in earnest it takes more."""


class World:
    """A lake that gets a file of one record after the other."""

    def __init__(self, folder):
        self.folder = folder
        self.lake = Lake(str(folder / "lake"))
        self.files = 0

    def collector(self, **changes):
        return Collector(self.lake, "forms", SourceContract.model_validate({**FORMS, **changes}), date(2010, 1, 1))

    def drop(self, count):
        paths = []
        for _ in range(count):
            self.files += 1
            paths.append(self.folder / f"{self.files}.csv")
            paths[-1].write_text(f"id,what,at\n{self.files},text {self.files},{DAY.isoformat()}T08:00:00\n")
        self.collector().collect(list(files_at(paths)))

    def maintain(self, after=timedelta(0), **options):
        """Maintain the lake as if some time had gone by since it was written."""
        now = datetime.now(UTC) + after
        return list(Maintenance(self.lake, {"forms": self.collector().version}, 7, now).run(**options))

    def raw(self):
        raw_day = self.lake.segments.day("forms", DAY)
        return raw_day.fingerprint, self.lake.segments.read(raw_day).sort("raw_sha256").rows()

    def queried(self):
        return sorted((source_id for (source_id,) in self.query("source_id")), key=int)

    def query(self, columns):
        sql = f"SELECT {columns} FROM raw.forms"  # noqa: S608  # the test's own
        return [tuple(row.values()) for row in run_query(Catalogue(self.lake, ["forms"]), sql).to_pylist()]

    def alone(self):
        return len(self.lake.store.names(layout.raw_day("forms", DAY)))


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(maintenance, "MANY_SEGMENTS", SEGMENTS)
    monkeypatch.setattr(maintenance, "MANY_PACKS", PACKS)
    return World(tmp_path)


def kinds(steps):
    return {step.what for step in steps}


def objects(folder):
    return sorted((str(path), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file())


def test_a_day_of_many_small_segments_becomes_one_object_and_stays_what_it_was(world):
    world.drop(SEGMENTS + 8)
    before = world.raw()
    world.maintain()
    assert (world.alone(), world.raw()) == (SEGMENTS + 8, before)  # somebody may be reading them
    world.maintain(2 * HOUR)
    assert (world.alone(), world.raw()) == (0, before)
    assert world.queried() == list(map(str, range(1, world.files + 1)))
    assert world.lake.segments.days("forms") == [DAY]
    world.drop(3)
    assert world.queried() == list(map(str, range(1, world.files + 1)))


def test_few_segments_are_left_alone(world):
    world.drop(SEGMENTS - 1)
    assert world.maintain(LONG) == []
    assert world.alone() == SEGMENTS - 1


def test_many_packs_become_one_and_no_row_is_lost_or_doubled(world):
    for _ in range(PACKS):
        world.drop(SEGMENTS)
        world.maintain(2 * HOUR)
    before = world.raw()
    assert len(world.lake.segments.packs("forms", DAY).all()) == PACKS
    world.maintain(3 * HOUR)
    world.maintain(6 * HOUR)
    assert len(world.lake.segments.packs("forms", DAY).all()) == 1
    assert world.raw() == before
    assert len(world.queried()) == world.files


def test_files_that_are_read_by_another_contract_leave_their_packs(world):
    world.drop(SEGMENTS)
    world.maintain()
    world.maintain(2 * HOUR)
    changed = world.collector(times={"zone": "Etc/GMT-1", "formats": ["iso8601"]})
    receipts = list(world.lake.receipts.all())
    changed.read_again(receipts[:5])
    before = world.raw()
    assert len(world.queried()) == SEGMENTS
    outdated = {receipt.sha256 for receipt in receipts[:5]}
    world.maintain(3 * HOUR)
    world.maintain(6 * HOUR)
    (pack,) = world.lake.segments.packs("forms", DAY).all()
    assert not [name for name in pack.members if name.split("-")[0] in outdated]
    assert world.raw() == before


def test_a_segment_that_was_written_again_counts_before_its_pack_and_leaves_it(world):
    world.drop(SEGMENTS)
    world.maintain()
    world.maintain(2 * HOUR)
    raw_day = world.lake.segments.day("forms", DAY)
    (name, _), *_ = raw_day.segments
    again = world.lake.segments.read(raw_day).filter(raw_sha256=name.sha256).with_columns(text=pl.lit("forgotten"))
    world.lake.segments.write(DAY, name, again)
    for hours in (3, 5, 7):
        read = world.lake.segments.read(world.lake.segments.day("forms", DAY))
        assert read.filter(raw_sha256=name.sha256)["text"].to_list() == ["forgotten"]
        assert sum(text == "forgotten" for (text,) in world.query("text")) == 1
        world.maintain(hours * HOUR)
    (pack,) = world.lake.segments.packs("forms", DAY).all()
    assert str(name) not in pack.members


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_and_goes_between_raw_is_what_it_would_be_without_maintenance(world, tmp_path, seed):
    chance, untouched = random.Random(seed), World(tmp_path / "untouched")  # noqa: S311  # repeatable, no secret
    (tmp_path / "untouched").mkdir()
    hours = 0
    for _ in range(10):
        action = chance.choice(["drop", "drop", "again", "maintain", "maintain"])
        if action == "drop":
            count = chance.choice([1, SEGMENTS])
            world.drop(count)
            untouched.drop(count)
        elif action == "again":
            zone = f"Etc/GMT-{chance.randrange(1, 9)}"
            for each in (world, untouched):
                receipts = sorted(each.lake.receipts.all(), key=lambda receipt: receipt.sha256)[:7]
                each.collector(times={"zone": zone, "formats": ["iso8601"]}).read_again(receipts)
        else:
            hours += chance.choice([1, 2, 30])
            world.maintain(hours * HOUR)

        def rows(each):
            read = each.lake.segments.read(each.lake.segments.day("forms", DAY))
            return sorted(read.drop("received_at").rows(), key=repr)

        assert rows(world) == rows(untouched)
        assert world.queried() == untouched.queried()


@given(st.lists(st.integers(0, 2 * PACK_BYTES), max_size=80), st.lists(st.integers(0, 2 * PACK_BYTES), max_size=12))
def test_what_is_merged_fits_and_is_merged_once(alone, packs):
    singles = [Unit(f"s{number}", size) for number, size in enumerate(alone)]
    larger = [Unit(f"p{number}", size) for number, size in enumerate(packs)]
    groups = to_merge(singles, larger)
    merged = [unit for group in groups for unit in group]
    assert len(merged) == len(set(merged))
    assert set(merged) <= {*singles, *larger}
    assert all(len(group) > 1 and sum(unit.size for unit in group) <= PACK_BYTES for group in groups)
    assert not {unit for unit in larger if unit.size >= PACK_BYTES} & set(merged)
    if len(alone) < maintenance.MANY_SEGMENTS:
        assert not set(singles) & set(merged)
    if sum(alone) <= PACK_BYTES and len(alone) >= maintenance.MANY_SEGMENTS and not packs:
        assert groups == [singles]


def test_what_only_older_contracts_had_read_goes_after_a_day_and_the_rest_stays(world):
    world.drop(4)
    old = world.collector().version
    changed = world.collector(times={"zone": "Europe/Berlin", "formats": ["iso8601"]})
    changed.read_again(list(world.lake.receipts.all())[:2])
    now = datetime.now(UTC)
    # A file that was read by the contract of today, but whose collect was killed before its receipt.
    name = layout.SegmentName("f" * 64, changed.version, 0)
    world.lake.segments.write(DAY, name, world.lake.segments.read(world.lake.segments.day("forms", DAY)).head(1))
    before = world.raw()

    def maintain(after, version):
        return list(Maintenance(world.lake, {"forms": version}, 7, now + after).run())

    assert maintain(HOUR, changed.version) == []
    # Whoever collects by the contract of now may be about to commit what lies there.
    assert [step.name for step in maintain(LONG, old) if old in step.name] == []
    world.lake.segments.write(DAY, name, world.lake.segments.read(world.lake.segments.day("forms", DAY)).head(1))
    gone = [step.name for step in maintain(LONG, changed.version) if step.what == "segments of older contracts"]
    assert len(gone) == 2
    assert all(f"-{old}-" in key for key in gone)
    assert world.raw() == before
    assert f"{name}" in world.lake.store.names(layout.raw_day("forms", DAY))


def test_what_killed_writers_left_goes_after_a_day(world, tmp_path):
    world.drop(1)
    lake = tmp_path / "lake"
    left = [lake / "raw/forms/.tmp-1", lake / layout.incoming("x"), lake / "tables/.tmp-2"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    assert world.maintain(HOUR) == []
    steps = world.maintain(LONG)
    assert {step.name for step in steps if step.what == "left half-written"} == {str(p.relative_to(lake)) for p in left}
    assert not [path for path in left if path.exists()]


def test_a_dry_run_names_what_would_go_and_changes_nothing(world, tmp_path):
    world.drop(SEGMENTS)
    (tmp_path / "lake/raw/.tmp-1").write_bytes(b"half")
    before = objects(tmp_path / "lake")
    planned = world.maintain(LONG, dry_run=True)
    assert kinds(planned) == {"small segments packed", "left half-written"}
    assert objects(tmp_path / "lake") == before
    assert world.maintain(LONG) == planned


def age(folder, ago):
    """Let everything look as if it was written some time ago."""
    for path in folder.rglob("*"):
        moment = path.stat().st_mtime - ago.total_seconds()
        os.utime(path, (moment, moment))


def files(lake, spec):
    return len(
        [e for e in lake.store.entries(spec.table(lake).key) if e.key.endswith(".parquet") and "_delta" not in e.key]
    )


def test_files_of_tables_go_once_no_manifest_and_no_reader_needs_them(tmp_path):
    chain = Chain(Lake(str(tmp_path)))
    first = Maintenance(chain.lake, {}, 7)
    for value in range(1, 4):
        chain.run({DAY: value})
        publish(chain.lake)
    list(first.run())
    assert files(chain.lake, DAILY) == 3  # replaced a moment ago
    later = Maintenance(chain.lake, {}, 7, first.now + 2 * HOUR)
    list(later.run())
    assert files(chain.lake, DAILY) == 1
    assert [manifest.number for manifest in chain.lake.manifests.all()] == [3]


def test_a_writer_that_has_not_committed_yet_keeps_its_files(tmp_path):
    chain = Chain(Lake(str(tmp_path)))
    chain.run({DAY: 1})
    table = DAILY.table(chain.lake)
    table._write_file(table.scan().collect(), DAY.isoformat(), "f")
    for after, left in ((timedelta(hours=23), 2), (timedelta(hours=25), 1)):
        list(Maintenance(chain.lake, {}, 7, datetime.now(UTC) + after).run())
        assert files(chain.lake, DAILY) == left


ACTIONS = st.lists(st.sampled_from(["run", "run", "half", "publish", "maintain"]), min_size=3, max_size=14)


@settings(max_examples=10, deadline=None)
@given(ACTIONS, st.lists(st.sampled_from([0.2, 0.9, 5, 26, 80]), min_size=14, max_size=14))
def test_every_manifest_can_be_read_until_it_expires(tmp_path_factory, actions, hours):
    folder = tmp_path_factory.mktemp("lake")
    chain, known = Chain(Lake(str(folder))), {}
    for value, (action, ago) in enumerate(zip(actions, hours, strict=False), start=1):
        if action in {"run", "half"}:
            chain.run({DAY: value, DAY + timedelta(days=value % 3): value}, TRENDS if action == "run" else CLEANED)
        elif action == "publish":
            published = publish(chain.lake)
            if published is not None:
                known.setdefault(published.number, content(chain.lake, published))
        else:
            list(Maintenance(chain.lake, {}, 7).run())
        for manifest in chain.lake.manifests.all():
            if manifest.number in known:
                assert content(chain.lake, manifest) == known[manifest.number]
        travel(chain.lake, folder, timedelta(hours=ago))
    before = {spec: spec.table(chain.lake).scan().collect().rows() for spec in (DAILY, TRENDS)}
    list(Maintenance(chain.lake, {}, 1).run())
    assert {spec: spec.table(chain.lake).scan().collect().rows() for spec in before} == before


def content(lake, manifest):
    tables = (spec.table_in(lake, manifest) for spec in (DAILY, TRENDS))
    return [dict(table.scan().select("day", "complaints").collect().sort("day").iter_rows()) for table in tables]


def travel(lake, folder, ago):
    """Let time go by: everything, and what manifests say of when they were published, becomes older."""
    for manifest in lake.manifests.all():
        lake.manifests.delete(manifest.number)
        older = type(manifest)(manifest.number, manifest.published_at - ago, manifest.versions, manifest.unfinished)
        lake.store.put(layout.manifest(manifest.number), older.to_json())
    age(folder, ago)


def test_the_log_of_a_table_is_summed_up_and_cut_behind_what_is_still_read(tmp_path):
    chain = Chain(Lake(str(tmp_path)))
    for value in range(1, 6):
        chain.run({DAY: value})
    publish(chain.lake)
    travel(chain.lake, tmp_path, timedelta(days=3))
    for value in range(6, 30):
        chain.run({DAY: value})
    steps = list(Maintenance(chain.lake, {}, 7).run())
    assert {step.what for step in steps} >= {"commits summed up in a checkpoint", "files of tables"}
    (old, new) = chain.lake.manifests.all()
    assert content(chain.lake, old) == [{DAY: 5}] * 2
    travel(chain.lake, tmp_path, timedelta(days=5))
    list(Maintenance(chain.lake, {}, 7).run())
    assert chain.lake.manifests.all()[-1].number == new.number
    log = [entry.key for entry in chain.lake.store.entries(f"{DAILY.table(chain.lake).key}/_delta_log")]
    assert not [key for key in log if key.endswith("00000000000000000001.json")]
    assert DAILY.table(chain.lake).commits_since_checkpoint() < 2
    assert content(chain.lake, chain.lake.manifests.all()[-1]) == [{DAY: 29}] * 2
    chain.run({DAY: 30})
    assert DAILY.table(chain.lake).scan().collect()["complaints"].to_list() == [30]


def test_the_key_index_is_merged_by_source(world):
    index = Table(world.lake.store, layout.KEY_INDEX, ENTRY_COLUMNS, partition_by="source")
    for _ in range(10):
        world.drop(1)
    before = sorted(index.scan().collect().rows())
    assert "files of the key index merged" in kinds(world.maintain())
    assert len(index.files()) == 1
    assert sorted(index.scan().collect().rows()) == before


def test_the_audit_log_and_reports_are_kept_as_long_as_is_said(tmp_path):
    lake, now = Lake(str(tmp_path)), datetime.now(UTC)
    for age in (0, 399, 401):
        lake.audit.add([{"age": age}], now - timedelta(days=age))
    lake.reports.add("daily", DAY, "a page", {})

    def maintained(after, *kept):
        return [step.what for step in Maintenance(lake, {}, 7, now + timedelta(days=after), *kept).run()]

    assert maintained(0) == []
    assert maintained(0, 400, 30) == ["entries of the audit log"]
    assert [entry["age"] for entry in lake.audit.newest()] == [0, 399]
    assert len(lake.reports.all(["daily"])) == 1
    assert maintained(31, None, 30) == ["reports"] * 2
    assert lake.reports.all(["daily"]) == []
