"""Where the eyes go: fixations on and off the viewer, saccades of main-sequence duration, the head following large shifts.

Sources: A. Bahill, M. Clark and L. Stark, "The main sequence", 1975 (duration about 2.2 ms a degree + 21 ms); M. Argyle and
M. Cook, "Gaze and mutual gaze", 1976 (speakers look at the other less than listeners do); S. Martinez-Conde et al., 2004
(micro-saccades below one degree, one or two a second).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from math import degrees, hypot
from typing import Final

import numpy as np

from visavis.motion.channels import F64, GAZE_PITCHES, GAZE_YAWS, PITCH, ROLL, YAW, Fade, smoothstep
from visavis.motion.moods import Conversation, first_s
from visavis.motion.style import Style
from visavis.types import AgentState

VERGENCE_RAD: Final = 0.020
"""Each eye turns in so far for a viewer at about 1.6 m."""
_ASIDE_CHANCE: Final = {
    AgentState.IDLE: 0.34, AgentState.LISTENING: 0.20, AgentState.THINKING: 0.80, AgentState.SPEAKING: 0.32,
}  # fmt: skip
_HEAD_SHARE: Final = 0.32
_REACTION_S: Final = 0.16
_BLINK_FROM_RAD: Final = 0.17


@dataclass(frozen=True, slots=True)
class Shift:
    """A saccade: when, from where to where (yaw, pitch in radians, relative to the viewer), and until when the eyes stay."""

    t_s: float
    start: tuple[float, float]
    goal: tuple[float, float]
    end_s: float

    @property
    def size_rad(self) -> float:
        return hypot(self.goal[0] - self.start[0], self.goal[1] - self.start[1])

    @property
    def duration_s(self) -> float:
        return saccade_s(self.size_rad)

    def at(self, t_s: float) -> tuple[float, float]:
        x = smoothstep((t_s - self.t_s) / self.duration_s)
        return tuple(a + (b - a) * x for a, b in zip(self.start, self.goal, strict=True))  # type: ignore[return-value]


def saccade_s(size_rad: float) -> float:
    """Duration of a saccade of this size."""
    return 0.021 + 0.0022 * degrees(size_rad)


class Gaze:
    """Layer: fixations drawn ahead one by one; `on_large_shift(t_s)` tells of shifts that people blink with."""

    def __init__(self, seed: int, conversation: Conversation, style: Style, on_large_shift: Callable[[float], None]) -> None:
        self._random = random.Random(f"{seed}/gaze")
        self._micro_random = random.Random(f"{seed}/micro")
        self._conversation, self._style = conversation, style
        self._on_large_shift = on_large_shift
        self._shift: Shift | None = None
        self._micro = Shift(0.0, (0.0, 0.0), (0.0, 0.0), 0.0)
        self._head = Fade(np.zeros(2))

    def over(self, t_s: float, face: F64) -> None:
        shift = self._current(t_s)
        micro = self._current_micro(t_s)
        (yaw, pitch), (micro_yaw, micro_pitch) = shift.at(t_s), micro.at(t_s)
        face[GAZE_YAWS] = yaw + micro_yaw + np.array([-VERGENCE_RAD, VERGENCE_RAD])
        face[GAZE_PITCHES] = pitch + micro_pitch
        head_yaw, head_pitch = self._head.at(t_s)
        face[YAW] += head_yaw
        face[PITCH] += head_pitch
        face[ROLL] -= 0.22 * head_yaw

    def _current(self, t_s: float) -> Shift:
        if self._shift is None:
            begin_s = first_s(t_s)
            self._shift = Shift(begin_s, (0.0, 0.0), (0.0, 0.0), begin_s + self._random.uniform(0.8, 1.6))
        while True:
            end_s = self._shift.end_s
            changed_s = self._conversation.since_s(t_s) + _REACTION_S
            if self._shift.t_s < changed_s < end_s:
                end_s = changed_s
            if end_s > t_s:
                return self._shift
            self._shift = self._draw(end_s, self._shift.goal)

    def _draw(self, t_s: float, start: tuple[float, float]) -> Shift:
        rnd = self._random
        state = self._conversation.state_at(t_s)
        aside = rnd.random() < _ASIDE_CHANCE[state] * (2.0 - self._style.trait("eye_contact", t_s))
        goal, stay_s = self._aside(state) if aside else self._at_viewer()
        speed = self._style.pace.speed_at(t_s)
        shift = Shift(t_s, start, goal, t_s + stay_s / speed)
        large = shift.size_rad > 0.08
        if large:
            share = _HEAD_SHARE * rnd.uniform(0.5, 1.3)
            head = np.array([goal[0] * share, goal[1] * share * 0.8])
            self._head.to(head, t_s, rnd.uniform(0.35, 0.65) / speed)
            if shift.size_rad > _BLINK_FROM_RAD and rnd.random() < 0.45:
                self._on_large_shift(t_s)
        return shift

    def _at_viewer(self) -> tuple[tuple[float, float], float]:
        """From eye to eye to mouth of the viewer."""
        rnd = self._random
        goal = rnd.choice(((-0.020, -0.008), (0.020, -0.008), (0.0, 0.022), (0.0, 0.0)))
        jitter = 0.006
        return (goal[0] + rnd.gauss(0, jitter), goal[1] + rnd.gauss(0, jitter)), min(4.0, 0.5 + rnd.expovariate(1 / 1.3))

    def _aside(self, state: AgentState) -> tuple[tuple[float, float], float]:
        rnd = self._random
        side = 1.0 if rnd.random() < 0.5 else -1.0
        if state is AgentState.THINKING:
            return (side * rnd.uniform(0.16, 0.36), rnd.uniform(-0.20, 0.05)), 0.7 + rnd.expovariate(1 / 0.9)
        return (side * rnd.uniform(0.08, 0.30), rnd.uniform(-0.07, 0.14)), min(2.2, 0.35 + rnd.expovariate(1 / 0.5))

    def _current_micro(self, t_s: float) -> Shift:
        rnd = self._micro_random
        if self._micro.end_s <= 0.0:
            self._micro = Shift(0.0, (0.0, 0.0), (0.0, 0.0), first_s(t_s) + 0.5)
        while self._micro.end_s <= t_s:
            goal = (rnd.gauss(0.0, 0.0045), rnd.gauss(0.0, 0.0035))
            stay_s = 0.25 + rnd.expovariate(1 / 0.5)
            self._micro = Shift(self._micro.end_s, self._micro.goal, goal, self._micro.end_s + stay_s)
        return self._micro
