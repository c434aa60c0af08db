"""The canonical head fitted to landmarks: who it is, which face they make, where the head is and how the camera sees it.

Camera: a point p of the head (metres, origin between the eyes) goes to c = rotation @ p and from there to the pixel
`centre + scale * DISTANCE_M / (DISTANCE_M - c_z) * (c_x, -c_y)`. One picture does not tell how far the camera stood; a portrait's
distance is assumed. Rotation follows `types.FaceFrame`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import INDEX, SHAPES
from visavis.head.canonical import CanonicalHead
from visavis.head.identity import IdentityBasis, identity_basis

F64 = npt.NDArray[np.float64]

DISTANCE_M: Final = 0.95
FACE_M: Final = 0.17
"""Height of the landmarks of an average face, for the first guess."""
NOISE_SHARE: Final = 0.0055
"""Landmarks scatter by this share of the face's height."""
ROUNDS: Final = 14
IDENTITY_BOUND: Final = 1.6
PRIOR: Final = 3.0
"""How much the spreads of identity and expression count against the landmarks, which are not independent of each other."""
EXPRESSION_SIGMA: Final = 0.35
INNER_LIPS: Final = frozenset({78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 95, 88, 178, 87, 14, 317, 402, 318, 324})
STILL: Final = (
    "jawOpen", "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight", "mouthPucker", "mouthFunnel",
    "mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthClose", "browInnerUp", "browDownLeft", "browDownRight", "browOuterUpLeft", "browOuterUpRight", "eyeBlinkLeft",
    "eyeBlinkRight", "eyeSquintLeft", "eyeSquintRight", "cheekSquintLeft", "cheekSquintRight", "eyeWideLeft", "eyeWideRight",
    "mouthLeft", "mouthRight",
)  # fmt: skip
"""The shapes a still's expression is made of; the others are too alike to be told apart in one picture."""
MOVING: Final = tuple(name for name in SHAPES if not name.startswith("eyeLook") and name not in {"tongueOut", "cheekPuff"})
"""The shapes solved for in a video of a known face."""
_BOUND: Final = {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5}
"""A still's eyes are held open: more of a blink than this is taken for the shape of the lids."""


@dataclass(frozen=True, slots=True, eq=False)
class Pose:
    """rotation [3, 3] head to camera · scale px per metre at the head's origin · centre [2] px, where the origin is seen."""

    rotation: F64
    scale: float
    centre: F64

    def project(self, points: F64) -> F64:
        """Pixels [..., 2] of points [..., 3] of the head, metres."""
        return self.project_camera(points @ self.rotation.T)

    def project_camera(self, camera: F64) -> F64:
        """Pixels [..., 2] of points [..., 3] in camera space, metres."""
        factor = self.scale * DISTANCE_M / (DISTANCE_M - camera[..., 2])
        return np.stack([self.centre[0] + factor * camera[..., 0], self.centre[1] - factor * camera[..., 1]], -1)

    def unproject(self, pixels: F64, depth: F64) -> F64:
        """Points [..., 3] in camera space of pixels [..., 2] at camera depths [...]."""
        factor = self.scale * DISTANCE_M / (DISTANCE_M - depth)
        return np.stack([(pixels[..., 0] - self.centre[0]) / factor, (self.centre[1] - pixels[..., 1]) / factor, depth], -1)

    @property
    def angles(self) -> F64:
        """Yaw, pitch, roll [3] in radians."""
        r = self.rotation
        return np.array([np.arctan2(r[0, 2], r[2, 2]), np.arcsin(np.clip(-r[1, 2], -1, 1)), np.arctan2(r[1, 0], r[1, 1])])


@dataclass(frozen=True, slots=True, eq=False)
class Priors:
    """What is known of a face beforehand: spread [len(MOVING)] of each shape · emphasis [468] how much each landmark counts for
    them, beside its trust · strength of the spreads against the landmarks.
    """

    spread: F64
    emphasis: F64
    strength: float = PRIOR


