"""A RenderMesh rearranged for the kernels: vertices sorted by part, what bends told from what is rigid, lists for each head pose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.render.mesh import I32, I64, Part, RenderMesh
from visavis.render.shade import EYE, KINDS, MOUTH, STRAND, SURFACE, TEXTURED, TEXTURED_EYE
from visavis.types import F32, U8

SPAN_ORDER = (Part.SKIN, Part.CLOTH, Part.HAIR, Part.FINE, Part.MOUTH, Part.EYE)
_KIND = {Part.SKIN: SURFACE, Part.CLOTH: SURFACE, Part.HAIR: STRAND, Part.FINE: STRAND, Part.MOUTH: MOUTH, Part.EYE: EYE}
SHAPE_FLOOR = 1e-3
"""Deltas below this share of a millimetre-sized motion (metres * this) do not make a vertex a bending one."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Read-only, shared by any number of engines. Vertices stand in `SPAN_ORDER`; `spans` int64 [6, 2] by Part."""

    mesh: RenderMesh
    spans: I64
    eye_spans: I64
    shaded: int
    """Vertices [0, shaded) take baked shadows: skin, cloth, hair, fine."""
    positions: F32
    normals: F32
    triangles: npt.NDArray[np.uint32]
    surfaces: npt.NDArray[np.uint32]
    follow: F32
    facing: U8
    lids: F32
    occlusion: F32
    looks: F32
    tangents: F32
    visibility: U8
    shape_offsets: I64
    shape_indices: I32
    shape_deltas: F32
    lid_lines: I32
    bent_triangles: I32
    bent_vertices: I32
    bent_starts: I32
    bent_around: I32
    views: tuple[npt.NDArray[np.uint32], ...]
    sheer: npt.NDArray[np.uint32]
    """Triangles blended over the others; `views` leaves them out."""


