"""The camera that a rig's picture is drawn with, as others need it to draw the same view."""

from __future__ import annotations

import numpy as np

from visavis.render.camera import Camera
from visavis.render.mesh import RenderMesh
from visavis.render.prepare import rotation


def camera_of(mesh: RenderMesh, size: int, view: tuple[float, float] = (0.0, 0.0)) -> Camera:
    """The camera of `RigEngine(mesh, width=size, height=size, view=view)`: a level one, its picture shifted to keep the head in it."""
    yaw, up = view
    turn = rotation(yaw, 0.0, 0.0)
    focal = size / 2 / mesh.half_height_m * mesh.distance_m
    position = mesh.look_at + turn @ np.array([0, up, mesh.distance_m], np.float32)
    middle = size / 2
    return Camera(size, size, focal, focal, middle, middle - focal * up / mesh.distance_m, np.ascontiguousarray(turn.T),
                  position.astype(np.float32))  # fmt: skip
