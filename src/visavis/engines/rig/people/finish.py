"""From pieces to the finished RenderMesh: one set of arrays, the 52 shapes carried over, and the set around the person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.spatial import cKDTree

from visavis.arkit import SHAPES
from visavis.engines.rig.people.eyes import IRIS, PUPIL, iris_texture
from visavis.engines.rig.people.figure import Figure, smooth_step, unit_vectors
from visavis.engines.rig.people.lashes import LINE
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec
from visavis.engines.rig.people.textures import noise_tile
from visavis.render.mesh import Part, RenderMesh

F64 = npt.NDArray[np.float64]

MOVES_M: Final = 2e-5
"""A vertex that a shape moves less than this is left out of it."""
WRAP: Final = (
    (0.34, 0.20, 0.15), (0.5, 0.5, 0.5), (0.35, 0.35, 0.35), (0.4, 0.25, 0.2), (0.15, 0.15, 0.15), (0.4, 0.4, 0.4),
)  # fmt: skip
"""By `Part`: how far light wraps around an edge; red furthest in skin."""
DISTANCE_M: Final = 0.9
COLLAR_REACH: Final = 0.13
"""The bake's shade of the collar on the neck reaches this far above its edge, in face units."""


def assemble(pieces: Sequence[Piece], eye_rest: F64, lid_lines: Sequence[str], spec: PersonSpec, figure: Figure) -> RenderMesh:
    """All pieces as one mesh, not yet baked or pruned: every vertex sees the whole sky."""
    starts = np.cumsum([0, *(len(p.vertices) for p in pieces)])
    start_of = {p.name: int(s) for p, s in zip(pieces, starts, strict=False)}
    sizes = [len(p.triangles) for p in pieces]
    total = int(starts[-1])
    offsets, indices, deltas = _shape_deltas(pieces, starts, figure)
    light = spec.light
    lights = np.array([light.key, light.fill, light.rim])
    lights[:, :3] = unit_vectors(lights[:, :3])
    middle, half_height = spec.framing
    eye_size = eye_rest.shape[1]

    def looks(name: str, width: int | None = None) -> npt.NDArray[np.float32]:
        return np.concatenate([p.spread(name, width) for p in pieces]).astype(np.float32)

    def each(values: Sequence[object], dtype: type, counts: Sequence[int]) -> npt.NDArray[Any]:
        return np.repeat(np.array(values, dtype), counts)

    lengths = [len(p.vertices) for p in pieces]
    return RenderMesh(
        positions=np.concatenate([p.vertices for p in pieces]).astype(np.float32),
        triangles=np.concatenate([p.triangles + s for p, s in zip(pieces, starts, strict=False)]).astype(np.int32),
        part=each([p.part for p in pieces], np.uint8, lengths),
        triangle_part=each([p.part for p in pieces], np.uint8, sizes),
        triangle_group=each(range(len(pieces)), np.int16, sizes),
        two_sided=each([p.two_sided for p in pieces], np.bool_, sizes),
        facing=each([p.facing for p in pieces], np.bool_, lengths),
        head_weight=np.clip(looks("head_weight"), 0, 1),
        lag_weight=np.clip(looks("lag_weight"), 0, 1),
        pivot=figure.joints.head.astype(np.float32),
        shape_offsets=offsets,
        shape_indices=indices,
        shape_deltas=deltas,
        eye_ranges=np.array([[start_of[f"eye-{s}"], start_of[f"eye-{s}"] + eye_size] for s in "lr"], np.int32),
        eye_centres=figure.joints.eyes.centres.astype(np.float32),
        eye_rest=eye_rest.astype(np.float32),
        lid_lines=np.array([start_of[name] + np.arange(LINE) for name in lid_lines], np.int32),
        lid_weight=np.clip(looks("lid_weight", 2), 0, 1),
        albedo=np.clip(looks("albedo", 3), 0, 1),
        uv=looks("uv", 2),
        specular=np.clip(looks("specular"), 0, None),
        noise_amplitude=np.clip(looks("noise"), 0, None),
        tangent=looks("tangent", 3),
        noise=noise_tile(spec.seed).astype(np.float32),
        iris=iris_texture(spec.eyes.iris, spec.seed).astype(np.float32),
        directions=np.array([[0, 1, 0]], np.float32),
        visibility=np.full((1, total), 255, np.uint8),
        occlusion=np.ones(total, np.float32),
        lights=lights.astype(np.float32),
        ambient=np.array([light.sky, light.ground], np.float32),
        wrap=np.array(WRAP, np.float32),
        background=np.array([light.centre, light.corner], np.float32),
        look_at=np.array([0, middle * figure.unit, 0], np.float32),
        view_poses=np.zeros((0, 2), np.float32),
        view_visible=np.zeros((0, sum(sizes)), np.bool_),
        iris_radius=IRIS,
        pupil_radius=PUPIL,
        exposure=light.exposure,
        distance_m=DISTANCE_M,
        half_height_m=half_height * figure.unit,
    )


