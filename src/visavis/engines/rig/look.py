"""What the pixels need besides the frame: textures fitted to the picture's size, tone curve, background. Read-only while drawing."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np

from visavis.engines.rig.frame import FrameBuffers
from visavis.render.mesh import TEXEL, RenderMesh
from visavis.render.picture import studio
from visavis.render.shade import grain_table, tone_table
from visavis.render.textured import texture_table
from visavis.types import F32

NOISE_HEIGHT: Final = 512
"""The noise tile was made for pictures of this height."""
NOISE_BLUR_TEXELS: Final = 1.0
TEXELS_A_PIXEL: Final = 1.25
FINEST: Final = 0.35
"""Textures are fitted to where they are drawn this finely: the rest of the surface has larger texels."""
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
        self._arrays: tuple[Any, ...] = (
            grain_table(fitted_noise(mesh.noise, height), at.half),
            fitted_iris(mesh, float(focal)),
            np.array([mesh.iris_radius, mesh.pupil_radius, mesh.pupil_radius], np.float32),
            np.array([cx, cy, 1 / focal], np.float32),
            at.half,
            np.array([SURFACE_LOBES, MOUTH_LOBES], np.float32),
            np.stack([mesh.lights[0, 3:], np.ones(3, np.float32)]),
            tone_table(mesh.exposure),
            fitted_textures(mesh, float(focal)),
        )

    def arrays(self, pupils: float) -> tuple[Any, ...]:
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


def fitted_textures(mesh: RenderMesh, focal_pixels: float) -> tuple[np.typing.NDArray[np.generic], ...]:
    """The mesh's textures, each made smaller until most of its texels are about a pixel; what is finer would glitter.

    What `textured.shade_textured` takes as `pictures`.
    """
    table = texture_table(mesh)
    sized, sizes = [np.zeros((0, TEXEL), np.uint8)], np.zeros((len(table), 2), np.int64)
    for q, (start, high, wide) in enumerate(table):
        picture = mesh.texels[start : start + high * wide].reshape(high, wide, TEXEL)
        share = min(1.0, TEXELS_A_PIXEL * pixels_a_texel(mesh, q, focal_pixels))
        sizes[q] = max(1, round(high * share)), max(1, round(wide * share))
        if share < 1:
            halves = [
                cv2.resize(picture[..., c : c + 4], tuple(sizes[q][::-1].tolist()), interpolation=cv2.INTER_AREA)
                for c in (0, 4)
            ]
            picture = np.concatenate([half.reshape(*sizes[q], 4) for half in halves], 2)
        sized.append(picture.reshape(-1, TEXEL))
    starts = np.concatenate([[0], np.cumsum(sizes.prod(1))])[:-1]
    groups = mesh.group_texture if len(mesh.group_texture) else np.full(1, -1, np.int16)
    return np.concatenate(sized), np.column_stack([starts, sizes]).astype(np.int64).reshape(-1, 3), groups


def pixels_a_texel(mesh: RenderMesh, texture: int, focal_pixels: float) -> float:
    """How many pixels of the picture's height a texel of a texture covers seen from the front, over most of its surface."""
    of = mesh.group_texture[mesh.triangle_group] == texture
    corners, flat = mesh.positions[mesh.triangles[of]], mesh.uv[mesh.triangles[of]] * mesh.texture_sizes[texture][::-1]
    area_m = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    a, b = flat[:, 1] - flat[:, 0], flat[:, 2] - flat[:, 0]
    texels = np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    used = (texels > 1e-9) & (area_m > 0)
    if not used.any():
        return 1.0
    order = np.argsort(ratio := area_m[used] / texels[used])
    share = np.cumsum(area_m[used][order]) / area_m[used].sum()
    return float(np.sqrt(ratio[order][np.searchsorted(share, FINEST)]) * focal_pixels / mesh.distance_m)
