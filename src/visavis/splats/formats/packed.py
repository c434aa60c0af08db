"""PlayCanvas's compressed PLY: chunks of 256 splats, each value a few bits between the chunk's bounds."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput
from visavis.splats.cloud import SH_0, Splats, checked, logit_of

CHUNK: Final = 256
_COLUMNS: Final = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
_BITS: Final = ((21, 11), (11, 10), (0, 11))
"""Shift and width of x, y and z."""


def read_packed(tables: dict[str, npt.NDArray[Any]], name: str) -> Splats:
    """From the tables `chunk`, `vertex` and, where there are harmonics, `sh`; still y down."""
    chunks, rows = tables["chunk"], tables.get("vertex")
    if rows is None or any(c not in (rows.dtype.names or ()) for c in _COLUMNS):
        raise BadInput(f"{name} has chunks but no packed splats.")
    if len(chunks) * CHUNK < len(rows):
        raise BadInput(f"{name} has {len(chunks)} chunks for {len(rows)} splats.")
    of = np.arange(len(rows)) // CHUNK
    positions = _between(rows["packed_position"], chunks, of, ("{}_x", "{}_y", "{}_z"), name)
    log_scales = _between(rows["packed_scale"], chunks, of, ("{}_scale_x", "{}_scale_y", "{}_scale_z"), name)
    colour = rows["packed_color"].astype(np.uint32)
    levels = np.stack([(colour >> shift) & 255 for shift in (24, 16, 8, 0)], 1) / 255.0
    rgb = levels[:, :3]
    if "min_r" in (chunks.dtype.names or ()):
        low, high = (_bounds(chunks, of, end, ("{}_r", "{}_g", "{}_b"), name) for end in ("min", "max"))
        rgb = low + (high - low) * rgb
    sh = np.concatenate([((rgb - 0.5) / SH_0)[:, None], _harmonics(tables, len(rows), name)], 1)
    return checked(name, positions, _rotations(rows["packed_rotation"]), log_scales, logit_of(levels[:, 3]), sh)


def _bounds(
    chunks: npt.NDArray[Any], of: npt.NDArray[np.intp], end: str, names: tuple[str, str, str], name: str
) -> npt.NDArray[np.float64]:
    columns = [pattern.format(end) for pattern in names]
    if any(column not in (chunks.dtype.names or ()) for column in columns):
        raise BadInput(f"{name}: its chunks lack {columns[0]!r}.")
    return np.stack([chunks[column] for column in columns], 1).astype(np.float64)[of]


def _between(
    packed: npt.NDArray[Any], chunks: npt.NDArray[Any], of: npt.NDArray[np.intp], names: tuple[str, str, str], name: str
) -> npt.NDArray[np.float64]:
    low, high = (_bounds(chunks, of, end, names, name) for end in ("min", "max"))
    bits = packed.astype(np.uint32)
    share = np.stack([((bits >> shift) & ((1 << width) - 1)) / ((1 << width) - 1) for shift, width in _BITS], 1)
    return low + (high - low) * share


def _rotations(packed: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Three of w, x, y, z in 10 bits each; the two highest bits say which one, the largest, was left out."""
    bits = packed.astype(np.uint32)
    largest = (bits >> 30).astype(np.intp)
    three = (np.stack([(bits >> shift) & 1023 for shift in (20, 10, 0)], 1) / 1023 - 0.5) * np.sqrt(2)
    return with_largest(three, largest)


def with_largest(three: npt.NDArray[np.float64], largest: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Quaternions [n, 4] from all components but the one at index `largest`, which is positive."""
    out = np.empty((len(three), 4))
    for index in range(4):
        rows = largest == index
        others = [i for i in range(4) if i != index]
        out[np.ix_(rows, others)] = three[rows]
        out[rows, index] = np.sqrt(np.maximum(1 - (three[rows] ** 2).sum(1), 0))
    return out


def _harmonics(tables: dict[str, npt.NDArray[Any]], count: int, name: str) -> npt.NDArray[np.float64]:
    table = tables.get("sh")
    if table is None:
        return np.zeros((count, 0, 3))
    width = len(table.dtype.names or ())
    if (
        len(table) != count
        or width not in {9, 24, 45}
        or any(f"f_rest_{i}" not in (table.dtype.names or ()) for i in range(width))
    ):
        raise BadInput(f"{name} has {len(table)} rows of {width} harmonics for {count} splats.")
    values = np.stack([table[f"f_rest_{i}"] for i in range(width)], 1) * (8 / 255) - 4
    return values.reshape(count, 3, width // 3).transpose(0, 2, 1)
