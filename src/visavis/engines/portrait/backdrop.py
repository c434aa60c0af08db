"""What lies behind the person: the picture's own background, completed where the person stands before it."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.engines.portrait.still import Still
from visavis.types import F32, U8

COARSE: Final = 4
MAX_GRAIN: Final = 6.0
LEAST_ALPHA: Final = 0.2
"""Below this too little of the person is seen to tell their colour."""


def complete_background(still: Still) -> U8:
    """uint8 [s, s, 3]. Filled from the surroundings on a coarse picture, softened, with the picture's grain put back."""
    import cv2

    side = still.side
    reach = max(round(side * 9 / 512), 3)
    person = cv2.dilate((still.alpha > 0.02).astype(np.uint8), np.ones((reach, reach), np.uint8))
    small_side = side // COARSE
    small = cv2.resize(still.rgb, (small_side, small_side), interpolation=cv2.INTER_AREA)
    hidden = cv2.resize(person, (small_side, small_side), interpolation=cv2.INTER_NEAREST)
    if hidden.all():
        return still.rgb.copy()
    fill = cv2.inpaint(small, hidden, 3, cv2.INPAINT_TELEA)
    soft = cv2.resize(cv2.GaussianBlur(fill, (0, 0), 2.0), (side, side), interpolation=cv2.INTER_CUBIC)
    filled: F32 = soft.astype(np.float32)
    grain = still.rgb.astype(np.float32) - cv2.GaussianBlur(still.rgb, (0, 0), 2.0)
    spread = min(float(grain[person == 0].std()), MAX_GRAIN) if (person == 0).any() else 0.0
    filled += np.random.default_rng(0).normal(0, spread, (side, side, 1)).astype(np.float32)
    share = np.maximum(cv2.GaussianBlur(person.astype(np.float32), (0, 0), 2.0), person)[..., None]
    return np.asarray(np.clip(still.rgb * (1 - share) + filled * share + 0.5, 0, 255), np.uint8)


def own_colours(still: Still, background: U8) -> U8:
    """uint8 [s, s, 3]: the person's colours without the background that shines through at soft edges.

    Laid over the completed background with the alpha they give the picture back, as far as they can be told.
    """
    alpha = still.alpha[..., None]
    own = (still.rgb - (1 - alpha) * background) / np.maximum(alpha, LEAST_ALPHA)
    known = np.clip((alpha - LEAST_ALPHA) / LEAST_ALPHA, 0, 1)
    return np.asarray(np.clip(own * known + still.rgb * (1 - known) + 0.5, 0, 255), np.uint8)
