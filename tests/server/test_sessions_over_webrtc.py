"""A Python viewer on loopback: pictures move with the sound, words appear when heard, an interruption is prompt and true."""

import asyncio
import gc

import numpy as np
import pytest

from visavis.errors import Busy
from visavis.protocol import ChangeAvatar, Chat, Error, Interrupt, State, Stats, Transcript, Weights
from visavis.session.live import MAX_PENDING_MESSAGES
from visavis.testing.engine import mouth_rows
from visavis.testing.viewer import Viewer, watching

pytestmark = pytest.mark.network


def loud(viewer: Viewer) -> list[float]:
    return [heard.at_s for heard in viewer.sound if np.abs(heard.samples).max() > 2000]


async def test_a_spoken_sentence_is_seen_heard_and_read(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        await viewer.until(lambda: viewer.events_of(State), 5)
        viewer.tell(Chat(text="one two three four"))
        await viewer.until(lambda: any(e.final for _, e in viewer.events_of(Transcript)), 10)
        await asyncio.sleep(0.4)
        sounding = loud(viewer)
        assert sounding[-1] - sounding[0] == pytest.approx(1.0, abs=0.15)
        opened = [f.at_s for f in viewer.frames if mouth_rows(f.luma) >= 4]
        assert opened
        assert sounding[0] - 0.15 < opened[0] < sounding[0] + 0.3
        assert mouth_rows(viewer.frames[-1].luma) <= 1
        texts = [e.text for _, e in viewer.events_of(Transcript)]
        assert texts == ["one", "one two", "one two three", "one two three four", "one two three four"]


async def test_interrupting_silences_closes_the_mouth_and_says_what_was_heard(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        viewer.tell(Chat(text=" ".join(["word"] * 20)))
        await viewer.until(lambda: loud(viewer), 5)
        await asyncio.sleep(0.6)
        viewer.tell(Interrupt())
        await asyncio.sleep(0.8)
        silent_for = viewer.sound[-1].at_s - loud(viewer)[-1]
        assert silent_for > 0.4
        assert mouth_rows(viewer.frames[-1].luma) <= 1
        last = viewer.events_of(Transcript)[-1][1]
        assert last.final
        assert last.interrupted
        assert 2 <= len(last.text.split()) <= 8


async def test_two_sessions_never_mix(server) -> None:
    async with watching(server.client) as one, watching(server.client) as two:
        await one.until(lambda: len(one.frames) > 3 and len(two.frames) > 3, 10)
        one.tell(Chat(text="only for one"))
        await one.until(lambda: any(e.final for _, e in one.events_of(Transcript)), 10)
        assert not two.events_of(Transcript)
        assert not loud(two)
        assert loud(one)
        await asyncio.sleep(0.3)  # what one's receiver still holds back
        told, heard = len(one.events_of(Transcript)), len(loud(one))
        two.tell(Chat(text="only for two"))
        await two.until(lambda: any(e.final for _, e in two.events_of(Transcript)), 10)
        assert len(one.events_of(Transcript)) == told
        assert len(loud(one)) == heard
        assert two.events_of(Transcript)[-1][1].text == "only for two"


async def test_one_more_than_the_machine_holds_is_refused_with_the_reason(server) -> None:
    async with watching(server.client) as one, watching(server.client):
        third = Viewer()
        with pytest.raises(RuntimeError, match=r"503.*holds 2 sessions"):
            await third.connect(server.client)
        await third.aclose()
        ready = await server.client.get("/readyz")
        assert ready.json()["status"] == "full"
        await one.until(lambda: len(one.frames) > 3, 10)
    await asyncio.sleep(0.1)
    assert (await server.client.get("/readyz")).json() == {"status": "ready", "free": 2, "limit": 2, "free_drawn_by_viewers": 2}


async def test_a_viewer_that_leaves_takes_everything_with_it(server) -> None:
    before = {task.get_name() for task in asyncio.all_tasks()}
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 3, 10)
    await asyncio.sleep(0.3)
    gc.collect()
    assert server.sessions.active == 0
    assert server.faces.engines[-1].closed
    assert server.talkers[-1].closed
    left = {task.get_name() for task in asyncio.all_tasks()} - before
    assert not left


async def test_a_viewer_that_vanishes_is_noticed(server) -> None:
    """No DELETE, no goodbye: the connection closes and the session goes."""
    viewer = Viewer()
    await viewer.connect(server.client)
    await viewer.until(lambda: len(viewer.frames) > 3, 10)
    await viewer.aclose()
    for _ in range(100):
        if server.sessions.active == 0:
            break
        await asyncio.sleep(0.1)
    assert server.sessions.active == 0


async def test_control_weights_move_the_picture(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 3, 10)
        viewer.tell(Weights(weights={"jawOpen": 1.0}, fade_ms=0))
        await viewer.until(lambda: mouth_rows(viewer.frames[-1].luma) > 50, 5)
        viewer.tell(Weights(weights={}, fade_ms=0))
        await viewer.until(lambda: mouth_rows(viewer.frames[-1].luma) < 5, 5)


async def test_changing_the_person_keeps_the_conversation(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 3, 10)
        viewer.tell(ChangeAvatar(avatar="milo"))
        await viewer.until(lambda: any(e.avatar == "milo" for _, e in viewer.events_of(State)), 5)
        count = len(viewer.frames)
        await viewer.until(lambda: len(viewer.frames) > count + 5, 5)
        assert server.faces.engines[-2].closed
        viewer.tell(ChangeAvatar(avatar="nobody", id="q7"))
        await viewer.until(lambda: viewer.events_of(Error), 5)
        error = viewer.events_of(Error)[-1][1]
        assert (error.code, error.id) == ("not_found", "q7")


async def test_junk_on_the_control_channel_is_answered_and_survived(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 3, 10)
        for junk in ("", "{", "[]", '{"type":"say"}', '{"type":"chat","text":""}', '{"type":"weights","weights":{"jaw":1}}',
                     '{"type":"weights","weights":{"jawOpen":NaN}}', "x" * 20_000, b"\xff\xfe"):  # fmt: skip
            viewer.control.send(junk)
        await viewer.until(lambda: len(viewer.events_of(Error)) >= 9, 5)
        for _, error in viewer.events_of(Error):
            assert "\n" not in error.message
            assert len(error.message) < 400
        count = len(viewer.frames)
        await viewer.until(lambda: len(viewer.frames) > count + 5, 5)


async def test_more_than_can_wait_is_refused_and_watchers_learn_of_the_end(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 3, 10)
        (session,) = server.sessions.live()
        with session.events() as events:
            for _ in range(MAX_PENDING_MESSAGES):
                session.control(Chat(text="and another"))
            with pytest.raises(Busy, match="Too many messages wait"):
                session.control(Chat(text="one too many"))
            await session.aclose()
            seen = [await events.get()]
            while seen[-1] is not None:
                seen.append(await asyncio.wait_for(events.get(), 1))
        viewer.location = ""


async def test_stats_come_once_a_second_and_over_http(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: viewer.events_of(Stats), 5)
        over_http = (await server.client.get(viewer.location + "/stats")).json()
        assert over_http["type"] == "stats"
        assert over_http["sessions"] == 1


async def test_live_engines_follow_the_load_and_the_probe_does_not(server) -> None:
    async with watching(server.client):
        assert server.faces.governed == [server.faces.engines[-1]]
