"""Where the eyeballs are: a sphere fitted to the data's eye helpers, so that they turn without popping out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.head.canonical import CanonicalHead

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Eyes:
    """centres [2, 3] metres (0 the character's left, at +X) · radii [2] metres · middle [3] between them."""

    centres: F64
    radii: F64

    @property
    def middle(self) -> F64:
        return np.asarray(self.centres.mean(0))

    @property
    def apart_m(self) -> float:
        """Distance between the centres."""
        return float(np.linalg.norm(self.centres[0] - self.centres[1]))


def fit_eyes(head: CanonicalHead, cage: F64) -> Eyes:
    """Least-squares spheres through the eye helpers of a cage [c, 3] metres."""
    centres, radii = [], []
    for side in ("left_eye", "right_eye"):
        points = cage[head.groups[side]]
        system = np.c_[2 * points, np.ones(len(points))]
        x = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
        centres.append(x[:3])
        radii.append(np.sqrt(x[3] + x[:3] @ x[:3]))
    return Eyes(np.array(centres), np.array(radii))
