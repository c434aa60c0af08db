"""Short movements with a beginning and an end: what gesture cues ask for, and the small nods of speaking and listening."""

from __future__ import annotations

import random
from bisect import insort
from dataclasses import dataclass
from math import pi, sin
from typing import Final

from visavis.arkit import INDEX
from visavis.motion.channels import F64, GAZE_PITCHES, GAZE_YAWS, PITCH, ROLL, YAW, Z, columns, smoothstep
from visavis.motion.style import Style
from visavis.types import Gesture

_MAX_PENDING: Final = 256
DURATION_S: Final[dict[Gesture, float]] = {
    Gesture.NOD: 0.85, Gesture.SHAKE: 1.10, Gesture.TILT: 1.70, Gesture.RAISE_BROWS: 0.90, Gesture.WINK: 0.42,
    Gesture.LOOK_ASIDE: 1.25,
}  # fmt: skip
_LONGEST_S: Final = max(DURATION_S.values()) / (0.25 * 0.25)
"""At the slowest pace in the slowest style."""
_BROWS_UP = columns("browInnerUp", "browOuterUp")
_WIDE = columns("eyeWide")


@dataclass(frozen=True, slots=True, order=True)
class _Move:
    t_s: float
    number: int
    gesture: Gesture
    strength: float
    side: float
    duration_s: float


class Gestures:
    """Layer: every gesture adds its movement while it lasts; several may overlap."""

    def __init__(self, seed: int, style: Style) -> None:
        self._random = random.Random(f"{seed}/gestures")
        self._style = style
        self._moves: list[_Move] = []
        self._count = 0

    def add(self, gesture: Gesture, t_s: float, strength: float = 1.0, pace: float = 1.0) -> None:
        """`strength` scales the movement, `pace` and the style's speed shorten it; beyond 256 pending the farthest are dropped."""
        side = 1.0 if self._random.random() < 0.5 else -1.0
        self._count += 1
        duration_s = DURATION_S[gesture] / (pace * self._style.pace.speed_at(t_s))
        insort(self._moves, _Move(t_s, self._count, gesture, strength, side, duration_s))
        del self._moves[_MAX_PENDING:]

    def cut(self, t_s: float) -> None:
        """Gestures that have not begun at `t_s` will not."""
        self._moves = [move for move in self._moves if move.t_s < t_s]

    def over(self, t_s: float, face: F64) -> None:
        if not self._moves:
            return
        if self._moves[0].t_s + _LONGEST_S < t_s:
            self._moves = [move for move in self._moves if move.t_s + _LONGEST_S >= t_s]
        for move in self._moves:
            if move.t_s >= t_s:
                break
            x = (t_s - move.t_s) / move.duration_s
            if x < 1.0:
                _perform(move, x, face)


def _bump(x: float, rise: float, fall: float) -> float:
    """Up within `rise`, held, down within the last `fall` of 0 to 1."""
    return smoothstep(x / rise) * smoothstep((1.0 - x) / fall)


def _perform(move: _Move, x: float, face: F64) -> None:
    """Add the gesture's movement at `x` (0 to 1 of its duration) to `face`."""
    s, side = move.strength, move.side
    match move.gesture:
        case Gesture.NOD:
            face[PITCH] += s * 0.13 * sin(pi * x) ** 2 * (0.55 - 0.75 * _wave(x * 2.0))
            face[Z] += s * 0.003 * sin(pi * x) ** 2
        case Gesture.SHAKE:
            face[YAW] += s * side * 0.17 * sin(pi * x) * sin(5.0 * pi * x)
        case Gesture.TILT:
            face[ROLL] += s * side * 0.15 * _bump(x, 0.30, 0.38)
            face[YAW] += s * side * 0.03 * _bump(x, 0.35, 0.40)
        case Gesture.RAISE_BROWS:
            up = s * _bump(x, 0.22, 0.45)
            face[_BROWS_UP] += 0.62 * up
            face[_WIDE] += 0.16 * up
            face[PITCH] -= 0.025 * up
        case Gesture.WINK:
            shut = s * _bump(x, 0.28, 0.42)
            letter = "Left" if side > 0 else "Right"
            blink, squint = INDEX["eyeBlink" + letter], INDEX["cheekSquint" + letter]
            face[blink] = max(face[blink], face[blink] * (1 - shut) + shut)
            face[squint] += 0.45 * shut
            face[INDEX["mouthSmile" + letter]] += 0.35 * shut
            face[INDEX["browDown" + letter]] += 0.22 * shut
            face[ROLL] += side * -0.03 * shut
        case Gesture.LOOK_ASIDE:
            eyes, head = s * _bump(x, 0.06, 0.06), s * _bump(x, 0.35, 0.40)
            face[GAZE_YAWS] += side * 0.36 * eyes
            face[GAZE_PITCHES] += 0.06 * eyes
            face[YAW] += side * 0.13 * head


def _wave(x: float) -> float:
    """A cosine over 0 to 1."""
    return sin(2.0 * pi * (x + 0.25))
