"""What the data's face units lack is mixed in from their neighbours: rounder lips, a smile that reaches the cheeks and the teeth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

SMILE: Final = {"mouthSmile": 0.62, "mouthDimple": 0.30, "mouthUpperUp": 0.75, "mouthLowerDown": 0.35, "cheekSquint": 0.35}
RECIPES: Final[Mapping[str, Mapping[str, float]]] = {
    "mouthFunnel": {"mouthFunnel": 0.80, "mouthPucker": 0.55},
    "mouthPucker": {"mouthPucker": 1.10},
    "mouthSmileLeft": {f"{unit}Left": weight for unit, weight in SMILE.items()},
    "mouthSmileRight": {f"{unit}Right": weight for unit, weight in SMILE.items()},
    "browInnerUp": {"browInnerUp": 1.35},
    "noseSneerLeft": {"noseSneerLeft": 1.0, "browDownLeft": -0.3},
    "noseSneerRight": {"noseSneerRight": 1.0, "browDownRight": -0.3},
}
"""Shape -> the units it is made of, with weights. Shapes not named are the unit of the same name."""


def refine(units: Mapping[str, F64]) -> dict[str, F64]:
    """The 52 shapes, dense [n, 3] each, from the data's units."""
    return {
        name: np.asarray(sum(weight * units[part] for part, weight in RECIPES.get(name, {name: 1.0}).items())) for name in units
    }
