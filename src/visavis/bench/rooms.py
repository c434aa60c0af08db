"""A row through a real LiveKit room: a livekit-server on loopback, an agent with its face in one process (`bench.room_host`), and
a subscriber with LiveKit's Python SDK in this one.

response_ms     as through the direct door: text sent -> first sample of the reply given out by the SDK
interrupt_ms    interrupt sent -> silence and a closed mouth at the subscriber
glass_ms        frame finished -> given out decoded by the SDK, whose jitter buffer is inside
av_offset_ms    flash against click as the SDK gives them out; it holds both together by the sender's timestamps, so this is what
                a subscriber's screen and speaker show
first_frame_ms  a subscriber begins to join -> its first frame
cores, memory   of the agent's process with voice, face and LiveKit's encoder; the server is apart
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
import psutil

from visavis import protocol
from visavis.bench import interrupt, response
from visavis.bench.av_sync import PAIR_WITHIN_S, ClickFinder
from visavis.bench.clicks import CLICK_WORD
from visavis.bench.ear import Ear
from visavis.bench.glass import Glass
from visavis.bench.hooks import on_every_frame, on_every_sound
from visavis.bench.host import end_process, usage_of
from visavis.bench.room_host import RoomOptions
from visavis.bench.row import Row
from visavis.bench.run import Plan
from visavis.bench.speech_sample import TEXT
from visavis.bench.stamps import flash_seen
from visavis.bench.statistics import signed_spread, spread
from visavis.bench.subject import Report, Subject
from visavis.errors import Unavailable
from visavis.settings import Settings
from visavis.testing.livekit_server import LiveKitServer, livekit_server
from visavis.testing.subscriber import Subscriber, subscribing
from visavis.testing.viewer import HeardFrame, SeenFrame

SETTLE_S: Final = 2.0
FIRST_FRAME_TIMEOUT_S: Final = 20.0


@dataclass
class RoomHost:
    process: psutil.Popen
    server: LiveKitServer
    room: str
    avatar: str

    @contextlib.asynccontextmanager
    async def subscriber(self) -> AsyncIterator[Subscriber]:
        async with subscribing(self.server.access, self.room, avatar=self.avatar) as subscriber:
            yield subscriber

    def usage(self) -> tuple[float, float]:
        """CPU seconds so far and resident MiB, of the agent's process and its children."""
        return usage_of(self.process)


def measure_room(
    subject: Subject, settings: Settings, avatar: str, plan: Plan, *, binary: str, report: Report, plain_face: bool = False
) -> Row:
    """The row `ENGINE (livekit)`. Raises Unavailable where server or agent do not come up."""
    row = Row(f"{subject.engine} (livekit)", avatar, settings.size)
    report("through a LiveKit room", 0.0)
    with livekit_server(binary) as server:
        options = RoomOptions(
            server.url, f"bench-{secrets.token_hex(4)}", str(settings.home), str(settings.cache), subject.engine, avatar,
            settings.size, settings.fps, plain_face,
        )  # fmt: skip
        with hosted(server, options) as host:
            asyncio.run(_measure(host, plan, row, lambda part: report("through a LiveKit room", part)))
    report("through a LiveKit room", 1.0)
    row.notes.append("livekit-server and the subscriber, which decodes, ran on the same cores")
    return row


@contextlib.contextmanager
def hosted(server: LiveKitServer, options: RoomOptions) -> Iterator[RoomHost]:
    command = [sys.executable, "-m", "visavis.bench.room_host", json.dumps(asdict(options))]
    keys = {"LIVEKIT_API_KEY": server.access.api_key, "LIVEKIT_API_SECRET": server.access.api_secret}
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **keys})
        try:
            identity = process.stdout.readline().strip()
            if not identity:
                log.seek(0)
                said = log.read().strip().splitlines()
                raise Unavailable(f"The agent to measure did not start: {said[-1] if said else 'it said nothing'}.")
            yield RoomHost(process, server, options.room, identity)
        finally:
            end_process(process)


