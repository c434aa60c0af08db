"""A pinhole camera: where a point of the world lands in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.types import F32


@dataclass(frozen=True, slots=True, eq=False)
class Camera:
    """width, height in pixels; fx, fy, cx, cy in pixels, the middle of the top left pixel at (0.5, 0.5).

    rotation float32 [3, 3], world to camera; position float32 [3] of the camera in the world. The camera's own frame is
    right-handed: x to the right, y up, looking along -z.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    rotation: F32
    position: F32

    def __post_init__(self) -> None:
        assert min(self.width, self.height, self.fx, self.fy) > 0, (self.width, self.height, self.fx, self.fy)
        assert (self.rotation.shape, self.position.shape) == ((3, 3), (3,)), (self.rotation.shape, self.position.shape)

    def in_view(self, points: F32) -> F32:
        """float32 [n, 3]: points of the world in the camera's frame."""
        return ((points - self.position) @ self.rotation.T).astype(np.float32)

    def project(self, points: F32) -> F32:
        """float32 [n, 3]: x to the right and y down in pixels, and inverse depth in 1/m; inverse depth 0 for points behind the camera."""
        view = self.in_view(points)
        ahead = -view[:, 2] > NEAR_M
        near = np.where(ahead, 1 / np.where(ahead, -view[:, 2], 1), 0)
        x, y = self.cx + self.fx * view[:, 0] * near, self.cy - self.fy * view[:, 1] * near
        return np.stack([x, y, near], 1).astype(np.float32)

    def intrinsics(self) -> F32:
        """float32 [3, 3] in the common form with y down and z forward: pixel = K (x, -y, -z) / -z."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], np.float32)


NEAR_M = 1e-3
"""Nothing nearer to the camera than this is seen; a triangle with a corner there is left out."""


def look_at(
    position: tuple[float, float, float],
    target: tuple[float, float, float],
    *,
    width: int,
    height: int,
    vertical_fov_rad: float,
    up: tuple[float, float, float] = (0.0, 1.0, 0.0),
) -> Camera:
    """A camera at `position` with `target` in the middle of its picture; angles in radians, square pixels."""
    back = np.subtract(position, target).astype(np.float64)
    assert np.linalg.norm(back) > 0, "the camera stands on its target"
    back /= np.linalg.norm(back)
    right = np.cross(up, back)
    assert np.linalg.norm(right) > 1e-6, "up points along the view"
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(back, right), back]).astype(np.float32)
    focal = height / 2 / np.tan(vertical_fov_rad / 2)
    return Camera(width, height, float(focal), float(focal), width / 2, height / 2, rotation, np.array(position, np.float32))
