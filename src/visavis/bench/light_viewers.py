"""Viewers that decode nothing, in a process of their own: for finding how many sessions a machine holds.

Each is a whole WebRTC viewer (ICE, DTLS, SRTP, RTCP with loss, bandwidth and picture reports, an open microphone) except that
complete encoded frames are counted instead of decoded: on a small machine the decoding of several viewers would take the cores
that the server is measured on. `python -m visavis.bench.light_viewers URL COUNT SECONDS [viewer]` prints one JSON list; with `viewer`
they ask for motion instead of pictures and count its frames.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Final

import httpx
import numpy as np

from visavis import protocol
from visavis.bench.microphone import SilentMicrophone
from visavis.bench.speech_sample import TEXT
from visavis.testing.viewer import Viewer

SETTLE_S: Final = 4.0
"""Between the last viewer's connection and the start of counting."""
SAY_EVERY_S: Final = 11.0


class FrameCounter:
    """Stands in for an aiortc receiver's decoding queue: notes when frames are complete, lets only the end through."""

    def __init__(self, decoding: Any) -> None:
        self._decoding = decoding
        self.at_s: list[float] = []

    def put(self, task: Any) -> None:
        if task is None:
            self._decoding.put(None)
        else:
            self.at_s.append(time.monotonic())


def count_motion(viewer: Viewer) -> list[float]:
    """Stop a connected viewer's decoding; the times at which its motion frames come."""
    count_frames(viewer)
    at_s: list[float] = []
    viewer.on_motion = lambda data: at_s.append(time.monotonic())
    return at_s


def count_frames(viewer: Viewer) -> FrameCounter | None:
    """Stop a connected viewer's decoding; the counter of its pictures, where it has any."""
    counters = {}
    receivers: list[Any] = viewer.connection.getReceivers()
    for receiver in receivers:
        counter = FrameCounter(receiver._RTCRtpReceiver__decoder_queue)
        receiver._RTCRtpReceiver__decoder_queue = counter
        counters[receiver.track.kind] = counter
    return counters.get("video")


def smoothness(at_s: list[float], start_s: float, end_s: float) -> dict[str, float]:
    """Frames a second and the 95th percentile of the gaps between them; a silence up to the end is a gap too."""
    inside = [t for t in at_s if start_s <= t < end_s]
    gaps = np.diff([start_s, *inside, end_s]) * 1000
    return {"fps": len(inside) / (end_s - start_s), "gap_ms_p95": float(np.percentile(gaps, 95))}


async def watch(url: str, count: int, seconds: float, draw: str = "server") -> list[dict[str, float]]:
    """Connect `count` viewers, keep everybody talking, and count for `seconds`."""
    viewers = [Viewer() for _ in range(count)]
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as server:
        try:
            arrivals = []
            for viewer in viewers:
                await viewer.connect(server, microphone=SilentMicrophone(), draw=draw)
                arrivals.append(_arrivals(viewer, draw))
            talking = asyncio.create_task(_keep_talking(viewers))
            await asyncio.sleep(SETTLE_S)
            start_s = time.monotonic()
            await asyncio.sleep(seconds)
            end_s = time.monotonic()
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            return [smoothness(at_s, start_s, end_s) for at_s in arrivals]
        finally:
            for viewer in viewers:
                if viewer.location:
                    await server.delete(viewer.location)
                await viewer.aclose()


def _arrivals(viewer: Viewer, draw: str) -> list[float]:
    if draw == "viewer":
        return count_motion(viewer)
    counter = count_frames(viewer)
    assert counter is not None
    return counter.at_s


async def _keep_talking(viewers: list[Viewer]) -> None:
    while True:
        for viewer in viewers:
            viewer.tell(protocol.Say(text=TEXT))
            await asyncio.sleep(SAY_EVERY_S / len(viewers))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(watch(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:]))))  # noqa: T201
