"""`.splat`: 32 bytes a splat, without a header; colours and opacity 8 bits, no harmonics."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.errors import BadInput
from visavis.splats.cloud import SH_0, Splats, check_count, checked, logit_of

_ROW: Final = np.dtype([("at", "<f4", 3), ("scale", "<f4", 3), ("rgba", "u1", 4), ("turn", "u1", 4)])


def read_splat(data: bytes, name: str) -> Splats:
    """Raises BadInput where the length is no number of splats."""
    if not data or len(data) % _ROW.itemsize:
        raise BadInput(f"{name} has {len(data)} bytes: a .splat file has {_ROW.itemsize} for each splat.")
    rows = np.frombuffer(data, _ROW, check_count(len(data) // _ROW.itemsize, name=name))
    rgba = rows["rgba"] / 255.0
    if not (rows["scale"] >= 0).all():
        raise BadInput(f"{name} has a scale below zero.")
    log_scales = np.log(np.maximum(rows["scale"], 1e-12))
    turns = (rows["turn"].astype(np.float64) - 128) / 128
    sh = ((rgba[:, None, :3] - 0.5) / SH_0).astype(np.float32)
    return checked(name, rows["at"], turns, log_scales, logit_of(rgba[:, 3]), sh).half_turned()


def write_splat(splats: Splats) -> bytes:
    """Largest and most opaque first, as viewers that stream the file expect. Harmonics above degree 0 are left out."""
    turned = splats.half_turned()
    order = np.argsort(-(turned.log_scales.sum(1) + np.log(np.maximum(turned.opacity, 1e-9))), kind="stable")
    rows = np.empty(len(turned), _ROW)
    rows["at"], rows["scale"] = turned.positions[order], turned.scales[order]
    rgba = np.concatenate([turned.base_colours, turned.opacity[:, None]], 1)[order]
    rows["rgba"] = np.clip(np.round(rgba * 255), 0, 255)
    rows["turn"] = np.clip(np.round(turned.rotations[order] * 128 + 128), 0, 255)
    return rows.tobytes()
