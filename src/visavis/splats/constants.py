"""What the rasteriser, its twin, its lanes and its derivative agree on."""

from __future__ import annotations

from typing import Final

import numpy as np

TILE: Final = 16
AREA: Final = TILE * TILE
LEAST_ALPHA: Final = np.float32(1 / 255)
"""What adds less than this to a pixel is left out."""
MOST_ALPHA: Final = np.float32(0.99)
BLUR_PIXELS2: Final = np.float32(0.3)
"""Added to both variances on the screen, so that nothing is thinner than a pixel."""
NEAR_M: Final = np.float32(0.02)
EDGE: Final = np.float32(1.3)
"""The perspective's slope is taken no further out than this many half pictures, as 3DGS does."""