@dataclass(frozen=True, slots=True, eq=False)
class HeadFit:
    """identity [k] of the basis · weights [52] in the order of `arkit.SHAPES` · residual_px [468, 2] landmark minus head."""

    identity: F64
    weights: F64
    pose: Pose
    residual_px: F64

    @property
    def error_px(self) -> float:
        """Median distance of the head from the landmarks."""
        return float(np.median(np.linalg.norm(self.residual_px, axis=1)))


class HeadFitter:
    """Fits heads to MediaPipe's 468 landmarks, float [468, 2 or 3] px. Make one and keep it; it may be shared by threads."""

    def __init__(self, head: CanonicalHead) -> None:
        self.head = head
        with np.load(Path(__file__).with_name("landmark_map.npz"), allow_pickle=False) as data:
            self.vertices, self.shares, spread = data["vertices"], data["shares"].astype(float), data["spread_m"].astype(float)
        self.basis: IdentityBasis = identity_basis(head)
        self.trust = 1 / (1 + np.maximum(spread - 0.0025, 0) / 0.004)
        self._base = self.at_landmarks(head.skin @ self.basis.base)
        self._directions = self._fields(self.basis.directions)

    def at_landmarks(self, skin: F64) -> F64:
        """Where the landmarks are on a skin [v, 3]: [468, 3]."""
        return np.asarray(np.einsum("ij,ijc->ic", self.shares, skin[self.vertices]))

    def reach_m(self, shape: str) -> F64:
        """How far a shape at 1 moves each landmark: [468] metres."""
        return np.asarray(np.linalg.norm(self._shapes[INDEX[shape]], axis=1))

    @cached_property
    def _shapes(self) -> F64:
        return self._fields(np.array([self.head.shapes.field(name) for name in SHAPES]))

    def _fields(self, cages: F64) -> F64:
        flat = cages.transpose(1, 0, 2).reshape(cages.shape[1], -1)
        skin = (self.head.skin @ flat).reshape(-1, len(cages), 3)
        return np.asarray(np.einsum("ij,ijkc->kic", self.shares, skin[self.vertices]))

    def fit(self, points: npt.ArrayLike) -> HeadFit:
        """Identity, expression and pose of one still."""
        seen, shapes = np.asarray(points, float)[:, :2], [INDEX[name] for name in STILL]
        fields = np.concatenate([self._directions, self._shapes[shapes]])
        upper = [_BOUND.get(name, 0.9) for name in STILL]
        low = np.r_[np.full(len(self._directions), -IDENTITY_BOUND), np.zeros(len(shapes))]
        high = np.r_[np.full(len(self._directions), IDENTITY_BOUND), upper]
        sigma = np.r_[self.basis.sigma, np.full(len(shapes), EXPRESSION_SIGMA)]
        pose, found, residual = self._alternate(seen, self._base, fields, low, high, sigma, None, np.zeros(len(fields)), ROUNDS)
        weights = np.zeros(len(SHAPES))
        weights[shapes] = found[len(self._directions) :]
        return HeadFit(found[: len(self._directions)], weights, pose, residual)

    def follow(
        self,
        points: npt.ArrayLike,
        person: HeadFit,
        before: HeadFit | None = None,
        *,
        rounds: int = 4,
        priors: Priors | None = None,
    ) -> HeadFit:
        """The same person in another picture: weights and pose anew, identity kept. `before` is where the search starts."""
        seen, shapes = np.asarray(points, float)[:, :2], [INDEX[name] for name in MOVING]
        base = self._base + np.tensordot(person.identity, self._directions, 1)
        start = person if before is None else before
        pose, found, residual = self._alternate(
            seen, base, self._shapes[shapes], np.zeros(len(shapes)), np.ones(len(shapes)),
            np.full(len(shapes), EXPRESSION_SIGMA) if priors is None else priors.spread, start.pose, start.weights[shapes], rounds,
            priors,
        )  # fmt: skip
        weights = np.zeros(len(SHAPES))
        weights[shapes] = found
        return HeadFit(person.identity, weights, pose, residual)

    def _alternate(
        self, seen: F64, base: F64, fields: F64, low: F64, high: F64, sigma: F64, pose: Pose | None, found: F64, rounds: int,
        priors: Priors | None = None,
    ) -> tuple[Pose, F64, F64]:  # fmt: skip
        """Pose and weights in turn, each solved with the other held."""
        height = max(float(np.ptp(seen[:, 1])), 1.0)
        trust = self.trust / (NOISE_SHARE * height)
        counts, damping = (trust, PRIOR / sigma) if priors is None else (trust * priors.emphasis, priors.strength / sigma)
        pose = pose or Pose(np.eye(3), height / FACE_M, seen.mean(0))
        for _ in range(rounds):
            shape = base + np.tensordot(found, fields, 1)
            pose = solve_pose(shape, seen, trust, pose)
            camera = shape @ pose.rotation.T
            factor = pose.scale * DISTANCE_M / (DISTANCE_M - camera[:, 2])
            plane = pose.rotation[:2] * [[1], [-1]]
            system = ((fields @ plane.T) * (factor * counts)[None, :, None]).reshape(len(fields), -1).T
            wanted = ((seen - pose.centre - (base @ plane.T) * factor[:, None]) * counts[:, None]).ravel()
            found = bounded_ridge(system, wanted, damping, low, high)
        shape = base + np.tensordot(found, fields, 1)
        return pose, found, seen - pose.project(shape)