def _shape_deltas(
    pieces: Sequence[Piece], starts: npt.NDArray[np.intp], figure: Figure
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.float32]]:
    """The 52 shapes over all vertices, sparse, with the person's gains."""
    cage_size = len(figure.cage)
    blocks = [p.binding if p.binding is not None else sp.csr_matrix((len(p.vertices), cage_size)) for p in pieces]
    binding = sp.vstack(blocks).tocsr()
    assert binding.shape == (starts[-1], cage_size), binding.shape
    offsets, indices, deltas = [0], [], []
    for name, gain in zip(SHAPES, figure.gains, strict=True):
        moved = np.asarray(binding @ figure.shapes.field(name))
        for piece, start in zip(pieces, starts, strict=False):
            if name in piece.extra:
                moved[start : start + len(piece.vertices)] += piece.extra[name]
        moved *= gain
        rows = np.flatnonzero(np.abs(moved).max(1) > MOVES_M)
        indices.append(rows)
        deltas.append(moved[rows])
        offsets.append(offsets[-1] + len(rows))
    return np.array(offsets, np.int64), np.concatenate(indices).astype(np.int32), np.concatenate(deltas).astype(np.float32)


def under_collar(mesh: RenderMesh, above_m: F64) -> RenderMesh:
    """Skin that the garment darkens in the bake gets the light of the skin above it, dimmed: turning the head bares it.

    above_m [v]: height over the garment's edge, in face units.
    """
    skin = mesh.part == Part.SKIN
    hidden = np.flatnonzero(skin & (above_m < COLLAR_REACH))
    bare = np.flatnonzero(skin & (above_m >= COLLAR_REACH) & (above_m < COLLAR_REACH + 0.25))
    if not (len(hidden) and len(bare)):
        return mesh
    _, near = cKDTree(mesh.positions[bare]).query(mesh.positions[hidden], 6)
    dim = np.interp(above_m[hidden], [-0.1, COLLAR_REACH], [0.45, 0.95])
    occlusion, visibility = mesh.occlusion.copy(), mesh.visibility.copy()
    occlusion[hidden] = mesh.occlusion[bare[near]].mean(1) * dim
    visibility[:, hidden] = mesh.visibility[:, bare[near]].mean(2) * dim
    return replace(mesh, occlusion=occlusion, visibility=visibility)


def open_lips(mesh: RenderMesh, figure: Figure) -> RenderMesh:
    """The lips' edges and the front of the mouth's inside lie in the dark only while closed: some light is given back to them.

    The skin must be the mesh's first piece, as assembled.
    """
    inside = np.clip(figure.mask("inside-mouth"), 0, 1) * smooth_step(figure.face[:, 2], -0.02, 0.16)
    lips = np.clip(figure.mask("lips") * 1.4, 0, 1)
    share = np.maximum(0.36 * inside, 0.26 * lips)
    skin = slice(0, len(share))
    occlusion, visibility = mesh.occlusion.copy(), mesh.visibility.copy()
    occlusion[skin] = np.maximum(occlusion[skin], share)
    front = np.clip(mesh.directions[:, 2] * 1.5, 0, 1)[:, None]
    visibility[:, skin] = np.maximum(visibility[:, skin], 255 * 0.8 * share[None] * front)
    return replace(mesh, occlusion=occlusion, visibility=visibility)


def light_by_part(mesh: RenderMesh) -> F64:
    """Baked occlusion [v] as it should be seen: what the bake cannot know about each part is put right."""
    occlusion = mesh.occlusion.astype(np.float64).copy()
    part = mesh.part
    occlusion[part == Part.FINE] = 0.9
    hair = part == Part.HAIR
    occlusion[hair] = np.clip(occlusion[hair] * 1.5 + 0.12, 0, 1)
    mouth = part == Part.MOUTH
    front = np.percentile(mesh.positions[mouth, 2], 98)
    occlusion[mouth] = np.clip(1 - (front - mesh.positions[mouth, 2]) * 17, 0.06, 1)
    skin = part == Part.SKIN
    occlusion[skin] = 0.08 + 0.92 * np.clip(occlusion[skin] * 1.12, 0, 1) ** 0.9
    return occlusion
