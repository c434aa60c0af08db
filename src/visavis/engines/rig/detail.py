"""Levels of detail: how finely a session's pictures are drawn, and who decides it while the machine is busy.

A picture's size never changes within a session. Its level says at which share of that size the person is drawn before the picture
is enlarged; nothing else is worth a level, because that is where the time goes (docs/people.md has the table).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.types import ticks_from_s

SHARES: Final = (1.0, 0.75, 0.5)
"""Of the picture's sides; level 0 is the finest."""
LEAST_SIDE: Final = 256
"""Nothing is drawn smaller than this: below it the vertices cost more than the pixels."""
FADE_TICKS: Final = ticks_from_s(0.2)
"""A change of level is blended over this much media time, in which both levels are drawn."""
WINDOW_TICKS: Final = ticks_from_s(1.0)
FIRST_WINDOW_TICKS: Final = ticks_from_s(0.4)
"""The first judgements come sooner, so that a session has found its level within its first seconds."""
BUDGET_MS: Final = 20.0
"""A live frame is begun 24 ms before it is due and sent 4 ms before."""
LATE_SHARE, LEAST_LATE = 0.08, 2
SLOW_PERCENTILE: Final = 75
"""A window is too slow where this percentile of its frames leaves the budget: a busy machine makes single frames slow."""
ROOM: Final = 0.6
"""A finer level must be expected to fit into this share of the budget."""
FINER_COSTS: Final = 1.5
"""At most so many times more than the next coarser one."""
PATIENCE_TICKS: Final = ticks_from_s(5)
MOST_PATIENCE_TICKS: Final = ticks_from_s(80)
"""Room must have lasted this long before a step up; each step up that had to be taken back doubles it."""


def drawn_sizes(width: int, height: int) -> tuple[tuple[int, int], ...]:
    """Width and height that each level draws for a picture, both even; as many levels as the picture is large enough for."""
    sizes = [(2 * round(width * share / 2), 2 * round(height * share / 2)) for share in SHARES]
    return (sizes[0], *(size for size in sizes[1:] if min(size) >= LEAST_SIDE))


@dataclass(frozen=True, slots=True)
class Step:
    """What to draw for one frame: `level`, and where `share` > 0 so much of `other`, blended in."""

    level: int
    other: int = 0
    share: float = 0.0


class Fade:
    """Makes changes of level gradual in media time."""

    def __init__(self, level: int) -> None:
        self._from = self._to = level
        self._since_ticks = 0

    def towards(self, level: int, t_ticks: int) -> Step:
        """The frame at `t_ticks` of a session that should be at `level`. A change that is under way is finished first."""
        since = t_ticks - self._since_ticks
        if not 0 <= since < FADE_TICKS:
            self._from = self._to
        if self._from == self._to:
            if level == self._to:
                return Step(level)
            self._to, self._since_ticks, since = level, t_ticks, 0
        return Step(self._from, self._to, since / FADE_TICKS)


class Governor:
    """Chooses a session's level from how its frames go: coarser at once where they come late, finer after lasting room.

    Pure: frames are told with their media time and what they took. One session's frames only, in order.
    """

    def __init__(self, *, start: int = 0, budget_ms: float = BUDGET_MS) -> None:
        assert start >= 0, start
        assert budget_ms > 0, budget_ms
        self.level = start
        self._budget_ms = budget_ms
        self._patience_ticks = PATIENCE_TICKS
        self._window_ticks = FIRST_WINDOW_TICKS
        self._last_ticks: int | None = None
        self._period_ticks: int | None = None
        self._begun_ticks: int | None = None
        self._room_since_ticks: int | None = None
        self._rose_ticks: int | None = None
        self._spent_ms: list[float] = []
        self._late = 0

    def after(self, t_ticks: int, spent_ms: float, levels: int) -> None:
        """A frame of media time `t_ticks` took `spent_ms` to draw; the picture has `levels` levels."""
        self.level = min(self.level, levels - 1)
        if self._last_ticks is not None and t_ticks > self._last_ticks:
            gap = t_ticks - self._last_ticks
            self._period_ticks = gap if self._period_ticks is None else min(gap, self._period_ticks)
            self._late += gap > 1.5 * self._period_ticks
        self._last_ticks = t_ticks
        if self._begun_ticks is None or t_ticks < self._begun_ticks - FADE_TICKS:
            self._begin(t_ticks)
            return
        if t_ticks < self._begun_ticks:
            self._late = 0
            return
        self._spent_ms.append(spent_ms)
        if t_ticks - self._begun_ticks >= self._window_ticks:
            self._judge(t_ticks, levels)

    def _begin(self, t_ticks: int) -> None:
        self._begun_ticks, self._spent_ms, self._late = t_ticks, [], 0

    def _judge(self, t_ticks: int, levels: int) -> None:
        spent_ms = self._spent_ms
        late = self._late >= max(LEAST_LATE, LATE_SHARE * len(spent_ms))
        self._begin(t_ticks)
        if late or float(np.percentile(spent_ms, SLOW_PERCENTILE)) > self._budget_ms:
            self._room_since_ticks = None
            if self.level < levels - 1:
                self._go(self.level + 1, t_ticks)
            return
        self._window_ticks = WINDOW_TICKS
        if self.level == 0 or not self._has_room(spent_ms):
            self._room_since_ticks = None
        elif self._room_since_ticks is None:
            self._room_since_ticks = t_ticks
        elif t_ticks - self._room_since_ticks >= self._patience_ticks:
            self._go(self.level - 1, t_ticks)

    def _has_room(self, spent_ms: Sequence[float]) -> bool:
        return float(np.median(spent_ms)) * FINER_COSTS < ROOM * self._budget_ms

    def _go(self, level: int, t_ticks: int) -> None:
        if level < self.level:
            self._rose_ticks = t_ticks
        elif self._rose_ticks is not None:
            taken_back = t_ticks - self._rose_ticks < 2 * self._patience_ticks
            self._patience_ticks = min(2 * self._patience_ticks, MOST_PATIENCE_TICKS) if taken_back else PATIENCE_TICKS
            self._rose_ticks = None
        self.level = level
        self._room_since_ticks = None
        self._begin(t_ticks + FADE_TICKS)
