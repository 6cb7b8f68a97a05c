"""What the generated words are like: variety, categories, personal data, faults."""

import html
import re
import unicodedata
from collections import Counter
from itertools import chain
from random import Random

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from complaints_platform.errors import GeneratorError
from complaints_platform.generator import noise, volumes
from complaints_platform.generator.data import FOLDER, PersonalData, Phrases, Volumes, load_data, load_words
from complaints_platform.generator.draws import pick
from complaints_platform.generator.faults import mojibake
from complaints_platform.generator.grammar import compile_bank, expand
from complaints_platform.generator.people import REGION_COUNTRY, person_of
from complaints_platform.generator.personal_data import iban_check_digits, luhn_check_digit
from complaints_platform.generator.writing import PHRASES, SLOTS, TOPICS, Situation, write

taxonomy_module = pytest.importorskip(
    "complaints_platform.classification.taxonomy", reason="the taxonomy is not part of this installation"
)

SAMPLE = 30_000


@pytest.fixture(scope="module")
def sample():
    """(topic, text) of many complaints, written before any deliberate copy."""
    random = Random(11)  # noqa: S311 - reproducible draws
    people = [person_of(7, region, index) for region in REGION_COUNTRY for index in range(40)]
    pairs = []
    for _ in range(SAMPLE):
        topic = volumes.draw_topic(random)
        words = write(random.choice(people), volumes.draw_source(random), topic, random.random)
        pairs.append((topic, words.text))
    return pairs


# --- variety and taxonomy -----------------------------------------------------------------------


def four_grams(text):
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[start : start + 4]) for start in range(len(words) - 3)}


def four_grams_of(taxonomy):
    """Of all that training learns from: seeds, keywords, definitions and frames."""
    phrases = taxonomy.seed_phrases() + taxonomy.keyword_phrases() + taxonomy.definition_phrases()
    frames = chain.from_iterable(taxonomy.frames.model_dump().values())
    return set().union(*map(four_grams, [*(phrase for phrase, _ in phrases), *frames]))


def test_topics_are_the_subcategories_of_the_taxonomy():
    taxonomy = taxonomy_module.load_taxonomy()
    names = {(category.name, sub.name) for category in taxonomy.categories for sub in category.subcategories}
    assert set(TOPICS) == names


def test_no_four_words_in_a_row_stand_in_a_seed_phrase(sample):
    taxonomy = taxonomy_module.load_taxonomy()
    learnt = four_grams_of(taxonomy)
    assert len(learnt) > 2000
    shared = Counter(gram for _, text in sample for gram in four_grams(text) & learnt)
    assert not shared


def test_no_single_phrase_takes_four_words_from_a_seed_phrase():
    taxonomy = taxonomy_module.load_taxonomy()
    learnt = four_grams_of(taxonomy)
    shared = {written for written in expansions(60) if four_grams(written) & learnt}
    assert not shared


def expansions(times):
    """Every phrase of every bank, ``times`` over."""
    random = seeded(5)
    situations = [
        Situation(random, person_of(7, region, 1), ("network_data", "data_slow")) for region in REGION_COUNTRY
    ]
    banks = [bank for topic in TOPICS.values() for bank in (topic.says, topic.notes, topic.pidgin)]
    banks += [bank for field in BANKS for bank in banks_of(getattr(PHRASES, field))]
    for bank in banks:
        for template in bank:
            for _ in range(times):
                yield expand(template, random, SLOTS, pick(situations, random))


def seeded(seed):
    return Random(seed).random  # noqa: S311 - reproducible draws


def test_texts_hardly_ever_repeat(sample):
    texts = [text.casefold() for _, text in sample]
    assert len(set(texts)) / len(texts) > 0.99


def test_every_topic_is_told_and_none_dominates(sample):
    counts = Counter(topic for topic, _ in sample)
    assert set(counts) == set(TOPICS)
    assert max(counts.values()) / SAMPLE < 0.1


def test_every_phrase_expands_with_known_slots_only():
    for written in expansions(10):
        assert written.strip()
        assert not re.search(r"[{}|\[\]]", written), written


BANKS = Phrases.model_fields.keys() - {"program_slots"}


def banks_of(value):
    return value.values() if isinstance(value, dict) else [value]


def test_the_slots_described_are_those_that_the_program_fills():
    assert SLOTS.keys() - PHRASES.slots.keys() == PHRASES.program_slots.keys()


@pytest.mark.parametrize("wrong", ["[a|b", "a]", "{slot", "a | b", "a } b"])
def test_a_malformed_phrase_is_refused(wrong):
    with pytest.raises(ValueError, match="template"):
        compile_bank(wrong)


