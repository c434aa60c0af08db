"""`av_offset_ms` and `av_drift_ms_per_h`: a flash and a click of the same media time, compared at the viewer.

The clip goes through the whole chain: sink, player, Opus, RTP; FaceFrame time, engine, VP8, RTP. At the viewer the first
decoded frame that is white and the first decoded sample of the click are found, and both are put on the sender's wall clock
by RTCP sender reports, as a browser does before it plays them. Positive: the picture is late.

av_offset_ms        p50 is the signed median, p95 the 95th percentile of the offset's size
av_arrival_ms       the same pairs by the moment of decoding here, no RTCP: what a viewer that does not synchronise would show;
                    aiortc's receiver holds sound back by 4 packets and pictures by one frame, a browser chooses its own delays
av_drift_ms_per_h   slope of the offset over at least 10 minutes, with its 95 % interval; left out by --quick
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from visavis import protocol
from visavis.audio.resample import resample
from visavis.bench.clicks import CLICK_WORD, click
from visavis.bench.hooks import on_every_frame, on_every_sound
from visavis.bench.rtp_clock import SenderClock, follow_reports
from visavis.bench.stamps import flash_seen
from visavis.bench.statistics import Slope, Spread, signed_spread, slope
from visavis.testing.viewer import HeardFrame, SeenFrame, Viewer
from visavis.types import I16, SPEECH_HZ, TICKS_HZ

VIDEO_RTP_HZ: Final = 90_000
LOUD: Final = 6_000
QUIET_BETWEEN_S: Final = 0.4
SEARCH_S: Final = 0.030
PAIR_WITHIN_S: Final = 0.45
"""Clicks are just under a second apart; a flash belongs to the click within this."""
DRIFT_MIN_S: Final = 600.0
HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Seen:
    """One event at the viewer: sender's wall time by RTCP, and when it was decoded here; seconds."""

    wall_s: float
    decoded_s: float


@dataclass
class AvSync:
    offsets_ms: list[float] = field(default_factory=list)
    arrivals_ms: list[float] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)

    @property
    def offset(self) -> Spread | None:
        return signed_spread(self.offsets_ms)

    @property
    def arrival(self) -> Spread | None:
        return signed_spread(self.arrivals_ms)

    @property
    def drift_ms_per_h(self) -> Slope | None:
        """None where the clip was shorter than `DRIFT_MIN_S`."""
        if not self.at_s or self.at_s[-1] - self.at_s[0] < DRIFT_MIN_S * 0.95:
            return None
        per_s = slope(self.at_s, self.offsets_ms)
        return Slope(per_s.value * HOUR_S, per_s.low * HOUR_S, per_s.high * HOUR_S) if per_s else None


async def measure_av_sync(viewer: Viewer, witness: Witness, *, seconds: float) -> AvSync:
    """Needs a server whose engine flashes and whose talker clicks (`bench.host`), and a witness that has been there for some
    seconds: a clock needs a few sender reports.
    """
    await witness.ready()
    witness.clicks.clear()
    viewer.tell(protocol.Say(text=f"{CLICK_WORD} {seconds}"))
    await asyncio.sleep(seconds + 0.5)
    return pair(witness.flashes, witness.clicks)


def pair(flashes: list[Seen], clicks: list[Seen]) -> AvSync:
    """Each flash with the click nearest on the sender's clock."""
    result = AvSync()
    for flash in flashes:
        nearest = min(clicks, key=lambda c: abs(c.wall_s - flash.wall_s), default=None)
        if nearest is not None and abs(nearest.wall_s - flash.wall_s) < PAIR_WITHIN_S:
            result.offsets_ms.append((flash.wall_s - nearest.wall_s) * 1000)
            result.arrivals_ms.append((flash.decoded_s - nearest.decoded_s) * 1000)
            result.at_s.append(flash.wall_s)
    return result


class Witness:
    """Finds flashes and clicks in what a viewer decodes, as it decodes it, and keeps nothing else."""

    def __init__(self, viewer: Viewer) -> None:
        self.flashes: list[Seen] = []
        self.clicks: list[Seen] = []
        self._audio_clock, self._video_clock = SenderClock(TICKS_HZ), SenderClock(VIDEO_RTP_HZ)
        self._white = True
        self._finder = ClickFinder()
        for receiver in viewer.connection.getReceivers():
            follow_reports(receiver, self._video_clock if receiver.track.kind == "video" else self._audio_clock)
        on_every_frame(viewer, self._saw)
        on_every_sound(viewer, self._heard)

    async def ready(self, timeout_s: float = 15.0) -> None:
        """Wait until both clocks can be read. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            for clock in (self._audio_clock, self._video_clock):
                waiting_s = 0.0
                while not clock.ready and waiting_s < timeout_s:
                    await asyncio.sleep(0.1)
                    waiting_s += 0.1

    def _saw(self, frame: SeenFrame) -> None:
        assert frame.luma is not None
        white = flash_seen(frame.luma)
        if white and not self._white and self._video_clock.ready:
            self.flashes.append(Seen(self._video_clock.wall_s(frame.pts), frame.at_s))
        self._white = white

    def _heard(self, frame: HeardFrame) -> None:
        for pts, decoded_s in self._finder.push(frame):
            if self._audio_clock.ready:
                self.clicks.append(Seen(self._audio_clock.wall_s(pts), decoded_s))


class ClickFinder:
    """Onsets of clicks in decoded sound, by matched filter, to a fraction of a millisecond."""

    def __init__(self) -> None:
        self._shape = resample(click(), SPEECH_HZ, TICKS_HZ).astype(np.float64)
        self._recent: list[HeardFrame] = []
        self._quiet_until = -1

    def push(self, frame: HeardFrame) -> list[tuple[int, float]]:
        """The next 20 ms; returns (RTP time of the click's first sample, when it was decoded) of clicks now complete."""
        self._recent = [*self._recent[-2:], frame]
        if len(self._recent) < 3:
            return []
        before, middle, _ = self._recent
        loud = np.flatnonzero(np.abs(middle.samples.astype(np.int32)) > LOUD)
        if not len(loud) or middle.pts + int(loud[0]) < self._quiet_until:
            return []
        first = middle.pts + int(loud[0])
        self._quiet_until = first + round(QUIET_BETWEEN_S * TICKS_HZ)
        onset = self._onset(np.concatenate([f.samples for f in self._recent]), len(before.samples) + int(loud[0])) + before.pts
        decoded = middle if onset >= middle.pts else before
        return [(onset, decoded.at_s + (onset - decoded.pts) / TICKS_HZ)]

    def _onset(self, sound: I16, near: int) -> int:
        """Where the click's shape fits best, around its first loud sample."""
        half = round(SEARCH_S * TICKS_HZ)
        low, high = max(0, near - half), min(len(sound), near + half + len(self._shape))
        match = np.correlate(sound[low:high].astype(np.float64), self._shape, mode="valid")
        return low + int(np.argmax(match)) if len(match) else near
