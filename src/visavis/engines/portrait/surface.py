"""The face as a mesh that lies on the picture: the fitted head bent onto the landmarks, its shapes, and where its colours come from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import SHAPES
from visavis.engines.portrait.fields import scattered, smooth_step
from visavis.engines.portrait.still import Still
from visavis.head.fit import DISTANCE_M, HeadFitter
from visavis.head.subdivision import triangles_of
from visavis.landmarks.faces import OVAL

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]

RADII_M: Final = (0.055, 0.022, 0.011)
DAMPING: Final = 0.15
RIM_M: Final = 0.022
"""Within this distance of the face's outline the mesh goes over into the grid."""
BEHIND_M: Final = -0.075
ORGANS: Final = (33, 159, 145, 133, 263, 386, 374, 362, 13, 14, 17, 61, 291, 84, 314)
SMALL_PARTS: Final = (33, 133, 263, 362, 13)


@dataclass(eq=False)
class Surface:
    """m vertices in camera space, as the picture shows them. What builds a portrait writes on it; it is not shared.

    camera [m, 3] metres · deltas [52, m, 3] · px [m, 2] where they are in the picture · uv [m, 2] px where their colour is taken from
    rest [m, 3] the average head's vertices, by which regions are told · share [m] 1 face, 0 grid (blended at the rim)
    inside [m] metres from the face's outline, inside positive · triangles [t, 3] drawn as face · covering [c, 3] those that tell the grid
    what lies under it · average_marks [468, 3] the landmarks on `rest`, marks [468, 3] in camera space
    bend [m, 3] what was added to the fitted head · seal [m, 3] what closes the lips where the picture's own mouth is taken away
    """

    camera: F64
    deltas: F64
    px: F64
    uv: F64
    rest: F64
    share: F64
    inside: F64
    triangles: I32
    covering: I32
    average_marks: F64
    marks: F64
    bend: F64
    seal: F64
    lid: F64
    """[m] 1 on the skin that a closing lid stretches, whose colours are then taken from around the eye."""


@lru_cache(maxsize=1)
def topology() -> tuple[Bools, Bools]:
    """Which cage quads are seen as skin and which line the mouth, bool [f] each (made by scripts/map_portrait.py)."""
    with np.load(Path(__file__).with_name("topology.npz"), allow_pickle=False) as data:
        return data["skin"], data["lining"]


def fit_surface(still: Still, fitter: HeadFitter) -> Surface:
    """The head's visible skin on the picture, with the picture's own expression."""
    head, pose, fit = fitter.head, still.pose, still.fit
    cage = fitter.basis.cage(fit.identity)
    fields = np.array([head.shapes.field(name) for name in SHAPES])
    expressive = cage + np.tensordot(fit.weights, fields, 1)
    whole, average = np.asarray(head.skin @ expressive), np.asarray(head.skin @ fitter.basis.base)
    average_marks = fitter.at_landmarks(average)
    bend = _bend(still, fitter, whole, average_marks)
    quads = head.skin_quads[np.tile(topology()[0], 4)]
    kept, local = np.unique(quads, return_inverse=True)
    triangles = triangles_of(local.reshape(quads.shape).astype(np.int32))
    flat = fields.transpose(1, 0, 2).reshape(len(cage), -1)
    shapes = np.asarray(head.skin[kept] @ flat).reshape(len(kept), len(SHAPES), 3).transpose(1, 0, 2)
    rest = average[kept]
    moved = bend(rest)
    camera = (whole[kept] + moved) @ pose.rotation.T
    marks = (fitter.at_landmarks(whole) + bend(average_marks)) @ pose.rotation.T
    visible = np.ones(len(triangles), bool)
    surface = _shares(rest, average_marks, camera, triangles, visible)
    px = pose.project_camera(camera)
    return Surface(
        camera, shapes @ pose.rotation.T, px, px.copy(), rest, surface[0], surface[1], surface[2], surface[3], average_marks, marks,
        moved, np.zeros_like(camera), np.zeros(len(camera)),
    )  # fmt: skip


def _bend(still: Still, fitter: HeadFitter, whole: F64, average_marks: F64) -> Callable[[F64], F64]:
    """What the identity space leaves over is taken up by a smooth displacement in the picture's plane, in head space."""
    pose = still.pose
    at = fitter.at_landmarks(whole) @ pose.rotation.T
    near = pose.scale * DISTANCE_M / (DISTANCE_M - at[:, 2])
    residual = still.fit.residual_px / near[:, None] * [1, -1]
    wanted = np.c_[residual, np.zeros(len(residual))] @ pose.rotation
    trust = np.clip(fitter.trust / fitter.trust.max(), 0.15, 1)
    return scattered(average_marks, wanted, trust, RADII_M, DAMPING)


def _shares(rest: F64, marks: F64, camera: F64, triangles: I32, visible: Bools) -> tuple[F64, F64, I32, I32]:
    """share and inside of each vertex; the triangles drawn as face, and those that tell the grid what lies under it."""
    import cv2

    outline = (marks[list(OVAL), :2] * 1e4).astype(np.float32)
    inside = np.array([cv2.pointPolygonTest(outline, (float(x), float(y)), True) for x, y in rest[:, :2] * 1e4]) / 1e4
    inside[rest[:, 2] < BEHIND_M] = -0.1
    a, b, c = (camera[triangles[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    facing = across[:, 2] / (np.linalg.norm(across, axis=1) + 1e-15)
    normal = np.zeros_like(camera)
    for corner in range(3):
        np.add.at(normal, triangles[:, corner], across)
    towards = normal[:, 2] / (np.linalg.norm(normal, axis=1) + 1e-15)
    organs = np.linalg.norm(rest[:, None, :2] - marks[list(ORGANS)][None, :, :2], axis=2).min(1)
    # a rim that faces away in the picture has no colours of its own there: it hangs on the grid; lids and lips stay exact
    held = np.maximum(smooth_step((towards - 0.12) / 0.35), smooth_step((0.034 - organs) / 0.010))
    share = smooth_step(inside / RIM_M)
    share = share * np.where(inside < 0.045, held + (1 - held) * smooth_step((inside - 0.025) / 0.020), 1.0)
    small = np.linalg.norm(rest[triangles].mean(1)[:, None, :2] - marks[list(SMALL_PARTS)][None, :, :2], axis=2).min(1) < 0.055
    face = visible & (share[triangles].min(1) > 0) & ((facing > 0.12) | small)
    return share, inside, triangles[face], triangles[visible & (facing > 0.05)]
