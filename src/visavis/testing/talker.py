"""A voice that plays what it is given: for tests of sessions and transports without an agent."""

from __future__ import annotations

import asyncio

import numpy as np

from visavis.types import (
    SPEECH_HZ,
    AgentState,
    AudioChunk,
    PhoneCue,
    SpeechChunk,
    SpeechSink,
    WordCue,
    ticks_from_s,
    ticks_from_samples,
)

TONE_HZ = 220.0
WORD_S = 0.25


class EchoTalker:
    """Answers every text by sounding one 250 ms tone a word, each with its phone (an open vowel) and its word cue."""

    def __init__(self, sink: SpeechSink, listener: object) -> None:
        self._sink = sink
        self._listener = listener
        self._speaking: asyncio.Task[None] | None = None
        self.heard_chunks = 0
        self.started = False
        self.closed = False

    async def start(self, *, greet: bool = True) -> None:
        self.started = True

    def hear(self, audio: AudioChunk) -> None:
        self.heard_chunks += 1

    async def chat(self, text: str) -> None:
        await self.say(text)

    async def say(self, text: str) -> None:
        """As an utterance of its own: what is still being pushed of another ends there."""
        if self._speaking is not None and not self._speaking.done():
            self._sink.end_utterance()
        self._stop()
        self._listener.on_state(AgentState.SPEAKING)  # type: ignore[attr-defined]
        self._speaking = asyncio.get_running_loop().create_task(self._speak(text.split()), name="echo talker")

    def interrupt(self) -> None:
        self._stop()
        self._sink.interrupt()
        self._listener.on_state(AgentState.LISTENING)  # type: ignore[attr-defined]

    def become(self, persona: object) -> None:
        """A tone is a tone."""

    async def aclose(self) -> None:
        self._stop()
        self.closed = True

    def _stop(self) -> None:
        if self._speaking is not None:
            self._speaking.cancel()
            self._speaking = None

    async def _speak(self, words: list[str]) -> None:
        count = round(WORD_S * SPEECH_HZ)
        for index, word in enumerate(words):
            at = ticks_from_samples(index * count, SPEECH_HZ)
            t = (np.arange(count) + index * count) / SPEECH_HZ
            samples = (np.sin(2 * np.pi * TONE_HZ * t) * 9000).astype(np.int16)
            end = at + ticks_from_s(WORD_S)
            cues = (WordCue(at, end, word), PhoneCue(at, end, "ɑ", 2))
            await self._sink.push(SpeechChunk(AudioChunk(at, SPEECH_HZ, samples), cues, phones_known=True))
        self._sink.end_utterance()
