"""Where the eyes look, which a FaceFrame says twice."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.arkit import INDEX
from visavis.types import F32

LOOK_YAW_RAD: Final = 0.5
LOOK_PITCH_RAD: Final = 0.4
"""How far an eyeball turns at weight 1 of eyeLookIn/Out and eyeLookUp/Down."""
_LOOK: Final = [[INDEX[f"eyeLook{way}{side}"] for way in ("Out", "In", "Down", "Up")] for side in ("Left", "Right")]


def gaze_angles(weights: F32, gaze: F32) -> F32:
    """float32 [2, 2] yaw and pitch of each eye: what the eyeLook weights or `gaze` ask for, whichever is more.

    A FaceFrame says where an eye looks twice, as ARKit does. The answer is written back to the weights, which move the lids.
    """
    angles = np.zeros((2, 2), np.float32)
    for eye, side in ((0, 1.0), (1, -1.0)):
        out, inwards, down, up = _LOOK[eye]
        for axis, more, less, scale in ((0, out, inwards, LOOK_YAW_RAD * side), (1, down, up, LOOK_PITCH_RAD)):
            weighed, turned = weights[more] - weights[less], gaze[eye, axis] / scale
            ask = turned if abs(turned) > abs(weighed) else weighed
            angles[eye, axis] = ask * scale
            both = min(weights[more], weights[less])
            weights[more], weights[less] = min(both + max(ask, 0), 1), min(both + max(-ask, 0), 1)
    return angles
