"""How many sessions this machine holds, found from what one costs here; one more is refused with the reason.

Where many are served at once each is drawn with less detail, so a cost stands for each level of it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from visavis.errors import Busy
from visavis.types import TICKS_HZ, U8, AudioChunk, Engine, FaceFrame, PhoneCue, SpeechChunk, period_ticks, ticks_from_s

USABLE_SHARE: Final = 0.80
"""Of the cores; the rest is for the loop, the network and other programs."""
VOICE_CORES: Final = 0.15
"""A session's voice, motion and transport beside its pictures, as `visavis bench` measured it."""
SOUND_CORES: Final = 0.055
"""The voice, the sound and the channels of a session without pictures, beside the motion; measured likewise, everybody talking."""
LOOP_SOUND_CORES: Final = 0.025
"""The part of it that the one event loop does."""
MOTION_HZ: Final = 60
"""Motion frames a second to a viewer that draws."""
PROBE_FRAMES: Final = 24
CPU_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


@dataclass(frozen=True)
class Cost:
    """What one frame costs on this machine, in milliseconds of CPU time."""

    draw_core_ms: float
    encode_core_ms: float

    def session_cores(self, fps: int) -> float:
        return (self.draw_core_ms + self.encode_core_ms) * fps / 1000 + VOICE_CORES


@dataclass(frozen=True)
class MotionCost:
    """What one motion frame costs on this machine, in milliseconds of the event loop's time."""

    frame_core_ms: float

    @property
    def session_cores(self) -> float:
        return self.frame_core_ms * MOTION_HZ / 1000 + SOUND_CORES

    @property
    def loop_cores(self) -> float:
        return self.frame_core_ms * MOTION_HZ / 1000 + LOOP_SOUND_CORES


