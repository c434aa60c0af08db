"""A cloud of Gaussian splats as a value, and the spherical harmonics that its colours are given in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.errors import BadInput, TooLarge
from visavis.types import F32

MAX_SPLATS: Final = 2_000_000
MAX_LOGIT: Final = 13.8
"""Formats with linear opacity hold 0 and 1; as logits these become -MAX_LOGIT and MAX_LOGIT."""
MOST_PLACE: Final = 1e6
MOST_LOG_SCALE: Final = 12.0
"""Bounds within which drawing in float32 cannot overflow."""
SH_0: Final = 0.28209479177387814
"""The constant harmonic: colour = 0.5 + SH_0 * sh[0] (+ the higher ones by direction)."""
COEFFICIENTS: Final = (1, 4, 9, 16)
"""Coefficients a channel by degree."""
_HALF_TURN: Final = np.array([1, -1, -1, 1, -1, 1, 1, -1, 1, -1, 1, -1, -1, 1, -1, 1], np.float32)
"""What half a turn about X does to each coefficient: minus where its polynomial is odd in y and z together."""


@dataclass(frozen=True, slots=True, eq=False)
class Splats:
    """n splats. Right-handed, +Y up, +Z towards the viewer; metres where the source says so, else its own unit.

    positions        float32 [n, 3]
    rotations        float32 [n, 4] unit quaternions w, x, y, z, local to world
    log_scales       float32 [n, 3] natural logarithm of the standard deviation along each local axis
    opacity_logits   float32 [n]: opacity = 1 / (1 + exp(-logit))
    sh               float32 [n, k, 3] harmonics of display (sRGB) colour, k = 1, 4, 9 or 16 for degree 0 to 3, in the order and signs
                     of the original 3DGS code
    """

    positions: F32
    rotations: F32
    log_scales: F32
    opacity_logits: F32
    sh: F32

    def __post_init__(self) -> None:
        n = len(self.positions)
        assert self.positions.shape == self.log_scales.shape == (n, 3), (self.positions.shape, self.log_scales.shape)
        assert self.rotations.shape == (n, 4), self.rotations.shape
        assert self.opacity_logits.shape == (n,), self.opacity_logits.shape
        assert self.sh.shape in {(n, k, 3) for k in COEFFICIENTS}, self.sh.shape

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def degree(self) -> int:
        """Of the harmonics, 0 to 3."""
        return COEFFICIENTS.index(self.sh.shape[1])

    @property
    def opacity(self) -> F32:
        """float32 [n], 0 to 1."""
        return sigmoid(self.opacity_logits)

    @property
    def scales(self) -> F32:
        """float32 [n, 3] standard deviations."""
        return np.exp(self.log_scales)

    @property
    def base_colours(self) -> F32:
        """float32 [n, 3], 0 to 1 where in range: the colour without what depends on the direction."""
        return np.asarray(0.5 + SH_0 * self.sh[:, 0], np.float32)

    def take(self, rows: npt.NDArray[np.integer] | npt.NDArray[np.bool_] | slice) -> Splats:
        """Some of them."""
        return Splats(
            self.positions[rows], self.rotations[rows], self.log_scales[rows], self.opacity_logits[rows], self.sh[rows]
        )

    def with_degree(self, degree: int) -> Splats:
        """The same with harmonics cut off or filled with zeros."""
        wanted = COEFFICIENTS[degree]
        sh = np.zeros((len(self), wanted, 3), np.float32)
        kept = min(wanted, self.sh.shape[1])
        sh[:, :kept] = self.sh[:, :kept]
        return replace(self, sh=sh)

    def half_turned(self) -> Splats:
        """Turned by half a turn about X: from y down, z away to y up, z near, and back, without rounding."""
        flip = np.array([1, -1, -1], np.float32)
        return Splats(
            self.positions * flip, self.rotations * np.array([1, 1, -1, -1], np.float32), self.log_scales,
            self.opacity_logits, self.sh * _HALF_TURN[: self.sh.shape[1], None],
        )  # fmt: skip

    def moved(self, matrix: npt.NDArray[np.floating]) -> Splats:
        """Under an affine map [3 or 4, 4]: positions, shapes (covariance J S J^T) and harmonics."""
        linear = np.asarray(matrix, np.float64)[:3, :3]
        at = self.positions @ linear.T + np.asarray(matrix, np.float64)[:3, 3]
        size = abs(np.linalg.det(linear)) ** (1 / 3)
        if size < 1e-12 or not np.isfinite(linear).all():
            raise BadInput("A transform in the file squeezes the splats flat.")
        turn = linear / size
        if np.allclose(turn @ turn.T, np.eye(3), atol=1e-5) and np.linalg.det(linear) > 0:
            rotations = quaternion_product(quaternion_of(turn[None])[0], self.rotations)
            log_scales = self.log_scales + np.float32(np.log(size))
        else:
            axes = linear @ matrices_of(self.rotations) * self.scales[:, None, :].astype(np.float64)
            left, spread, _ = np.linalg.svd(axes)
            left[:, :, 2] *= np.sign(np.linalg.det(left))[:, None]
            rotations, log_scales = quaternion_of(left), np.log(np.maximum(spread, 1e-12))
        return Splats(
            at.astype(np.float32), rotations.astype(np.float32), np.asarray(log_scales, np.float32), self.opacity_logits,
            rotated_sh(self.sh, turn),
        )  # fmt: skip


def joined(clouds: list[Splats]) -> Splats:
    """All of them as one, harmonics filled up to the highest degree. Raises BadInput where there is none."""
    if not clouds:
        raise BadInput("The file holds no splats.")
    degree = max(cloud.degree for cloud in clouds)
    full = [cloud.with_degree(degree) for cloud in clouds]
    return Splats(
        np.concatenate([c.positions for c in full]), np.concatenate([c.rotations for c in full]),
        np.concatenate([c.log_scales for c in full]), np.concatenate([c.opacity_logits for c in full]),
        np.concatenate([c.sh for c in full]),
    )  # fmt: skip


def check_count(count: int, *, name: str) -> int:
    """A count that a file claims. Raises BadInput for none and TooLarge beyond `MAX_SPLATS`."""
    if count <= 0:
        raise BadInput(f"{name} holds no splats.")
    if count > MAX_SPLATS:
        raise TooLarge(f"{name} claims {count} splats; at most {MAX_SPLATS} are taken.", mend="Thin it out first.")
    return count


def checked(
    name: str,
    positions: npt.ArrayLike,
    rotations: npt.ArrayLike,
    log_scales: npt.ArrayLike,
    logits: npt.ArrayLike,
    sh: npt.ArrayLike,
) -> Splats:
    """Splats from what a file holds: quaternions made unit, logits bounded.

    Raises BadInput, naming the file and what is wrong, for values that are no numbers or beyond any sense.
    """
    turns = np.asarray(rotations, np.float64)
    values = [np.asarray(v, np.float32) for v in (positions, turns, log_scales, logits, sh)]
    for what, array in zip(("position", "rotation", "scale", "opacity", "colour"), values, strict=True):
        if np.isnan(array).any() or (what != "opacity" and not np.isfinite(array).all()):
            bad = int(np.flatnonzero(~np.isfinite(array.reshape(len(array), -1)).all(1))[0])
            raise BadInput(f"{name}: splat {bad} has a {what} that is no number.")
    if np.abs(values[0]).max(initial=0) > MOST_PLACE or values[2].max(initial=0) > MOST_LOG_SCALE:
        raise BadInput(f"{name}: its positions or scales are beyond any sense.", mend="Is it really the format it says?")
    length = np.linalg.norm(turns, axis=1, keepdims=True)
    unit = np.where(length > 1e-12, turns / np.maximum(length, 1e-12), [1.0, 0, 0, 0])
    return Splats(values[0], unit.astype(np.float32), np.maximum(values[2], -30), np.clip(values[3], -100, 100), values[4])


def sigmoid(x: F32) -> F32:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -80, 80))), np.float32)


def logit_of(opacity: npt.NDArray[np.floating]) -> F32:
    """float32, bounded by `MAX_LOGIT`: the inverse of `sigmoid` for 0 to 1."""
    inside = np.clip(np.asarray(opacity, np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(inside / (1 - inside)), np.float32).clip(-MAX_LOGIT, MAX_LOGIT)


def matrices_of(quaternions: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Rotation matrices [n, 3, 3] of unit quaternions [n, 4] w, x, y, z."""
    w, x, y, z = np.asarray(quaternions, np.float64).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def quaternion_of(matrices: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Unit quaternions [n, 4] w, x, y, z, w >= 0, of rotation matrices [n, 3, 3]."""
    from scipy.spatial.transform import Rotation

    found = Rotation.from_matrix(np.asarray(matrices, np.float64)).as_quat()[:, [3, 0, 1, 2]]
    return np.asarray(np.where(found[:, :1] < 0, -found, found))


def quaternion_product(a: npt.NDArray[np.floating], b: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Hamilton product of a [4] or [n, 4] with b [n, 4]: first b, then a."""
    aw, ax, ay, az = np.asarray(a, np.float64).T
    bw, bx, by, bz = np.asarray(b, np.float64).T
    return np.stack(
        [aw * bw - ax * bx - ay * by - az * bz, aw * bx + ax * bw + ay * bz - az * by,
         aw * by - ax * bz + ay * bw + az * bx, aw * bz + ax * by - ay * bx + az * bw], -1)  # fmt: skip


def harmonics(directions: npt.NDArray[np.floating], degree: int) -> npt.NDArray[np.float64]:
    """Real spherical harmonics [n, k] at unit directions [n, 3], signs as in the 3DGS code."""
    x, y, z = np.asarray(directions, np.float64).T
    xx, yy, zz = x * x, y * y, z * z
    basis = [np.full_like(x, SH_0)]
    if degree >= 1:
        basis += [-0.4886025119029199 * y, 0.4886025119029199 * z, -0.4886025119029199 * x]
    if degree >= 2:
        basis += [1.0925484305920792 * x * y, -1.0925484305920792 * y * z, 0.31539156525252005 * (2 * zz - xx - yy),
                  -1.0925484305920792 * x * z, 0.5462742152960396 * (xx - yy)]  # fmt: skip
    if degree >= 3:
        basis += [
            -0.5900435899266435 * y * (3 * xx - yy), 2.890611442640554 * x * y * z,
            -0.4570457994644658 * y * (4 * zz - xx - yy), 0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
            -0.4570457994644658 * x * (4 * zz - xx - yy), 1.445305721320277 * z * (xx - yy),
            -0.5900435899266435 * x * (xx - 3 * yy),
        ]  # fmt: skip
    return np.stack(basis, 1)


def rotated_sh(sh: F32, turn: npt.NDArray[np.floating]) -> F32:
    """Harmonics [n, k, 3] of a cloud turned by a matrix [3, 3]: solved on sample directions, exact within a degree."""
    degree = COEFFICIENTS.index(sh.shape[1])
    if degree == 0:
        return sh
    rng = np.random.default_rng(0)
    there = rng.normal(size=(64, 3))
    there /= np.linalg.norm(there, axis=1, keepdims=True)
    back = there @ turn
    back /= np.linalg.norm(back, axis=1, keepdims=True)
    change = np.linalg.lstsq(harmonics(there, degree), harmonics(back, degree), rcond=None)[0]
    return np.asarray(np.einsum("ij,njc->nic", change, sh), np.float32)
