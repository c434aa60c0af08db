"""`controls`: of the 52 weights, 6 head axes, 4 gaze axes and 6 emotions, how many truly steer the picture.

A control counts when all of this holds in the engine's pictures:
visible   at full deflection at least `VISIBLE_SHARE` of the pixels change by `VISIBLE_LEVELS` luma levels or more
in place  at least `IN_PLACE` of the change (levels times pixels) lies where it should (`face_map.region_of`); head axes: the
          eyes and the mouth move the right way
monotone  the change grows with each step of the deflection; gaze and head on both sides of zero
`mouthClose` and `tongueOut` are tried on an open mouth, as ARKit defines them. Emotions are set on `Motion` as a control
message would; the faces differ from a neutral one of the same seed and moment in nothing else.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from visavis.arkit import SHAPES
from visavis.bench.face_map import FACE, LEFT_EYE, Box, Draw, FaceMap, change, find_face, mirrored, region_of, with_weights
from visavis.types import U8, Emotion, Engine, FaceFrame

STEPS: Final = (0.25, 0.5, 0.75, 1.0)
VISIBLE_LEVELS: Final = 8
VISIBLE_SHARE: Final = 1.5e-4
IN_PLACE: Final = 0.6
GROWTH: Final = 1.02
OPEN_MOUTH: Final = {"mouthClose": 0.6, "tongueOut": 0.35}
"""jawOpen under these shapes; a mouth can be closed no further than it is open."""
HEAD_AXES: Final = ("yaw", "pitch", "roll", "x", "y", "z")
HEAD_FULL: Final = (0.3, 0.2, 0.2, 0.02, 0.02, 0.06)
"""Radians and metres."""
GAZE_FULL: Final = (0.35, 0.25)
EMOTIONS: Final = tuple(emotion for emotion in Emotion if emotion is not Emotion.NEUTRAL)


@dataclass
class Controls:
    """Which controls work; `failing` says what is wrong with each of the others."""

    weights: int = 0
    head: int = 0
    gaze: int = 0
    emotions: int = 0
    failing: dict[str, str] = field(default_factory=dict)

    @property
    def working(self) -> int:
        return self.weights + self.head + self.gaze + self.emotions

    def to_json(self) -> dict[str, Any]:
        return {
            "working": self.working, "of": len(SHAPES) + len(HEAD_AXES) + 4 + len(EMOTIONS), "weights": self.weights,
            "head": self.head, "gaze": self.gaze, "emotions": self.emotions, "failing": self.failing,
        }  # fmt: skip


def luma_of(engine: Engine) -> Draw:
    def draw(face: FaceFrame) -> U8:
        frame = engine.draw(face)
        return frame.i420[: frame.height].copy()

    return draw


def measure_controls(draw: Draw, emotional: Callable[[Emotion, float], FaceFrame] | None) -> Controls:
    """`emotional` gives the face of an emotion at an intensity; None leaves emotions out."""
    found = Controls()
    neutral = FaceFrame.neutral()
    where = find_face(draw, neutral)
    if where is None:
        found.failing["face"] = "no eyes and mouth were found in the picture"
        return found
    plain = draw(neutral)
    for shape in SHAPES:
        found.weights += _note(found, shape, _try_weight(draw, where, shape, plain))
    for axis in range(len(HEAD_AXES)):
        found.head += _note(found, f"head {HEAD_AXES[axis]}", _try_head(draw, axis, where))
    for eye in range(2):
        for axis in range(2):
            name = f"gaze {('left', 'right')[eye]} {('yaw', 'pitch')[axis]}"
            found.gaze += _note(found, name, _try_gaze(draw, where, eye, axis, plain))
    if emotional is not None:
        for emotion in EMOTIONS:
            calm = draw(emotional(emotion, 0.0))
            pictures = [draw(emotional(emotion, step)) for step in STEPS]
            found.emotions += _note(found, f"emotion {emotion}", _fault(pictures, calm, where, FACE))
    return found


def emotional_faces(seed: int = 3, settle_s: float = 1.5) -> Callable[[Emotion, float], FaceFrame]:
    """Faces as `Motion` makes them, each `settle_s` after the emotion was set."""
    from visavis.motion import Motion
    from visavis.protocol import SetEmotion
    from visavis.types import ticks_from_s

    def face(emotion: Emotion, intensity: float) -> FaceFrame:
        motion = Motion(seed=seed)
        motion.sample(0)
        motion.control(SetEmotion(emotion=emotion, intensity=intensity, fade_ms=100), 0)
        for step in range(1, 31):
            sampled = motion.sample(ticks_from_s(settle_s * step / 30))
        return sampled

    return face


def _note(found: Controls, name: str, fault: str | None) -> int:
    if fault is not None:
        found.failing[name] = fault
    return int(fault is None)


def _try_weight(draw: Draw, where: FaceMap, shape: str, plain: U8) -> str | None:
    opened = OPEN_MOUTH.get(shape, 0.0)
    base = with_weights(FaceFrame.neutral(), jawOpen=opened) if opened else FaceFrame.neutral()
    full = opened if shape == "mouthClose" else 1.0
    pictures = [draw(with_weights(base, **{shape: full * step})) for step in STEPS]
    return _fault(pictures, draw(base) if opened else plain, where, region_of(shape))


def _try_gaze(draw: Draw, where: FaceMap, eye: int, axis: int, plain: U8) -> str | None:
    box = LEFT_EYE if eye == 0 else mirrored(LEFT_EYE)
    ends = []
    for sign in (1, -1):
        pictures = []
        for step in STEPS:
            gaze = np.zeros((2, 2), np.float32)
            gaze[eye, axis] = sign * step * GAZE_FULL[axis]
            pictures.append(draw(replace(FaceFrame.neutral(), gaze=gaze)))
        fault = _fault(pictures, plain, where, box)
        if fault is not None:
            return f"{'+' if sign > 0 else '-'}: {fault}"
        ends.append(pictures[-1])
    plus, minus = (_dark_centre(picture, where, eye) for picture in ends)
    return None if plus[axis] > minus[axis] + 0.5 else "the iris moves the wrong way"


def _try_head(draw: Draw, axis: int, at_rest: FaceMap) -> str | None:
    measured = []
    for amount in (-1.0, -0.5, 0.0, 0.5, 1.0):
        values = np.zeros(6, np.float32)
        values[axis] = amount * HEAD_FULL[axis]
        pose = replace(FaceFrame.neutral(), head_rotation=values[:3], head_translation=values[3:])
        where = find_face(draw, pose) if amount else at_rest
        if where is None:
            return "the face is lost"
        measured.append(_along(axis, where))
    steps = np.diff(measured)
    if np.all(steps > 0):
        return None
    return "it moves the wrong way" if np.all(steps < 0) else "it does not move evenly"


def _along(axis: int, where: FaceMap) -> float:
    """What an axis should increase: yaw and x move the face to the picture's right, pitch down, y up, z towards the viewer."""
    x, y = where.centre
    return (float(x), float(y), where.tilt, float(x), -float(y), where.eye_distance)[axis]