def solve_pose(points: F64, seen: F64, trust: F64, start: Pose, *, steps: int = 4) -> Pose:
    """The pose that shows points [n, 3] at pixels [n, 2], by Gauss-Newton with Huber's weights. trust [n]: 1 / px."""
    rotation, scale, centre = start.rotation, start.scale, start.centre
    for _ in range(steps):
        camera = points @ rotation.T
        x, y, z = camera.T
        near = DISTANCE_M / (DISTANCE_M - z)
        k, slope = scale * near, scale * near / (DISTANCE_M - z)
        off = seen - np.c_[centre[0] + k * x, centre[1] - k * y]
        zero, one = np.zeros(len(points)), np.ones(len(points))
        # of (u, v) by turning about x, y, z, by log scale, and by the centre
        by_u = np.stack([slope * y * x, k * z - slope * x * x, -k * y, k * x, one, zero], 1)
        by_v = np.stack([k * z - slope * y * y, slope * x * y, -k * x, -k * y, zero, one], 1)
        size = np.linalg.norm(off, axis=1) * trust
        weight = trust * np.sqrt(np.minimum(1, 3 / np.maximum(size, 1e-9)))
        system = np.concatenate([by_u * weight[:, None], by_v * weight[:, None]])
        step = np.linalg.lstsq(system, np.concatenate([off[:, 0] * weight, off[:, 1] * weight]), rcond=None)[0]
        step[:3] *= min(1.0, 0.4 / max(float(np.linalg.norm(step[:3])), 1e-9))
        rotation, scale, centre = (
            turned(step[:3]) @ rotation,
            scale * float(np.exp(np.clip(step[3], -0.5, 0.5))),
            centre + step[4:],
        )
    return Pose(rotation, scale, centre)


def turned(axis: F64) -> F64:
    """The rotation [3, 3] about a vector by its length in radians (Rodrigues)."""
    angle = float(np.linalg.norm(axis))
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = axis / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def bounded_ridge(system: F64, wanted: F64, damping: F64, low: F64, high: F64, *, passes: int = 12) -> F64:
    """Minimises |system x - wanted|² + |damping x|² with low <= x <= high, by an active set on the normal equations.

    Variables beyond a bound are held there; those that would rather come back are freed again.
    """
    normal = system.T @ system + np.diag(damping**2)
    right = system.T @ wanted
    x, held = np.zeros(len(right)), np.zeros(len(right), bool)
    for _ in range(passes):
        free = ~held
        x[free] = np.linalg.solve(normal[np.ix_(free, free)], right[free] - normal[np.ix_(free, held)] @ x[held])
        outside = free & ((x < low) | (x > high))
        x = np.clip(x, low, high)
        pull = right - normal @ x
        freed = held & (((x <= low) & (pull > 1e-9)) | ((x >= high) & (pull < -1e-9)))
        if not outside.any() and not freed.any():
            break
        held = (held | outside) & ~freed
    return x
