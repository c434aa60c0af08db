"""`cores`, `memory_mb` and `kbps`: what one session takes while the avatar speaks and the user's microphone is open.

cores      CPU time of the server process and its children (the voice's among them) over wall time
memory_mb  their resident memory with the session less that before it, in MiB
kbps       everything the viewer's transport received, over the same time, in 1000 bits a second: RTP, RTCP and data
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from aiortc.stats import RTCTransportStats

from visavis import protocol
from visavis.bench.host import Host
from visavis.bench.microphone import SilentMicrophone
from visavis.bench.speech_sample import TEXT
from visavis.testing.viewer import Viewer, watching


@dataclass(frozen=True, slots=True)
class Load:
    cores: float
    memory_mb: float
    kbps: float


async def measure_load(host: Host, *, seconds: float, settle_s: float = 1.5, draw: str = "server") -> Load:
    """With one session, the server's first: its memory counts whole."""
    _, memory_before = host.usage()
    async with host.client() as server, watching(server, microphone=SilentMicrophone(), draw=draw) as viewer:
        viewer.keep_luma = False
        viewer.tell(protocol.Say(text=TEXT))
        await asyncio.sleep(settle_s)
        viewer.tell(protocol.Say(text=TEXT))
        start_s, (cpu_before, _), bytes_before = time.monotonic(), host.usage(), await _received(viewer)
        await asyncio.sleep(seconds)
        wall_s, (cpu_s, memory), received = time.monotonic() - start_s, host.usage(), await _received(viewer)
    return Load(
        cores=(cpu_s - cpu_before) / wall_s,
        memory_mb=memory - memory_before,
        kbps=(received - bytes_before) * 8 / 1000 / wall_s,
    )


async def _received(viewer: Viewer) -> int:
    stats = await viewer.connection.getStats()
    return sum(entry.bytesReceived for entry in stats.values() if isinstance(entry, RTCTransportStats))
