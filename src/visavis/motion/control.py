"""What a viewer holds by hand: weights, the head, and where the eyes look, over everything that motion invents."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

import numpy as np

from visavis.arkit import INDEX, SHAPES
from visavis.motion.channels import COUNT, F64, GAZE, LIDS, LOOK_RANGE_RAD, PITCH, ROLL, SEAL, WORLD, YAW, Fade, X, Y, Z
from visavis.motion.look import Look
from visavis.protocol import Blend, HoldHead, LookAt, Weights

HEAD_AXES: Final = {"yaw": YAW, "pitch": PITCH, "roll": ROLL, "x": X, "y": Y, "z": Z}
_MOUTH = frozenset(name for name in SHAPES if name.startswith(("mouth", "jaw", "tongue")))
_LOOKS: Final[dict[str, tuple[int, float]]] = {
    "eyeLookOutLeft": (0, LOOK_RANGE_RAD[0]), "eyeLookInLeft": (0, -LOOK_RANGE_RAD[1]),
    "eyeLookUpLeft": (1, -LOOK_RANGE_RAD[2]), "eyeLookDownLeft": (1, LOOK_RANGE_RAD[3]),
    "eyeLookOutRight": (2, -LOOK_RANGE_RAD[0]), "eyeLookInRight": (2, LOOK_RANGE_RAD[1]),
    "eyeLookUpRight": (3, -LOOK_RANGE_RAD[2]), "eyeLookDownRight": (3, LOOK_RANGE_RAD[3]),
}  # fmt: skip
"""Which gaze angle a look shape turns, and by how much at 1: held look shapes turn the eyes."""


@dataclass(frozen=True, slots=True)
class _Hold:
    value: float
    opacity: float
    blend: Blend
    number: int


class _Held:
    """Named values that glide to where each message puts them, and go by themselves where it says how long they stay.

    As three rows over the channels: the value that takes the place of what lies below, how far it does, what is added.
    """

    def __init__(self) -> None:
        self._holds: dict[str, _Hold] = {}
        self._due: list[tuple[float, int, float]] = []
        self._count = 0
        self._fade = Fade(np.zeros((3, COUNT)))

    def hold(self, values: dict[str, float | None], message: Weights | HoldHead, t_s: float) -> None:
        """None releases a name; no name at all releases all."""
        self._release_due(t_s)
        self._count += 1
        if not values:
            self._holds = {}
        for name, value in values.items():
            self._holds.pop(name, None)
            if value is not None:
                self._holds[name] = _Hold(value, message.opacity, message.blend, self._count)
        if message.hold_ms is not None:
            heappush(self._due, (t_s + message.hold_ms / 1000, self._count, message.fade_ms / 1000))
        self._glide(t_s, message.fade_ms / 1000)

    def over(self, t_s: float, face: F64) -> None:
        self._release_due(t_s)
        values, opacity, added = self._fade.at(t_s)
        if opacity.any() or added.any():
            face += opacity * (values - face) + added

    def _release_due(self, t_s: float) -> None:
        while self._due and self._due[0][0] <= t_s:
            due_s, number, fade_s = heappop(self._due)
            kept = {name: hold for name, hold in self._holds.items() if hold.number != number}
            if len(kept) < len(self._holds):
                self._holds = kept
                self._glide(due_s, fade_s)

    def _glide(self, t_s: float, fade_s: float) -> None:
        """Values of channels that come or go stay put, and only their opacity fades."""
        goal, now = self._goal(), self._fade.at(t_s)
        going, coming = (goal[1] == 0.0) & (now[1] > 0.0), (now[1] == 0.0) & (goal[1] > 0.0)
        goal[0] = np.where(going, now[0], goal[0])
        start = now.copy()
        start[0] = np.where(coming, goal[0], start[0])
        self._fade.to(start, t_s, 0.0)
        self._fade.to(goal, t_s, fade_s)

    def _goal(self) -> F64:
        goal = np.zeros((3, COUNT))
        values, opacity, added = goal
        for name, hold in self._holds.items():
            at, value = _channel(name, hold.value)
            if hold.blend == "add":
                added[at] += value * hold.opacity
                continue
            values[at] += value
            also = [SEAL] if name in _MOUTH else [WORLD] if name in _LOOKS else []
            also += [LIDS] if name.startswith(("eyeBlink", "eyeWide")) else []
            for channel in (at, *also):
                opacity[channel] = max(opacity[channel], hold.opacity)
        return goal


class Control:
    """Layer: the look, the held head, and held weights, in this order."""

    def __init__(self) -> None:
        self._look, self._head, self._weights = Look(), _Held(), _Held()

    def hold(self, message: Weights, t_s: float) -> None:
        """Names given are held from now on, others keep as they are."""
        self._weights.hold(dict(message.weights), message, t_s)

    def hold_head(self, message: HoldHead, t_s: float) -> None:
        given = {axis: getattr(message, axis) for axis in HEAD_AXES}
        self._head.hold({axis: value for axis, value in given.items() if value is not None}, message, t_s)

    def look_at(self, message: LookAt, t_s: float) -> None:
        self._look.at_target(message, t_s)

    def over(self, t_s: float, face: F64) -> None:
        self._look.turn_head(t_s, face)
        self._head.over(t_s, face)
        self._look.turn_eyes(t_s, face)
        self._weights.over(t_s, face)


def _channel(name: str, value: float) -> tuple[int, float]:
    """Where a held name goes in the face, and the value there."""
    if name in HEAD_AXES:
        return HEAD_AXES[name], value
    if name in _LOOKS:
        at, range_rad = _LOOKS[name]
        return GAZE.start + at, value * range_rad
    return INDEX[name], value
