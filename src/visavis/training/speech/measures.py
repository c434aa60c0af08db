"""Figures of a mouth against what is known of the sound, frame by frame of 10 ms. Pure functions of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.motion.mel import FRAME_CENTRE, HOP, RATE_HZ
from visavis.motion.phone_groups import CLASS_OF_GROUP, CLASSES
from visavis.training.speech.targets import IGNORED
from visavis.types import F32, TICKS_HZ, PhoneCue

CLOSED: Final = 0.05
"""An opening below this is a closed mouth: 5 % of a jaw wide open."""
NEAR_FRAMES: Final = 4
"""A bilabial is closed where the lips are within so many frames (40 ms) of its middle."""
_FARTHEST_LAG: Final = 25
Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Count:
    """A share: `hits` of `of`; sums over recordings."""

    hits: float = 0.0
    of: float = 0.0

    def __add__(self, other: Count) -> Count:
        return Count(self.hits + other.hits, self.of + other.of)

    @property
    def share(self) -> float | None:
        return self.hits / self.of if self.of else None


def true_classes(groups: npt.NDArray[np.uint8]) -> Ints:
    """Class of each frame from its group; -1 where that is unknown."""
    return np.where(groups == IGNORED, -1, CLASS_OF_GROUP[np.minimum(groups, len(CLASS_OF_GROUP) - 1)])


def class_accuracy(heard: Ints, truth: Ints) -> Count:
    """Six-class accuracy over the frames of speech."""
    count = min(len(heard), len(truth))
    spoken = (truth[:count] >= 0) & (truth[:count] != CLASSES.index("sil"))
    return Count(float((heard[:count][spoken] == truth[:count][spoken]).sum()), float(spoken.sum()))


def closure_recall(opening: F32, phones: tuple[PhoneCue, ...]) -> Count:
    """Of the bilabials, how many show closed lips within 40 ms of their middle."""
    hits, spans = 0, _bilabials(phones)
    for start, end in spans:
        middle = (start + end) // 2
        near = opening[max(0, middle - NEAR_FRAMES) : middle + NEAR_FRAMES + 1]
        hits += bool(len(near) and near.min() < CLOSED)
    return Count(hits, len(spans))


def closure_precision(opening: F32, phones: tuple[PhoneCue, ...], truth: Ints) -> Count:
    """Of the closures shown within speech, how many overlap a bilabial or come within 40 ms of it. Closures that touch a pause are none."""
    count = min(len(opening), len(truth))
    spoken = (truth[:count] >= 0) & (truth[:count] != CLASSES.index("sil"))
    asked = np.zeros(count, bool)
    for start, end in _bilabials(phones):
        asked[max(0, start - NEAR_FRAMES) : end + NEAR_FRAMES] = True
    closed = np.concatenate([[False], opening[:count] < CLOSED, [False]])
    edges = np.flatnonzero(closed[1:] != closed[:-1]).reshape(-1, 2)
    runs = [(a, b) for a, b in edges if spoken[max(0, a - 2) : b + 2].all() and a > 2 and b < count - 2]
    return Count(sum(bool(asked[a:b].any()) for a, b in runs), len(runs))


def _bilabials(phones: tuple[PhoneCue, ...]) -> list[tuple[int, int]]:
    """First and last frame of each phone whose first letter closes the lips."""
    return [
        (_frame(cue.t_ticks), max(_frame(cue.t_ticks) + 1, _frame(cue.end_ticks)))
        for cue in phones
        if cue.ipa and cue.ipa[0] in "pbmɓʙ"
    ]


def _frame(ticks: int) -> int:
    return max(0, round((ticks * RATE_HZ / TICKS_HZ - FRAME_CENTRE) / HOP))


def lag_ms(opening: F32, against: F32) -> float:
    """By how much `opening` comes after `against` where both are most alike, to a tenth of a frame; positive is late."""
    count = min(len(opening), len(against))
    a, b = opening[:count], against[:count]
    lags = list(range(-_FARTHEST_LAG, _FARTHEST_LAG + 1))
    alike = np.array([_likeness(a[max(0, k) : count + min(0, k)], b[max(0, -k) : count - max(0, k)]) for k in lags])
    best = int(alike.argmax())
    if 0 < best < len(lags) - 1:
        left, middle, right = alike[best - 1 : best + 2]
        bend = left - 2.0 * middle + right
        return float(10.0 * (lags[best] + (0.5 * (left - right) / bend if bend else 0.0)))
    return float(10.0 * lags[best])


def _likeness(a: F32, b: F32) -> float:
    if len(a) < 3 or a.std() < 1e-6 or b.std() < 1e-6:
        return -1.0
    return float(np.corrcoef(a, b)[0, 1])


def envelope(sound: F32, count: int) -> F32:
    """Loudness of the sound around each frame (30 ms), as amplitude."""
    window = np.hanning(480)
    power = np.convolve(np.square(sound), window / window.sum(), "same")
    at = np.minimum(np.arange(count) * HOP + FRAME_CENTRE, len(power) - 1)
    return np.sqrt(np.maximum(power[at], 0.0)).astype(np.float32)
