"""What moves splats: a head's surface with its 52 shapes, eyes and joint, and cages around what the surface does not reach.

A driver is geometry alone. `pose_driver` puts it where a face asks; `frames` turns it into the frames that splats hang on. Triangles come
first among the parents, tetrahedra after them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT
from visavis.errors import BadInput, TooLarge
from visavis.render.mesh import Part, RenderMesh
from visavis.render.pose import blend_shapes
from visavis.render.prepare import rotation
from visavis.splats.frames import ROW, inverse_edges, tetrahedron_frames, triangle_frames
from visavis.splats.move import carry, turn_points
from visavis.types import F32

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
DRIVING: Final = (Part.SKIN, Part.EYE, Part.MOUTH)
MAX_POINTS: Final = 200_000
MAX_PARENTS: Final = 400_000
MOST_M: Final = 100.0


@dataclass(frozen=True, slots=True, eq=False)
class Driver:
    """v points, t triangles, q tetrahedra. Metres, right-handed, +Y up, +Z to the viewer; the head at rest and upright.

    points         float32 [v, 3]
    triangles      int32 [t, 3] counter-clockwise seen from outside
    tetrahedra     int32 [q, 4]: the cages; may be empty
    shape_offsets  int64 [53], shape_indices int32 [n], shape_deltas float32 [n, 3]: the ARKit shapes, as in `render.mesh.RenderMesh`
    eye_ranges     int32 [2, 2] first and past-the-last point of each eyeball; eye_centres float32 [2, 3]
    follow         float32 [v, 2], 0 to 1: how far a point follows the head now, and the head as trailing parts feel it
    pivot          float32 [3]: the head turns about it
    """

    points: F32
    triangles: I32
    tetrahedra: I32
    shape_offsets: I64
    shape_indices: I32
    shape_deltas: F32
    eye_ranges: I32
    eye_centres: F32
    follow: F32
    pivot: F32

    @property
    def parents(self) -> int:
        return len(self.triangles) + len(self.tetrahedra)

    def validate(self) -> None:
        """Raises BadInput with one line naming the first thing that does not fit."""
        v, n = len(self.points), len(self.shape_indices)
        if not 0 < v <= MAX_POINTS or not 0 < self.parents <= MAX_PARENTS:
            raise TooLarge(f"The driver has {v} points and {self.parents} parents; at most {MAX_POINTS} and {MAX_PARENTS}.")
        shapes = {"points": (v, 3), "follow": (v, 2), "shape_offsets": (COUNT + 1,), "shape_deltas": (n, 3), "eye_ranges": (2, 2),
                  "eye_centres": (2, 3), "pivot": (3,)}  # fmt: skip
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise BadInput(f"The driver's {name} is {getattr(self, name).shape}, not {shape}.")
        for name in ("points", "shape_deltas", "eye_centres", "follow", "pivot"):
            if not np.isfinite(getattr(self, name)).all():
                raise BadInput(f"The driver's {name} has values that are no numbers.")
        if max(float(np.abs(getattr(self, name)).max(initial=0)) for name in ("points", "shape_deltas", "pivot")) > MOST_M:
            raise BadInput(f"The driver reaches further than {MOST_M} m.")
        if self.follow.min() < 0 or self.follow.sum(1).max() > 1.001:
            raise BadInput("The driver's follow leaves 0 to 1.")
        for name in ("triangles", "tetrahedra", "shape_indices"):
            index = getattr(self, name)
            if index.size and (index.min() < 0 or index.max() >= v):
                raise BadInput(f"The driver's {name} points outside 0 to {v - 1}.")
        offsets = self.shape_offsets
        if offsets[0] != 0 or offsets[-1] != n or (np.diff(offsets) < 0).any():
            raise BadInput("The driver's shape_offsets do not divide its deltas.")
        if any(not 0 <= a <= b <= v for a, b in self.eye_ranges):
            raise BadInput("The driver's eye_ranges leave its points.")
        if len(self.tetrahedra):
            corners = self.points[self.tetrahedra].astype(np.float64)
            if np.abs(np.linalg.det(corners[:, 1:] - corners[:, :1])).min() < 1e-12:
                raise BadInput("The driver has a flat tetrahedron.")


class PosedDriver:
    """One driver's points and frames for the face of the moment; the buffers of one engine."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.points = driver.points.copy()
        self.frames = np.empty((driver.parents, ROW), np.float32)
        self._shape = np.empty_like(driver.points)
        self._inverse = inverse_edges(driver.points, driver.tetrahedra)

    def pose(self, weights: F32, looks: F32, head: F32, lag: F32) -> F32:
        """float32 [p, 12], overwritten by the next call: frames for weights [52], the eyes' yaw and pitch [2, 2] in radians, and the head
        as yaw, pitch, roll and x, y, z [6]; `lag` is the head as trailing parts feel it.
        """
        d = self.driver
        blend_shapes(d.points, d.shape_offsets, d.shape_indices, d.shape_deltas, weights, self._shape)
        for eye in range(2):
            turn = rotation(float(looks[eye, 0]), float(looks[eye, 1]), 0.0)
            turn_points(d.eye_ranges[eye, 0], d.eye_ranges[eye, 1], d.eye_centres[eye], turn, self._shape)
        carry(self._shape, d.follow, d.pivot, _rows(head), _rows(lag), self.points)
        triangle_frames(self.points, d.triangles, self.frames)
        tetrahedron_frames(self.points, d.tetrahedra, self._inverse, len(d.triangles), self.frames)
        return self.frames


def _rows(head: F32) -> F32:
    """float32 [4, 3]: rotation rows and translation."""
    return np.vstack([rotation(*(float(a) for a in head[:3])), head[3:]]).astype(np.float32)


def driver_of(mesh: RenderMesh) -> Driver:
    """The surface of a drawn person that faces move: skin, eyes, teeth and tongue."""
    kept = np.isin(mesh.triangle_part, DRIVING)
    used = np.unique(np.concatenate([mesh.triangles[kept].ravel(), *(np.arange(a, b) for a, b in mesh.eye_ranges)]))
    local = np.full(len(mesh.positions), -1, np.int32)
    local[used] = np.arange(len(used), dtype=np.int32)
    offsets, indices, deltas = [0], [], []
    for k in range(COUNT):
        part = slice(mesh.shape_offsets[k], mesh.shape_offsets[k + 1])
        inside = local[mesh.shape_indices[part]] >= 0
        indices.append(local[mesh.shape_indices[part][inside]])
        deltas.append(mesh.shape_deltas[part][inside])
        offsets.append(offsets[-1] + int(inside.sum()))
    lag = mesh.lag_weight[used]
    ends = np.stack([local[mesh.eye_ranges[:, 0]], local[mesh.eye_ranges[:, 1] - 1] + 1], 1)
    return Driver(
        points=mesh.positions[used], triangles=local[mesh.triangles[kept]], tetrahedra=np.zeros((0, 4), np.int32),
        shape_offsets=np.array(offsets, np.int64), shape_indices=np.concatenate(indices).astype(np.int32),
        shape_deltas=np.concatenate(deltas).astype(np.float32), eye_ranges=ends.astype(np.int32), eye_centres=mesh.eye_centres,
        follow=np.stack([np.maximum(mesh.head_weight[used] - lag, 0), lag], 1).astype(np.float32), pivot=mesh.pivot,
    )  # fmt: skip
