"""The agent's audio output: speech with cues, to a face in this process or to one in the room."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterable
from typing import Any, Final

from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.voice.avatar import DataStreamAudioOutput
from livekit.agents.voice.io import AudioOutput, TextOutput
from opentelemetry.trace import Span

from visavis.protocol import LIVEKIT_CUES_TOPIC
from visavis.session.live import LiveSession
from visavis.transports.livekit.cues import encode_cues
from visavis.transports.livekit.tracing import SpeechSpans, begin_reply, trace_parent
from visavis.transports.livekit.wire import PHONES_KNOWN, TRACE_PARENT
from visavis.types import Cue, SpeechSink
from visavis.voice.agent import SpeechCueing
from visavis.voice.speech_output import SpeechOutput
from visavis.voice.tags import TagReader
from visavis.voice.timed import USERDATA_CUES, USERDATA_PHONES_KNOWN, frame_cues

from .log import logger

MAX_REPLIES: Final = 4
"""Replies whose text has begun and whose speech has not. Drop rule: the oldest; it was given up before it sounded."""


class Tags:
    """Takes emotion and gesture tags out of what is spoken, and keeps them for the speech that follows."""

    def __init__(self) -> None:
        self._begun: deque[tuple[TagReader, Span]] = deque(maxlen=MAX_REPLIES)

    async def spoken(self, text: AsyncIterable[str]) -> AsyncIterable[str]:
        """One of an AgentSession's `tts_text_transforms`."""
        reader = TagReader()
        self._begun.append((reader, begin_reply()))
        async for piece in text:
            if spoken := reader.push(piece):
                yield spoken
        if spoken := reader.flush():
            yield spoken

    def take(self) -> tuple[TagReader, Span | None]:
        """The reply that begins to sound: the newest; what was begun before it never came to sound."""
        if not self._begun:
            return TagReader(), None
        newest = self._begun.pop()
        while self._begun:
            self._begun.popleft()[1].end()
        return newest


class SpokenText(TextOutput):
    """Captions without tags."""

    def __init__(self, next_in_chain: TextOutput) -> None:
        super().__init__(label="visavis captions", next_in_chain=next_in_chain)
        self._next = next_in_chain
        self._reader = TagReader()

    async def capture_text(self, text: str) -> None:
        if spoken := self._reader.push(text):
            await self._next.capture_text(spoken)

    def flush(self) -> None:
        """Half a tag at the very end is not worth a caption."""
        self._reader = TagReader()
        self._next.flush()


class _Cued(AudioOutput):
    """An output whose frames are at SPEECH_HZ and carry cues, whatever the TTS gives. Its end carries the last of them."""

    _agent_session: AgentSession[Any]
    _tags: Tags
    _cueing: SpeechCueing | None = None
    _ending: asyncio.Task[None] | None = None
    _span: Span | None = None

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if self._ending is not None:
            await asyncio.shield(self._ending)
        if USERDATA_CUES in frame.userdata:
            await self._emit(frame)
            return
        if self._cueing is None:
            self._end_span()
            reader, self._span = self._tags.take()
            self._cueing = SpeechCueing(reader)
            if self._span is not None:
                self._span.add_event("first audio")
        for cued in self._cueing.push(frame):
            await self._emit(cued)

    def flush(self) -> None:
        cueing, self._cueing = self._cueing, None
        rest = cueing.flush() if cueing is not None else []
        if rest and self._speaking():
            self._ending = asyncio.get_running_loop().create_task(self._end(rest), name="visavis end of speech")
        else:
            self._flush()

    def clear_buffer(self) -> None:
        ending, self._ending = self._ending, None
        if ending is not None and not ending.done():
            ending.cancel()
            self._flush()
        self._clear()

    async def _end(self, rest: list[rtc.AudioFrame]) -> None:
        for frame in rest:
            if self._speaking():
                await self._emit(frame)
        self._ending = None
        self._flush()

    def on_playback_finished(
        self, *, playback_position: float, interrupted: bool, synchronized_transcript: str | None = None
    ) -> None:
        self._end_span()
        if interrupted:
            self._tell_agent()
        super().on_playback_finished(
            playback_position=playback_position, interrupted=interrupted, synchronized_transcript=synchronized_transcript
        )

    def _tell_agent(self) -> None:
        """Who was silenced here must know it before it learns how far it came, or it would believe all of it was heard."""
        speech = self._agent_session.current_speech
        if speech is not None and not speech.interrupted:
            speech.interrupt(force=True)

    def _end_span(self) -> None:
        if self._span is not None:
            self._span.end()
            self._span = None

    @abstractmethod
    async def _emit(self, frame: rtc.AudioFrame) -> None: ...

    @abstractmethod
    def _flush(self) -> None: ...

    @abstractmethod
    def _clear(self) -> None: ...

    @abstractmethod
    def _speaking(self) -> bool:
        """Something of this utterance went out and was not cleared."""


