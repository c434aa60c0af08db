"""What the behaviour layers know of the conversation: the agent's state and where its speech lies, over media time."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from visavis.motion.channels import smoothstep
from visavis.types import AgentState

_FADE_S: Final = 0.5
_TALK_BEFORE_S: Final = 0.18
_TALK_AFTER_S: Final = 0.8
_KEEP: Final = 16
_FIRST_MINUTE_S: Final = 60.0


def first_s(t_s: float) -> float:
    """Where a schedule begins that is first asked for at `t_s`: at 0, or there if it would have to catch up for long."""
    return 0.0 if t_s < _FIRST_MINUTE_S else t_s


class Conversation:
    """States with fades, and spans of speech. Everything here is a closed form of time."""

    def __init__(self) -> None:
        self._changes: list[tuple[float, AgentState]] = [(float("-inf"), AgentState.IDLE)]
        self._spans: list[tuple[float, float]] = []

    def set_state(self, state: AgentState, t_s: float) -> None:
        while len(self._changes) > 1 and self._changes[-1][0] >= t_s:
            self._changes.pop()
        if self._changes[-1][1] is not state:
            self._changes.append((t_s, state))
        if len(self._changes) > 4 * _KEEP:
            del self._changes[: -2 * _KEEP]

    def state_at(self, t_s: float) -> AgentState:
        return self._changes[bisect_right(self._changes, t_s, key=lambda change: change[0]) - 1][1]

    def since_s(self, t_s: float) -> float:
        """When the state at `t_s` began."""
        return self._changes[bisect_right(self._changes, t_s, key=lambda change: change[0]) - 1][0]

    def share(self, state: AgentState, t_s: float) -> float:
        """0 to 1: how far the behaviour of `state` is faded in at `t_s`."""
        at = bisect_right(self._changes, t_s, key=lambda change: change[0])
        level = 0.0
        for begin_s, which in self._changes[max(0, at - 4) : at]:
            level += (float(which is state) - level) * smoothstep((t_s - begin_s) / _FADE_S)
        return level

    def add_speech(self, start_s: float, end_s: float) -> None:
        if self._spans and start_s <= self._spans[-1][1] + 0.02 and start_s >= self._spans[-1][0]:
            self._spans[-1] = (self._spans[-1][0], max(end_s, self._spans[-1][1]))
        else:
            self._spans.append((start_s, end_s))
            del self._spans[:-_KEEP]

    def cut_speech(self, t_s: float) -> None:
        self._spans = [(start_s, min(end_s, t_s)) for start_s, end_s in self._spans if start_s < t_s]

    def speech_end_s(self, start_s: float, end_s: float) -> float | None:
        """The end of the pushed speech in which the middle of a stretch of time lies; None if it lies in none."""
        middle_s = 0.5 * (start_s + end_s)
        return next((finish_s for begin_s, finish_s in self._spans if begin_s <= middle_s <= finish_s), None)

    def talk(self, t_s: float) -> float:
        """0 to 1: the body's share in speaking, slower than the mouth."""
        level = 0.0
        for start_s, end_s in self._spans:
            rise = smoothstep(1.0 - (start_s - t_s) / _TALK_BEFORE_S)
            level = max(level, rise * smoothstep(1.0 - (t_s - end_s) / _TALK_AFTER_S))
        return level
