"""Articulations placed in time, and the mouth they ask for together: dominance functions, closures, presence.

Each piece pulls jaw, rounding, lips and tongue towards its target with a strength of its own that swells before it and ebbs after
it; the mouth is the strength-weighted mean (M. Cohen and D. Massaro, "Modeling coarticulation in synthetic visual speech", 1993).
Here their reach is finite, and lip closures are no compromise: bilabials seal and labiodentals touch, whatever the neighbours want.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from visavis.arkit import COUNT as SHAPE_COUNT
from visavis.motion.channels import F64, columns
from visavis.motion.ipa import JAW_GROUP, LIP_GROUP, ROUND_GROUP, TONGUE_GROUP, Articulation, articulations
from visavis.motion.visemes import ROW, TABLE
from visavis.types import TICKS_HZ, PhoneCue

MOUTH: Final = SHAPE_COUNT + 2
"""A mouth is float64 [54]: 52 weights, the lips' seal, the presence of speech."""
_REACH_BEFORE_S: Final = np.array([0.130, 0.195, 0.140, 0.080])
_REACH_AFTER_S: Final = np.array([0.135, 0.155, 0.140, 0.090])
"""How far beyond its own edges an articulation is felt on jaw, rounding, lips, tongue; rounding is anticipated most."""
_LONGEST_SWELL_S: Final = 0.080
"""An articulation is at its strongest so long after it began, or in its middle if that is earlier."""
_SHARPNESS: Final = 3
_OPEN_BEFORE_S: Final = 0.090
_CLOSE_AFTER_S: Final = 0.130
"""The mouth leaves rest so long before the first sound and is back so long after the last."""
_SEAL_IN_S: Final = 0.045
_SEAL_OUT_S: Final = 0.040
_MIN_HOLD_S: Final = 0.044
"""A closure lasts at least one frame at 25 Hz, in fast speech too."""
_BURST_S: Final = 0.050
_CLOSED_BEFORE_BURST_S: Final = 0.035
"""A /p/ shorter than the first is its burst alone, as eSpeak NG times it: the silence of its closure lies before it."""
LONGEST_PHONE_S: Final = 2.0
REACH_AHEAD_S: Final = max(float(_REACH_BEFORE_S.max()), _OPEN_BEFORE_S, _SEAL_IN_S + _MIN_HOLD_S)
"""A piece that begins later than this after a moment is not felt at it."""

_GROUP_OF: Final = np.full(SHAPE_COUNT, LIP_GROUP)
_GROUP_OF[columns("jawOpen", "jawForward", "jawLeft", "jawRight", "mouthClose")] = JAW_GROUP
_GROUP_OF[columns("mouthFunnel", "mouthPucker")] = ROUND_GROUP
_GROUP_OF[columns("tongueOut")] = TONGUE_GROUP
_VERTICAL: Final = np.zeros(SHAPE_COUNT, bool)
_VERTICAL[columns("jawOpen", "mouthLowerDown", "mouthUpperUp")] = True
_STRESS_GAIN: Final = (0.84, 0.98, 1.08)
_STRESS_STRENGTH: Final = (0.85, 1.0, 1.15)
_TOUCH_TARGET: Final = TABLE[ROW["FF"]]
_TOUCH_COLUMNS: Final = columns("jawOpen", "mouthClose", "mouthRollLower", "mouthLowerDown", "mouthUpperUp", "mouthShrugUpper",
                                "mouthFunnel", "mouthPress", "mouthRollUpper", "tongueOut")  # fmt: skip


