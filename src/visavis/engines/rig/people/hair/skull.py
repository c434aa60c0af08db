"""The skull as a distance in every direction from its middle, so that hair can be laid over it with a given lift."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from visavis.engines.rig.people.figure import Figure, unit_vectors
from visavis.engines.rig.people.skin import scalp_mask
from visavis.engines.rig.people.spec import PersonSpec

F64 = npt.NDArray[np.float64]
CENTRE_HEIGHT: Final = 0.20
"""Of the skull's middle above the eyes, in face units."""


class SkullMap:
    """Face units throughout. Directions are unit vectors [..., 3] from `centre`."""

    def __init__(self, spec: PersonSpec, figure: Figure) -> None:
        self.centre = np.array([0.0, CENTRE_HEIGHT, figure.skull_z])
        outside = (figure.mask("inside-mouth") < 0.2) & (figure.face[:, 1] > -1.2)
        offsets = figure.face[outside] - self.centre
        self._radius = np.linalg.norm(offsets, axis=1)
        self._tree = cKDTree(offsets / self._radius[:, None])
        self._scalp = scalp_mask(spec, figure)[outside]
        self._ears = figure.mask("ears")[outside]
        face = figure.face[outside]
        self._column = np.hypot(face[:, 0], face[:, 2] - figure.skull_z)
        azimuth = np.arctan2(face[:, 0], face[:, 2] - figure.skull_z)
        self._columns = cKDTree(_on_column(azimuth, face[:, 1]))

    def radius(self, direction: F64) -> F64:
        """Distance of the skin from the centre, smoothed over about 8 mm; ears are passed over."""
        distance, near = self._tree.query(direction, 10)
        weight = np.exp(-((distance / 0.09) ** 2)) * (1 - 0.9 * np.clip(self._ears[near], 0, 1)) + 1e-9
        return np.asarray((self._radius[near] * weight).sum(-1) / weight.sum(-1))

    def column(self, azimuth: F64, height: F64) -> F64:
        """How far the skin (ears too) reaches from the upright axis through the skull's middle, at azimuths from straight ahead."""
        distance, near = self._columns.query(_on_column(azimuth, height), 8)
        reach = np.where(distance < 0.14, self._column[near], 0.0)
        return np.asarray(reach.max(-1))

    def scalp(self, direction: F64) -> F64:
        """How much hair grows there, 0 to 1."""
        distance, near = self._tree.query(direction, 4)
        weight = 1 / (distance + 0.01)
        return np.asarray((self._scalp[near] * weight).sum(-1) / weight.sum(-1))

    def surface(self, direction: F64, lift: F64 | float) -> F64:
        """Points a lift above the skin."""
        return np.asarray(self.centre + direction * (self.radius(direction) + lift)[..., None])

    def direction(self, points: F64) -> F64:
        return unit_vectors(points - self.centre)


def _on_column(azimuth: F64, height: F64) -> F64:
    return np.stack([np.sin(azimuth), np.cos(azimuth), height], -1)


def slerp(start: F64, end: F64, share: F64) -> F64:
    """Great-circle steps [..., n, 3] from unit vectors start to end [..., 3] at shares [n]."""
    angle = np.arccos(np.clip((start * end).sum(-1), -1, 1))[..., None, None] + 1e-9
    a, b = np.sin((1 - share)[:, None] * angle), np.sin(share[:, None] * angle)
    return unit_vectors((a * start[..., None, :] + b * end[..., None, :]) / np.sin(angle))
