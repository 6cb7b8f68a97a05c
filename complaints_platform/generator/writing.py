"""Writing a complaint: a sentence plan by style, slots from the situation, then the typist's noise.

The texts are what a customer (or an agent taking notes) typed; transport damages them later (``faults``).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from complaints_platform.generator import noise
from complaints_platform.generator.data import load_words
from complaints_platform.generator.draws import Random, chance, digits, pick
from complaints_platform.generator.grammar import Choice, expand
from complaints_platform.generator.people import Person
from complaints_platform.generator.personal_data import PersonalDatum, personal_sentence

BRAND = "Lumecel"
HANDLE = "LumecelCare"

PHRASES, TOPICS = load_words()

PERSONAL_DATA_SHARE = 0.15
STOCK_PHRASE_SHARE = 0.004
AMBIGUOUS_SHARE = 0.04
SECOND_TOPIC_SHARE = 0.06

_TYPOGRAPHY_SHARE = {"social_media": 0.45, "sms": 0.25, "web_forms": 0.5, "call_centre": 0.0}
_SLIP_RATE = {"formal": 0.008, "plain": 0.02, "angry": 0.03, "sms": 0.05, "pidgin": 0.03, "agent": 0.01}

STYLES = {
    "social_media": (("plain", 0.42), ("angry", 0.83), ("sms", 1.0)),
    "sms": (("sms", 0.75), ("plain", 0.9), ("angry", 1.0)),
    "web_forms": (("formal", 0.42), ("plain", 0.85), ("angry", 1.0)),
    "call_centre": (("agent", 1.0),),
}
"""Source → (style, running share). Pidgin comes on top, by ``PIDGIN_SHARE``."""

PIDGIN_SHARE = {"social_media": 0.35, "sms": 0.4, "web_forms": 0.08, "call_centre": 0.0}
"""How many of a source's Nigerian customers write Pidgin."""

_SPACES = re.compile(" {2,}")
_LOOSE_END = re.compile(r" ([.?!,])")
"""The spaces that empty alternatives leave between words and before a mark."""


@dataclass(slots=True)
class Situation:
    """Who complains about what: all that slots are filled from."""

    random: Random
    person: Person
    topic: tuple[str, str]


@dataclass(slots=True)
class Wording:
    """A written text, the personal data in it, and what is special about it."""

    text: str
    style: str
    personal_data: list[PersonalDatum] = field(default_factory=list)
    traits: list[str] = field(default_factory=list)


def write(person: Person, source: str, topic: tuple[str, str], random: Random) -> Wording:
    """Write what ``person`` says on ``source`` about ``topic`` (category and subcategory)."""
    situation = Situation(random, person, topic)
    if random() < STOCK_PHRASE_SHARE and source != "call_centre":
        text = expand(pick(PHRASES.stock_phrases[topic[0]], random), random, SLOTS, situation)
        return Wording(text, "plain", traits=["stock_phrase"])
    words = Wording("", _style(person, source, random))
    sentences = [_ended(sentence, random) for sentence in _PLANS[words.style](situation, words.traits)]
    sentences = _typed(sentences, words, random)
    if random() < _TYPOGRAPHY_SHARE[source]:
        sentences = [noise.typographic(sentence) for sentence in sentences]
    latin1 = source == "call_centre"
    if latin1:
        sentences = [noise.to_latin1(sentence) for sentence in sentences]
    if random() < PERSONAL_DATA_SHARE:
        sentence, datum = personal_sentence(person, random, latin1=latin1)
        sentences.insert(1 + int(random() * len(sentences)), sentence)
        words.personal_data.append(datum)
    words.text = _joined(sentences, words.style, random)
    return words


def write_reply(person: Person, random: Random) -> str:
    """Write an agent's public answer to ``person``."""
    situation = Situation(random, person, ("customer_service", "unreachable"))
    return f"@{person.handle} {expand(pick(PHRASES.agent_replies, random), random, SLOTS, situation)}"


def write_addition(person: Person, topic: tuple[str, str], random: Random) -> str:
    """Write one more sentence about ``topic``: what an edited copy or a later version adds."""
    banks = (PHRASES.consequences[topic[0]], PHRASES.demands[topic[0]], PHRASES.circumstances)
    return _ended(_said(Situation(random, person, topic), pick(banks, random)), random)


def _style(person: Person, source: str, random: Random) -> str:
    if person.country.code == "NG" and random() < PIDGIN_SHARE[source]:
        return "pidgin"
    draw = random()
    return next(style for style, limit in STYLES[source] if draw < limit)


# --- sentence plans -------------------------------------------------------------------------


