"""The agent inside the session: livekit-agents' own, whose speech carries cues."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from typing import Any, Final

import numpy as np
from livekit import rtc
from livekit.agents import Agent, AgentSession, FlushSentinel, ModelSettings, function_tool, llm
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT, TimedString
from livekit.agents.utils import is_given

from visavis.audio.resample import StreamResampler
from visavis.types import I16, SPEECH_HZ, Cue, ticks_from_s
from visavis.voice.placing import CuePlacer, WordEstimator, WordFinder
from visavis.voice.tags import TagReader
from visavis.voice.timed import USERDATA_CUES, USERDATA_PHONES_KNOWN, TimedWord

AvatarWish = Callable[[str], Awaitable[str]]
"""Asked with a person's name; answers, in a sentence, what came of it."""


MAX_HISTORY_ITEMS: Final = 200
"""A model is shown so much of a long conversation."""


class FaceSession(AgentSession[None]):
    """livekit-agents' session, without its record of every event since the start: a conversation may last for days."""

    def emit(self, event: Any, arg: Any) -> None:
        super(AgentSession, self).emit(event, arg)


class FaceAgent(Agent):
    """Takes tags out of the text before the TTS and puts cues into the frames after it."""

    def __init__(self, *, instructions: str, on_avatar_wish: AvatarWish) -> None:
        self._on_avatar_wish = on_avatar_wish
        super().__init__(instructions=instructions, tools=[function_tool(self._change_person, name="change_person")])

    async def _change_person(self, name: str) -> str:
        """Put another person in front of the conversation, when the user asks to talk to somebody else.

        Args:
            name: The person's name, such as nova or milo.
        """
        return await self._on_avatar_wish(name)

    def llm_node(
        self, chat_ctx: llm.ChatContext, tools: list[llm.Tool], model_settings: ModelSettings
    ) -> AsyncGenerator[llm.ChatChunk | str | FlushSentinel, None]:
        return Agent.default.llm_node(self, chat_ctx.truncate(max_items=MAX_HISTORY_ITEMS), tools, model_settings)

    async def tts_node(self, text: AsyncIterable[str], model_settings: ModelSettings) -> AsyncGenerator[rtc.AudioFrame, None]:
        reader = TagReader()
        cueing = SpeechCueing(reader)
        async for frame in Agent.default.tts_node(self, _spoken_only(text, reader), model_settings):
            for out in cueing.push(frame):
                yield out
        for out in cueing.flush():
            yield out


async def _spoken_only(text: AsyncIterable[str], reader: TagReader) -> AsyncGenerator[str, None]:
    async for piece in text:
        if spoken := reader.push(piece):
            yield spoken
    if spoken := reader.flush():
        yield spoken


class SpeechCueing:
    """One utterance on its way from a TTS: any rate to `SPEECH_HZ`, each frame with the cues learnt with it."""

    def __init__(self, reader: TagReader) -> None:
        self._reader = reader
        self._placer = CuePlacer(reader)
        self._finder = WordFinder(lambda: reader.spoken)
        self._estimator: WordEstimator | None = None
        self._resampler: StreamResampler | None = None
        self._phones_known = False
        self._times_known = False
        self._samples = 0
        self._waiting: list[Cue] = []

    def push(self, frame: rtc.AudioFrame) -> list[rtc.AudioFrame]:
        cues = self._told_cues(frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, []))
        samples = self._at_speech_rate(frame)
        if not self._times_known:
            if self._estimator is None:
                self._estimator = WordEstimator(lambda: self._reader.spoken)
            for word in self._estimator.push(samples):
                cues += self._placer.word(word)
        return self._frames(samples, cues, frame.userdata)

    def flush(self) -> list[rtc.AudioFrame]:
        samples = self._resampler.flush() if self._resampler is not None else np.zeros(0, np.int16)
        cues: list[Cue] = []
        if self._estimator is not None and not self._times_known:
            for word in [*self._estimator.push(samples), *self._estimator.flush()]:
                cues += self._placer.word(word)
        cues += self._placer.end()
        # tags without a word after them still need a place to stand
        if (cues or self._waiting) and not len(samples):
            samples = np.zeros(SPEECH_HZ // 5 if not self._samples else SPEECH_HZ // 50, np.int16)
        return self._frames(samples, cues, {})

    def _told_cues(self, timed_words: list[TimedString]) -> list[Cue]:
        cues: list[Cue] = []
        for timed in timed_words:
            if isinstance(timed, TimedWord):
                self._phones_known = self._times_known = True
                if timed.word is not None:
                    cues += self._placer.word(timed.word)
                cues += timed.phones
            elif is_given(timed.start_time) and is_given(timed.end_time):
                self._times_known = self._estimator is None
                if self._times_known:
                    for word in self._finder.find(timed, ticks_from_s(timed.start_time), ticks_from_s(timed.end_time)):
                        cues += self._placer.word(word)
        return cues

    def _at_speech_rate(self, frame: rtc.AudioFrame) -> I16:
        samples = np.frombuffer(frame.data, np.int16)
        if frame.num_channels > 1:
            samples = samples.reshape(-1, frame.num_channels).mean(axis=1).astype(np.int16)
        if frame.sample_rate == SPEECH_HZ:
            return samples
        if self._resampler is None:
            self._resampler = StreamResampler(frame.sample_rate, SPEECH_HZ)
        return self._resampler.push(samples)

    def _frames(self, samples: I16, cues: list[Cue], userdata: dict[str, Any]) -> list[rtc.AudioFrame]:
        self._waiting += cues
        if not len(samples):
            return []
        self._samples += len(samples)
        carried = {**userdata, USERDATA_CUES: tuple(self._waiting), USERDATA_PHONES_KNOWN: self._phones_known}
        self._waiting = []
        return [rtc.AudioFrame(samples.tobytes(), SPEECH_HZ, 1, len(samples), userdata=carried)]
