"""Seeds hidden among neutral sentences: what a phrase of the taxonomy looks like within a whole complaint.

A classifier that has seen seeds alone takes "still waiting" and "please fix this" for signs of a category. One that
has seen every category among such sentences learns that they say nothing, and how a phrase weighs in a longer text.
"""

from collections.abc import Sequence
from random import Random

from complaints_platform.classification.taxonomy import Frames

COPIES = 2
"""Of each phrase. A third one gains nothing measurable and costs a third of the training."""
_NOTES_SHARE = 0.25
"""Of copies that look like an agent's note."""
_TURNED_SHARE = 0.3
"""Of the other copies that begin with the matter itself."""
_CLOSED_SHARE = 0.4
"""Of the other copies that end with a closing."""
_JOINTS = (". ", ". ", " ", ", ", "! ", "\n", " - ")


def framed(phrases: Sequence[str], frames: Frames, seed: int = 0) -> list[list[str]]:
    """Return ``COPIES`` texts of each phrase, in order; the same phrases and frames always give the same texts."""
    random = Random(seed)  # noqa: S311 - reproducible, no secret
    return [[random.choice(_JOINTS).join(_parts(phrase, frames, random)) for _ in range(COPIES)] for phrase in phrases]


def _parts(phrase: str, frames: Frames, random: Random) -> list[str]:
    if random.random() < _NOTES_SHARE:
        around = _some(frames.notes, random.randint(0, 2), random)
        return [*around, phrase, *_some(frames.notes, random.randint(1, 2), random)]
    before = _some(frames.openings, random.randint(0, 1), random)
    before += _some(frames.circumstances, random.choice((0, 0, 1, 1, 2)), random)
    after = _some(frames.pleading, random.choice((0, 1, 1, 2)), random)
    after += _some(frames.closings, int(random.random() < _CLOSED_SHARE), random)
    return [phrase, *before, *after] if random.random() < _TURNED_SHARE else [*before, phrase, *after]


def _some(sentences: Sequence[str], number: int, random: Random) -> list[str]:
    return random.sample(sentences, min(number, len(sentences)))
