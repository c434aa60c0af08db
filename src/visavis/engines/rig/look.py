"""What the pixels need besides the frame: textures fitted to the picture's size, tone curve, background. Read-only while drawing."""

from __future__ import annotations

import cv2
import numpy as np

from visavis.engines.rig.frame import FrameBuffers
from visavis.render.mesh import RenderMesh
from visavis.render.picture import studio
from visavis.render.shade import grain_table, tone_table
from visavis.types import F32

_SURFACE_LOBES = (0.55, 0.30, 0.0)
_MOUTH_LOBES = (0.0, 0.12, 0.9)


class Look:
    """`arrays` is what `render.paint` takes as `looks`; `background` float32 [3, h, w]."""

    def __init__(self, mesh: RenderMesh, at: FrameBuffers, background: F32 | None = None) -> None:
        """`background` of any size is fitted to the picture; None: the mesh's studio."""
        width, height = at.size
        focal, cx, cy = at.camera[3:]
        self.background = studio(mesh.background, width, height) if background is None else fitted(background, width, height)
        self.arrays = (
            grain_table(mesh.noise, at.half),
            fitted_iris(mesh, float(focal)),
            np.array([mesh.iris_radius, mesh.pupil_radius, mesh.pupil_radius], np.float32),
            np.array([cx, cy, 1 / focal], np.float32),
            at.half,
            np.array([_SURFACE_LOBES, _MOUTH_LOBES], np.float32),
            np.stack([mesh.lights[0, 3:], np.ones(3, np.float32)]),
            tone_table(mesh.exposure),
        )


def fitted(background: F32, width: int, height: int) -> F32:
    """float32 [3, height, width]."""
    sized = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in background]
    return np.stack(sized).astype(np.float32)


def fitted_iris(mesh: RenderMesh, focal_pixels: float) -> F32:
    """The iris picture, made smaller until a texel is about half a pixel: what is finer would glitter as the eye moves."""
    radius_m = float(np.linalg.norm(mesh.eye_rest[0], axis=1).max())
    wanted = int(np.ceil(4 * radius_m * focal_pixels / mesh.distance_m))
    size = min(mesh.iris.shape[0], max(wanted, 16))
    if size == mesh.iris.shape[0]:
        return mesh.iris
    return np.ascontiguousarray(cv2.resize(mesh.iris, (size, size), interpolation=cv2.INTER_AREA), np.float32)
