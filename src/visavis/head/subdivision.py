"""One Catmull-Clark step as a sparse matrix, so that whatever is linear in the cage is linear in the surface."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

I32: TypeAlias = npt.NDArray[np.int32]


def catmull_clark(quads: I32, count: int) -> tuple[sp.csr_matrix, I32]:
    """Subdivide quads [f, 4] over `count` cage vertices.

    Returns the matrix [new, count] that makes the new vertices, and the new quads [4f, 4]. Order of the new vertices: used cage
    vertices (ascending), face points, edge points. Borders follow the cubic B-spline rule.
    Source: Catmull and Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes", 1978.
    """
    used, local = np.unique(quads, return_inverse=True)
    faces = local.reshape(quads.shape)
    vertex_count, face_count = len(used), len(faces)
    ends = np.sort(np.stack([faces, np.roll(faces, -1, 1)], 2).reshape(-1, 2), 1)
    edges, edge_of_corner, sides = np.unique(ends, axis=0, return_inverse=True, return_counts=True)
    edge_of_corner = edge_of_corner.ravel()
    edge_count = len(edges)

    corners = np.repeat(np.arange(face_count), 4)
    face_points = _sparse(corners, faces.ravel(), 0.25, (face_count, vertex_count))
    middles = _sparse(np.repeat(np.arange(edge_count), 2), edges.ravel(), 0.5, (edge_count, vertex_count))
    edge_faces = _sparse(edge_of_corner, corners, 0.5, (edge_count, face_count))
    border = sp.diags((sides == 1).astype(float))
    edge_points = sp.diags((sides == 2).astype(float)) @ (0.5 * middles + 0.5 * (edge_faces @ face_points)) + border @ middles

    valence = np.bincount(edges.ravel(), minlength=vertex_count).astype(float)
    border_valence = np.bincount(edges[sides == 1].ravel(), minlength=vertex_count).astype(float)
    on_border = border_valence > 0
    vertex_faces = _sparse(faces.ravel(), corners, 1.0, (vertex_count, face_count))
    vertex_edges = _sparse(edges.ravel(), np.repeat(np.arange(edge_count), 2), 1.0, (vertex_count, edge_count))
    faces_around = np.maximum(np.asarray(vertex_faces.sum(1)).ravel(), 1)
    inner = (
        sp.diags(1 / faces_around / valence) @ vertex_faces @ face_points
        + sp.diags(2 / valence**2) @ vertex_edges @ middles
        + sp.diags((valence - 3) / valence)
    )
    outer = sp.diags(0.5 / np.maximum(border_valence, 1)) @ vertex_edges @ border @ middles + 0.5 * sp.eye(vertex_count)
    vertex_points = sp.diags((~on_border).astype(float)) @ inner + sp.diags(on_border.astype(float)) @ outer

    select = _sparse(np.arange(vertex_count), used, 1.0, (vertex_count, count))
    matrix = (sp.vstack([vertex_points, face_points, edge_points]) @ select).tocsr()
    matrix.sum_duplicates()
    edge_ids = edge_of_corner.reshape(face_count, 4) + vertex_count + face_count
    face_ids = vertex_count + np.arange(face_count)
    new = [np.stack([faces[:, i], edge_ids[:, i], face_ids, edge_ids[:, (i + 3) % 4]], 1) for i in range(4)]
    return matrix, np.concatenate(new).astype(np.int32)


def triangles_of(quads: I32) -> I32:
    """Each quad [f, 4] as two triangles [2f, 3]."""
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def grid_triangles(columns: int, rows: int, *, closed: bool = False) -> I32:
    """Triangles of a grid whose vertex (i, j) has number i * rows + j; `closed` joins the last j to the first."""
    i, j = np.meshgrid(np.arange(columns - 1), np.arange(rows if closed else rows - 1), indexing="ij")
    j2 = (j + 1) % rows
    quads = np.stack([i * rows + j, (i + 1) * rows + j, (i + 1) * rows + j2, i * rows + j2], -1).reshape(-1, 4)
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)


def _sparse(
    rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer], value: float, shape: tuple[int, int]
) -> sp.csr_matrix:
    return sp.csr_matrix((np.full(len(rows), value), (rows, columns)), shape)
