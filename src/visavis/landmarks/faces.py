"""468 landmarks, lids and irises of the faces in a picture or a video."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.errors import BadInput
from visavis.landmarks.detection import detect_faces
from visavis.landmarks.networks import IRIS_SIDE, MESH_SIDE, Networks
from visavis.types import F32, U8

CROP: Final = 1.5
"""The mesh network sees a square of this many times the face's longer side."""
IRIS_CROP: Final = 2.3
REFINEMENTS: Final = 3
CROPS: Final = 9
"""A still is seen this many times more, shifted, scaled and turned a little: each look has about 1 % of the crop in noise."""
MIN_PRESENCE: Final = 0.3
RIGHT_EYE, LEFT_EYE = (33, 133), (263, 362)
"""Outer and inner corners; right and left are the person's own."""
RIGHT_UPPER: Final = (33, 246, 161, 160, 159, 158, 157, 173, 133)
RIGHT_LOWER: Final = (33, 7, 163, 144, 145, 153, 154, 155, 133)
LEFT_UPPER: Final = (263, 466, 388, 387, 386, 385, 384, 398, 362)
LEFT_LOWER: Final = (263, 249, 390, 373, 374, 380, 381, 382, 362)
"""Lid margins from the outer to the inner corner."""
OVAL: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136, 172, 58,
    132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip
"""The outline of the face."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """What is seen of one face. Pixels of the picture, x right, y down, the first pixel's middle at 0, 0.

    points   float32 [468, 3] MediaPipe's landmarks; z in the same unit, smaller is nearer; lid margins as the iris network sees them
    irises   float32 [2, 5, 2] left and right eye of the person: centre, then four points of the rim
    presence 0 to 1: how surely this is a face
    """

    points: F32
    irises: F32
    presence: float

    @property
    def height_px(self) -> float:
        return float(np.ptp(self.points[:, 1]))

    @property
    def area_px(self) -> float:
        return float(np.prod(np.ptp(self.points[:, :2], axis=0)))


class Landmarker:
    """Finds faces and their landmarks; one thread at a time."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def find(self, rgb: U8, *, crops: int = CROPS) -> list[Face]:
        """Every face in uint8 [h, w, 3], largest first; `crops` more looks are averaged in for each."""
        faces: list[Face] = []
        for found in detect_faces(self._networks, rgb):
            angle = _angle(found.keys[0], found.keys[1])
            face = self._refined(rgb, found.centre, CROP * float(found.size.max()), angle, REFINEMENTS, crops)
            if face is not None and not any(_same(face, other) for other in faces):
                faces.append(face)
        return sorted(faces, key=lambda face: -face.area_px)

    def follow(self, rgb: U8, before: Face) -> Face | None:
        """The face in the next frame of a video, searched where it was; None where it is lost. One look, about 10 ms."""
        centre, size, angle = _crop_of(before.points)
        return self._refined(rgb, centre, size, angle, 1, 0)

    def _refined(self, rgb: U8, centre: F32, size: float, angle: float, refinements: int, crops: int) -> Face | None:
        points, presence = self._look(rgb, centre, size, angle)
        for _ in range(refinements - 1):
            centre, size, angle = _crop_of(points)
            points, presence = self._look(rgb, centre, size, angle)
        if presence < MIN_PRESENCE:
            return None
        if crops:
            centre, size, angle = _crop_of(points)
            rng = np.random.default_rng(0)
            looks = [points]
            for _ in range(crops):
                shifted = centre + (rng.normal(0, 0.02, 2) * size).astype(np.float32)
                looks.append(self._look(rgb, shifted, size * rng.uniform(0.93, 1.12), angle + rng.normal(0, 0.05))[0])
            points = np.median(looks, axis=0).astype(np.float32)
        return self._with_eyes(rgb, points, presence)

    def _look(self, rgb: U8, centre: F32, size: float, angle: float) -> tuple[F32, float]:
        crop, back = _cut(rgb, centre, size, angle, MESH_SIDE)
        points, presence = self._networks.mesh(crop)
        flat = points[:, :2] @ back[:, :2].T + back[:, 2]
        return np.c_[flat, points[:, 2] * size / MESH_SIDE].astype(np.float32), presence

    def _with_eyes(self, rgb: U8, points: F32, presence: float) -> Face:
        points = points.copy()
        irises = np.zeros((2, 5, 2), np.float32)
        for eye, (corners, upper, lower) in enumerate(
            ((LEFT_EYE, LEFT_UPPER, LEFT_LOWER), (RIGHT_EYE, RIGHT_UPPER, RIGHT_LOWER))
        ):
            outer, inner = points[corners[0], :2], points[corners[1], :2]
            leftmost, rightmost = (inner, outer) if eye == 0 else (outer, inner)
            size = IRIS_CROP * max(float(np.linalg.norm(outer - inner)), 2.0)
            crop, back = _cut(rgb, np.asarray((outer + inner) / 2, np.float32), size, _angle(leftmost, rightmost), IRIS_SIDE)
            mirrored = eye == 0
            lids, iris = self._networks.iris(np.ascontiguousarray(crop[:, ::-1]) if mirrored else crop)
            for seen in (lids, iris):
                if mirrored:
                    seen[:, 0] = IRIS_SIDE - 1 - seen[:, 0]
                seen[:] = seen @ back[:, :2].T + back[:, 2]
            points[[*lower, *upper[1:-1]], :2] = lids[:16]  # nine points below, then seven above
            irises[eye] = iris
        return Face(points, irises, presence)


