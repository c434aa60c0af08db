"""An agent's speech as it reaches its avatar over a room: byte streams in, the truth about playback back by RPC.

One audio stream is one utterance; a cue stream opened before it belongs to it. Nobody but the agent is listened to. Every
utterance is reported as finished exactly once, whatever happens to its stream.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

from livekit import rtc

from visavis.errors import VisavisError
from visavis.protocol import LIVEKIT_CUES_TOPIC
from visavis.transports.livekit.streams import CueCollector, PcmReader
from visavis.transports.livekit.tracing import SpeechSpans
from visavis.transports.livekit.wire import (
    AUDIO_TOPIC,
    CLEAR_BUFFER,
    PLAYBACK_FINISHED,
    PLAYBACK_STARTED,
    TRACE_PARENT,
)
from visavis.types import I16, SPEECH_HZ, AudioChunk, PlaybackEnd, SpeechChunk, SpeechSink, ticks_from_samples

log = logging.getLogger(__name__)

CHUNK_SAMPLES: Final = SPEECH_HZ // 25
"""40 ms."""
MAX_WAITING: Final = 16
"""Utterances opened and not yet played. Drop rule: one more is refused and reported as not heard."""
IDLE_S: Final = 10.0
"""A stream that gives nothing for so long has lost its end."""
LAST_PIECE_S: Final = 0.2
RPC_TRIES: Final = 3
RPC_PAUSE_S: Final = 0.1


@dataclass(eq=False)
class _Utterance:
    audio: rtc.ByteStreamReader
    cues: rtc.ByteStreamReader | None
    number: int | None = None
    """The sink's, once its first chunk was pushed."""
    cleared: bool = False
    superseded: asyncio.Event = field(default_factory=asyncio.Event)
    """Its end is not coming: a newer one has begun, or it was cleared."""