class LocalOutput(_Cued, SpeechOutput):
    """To a face drawn in this process."""

    def __init__(self, sink: SpeechSink, agent_session: AgentSession[Any], tags: Tags, spans: SpeechSpans) -> None:
        SpeechOutput.__init__(self, sink, _unheard)
        self._agent_session = agent_session
        self._tags = tags
        self._spans = spans
        self._sample_rate = None  # any: resampled here, where the voice's word times are not lost

    async def _emit(self, frame: rtc.AudioFrame) -> None:
        if self._current is None:
            self._spans.begin(trace_parent(self._span))
        await SpeechOutput.capture_frame(self, frame)

    def on_playback_started(self, *, created_at: float) -> None:
        self._spans.sounded()
        super().on_playback_started(created_at=created_at)

    def on_playback_finished(
        self, *, playback_position: float, interrupted: bool, synchronized_transcript: str | None = None
    ) -> None:
        self._spans.end(playback_position, interrupted=interrupted)
        super().on_playback_finished(
            playback_position=playback_position, interrupted=interrupted, synchronized_transcript=synchronized_transcript
        )

    def _flush(self) -> None:
        SpeechOutput.flush(self)

    def _clear(self) -> None:
        SpeechOutput.clear_buffer(self)

    def _speaking(self) -> bool:
        return self._current is not None and self._current in self._playing


class LocalTalker:
    """The session's talker where the voice is the agent of this process."""

    def __init__(self, output: LocalOutput) -> None:
        self._output = output

    async def start(self, *, greet: bool = True) -> None:
        """The agent starts and greets by itself."""

    def hear(self, audio: object) -> None:
        """The agent hears the room itself."""

    async def chat(self, text: str) -> None:
        """The agent takes this message itself."""

    async def say(self, text: str) -> None:
        """The agent takes this message itself."""

    def interrupt(self) -> None:
        self._output.silence()

    def become(self, persona: object) -> None:
        """The voice is the agent's."""

    async def aclose(self) -> None:
        self._output.silence()


def talker_of(agent_session: AgentSession[Any], tags: Tags, spans: SpeechSpans, keep: list[LocalOutput]) -> Any:
    """For `RoomSessions.join`: the output it makes is put into `keep`."""

    def make(sink: SpeechSink, session: LiveSession) -> LocalTalker:
        keep.append(LocalOutput(sink, agent_session, tags, spans))
        return LocalTalker(keep[-1])

    return make


class RoomOutput(_Cued, DataStreamAudioOutput):
    """To a face in the room: audio as livekit-agents sends it, and a stream of cues opened before it."""

    def __init__(self, room: rtc.Room, avatar_identity: str, agent_session: AgentSession[Any], tags: Tags) -> None:
        DataStreamAudioOutput.__init__(
            self, room, destination_identity=avatar_identity, wait_remote_track=rtc.TrackKind.KIND_VIDEO,
            wait_playback_start=True,
        )  # fmt: skip
        self._agent_session = agent_session
        self._tags = tags
        self._cues: rtc.ByteStreamWriter | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._there = asyncio.Event()
        self._there.set()

    def found(self) -> None:
        """The avatar is back: what was held is spoken."""
        self._there.set()

    def lost(self) -> None:
        """The avatar is gone: what it had not finished will not be heard, and nobody may wait for it. Speech is held from here on."""
        self._there.clear()
        self._stream_writer = None
        self._cues = None
        for _ in range(self._pending_playback_count):
            self.on_playback_finished(playback_position=0.0, interrupted=True)

    async def _emit(self, frame: rtc.AudioFrame) -> None:
        await self._there.wait()
        await self._send_cues(frame_cues(frame.userdata), bool(frame.userdata.get(USERDATA_PHONES_KNOWN)))
        await DataStreamAudioOutput.capture_frame(self, frame)

    async def _send_cues(self, cues: tuple[Cue, ...], phones_known: bool) -> None:
        try:
            if self._cues is None:
                self._cues = await self._room.local_participant.stream_bytes(
                    name="visavis cues",
                    topic=LIVEKIT_CUES_TOPIC,
                    destination_identities=[self._destination_identity],
                    attributes={PHONES_KNOWN: "1" if phones_known else "0", TRACE_PARENT: trace_parent(self._span)},
                )
            if cues:
                await self._cues.write(encode_cues(cues))
        except ConnectionError as error:
            logger.warning("cues did not reach the avatar: %s", error)

    def _flush(self) -> None:
        cues, self._cues = self._cues, None
        if cues is not None:
            task = asyncio.get_running_loop().create_task(cues.aclose(), name="visavis end of cues")
            self._closing.add(task)
            task.add_done_callback(self._closed)
        DataStreamAudioOutput.flush(self)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.debug("a cue stream did not end well: %s", task.exception())

    def _clear(self) -> None:
        DataStreamAudioOutput.clear_buffer(self)

    def _speaking(self) -> bool:
        return self._stream_writer is not None


def _unheard(utterance: int, text: str, *, interrupted: bool) -> None:
    """livekit-agents keeps its own history."""
