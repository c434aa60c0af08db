"""Finding what somebody meant in what a small recogniser heard: rules over words, forgiving of sounds-alike and fillers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[a-z0-9]+")
_SPELLED: Final = {"don't": "do not", "can't": "can not", "cannot": "can not", "what's": "what is", "who's": "who is",
                   "you're": "you are", "i'm": "i am", "it's": "it is", "that's": "that is", "how's": "how is",
                   "name's": "name is", "let's": "let us", "isn't": "is not", "aren't": "are not", "let me": "let me",
                   "whats": "what is", "whos": "who is", "im": "i am", "dont": "do not", "cant": "can not"}  # fmt: skip
FILLERS: Final = frozenset({"please", "uh", "um", "er", "hm", "hmm", "the", "a", "an"})
CLOSE_ENOUGH: Final = 0.78
"""How alike two words must be, by the letters they share in order."""


ONE_WORD: Final = 1.2
FEW_WORDS: Final = 6
"""In a longer sentence, a single word is no sign of what is meant."""


def words_of(text: str) -> tuple[str, ...]:
    """Lower-case words, short forms written out, fillers left out."""
    lowered = text.lower().replace("’", "'")
    for short, long in _SPELLED.items():
        lowered = re.sub(rf"(?<![\w']){re.escape(short)}(?![\w'])", long, lowered)
    return tuple(word for word in _WORD.findall(lowered.replace("'", "")) if word not in FILLERS)


@lru_cache(maxsize=4096)
def alike(heard: str, wanted: str) -> float:
    """1 for the same word, less for one that looks like it, 0 for another. Short words must be the same."""
    if heard == wanted:
        return 1.0
    if min(len(heard), len(wanted)) < 4 or abs(len(heard) - len(wanted)) > 3:
        return 0.0
    ratio = SequenceMatcher(None, heard, wanted).ratio()
    return ratio if ratio >= CLOSE_ENOUGH else 0.0


@dataclass(frozen=True, slots=True)
class Match:
    intent: str
    score: float
    """Up to 1: all of a phrase was heard, word for word."""


def best_match(words: Sequence[str], phrases: Mapping[str, Sequence[str]], *, least: float = 0.72) -> Match | None:
    """The intent one of whose phrases is best heard in `words`, in order; longer ones win. None below `least`."""
    best: tuple[float, float, str] | None = None
    for intent, wordings in phrases.items():
        for wording in wordings:
            score, weight = _score(words, wording)
            if weight <= ONE_WORD and len(words) > FEW_WORDS:
                continue
            if score >= least and (best is None or (score + 0.08 * weight, score) > (best[0], best[1])):
                best = (score + 0.08 * weight, score, intent)
    return Match(best[2], best[1]) if best else None


def _score(words: Sequence[str], wording: str) -> tuple[float, float]:
    """How much of the wording was heard, in order, and how much it says (its words, weighed by length)."""
    wanted = wording.split()
    total = sum(_weight(word) for word in wanted)
    heard, at = 0.0, 0
    for want in wanted:
        scored = [(alike(word, want), -index) for index, word in enumerate(words[at:])]
        likeness, back = max(scored, default=(0.0, 0))
        if likeness:
            heard += likeness * _weight(want)
            at += 1 - back
    return heard / total, total


def _weight(word: str) -> float:
    return 1.0 if len(word) > 3 else 0.6
