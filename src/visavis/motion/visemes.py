"""Fifteen visemes (the Oculus set) as ARKit weights, for speech and for contact sheets.

Tuned by eye on faces whose 52 shapes derive from MakeHuman's: the funnel is strong there, the smile weak.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.arkit import COUNT
from visavis.motion.channels import F64, shape_vector

VISEMES: Final[dict[str, dict[str, float]]] = {
    "sil": {},
    "PP": {"jawOpen": 0.03, "mouthClose": 0.03, "mouthPress": 0.28, "mouthRollLower": 0.10, "mouthRollUpper": 0.10},
    "FF": {"jawOpen": 0.06, "mouthRollLower": 0.62, "mouthUpperUp": 0.37, "mouthStretch": 0.08},
    "TH": {"jawOpen": 0.13, "mouthLowerDown": 0.22, "mouthUpperUp": 0.15, "mouthStretch": 0.08, "tongueOut": 0.25},
    "DD": {"jawOpen": 0.09, "mouthLowerDown": 0.22, "mouthUpperUp": 0.12, "mouthStretch": 0.10},
    "kk": {"jawOpen": 0.17, "mouthLowerDown": 0.14, "mouthUpperUp": 0.10, "mouthStretch": 0.04},
    "CH": {"jawOpen": 0.06, "mouthFunnel": 0.32, "mouthPucker": 0.28, "mouthLowerDown": 0.26, "mouthUpperUp": 0.18},
    "SS": {"jawOpen": 0.03, "mouthLowerDown": 0.36, "mouthUpperUp": 0.22, "mouthStretch": 0.24, "mouthSmile": 0.06},
    "nn": {"jawOpen": 0.11, "mouthLowerDown": 0.20, "mouthUpperUp": 0.08, "mouthStretch": 0.10},
    "RR": {"jawOpen": 0.10, "mouthFunnel": 0.22, "mouthPucker": 0.28, "mouthLowerDown": 0.16, "mouthUpperUp": 0.09},
    "aa": {"jawOpen": 0.40, "mouthLowerDown": 0.34, "mouthUpperUp": 0.16, "mouthStretch": 0.10},
    "E": {"jawOpen": 0.23, "mouthLowerDown": 0.30, "mouthUpperUp": 0.16, "mouthStretch": 0.20, "mouthSmile": 0.06},
    "ih": {"jawOpen": 0.12, "mouthLowerDown": 0.30, "mouthUpperUp": 0.16, "mouthStretch": 0.28, "mouthSmile": 0.10},
    "oh": {"jawOpen": 0.29, "mouthFunnel": 0.28, "mouthPucker": 0.38, "mouthLowerDown": 0.06, "mouthUpperUp": 0.05},
    "ou": {"jawOpen": 0.09, "mouthFunnel": 0.24, "mouthPucker": 0.74, "mouthLowerDown": 0.05, "mouthUpperUp": 0.03},
}
"""Weights 0 to 1 by viseme; a name without its side stands for both sides."""

NAMES: Final[tuple[str, ...]] = tuple(VISEMES)
ROW: Final[dict[str, int]] = {name: i for i, name in enumerate(NAMES)}
TABLE: Final[F64] = np.stack([shape_vector(VISEMES[name]) for name in NAMES])
"""float64 [15, 52]: `NAMES` by `arkit.SHAPES`."""
TABLE.setflags(write=False)
assert TABLE.shape == (15, COUNT), TABLE.shape


def viseme_weights(name: str) -> F64:
    """Float64 [52] of one viseme. Raises KeyError naming the fifteen."""
    if name not in ROW:
        raise KeyError(f"{name!r} is not a viseme; there are {', '.join(NAMES)}")
    return np.array(TABLE[ROW[name]])
