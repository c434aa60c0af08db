"""From a picture to a portrait: landmarks, fitted head, relief, openings, mouth, eyes, background. A second or two."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from visavis import assets
from visavis.arkit import COUNT, SHAPES
from visavis.engines.portrait.backdrop import complete_background, own_colours
from visavis.engines.portrait.eyes import EyePatch, lid_colour, lift_eyes
from visavis.engines.portrait.fields import smooth_step
from visavis.engines.portrait.heal import OwnMouth, lips_apart, take_mouth
from visavis.engines.portrait.mouth import Interior, furnish_mouth
from visavis.engines.portrait.openings import close_lids, open_lips, seal_lips
from visavis.engines.portrait.portrait import Portrait
from visavis.engines.portrait.relief import Relief, raise_relief
from visavis.engines.portrait.still import Options, Still, take_in
from visavis.engines.portrait.surface import Surface, fit_surface
from visavis.head.canonical import load_head
from visavis.head.eyes import fit_eyes
from visavis.head.fit import HeadFitter
from visavis.head.joints import find_joints
from visavis.landmarks.networks import load_networks
from visavis.landmarks.pictures import Picture
from visavis.types import F32, U8

F64 = npt.NDArray[np.float64]

THRESHOLD_M: Final = 2e-5
"""Smaller displacements are left out: a fiftieth of a pixel."""
TURNED_DEGREES: Final = 25.0
FAINT: Final = 0.1
PARTING: Final = (
    "jawOpen", "mouthClose", "mouthFunnel", "mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight",
)  # fmt: skip
SMALL_PX: Final = 100.0
ZONES: Final = (
    (446, 467, 260, 259, 257, 258, 286, 414, 463, 341, 256, 252, 253, 254, 339, 255),
    (226, 247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),
)
"""Landmarks around the left eye, the right eye and the mouth."""


def build_portrait(
    picture: Picture, name: str, cache: Path, progress: assets.Progress | None = None, options: Options | None = None
) -> tuple[Portrait, tuple[str, ...]]:
    """The portrait, and remarks about the picture worth telling.

    Raises BadInput where the picture cannot be used and Unavailable where the head or the networks cannot be had.
    """
    report = progress or (lambda _what, _share: None)
    fitter = HeadFitter(load_head(cache, progress))
    networks = load_networks(cache, progress)
    report("Finding the face", 0.1)
    still = take_in(picture, networks, fitter, options or Options(), name)
    report("Fitting the head", 0.3)
    surface = fit_surface(still, fitter)
    relief = raise_relief(still, surface, find_joints(fitter.head, fitter.basis.cage(still.fit.identity)).head)
    report("Opening eyes and mouth", 0.6)
    own = own_mouth(still)
    neutral_marks = _without(still, fitter, surface, own)
    close_lids(still, surface)
    open_lips(still, surface)
    seal_lips(still, surface, own, neutral_marks)
    interior = furnish_mouth(still, fitter, neutral_marks)
    background = complete_background(still)
    still, mouth = take_mouth(still)
    eyes = lift_eyes(still, surface, _eye_depths(still, fitter))
    report("Completing the background", 0.8)
    portrait = _assemble(still, fitter, surface, relief, interior, eyes, own, background, mouth)
    report("Portrait ready", 1.0)
    return portrait, _remarks(still)


def _remarks(still: Still) -> tuple[str, ...]:
    out = []
    if still.faces_found > 1:
        out.append(
            f"{still.faces_found} faces are in the picture; this is one of them (--face K takes another, largest first)."
        )
    yaw, pitch, _ = np.degrees(still.pose.angles)
    if abs(yaw) > TURNED_DEGREES or abs(pitch) > TURNED_DEGREES:
        out.append("The head is turned away in the picture: what is hidden there will look stretched when it turns back.")
    if still.face.height_px / still.crop[0] < SMALL_PX:
        out.append("The face is small in the picture: a larger one would look sharper.")
    return tuple(out)


def own_mouth(still: Still) -> F64:
    """Weights [52] of the mouth that the picture itself makes, to be taken away; what is faint belongs to the face, not to its expression.

    With closed lips nothing that parts them is taken away either.
    """
    weights = np.array([w if n.startswith(("mouth", "jaw")) else 0.0 for n, w in zip(SHAPES, still.fit.weights, strict=True)])
    weights *= smooth_step((weights - FAINT) / FAINT)
    if not lips_apart(still):
        weights[[SHAPES.index(name) for name in PARTING]] = 0
    return weights


def _without(still: Still, fitter: HeadFitter, surface: Surface, own: F64) -> F64:
    """The landmarks without the picture's own mouth expression, camera space [468, 3]."""
    shapes = np.array([fitter.head.shapes.field(SHAPES[k]) for k in np.flatnonzero(own)]).reshape(-1, len(fitter.head.cage), 3)
    moved = np.tensordot(own[own > 0], shapes, 1) if len(shapes) else np.zeros_like(fitter.head.cage, np.float64)
    skin = np.asarray(fitter.head.skin @ moved)
    return surface.marks - fitter.at_landmarks(skin) @ still.pose.rotation.T