class AgentSpeech:
    """The session's talker where the voice is an agent in the room. It speaks through `sink`; `attach` gives it the room."""

    def __init__(self, sink: SpeechSink, agent: str, spans: SpeechSpans | None = None) -> None:
        self._spans = spans or SpeechSpans()
        self._sink = sink
        self._agent = agent
        self._room: rtc.Room | None = None
        self._waiting: deque[_Utterance] = deque()
        self._open: list[_Utterance] = []
        """Taken and not yet reported as finished."""
        self._cues: rtc.ByteStreamReader | None = None
        self._arrived = asyncio.Event()
        self._reports: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self.refused = 0
        self.on_broken: Callable[[], None] = lambda: None
        """Called when a task of this died: an avatar that can hear its agent no more must not stay, mute."""
        sink.on_playback_started = self._started
        sink.on_playback_finished = self._finished

    def attach(self, room: rtc.Room) -> None:
        """Before the room connects, so that nothing is missed."""
        self._room = room
        room.register_byte_stream_handler(AUDIO_TOPIC, self._audio_came)
        room.register_byte_stream_handler(LIVEKIT_CUES_TOPIC, self._cues_came)

    # The session's talker -----------------------------------------------------------------------------------------------------

    async def start(self, *, greet: bool = True) -> None:
        del greet  # the agent greets
        assert self._room is not None, "attach first"
        self._room.local_participant.register_rpc_method(CLEAR_BUFFER, self._clear_called)
        for work, name in ((self._play(), "agent speech"), (self._report(), "agent reports")):
            task = asyncio.get_running_loop().create_task(work, name=name)
            self._tasks.add(task)
            task.add_done_callback(self._task_ended)

    def hear(self, audio: AudioChunk) -> None:
        """The agent hears the room itself."""

    async def chat(self, text: str) -> None:
        """The agent takes this message itself."""

    async def say(self, text: str) -> None:
        """The agent takes this message itself."""

    def become(self, persona: object) -> None:
        """The voice is the agent's."""

    def interrupt(self) -> None:
        """Silence at the next frame; what is still coming of these utterances goes nowhere."""
        for utterance in [*self._open, *self._waiting]:
            utterance.cleared = True
            utterance.superseded.set()
        while self._waiting:
            self._refuse(self._waiting.popleft())
        self._sink.interrupt()
        for utterance in [u for u in self._open if u.number is None]:  # nothing of it sounded yet
            self._end(utterance, 0.0, interrupted=True)

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for utterance in [*self._open, *self._waiting]:
            utterance.audio.close()

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None:
            log.error("task %s failed", task.get_name(), exc_info=task.exception())
            self.on_broken()

    # From the room ------------------------------------------------------------------------------------------------------------

    def _cues_came(self, reader: rtc.ByteStreamReader, sender: str) -> None:
        if sender != self._agent:
            reader.close()
            return
        if self._cues is not None:  # its audio never came
            self._cues.close()
        self._cues = reader

    def _audio_came(self, reader: rtc.ByteStreamReader, sender: str) -> None:
        if sender != self._agent:
            log.warning("speech from %r, who is not the agent, is not spoken", sender[:64])
            reader.close()
            return
        cues, self._cues = self._cues, None
        utterance = _Utterance(reader, cues)
        for earlier in [*self._open, *self._waiting]:
            earlier.superseded.set()
        if len(self._waiting) >= MAX_WAITING:
            self._refuse(utterance)
            return
        self._waiting.append(utterance)
        self._arrived.set()

    def _refuse(self, utterance: _Utterance) -> None:
        self.refused += 1
        utterance.audio.close()
        if utterance.cues is not None:
            utterance.cues.close()
        self._tell_finished(0.0, interrupted=True)

    async def _clear_called(self, call: rtc.RpcInvocationData) -> str:
        if call.caller_identity != self._agent:
            return "reject"
        self.interrupt()
        return "ok"

    # Playing ------------------------------------------------------------------------------------------------------------------

    async def _play(self) -> None:
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            utterance = self._waiting.popleft()
            self._open.append(utterance)
            told = utterance.cues.info.attributes if utterance.cues is not None else None
            self._spans.begin((told or {}).get(TRACE_PARENT, ""))
            try:
                await self._play_one(utterance)
            except VisavisError as error:
                log.warning("an utterance cannot be spoken: %s", error)
                self._close(utterance)
            finally:
                utterance.audio.close()
                if utterance.cues is not None:
                    utterance.cues.close()

    async def _play_one(self, utterance: _Utterance) -> None:
        format_ = PcmReader.of(utterance.audio.info.attributes or {})
        collector = CueCollector(utterance.cues)
        listening = asyncio.get_running_loop().create_task(collector.run(), name="agent cues")
        samples_so_far = 0
        try:
            async for data in _until_superseded(utterance):
                samples = format_.push(data)
                for start in range(0, len(samples), CHUNK_SAMPLES):
                    if utterance.cleared:
                        return
                    samples_so_far += await self._push(
                        utterance, samples[start : start + CHUNK_SAMPLES], samples_so_far, collector
                    )
            if not utterance.cleared:
                await asyncio.wait([listening], timeout=0.05)  # the last tags have no word behind them
                await self._push(utterance, format_.flush(), samples_so_far, collector)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        self._close(utterance)

    async def _push(self, utterance: _Utterance, samples: I16, at: int, collector: CueCollector) -> int:
        """How many samples were taken."""
        cues = collector.take()
        if len(samples) or (cues and utterance.number is not None):
            audio = AudioChunk(ticks_from_samples(at, SPEECH_HZ), SPEECH_HZ, samples)
            number = await self._sink.push(SpeechChunk(audio, cues, collector.phones_known))
            if not utterance.cleared:
                utterance.number = number
        return len(samples)

    def _close(self, utterance: _Utterance) -> None:
        """Its last sample was pushed; it is finished when that was heard, or now where there was none."""
        if utterance.cleared or utterance not in self._open:
            return
        if utterance.number is None:
            self._end(utterance, 0.0, interrupted=False)
        else:
            self._sink.end_utterance()

    # Back to the agent --------------------------------------------------------------------------------------------------------

    def _started(self, utterance: int) -> None:
        del utterance
        self._spans.sounded()
        self._reports.put_nowait((PLAYBACK_STARTED, ""))

    def _finished(self, end: PlaybackEnd) -> None:
        for utterance in self._open:
            if utterance.number == end.utterance or utterance.number is None:
                self._end(utterance, end.position_s, interrupted=end.interrupted)
                return

    def _end(self, utterance: _Utterance, position_s: float, *, interrupted: bool) -> None:
        self._open.remove(utterance)
        self._spans.end(position_s, interrupted=interrupted)
        self._tell_finished(position_s, interrupted=interrupted)

    def _tell_finished(self, position_s: float, *, interrupted: bool) -> None:
        fields = {"playback_position": position_s, "interrupted": interrupted, "synchronized_transcript": None}
        self._reports.put_nowait((PLAYBACK_FINISHED, json.dumps(fields)))

    async def _report(self) -> None:
        while True:
            method, payload = await self._reports.get()
            await self._call(method, payload)

    async def _call(self, method: str, payload: str) -> None:
        assert self._room is not None
        for _ in range(RPC_TRIES):
            try:
                await self._room.local_participant.perform_rpc(destination_identity=self._agent, method=method, payload=payload)
            except rtc.RpcError as error:
                if error.code == rtc.RpcError.ErrorCode.UNSUPPORTED_METHOD:
                    return  # an agent that does not want to know when playback starts
                log.warning("%s did not reach the agent: %s", method, error)
                await asyncio.sleep(RPC_PAUSE_S)
            else:
                return


async def _until_superseded(utterance: _Utterance) -> AsyncIterator[bytes]:
    """The stream's pieces to its end, or as far as they came where the end is lost: all of it lies before a newer stream's head."""
    superseded = asyncio.ensure_future(utterance.superseded.wait())
    try:
        while not utterance.cleared:
            coming = asyncio.ensure_future(anext(utterance.audio))
            await asyncio.wait({coming, superseded}, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done() and superseded.done() and not utterance.cleared:
                await asyncio.wait({coming}, timeout=LAST_PIECE_S)
            if not coming.done():
                coming.cancel()
                return
            try:
                piece = coming.result()
            except (StopAsyncIteration, rtc.StreamError):
                return
            yield piece
    finally:
        superseded.cancel()
