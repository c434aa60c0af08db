"""A viewer run inside a network namespace; prints what it witnessed as JSON: `python plain_viewer.py URL TOKEN`."""

import asyncio
import json
import sys

import httpx
import numpy as np

from visavis.protocol import Chat, Transcript
from visavis.testing.engine import mouth_rows
from visavis.testing.viewer import watching


async def main(url: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=20) as client,
        watching(client, addresses=None) as viewer,
    ):
        await viewer.until(lambda: len(viewer.frames) > 10, 15)
        viewer.tell(Chat(text="one two three four"))
        await viewer.until(lambda: any(e.final for _, e in viewer.events_of(Transcript)), 15)
        candidates = [line for line in viewer.connection.remoteDescription.sdp.splitlines() if "candidate:" in line]
        seen = {
            "frames": len(viewer.frames),
            "loud": sum(bool(np.abs(heard.samples).max() > 2000) for heard in viewer.sound),
            "open": sum(mouth_rows(frame.luma) >= 4 for frame in viewer.frames),
            "addresses": sorted({line.split()[4] for line in candidates}),
        }
        print(json.dumps(seen))


asyncio.run(main(*sys.argv[1:]))