def _letter(situation: Situation, traits: list[str]) -> list[str]:
    random = situation.random
    opening = [_said(situation, PHRASES.openings["formal"])] if chance(0.85, random) else []
    body = _body(situation, traits, second_problem=0.35, circumstance=0.6, consequence=0.6, demand=0.75)
    closing = [_said(situation, PHRASES.closings["formal"])] if chance(0.75, random) else []
    return opening + body + closing


def _note_to_team(situation: Situation, traits: list[str]) -> list[str]:
    return _framed(situation, _body(situation, traits, 0.25, 0.5, 0.35, 0.5), "plain", 0.5, 0.4)


def _rant(situation: Situation, traits: list[str]) -> list[str]:
    sentences = _framed(situation, _body(situation, traits, 0.2, 0.2, 0.4, 0.4), "angry", 0.6, 0.45)
    if chance(0.45, situation.random):
        sentences.append(_said(situation, PHRASES.hashtags))
    return sentences


def _short_message(situation: Situation, traits: list[str]) -> list[str]:
    return _framed(situation, _body(situation, traits, 0.1, 0.25, 0.15, 0.4), "sms", 0.45, 0.35)


def _pidgin(situation: Situation, traits: list[str]) -> list[str]:
    random = situation.random
    bank = TOPICS[situation.topic].pidgin
    sentences = [_said(situation, bank)]
    if chance(0.35, random):
        sentences += _body(situation, traits, 0.0, 0.2, 0.4, 0.0)
    if chance(0.6, random):
        sentences.append(_said(situation, PHRASES.pidgin_demands))
    return _framed(situation, sentences, "pidgin", 0.5, 0.3)


def _agent_note(situation: Situation, _traits: list[str]) -> list[str]:
    random = situation.random
    sentences = [_said(situation, PHRASES.agent_openings)]
    details = PHRASES.agent_details
    first, step = int(random() * len(details)), 1 + int(random() * 3)
    for place in range(1 + int(random() * 3)):
        detail = details[(first + place * step) % len(details)]
        sentences.append(expand(detail, random, SLOTS, situation))
    if chance(0.85, random):
        sentences.append(_said(situation, PHRASES.agent_actions))
    return sentences


_PLANS: dict[str, Callable[[Situation, list[str]], list[str]]] = {
    "formal": _letter,
    "plain": _note_to_team,
    "angry": _rant,
    "sms": _short_message,
    "pidgin": _pidgin,
    "agent": _agent_note,
}


def _body(
    situation: Situation,
    traits: list[str],
    second_problem: float,
    circumstance: float,
    consequence: float,
    demand: float,
) -> list[str]:
    """Return the sentences that carry the matter, each with the probability given, in a drawn order."""
    random = situation.random
    category = situation.topic[0]
    sentences = _matter(situation, traits, second_problem)
    if random() < circumstance:
        sentences.insert(int(random() * 2), _said(situation, PHRASES.circumstances))
    if random() < consequence:
        sentences.insert(len(sentences) - chance(0.2, random), _said(situation, PHRASES.consequences[category]))
    if random() < SECOND_TOPIC_SHARE:
        traits.append("second_topic")
        sentences.append(_said(situation, PHRASES.second_topic))
    if random() < demand:
        at = 0 if chance(0.12, random) else len(sentences)
        sentences.insert(at, _said(situation, PHRASES.demands[category]))
    return sentences


def _matter(situation: Situation, traits: list[str], second_problem: float) -> list[str]:
    random = situation.random
    if random() < AMBIGUOUS_SHARE:
        traits.append("ambiguous")
        return [_said(situation, PHRASES.vague), _said(situation, PHRASES.consequences[situation.topic[0]])]
    bank = TOPICS[situation.topic].says
    first = int(random() * len(bank))
    sentences = [expand(bank[first], random, SLOTS, situation)]
    if random() < second_problem:
        second = (first + 1 + int(random() * (len(bank) - 1))) % len(bank)
        sentences.append(expand(bank[second], random, SLOTS, situation))
    return sentences


def _framed(situation: Situation, body: list[str], style: str, opening: float, closing: float) -> list[str]:
    if situation.random() < opening:
        body = [_said(situation, PHRASES.openings[style]), *body]
    if situation.random() < closing:
        body.append(_said(situation, PHRASES.closings[style]))
    return body


# --- the typist ------------------------------------------------------------------------------


def _ended(sentence: str, random: Random) -> str:
    sentence = _LOOSE_END.sub(r"\1", _SPACES.sub(" ", sentence.strip()))
    if sentence[-1].isalnum() or sentence[-1] in "\"')":
        sentence += pick((".", ".", ".", "!", ""), random)
    return sentence[0].upper() + sentence[1:]


