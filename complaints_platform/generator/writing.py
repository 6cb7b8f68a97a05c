"""Writing a complaint: a sentence plan by style, slots from the situation, then the typist's noise.

What can be said stands in ``phrases`` and ``topics_*``; here is who says it and how. The texts
are what a customer (or an agent taking notes) typed; what transport does to them is ``faults``'s.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from complaints_platform.generator import noise, phrases, topics_money, topics_network, topics_service
from complaints_platform.generator.draws import Random, chance, digits, pick
from complaints_platform.generator.grammar import Choice, Template, Topic, compile_bank, expand
from complaints_platform.generator.people import Person
from complaints_platform.generator.personal_data import PersonalDatum, personal_sentence

BRAND = "Lumecel"
HANDLE = "LumecelCare"

TOPICS: Mapping[tuple[str, str], Topic] = {**topics_network.TOPICS, **topics_money.TOPICS, **topics_service.TOPICS}
"""(category, subcategory) → what is said about it. The names are the telecom taxonomy's."""

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

_VAGUE = """
    [It|This|The matter] [is still the same|happened again|got worse|is not right|goes on] {since}
    [Same|The same] [story|trouble|problem] [as|like] {when}, [nothing changed|only worse]
    [You|You people] [know|must see] [what is wrong|the problem] on my [account|line], [look at it|check {ref}]
    [Nothing|It simply] [works as it should|does not work] [anymore|these days], {dur} [already|]
"""


_SPACES = re.compile(" {2,}")
_LOOSE_END = re.compile(r" ([.?!,])")
"""The spaces that empty alternatives leave between words and before a mark."""


@dataclass(slots=True)
class Situation:
    """Who tells, where, about what: all that slots are filled from."""

    random: Random
    person: Person
    topic: tuple[str, str]


@dataclass(slots=True)
class Words:
    """A written text, the personal data in it, and what is special about it."""

    text: str
    style: str
    personal_data: list[PersonalDatum] = field(default_factory=list)
    traits: list[str] = field(default_factory=list)


def write(person: Person, source: str, topic: tuple[str, str], random: Random) -> Words:
    """Write what ``person`` says on ``source`` about ``topic`` (category and subcategory)."""
    situation = Situation(random, person, topic)
    if random() < STOCK_PHRASE_SHARE and source != "call_centre":
        text = expand(pick(_stock(topic[0]), random), random, SLOTS, situation)
        return Words(text, "plain", traits=["stock_phrase"])
    words = Words("", _style(person, source, random))
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
    return f"@{person.handle} {expand(pick(_bank(phrases.AGENT_REPLIES), random), random, SLOTS, situation)}"


def write_addition(person: Person, topic: tuple[str, str], random: Random) -> str:
    """Write one more sentence about ``topic``: what an edited copy or a later version adds."""
    banks = (phrases.CONSEQUENCES[topic[0]], phrases.DEMANDS[topic[0]], phrases.CIRCUMSTANCES)
    return _ended(_said(Situation(random, person, topic), _bank(pick(banks, random))), random)


def _style(person: Person, source: str, random: Random) -> str:
    if person.country.code == "NG" and random() < PIDGIN_SHARE[source]:
        return "pidgin"
    draw = random()
    return next(style for style, limit in STYLES[source] if draw < limit)


# --- sentence plans -------------------------------------------------------------------------


def _letter(situation: Situation, traits: list[str]) -> list[str]:
    random = situation.random
    opening = [_said(situation, _openings("formal"))] if chance(0.85, random) else []
    body = _body(situation, traits, second_problem=0.35, circumstance=0.6, consequence=0.6, demand=0.75)
    closing = [_said(situation, _closings("formal"))] if chance(0.75, random) else []
    return opening + body + closing


def _note_to_team(situation: Situation, traits: list[str]) -> list[str]:
    return _framed(situation, _body(situation, traits, 0.25, 0.5, 0.35, 0.5), "plain", 0.5, 0.4)


