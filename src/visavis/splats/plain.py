"""The plain twin of the rasteriser: the same picture in double precision, splat by splat, with the exact exponential and order."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from visavis.render.camera import Camera
from visavis.splats.constants import BLUR_PIXELS2, EDGE, LEAST_ALPHA, MOST_ALPHA, NEAR_M
from visavis.splats.painter import Drawn, Posed
from visavis.splats.raster import MOST_PIXELS2

F64 = npt.NDArray[np.float64]


def plain_draw(posed: Posed, camera: Camera) -> Drawn:
    """What `painter.Painter.draw` approximates: no early end, no counting sort, no polynomial."""
    height, width = camera.height, camera.width
    mean, spread, depth = _on_screen(posed, camera)
    colour, depths, through = np.zeros((height, width, 3)), np.zeros((height, width)), np.ones((height, width))
    for i in np.argsort(depth, kind="stable"):
        o = float(posed.opacities[i])
        if depth[i] < NEAR_M or o <= LEAST_ALPHA or np.linalg.det(spread[i]) <= 0 or spread[i].max() > MOST_PIXELS2:
            continue
        reach = np.sqrt(2 * np.log(o / LEAST_ALPHA) * np.diag(spread[i]))
        x0, y0 = (max(0, int(np.ceil(m - r))) for m, r in zip(mean[i], reach, strict=True))
        x1, y1 = (min(s, int(np.floor(m + r)) + 1) for m, r, s in zip(mean[i], reach, (width, height), strict=True))
        if x0 >= x1 or y0 >= y1:
            continue
        inverse = np.linalg.inv(spread[i])
        dx, dy = np.arange(x0, x1)[None] - mean[i, 0], np.arange(y0, y1)[:, None] - mean[i, 1]
        power = -0.5 * (inverse[0, 0] * dx * dx + 2 * inverse[0, 1] * dx * dy + inverse[1, 1] * dy * dy)
        alpha = np.minimum(o * np.exp(power), MOST_ALPHA)
        alpha[alpha < LEAST_ALPHA] = 0
        area = np.s_[y0:y1, x0:x1]
        weight = alpha * through[area]
        colour[area] += weight[..., None] * posed.colours[i] / 255
        depths[area] += weight * depth[i]
        through[area] -= weight
    alpha = 1 - through
    return Drawn(*(np.asarray(v, np.float32) for v in (colour, alpha, depths / np.maximum(alpha, 1e-6))))


def _on_screen(posed: Posed, camera: Camera) -> tuple[F64, F64, F64]:
    """Means [n, 2] in pixels (0 in the middle of the first), covariances [n, 2, 2] and depths [n]."""
    frames = posed.frames.astype(np.float64)[posed.parents]
    linear, origin = frames[:, :9].reshape(-1, 3, 3), frames[:, 9:]
    turn = camera.rotation.astype(np.float64) * [[1], [-1], [-1]]
    at = (np.einsum("nij,nj->ni", linear, posed.places) + origin - camera.position) @ turn.T
    full = np.zeros((len(at), 3, 3))
    for k, (i, j) in enumerate(((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))):
        full[:, i, j] = full[:, j, i] = posed.covariances[:, k]
    to_view = turn @ linear
    depth = np.where(at[:, 2] > NEAR_M, at[:, 2], 1.0)
    slope = at[:, :2] / depth[:, None]
    edge = float(EDGE) * 0.5 * np.array([camera.width / camera.fx, camera.height / camera.fy])
    bounded = np.clip(slope, -edge, edge)
    focal = np.array([camera.fx, camera.fy])
    jacobian = np.zeros((len(at), 2, 3))
    for axis in range(2):
        jacobian[:, axis, axis] = focal[axis] / depth
        jacobian[:, axis, 2] = -focal[axis] * bounded[:, axis] / depth
    rows = jacobian @ to_view
    spread = rows @ full @ np.swapaxes(rows, 1, 2) + float(BLUR_PIXELS2) * np.eye(2)
    mean = slope * focal + [camera.cx - 0.5, camera.cy - 0.5]
    return mean, spread, at[:, 2]
