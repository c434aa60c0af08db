"""`sessions`: how many sessions at once hold 25 frames a second, the 95th percentile of the gaps between frames at most 60 ms,
in each of them, for 60 s, everybody talking and every microphone open.

The server is the product's, at 25 fps, its admission limit lifted. The viewers run in one process of their own and decode
nothing (`bench.light_viewers`), but receive, decrypt and report like any: that and the voices' processes share the cores.
The search starts at what the server's own measured cost promises and goes up or down by one until the answer is known.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from visavis.bench.host import Host
from visavis.session.capacity import MOTION_HZ

FPS: Final = 25
LOST_SHARE: Final = 0.02
"""Of the frames that may be missing."""
GAP_MS: Final = 60.0
MOST: Final = 64


@dataclass(frozen=True, slots=True)
class Trial:
    """Of the session that fared worst."""

    sessions: int
    fps: float
    gap_ms_p95: float
    wanted_fps: float = FPS

    @property
    def smooth(self) -> bool:
        return self.fps >= self.wanted_fps * (1 - LOST_SHARE) and self.gap_ms_p95 <= GAP_MS


def try_sessions(host: Host, count: int, seconds: float, *, draw: str = "server") -> Trial:
    """Watch `count` sessions at once. A session that could not be had counts as no frames. Where viewers draw, frames of motion count."""
    wanted = float(FPS if draw == "server" else MOTION_HZ)
    command = [sys.executable, "-m", "visavis.bench.light_viewers", host.url, str(count), str(seconds), draw]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 120, check=False)
    if done.returncode:
        return Trial(count, 0.0, float("inf"), wanted)
    seen = json.loads(done.stdout)
    return Trial(count, min(one["fps"] for one in seen), max(one["gap_ms_p95"] for one in seen), wanted)


def most_sessions(start: int, trial: Callable[[int], Trial]) -> tuple[int, list[Trial]]:
    """The largest count that is smooth (0 where one is not), found from `start`, and all trials."""
    trials = [trial(max(1, start))]
    step = 1 if trials[0].smooth else -1
    while 1 <= (count := trials[-1].sessions + step) <= MOST:
        trials.append(trial(count))
        if trials[-1].smooth != (step > 0):
            break
    smooth = [one.sessions for one in trials if one.smooth]
    return max(smooth, default=0), trials
