"""The seven emotions as ARKit weights and bearing, faded over whatever the mouth says."""

from __future__ import annotations

from bisect import insort
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from visavis.arkit import COUNT as SHAPE_COUNT
from visavis.arkit import SHAPES
from visavis.motion.channels import COUNT, F64, PITCH, ROLL, TALK, WEIGHTS, Fade, Z, columns, shape_vector
from visavis.motion.drift import Drift
from visavis.types import Emotion

_EXPRESSIONS: Final[dict[Emotion, dict[str, float]]] = {
    Emotion.NEUTRAL: {},
    Emotion.HAPPY: {"mouthSmile": 0.88, "cheekSquint": 0.65, "eyeSquint": 0.28, "mouthDimple": 0.25, "mouthStretch": 0.10,
                    "browOuterUp": 0.18, "browInnerUp": 0.10, "mouthUpperUp": 0.16},
    Emotion.SAD: {"browInnerUp": 0.90, "browDown": 0.15, "mouthFrown": 0.70, "mouthShrugLower": 0.35, "eyeBlink": 0.14,
                  "eyeSquint": 0.15, "mouthPress": 0.08},
    Emotion.ANGRY: {"browDown": 1.00, "noseSneer": 0.50, "eyeSquint": 0.40, "mouthPress": 0.50, "mouthFrown": 0.32,
                    "mouthStretch": 0.15, "jawForward": 0.25, "eyeWide": 0.15},
    Emotion.SURPRISED: {"browInnerUp": 0.95, "browOuterUp": 1.00, "eyeWide": 0.75, "jawOpen": 0.26, "mouthFunnel": 0.20},
    Emotion.AFRAID: {"browInnerUp": 1.00, "browOuterUp": 0.35, "browDown": 0.30, "eyeWide": 0.80, "mouthStretch": 0.80,
                     "mouthFrown": 0.25, "jawOpen": 0.07, "mouthLowerDown": 0.30},
    Emotion.DISGUSTED: {"noseSneer": 1.00, "browDown": 0.50, "eyeSquint": 0.45, "mouthUpperUp": 0.42, "mouthFrown": 0.45,
                        "mouthShrugLower": 0.35, "cheekSquint": 0.45},
}  # fmt: skip
_BEARING: Final[dict[Emotion, tuple[float, float, float]]] = {
    Emotion.NEUTRAL: (0.0, 0.0, 0.0), Emotion.HAPPY: (-0.02, 0.02, 0.004), Emotion.SAD: (0.07, 0.03, -0.004),
    Emotion.ANGRY: (0.045, 0.0, 0.010), Emotion.SURPRISED: (-0.045, 0.0, -0.008), Emotion.AFRAID: (0.01, 0.02, -0.014),
    Emotion.DISGUSTED: (-0.03, -0.035, -0.010),
}  # fmt: skip
"""Head pitch and roll in radians, and metres towards the viewer."""

CUE_FADE_S: Final = 0.35
RELAX_FADE_S: Final = 0.9
_MAX_PENDING: Final = 256
_MOUTH = np.array([name.startswith(("mouth", "jaw", "tongue")) for name in SHAPES])
_OPENERS = columns("jawOpen", "mouthFunnel", "mouthLowerDown", "mouthUpperUp")
_CLOSERS = columns("mouthPress", "mouthShrugLower")
_ROUNDING = columns("mouthFunnel", "mouthPucker")
_SPREADING = columns("mouthSmile", "mouthStretch", "mouthDimple", "mouthFrown")
_SHY_IN_SPEECH: Final = np.ones(SHAPE_COUNT)
_SHY_IN_SPEECH[_OPENERS] = 0.25
_SHY_IN_SPEECH[_CLOSERS] = 0.15
_SHY_IN_SPEECH[_SPREADING] = 0.78
"""What of an expression is left while the mouth speaks."""
_FLICKER: Final = 0.10


def expression(emotion: Emotion, intensity: float = 1.0) -> F64:
    """Float64 [52]: an emotion's face, alone and still."""
    return shape_vector(_EXPRESSIONS[emotion]) * intensity


def _vector(emotion: Emotion, intensity: float) -> F64:
    out = np.zeros(COUNT)
    out[WEIGHTS] = expression(emotion, intensity)
    out[PITCH], out[ROLL], out[Z] = (part * intensity for part in _BEARING[emotion])
    return out


@dataclass(order=True)
class _Change:
    t_s: float
    number: int
    emotion: Emotion | None = field(compare=False)
    """None: back to the lasting one."""
    intensity: float = field(compare=False)
    fade_s: float = field(compare=False)
    lasting: bool = field(compare=False)


class Emotions:
    """Layer: one emotion at a time, fading into the next. Cues hold for their utterance, `set` until the next `set`."""

    def __init__(self, seed: int) -> None:
        self._changes: list[_Change] = []
        self._count = 0
        self._lasting = (Emotion.NEUTRAL, 1.0)
        self._cued = False
        self._fade = Fade(np.zeros(COUNT))
        self._flicker = Drift(seed, 31, SHAPE_COUNT, 0.45)
        self.now = Emotion.NEUTRAL

    def set(self, emotion: Emotion, intensity: float, t_s: float, fade_s: float) -> None:
        self._add(_Change(t_s, 0, emotion, intensity, fade_s, lasting=True))

    def cue(self, emotion: Emotion, intensity: float, t_s: float) -> None:
        self._add(_Change(t_s, 0, emotion, intensity, CUE_FADE_S, lasting=False))

    def relax(self, t_s: float) -> None:
        """The utterance that cued an emotion is over: back to the lasting one."""
        self._add(_Change(t_s, 0, None, 1.0, RELAX_FADE_S, lasting=False))

    def cut(self, t_s: float) -> None:
        """Cues that have not fired at `t_s` will not."""
        self._changes = [change for change in self._changes if change.lasting or change.t_s < t_s]

    def over(self, t_s: float, face: F64) -> None:
        while self._changes and self._changes[0].t_s <= t_s:
            self._fire(self._changes.pop(0))
        vector = self._fade.at(t_s)
        if not vector.any():
            return
        weights = vector[WEIGHTS] * (1.0 + _FLICKER * self._flicker.at(t_s))
        weights *= 1.0 - face[TALK] * (1.0 - _SHY_IN_SPEECH)
        weights[_SPREADING] *= 1.0 - min(0.7, float(face[_ROUNDING].sum()))
        below = face[WEIGHTS]
        face[WEIGHTS] = np.where(_MOUTH, below + weights, np.maximum(below, below + weights * (1.0 - 0.4 * below)))
        face[SHAPE_COUNT:] += vector[SHAPE_COUNT:]

    def _add(self, change: _Change) -> None:
        self._count += 1
        change.number = self._count
        insort(self._changes, change)
        del self._changes[_MAX_PENDING:]

    def _fire(self, change: _Change) -> None:
        if change.emotion is None:
            if not self._cued:
                return
            emotion, intensity = self._lasting
        else:
            emotion, intensity = change.emotion, change.intensity
        if change.lasting:
            self._lasting = (emotion, intensity)
        self._cued = change.emotion is not None and not change.lasting
        self.now = emotion
        self._fade.to(_vector(emotion, intensity), change.t_s, change.fade_s)
