# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Where the parents of splats are: a frame for each triangle or tetrahedron, in the world and as a camera sees it.

A frame is an affine map, twelve floats: nine of a matrix A by rows, three of an origin c. A splat at `x` with covariance `S` in its
parent's frame lies at A x + c with covariance A S A^T. A triangle's A is a rotation times its size, after GaussianAvatars (Qian et
al., CVPR 2024): columns along its first edge, its normal, and across, scaled by the mean of its base and its height. A tetrahedron's
is its deformation gradient times its size at rest, after D3GA (Zielonka et al., 3DV 2025).
"""

from __future__ import annotations

import numpy as np

from visavis.render.kernel import kernel
from visavis.types import F32

_f = np.float32
ROW = 12


@kernel
def triangle_frames(points, triangles, frames):
    """frames float32 [>= t, 12] from points float32 [v, 3] and triangles int32 [t, 3]."""
    half, third, tiny = _f(0.5), _f(1 / 3), _f(1e-12)
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ex, ey, ez = points[j, 0] - points[i, 0], points[j, 1] - points[i, 1], points[j, 2] - points[i, 2]
        gx, gy, gz = points[k, 0] - points[i, 0], points[k, 1] - points[i, 1], points[k, 2] - points[i, 2]
        base = np.sqrt(ex * ex + ey * ey + ez * ez) + tiny
        s = _f(1) / base
        ex, ey, ez = ex * s, ey * s, ez * s
        nx, ny, nz = ey * gz - ez * gy, ez * gx - ex * gz, ex * gy - ey * gx
        high = np.sqrt(nx * nx + ny * ny + nz * nz) + tiny
        s = _f(1) / high
        nx, ny, nz = nx * s, ny * s, nz * s
        size = half * (base + high)
        frames[t, 0], frames[t, 3], frames[t, 6] = size * ex, size * ey, size * ez
        frames[t, 1], frames[t, 4], frames[t, 7] = size * nx, size * ny, size * nz
        frames[t, 2] = size * (ey * nz - ez * ny)
        frames[t, 5] = size * (ez * nx - ex * nz)
        frames[t, 8] = size * (ex * ny - ey * nx)
        for c in range(3):
            frames[t, 9 + c] = third * (points[i, c] + points[j, c] + points[k, c])


@kernel
def tetrahedron_frames(points, tetrahedra, inverse_rest, first, frames):
    """frames[first : first + q] from tetrahedra int32 [q, 4] and the inverse of their edge matrices at rest float32 [q, 3, 3]."""
    for t in range(tetrahedra.shape[0]):
        o = tetrahedra[t, 0]
        for r in range(3):
            e0 = points[tetrahedra[t, 1], r] - points[o, r]
            e1 = points[tetrahedra[t, 2], r] - points[o, r]
            e2 = points[tetrahedra[t, 3], r] - points[o, r]
            for c in range(3):
                value = e0 * inverse_rest[t, 0, c] + e1 * inverse_rest[t, 1, c] + e2 * inverse_rest[t, 2, c]
                frames[first + t, 3 * r + c] = value
            frames[first + t, 9 + r] = points[o, r] + _f(0.25) * (e0 + e1 + e2)


@kernel
def view_frames(frames, camera, seen):
    """Frames as the camera sees them: x to the right, y down, z ahead. camera float32 [16]: see `camera_row`."""
    for t in range(frames.shape[0]):
        for r in range(3):
            a, b, c = camera[3 * r], camera[3 * r + 1], camera[3 * r + 2]
            for k in range(3):
                seen[t, 3 * r + k] = a * frames[t, k] + b * frames[t, 3 + k] + c * frames[t, 6 + k]
            x, y, z = frames[t, 9] - camera[9], frames[t, 10] - camera[10], frames[t, 11] - camera[11]
            seen[t, 9 + r] = a * x + b * y + c * z


def inverse_edges(points: F32, tetrahedra: np.typing.NDArray[np.int32]) -> F32:
    """float32 [q, 3, 3] for `tetrahedron_frames`: inverses of the edges at rest, times the tetrahedron's size, so that values in its frame
    count in that size, as they do in a triangle's. A tetrahedron must not be flat.
    """
    corners = points[tetrahedra].astype(np.float64)
    edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    volume = np.abs(np.linalg.det(edges))
    assert len(edges) == 0 or volume.min() > 1e-15, "a flat tetrahedron"
    return np.ascontiguousarray(np.linalg.inv(edges) * np.cbrt(volume)[:, None, None], np.float32)
