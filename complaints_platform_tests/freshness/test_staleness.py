"""Looking again and again finds what looking at everything finds, at the cost of what has changed."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from complaints_platform.freshness import staleness
from complaints_platform.freshness.staleness import StalenessWatch, _DerivedDays
from complaints_platform.intake.collect import Collector
from complaints_platform.intake.landing import files_at
from complaints_platform.lake import Lake
from complaints_platform.lake.data_sets import CLEANED, QUARANTINE, TRENDS
from complaints_platform.lake.fingerprints import made_of
from complaints_platform.lake.receipts import Receipts, Touched
from complaints_platform.pipeline.cleaned import CleanedLook
from complaints_platform.pipeline.derived import DERIVED
from complaints_platform.pipeline.marts import MartRecipes
from complaints_platform.pipeline.quarantined import QuarantineRecipe
from complaints_platform.platform import Platform
from complaints_platform.sources.contract import SourceContract
from complaints_platform_tests.contracts import OWNER, write_contract

FORMS = {
    "description": "A test source.",
    "owner": OWNER,
    "cadence": "daily",
    "channel": "web_form",
    "format": {"type": "csv"},
    "fields": {"source_id": "id", "text": "what", "occurred_at": "at"},
}
DAY = date(2026, 3, 10)


class World:
    """A lake into which files come, and of which days are made, without Dagster."""

    def __init__(self, folder, make_settings):
        write_contract(folder / "sources", "forms", FORMS)
        self.folder = folder
        self.settings = make_settings(sources=folder / "sources")
        self.lake = Lake(self.settings.lake)
        self.files = 0

    def collector(self, **changes):
        contract = SourceContract.model_validate({**FORMS, **changes})
        return Collector(self.lake, "forms", contract, date(2010, 1, 1))

    def drop(self, *records):
        """Collect a file of (id, day) records."""
        self.files += 1
        path = self.folder / f"{self.files}.csv"
        lines = [f"{number},text {number},{day.isoformat()}T08:00:00" for number, day in records]
        path.write_text("\n".join(["id,what,at", *lines]))
        return self.collector().collect(list(files_at([path])))[0]

    def make(self, days):
        recipe = Platform(self.settings).cleaned_recipe()
        CLEANED.table(self.lake).replace_days(days, recipe.frames(days))
        received = self.lake.receipts.days()
        QUARANTINE.table(self.lake).replace_days(received, QuarantineRecipe(self.lake).frames(received))


@pytest.fixture
def world(tmp_path, make_settings):
    return World(tmp_path, make_settings)


@pytest.mark.parametrize("seed", range(4))
def test_a_watch_always_finds_what_looking_at_everything_finds(world, seed):
    chance, watch = random.Random(seed), StalenessWatch()  # noqa: S311 - reproducible, nothing secret
    for step in range(14):
        action = chance.choice(["drop", "drop", "moved", "make", "again", "nothing"])
        days = [DAY + timedelta(days=chance.randrange(-300, 5)) for _ in range(chance.randrange(1, 4))]
        if action == "drop":
            world.drop(*((1000 * step + number, day) for number, day in enumerate(days)))
        elif action == "moved":  # an id that other files carry too, on other days
            world.drop(*((number % 2, day) for number, day in enumerate(days)))
        elif action == "make":
            stale = Platform(world.settings).stale().days.get("cleaned/complaints", [])
            world.make(stale[: chance.randrange(1, 4)])
        elif action == "again":
            changed = world.collector(times={"zone": "Europe/Berlin", "formats": ["iso8601"]})
            changed.read_again(list(world.lake.receipts.all())[:2])
        assert Platform(world.settings).stale(watch).days == Platform(world.settings).stale().days, (
            f"step {step}: {action}"
        )


def test_it_looks_only_at_days_that_were_touched(world, monkeypatch):
    for back in range(0, 60, 3):
        world.drop((back, DAY - timedelta(days=back)))
    watch = StalenessWatch()
    Platform(world.settings).stale(watch)
    monkeypatch.setattr(staleness, "OVERLAP", timedelta(0))
    Platform(world.settings).stale(watch)
    looked, real = [], CleanedLook.raw_days

    def counted(recipe, day):
        looked.append(day)
        return real(recipe, day)

    monkeypatch.setattr(CleanedLook, "raw_days", counted)
    Platform(world.settings).stale(watch)
    assert looked == []
    world.drop((999, DAY - timedelta(days=9)))
    assert DAY - timedelta(days=9) in Platform(world.settings).stale(watch).days["cleaned/complaints"]
    assert looked == [DAY - timedelta(days=9)]


def test_a_file_whose_receipt_comes_long_after_its_mark_is_still_found(world, monkeypatch):
    watch, late = StalenessWatch(), DAY - timedelta(days=30)
    world.lake.receipts.mark("forms", [], Touched(frozenset({late}), frozenset()))
    assert Platform(world.settings).stale(watch).days == Platform(world.settings).stale(watch).days == {}
    monkeypatch.setattr(Receipts, "mark", lambda *_: None)  # its mark stands there already
    world.drop((7, late))
    assert late in Platform(world.settings).stale(watch).days["cleaned/complaints"]


def test_now_and_then_it_looks_at_everything(world, monkeypatch):
    watch = StalenessWatch()
    Platform(world.settings).stale(watch)
    monkeypatch.setattr(Receipts, "mark", lambda *_: None)
    world.drop((1, DAY))
    assert Platform(world.settings).stale(watch).days == {}
    monkeypatch.setattr(staleness, "EVERYTHING_AFTER", timedelta(0))
    assert DAY in Platform(world.settings).stale(watch).days["cleaned/complaints"]


def test_marks_say_which_days_were_touched_since_a_time(world):
    receipts, one, next_day = world.lake.receipts, frozenset({DAY}), frozenset({DAY + timedelta(days=1)})
    receipts.mark("forms", [], Touched(one, frozenset()))
    between = datetime.now(UTC)
    receipts.mark("texts", [], Touched(next_day, one))
    assert receipts.touched_since(between) == Touched(next_day, one)
    assert receipts.touched_since(between - timedelta(days=2)).days == one | next_day


@pytest.mark.parametrize("seed", range(3))
def test_what_derived_days_would_be_is_right_whatever_has_changed(make_settings, seed):
    """Hashed anew only where something changed, and yet the same as hashed from scratch."""
    chance, remembered, source = random.Random(seed), _DerivedDays(), {}  # noqa: S311
    recipes = [Platform(make_settings(time_zone=zone)).mart_recipes() for zone in ("UTC", "Africa/Lagos")]
    for _ in range(8):
        for day in (DAY + timedelta(days=chance.randrange(-120, 1)) for _ in range(chance.randrange(6))):
            if day in source and chance.random() < 0.3:
                del source[day]
            else:
                source[day] = made_of(("r",), (chance.random(),))
        marts = chance.choice([recipes[0], *recipes])
        for derived in DERIVED:
            expected = {day: marts.fingerprint(derived.spec, day, source) for day in source}
            assert remembered.of(marts, derived, source) == expected


def test_what_has_not_changed_is_not_hashed_again(make_settings, monkeypatch):
    remembered, marts = _DerivedDays(), Platform(make_settings()).mart_recipes()
    source = {DAY + timedelta(days=offset): made_of(("r",), (offset,)) for offset in range(200)}
    (trends,) = (derived for derived in DERIVED if derived.spec == TRENDS)
    remembered.of(marts, trends, source)
    hashed, real = [], MartRecipes.fingerprint

    def counted(recipes, spec, day, of):
        hashed.append(day)
        return real(recipes, spec, day, of)

    monkeypatch.setattr(MartRecipes, "fingerprint", counted)
    changed = DAY + timedelta(days=30)
    remembered.of(marts, trends, source | {changed: made_of(("r",), ("new",))})
    assert hashed == [changed + timedelta(days=ahead) for ahead in range(trends.mart.look_back + 1)]