def _typed(sentences: list[str], words: Wording, random: Random) -> list[str]:
    style = words.style
    if style in {"sms", "pidgin"} and chance(0.75, random):
        sentences = [sentence.lower() for sentence in sentences]
    if style == "sms":
        share = random()
        sentences = [noise.shorten(sentence, share, random) for sentence in sentences]
        words.traits.append("short_forms")
    elif style == "angry":
        sentences = _shouted(sentences, words, random)
    elif style == "pidgin":
        words.traits.append("pidgin")
    rate = _SLIP_RATE[style]
    slipped = [noise.misspell(sentence, rate, random) for sentence in sentences]
    if slipped != sentences:
        words.traits.append("typo")
    return slipped


def _shouted(sentences: list[str], words: Wording, random: Random) -> list[str]:
    if chance(0.15, random):
        words.traits.append("capitals")
        return [sentence.upper() for sentence in sentences]
    if chance(0.18, random):
        words.traits.append("stretched")
        return [noise.stretch(sentence, random) for sentence in sentences]
    return sentences


def _joined(sentences: list[str], style: str, random: Random) -> str:
    if style == "formal" and chance(0.4, random):
        first, *middle, last = [*sentences, ""] if len(sentences) == 1 else sentences
        return "\n\n".join(part for part in (first, " ".join(middle), last) if part)
    if style == "agent" and chance(0.25, random):
        return "\n".join(sentences)
    return " ".join(sentences)


def _said(situation: Situation, bank: Choice) -> str:
    return expand(pick(bank, situation.random), situation.random, SLOTS, situation)


# --- slots -----------------------------------------------------------------------------------


def _phrase(bank: Choice) -> Callable[[Situation], str]:
    return lambda situation: _said(situation, bank)


def _number(low: int, high: int) -> Callable[[Situation], str]:
    return lambda situation: str(low + int(situation.random() * (high - low + 1)))


def _amount(situation: Situation) -> str:
    random = situation.random
    code = situation.person.country.code
    if code == "NG":
        value = 50 * (1 + int(random() ** 3 * 500))
        return pick((f"₦{value:,}", f"N{value}", f"{value} naira", f"₦{value}", f"{value:,} naira"), random)
    value, cents = 2 + int(random() ** 3 * 220), pick((0, 0, 50, 99, 49, 95), random)
    if code == "GB":
        return pick((f"£{value}.{cents:02d}", f"£{value}", f"{value} quid", f"{value} pounds"), random)
    if code == "DE":
        return pick((f"€{value}.{cents:02d}", f"{value},{cents:02d} €", f"{value} euros", f"EUR {value}"), random)
    return pick((f"${value}.{cents:02d}", f"${value}", f"{value} bucks", f"{value} dollars"), random)


def _reference(situation: Situation) -> str:
    random = situation.random
    prefix, length = pick((("TKT-", 6), ("#", 7), ("INC", 8), ("CS/", 5), ("CRM1-", 4)), random)
    return prefix + digits(length, random)


def _other_matter(situation: Situation) -> str:
    others = [topic for topic in TOPICS if topic[0] != situation.topic[0]]
    other = Situation(situation.random, situation.person, pick(others, situation.random))
    sentence = _said(other, TOPICS[other.topic].says)
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() and sentence[:2] != "I " else sentence


def _thing(situation: Situation) -> str:
    return _said(situation, TOPICS[situation.topic].notes)


def _thing_first(situation: Situation) -> str:
    thing = _thing(situation)
    return thing[0].upper() + thing[1:]


SLOTS: dict[str, Callable[[Situation], str]] = {
    "n": _number(2, 14),
    "brand": lambda _situation: BRAND,
    "handle": lambda _situation: HANDLE,
    "country": lambda situation: situation.person.country.name,
    "town": lambda situation: pick(situation.person.towns, situation.random),
    "device": lambda situation: situation.person.device,
    "product": lambda situation: situation.person.product,
    "amount": _amount,
    "ref": _reference,
    "other": _other_matter,
    "thing": _thing,
    "Thing": _thing_first,
    "quote": lambda situation: _said(situation, TOPICS[situation.topic].says),
    "shortcode": lambda situation: digits(5, situation.random),
    "mb": lambda situation: f"{50 + int(situation.random() * 900)}MB",
    "mbps": lambda situation: f"{situation.random() * 6:.1f}",
    "bigmbps": lambda situation: pick(("50", "67", "80", "100", "150", "250", "500"), situation.random),
    "clock": lambda situation: f"{int(situation.random() * 24):02d}:{int(situation.random() * 60):02d}",
    "initials": lambda situation: "".join(chr(65 + int(situation.random() * 26)) for _ in range(2)),
    "tag": lambda situation: pick(situation.person.towns, situation.random).replace(" ", ""),
    **{name: _phrase(bank) for name, bank in PHRASES.slots.items()},
}
"""Slot → how it is filled."""
