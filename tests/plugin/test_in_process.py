"""A face drawn within the agent's process, seen and heard by a subscriber through a real server."""

from __future__ import annotations

import asyncio
import time

import numpy as np
from tests.plugin.conftest import speaking

from visavis.testing.engine import mouth_rows
from visavis.testing.subscriber import subscribing

TEXT = "[smile] The harbour lights are burning low tonight, and every boat is home."


async def test_say_is_seen_heard_and_returns(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        begun = time.monotonic()
        await asyncio.wait_for(agent.session.say(TEXT), 30)
        took = time.monotonic() - begun
        loud = [heard.at_s for heard in viewer.sound if np.abs(heard.samples.astype(int)).max() > 500]
        open_ = [frame.at_s for frame in viewer.frames if mouth_rows(frame.luma) > 3]
        print(took, loud[0] - begun, loud[-1] - begun, open_[0] - begun, open_[-1] - begun, len(viewer.frames))
        print(agent.session.history.items)
        print([e for _, e in viewer.events][-3:])
