"""How somebody moves: speed, energy, articulation, expression, blinks and eye contact, each 1 as usual and fading."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import numpy as np

from visavis.motion.channels import F64, SEAL, WEIGHTS, Fade, Layer
from visavis.protocol import SetStyle

TRAITS: Final = ("energy", "articulation", "expression", "blinks", "eye_contact")
_MAX_CHANGES: Final = 64


class Pace:
    """Own time of idle movement: runs at `speed` times media time, and bends without a jump where the speed changes."""

    def __init__(self) -> None:
        self._starts = [float("-inf")]
        self._spans: list[tuple[float, float, float, float, float]] = [(0.0, 0.0, 0.0, 1.0, 1.0)]
        """From when, own time there, length of the fade, speed before and after; the first has run at 1 from 0."""

    def to(self, speed: float, t_s: float, fade_s: float) -> None:
        """Changes come in order of time."""
        self._spans.append((t_s, self.at(t_s), fade_s, self.speed_at(t_s), speed))
        self._starts.append(t_s)
        del self._starts[:-_MAX_CHANGES], self._spans[:-_MAX_CHANGES]

    def speed_at(self, t_s: float) -> float:
        start_s, _, fade_s, before, after = self._span(t_s)
        x = min(1.0, (t_s - start_s) / fade_s) if fade_s > 0.0 else 1.0
        return before + (after - before) * x * x * (3.0 - 2.0 * x)

    def at(self, t_s: float) -> float:
        """Own time in seconds; t_s itself while the speed has always been 1."""
        start_s, own_s, fade_s, before, after = self._span(t_s)
        faded_s = min(t_s - start_s, fade_s)
        x = faded_s / fade_s if fade_s > 0.0 else 0.0
        gained_s = (after - before) * fade_s * (x**3 - 0.5 * x**4)
        return own_s + before * faded_s + gained_s + after * (t_s - start_s - faded_s)

    def _span(self, t_s: float) -> tuple[float, float, float, float, float]:
        return self._spans[max(0, bisect_right(self._starts, t_s) - 1)]


class Style:
    """The traits as functions of media time."""

    def __init__(self) -> None:
        self.pace = Pace()
        self._traits = Fade(np.ones(len(TRAITS)))
        self._wanted: dict[str, float] = {}
        self.changed_s = float("-inf")

    def set(self, message: SetStyle, t_s: float) -> None:
        given = {name: getattr(message, name) for name in ("speed", *TRAITS) if getattr(message, name) is not None}
        before = self.wanted("speed")
        self._wanted = {**self._wanted, **given} if given else {}
        self.changed_s = t_s
        fade_s = message.fade_ms / 1000
        self._traits.to(np.array([self.wanted(name) for name in TRAITS]), t_s, fade_s)
        if self.wanted("speed") != before:
            self.pace.to(self.wanted("speed"), t_s, fade_s)

    def wanted(self, name: str) -> float:
        """What was last asked for."""
        return self._wanted.get(name, 1.0)

    def trait(self, name: str, t_s: float) -> float:
        return float(self._traits.at(t_s)[TRAITS.index(name)])


class Scaled:
    """Layer: another one, what it changes of the face scaled by a trait. Its demands (sealed lips, talk) stay as they are."""

    def __init__(self, layer: Layer, style: Style, trait: str) -> None:
        self._layer, self._style, self._trait = layer, style, trait

    def over(self, t_s: float, face: F64) -> None:
        scale = self._style.trait(self._trait, t_s)
        if scale == 1.0:
            self._layer.over(t_s, face)
            return
        below = face[:SEAL].copy()
        self._layer.over(t_s, face)
        face[:SEAL] = below + scale * (face[:SEAL] - below)
        np.maximum(face[WEIGHTS], 0.0, out=face[WEIGHTS])
