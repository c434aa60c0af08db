"""A cloud that does not move, ready to be drawn: one frame for all, colours looked up by direction."""

from __future__ import annotations

import numpy as np

from visavis.render.camera import Camera
from visavis.splats.cloud import Splats, harmonics, matrices_of
from visavis.splats.painter import Posed
from visavis.types import F32

IDENTITY = np.array([[1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]], np.float32)


def still(splats: Splats, camera: Camera) -> Posed:
    """The cloud as the camera sees it: harmonics are evaluated towards each splat."""
    towards = splats.positions - camera.position
    towards = towards / np.maximum(np.linalg.norm(towards, axis=1, keepdims=True), 1e-9)
    colours = 0.5 + np.einsum("nk,nkc->nc", harmonics(towards, splats.degree), splats.sh)
    return Posed(
        np.zeros(len(splats), np.int32), IDENTITY, splats.positions, covariances_of(splats.rotations, splats.log_scales),
        splats.opacity, np.ascontiguousarray(np.clip(colours, 0, None) * 255, np.float32),
    )  # fmt: skip


def covariances_of(rotations: F32, log_scales: F32) -> F32:
    """float32 [n, 6]: xx, xy, xz, yy, yz, zz."""
    axes = matrices_of(rotations) * np.exp(log_scales.astype(np.float64))[:, None, :]
    full = axes @ np.swapaxes(axes, 1, 2)
    return np.ascontiguousarray(full[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]], np.float32)
