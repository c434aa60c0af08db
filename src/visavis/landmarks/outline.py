"""Which pixels are a person: MediaPipe's selfie segmentation, its soft edge drawn onto the picture's own edges."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.landmarks.networks import MASK_SIDE, Networks
from visavis.types import F32, U8

GUIDE_RADIUS: Final = 1 / 73
"""Of the picture's side: how far the edge may be pulled."""
GUIDE_EPSILON: Final = 2e-4


def person_mask(networks: Networks, rgb: U8) -> F32:
    """float32 [h, w], 0 to 1, as soft as the network leaves it. rgb uint8 [h, w, 3]."""
    import cv2

    small = np.asarray(cv2.resize(rgb, (MASK_SIDE, MASK_SIDE), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(networks.mask(small), rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR), np.float32)


def sharpen_mask(mask: F32, rgb: U8) -> F32:
    """float32 [h, w], 0 to 1: the mask with the picture's edges, down to locks of hair.

    Source: He, Sun and Tang, "Guided image filtering", 2010, with a grey guide.
    """
    import cv2

    radius = max(round(GUIDE_RADIUS * max(rgb.shape[:2])), 2)
    window = (2 * radius + 1, 2 * radius + 1)
    guide = rgb.astype(np.float32).mean(2) / 255
    mean_guide, mean_mask = cv2.boxFilter(guide, -1, window), cv2.boxFilter(mask, -1, window)
    spread = cv2.boxFilter(guide * guide, -1, window) - mean_guide**2
    slope = (cv2.boxFilter(guide * mask, -1, window) - mean_guide * mean_mask) / (spread + GUIDE_EPSILON)
    level = mean_mask - slope * mean_guide
    sharp = cv2.boxFilter(slope, -1, window) * guide + cv2.boxFilter(level, -1, window)
    return np.asarray(np.clip((np.clip(sharp, 0, 1) - 0.08) / 0.84, 0, 1), np.float32)
