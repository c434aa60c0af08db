"""The one vector all layers write to, how a layer lies over what is below it, and how the vector becomes a FaceFrame.

A face inside motion is float64 [`COUNT`]: 52 ARKit weights, head rotation and translation, the gaze of each eye, and four
demands that only motion knows: how firmly the lips are sealed, how much speech is going on, how far the gaze is fixed to the
world rather than to the head, and how far the lids follow the eyes.
"""

from __future__ import annotations

from typing import Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT as SHAPE_COUNT
from visavis.arkit import INDEX, SHAPES
from visavis.types import FaceFrame, FacePart

F64: TypeAlias = npt.NDArray[np.float64]

WEIGHTS: Final = slice(0, SHAPE_COUNT)
YAW, PITCH, ROLL = (SHAPE_COUNT + i for i in range(3))
X, Y, Z = (SHAPE_COUNT + 3 + i for i in range(3))
ROTATION: Final = slice(YAW, ROLL + 1)
TRANSLATION: Final = slice(X, Z + 1)
GAZE: Final = slice(Z + 1, Z + 5)
"""left yaw, left pitch, right yaw, right pitch; radians"""
GAZE_YAWS: Final = slice(Z + 1, Z + 5, 2)
GAZE_PITCHES: Final = slice(Z + 2, Z + 5, 2)
SEAL: Final = Z + 5
"""0 to 1: how firmly the lips must be closed, whatever else moves them"""
TALK: Final = Z + 6
"""0 to 1: speech is going on"""
WORLD: Final = Z + 7
"""1: gaze angles are relative to the viewer and the eyes make up for the head's turns; 0: relative to the head"""
LIDS: Final = Z + 8
"""0 to 1: how far the lids are left to follow the eyes"""
COUNT: Final = Z + 9

LOOK_RANGE_RAD: Final = np.array([0.67, 0.48, 0.455, 0.61])
"""Eye angle at which eyeLookOut, eyeLookIn, eyeLookUp, eyeLookDown are 1: slopes found in a Live Link Face take."""


def columns(*names: str) -> npt.NDArray[np.intp]:
    """Indices of shapes; a name without its side stands for both."""
    found: list[int] = []
    for name in names:
        sides = [name] if name in INDEX else [name + "Left", name + "Right"]
        found += [INDEX[side] for side in sides]
    return np.array(found, np.intp)


def shape_vector(weights: dict[str, float]) -> F64:
    """Float64 [52] from names; a name without its side sets both sides."""
    out = np.zeros(SHAPE_COUNT)
    for name, value in weights.items():
        out[columns(name)] = value
    return out


_PART_PREFIXES: Final = {
    FacePart.MOUTH: ("jaw", "mouth", "tongue", "cheekPuff", "noseSneer"), FacePart.EYES: ("eye", "cheekSquint"),
    FacePart.BROWS: ("brow",),
}  # fmt: skip
PARTS: Final = (FacePart.MOUTH, FacePart.EYES, FacePart.BROWS, FacePart.HEAD)


def _part_of() -> npt.NDArray[np.intp]:
    parts = np.full(COUNT, PARTS.index(FacePart.HEAD))
    parts[[SEAL, TALK]] = PARTS.index(FacePart.MOUTH)
    parts[[*range(GAZE.start, GAZE.stop), WORLD, LIDS]] = PARTS.index(FacePart.EYES)
    for part, prefixes in _PART_PREFIXES.items():
        parts[[i for i, name in enumerate(SHAPES) if name.startswith(prefixes)]] = PARTS.index(part)
    return parts


PART_OF: Final = _part_of()
"""Which of `PARTS` each channel belongs to."""


class Layer(Protocol):
    """One thing that moves the face. Time is an argument; `face` is changed in place, what is below comes in with it."""

    def over(self, t_s: float, face: F64) -> None: ...


def smoothstep(x: float) -> float:
    """0 below 0, 1 above 1, level at both ends."""
    if x <= 0.0:
        return 0.0
    return 1.0 if x >= 1.0 else x * x * (3.0 - 2.0 * x)


class Fade:
    """A vector (a number is a vector of one) that glides from value to value, in closed form: alike at any frame rate."""

    def __init__(self, value: F64) -> None:
        self._from = self._to = value
        self._t_s, self._fade_s = 0.0, 0.0

    def to(self, value: F64, t_s: float, fade_s: float) -> None:
        self._from, self._to, self._t_s, self._fade_s = self.at(t_s), value, t_s, fade_s

    def at(self, t_s: float) -> F64:
        since = t_s - self._t_s
        if since >= self._fade_s:
            return self._to
        if since <= 0.0:
            return self._from
        return self._from + (self._to - self._from) * smoothstep(since / self._fade_s)

    @property
    def goal(self) -> F64:
        """Where it glides to, or has arrived."""
        return self._to


# What the lips do -----------------------------------------------------------------------------------------------------------

