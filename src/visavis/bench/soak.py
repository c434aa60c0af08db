"""Half an hour of conversation in a real LiveKit room: does sound stay with picture, and memory where it is?

`python -m visavis.bench.soak --minutes 30` (`make soak`). A minute is 30 s of flashes and clicks, two sentences, one of them
interrupted. Ends in JSON: drift of the A/V offset and growth of memory as slopes with their 95 % intervals, and fails where a
minute brought no picture, no sound or no answer.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer

from visavis import protocol
from visavis.bench.ear import Ear
from visavis.bench.room_host import RoomOptions
from visavis.bench.rooms import FlashesAndClicks, RoomHost, hosted, offsets_ms
from visavis.bench.speech_sample import TEXT
from visavis.bench.statistics import signed_spread, slope
from visavis.errors import Unavailable
from visavis.settings import load_settings
from visavis.testing.livekit_server import livekit_server

CLIP_S: Final = 30.0
STARTS_WITHIN_S: Final = 10.0
WARM_UP_MINUTES: Final = 2
"""Left out of the memory's slope: caches fill."""


@dataclass
class Soak:
    at_s: list[float] = field(default_factory=list)
    offsets_ms: list[float] = field(default_factory=list)
    memory_at_s: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        drift = slope(self.at_s, self.offsets_ms)
        growth = slope(self.memory_at_s[WARM_UP_MINUTES:], self.memory_mb[WARM_UP_MINUTES:])
        offset = signed_spread(self.offsets_ms)
        return {
            "minutes": round((self.memory_at_s[-1] - self.memory_at_s[0]) / 60, 1),
            "av_offset_ms": {"p50": round(offset.p50, 1), "p95": round(offset.p95, 1)} if offset else None,
            "av_drift_ms_per_h": [round(v * 3600, 1) for v in (drift.value, drift.low, drift.high)] if drift else None,
            "memory_mb": [round(self.memory_mb[0]), round(self.memory_mb[-1])],
            "memory_mb_per_h": [round(v * 3600, 1) for v in (growth.value, growth.low, growth.high)] if growth else None,
        }


async def _soak(host: RoomHost, minutes: int) -> Soak:
    soak = Soak()
    async with host.subscriber() as subscriber:
        viewer: Any = subscriber
        ear, witness = Ear(viewer), FlashesAndClicks.followed(subscriber)
        await subscriber.until(lambda: ear.last_frame_s, 20)
        for minute in range(minutes):
            offsets = await offsets_ms(subscriber, witness, host.avatar, CLIP_S)
            if not offsets:
                raise Unavailable(f"In minute {minute + 1} no flash came with its click.")
            soak.offsets_ms += [float(np.median(offsets))]
            soak.at_s.append(time.monotonic())
            for patience_s in (1.5, 8.0):
                viewer.tell(protocol.Say(text=TEXT))
                if not await ear.loud_now(STARTS_WITHIN_S):
                    raise Unavailable(f"In minute {minute + 1} nothing was said.")
                await asyncio.sleep(patience_s)
                viewer.tell(protocol.Interrupt())
                await ear.quiet(0.5)
            soak.memory_mb.append(host.usage()[1])
            soak.memory_at_s.append(time.monotonic())
            line = f"{minute + 1:3d} min  offset {soak.offsets_ms[-1]:6.1f} ms  memory {soak.memory_mb[-1]:6.0f} MiB"
            typer.echo(line, err=True)
    return soak


def main(
    minutes: Annotated[int, typer.Option(help="How long.")] = 30,
    server: Annotated[str | None, typer.Option(help="A livekit-server; default: scripts/livekit-server.")] = None,
) -> None:
    """Prints a line a minute and ends in JSON."""
    settings = load_settings()
    script = Path(__file__).resolve().parents[3] / "scripts" / "livekit-server"
    binary = server or subprocess.run([script, "--path"], capture_output=True, text=True, check=True).stdout.strip()
    with livekit_server(binary) as running:
        options = RoomOptions(
            running.url, f"soak-{secrets.token_hex(4)}", str(settings.home), str(settings.cache), "rig", settings.avatar,
            settings.size, settings.fps,
        )  # fmt: skip
        with hosted(running, options) as host:
            typer.echo(json.dumps(asyncio.run(_soak(host, minutes)).to_json()))


if __name__ == "__main__":
    typer.run(main)
