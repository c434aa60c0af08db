"""What of a face splats depend on: where the eyes look, the head's pose, and the numbers that the low-rank part is mixed from."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT
from visavis.head.gaze import gaze_angles
from visavis.types import F32, FaceFrame

FEATURES: Final = COUNT + 5
"""The weights, the head's yaw, pitch and roll, the eyes' mean yaw and pitch."""
MOST_AMOUNT: Final = 3.0
"""Amounts of the bases bend towards this, so that no face drives them where training never was."""
MAX_BASES: Final = 24
_RIDGE: Final = 0.15


def looks_of(face: FaceFrame) -> tuple[F32, F32, F32]:
    """The weights [52] with the gaze written into them, the eyes' yaw and pitch [2, 2], the head [6]."""
    weights = np.clip(face.weights, 0, 1)
    looks = gaze_angles(weights, face.gaze)
    return weights, looks, np.concatenate([face.head_rotation, face.head_translation]).astype(np.float32)


def features(weights: F32, looks: F32, head: F32) -> F32:
    """float32 [57]; turns in steps of a quarter radian, about the size of a weight."""
    return np.concatenate([weights, 4 * head[:3], 4 * looks.mean(0)]).astype(np.float32)


def principal(rows: npt.NDArray[np.floating], count: int) -> tuple[F32, F32]:
    """mix float32 [count, 57] and mean [57]: amounts = mix @ (features - mean) have about unit variance over the rows [t, 57]."""
    mean = rows.mean(0)
    _, sizes, directions = np.linalg.svd(rows - mean, full_matrices=False)
    kept = min(count, len(sizes))
    mix = directions[:kept] * np.sqrt(len(rows)) / (sizes[:kept, None] + _RIDGE * sizes[0])
    return mix.astype(np.float32), mean.astype(np.float32)


def amounts(mix: F32, mean: F32, values: F32) -> F32:
    """float32 [k], bent into ±`MOST_AMOUNT`."""
    raw = mix @ (values - mean)
    return np.asarray(MOST_AMOUNT * np.tanh(raw / MOST_AMOUNT), np.float32)