def _rant(situation: Situation, traits: list[str]) -> list[str]:
    sentences = _framed(situation, _body(situation, traits, 0.2, 0.2, 0.4, 0.4), "angry", 0.6, 0.45)
    if chance(0.45, situation.random):
        sentences.append(_said(situation, _bank(phrases.HASHTAGS)))
    return sentences


def _short_message(situation: Situation, traits: list[str]) -> list[str]:
    return _framed(situation, _body(situation, traits, 0.1, 0.25, 0.15, 0.4), "sms", 0.45, 0.35)


def _pidgin(situation: Situation, traits: list[str]) -> list[str]:
    random = situation.random
    bank = _topic_bank(situation.topic, "pidgin")
    sentences = [_said(situation, bank)]
    if chance(0.35, random):
        sentences += _body(situation, traits, 0.0, 0.2, 0.4, 0.0)
    if chance(0.6, random):
        sentences.append(_said(situation, _bank(phrases.PIDGIN_DEMANDS)))
    return _framed(situation, sentences, "pidgin", 0.5, 0.3)


def _agent_note(situation: Situation, _traits: list[str]) -> list[str]:
    random = situation.random
    sentences = [_said(situation, _bank(phrases.AGENT_OPENINGS))]
    details = _bank(phrases.AGENT_DETAILS)
    first, step = int(random() * len(details)), 1 + int(random() * 3)
    for place in range(1 + int(random() * 3)):
        detail = details[(first + place * step) % len(details)]
        sentences.append(expand(detail, random, SLOTS, situation))
    if chance(0.85, random):
        sentences.append(_said(situation, _bank(phrases.AGENT_ACTIONS)))
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
        sentences.insert(int(random() * 2), _said(situation, _bank(phrases.CIRCUMSTANCES)))
    if random() < consequence:
        sentences.insert(len(sentences) - chance(0.2, random), _said(situation, _bank(phrases.CONSEQUENCES[category])))
    if random() < SECOND_TOPIC_SHARE:
        traits.append("second_topic")
        sentences.append(_said(situation, _bank(phrases.SECOND_TOPIC)))
    if random() < demand:
        at = 0 if chance(0.12, random) else len(sentences)
        sentences.insert(at, _said(situation, _bank(phrases.DEMANDS[category])))
    return sentences


def _matter(situation: Situation, traits: list[str], second_problem: float) -> list[str]:
    random = situation.random
    if random() < AMBIGUOUS_SHARE:
        traits.append("ambiguous")
        return [_said(situation, _bank(_VAGUE)), _said(situation, _bank(phrases.CONSEQUENCES[situation.topic[0]]))]
    bank = _topic_bank(situation.topic, "says")
    first = int(random() * len(bank))
    sentences = [expand(bank[first], random, SLOTS, situation)]
    if random() < second_problem:
        second = (first + 1 + int(random() * (len(bank) - 1))) % len(bank)
        sentences.append(expand(bank[second], random, SLOTS, situation))
    return sentences


def _framed(situation: Situation, body: list[str], style: str, opening: float, closing: float) -> list[str]:
    if situation.random() < opening:
        body = [_said(situation, _openings(style)), *body]
    if situation.random() < closing:
        body.append(_said(situation, _closings(style)))
    return body


# --- the typist ------------------------------------------------------------------------------


def _ended(sentence: str, random: Random) -> str:
    sentence = _LOOSE_END.sub(r"\1", _SPACES.sub(" ", sentence.strip()))
    if sentence[-1].isalnum() or sentence[-1] in "\"')":
        sentence += pick((".", ".", ".", "!", ""), random)
    return sentence[0].upper() + sentence[1:]


def _typed(sentences: list[str], words: Words, random: Random) -> list[str]:
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


def _shouted(sentences: list[str], words: Words, random: Random) -> list[str]:
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


# --- phrase banks ----------------------------------------------------------------------------


@cache
def _bank(text: str) -> Choice:
    return compile_bank(text)


@cache
def _topic_bank(topic: tuple[str, str], register: str) -> Choice:
    return compile_bank(getattr(TOPICS[topic], register))