def usable_cores(quota: Path = CPU_QUOTA) -> int:
    """Cores this process may run on: by its affinity, and by the CPU limit of its container (cgroup v2)."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        allowed_us, period_us = quota.read_text().split()
        return max(1, min(cores, int(allowed_us) // int(period_us)))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return cores


class Capacity:
    """Admission by measured cost. `limit` is at least one: a slow machine may still try.

    costs   by level of detail, the finest first; as many sessions are taken as the coarsest allows
    motion  of sessions that viewers draw: they take a far smaller share of the machine; None takes them for drawn here
    """

    def __init__(
        self,
        costs: Sequence[Cost],
        *,
        fps: int,
        motion: MotionCost | None = None,
        cores: int | None = None,
        at_most: int | None = None,
    ) -> None:
        assert costs
        self.costs = tuple(costs)
        self.cores = cores or usable_cores()
        self.fps = fps
        found = max(self._held(cost) for cost in self.costs)
        self.limit = max(1, min(found, at_most) if at_most else found)
        own = self._held_by_viewers(motion) if motion else self.limit
        self.viewer_limit = max(self.limit, min(own, at_most) if at_most else own)
        """How many sessions there may be where viewers draw them all."""

    def level_for(self, sessions: int) -> int:
        """The finest level of detail at which so many sessions are smooth; the coarsest where none is."""
        return next((level for level, cost in enumerate(self.costs) if self._held(cost) >= sessions), len(self.costs) - 1)

    def _held(self, cost: Cost) -> int:
        return int(self.cores * USABLE_SHARE / cost.session_cores(self.fps))

    def _held_by_viewers(self, motion: MotionCost) -> int:
        """By all the cores, and by the one core that the event loop can use."""
        return int(USABLE_SHARE * min(self.cores / motion.session_cores, 1 / motion.loop_cores))

    def room(self, drawn: int, by_viewers: int, *, by_viewer: bool) -> int:
        """How many more sessions of a kind are smooth beside those drawn here and those that viewers draw."""
        taken = drawn / self.limit + by_viewers / self.viewer_limit
        return max(0, int((1 - taken) * (self.viewer_limit if by_viewer else self.limit) + 1e-6))

    def admit(self, drawn: int, by_viewers: int = 0, *, by_viewer: bool = False) -> None:
        """Raises Busy, with the reason, where one session more would make the others stutter."""
        if self.room(drawn, by_viewers, by_viewer=by_viewer) > 0:
            return
        need = min(cost.session_cores(self.fps) for cost in self.costs)
        raise Busy(
            f"This machine holds {self.limit} session{'s' if self.limit > 1 else ''} at {self.fps} frames a second "
            f"({need:.2f} of {self.cores} cores each), or {self.viewer_limit} whose picture the viewer draws; "
            f"{drawn + by_viewers} are running.",
            mend="Try again when one has ended, let viewers draw (draw=viewer), or start visavis on another machine.",
        )


def measure_costs(engine_at: Callable[[int], Engine], *, fps: int) -> list[Cost]:
    """The cost at each level of detail of the engine that `engine_at` makes, the finest first."""
    costs: list[Cost] = []
    share = 2.0
    while (engine := engine_at(len(costs))).drawn_share < share:
        share = engine.drawn_share
        try:
            costs.append(measure_cost(engine, fps=fps))
        finally:
            engine.close()
    engine.close()
    return costs


def measure_cost(engine: Engine, *, fps: int) -> Cost:
    """CPU time of this thread for drawing and for VP8 encoding, medians over a moving face. Takes about a second.

    A session's engine draws in one thread, and so does the encoder; what other threads do meanwhile is not counted.
    """
    draw_ms, encode_ms = [], []
    encode = _vp8(engine.width, engine.height, fps)
    for index in range(PROBE_FRAMES):
        face = _probe_face(index, fps)
        start = time.thread_time()
        frame = engine.draw(face)
        drawn = time.thread_time()
        encode(frame.i420, index)
        draw_ms.append((drawn - start) * 1000)
        encode_ms.append((time.thread_time() - drawn) * 1000)
    skip = PROBE_FRAMES // 4
    return Cost(float(np.median(draw_ms[skip:])), float(np.median(encode_ms[skip:])))


def _probe_face(index: int, fps: int) -> FaceFrame:
    """A face that talks and moves: every part of the drawing has work."""
    phase = index / fps * 2 * np.pi
    weights = np.clip(0.25 + 0.25 * np.sin(phase * 3 + np.arange(52)), 0, 1).astype(np.float32)
    turn = np.array([0.2 * np.sin(phase), 0.06 * np.sin(phase * 1.3), 0.04], np.float32)
    return FaceFrame(index, weights, turn, np.zeros(3, np.float32), np.zeros((2, 2), np.float32))


def _vp8(width: int, height: int, fps: int) -> Callable[[U8, int], None]:
    """A function that encodes one I420 picture the way the WebRTC transport does."""
    import av

    codec = av.CodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.bit_rate, codec.thread_count = 1_000_000, 1
    codec.framerate = Fraction(fps)
    codec.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}

    def encode(i420: U8, index: int) -> None:
        picture = av.VideoFrame.from_ndarray(i420, format="yuv420p")
        picture.pts = index
        codec.encode(picture)

    return encode


def measure_motion_cost() -> MotionCost:
    """CPU time of this thread for a second of a talking face's motion, encoded. Takes a tenth of one."""
    from visavis import protocol
    from visavis.motion import Motion

    motion = Motion(seed=0)
    silence = np.zeros(TICKS_HZ, np.int16)
    motion.speak(SpeechChunk(AudioChunk(0, TICKS_HZ, silence), _probe_phones(), phones_known=True))
    start = time.thread_time()
    for index in range(MOTION_HZ):
        protocol.encode_motion(motion.sample(index * period_ticks(MOTION_HZ)))
    return MotionCost((time.thread_time() - start) * 1000 / MOTION_HZ)


def _probe_phones() -> tuple[PhoneCue, ...]:
    step = ticks_from_s(0.1)
    return tuple(PhoneCue(n * step, (n + 1) * step, "am"[n % 2]) for n in range(10))
