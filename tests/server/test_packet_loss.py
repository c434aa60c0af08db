"""A link that loses packets: the picture goes on, the speech is understood, the lips keep to it."""

import asyncio
import random

import numpy as np
import pytest

from visavis.protocol import Chat, Transcript
from visavis.testing.engine import mouth_rows
from visavis.testing.viewer import Viewer, watching

pytestmark = pytest.mark.network


def lose(viewer: Viewer, share: float, seed: int) -> None:
    """From now on this viewer receives only the rest of the datagrams."""
    dice = random.Random(seed)
    (transport,) = {receiver.transport.transport for receiver in viewer.connection.getReceivers()}
    receive = transport._recv

    async def lossy() -> bytes:
        while True:
            data = await receive()
            if dice.random() >= share:
                return data

    transport._recv = lossy


@pytest.mark.parametrize("share", [0.01, 0.03])
async def test_speech_and_picture_survive(server, share: float) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        lose(viewer, share, seed=4)
        viewer.tell(Chat(text="one two three four five six seven eight"))
        await viewer.until(lambda: any(e.final for _, e in viewer.events_of(Transcript)), 20)
        await asyncio.sleep(0.6)
        sounding = [h.at_s for h in viewer.sound if np.abs(h.samples).max() > 2000]
        opened = [f.at_s for f in viewer.frames if mouth_rows(f.luma) >= 4]
        assert len(sounding) >= 80  # of 100; aiortc's receiver conceals nothing and waits for what is lost
        assert opened
        assert abs(opened[0] - sounding[0]) < 0.3
        assert abs(opened[-1] - sounding[-1]) < 0.4
        during = [f for f in viewer.frames if sounding[0] <= f.at_s <= sounding[-1]]
        assert len(during) >= 0.6 * 2.0 * 30
        assert viewer.events_of(Transcript)[-1][1].text == "one two three four five six seven eight"
