"""Where the parts of a drawn face lie in its picture, found from the picture alone, so that it holds for every engine.

Three points are found by what moves when a lid or the lips move; everything else is measured from them in eye distances: `u` to
the character's left, `v` down the face, zero between the eyes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT, INDEX
from visavis.types import U8, FaceFrame

Draw: TypeAlias = Callable[[FaceFrame], U8]
"""A FaceFrame's luma, uint8 [height, width]."""
Change: TypeAlias = npt.NDArray[np.float32]
Box: TypeAlias = tuple[float, float, float, float]
"""u from, to, v from, to."""

NOISE_LEVELS: Final = 3
"""Differences of so few luma levels are no change."""

LEFT_EYE: Final[Box] = (0.05, 1.1, -0.5, 0.5)
LEFT_BROW: Final[Box] = (-0.15, 1.25, -1.1, 0.25)
LEFT_CHEEK: Final[Box] = (-0.05, 1.4, -0.2, 1.7)
LEFT_MOUTH: Final[Box] = (-0.25, 1.3, 0.35, 2.1)
NOSE_LEFT: Final[Box] = (-0.3, 1.0, -0.4, 1.3)
BROWS: Final[Box] = (-1.0, 1.0, -1.2, 0.25)
MOUTH: Final[Box] = (-1.2, 1.2, 0.45, 2.2)
JAW: Final[Box] = (-1.5, 1.5, 0.3, 2.8)
CHEEKS: Final[Box] = (-1.6, 1.6, -0.2, 2.2)
FACE: Final[Box] = (-1.9, 1.9, -1.6, 2.9)


def mirrored(box: Box) -> Box:
    """The same part on the character's right."""
    return -box[1], -box[0], box[2], box[3]


def region_of(shape: str) -> Box:
    """Where an ARKit shape should change the face."""
    left, stem = _side(shape)
    if stem in {"mouthLeft", "mouthRight"}:
        return MOUTH
    if stem in {"jawLeft", "jawRight", "jawOpen", "jawForward"}:
        return JAW
    if stem == "cheekPuff":
        return CHEEKS
    if stem == "browInnerUp":
        return BROWS
    one_sided: dict[str, Box] = {
        "eye": LEFT_EYE,
        "brow": LEFT_BROW,
        "cheek": LEFT_CHEEK,
        "nose": NOSE_LEFT,
        "mouth": LEFT_MOUTH,
    }
    for prefix, box in one_sided.items():
        if stem.startswith(prefix) and left is not None:
            return box if left else mirrored(box)
    return MOUTH


def _side(shape: str) -> tuple[bool | None, str]:
    """Whether a shape is the left one of a pair (None if it has no pair), and its name."""
    if shape in {"mouthLeft", "mouthRight", "jawLeft", "jawRight"}:
        return None, shape
    if shape.endswith("Left"):
        return True, shape
    if shape.endswith("Right"):
        return False, shape
    return None, shape


@dataclass(frozen=True, slots=True)
class FaceMap:
    """Pixel positions (x, y) of both eyes and the mouth."""

    left_eye: npt.NDArray[np.float64]
    right_eye: npt.NDArray[np.float64]
    mouth: npt.NDArray[np.float64]

    @property
    def eye_distance(self) -> float:
        return float(np.hypot(*(self.left_eye - self.right_eye)))

    @property
    def centre(self) -> npt.NDArray[np.float64]:
        return (self.left_eye + self.right_eye + self.mouth) / 3

    @property
    def tilt(self) -> float:
        """Angle of the line between the eyes; positive where the character's left eye is higher."""
        x, y = self.left_eye - self.right_eye
        return float(np.arctan2(-y, x))

    def coordinates(self, height: int, width: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """u and v of every pixel, each [height, width]."""
        middle = (self.left_eye + self.right_eye) / 2
        along = (self.left_eye - self.right_eye) / self.eye_distance
        y, x = np.mgrid[0:height, 0:width].astype(np.float64)
        x, y = x - middle[0], y - middle[1]
        return (x * along[0] + y * along[1]) / self.eye_distance, (y * along[0] - x * along[1]) / self.eye_distance

    def mask(self, box: Box, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
        u, v = self.coordinates(*shape)
        return (u >= box[0]) & (u <= box[1]) & (v >= box[2]) & (v <= box[3])


def with_weights(face: FaceFrame, **weights: float) -> FaceFrame:
    values = face.weights.copy() if len(face.weights) else np.zeros(COUNT, np.float32)
    for name, value in weights.items():
        values[INDEX[name]] = value
    return replace(face, weights=values)


def change(one: U8, other: U8) -> Change:
    """Luma levels by which two pictures differ, noise left out; float32 [height, width]."""
    levels = np.abs(one.astype(np.float32) - other.astype(np.float32))
    levels[levels <= NOISE_LEVELS] = 0
    return levels


def find_face(draw: Draw, pose: FaceFrame) -> FaceMap | None:
    """The map of a face in a pose. None where lids or lips change nothing, or the points make no face."""
    plain = draw(pose)
    points = [
        _centroid(change(draw(with_weights(pose, **{name: 1.0})), plain))
        for name in ("eyeBlinkLeft", "eyeBlinkRight", "mouthPucker")
    ]
    left, right, mouth = points
    if left is None or right is None or mouth is None:
        return None
    if not left[0] > right[0] + 4 or mouth[1] < max(left[1], right[1]):
        return None
    return FaceMap(left, right, mouth)


def _centroid(levels: Change) -> npt.NDArray[np.float64] | None:
    total = float(levels.sum())
    if total <= 0:
        return None
    y, x = np.mgrid[0 : levels.shape[0], 0 : levels.shape[1]]
    return np.array([float((levels * x).sum()) / total, float((levels * y).sum()) / total])
