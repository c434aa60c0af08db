"""A face drawn within the agent's process, seen and heard by a subscriber through a real server."""

from __future__ import annotations

import asyncio
import json
import time

import numpy as np
import pytest
from livekit import rtc
from livekit.agents.voice.io import TextOutput
from livekit.plugins.visavis.speech import SpokenText
from tests.plugin.conftest import speaking

from visavis import protocol
from visavis.errors import BadSettings, NotFound, Unavailable
from visavis.testing.engine import mouth_rows
from visavis.testing.subscriber import Subscriber, subscribing
from visavis.types import AgentState, Emotion, EmotionCue, Gesture, GestureCue, PhoneCue, WordCue

TEXT = "[smile] The harbour lights are burning low tonight, and every boat is home."
SPOKEN = "The harbour lights are burning low tonight, and every boat is home."
LOUD = 500


def loud_at(viewer: Subscriber) -> list[float]:
    return [heard.at_s for heard in viewer.sound if np.abs(heard.samples.astype(int)).max() > LOUD]


def open_at(viewer: Subscriber) -> list[float]:
    return [frame.at_s for frame in viewer.frames if mouth_rows(frame.luma) > 2]


async def test_say_is_seen_and_heard_in_time_and_returns(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        asked = time.monotonic()
        await asyncio.wait_for(agent.session.say(TEXT), 30)
        returned = time.monotonic()
        await asyncio.sleep(0.3)
        loud, seen = loud_at(viewer), open_at(viewer)
        assert loud[0] > asked
        assert abs(loud[0] - seen[0]) < 0.5  # how well they keep together, the bench measures
        assert abs(loud[-1] - seen[-1]) < 1.0
        assert abs(returned - loud[-1]) < 1.0
        assert 2.0 < loud[-1] - loud[0] < 8.0
        captions = [e for _, e in viewer.events_of(protocol.Transcript) if e.final]
        assert [caption.text for caption in captions] == [SPOKEN]
        said = agent.session.history.items[-1]
        assert said.text_content == TEXT
        assert not said.interrupted
        assert 0 < said.metrics["playback_latency"] < 1.0


async def test_the_avatar_is_a_participant_of_its_own(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        await agent.avatar.wait_for_join(timeout=10)
        avatar = viewer.room.remote_participants[agent.avatar.avatar_identity]
        assert avatar.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        assert avatar.attributes == {"lk.publish_on_behalf": agent.room.local_participant.identity}
        assert avatar.metadata == ""
        assert server.access.api_secret not in json.dumps([avatar.name, avatar.attributes])
        published = {(p.name, p.source) for p in avatar.track_publications.values()}
        assert published == {
            ("avatar_audio", rtc.TrackSource.SOURCE_MICROPHONE),
            ("avatar_video", rtc.TrackSource.SOURCE_CAMERA),
        }
        assert agent.avatar.figures.fps > 0
        identity = agent.avatar.avatar_identity
    assert identity.startswith("visavis-")


async def test_ten_interruptions_and_still_alive(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        for number in range(10):
            handle = agent.session.say(TEXT)
            before = len(viewer.sound)
            await viewer.until(lambda at=before: loud_at_from(viewer, at), 10)
            await asyncio.sleep(0.1 + 0.05 * number)
            if number % 2:
                viewer.tell(protocol.Interrupt())
            else:
                await agent.session.interrupt()
            cut = time.monotonic()
            await asyncio.wait_for(handle, 5)
            assert handle.interrupted
            await asyncio.sleep(0.6)
            assert loud_at(viewer)[-1] - cut < 1.0  # of four seconds; how fast it is, the bench measures
        heard = [item for item in agent.session.history.items if item.type == "message"]
        assert all(item.interrupted for item in heard)
        viewer.sound.clear()
        await asyncio.wait_for(agent.session.say("I am still here."), 20)
        assert loud_at(viewer)


def loud_at_from(viewer: Subscriber, index: int) -> bool:
    return any(np.abs(heard.samples.astype(int)).max() > LOUD for heard in viewer.sound[index:])


async def test_who_comes_late_sees_and_hears(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent:
        handle = agent.session.say(TEXT)  # to nobody
        await asyncio.sleep(1.0)
        async with subscribing(server.access, room_name) as viewer:
            came = time.monotonic()
            assert await viewer.until(lambda: loud_at(viewer) and open_at(viewer), 5) - came < 3
            await asyncio.wait_for(handle, 20)


async def test_control_from_a_viewer(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        viewer.tell(protocol.Weights(weights={"jawOpen": 1.0}))
        await viewer.until(lambda: mouth_rows(viewer.frames[-1].luma) > 30, 3)
        viewer.tell(protocol.Weights(weights={}))
        await viewer.until(lambda: mouth_rows(viewer.frames[-1].luma) < 8, 3)
        viewer.tell(protocol.Say(text="Spoken on request."))
        await viewer.until(lambda: [e for _, e in viewer.events_of(protocol.Transcript) if e.final], 15)
        call = viewer.room.local_participant.perform_rpc
        to = agent.avatar.avatar_identity
        assert (
            await call(destination_identity=to, method="visavis.control", payload='{"type":"gesture","gesture":"nod"}') == "ok"
        )
        with pytest.raises(rtc.RpcError, match="not an ARKit shape"):
            await call(destination_identity=to, method="visavis.control", payload='{"type":"weights","weights":{"nose":1}}')


MALFORMED = [
    b"\x00\xff\xfe", b"[]", b"null", b'{"type":"say"}', b'{"type":"weights","weights":{"jawOpen":NaN}}',
    b'{"type":"weights","weights":{"jawOpen":1e999}}', b'{"type":"say","text":"' + b"a" * 4001 + b'"}',
    b'{"type":"' + b"x" * 14_000 + b'"}', b"[" * 10_000,
]  # fmt: skip


async def test_malformed_control_is_answered_and_does_no_harm(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name), subscribing(server.access, room_name) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 2, 10)
        for count, data in enumerate(MALFORMED, 1):
            viewer.tell(data)
            await viewer.until(lambda want=count: len(viewer.events_of(protocol.Error)) == want, 5)
        viewer.tell(b"")
        assert all("\n" not in error.message for _, error in viewer.events_of(protocol.Error))
        count = len(viewer.frames)
        await viewer.until(lambda: len(viewer.frames) > count + 5, 5)


async def test_two_rooms_never_mix(server, room_name, plain_faces) -> None:
    other = f"{room_name}-other"
    async with (
        speaking(server, room_name) as first,
        speaking(server, other) as second,
        subscribing(server.access, room_name) as here,
        subscribing(server.access, other) as there,
    ):
        await here.until(lambda: len(here.frames) > 5 and len(there.frames) > 5, 10)
        assert first.avatar.avatar_identity != second.avatar.avatar_identity
        await asyncio.wait_for(first.session.say("Only here."), 20)
        await asyncio.sleep(0.2)
        assert loud_at(here)
        assert not loud_at(there)
        assert not open_at(there)
        assert not there.events_of(protocol.Transcript)
        here.tell(protocol.Interrupt())
        await asyncio.wait_for(second.session.say("Only there."), 20)
        await asyncio.sleep(0.2)
        assert loud_at(there)
        assert {e.text for _, e in here.events_of(protocol.Transcript) if e.final} == {"Only here."}


async def test_a_start_that_fails_raises_and_leaves_the_voice(server, room_name, plain_faces) -> None:
    with pytest.raises(NotFound, match="nobody"):
        async with speaking(server, room_name, avatar="nobody"):
            pass
    with pytest.raises(Unavailable, match="visavis worker"):
        async with speaking(server, room_name, mode="worker", start_timeout_s=1.0):
            pass
    with pytest.raises(BadSettings, match="process or worker"):
        async with speaking(server, room_name, mode="cloud"):
            pass


async def test_the_wrong_secret_is_one_line_without_it(server, room_name, plain_faces) -> None:
    from livekit.agents import AgentSession
    from livekit.plugins import visavis

    room = rtc.Room()
    await room.connect(server.url, server.access.viewer_token(room_name, "somebody"))
    avatar = visavis.AvatarSession(size=128)
    wrong = "not-the-secret-not-the-secret-not-the-secret"
    with pytest.raises(Unavailable) as caught:
        await avatar.start(AgentSession(), room, livekit_url=server.url, livekit_api_key="devkey", livekit_api_secret=wrong)
    assert wrong not in str(caught.value)
    assert "\n" not in str(caught.value)
    await avatar.aclose()
    await room.disconnect()


async def test_the_server_is_restarted_and_the_face_comes_back(own_server, room_name, plain_faces) -> None:
    async with speaking(own_server, room_name) as agent:
        async with subscribing(own_server.access, room_name) as viewer:
            await viewer.until(lambda: len(viewer.frames) > 5, 10)
        await asyncio.to_thread(own_server.restart)
        restarted = time.monotonic()
        async with subscribing(own_server.access, room_name) as viewer:
            back = await viewer.until(lambda: len(viewer.frames) > 5, 30)
            assert back - restarted < 30
            await asyncio.wait_for(agent.session.say("I am back."), 20)
            await viewer.until(lambda: loud_at(viewer), 3)


class Captions(TextOutput):
    """Where captions end."""

    def __init__(self) -> None:
        super().__init__(label="captions", next_in_chain=None)
        self.text = ""

    async def capture_text(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        self.text += "|"


async def test_captions_have_no_tags_however_the_text_is_cut() -> None:
    for cut in (1, 3, 50):
        end = Captions()
        captions = SpokenText(end)
        for text in ("[smile] Hello [nod] there.", "Half a [wi", "Next."):
            for at in range(0, len(text), cut):
                await captions.capture_text(text[at : at + cut])
            captions.flush()
        assert end.text == "Hello there.|Half a |Next.|"


async def test_tags_move_the_face_and_are_neither_spoken_nor_captioned(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        session = agent.avatar._face._session
        cues: list = []
        speak = session.motion.speak
        session.motion.speak = lambda chunk: (cues.extend(chunk.cues), speak(chunk))
        await asyncio.wait_for(agent.session.say("[surprised] Oh, really? [nod] Yes. Goodbye [wink]"), 20)
        kinds = [cue for cue in cues if isinstance(cue, EmotionCue | GestureCue)]
        assert [getattr(cue, "emotion", None) or cue.gesture for cue in kinds] == [Emotion.SURPRISED, Gesture.NOD, Gesture.WINK]
        assert [cue.t_ticks for cue in kinds] == sorted(cue.t_ticks for cue in kinds)
        words = [cue.text for cue in cues if isinstance(cue, WordCue)]
        assert words == ["Oh,", "really?", "Yes.", "Goodbye"]
        assert any(isinstance(cue, PhoneCue) for cue in cues)
        assert isinstance(agent.session.output.transcription, SpokenText)


async def test_it_listens_when_somebody_speaks(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        session = agent.avatar._face._session
        loudest: list[int] = []
        hear = session.motion.hear
        session.motion.hear = lambda audio: (loudest.append(int(np.abs(audio.samples.astype(int)).max())), hear(audio))
        t = np.arange(16_000) / 16_000
        await viewer.speak((np.sin(2 * np.pi * 220 * t) * 12_000).astype(np.int16))
        assert max(loudest) > 5_000
        assert len(loudest) > 25


async def test_the_agents_state_is_the_faces(server, room_name, plain_faces) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        states = lambda: [event.state for _, event in viewer.events_of(protocol.State)]  # noqa: E731
        await viewer.until(lambda: AgentState.LISTENING in states() or len(viewer.frames) > 5, 10)
        await asyncio.wait_for(agent.session.say("One. Two."), 20)
        await viewer.until(lambda: AgentState.SPEAKING in states() and states()[-1] == AgentState.LISTENING, 5)


async def test_spans_lead_from_the_text_to_the_frame(server, room_name, plain_faces, spans) -> None:
    async with speaking(server, room_name) as agent, subscribing(server.access, room_name) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 5, 10)
        await asyncio.wait_for(agent.session.say("A short one."), 20)
        await asyncio.sleep(0.1)
    ended = {span.name: span for span in spans.get_finished_spans()}
    reply, utterance = ended["visavis.reply"], ended["visavis.utterance"]
    assert utterance.parent.span_id == reply.context.span_id
    assert utterance.context.trace_id == reply.context.trace_id
    assert [event.name for event in reply.events] == ["first audio"]
    assert [event.name for event in utterance.events] == ["first sample out", "first frame out"]
    assert 0 < utterance.events[1].timestamp - utterance.events[0].timestamp < 0.2e9
    assert utterance.attributes["visavis.interrupted"] is False
    assert utterance.attributes["visavis.position_s"] > 0.3