async def _measure(host: RoomHost, plan: Plan, row: Row, part: Any) -> None:
    row.first_frame_ms = await _first_frame_ms(host, plan.first_frames)
    part(0.2)
    async with host.subscriber() as subscriber:
        viewer: Any = subscriber  # the same witness as a WebRTC viewer, as far as these measures look
        ear, glass = Ear(viewer), Glass(viewer)
        await subscriber.until(lambda: ear.last_frame_s and glass.sightings, FIRST_FRAME_TIMEOUT_S)
        row.response_ms = spread(await response.measure_response(viewer, ear, times=plan.responses))
        part(0.4)
        row.interrupt_ms = spread(await interrupt.measure_interrupt(viewer, ear, glass, times=plan.interrupts))
        row.glass_ms = spread(glass.values_ms)
        part(0.6)
        row.av_offset_ms = signed_spread(
            await offsets_ms(subscriber, FlashesAndClicks.followed(subscriber), host.avatar, plan.flashes_s)
        )
        part(0.8)
        subscriber.on_frame = subscriber.on_sound = None
        subscriber.keep_luma = False
        await _load(host, subscriber, plan.load_s, row)


async def _first_frame_ms(host: RoomHost, times: int) -> float:
    values = []
    for _ in range(times):
        asked_s = time.monotonic()
        async with host.subscriber() as subscriber:
            await _until_seen(subscriber)
            values.append((subscriber.frames[0].at_s - asked_s) * 1000)
    return float(np.median(values))


async def _until_seen(subscriber: Subscriber) -> None:
    await subscriber.until(lambda: subscriber.frames, FIRST_FRAME_TIMEOUT_S)


@dataclass
class FlashesAndClicks:
    """When the SDK gave out each flash's first white frame and each click's first sample."""

    flashes: list[float] = field(default_factory=list)
    clicks: list[float] = field(default_factory=list)
    white: bool = True
    finder: ClickFinder = field(default_factory=ClickFinder)

    @staticmethod
    def followed(subscriber: Subscriber) -> FlashesAndClicks:
        """From now on."""
        witness = FlashesAndClicks()
        viewer: Any = subscriber
        on_every_frame(viewer, witness.saw)
        on_every_sound(viewer, witness.heard)
        return witness

    def saw(self, frame: SeenFrame) -> None:
        assert frame.luma is not None
        white = flash_seen(frame.luma)
        if white and not self.white:
            self.flashes.append(frame.at_s)
        self.white = white

    def heard(self, frame: HeardFrame) -> None:
        self.clicks += [decoded_s for _, decoded_s in self.finder.push(frame)]


async def offsets_ms(subscriber: Subscriber, witness: FlashesAndClicks, avatar: str, seconds: float) -> list[float]:
    """Picture minus sound: positive where the picture is late."""
    await asyncio.sleep(SETTLE_S)
    witness.clicks.clear()
    witness.flashes.clear()
    await subscriber.ask(avatar, protocol.Say(text=f"{CLICK_WORD} {seconds}"))  # of the face alone: the agent would read it out
    await asyncio.sleep(seconds + 1.0)
    if len(witness.flashes) == len(witness.clicks):  # by order: nearest would mistake half a second for half a second less
        return [(flash - click) * 1000 for flash, click in zip(witness.flashes, witness.clicks, strict=True)]
    apart = [min((flash - click for click in witness.clicks), key=abs, default=np.inf) for flash in witness.flashes]
    return [float(each) * 1000 for each in apart if abs(each) < PAIR_WITHIN_S]


async def _load(host: RoomHost, subscriber: Subscriber, seconds: float, row: Row) -> None:
    subscriber.tell(protocol.Say(text=TEXT))
    await asyncio.sleep(1.0)
    before_s, start = host.usage()[0], time.monotonic()
    await asyncio.sleep(seconds)
    after_s, row.memory_mb = host.usage()
    row.cores = (after_s - before_s) / (time.monotonic() - start)
