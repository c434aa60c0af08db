"""Pupils: never still (hippus), wider with arousal, quick to narrow. A function of media time and the faces shown.

Sources: L. Stark, F. Campbell and J. Atwood, "Pupil unrest", 1958 (slow, irregular, below 1 Hz, a few per cent); M. Bradley et al.,
"The pupil as a measure of emotional arousal and autonomic activation", 2008 (arousal of either sign widens the pupil, over about
a second); I. Loewenfeld, "The Pupil", 1993 (constriction is about three times as quick as dilation).
"""

from __future__ import annotations

from math import exp, pi, sin
from typing import Final

from visavis.arkit import INDEX, SHAPES
from visavis.engines.rig.sway import RESET_S
from visavis.types import FaceFrame, s_from_ticks

HIPPUS: Final = ((0.061, 0.030), (0.1373, 0.024), (0.2917, 0.018), (0.6211, 0.008))
"""Hz and share of the radius; no two of them fit into one another, so nothing comes back within hours."""
AROUSAL: Final = {
    "eyeWide": 0.22, "browInnerUp": 0.08, "browDown": 0.10, "mouthSmile": 0.10, "mouthFrown": 0.06, "jawOpen": 0.05,
    "noseSneer": 0.08, "mouthStretch": 0.06, "eyeSquint": -0.04,
}  # fmt: skip
"""By how much of its radius the pupil widens at weight 1 of a shape, mean of both sides."""
LEAST, MOST = 0.80, 1.30
WIDEN_S: Final = 0.9
NARROW_S: Final = 0.3
_WEIGHTS: Final = [
    (gain / len(sides), index)
    for name, gain in AROUSAL.items()
    for sides in [[INDEX[n] for n in (name, f"{name}Left", f"{name}Right") if n in INDEX]]
    for index in sides
]


class Pupils:
    """Feed it faces in order; the same faces give the same pupils."""

    def __init__(self) -> None:
        self._t_ticks: int | None = None
        self._width = 0.0

    def follow(self, face: FaceFrame) -> float:
        """The pupils' radius at this face's time, as a multiple of the one at rest."""
        wish = sum(gain * float(face.weights[index]) for gain, index in _WEIGHTS)
        elapsed_s = s_from_ticks(face.t_ticks - self._t_ticks) if self._t_ticks is not None else -1.0
        if 0 <= elapsed_s <= RESET_S:
            slow_s = WIDEN_S if wish > self._width else NARROW_S
            self._width += (wish - self._width) * (1 - exp(-elapsed_s / slow_s))
        else:
            self._width = wish
        self._t_ticks = face.t_ticks
        return min(MOST, max(LEAST, 1.0 + self._width + hippus(s_from_ticks(face.t_ticks))))


def hippus(t_s: float) -> float:
    """The pupil's unrest at a media time, as a share of its radius."""
    return sum(share * sin(2 * pi * rate_hz * t_s + number) for number, (rate_hz, share) in enumerate(HIPPUS))


def arousal_by_shape() -> dict[str, float]:
    """The same gains by the name of each ARKit shape: for viewers that draw by themselves."""
    return {SHAPES[index]: gain for gain, index in _WEIGHTS}