_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
_OPENING = shape_vector({
    "mouthFunnel": 0.17, "mouthUpperUp": 0.085, "mouthLowerDown": 0.075, "mouthShrugUpper": 0.11, "mouthShrugLower": -0.14,
    "mouthRollLower": -0.09, "mouthRollUpper": -0.07, "mouthSmile": -0.03, "mouthPucker": -0.03, "mouthPress": -0.025,
})  # fmt: skip
"""By how much of a wide-open jaw a shape parts the lips: measured on the canonical head, along the middle 24 mm."""
_OPENERS = columns("jawOpen", "mouthLowerDown", "mouthUpperUp", "mouthFunnel", "mouthShrugUpper", "tongueOut")
_SEALED_JAW: Final = 0.25
"""Of the jaw's opening, the part left under sealed lips; mouthClose takes up all of it."""
_SMILES = columns("mouthSmile")
_PRESSES = columns("mouthPress")


def mouth_opening(weights: npt.ArrayLike) -> float:
    """How open the lips are, 0 sealed to 1 (the jaw wide open), of ARKit weights [52].

    The jaw opens them and mouthClose takes that back; raising, lowering and funnelling the lips opens them on a closed jaw;
    pressing, rolling in and shrugging the lower lip closes them.
    """
    w = np.asarray(weights, np.float64)
    assert w.shape == (SHAPE_COUNT,), w.shape
    return float(min(1.0, max(0.0, w[_JAW] - min(w[_CLOSE], w[_JAW]) + w @ _OPENING)))


def seal_lips(weights: F64, seal: float) -> None:
    """Close the lips by `seal` (0 to 1) in place: openers go, the jaw that stays is taken up by mouthClose, smiles soften."""
    if seal <= 0.0:
        return
    keep = 1.0 - seal
    jaw, close = weights[_JAW], weights[_CLOSE]
    weights[_OPENERS] *= keep
    weights[_JAW] = jaw * (keep + seal * _SEALED_JAW)
    weights[_CLOSE] = close * keep + seal * weights[_JAW]
    weights[_SMILES] *= 1.0 - 0.25 * seal
    weights[_PRESSES] = np.maximum(weights[_PRESSES], 0.22 * seal)


# The way out ----------------------------------------------------------------------------------------------------------------

_LOOK_OUT = columns("eyeLookOut")
_LOOK_IN = columns("eyeLookIn")
_LOOK_UP = columns("eyeLookUp")
_LOOK_DOWN = columns("eyeLookDown")
_OUTWARD = np.array([1.0, -1.0])
"""+yaw is towards the character's left: out for the left eye, in for the right."""
_MAX_GAZE_RAD: Final = 0.7
_BLINK = columns("eyeBlink")
_WIDE = columns("eyeWide")
_LID_DOWN: Final = 0.45
_LID_UP: Final = 0.30
"""eyeBlink and eyeWide per radian that an eye looks down and up, beside what its eyeLook* shapes do to the lids."""


def neutral() -> F64:
    face = np.zeros(COUNT)
    face[[WORLD, LIDS]] = 1.0
    return face


def to_frame(face: F64, t_ticks: int, generation: int) -> FaceFrame:
    """The finished frame: lips sealed, eyes turned against the head, lids and eyeLook* after the gaze, all in range.

    eyeLook* says again what `gaze` says, as in a Live Link Face capture, for those who read only one of the two.
    """
    weights = face[WEIGHTS].copy()
    seal_lips(weights, face[SEAL])
    gaze = face[GAZE].reshape(2, 2) - face[WORLD] * face[[YAW, PITCH]]
    np.clip(gaze, -_MAX_GAZE_RAD, _MAX_GAZE_RAD, out=gaze)
    out, down = gaze[:, 0] * _OUTWARD, gaze[:, 1]
    zero = 0.0
    weights[_LOOK_OUT] = np.maximum(out, zero) / LOOK_RANGE_RAD[0]
    weights[_LOOK_IN] = np.maximum(-out, zero) / LOOK_RANGE_RAD[1]
    weights[_LOOK_UP] = np.maximum(-down, zero) / LOOK_RANGE_RAD[2]
    weights[_LOOK_DOWN] = np.maximum(down, zero) / LOOK_RANGE_RAD[3]
    weights[_BLINK] += face[LIDS] * _LID_DOWN * np.maximum(down, zero) * (1.0 - weights[_BLINK])
    weights[_WIDE] += face[LIDS] * _LID_UP * np.maximum(-down, zero)
    np.clip(weights, 0.0, 1.0, out=weights)
    f32 = np.float32
    return FaceFrame(t_ticks, weights.astype(f32), face[ROTATION].astype(f32), face[TRANSLATION].astype(f32),
                     gaze.astype(f32), generation)  # fmt: skip


assert SHAPES[_JAW] == "jawOpen"
