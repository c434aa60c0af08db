"""What the pixels need besides the frame: textures fitted to the picture's size, tone curve, background. Read-only while drawing."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from visavis.engines.rig.frame import FrameBuffers
from visavis.render.mesh import RenderMesh
from visavis.render.picture import studio
from visavis.render.shade import grain_table, tone_table
from visavis.types import F32

NOISE_HEIGHT: Final = 512
"""The noise tile was made for pictures of this height."""
NOISE_BLUR_TEXELS: Final = 1.0
PUPIL_REACH: Final = 0.85
"""Some iris is always left around the pupil."""
SURFACE_LOBES: Final = (0.55, 0.30, 0.0)
MOUTH_LOBES: Final = (0.0, 0.12, 0.9)


class Look:
    """`background` float32 [3, h, w]."""

    def __init__(self, mesh: RenderMesh, at: FrameBuffers, background: F32 | None = None) -> None:
        """`background` of any size is fitted to the picture; None: the mesh's studio."""
        width, height = at.size
        focal, cx, cy = at.camera[3:]
        self.background = studio(mesh.background, width, height) if background is None else fitted(background, width, height)
        self._pupil_radius = mesh.pupil_radius
        self._arrays = (
            grain_table(fitted_noise(mesh.noise, height), at.half),
            fitted_iris(mesh, float(focal)),
            np.array([mesh.iris_radius, mesh.pupil_radius, mesh.pupil_radius], np.float32),
            np.array([cx, cy, 1 / focal], np.float32),
            at.half,
            np.array([SURFACE_LOBES, MOUTH_LOBES], np.float32),
            np.stack([mesh.lights[0, 3:], np.ones(3, np.float32)]),
            tone_table(mesh.exposure),
        )

    def arrays(self, pupils: float) -> tuple[np.typing.NDArray[np.generic], ...]:
        """What `render.paint` takes as `looks`; `pupils` multiplies the radius that is painted."""
        grain, iris, radii, *others = self._arrays
        wanted = min(self._pupil_radius * pupils, PUPIL_REACH * float(radii[0]))
        return grain, iris, np.array([radii[0], radii[1], wanted], np.float32), *others


def fitted(background: F32, width: int, height: int) -> F32:
    """float32 [3, height, width]."""
    sized = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in background]
    return np.stack(sized).astype(np.float32)


def fitted_noise(noise: F32, height: int) -> F32:
    """The noise tile, smoothed where the picture is too small for it: pores and strands finer than a pixel would glitter."""
    sigma_texels = NOISE_BLUR_TEXELS * (NOISE_HEIGHT / height - 1)
    if sigma_texels <= 0:
        return noise
    reach = int(np.ceil(5 * sigma_texels))
    around = np.pad(noise, ((reach, reach), (reach, reach), (0, 0)), mode="wrap")
    smooth = cv2.GaussianBlur(around, (0, 0), sigma_texels)
    return np.ascontiguousarray(smooth[reach:-reach, reach:-reach], np.float32)


def fitted_iris(mesh: RenderMesh, focal_pixels: float) -> F32:
    """The iris picture, made smaller until a texel is about half a pixel: what is finer would glitter as the eye moves."""
    radius_m = float(np.linalg.norm(mesh.eye_rest[0], axis=1).max())
    wanted = int(np.ceil(4 * radius_m * focal_pixels / mesh.distance_m))
    size = min(mesh.iris.shape[0], max(wanted, 16))
    if size == mesh.iris.shape[0]:
        return mesh.iris
    return np.ascontiguousarray(cv2.resize(mesh.iris, (size, size), interpolation=cv2.INTER_AREA), np.float32)