def _eye_depths(still: Still, fitter: HeadFitter) -> tuple[float, float]:
    """Camera z of the front of each eyeball, metres."""
    eyes = fit_eyes(fitter.head, fitter.basis.cage(still.fit.identity))
    fronts = eyes.centres + eyes.radii[:, None] * [0, 0, 0.9]
    depths = (fronts @ still.pose.rotation.T)[:, 2]
    return float(depths[0]), float(depths[1])


def _assemble(
    still: Still, fitter: HeadFitter, surface: Surface, relief: Relief, interior: Interior, eyes: tuple[EyePatch, EyePatch],
    own: F64, background: U8, mouth_seen: OwnMouth,
) -> Portrait:  # fmt: skip
    triangles = surface.triangles
    kept = np.unique(triangles)
    local = np.full(len(surface.rest), -1, np.int32)
    local[kept] = np.arange(len(kept), dtype=np.int32)
    grid, face, mouth = len(relief.camera), len(kept), len(interior.camera)
    # the mouth's parts are kept as the closed mouth has them; the picture's own expression is taken off every vertex alike
    mouth_camera = interior.camera + np.tensordot(own, interior.deltas, 1)
    points = np.concatenate([relief.camera, surface.camera[kept], mouth_camera])
    deltas = np.concatenate([relief.deltas, surface.deltas[:, kept], interior.deltas], 1)
    seal = np.zeros((1, grid + face + mouth, 3))
    seal[0, grid : grid + face] = surface.seal[kept]
    offsets, indices, values = _sparse(np.concatenate([deltas, seal]))
    up = still.pose.rotation[:2, 1] * [1, -1]
    nearest = cKDTree(surface.rest[kept])
    zones = np.array([nearest.query(surface.average_marks[_even(ring)])[1] for ring in ZONES])
    return Portrait(
        picture=np.dstack([own_colours(still, background), (still.alpha * 255 + 0.5).astype(np.uint8)]),
        background=background, mouth_sheet=mouth_seen.sheet, mouth_corner=mouth_seen.corner,
        mouth_shown=np.array([mouth_seen.shown], np.uint8), left_eye=eyes[0].sheet, right_eye=eyes[1].sheet,
        points=_f32(points), follow=_f32(np.concatenate([relief.follow, relief.face_follow[kept], np.ones(mouth)])),
        uv=_f32(np.concatenate([relief.uv, surface.uv[kept], np.zeros((mouth, 2))])), colours=_f32(interior.colours),
        spans=np.cumsum([0, grid, face, interior.first_wall, mouth - interior.first_wall]).astype(np.int32),
        shape_offsets=offsets, shape_indices=indices, shape_deltas=values,
        grid_triangles=_person_only(still, relief), face_triangles=(local[triangles] + grid).astype(np.int32),
        mouth_triangles=(interior.triangles + grid + face).astype(np.int32), own=_f32(own),
        lids=_f32(np.concatenate([np.zeros(grid), surface.lid[kept], np.zeros(mouth)])),
        lid_colours=_f32([lid_colour(still, side) for side in range(2)]),
        eye_points=_f32([e.camera for e in eyes]), eye_uv=_f32([e.uv for e in eyes]), eye_warp=_f32([e.warp for e in eyes]),
        eye_triangles=eyes[0].triangles, eye_corners=np.array([e.corner for e in eyes], np.int32),
        eye_radii=_f32([e.radius_px for e in eyes]), zones=(zones + grid).astype(np.int32),
        camera=_f32([still.px_per_m, *still.pose.centre]), pivot=_f32(relief.pivot), up=_f32(up / np.linalg.norm(up)),
        angles=_f32(still.pose.angles), crop=_f32(still.crop), dark=_f32(interior.dark), warmth=_f32(interior.warmth),
    )  # fmt: skip


def _even(ring: tuple[int, ...]) -> list[int]:
    """Twenty entries of a ring, some twice in a shorter one."""
    return [ring[i * len(ring) // 20] for i in range(20)]


def _person_only(still: Still, relief: Relief) -> npt.NDArray[np.int32]:
    """The grid's triangles near which there is a person; the rest would only be drawn to be covered by the background."""
    import cv2

    cell = still.side / 64
    reach = np.ones((2 * int(cell) + 1,) * 2, np.uint8)
    near = cv2.dilate((still.alpha > 0.004).astype(np.uint8), reach)
    at = np.clip(np.round(relief.uv), 0, still.side - 1).astype(int)
    wanted = near[at[:, 1], at[:, 0]] > 0
    return np.ascontiguousarray(relief.triangles[wanted[relief.triangles].any(1)])


def _sparse(deltas: F64) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float16]]:
    kept = [np.flatnonzero(np.abs(field).max(1) > THRESHOLD_M) for field in deltas]
    offsets = np.cumsum([0, *(len(rows) for rows in kept)]).astype(np.int32)
    values = np.concatenate([field[rows] for field, rows in zip(deltas, kept, strict=True)])
    assert len(deltas) == COUNT + 1, len(deltas)
    return offsets, np.concatenate(kept).astype(np.int32), values.astype(np.float16)


def _f32(values: npt.ArrayLike) -> F32:
    return np.ascontiguousarray(values, np.float32)