def _fault(pictures: Sequence[U8], plain: U8, where: FaceMap, box: Box) -> str | None:
    """What is wrong with a control whose steps are `pictures`; None where nothing is."""
    changes = [change(picture, plain) for picture in pictures]
    last = changes[-1]
    if float((last >= VISIBLE_LEVELS).mean()) < VISIBLE_SHARE:
        return "nothing visible changes"
    sums = [float(levels.sum()) for levels in changes]
    if any(after < before * GROWTH for before, after in itertools.pairwise(sums)):
        return "the change does not grow with the control"
    share = float(last[where.mask(box, (last.shape[0], last.shape[1]))].sum()) / sums[-1]
    return None if share >= IN_PLACE else f"only {share:.0%} of the change is where it should be"


def _dark_centre(picture: U8, where: FaceMap, eye: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Centre of the darkest tenth of an eye: its iris, in pixels (x, y)."""
    at = where.left_eye if eye == 0 else where.right_eye
    half_x, half_y = where.eye_distance * 0.24, where.eye_distance * 0.14
    x0, y0 = int(at[0] - half_x), int(at[1] - half_y)
    part = picture[max(0, y0) : int(at[1] + half_y) + 1, max(0, x0) : int(at[0] + half_x) + 1]
    y, x = np.nonzero(part <= np.percentile(part, 12))
    return np.array([x.mean(), y.mean()])
