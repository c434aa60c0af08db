"""A piece of a person before assembly: vertices, looks and what moves them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visavis.render.mesh import Part

F64 = npt.NDArray[np.float64]


def _zero() -> F64:
    return np.zeros(1)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """n vertices in metres. Looks may be given once for all vertices ([k] or [1, k]) or each ([n, k]).

    binding   sparse [n, c]: vertices move with the head's cage by these weights; None stands still in the head
    """

    name: str
    part: Part
    vertices: F64
    triangles: npt.NDArray[np.integer]
    albedo: npt.ArrayLike
    binding: sp.csr_matrix | None = None
    uv: npt.ArrayLike = field(default_factory=lambda: np.zeros(2))
    specular: npt.ArrayLike = 0.3
    noise: npt.ArrayLike = 0.0
    head_weight: npt.ArrayLike = 1.0
    lag_weight: npt.ArrayLike = 0.0
    tangent: npt.ArrayLike = field(default_factory=lambda: np.array([0.0, 1.0, 0.0]))
    lid_weight: npt.ArrayLike = field(default_factory=lambda: np.zeros(2))
    extra: Mapping[str, F64] = field(default_factory=dict)
    """Further displacements [n, 3] metres by shape name, added to what the binding gives."""
    two_sided: bool = False
    facing: bool = False

    def spread(self, name: str, width: int | None = None) -> F64:
        """A look as [n] or [n, width]."""
        n = len(self.vertices)
        value = np.asarray(getattr(self, name), float)
        return np.broadcast_to(value, (n,) if width is None else (n, width)).copy()
