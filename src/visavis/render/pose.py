# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""From a face's weights to posed vertices on the screen: blend shapes, eyeballs, normals, head and its lagging parts, projection."""

from __future__ import annotations

import numpy as np

from visavis.render.kernel import kernel

_f = np.float32
_ONE = _f(1.0)


@kernel
def blend_shapes(base, offsets, indices, deltas, weights, out):
    """out [v, 3] = base + the sum of weights[k] times the sparse deltas of shape k; a shape of weight zero costs nothing."""
    out[:] = base
    for k in range(weights.shape[0]):
        w = weights[k]
        if w != 0:
            for n in range(offsets[k], offsets[k + 1]):
                i = indices[n]
                out[i, 0] += w * deltas[n, 0]
                out[i, 1] += w * deltas[n, 1]
                out[i, 2] += w * deltas[n, 2]


@kernel
def turn_eye(first, centre, rest, rest_normals, rotation, out, normals):
    """Vertices out[first : first + m] = centre + rotation @ rest; the eyeball's normals turn with it."""
    for i in range(rest.shape[0]):
        for c in range(3):
            r0, r1, r2 = rotation[c, 0], rotation[c, 1], rotation[c, 2]
            out[first + i, c] = centre[c] + r0 * rest[i, 0] + r1 * rest[i, 1] + r2 * rest[i, 2]
            normals[first + i, c] = r0 * rest_normals[i, 0] + r1 * rest_normals[i, 1] + r2 * rest_normals[i, 2]


@kernel
def bend_normals(positions, triangles, vertices, starts, around, faces, normals):
    """Area-weighted unit normals of the listed vertices only, from the listed triangles.

    triangles int32 [d, 3]; vertices int32 [m]; around[starts[n]:starts[n + 1]] are the rows of `triangles` at vertices[n];
    faces float32 [d, 3] is room for the triangles' normals; normals float32 [v, 3] is written at `vertices`.
    """
    for t in range(triangles.shape[0]):
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, bx = positions[j, 0] - positions[i, 0], positions[k, 0] - positions[i, 0]
        ay, by = positions[j, 1] - positions[i, 1], positions[k, 1] - positions[i, 1]
        az, bz = positions[j, 2] - positions[i, 2], positions[k, 2] - positions[i, 2]
        faces[t, 0] = ay * bz - az * by
        faces[t, 1] = az * bx - ax * bz
        faces[t, 2] = ax * by - ay * bx
    for n in range(vertices.shape[0]):
        x = y = z = _f(0)
        for q in range(starts[n], starts[n + 1]):
            t = around[q]
            x += faces[t, 0]
            y += faces[t, 1]
            z += faces[t, 2]
        s = _ONE / np.sqrt(x * x + y * y + z * z + _f(1e-30))
        v = vertices[n]
        normals[v, 0] = x * s
        normals[v, 1] = y * s
        normals[v, 2] = z * s


@kernel
def pose_project(positions, normals, follow, pivot, head, lag, camera, posed, turned, screen):
    """posed [v, 3] metres, turned [v, 3] normals, screen [v, 3] pixels and inverse depth.

    follow float32 [v, 2]: how far a vertex follows the head now, and the lagging head. head, lag float32 [4, 3]: rotation rows and
    translation of the head now and of the head as the lagging parts feel it; both act about `pivot`.
    camera float32 [6]: position x, y, z; focal length, centre x and y in pixels. It looks along -Z.
    """
    for i in range(positions.shape[0]):
        h, k = follow[i, 0], follow[i, 1]
        x, y, z = positions[i, 0] - pivot[0], positions[i, 1] - pivot[1], positions[i, 2] - pivot[2]
        rest = _ONE - h - k
        m00, m01, m02 = rest + h * head[0, 0] + k * lag[0, 0], h * head[0, 1] + k * lag[0, 1], h * head[0, 2] + k * lag[0, 2]
        m10, m11, m12 = h * head[1, 0] + k * lag[1, 0], rest + h * head[1, 1] + k * lag[1, 1], h * head[1, 2] + k * lag[1, 2]
        m20, m21, m22 = h * head[2, 0] + k * lag[2, 0], h * head[2, 1] + k * lag[2, 1], rest + h * head[2, 2] + k * lag[2, 2]
        qx = m00 * x + m01 * y + m02 * z + pivot[0] + h * head[3, 0] + k * lag[3, 0]
        qy = m10 * x + m11 * y + m12 * z + pivot[1] + h * head[3, 1] + k * lag[3, 1]
        qz = m20 * x + m21 * y + m22 * z + pivot[2] + h * head[3, 2] + k * lag[3, 2]
        posed[i, 0], posed[i, 1], posed[i, 2] = qx, qy, qz
        nx, ny, nz = normals[i, 0], normals[i, 1], normals[i, 2]
        turned[i, 0] = m00 * nx + m01 * ny + m02 * nz
        turned[i, 1] = m10 * nx + m11 * ny + m12 * nz
        turned[i, 2] = m20 * nx + m21 * ny + m22 * nz
        near = _ONE / (camera[2] - qz)
        screen[i, 0] = camera[4] + camera[3] * (qx - camera[0]) * near
        screen[i, 1] = camera[5] - camera[3] * (qy - camera[1]) * near
        screen[i, 2] = near
