"""How good cleaning is, on 100,000 generated complaints of seeds that nothing was tuned to.

Three samples: around the change to summer time, across a New Year, and around the change to winter time.
"""

from datetime import date

import pytest

from complaints_platform.generator import GeneratorOptions
from complaints_platform_tests.cleaning.quality import (
    TOKEN_OF,
    changed,
    copies_found,
    exact_duplicates,
    near_duplicates,
    redacted,
    repaired,
    sample,
    touched,
)

STRUCTURED = TOKEN_OF.keys() - {"name"}
SAMPLES = [
    GeneratorOptions(days=10, per_day=3000, seed=640_917, first_day=date(2025, 3, 26)),
    GeneratorOptions(days=10, per_day=3000, seed=774_031, first_day=date(2025, 12, 27)),
    GeneratorOptions(days=10, per_day=3000, seed=928_466, first_day=date(2025, 10, 20)),
]
# Each is measured by itself and takes ten seconds of work: the first is the one of every test run.
PARAMETERS = [SAMPLES[0], *(pytest.param(options, marks=pytest.mark.drill) for options in SAMPLES[1:])]


@pytest.fixture(scope="module", params=PARAMETERS, ids=lambda options: f"seed {options.seed}")
def generated(request, tmp_path_factory):
    return sample(tmp_path_factory.mktemp("quality"), request.param)


def test_misread_encodings_are_repaired(generated):
    for faults in ({"mojibake"}, {"double_mojibake"}):
        share = repaired(generated, faults)
        assert share.of > 50, share
        assert share.value >= 0.995, f"{faults} repaired: {share}"


def test_other_faults_of_transport_are_repaired(generated):
    for fault in ("html", "zero_width", "control", "decomposed"):
        share = repaired(generated, {fault})
        assert share.of > 5, share
        assert share.value >= 0.995, f"{fault} repaired: {share}"


def test_sound_texts_are_left_as_they_are(generated):
    share = changed(row["clean_text"] for row in generated.texts)
    assert share.of > 30_000
    assert share.value <= 0.0001, f"sound texts changed: {share}"


def test_every_structured_identifier_is_replaced(generated):
    for kind in STRUCTURED:
        share = redacted(generated, {kind})
        assert share.of > 20, share
        assert share.value == 1, f"{kind} replaced by its token: {share}"


def test_names_after_cues_are_replaced(generated):
    share = redacted(generated, {"name"})
    assert share.of > 500, share
    assert share.value >= 0.99, f"names after cues replaced: {share}"


def test_texts_without_personal_data_are_hardly_ever_touched(generated):
    share = touched(generated)
    assert share.of > 25_000
    assert share.value <= 0.005, f"texts without personal data touched by redaction: {share}"


def test_exact_duplicates_are_all_found_and_nothing_else(generated):
    agreement = exact_duplicates(generated)
    assert agreement.recall.of > 300
    assert agreement.precision.value == agreement.recall.value == 1, f"exact duplicates: {agreement}"


def test_near_duplicates_are_those_of_the_definition(generated):
    agreement = near_duplicates(generated)
    assert agreement.recall.of > 700
    assert agreement.f1 >= 0.98, f"near duplicates at a similarity of 0.7: {agreement}"


def test_copies_of_a_post_are_found(generated):
    share = copies_found(generated)
    assert share.of > 600
    assert share.value >= 0.99, f"copies flagged: {share}"