def unit_normals(positions: F32, triangles: I32, smooth: I32 | None = None) -> F32:
    """float32 [v, 3]: area-weighted vertex normals; vertices of one number in `smooth` int32 [v] share theirs."""
    number = np.arange(len(positions), dtype=np.int32) if smooth is None else smooth
    corners = positions[triangles].astype(np.float64)
    faces = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    at = number[triangles].ravel()
    total = np.stack([np.bincount(at, np.repeat(faces[:, c], 3), len(positions)) for c in range(3)], 1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    normals: F32 = (total / np.maximum(length, 1e-30)).astype(np.float32)
    return normals[number]


def prepare(mesh: RenderMesh) -> Prepared:
    """Checks the mesh and rearranges it. Raises BadInput for a mesh that does not hold together."""
    mesh.validate()
    rank = np.array([SPAN_ORDER.index(Part(p)) for p in range(len(Part))])
    order = np.argsort(rank[mesh.part], kind="stable")
    moved = np.empty(len(order), np.int32)
    moved[order] = np.arange(len(order), dtype=np.int32)
    part = mesh.part[order]
    spans = np.array([[np.searchsorted(rank[part], rank[p], side) for side in ("left", "right")] for p in range(len(Part))])
    triangles = moved[mesh.triangles]
    positions = mesh.positions[order]
    smooth = mesh.smooth[order] if len(mesh.smooth) else np.arange(len(order), dtype=np.int32)
    normals = unit_normals(positions, triangles, smooth)
    indices = moved[mesh.shape_indices]
    bent = np.zeros(len(order), bool)
    bent[indices[np.abs(mesh.shape_deltas).max(1) > SHAPE_FLOOR * 1e-3]] = True
    bent &= np.isin(part, (Part.SKIN, Part.MOUTH))
    bent_triangles, vertices, starts, around = _bending(bent, triangles, smooth)
    late = mesh.lag_weight[order]
    follow = np.stack([np.maximum(mesh.head_weight[order] - late, 0), late], 1)
    zeros = np.zeros((len(order), 1), np.float32)
    looks = np.concatenate(
        [mesh.albedo, mesh.specular[:, None], mesh.uv, mesh.noise_amplitude[:, None], zeros], 1)[order]  # fmt: skip
    return Prepared(
        mesh=mesh, spans=spans.astype(np.int64),
        eye_spans=np.stack([moved[mesh.eye_ranges[:, 0]], moved[mesh.eye_ranges[:, 1] - 1] + 1], 1).astype(np.int64),
        shaded=int(spans[Part.MOUTH, 0]), positions=np.ascontiguousarray(positions), normals=normals,
        triangles=triangles.astype(np.uint32), surfaces=_surfaces(mesh),
        follow=np.ascontiguousarray(follow, np.float32), facing=mesh.facing[order].astype(np.uint8),
        lids=np.ascontiguousarray(mesh.lid_weight[order]), occlusion=mesh.occlusion[order], looks=np.ascontiguousarray(looks),
        tangents=np.ascontiguousarray(mesh.tangent[order]), visibility=np.ascontiguousarray(mesh.visibility[:, order]),
        shape_offsets=mesh.shape_offsets, shape_indices=indices, shape_deltas=mesh.shape_deltas,
        lid_lines=moved[mesh.lid_lines], bent_triangles=bent_triangles, bent_vertices=vertices, bent_starts=starts,
        bent_around=around, views=_views(mesh), sheer=np.flatnonzero(mesh.sheer).astype(np.uint32),
    )  # fmt: skip


def _surfaces(mesh: RenderMesh) -> npt.NDArray[np.uint32]:
    """uint32 [t + 1]: group * KINDS + kind of shading of each triangle; the last, like no other, for no triangle."""
    kinds = np.array([_KIND[p] for p in Part], np.uint32)[mesh.triangle_part]
    if len(mesh.group_texture):
        textured = np.array([TEXTURED_EYE if p == Part.EYE else TEXTURED for p in Part], np.uint32)[mesh.triangle_part]
        kinds = np.where(mesh.group_texture[mesh.triangle_group] >= 0, textured, kinds)
    return np.append(mesh.triangle_group.astype(np.uint32) * KINDS + kinds, np.uint32(0xFFFFFFFF))


def _bending(bent: np.typing.NDArray[np.bool_], triangles: I32, smooth: I32) -> tuple[I32, I32, I32, I32]:
    """Triangles at a bending vertex, all their vertices, and which of the triangles meet at each or at one that shares its normal."""
    chosen = np.flatnonzero(bent[triangles].any(1))
    vertices = np.flatnonzero(bent)
    listed = triangles[chosen]
    flat = smooth[listed].ravel()
    sequence = np.argsort(flat, kind="stable")
    starts = np.searchsorted(flat[sequence], np.arange(len(bent) + 1))
    around: list[npt.NDArray[np.intp]] = [sequence[starts[n] : starts[n + 1]] // 3 for n in smooth[vertices]]
    counts = np.concatenate([[0], np.cumsum([len(a) for a in around])])
    joined = np.concatenate(around) if around else np.zeros(0)
    return np.ascontiguousarray(listed), vertices.astype(np.int32), counts.astype(np.int32), joined.astype(np.int32)


def _views(mesh: RenderMesh) -> tuple[npt.NDArray[np.uint32], ...]:
    """The triangles to draw near each head pose, in the mesh's order (neighbours on the face stand together); the last is all."""
    solid = ~mesh.sheer if len(mesh.sheer) else np.ones(len(mesh.triangles), np.bool_)
    lists = [np.flatnonzero(seen & solid).astype(np.uint32) for seen in mesh.view_visible]
    return (*lists, np.flatnonzero(solid).astype(np.uint32))


def rotation(yaw: float, pitch: float, roll: float) -> F32:
    """float32 [3, 3] Ry(yaw) Rx(pitch) Rz(roll), the signs of `types.FaceFrame`."""
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    turn: F32 = (about_y @ about_x @ about_z).astype(np.float32)
    return turn