def choose_face(faces: Sequence[Face], number: int | None, name: str) -> Face:
    """The largest face, or the `number`-th counted from 1, largest first. Raises BadInput with what there is."""
    if not faces:
        raise BadInput(f"No face was found in {name}.", mend="Take a picture in which a face looks roughly at the camera.")
    if number is None:
        return faces[0]
    if not 1 <= number <= len(faces):
        raise BadInput(
            f"{name} shows {len(faces)} face{'s' * (len(faces) > 1)}, not {number}.", mend="Faces count from 1, largest first."
        )
    return faces[number - 1]


def _same(a: Face, b: Face) -> bool:
    apart = float(np.linalg.norm(a.points[:, :2].mean(0) - b.points[:, :2].mean(0)))
    return apart < 0.3 * min(a.height_px, b.height_px)


def _angle(right_eye: F32, left_eye: F32) -> float:
    """Of the line between two points, radians, positive clockwise on the screen."""
    dx, dy = (float(d) for d in left_eye - right_eye)
    return float(np.arctan2(dy, dx))


def _crop_of(points: F32) -> tuple[F32, float, float]:
    """Centre, side and angle of the square that the mesh network wants for a face at `points`."""
    angle = _angle(points[RIGHT_EYE[0], :2], points[LEFT_EYE[0], :2])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
    upright = points[:, :2] @ turn.T
    centre = turn.T @ ((upright.min(0) + upright.max(0)) / 2)
    return centre.astype(np.float32), CROP * float(np.ptp(upright, axis=0).max()), angle


def _cut(rgb: U8, centre: F32, size: float, angle: float, side: int) -> tuple[U8, F32]:
    """A turned square as uint8 [side, side, 3], and the affine map [2, 3] from its pixels back to the picture's."""
    import cv2

    size = max(size, 4.0)
    factor = int(size / (2 * side))
    if factor > 1:  # reduced beforehand: the warp would skip pixels
        reach = 0.75 * size
        low = np.maximum(np.floor(centre - reach), 0).astype(int)
        high = np.minimum(np.ceil(centre + reach) + 1, rgb.shape[1::-1]).astype(int)
        if (high - low >= factor).all():
            part = rgb[low[1] : high[1], low[0] : high[0]]
            shape = (part.shape[1] // factor, part.shape[0] // factor)
            part = part[: shape[1] * factor, : shape[0] * factor]
            rgb = np.asarray(cv2.resize(part, shape, interpolation=cv2.INTER_AREA), np.uint8)
            inside = np.asarray((centre - low - (factor - 1) / 2) / factor, np.float32)
            crop, back = _cut(rgb, inside, size / factor, angle, side)
            lifted = back * factor + np.c_[np.zeros((2, 2)), low + (factor - 1) / 2]
            return crop, lifted.astype(np.float32)
    matrix = cv2.getRotationMatrix2D((float(centre[0]), float(centre[1])), float(np.degrees(angle)), side / size)
    matrix = matrix + np.c_[np.zeros((2, 2)), (side - 1) / 2 - centre]
    crop = np.asarray(cv2.warpAffine(rgb, matrix, (side, side), flags=cv2.INTER_LINEAR), np.uint8)
    return crop, cv2.invertAffineTransform(matrix).astype(np.float32)
