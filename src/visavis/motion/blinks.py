"""Blinks as people make them, drawn ahead of time one by one.

Sources: A. Bentivoglio et al., "Analysis of blink rate patterns in normal subjects", 1997 (17 a minute at rest, 26 in
conversation); K.-A. Kwon et al., "High-speed camera characterization of voluntary eye blinking kinematics", 2013 (down in about
80-100 ms, up in 150-300 ms). Intervals are log-normal.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from math import exp, inf, log
from typing import Final

from visavis.motion.channels import F64, columns, smoothstep
from visavis.motion.moods import Conversation, first_s
from visavis.motion.style import Style
from visavis.types import AgentState

_MEAN_INTERVAL_S: Final = {
    AgentState.IDLE: 3.7, AgentState.LISTENING: 3.9, AgentState.THINKING: 3.2, AgentState.SPEAKING: 2.5,
}  # fmt: skip
"""16, 15, 19 and 24 a minute; those that go with large gaze shifts come on top."""
_SIGMA: Final = 0.55
_SHORTEST_S: Final = 0.45
_BLINK = columns("eyeBlink")
_SQUINT = columns("eyeSquint", "cheekSquint")
_BROW = columns("browDown")


@dataclass(frozen=True, slots=True)
class Blink:
    """One blink: start in seconds, times of closing, rest and opening, and how far each lid comes down."""

    t_s: float
    down_s: float
    shut_s: float
    up_s: float
    left: float
    right: float

    @property
    def end_s(self) -> float:
        return self.t_s + self.down_s + self.shut_s + self.up_s

    def at(self, t_s: float) -> float:
        """0 open to 1 shut."""
        since = t_s - self.t_s
        if since < self.down_s:
            return smoothstep(since / self.down_s)
        since -= self.down_s + self.shut_s
        if since <= 0.0:
            return 1.0
        x = since / self.up_s
        return 0.0 if x >= 1.0 else (1.0 - x) ** 2 * (1.0 + 2.0 * x)


class Blinks:
    """Layer: the lids come down now and then, more often in speech, and with large gaze shifts."""

    def __init__(self, seed: int, conversation: Conversation, style: Style) -> None:
        self._random = random.Random(f"{seed}/blinks")
        self._conversation, self._style = conversation, style
        self._wanted = 1.0
        self._next: Blink | None = None
        self._now: deque[Blink] = deque(maxlen=4)
        self._with_gaze: deque[float] = deque(maxlen=16)

    def with_gaze_shift(self, t_s: float) -> None:
        """A shift of gaze at `t_s` large enough to blink with."""
        self._with_gaze.append(t_s)

    def over(self, t_s: float, face: F64) -> None:
        self._draw_until(t_s)
        for blink in self._now:
            if blink.t_s < t_s < blink.end_s:
                shut = blink.at(t_s)
                lids = face[_BLINK]
                face[_BLINK] = lids + (1.0 - lids) * shut * (blink.left, blink.right)
                face[_SQUINT] += 0.10 * shut
                face[_BROW] += 0.04 * shut

    def _draw_until(self, t_s: float) -> None:
        if self._next is None:
            self._next = self._draw(first_s(t_s) + self._random.uniform(0.6, 1.4))
        if self._wanted != self._style.wanted("blinks"):
            self._wanted = self._style.wanted("blinks")
            self._next = self._draw(self._style.changed_s + self._interval_s(t_s))
        while True:
            forced_s = self._with_gaze[0] if self._with_gaze and self._with_gaze[0] < self._next.t_s else None
            start_s = self._next.t_s if forced_s is None else forced_s
            if start_s > t_s:
                return
            if forced_s is not None:
                self._with_gaze.popleft()
                if self._wanted == 0.0 or (self._now and forced_s < self._now[-1].end_s + _SHORTEST_S):
                    continue
            blink = self._next if forced_s is None else self._draw(forced_s)
            self._now.append(blink)
            self._next = self._draw(blink.end_s + self._interval_s(blink.t_s))

    def _interval_s(self, t_s: float) -> float:
        state = self._conversation.state_at(t_s)
        if self._conversation.talk(t_s) > 0.5:
            state = AgentState.SPEAKING
        if self._wanted == 0.0:
            return inf
        mean_s = _MEAN_INTERVAL_S[state] / self._wanted
        return max(_SHORTEST_S, exp(self._random.gauss(log(mean_s) - _SIGMA**2 / 2, _SIGMA)))

    def _draw(self, t_s: float) -> Blink:
        rnd = self._random
        depth = 1.0 if rnd.random() < 0.85 else rnd.uniform(0.6, 0.9)
        left, right = (depth * rnd.uniform(0.96, 1.0) for _ in range(2))
        return Blink(t_s, rnd.uniform(0.075, 0.100), rnd.uniform(0.010, 0.035), rnd.uniform(0.150, 0.240), left, right)
