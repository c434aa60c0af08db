"""What goes into the motion model and what comes out of it, for the runtime and the training alike.

The model steps over two frames of 10 ms at a time and says of each what the mouth did `DELAY_FRAMES` before: what is shown at a
moment is final once the sound `LOOK_AHEAD_S` after it is known.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.arkit import INDEX
from visavis.motion.channels import F64, columns
from visavis.motion.mel import FRAME_CENTRE, HOP, RATE_HZ, WINDOW
from visavis.motion.phone_groups import GROUPS
from visavis.types import F32

CHANNELS: Final = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthSmile", "mouthStretch", "mouthRollLower",
                   "mouthRollUpper", "mouthPress", "mouthLowerDown", "mouthUpperUp", "tongueOut")  # fmt: skip
"""What speech moves; a name without its side moves both sides alike."""
CHANNEL_COLUMNS: Final = np.array([INDEX[name] if name in INDEX else INDEX[name + "Left"] for name in CHANNELS], np.intp)
KINDS: Final = ("quiet", "speech", "laughter", "breath", "noise")
"""What is going on, one of these at a time."""
PAIR: Final = 2
"""Frames of 10 ms that the network takes and gives at a step."""
STACK: Final = 3
"""Steps of features it sees at once: this one and those before it."""
DELAY_FRAMES: Final = 3
"""So many frames does what it says lie behind what it has heard."""
LOOK_AHEAD_S: Final = (HOP * (DELAY_FRAMES + PAIR) + WINDOW - FRAME_CENTRE) / RATE_HZ
OUTPUTS: Final = len(GROUPS) + len(CHANNELS) + 3 + len(KINDS)
"""Per frame: logits of the groups, the channels, logits of seal, presence and accent, logits of the kinds."""


def expanded(channels: F64) -> F64:
    """Channels [..., 12] to ARKit weights [..., 52]."""
    out = np.zeros((*channels.shape[:-1], len(INDEX)))
    for i, name in enumerate(CHANNELS):
        out[..., columns(name)] = channels[..., i, None]
    return out


QUIET: Final = np.float32(-3.0)
"""What a band of silence is as a feature: so the past is filled before a stream begins."""


def stacked(features: F32, before: F32 | None = None) -> F32:
    """Features [streams, frames, 41] in steps of two frames, each with those before it: [streams, frames / 2, 246].

    `before` is the last two steps of what came earlier, [streams, 4, 41]; silence where it is not given.
    """
    streams, frames, width = features.shape
    assert frames % PAIR == 0, frames
    past = np.full((streams, (STACK - 1) * PAIR, width), QUIET, np.float32) if before is None else before
    steps = np.concatenate([past, features], axis=1).reshape(streams, -1, PAIR * width)
    count = frames // PAIR
    return np.concatenate([steps[:, i : i + count] for i in range(STACK)], axis=-1)


assert LOOK_AHEAD_S == 0.060, LOOK_AHEAD_S
