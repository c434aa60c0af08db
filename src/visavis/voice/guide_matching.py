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
MOST_WORDS: Final = 60
FEW_WORDS: Final = 6
"""In a longer sentence, a single word is no sign of what is meant."""


def words_of(text: str) -> tuple[str, ...]:
    """Lower-case words, short forms written out, fillers left out."""
    lowered = text.lower().replace("’", "'")
    for short, long in _SPELLED.items():
        lowered = re.sub(rf"(?<![\w']){re.escape(short)}(?![\w'])", long, lowered)
    return tuple(word for word in _WORD.findall(lowered.replace("'", "")) if word not in FILLERS)


@lru_cache(maxsize=65_536)
def alike(heard: str, wanted: str) -> float:
    """1 for the same word, less for one that looks like it, 0 for another. Short words must be the same."""
    if heard == wanted:
        return 1.0
    shorter, longer = sorted((len(heard), len(wanted)))
    if shorter < 4 or 2 * shorter < CLOSE_ENOUGH * (shorter + longer):
        return 0.0
    ratio = SequenceMatcher(None, heard, wanted).ratio()
    return ratio if ratio >= CLOSE_ENOUGH else 0.0


@dataclass(frozen=True, slots=True)
class Match:
    intent: str
    score: float
    """Up to 1: all of a phrase was heard, word for word."""


class Phrasebook:
    """Intents and the ways to say each."""

    def __init__(self, phrases: Mapping[str, Sequence[str]]) -> None:
        self._phrases = [(intent, tuple(wording.split())) for intent, wordings in phrases.items() for wording in wordings]
        self._vocabulary = frozenset(word for _, wanted in self._phrases for word in wanted)

    def best(self, words: Sequence[str], *, least: float = 0.72) -> Match | None:
        """The intent one of whose phrases is best heard in the first `MOST_WORDS` words, in order; longer phrases win."""
        words = words[:MOST_WORDS]
        heard = {word: likeness for word in self._vocabulary if any(likeness := [alike(w, word) for w in words])}
        best: tuple[float, float, str] | None = None
        for intent, wanted in self._phrases:
            score, weight = _score(heard, wanted)
            if score < least or (weight <= ONE_WORD and len(words) > FEW_WORDS):
                continue
            if best is None or (score + 0.08 * weight, score) > (best[0], best[1]):
                best = (score + 0.08 * weight, score, intent)
        return Match(best[2], best[1]) if best else None


def _score(heard: Mapping[str, Sequence[float]], wanted: Sequence[str]) -> tuple[float, float]:
    """How much of a wording was heard, in order, and how much it says (its words, weighed by length)."""
    total = found = 0.0
    at = 0
    for want in wanted:
        weight = 1.0 if len(want) > 3 else 0.6
        total += weight
        likeness = heard.get(want, ())[at:]
        if best := max(likeness, default=0.0):
            found += best * weight
            at += likeness.index(best) + 1
    return found / total, total
