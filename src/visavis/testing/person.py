"""A tiny person for tests: a ball of skin with every part of a real one, built in milliseconds, a hundredth of the triangles."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT, INDEX
from visavis.render.bake import bake
from visavis.render.mesh import Part, RenderMesh

F64 = npt.NDArray[np.float64]
RADIUS_M = 0.09
EYE_M = 0.016
_EYES = np.array([[0.035, 0.02, 0.076], [-0.035, 0.02, 0.076]])


def _f32(values: Any) -> npt.NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)


def ball(rings: int, sides: int) -> tuple[F64, npt.NDArray[np.int64]]:
    """Unit sphere about +Z: vertices [rings * sides, 3], triangles counter-clockwise from outside."""
    polar = np.linspace(0.02, np.pi - 0.02, rings)[:, None]
    turn = np.arange(sides) * 2 * np.pi / sides
    flat = np.ones_like(turn)
    points = np.stack([np.sin(polar) * np.cos(turn), np.sin(polar) * np.sin(turn), np.cos(polar) * flat], -1).reshape(-1, 3)
    return points, _grid(rings, sides, closed=True)


def _grid(rows: int, columns: int, *, closed: bool = False) -> npt.NDArray[np.int64]:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns if closed else columns - 1), indexing="ij")
    a, b = (i * columns + j).ravel(), (i * columns + (j + 1) % columns).ravel()
    c, d = ((i + 1) * columns + j).ravel(), ((i + 1) * columns + (j + 1) % columns).ravel()
    return np.concatenate([np.stack([a, c, d], 1), np.stack([a, d, b], 1)])


def _strip(rows: int, columns: int, place: F64) -> tuple[F64, npt.NDArray[np.int64]]:
    return place.reshape(-1, 3), _grid(rows, columns)


def _parts() -> list[tuple[Part, F64, npt.NDArray[np.int64], tuple[float, float, float], float]]:
    """Part, vertices, triangles, albedo, head weight; the eyes and a lash line over each come last."""
    skin, skin_faces = ball(24, 32)
    cloth, cloth_faces = ball(10, 24)
    u, v = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(0, 1, 7))
    lock = np.stack([0.07 + 0.02 * u + 0.02 * v, 0.06 - 0.14 * v, 0.06 - 0.02 * u * u], -1)
    mouth = np.stack([0.02 * u, -0.04 + 0.01 * (v - 0.5), 0.083 - 0.004 * u * u], -1)
    parts = [
        (Part.SKIN, skin * [0.075, RADIUS_M, 0.085], skin_faces, (0.6, 0.35, 0.25), 1.0),
        (Part.CLOTH, cloth * [0.14, 0.06, 0.08] + [0, -0.15, -0.02], cloth_faces, (0.05, 0.1, 0.15), 0.0),
        (Part.HAIR, *_strip(7, 9, lock), (0.12, 0.06, 0.03), 1.0),
        (Part.HAIR, *_strip(7, 9, lock * [-1, 1, 1]), (0.2, 0.1, 0.05), 1.0),
        (Part.MOUTH, *_strip(7, 9, mouth), (0.7, 0.65, 0.6), 1.0),
    ]
    eye, eye_faces = ball(14, 16)
    line_u, line_v = np.meshgrid(np.linspace(-1, 1, 12), np.linspace(0, 1, 2))
    for centre in _EYES:
        parts.append((Part.EYE, eye * EYE_M + centre, eye_faces, (1.0, 1.0, 1.0), 1.0))
        line = np.stack([0.014 * line_u, 0.010 - 0.004 * line_u**2 + 0.002 * line_v, 0.012 + 0 * line_u], -1) + centre
        parts.append((Part.FINE, *_strip(2, 12, line), (0.02, 0.015, 0.012), 1.0))
    return parts


def _shapes(part: npt.NDArray[np.uint8], at: F64) -> tuple[Any, Any, Any]:
    """jawOpen lowers the lower face, the smile widens it, a blink draws the brow down, puffed cheeks swell; the rest is still."""
    moves = {name: np.zeros_like(at) for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft", "cheekPuff")}
    face = part == Part.SKIN
    moves["jawOpen"][:, 1] = -0.02 * np.clip((-at[:, 1] - 0.01) / 0.05, 0, 1) * (face | (part == Part.MOUTH))
    moves["mouthSmileLeft"][:, 0] = 0.01 * face * np.exp(-(((at[:, 0] - 0.04) / 0.03) ** 2) - ((at[:, 1] + 0.04) / 0.03) ** 2)
    moves["eyeBlinkLeft"][:, 1] = -0.01 * (face | (part == Part.FINE)) * np.exp(-(((at[:, 0] - 0.035) / 0.02) ** 2))
    moves["cheekPuff"] = 0.1 * at * face[:, None] * np.exp(-(((at[:, 1:2] + 0.03) / 0.03) ** 2))
    offsets, indices, deltas = np.zeros(COUNT + 1, np.int64), [], []
    for k in range(COUNT):
        found = [m for name, m in moves.items() if INDEX[name] == k]
        moved = np.flatnonzero(np.abs(found[0]).max(1) > 1e-5) if found else np.zeros(0, np.int64)
        offsets[k + 1] = offsets[k] + len(moved)
        if found:
            indices.append(moved)
            deltas.append(found[0][moved])
    return offsets, np.concatenate(indices).astype(np.int32), np.concatenate(deltas).astype(np.float32)


def ball_person() -> RenderMesh:
    """A baked, unpruned mesh of about two thousand vertices that exercises every part, shape and buffer."""
    parts = _parts()
    lengths = [len(p[1]) for p in parts]
    starts = np.cumsum([0, *lengths])
    at = np.concatenate([p[1] for p in parts])
    total = len(at)
    kind = np.repeat(np.array([p[0] for p in parts], np.uint8), lengths)
    sizes = [len(p[2]) for p in parts]
    eyes = [n for n, p in enumerate(parts) if p[0] == Part.EYE]
    offsets, indices, deltas = _shapes(kind, at)
    rng = np.random.default_rng(7)
    grain = rng.normal(0, 0.3, (256, 256, 4)).clip(-1, 1)
    uv = at[:, :2] * 9
    for n, centre in zip(eyes, _EYES, strict=True):
        uv[starts[n] : starts[n + 1]] = (at[starts[n] : starts[n + 1], :2] - centre[:2]) / EYE_M
    flat = np.isin(kind, (Part.HAIR, Part.MOUTH, Part.FINE))
    triangle_part = np.repeat(np.array([p[0] for p in parts], np.uint8), sizes)
    lights = np.array([[-0.55, 0.62, 0.8, 2.3, 2.1, 1.9], [0.85, 0.1, 0.55, 0.4, 0.5, 0.6], [0.75, 0.45, -0.75, 1.9, 2.0, 2.2]])
    lights[:, :3] /= np.linalg.norm(lights[:, :3], axis=1, keepdims=True)
    y, x = np.mgrid[1:-1:256j, -1:1:256j]
    painted = np.where((np.hypot(x, y) < 0.5)[..., None], [0.1, 0.2, 0.3], [0.7, 0.65, 0.6]) * (np.hypot(x, y) > 0.2)[..., None]
    mesh = RenderMesh(
        positions=_f32(at), triangles=np.concatenate([p[2] + s for p, s in zip(parts, starts, strict=False)]).astype(np.int32),
        part=kind, triangle_part=triangle_part, triangle_group=np.repeat(np.arange(len(parts), dtype=np.int16), sizes),
        two_sided=np.isin(triangle_part, (Part.HAIR, Part.MOUTH, Part.FINE)), facing=flat,
        head_weight=np.repeat(_f32([p[4] for p in parts]), lengths),
        lag_weight=_f32(0.4 * (kind == Part.HAIR)), pivot=_f32([0, -0.06, -0.03]),
        shape_offsets=offsets, shape_indices=indices, shape_deltas=deltas,
        eye_ranges=np.array([[starts[n], starts[n + 1]] for n in eyes], np.int32), eye_centres=_f32(_EYES),
        eye_rest=_f32(np.stack([ball(14, 16)[0] * EYE_M] * 2)),
        lid_lines=np.array([starts[n + 1] + np.arange(12) for n in eyes], np.int32),
        lid_weight=_f32(np.stack([0.5 * (at[:, 0] > 0), 0.5 * (at[:, 0] < 0)], 1)),
        albedo=np.repeat(_f32([p[3] for p in parts]), lengths, 0),
        uv=_f32(uv), specular=np.full(total, 0.3, np.float32), noise_amplitude=np.full(total, 0.1, np.float32),
        tangent=_f32(np.tile([0, -1, 0], (total, 1))), noise=_f32(grain), iris=_f32(painted), directions=_f32([[0, 1, 0]]),
        visibility=np.full((1, total), 255, np.uint8), occlusion=np.ones(total, np.float32), lights=_f32(lights),
        ambient=_f32([[0.4, 0.45, 0.5], [0.3, 0.2, 0.2]]), wrap=_f32(np.tile([0.34, 0.2, 0.15], (6, 1))),
        background=_f32([[150, 158, 166], [62, 70, 82]]), look_at=_f32([0, -0.02, 0]), view_poses=np.zeros((0, 2), np.float32),
        view_visible=np.zeros((0, sum(sizes)), bool), exposure=0.4,
    )  # fmt: skip
    return bake(mesh)
