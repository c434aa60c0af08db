"""Locks of hair as curved ribbons: wide, overlapping, tapered, with the strand texture running along them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.interpolate import CubicSpline

from visavis.engines.rig.people.figure import Figure, unit_vectors
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import HairLook
from visavis.head.subdivision import grid_triangles
from visavis.render.mesh import Part

F64 = npt.NDArray[np.float64]
SKULL: Final = 0.95
"""Radius of the skull in face units; ribbons bend across with it."""
TILE_M: Final = 0.095
"""Width of hair that one noise tile covers: a strand of the texture is then about a pixel and a half at 512."""
TILE_LENGTH_M: Final = 0.30


@dataclass(frozen=True, slots=True, eq=False)
class LockLook:
    """How one layer of locks is finished. Profiles run from root to tip and are interpolated evenly.

    width, bulge   profiles, of the half width given with the curves
    tone           brightness of the layer; `vary` its spread from lock to lock
    root           colour that roots fade from (the scalp or the skin), over the share `root_reach` of the length
    """

    width: tuple[float, ...] = (0.7, 1.0, 1.0, 0.9, 0.35)
    bulge: float = 0.45
    tone: float = 1.0
    vary: float = 0.07
    root: F64 | None = None
    root_reach: float = 0.12
    end: F64 | None = None
    end_reach: float = 0.2
    """The same for tips: short hair thins out into the skin."""
    shine: float = 0.5
    grain: float = 0.42
    columns: int = 5
    lag: tuple[float, ...] = (0.0, 0.0)
    tip_tone: float = 1.12
    grey: float = 0.0
    """Greyer than the rest by this much (temples)."""
    grey_vary: float = 0.10
    """How much greyness differs from lock to lock."""
    edge: float = 0.22
    twist: F64 = field(default_factory=lambda: np.zeros(1))


def resample(curves: F64, rows: int, smoothing: int = 0) -> F64:
    """Curves [k, n, 3] at `rows` points evenly spaced along each, through a cubic spline, kinks smoothed."""
    out = []
    for curve in curves:
        steps = np.linalg.norm(np.diff(curve, axis=0), axis=1)
        length = np.r_[0, np.cumsum(np.maximum(steps, 1e-6))]
        out.append(CubicSpline(length, curve)(np.linspace(0, length[-1], rows)))
    lines = np.array(out)
    for _ in range(smoothing):
        lines[:, 1:-1] = 0.25 * lines[:, :-2] + 0.5 * lines[:, 1:-1] + 0.25 * lines[:, 2:]
    return lines


def lock_piece(
    name: str, curves: F64, outward: F64, half_width: F64, *, figure: Figure, hair: HairLook, look: LockLook, rng: np.random.Generator
) -> Piece:  # fmt: skip
    """Ribbons along curves [k, n, 3], facing outward [k, n, 3], half_width [k] or [k, n]; all in face units."""
    count, rows, _ = curves.shape
    t = np.linspace(0, 1, rows)
    along = unit_vectors(np.gradient(curves, axis=1))
    side = unit_vectors(np.cross(along, outward))
    out = unit_vectors(np.cross(side, along))
    if look.twist.size > 1:
        turn = look.twist[:, None, None] * t[None, :, None]
        side, out = side * np.cos(turn) + out * np.sin(turn), out * np.cos(turn) - side * np.sin(turn)
    profile = np.interp(t, np.linspace(0, 1, len(look.width)), look.width)
    width = np.broadcast_to(half_width.reshape(count, -1), (count, rows)) * profile
    a = np.linspace(-1, 1, look.columns)
    rounding = look.bulge * np.interp(t, [0, 0.04, 0.25, 1], [0.05, 0.15, 1, 1])
    sink = width * rounding + width**2 / (2 * SKULL)
    vertices = (
        curves[:, :, None]
        + side[:, :, None] * (a[None, None, :, None] * width[:, :, None, None])
        - out[:, :, None] * ((a**2)[None, None, :, None] * sink[:, :, None, None])
    )
    size = rows * look.columns
    triangles = (grid_triangles(rows, look.columns)[None, :, ::-1] + (np.arange(count) * size)[:, None, None]).reshape(-1, 3)
    albedo = _colours(hair, look, count, t, a, rng)
    lengths = np.linalg.norm(np.diff(curves, axis=1), axis=2).sum(1)[:, None, None] * figure.unit
    start = rng.uniform(0, 1, (count, 1, 1))
    u = start + a[None, None] * width[:, :, None] * figure.unit / TILE_M
    v = rng.uniform(0, 1, (count, 1, 1)) + t[None, :, None] * lengths / TILE_LENGTH_M + 0 * u
    shine = look.shine * np.clip(t * 6, 0.1, 1) * np.interp(t, [0, 0.8, 1], [1, 1, 0.6])
    lag = np.interp(t, np.linspace(0, 1, len(look.lag)), look.lag)
    return Piece(
        name, Part.HAIR, vertices.reshape(-1, 3) * figure.unit, triangles, albedo.reshape(-1, 3),
        uv=np.stack([u, v], -1).reshape(-1, 2),
        specular=np.broadcast_to(shine[None, :, None], (count, rows, look.columns)).reshape(-1),
        noise=look.grain,
        lag_weight=np.broadcast_to(lag[None, :, None], (count, rows, look.columns)).reshape(-1),
        tangent=np.repeat(along[:, :, None], look.columns, 2).reshape(-1, 3),
        two_sided=True, facing=True,
    )  # fmt: skip


def sheet_piece(
    name: str, grid: F64, lock: npt.NDArray[np.intp], across: F64, *, figure: Figure, hair: HairLook, look: LockLook,
    rng: np.random.Generator,
) -> Piece:  # fmt: skip
    """A closed sheet of hair, grid [k, n, 3] in face units: column by column along the hair, neighbours joined.

    lock [k] which lock a column belongs to, across [k] -1 to 1 its place over that lock: locks differ in tone and darken at
    their borders, so that one closed surface reads as many locks.
    """
    columns, rows, _ = grid.shape
    t = np.linspace(0, 1, rows)
    along = unit_vectors(np.gradient(grid, axis=1))
    triangles = grid_triangles(columns, rows)
    a, b, c = (grid.reshape(-1, 3)[triangles[:, i]] for i in range(3))
    outward = np.cross(b - a, c - a) * ((a + b + c) / 3 - np.array([0.0, 0.1, grid[..., 2].mean()]))
    if outward.sum() < 0:
        triangles = triangles[:, ::-1]
    albedo = np.empty((columns, rows, 3))
    shades = _colours(hair, look, int(lock.max()) + 1, t, np.zeros(1), rng)[:, :, 0]
    border = 1 - look.edge * np.abs(across) ** 3
    albedo = shades[lock] * border[:, None, None]
    widths = np.linalg.norm(np.diff(grid[:, rows * 2 // 3], axis=0), axis=1)
    u = np.r_[0, np.cumsum(widths)][:, None] * figure.unit / TILE_M + np.zeros(rows)
    lengths = np.linalg.norm(np.diff(grid, axis=1), axis=2).sum(1).mean() * figure.unit
    v = np.broadcast_to(t * lengths / TILE_LENGTH_M, (columns, rows)) + 0.13 * np.sin(u * 5)
    shine = look.shine * np.clip(t * 6, 0.1, 1) * np.interp(t, [0, 0.8, 1], [1, 1, 0.6])
    lag = np.interp(t, np.linspace(0, 1, len(look.lag)), look.lag)
    return Piece(
        name, Part.HAIR, grid.reshape(-1, 3) * figure.unit, triangles, np.clip(albedo, 0.002, 1).reshape(-1, 3),
        uv=np.stack([u, v], -1).reshape(-1, 2),
        specular=np.tile(shine, columns),
        noise=look.grain,
        lag_weight=np.tile(lag, columns),
        tangent=along.reshape(-1, 3),
        two_sided=True,
    )  # fmt: skip


def _colours(hair: HairLook, look: LockLook, count: int, t: F64, a: F64, rng: np.random.Generator) -> F64:
    """Linear albedo [count, rows, columns, 3]: each lock its own tone, darker roots and edges, lighter tips, grey where wanted."""
    tone = np.exp(rng.normal(0, look.vary, (count, 1, 1, 1))) * look.tone
    tips = np.array(hair.tips or hair.colour)
    body = np.array(hair.colour) * (1 - t[:, None]) + tips * t[:, None]
    if hair.grey or look.grey:
        grey = np.clip(hair.grey + look.grey + rng.normal(0, look.grey_vary, (count, 1, 1, 1)), 0, 1)
        base = body[None, :, None] * (1 - grey) + np.array(hair.grey_colour) * grey
    else:
        base = np.broadcast_to(body[None, :, None], (count, len(t), 1, 3))
    shade = np.interp(t, [0, 0.12, 0.5, 1], [0.70, 0.95, 1.0, look.tip_tone])[None, :, None, None]
    edge = (1 - look.edge * np.abs(a) ** 2.5)[None, None, :, None]
    colour = base * tone * shade * edge
    if look.root is not None:
        share = np.clip(1 - t / look.root_reach, 0, 1)[None, :, None, None] ** 1.5
        colour = colour * (1 - share) + look.root * share
    if look.end is not None:
        share = np.clip((t - 1) / look.end_reach + 1, 0, 1)[None, :, None, None]
        colour = colour * (1 - share) + look.end * share
    return np.clip(colour, 0.002, 1)
