"""Sessions come and go for hours; what they were made of goes with them."""

import asyncio
import gc
import weakref

import pytest

from visavis.testing.viewer import Viewer, watching

pytestmark = pytest.mark.network


async def gone(references: list[weakref.ref], timeout_s: float = 15.0) -> list[object]:
    """What is still alive after giving the loop time to let go."""
    for _ in range(round(timeout_s / 0.1)):
        gc.collect()
        if not any(reference() for reference in references):
            return []
        await asyncio.sleep(0.1)
    return [reference() for reference in references if reference() is not None]


def parts_of(session) -> list[weakref.ref]:
    owned = (session, session.player, session.motion, session._viewer, session._pacer)
    return [weakref.ref(part) for part in owned if part is not None]


async def test_a_session_that_was_ended_leaves_no_object(server) -> None:
    references: list[weakref.ref] = []
    for _ in range(3):
        async with watching(server.client) as viewer:
            await viewer.until(lambda: len(viewer.frames) > 3, 10)
            references += parts_of(server.sessions.live()[0])
    server.talkers.clear()
    assert not await gone(references)


async def test_a_viewer_that_vanished_leaves_no_object(server) -> None:
    viewer = Viewer()
    await viewer.connect(server.client)
    await viewer.until(lambda: len(viewer.frames) > 3, 10)
    references = parts_of(server.sessions.live()[0])
    await viewer.aclose()
    for _ in range(100):
        if server.sessions.active == 0:
            break
        await asyncio.sleep(0.1)
    server.talkers.clear()
    assert not await gone(references)
    others = {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}
    assert not {name for name in others if "peer" in name or "video" in name or "conversation" in name}


@pytest.mark.slow
async def test_a_viewer_whose_machine_dies_is_let_go(server) -> None:
    """No packet comes any more, not even a goodbye: ICE consent runs out and the session goes."""
    viewer = Viewer()
    await viewer.connect(server.client)
    await viewer.until(lambda: len(viewer.frames) > 3, 10)
    (ice,) = {receiver.transport.transport for receiver in viewer.connection.getReceivers()}
    for protocol in ice._connection._protocols:
        protocol.transport.abort()
    for _ in range(600):
        if server.sessions.active == 0:
            break
        await asyncio.sleep(0.1)
    assert server.sessions.active == 0
    await viewer.aclose()
