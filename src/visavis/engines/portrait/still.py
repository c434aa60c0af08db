"""What is known of one picture before it is taken apart: pixels, landmarks, the person's outline and the fitted head."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput
from visavis.head.fit import HeadFit, HeadFitter, Pose
from visavis.landmarks.faces import Face, Landmarker, choose_face
from visavis.landmarks.networks import Networks
from visavis.landmarks.outline import person_mask, sharpen_mask
from visavis.landmarks.pictures import Picture
from visavis.types import F32, U8

F64 = npt.NDArray[np.float64]

FACE_SHARE: Final = 0.42
"""Height of the landmarks in the crop, where the picture is large enough around the head."""
SIDES: Final = (512, 768)
"""Smallest and largest side of the picture that is kept, px; smaller crops are enlarged."""
MIN_FACE_PX: Final = 40.0
MAX_YAW: Final = np.radians(50)
"""Beyond this the far half of a face is not in the picture."""


@dataclass(frozen=True, slots=True)
class Options:
    """face counts from 1, largest first; None takes the largest."""

    face: int | None = None


@dataclass(frozen=True, eq=False)
class Still:
    """rgb uint8 [s, s, 3], the crop · mask, alpha float32 [s, s]: the person, soft and with sharp edges · face, fit in its pixels;
    faces_found in the whole picture; crop: scale and offset (x, y) from its pixels to these.
    """

    rgb: U8
    mask: F32
    alpha: F32
    face: Face
    fit: HeadFit
    faces_found: int = 1
    crop: tuple[float, float, float] = (1.0, 0.0, 0.0)

    @property
    def side(self) -> int:
        return len(self.rgb)

    @property
    def pose(self) -> Pose:
        return self.fit.pose

    @property
    def px_per_m(self) -> float:
        return self.pose.scale

    @cached_property
    def upright(self) -> F64:
        """[2, 2]: turns directions in the picture so that the head's own up points up the screen."""
        x, y = self.pose.rotation[0, 1], -self.pose.rotation[1, 1]
        x, y = np.array([x, y]) / np.hypot(x, y)
        return np.array([[-y, x], [-x, -y]])


def take_in(picture: Picture, networks: Networks, fitter: HeadFitter, options: Options, name: str) -> Still:
    """The crop around the wanted face and the head fitted to it. Raises BadInput where there is none, or it cannot be used."""
    landmarker = Landmarker(networks)
    found = landmarker.find(picture.rgb, crops=0)
    chosen = choose_face(found, options.face, name)
    if chosen.height_px < MIN_FACE_PX:
        raise BadInput(
            f"The face in {name} is only {chosen.height_px:.0f} pixels high.", mend=f"It needs at least {MIN_FACE_PX:.0f}."
        )
    rgb, alpha_given, crop = _crop(picture, chosen)
    faces = landmarker.find(rgb)
    if not faces:
        raise BadInput(f"The face in {name} is not clear enough.", mend="Take one that looks roughly at the camera.")
    middle = rgb.shape[0] / 2
    face = min(faces, key=lambda f: abs(float(f.points[:, 0].mean()) - middle) - f.height_px)
    fit = fitter.fit(face.points)
    if abs(fit.pose.angles[0]) > MAX_YAW:
        raise BadInput(
            f"The face in {name} is seen from the side ({abs(np.degrees(fit.pose.angles[0])):.0f} degrees).",
            mend="Take a picture in which it is turned by at most 50.",
        )
    if alpha_given is None:
        mask = person_mask(networks, rgb)
        alpha = sharpen_mask(mask, rgb)
    else:
        alpha = (alpha_given / np.float32(255)).astype(np.float32)
        mask = alpha
    return Still(rgb, mask, alpha, face, fit, len(found), crop)


def _crop(picture: Picture, face: Face) -> tuple[U8, U8 | None, tuple[float, float, float]]:
    """A square around the head, as large as the picture allows, and the picture's own alpha in it."""
    import cv2

    height, width = picture.rgb.shape[:2]
    low, high = face.points[:, :2].min(0), face.points[:, :2].max(0)
    side = min(float(high[1] - low[1]) / FACE_SHARE, height, width)
    middle = (low + high) / 2 + [0, 0.02 * side]
    centre = np.clip(middle, side / 2, [width - side / 2, height - side / 2])
    out = int(np.clip(2 * round(side / 2), *SIDES))
    scale = out / side
    matrix = np.array(
        [[scale, 0, (out - 1) / 2 - (centre[0] - 0.5) * scale], [0, scale, (out - 1) / 2 - (centre[1] - 0.5) * scale]]
    )

    def cut(layer: U8) -> U8:
        if scale < 0.8:
            layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), 0.42 / scale), np.uint8)
        flags = cv2.INTER_CUBIC if scale < 1.2 else cv2.INTER_LANCZOS4
        return np.asarray(cv2.warpAffine(layer, matrix, (out, out), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)

    alpha = None if picture.alpha is None else cut(picture.alpha)
    return cut(picture.rgb), alpha, (float(scale), float(matrix[0, 2]), float(matrix[1, 2]))
