"""The points that bones turn about, placed relative to the eyes by the proportions of the average head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.head.canonical import CanonicalHead
from visavis.head.eyes import Eyes, fit_eyes

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """Points [3] in metres: base of the neck, where the head turns on it, the jaw's hinge, and the eyes."""

    neck: F64
    head: F64
    jaw: F64
    eyes: Eyes


def find_joints(head: CanonicalHead, cage: F64) -> Joints:
    """The joints of a cage [c, 3] metres.

    The jaw's hinge is fitted: the fixed point of the rotation that `jawOpen` puts on the lower teeth in the sagittal plane.
    """
    eyes = fit_eyes(head, cage)
    unit = eyes.apart_m / 0.62
    middle = eyes.middle
    return Joints(
        neck=middle + np.array([0.0, -1.9, -0.95]) * unit,
        head=np.array([0.0, middle[1] - 1.0 * unit, _neck_depth(head, cage, middle[1] - 1.15 * unit)]),
        jaw=_hinge(cage[head.groups["lower_teeth"]], head.shapes.field("jawOpen")[head.groups["lower_teeth"]]),
        eyes=eyes,
    )


def _neck_depth(head: CanonicalHead, cage: F64, height: float) -> float:
    """Middle of the neck, front to back, just under the skull: the head turns about it."""
    skin = cage[np.unique(head.cage_quads)]
    behind = skin[(np.abs(skin[:, 1] - height) < 0.006) & (np.abs(skin[:, 0]) < 0.03), 2]
    return float(behind.min() + 0.052)


def _hinge(points: F64, moved: F64) -> F64:
    """Centre [3] of the planar rotation about X that best explains displacements; on the middle plane."""
    before, after = points[:, 1:], points[:, 1:] + moved[:, 1:]
    a, b = before - before.mean(0), after - after.mean(0)
    angle = np.arctan2((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum(), (a * b).sum())
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    centre = np.linalg.solve(np.eye(2) - turn, after.mean(0) - turn @ before.mean(0))
    return np.array([0.0, centre[0], centre[1]])