@pytest.mark.parametrize(
    ("name", "right", "wrong", "message"),
    [
        ("phrases.yaml", "{place} [and use", "{spot} [and use", "circumstances: no slot is called spot"),
        ("phrases.yaml", "in {town}\n", "in {town\n", "slots.place: stray brace in template: in {town$"),
        ("phrases.yaml", "pidgin_demands:", "demands_in_pidgin:", "pidgin_demands: Field required"),
        ("topics.yaml", "[handset|device] stuck", "[handset|device stuck", "network_voice.no_signal.notes: unclosed"),
        ("topics.yaml", "network_voice:", "network_voice: [", "can't be read as YAML"),
    ],
)
def test_a_mistake_in_the_phrases_is_named_with_file_and_key(tmp_path, name, right, wrong, message):
    with pytest.raises(GeneratorError, match=message) as caught:
        load_words(changed(tmp_path, name, right, wrong))
    assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize(
    ("model", "name", "right", "wrong", "message"),
    [
        (Volumes, "volumes.yaml", "share: 30", "share: -30", "sources.social_media.share: Input should be greater"),
        (Volumes, "volumes.yaml", "[1.05, ", "[", "sources.social_media.weekdays: Tuple should have at least 7"),
        (PersonalData, "personal_data.yaml", "NIN: {value}", "NIN: ", r"sentences.nin.1: String should match"),
        (PersonalData, "personal_data.yaml", "{ssn: 10}", "{tin: 10}", "sentences are missing for tin"),
    ],
)
def test_a_mistake_in_a_data_file_is_named_with_file_and_key(tmp_path, model, name, right, wrong, message):
    with pytest.raises(GeneratorError, match=message) as caught:
        load_data(name, model, changed(tmp_path, name, right, wrong))
    assert str(tmp_path / name) in str(caught.value)


def changed(folder, name, right, wrong):
    """Copy the data files to ``folder``, with the first ``right`` in one of them replaced."""
    for path in FOLDER.glob("*.yaml"):
        (folder / path.name).write_text(path.read_text())
    text = (folder / name).read_text()
    assert right in text
    (folder / name).write_text(text.replace(right, wrong, 1))
    return folder


# --- personal data --------------------------------------------------------------------------------


def test_personal_data_stands_in_the_text(fortnight):
    kinds = Counter()
    for row in fortnight.rows:
        for datum in row["pii"]:
            assert datum["value"] in row["clean_text"]
            assert datum["kind"] != "name" or datum["cue"] in row["clean_text"]
            kinds[datum["kind"]] += 1
    expected = {"phone", "email", "card", "iban", "nin", "bvn", "ssn", "nino", "ip", "name", "url"}
    assert set(kinds) == expected


def test_personal_data_is_valid_by_its_own_checks(fortnight):
    data = [(datum["kind"], datum["value"]) for row in fortnight.rows for datum in row["pii"]]
    for kind, value in data:
        compact = re.sub(r"[ -]", "", value)
        if kind == "card":
            assert luhn_check_digit(compact[:-1]) == compact[-1]
        elif kind == "iban":
            rearranged = compact[4:] + compact[:4]
            assert int("".join(str(int(letter, 36)) for letter in rearranged)) % 97 == 1
        elif kind == "phone":
            assert any(valid_phone(value, country) for country in ("NG", "GB", "DE", "US")), value


def valid_phone(text, country):
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(text, country))
    except phonenumbers.NumberParseException:
        return False


def test_check_digits_agree_with_published_examples():
    assert luhn_check_digit("424242424242424") == "2"
    assert luhn_check_digit("37828224631000") == "5"
    assert iban_check_digits("DE", "370400440532013000") == "89"
    assert iban_check_digits("GB", "WEST12345698765432") == "82"


# --- faults and noise -------------------------------------------------------------------------------


def undone(text, faults):
    """Undo faults in the reverse order of transport, but for characters that were only added."""
    for _ in range({"mojibake": 1, "double_mojibake": 2}.get(next((f for f in faults if "moji" in f), ""), 0)):
        text = b"".join(byte_of(letter) for letter in text).decode("utf-8")
    if "html" in faults:
        text = html.unescape(text)
    return unicodedata.normalize("NFC", re.sub("[\u200b\u2060\ufeff\x00\x07\x0b\x1a]", "", text))


def byte_of(letter):
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")


def test_every_fault_can_be_undone(fortnight):
    from complaints_platform_tests.generator.test_generate import TEXT_FIELDS, parsed

    counts = Counter()
    for path, content in fortnight.files.items():
        records = parsed(path, content) if content else {}
        for row in fortnight.rows_of(path):
            if row["faults"] and records[row["record_number"]] is not None:
                sent = records[row["record_number"]][TEXT_FIELDS[row["source"]]]
                assert undone(sent, row["faults"]) == unicodedata.normalize("NFC", row["clean_text"])
                counts.update(row["faults"])
    assert set(counts) == {"mojibake", "double_mojibake", "html", "zero_width", "control", "decomposed"}
    assert counts["mojibake"] > 80


@given(st.text(max_size=60))
def test_mojibake_is_utf8_read_as_cp1252(text):
    damaged = mojibake(text)
    assert b"".join(byte_of(letter) for letter in damaged).decode("utf-8") == text


@given(st.text(max_size=80))
def test_latin1_texts_can_be_written_and_stay_as_they_are(text):
    once = noise.to_latin1(text)
    once.encode("latin-1")
    assert noise.to_latin1(once) == once


@settings(max_examples=50)
@given(st.lists(st.text("abcdefghij", min_size=1, max_size=9), min_size=1, max_size=20), st.integers(0, 10**6))
def test_slips_leave_short_words_and_word_count_alone(words, seed):
    slipped = noise.misspell(" ".join(words), 0.5, seeded(seed)).split(" ")
    assert len(slipped) == len(words)
    assert all(new == old for old, new in zip(words, slipped, strict=True) if len(old) <= 3)


def test_typographic_quotes_pair_up():
    assert noise.typographic('they say "soon", I don\'t') == "they say \u201csoon\u201d, I don\u2019t"


def test_pick_reaches_all_items():
    random = seeded(1)
    assert {pick((1, 2, 3), random) for _ in range(100)} == {1, 2, 3}