@cache
def _stock(category: str) -> Choice:
    return compile_bank(phrases.STOCK_PHRASES[category])


def _openings(style: str) -> Choice:
    return _bank(phrases.OPENINGS[style])


def _closings(style: str) -> Choice:
    return _bank(phrases.CLOSINGS[style])


def _said(situation: Situation, bank: Choice) -> str:
    return expand(pick(bank, situation.random), situation.random, SLOTS, situation)


# --- slots -----------------------------------------------------------------------------------


def _slot(bank: str) -> Callable[[Situation], str]:
    compiled = compile_bank(bank)

    def fill(situation: Situation) -> str:
        template: Template = compiled[int(situation.random() * len(compiled))]
        return expand(template, situation.random, SLOTS, situation)

    return fill


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
    other = Situation(situation.random, situation.person, pick(tuple(others), situation.random))
    sentence = _said(other, _topic_bank(other.topic, "says"))
    return sentence[0].lower() + sentence[1:] if sentence[1:2].islower() and sentence[:2] != "I " else sentence


def _thing(situation: Situation) -> str:
    return _said(situation, _topic_bank(situation.topic, "notes"))


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
    "quote": lambda situation: _said(situation, _topic_bank(situation.topic, "says")),
    "shortcode": lambda situation: digits(5, situation.random),
    "mb": lambda situation: f"{50 + int(situation.random() * 900)}MB",
    "mbps": lambda situation: f"{situation.random() * 6:.1f}",
    "bigmbps": lambda situation: pick(("50", "67", "80", "100", "150", "250", "500"), situation.random),
    "clock": lambda situation: f"{int(situation.random() * 24):02d}:{int(situation.random() * 60):02d}",
    "place": _slot("""
        in {town}
        [at home|at my place|at work] in {town}
        [near|close to] [the market|the station|the school|the hospital|the stadium|the church] in {town}
        [around|all over] {town}
        here in {town}
    """),
    "since": _slot("""
        since [yesterday|last night|this morning|{weekday}|last {weekday}|{clock}]
        since {weekday} [morning|evening|night|noon]
        [for|for about|for over] {n} [days|hours|weeks] [now|]
        since [the storm|the update|I moved here|the new year|my birthday|the maintenance|{date}]
        [all day|all week|every evening|the whole weekend|day after day]
    """),
    "dur": _slot("""
        for [{n}|about {n}|over {n}|almost {n}] [days|weeks|hours|months]
        [a whole|one|nearly a|over a] [week|month|day|fortnight]
        {n} [working |long |full |][days|weeks]
    """),
    "when": _slot("""
        [yesterday|last night|this morning|today|two days ago|over the weekend]
        [last|this|on] {weekday}
        on {date}
        {n} [days|weeks] ago
        {weekday} at {clock}
    """),
    "pday": _slot("""
        [yesterday|last night|this morning|last week|{weekday}|since {weekday}|the other day]
        {n} [days|weeks] [back|ago]
    """),
    "date": _slot("""
        [the |]{n}[th|] [of |][January|February|March|April]
        {n}[/|.]0[1|2|3|4]
        [January|February|March] {n}
    """),
    "weekday": _slot("[Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday]"),
    "times": _slot("[twice|three times|four times|five times|{n} times|{n}x|again and again]"),
    "nth": _slot("[second|third|fourth|fifth|tenth|{n}th]"),
    "gb": _slot("[1|1.5|2|3|5|6|10|12|15|20|25|40|75|100][GB| GB|gb| gig]"),
    "family": _slot(
        "[my [wife|husband|mum|father|sister|son|daughter|boss|doctor|landlord|uncle]|the [bank|office|school]]"
    ),
    "family2": _slot("[My [wife|husband|mum|father|sister|son|daughter|boss|client|uncle]]"),
    "initials": lambda situation: "".join(chr(65 + int(situation.random() * 26)) for _ in range(2)),
    "tag": lambda situation: pick(situation.person.towns, situation.random).replace(" ", ""),
}
"""Slot → how it is filled from the teller's situation."""
