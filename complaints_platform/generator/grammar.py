r"""A small grammar: phrase banks with nested alternatives and slots, compiled for fast expansion.

Notation of a phrase bank: one template a line; ``[a|b|c]`` takes one alternative (they nest and
may be empty); ``{name}`` is a slot, filled to suit the customer. The phrases stand in ``phrases.yaml`` and
``topics.yaml``; who says them, and how, in ``writing``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from complaints_platform.generator.draws import Random

Situation = TypeVar("Situation")

Choice = tuple["Template", ...]
Template = tuple["str | Slot | Choice", ...]
"""Parts to be written one after the other: literal text, a slot, or a choice between templates."""

_TOKEN = re.compile(r"[\[\]|]|\{\w+\}|[^\[\]|{}]+")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place that the situation fills."""

    name: str


def compile_bank(bank: str) -> Choice:
    """Compile a phrase bank into its templates.

    Raises:
        ValueError: brackets don't match, or a template holds a stray ``{``, ``}`` or ``|``.
    """
    return tuple(_compile(line.strip()) for line in bank.splitlines() if line.strip())


def expand(
    template: Template, random: Random, slots: Mapping[str, Callable[[Situation], str]], situation: Situation
) -> str:
    """Write one random expansion of ``template``; ``slots`` say how each slot is filled."""
    out: list[str] = []
    _expand_into(out, template, random, slots, situation)
    return "".join(out)


def _expand_into(
    out: list[str],
    template: Template,
    random: Random,
    slots: Mapping[str, Callable[[Situation], str]],
    situation: Situation,
) -> None:
    for part in template:
        if isinstance(part, str):
            out.append(part)
        elif isinstance(part, Slot):
            out.append(slots[part.name](situation))
        else:
            _expand_into(out, part[int(random() * len(part))], random, slots, situation)


def _compile(line: str) -> Template:
    tokens = _TOKEN.findall(line)
    if "".join(tokens) != line:
        raise ValueError(f"stray brace in template: {line}")
    template, rest = _compile_until_bar(tokens, 0)
    if rest != len(tokens):
        raise ValueError(f"unbalanced bracket or bar in template: {line}")
    return template


def _compile_until_bar(tokens: list[str], position: int) -> tuple[Template, int]:
    parts: list[str | Slot | Choice] = []
    while position < len(tokens) and tokens[position] not in {"|", "]"}:
        token = tokens[position]
        if token == "[":  # noqa: S105 - a bracket, no password
            choice, position = _compile_choice(tokens, position + 1)
            parts.append(choice)
        else:
            parts.append(Slot(token[1:-1]) if token.startswith("{") else token)
            position += 1
    return tuple(parts), position


def _compile_choice(tokens: list[str], position: int) -> tuple[Choice, int]:
    alternatives: list[Template] = []
    while True:
        template, position = _compile_until_bar(tokens, position)
        alternatives.append(template)
        if position >= len(tokens):
            raise ValueError(f"unclosed bracket in template: {''.join(tokens)}")
        position += 1
        if tokens[position - 1] == "]":
            return tuple(alternatives), position
