"""`cold_start_s`, `first_frame_ms` and `create_s`: how long until there is something to see.

cold_start_s    a server process is started (`bench.host`, the product's own server) -> the first frame is decoded at a viewer;
                what is compiled or built already on this disk stays there
first_frame_ms  a viewer begins to make its offer for a session with a known avatar -> its first frame is decoded (warm server;
                median of several); inside: HTTP, ICE and DTLS on loopback, the engine's making, drawing, VP8
create_s        a bundle -> a person that can be drawn, built into an empty cache; fetching third-party data is outside;
                null where an engine has nothing to build
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Final

import httpx
import numpy as np

from visavis.bench.host import Host
from visavis.bench.subject import Subject
from visavis.settings import Settings
from visavis.testing.viewer import watching

FIRST_FRAME_TIMEOUT_S: Final = 20.0


async def first_frame_s(server: httpx.AsyncClient, *, draw: str = "server") -> float:
    """`time.monotonic()` at which a new session's first frame was decoded, of motion where viewers draw. Raises TimeoutError."""
    async with watching(server, draw=draw) as viewer:
        await viewer.until(lambda: viewer.motion or viewer.frames, FIRST_FRAME_TIMEOUT_S)
        return viewer.motion[0][0] if viewer.motion else viewer.frames[0].at_s


async def measure_cold_start(host: Host, *, draw: str = "server") -> float:
    """Seconds. The host must just have been started, and this must be its first session."""
    async with host.client() as server:
        return await first_frame_s(server, draw=draw) - host.asked_s


async def measure_first_frame(host: Host, *, times: int) -> float:
    """Milliseconds, median."""
    values = []
    async with host.client() as server:
        for _ in range(times):
            asked_s = time.monotonic()
            values.append((await first_frame_s(server) - asked_s) * 1000)
    return float(np.median(values))


def measure_create(subject: Subject, settings: Settings, avatar: str) -> float | None:
    """Seconds of one build."""
    if subject.build is None:
        return None
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as scratch:
        start = time.perf_counter()
        subject.build(settings, avatar, Path(scratch) / "cache")
        return time.perf_counter() - start