class Piece:
    """An articulation placed in time (seconds)."""

    __slots__ = ("cue", "end_s", "fall_s", "fall_to_s", "generation", "hold_end_s", "hold_start_s", "rise_from_s", "rise_s",
                 "seal", "start_s", "strength", "target", "touch")  # fmt: skip

    def __init__(self, part: Articulation, cue: PhoneCue, end_s: float, generation: int) -> None:
        begin_s = cue.t_ticks / TICKS_HZ
        length_s = end_s - begin_s
        self.start_s, self.end_s = begin_s + part.start * length_s, begin_s + part.end * length_s
        half_s = 0.5 * (self.end_s - self.start_s)
        core_s = min(half_s, _LONGEST_SWELL_S)
        self.rise_from_s, self.rise_s = self.start_s - _REACH_BEFORE_S, core_s + _REACH_BEFORE_S
        self.fall_to_s, self.fall_s = self.end_s + _REACH_AFTER_S, core_s + _REACH_AFTER_S
        self.cue, self.generation, self.seal, self.touch = cue, generation, part.seal, part.touch
        self.target, self.strength = part.target, part.strength
        if part.vowel:
            self.target = np.where(_VERTICAL, part.target * _STRESS_GAIN[cue.stress], part.target)
            self.strength = part.strength * _STRESS_STRENGTH[cue.stress]
        middle_s = self.start_s + half_s
        hold_s = max(_MIN_HOLD_S / 2, 0.8 * half_s)
        self.hold_start_s, self.hold_end_s = middle_s - hold_s, middle_s + hold_s
        if part.burst and 2 * half_s < _BURST_S:
            self.hold_start_s = self.start_s - min(_CLOSED_BEFORE_BURST_S, 2.8 * half_s)
            self.hold_end_s = middle_s + 0.005


def placed(cue: PhoneCue, generation: int = 0) -> list[Piece]:
    """The pieces of one phone; none for a pause or for what lasts no time."""
    end_s = min(cue.end_ticks / TICKS_HZ, cue.t_ticks / TICKS_HZ + LONGEST_PHONE_S)
    if end_s <= cue.t_ticks / TICKS_HZ:
        return []
    return [Piece(part, cue, end_s, generation) for part in articulations(cue.ipa)]


def mouths(pieces: Sequence[Piece], times_s: F64, gain: F64) -> F64:
    """The mouth that `pieces` ask for, each at a time of its own: times [moments, pieces], gain of vertical opening [moments].

    Returns float64 [moments, 54].
    """
    out = np.zeros((len(times_s), MOUTH))
    if not pieces:
        return out
    start, end = (np.array([getattr(piece, name) for piece in pieces]) for name in ("start_s", "end_s"))
    outside = np.maximum((start - times_s) / _OPEN_BEFORE_S, (times_s - end) / _CLOSE_AFTER_S)
    presence = 1.0 - np.prod(1.0 - _smoothsteps(1.0 - outside), axis=1)
    shape = _blend(pieces, times_s)
    shape[:, _VERTICAL] *= gain[:, None]
    closers = [i for i, piece in enumerate(pieces) if piece.seal or piece.touch]
    if closers:
        first, last, seal, touch = (
            np.array([getattr(pieces[i], name) for i in closers]) for name in ("hold_start_s", "hold_end_s", "seal", "touch")
        )
        at = times_s[:, closers]
        closure = _smoothsteps(1.0 - np.maximum((first - at) / _SEAL_IN_S, (at - last) / _SEAL_OUT_S))
        out[:, -2] = (seal * closure).max(axis=1)
        touching = np.minimum((touch * closure).max(axis=1), 1.0 - out[:, -2])[:, None]
        shape[:, _TOUCH_COLUMNS] += touching * (_TOUCH_TARGET[_TOUCH_COLUMNS] - shape[:, _TOUCH_COLUMNS])
    out[:, :SHAPE_COUNT] = presence[:, None] * shape
    out[:, -1] = presence
    out[presence <= 0.0] = 0.0
    return out


def _smoothsteps(x: F64) -> F64:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _blend(pieces: Sequence[Piece], times_s: F64) -> F64:
    """The strength-weighted mean of the targets at each piece's own time, group by group: float64 [moments, 52]."""
    at = times_s[..., None]
    rise = (at - np.array([piece.rise_from_s for piece in pieces])) / np.array([piece.rise_s for piece in pieces])
    fall = (np.array([piece.fall_to_s for piece in pieces]) - at) / np.array([piece.fall_s for piece in pieces])
    nearness = np.clip(np.minimum(rise, fall), 0.0, 1.0)
    swell = (0.5 - 0.5 * np.cos(np.pi * nearness)) ** _SHARPNESS
    pull = swell * np.array([piece.strength for piece in pieces]) + 1e-9
    pull /= pull.sum(axis=1, keepdims=True)
    targets = np.array([piece.target for piece in pieces])
    blend = np.empty((len(times_s), SHAPE_COUNT))
    for group in range(pull.shape[2]):
        shapes = group == _GROUP_OF
        blend[:, shapes] = pull[:, :, group] @ targets[:, shapes]
    return blend
