"""The built-in voice: eSpeak NG as a livekit-agents TTS. Speaks a hundred languages and knows the time of every phone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from livekit.agents import APIError, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

from visavis.errors import VisavisError
from visavis.types import SPEECH_HZ, TICKS_HZ, PhoneCue, shift_cue, ticks_from_samples
from visavis.voice.espeak_process import EspeakProcess, Voicing
from visavis.voice.espeak_speech import Sentence, SpokenWord, gain_for, sentence_of
from visavis.voice.persona import Persona
from visavis.voice.sentences import Piece, SentenceCutter
from visavis.voice.timed import TimedWord

GAP_S: Final = 0.28
"""Silence between two sentences."""
FRAME_MS: Final = 100
_CALIBRATION: Final = "The quick brown fox jumps over the lazy dog, and then it rests for a while."


def voicing_for(persona: Persona, language: str, voice: str | None) -> Voicing:
    """eSpeak's parameters for a persona; `voice`, where given, is eSpeak's own name for one and wins."""
    name = voice or f"{language}+{persona.variant}"
    return Voicing(name, persona.rate_wpm, persona.pitch, persona.pitch_range)


class EspeakTTS(tts.TTS):  # type: ignore[type-arg]
    """Sentences are spoken as they are completed. One process for each instance; `aclose` ends it."""

    def __init__(self, voicing: Voicing = Voicing()) -> None:  # noqa: B008 (frozen)
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=True, aligned_transcript=True), sample_rate=SPEECH_HZ, num_channels=1
        )
        self._voicing = voicing
        self._process = EspeakProcess()
        self._gains: dict[str, float] = {}

    @property
    def model(self) -> str:
        return self._voicing.voice

    @property
    def provider(self) -> str:
        return "espeak-ng"

    @property
    def process(self) -> EspeakProcess:
        return self._process

    def use(self, voicing: Voicing) -> None:
        """Speak with another voice from the next sentence on."""
        self._voicing = voicing

    async def warm_up(self) -> None:
        """Start the process and learn the voice's level, so that the first sentence does not wait. Raises as `say` does."""
        await self._gain(self._voicing)

    async def say(self, text: str) -> Sentence:
        """One sentence, at the common level. Raises BadSettings for an unknown voice, Unavailable where eSpeak cannot run."""
        voicing = self._voicing
        gain = await self._gain(voicing)
        return sentence_of(text, await self._process.say(text, voicing), gain)

    async def _gain(self, voicing: Voicing) -> float:
        key = voicing.voice
        if key not in self._gains:
            plain = replace(voicing, rate=165)
            self._gains[key] = gain_for((await self._process.say(_CALIBRATION, plain)).samples)
        return self._gains[key]

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> tts.ChunkedStream:
        return self._synthesize_with_stream(text, conn_options=conn_options)

    def stream(self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> tts.SynthesizeStream:
        return EspeakStream(tts=self, conn_options=conn_options)

    async def aclose(self) -> None:
        await self._process.aclose()


class EspeakStream(tts.SynthesizeStream):
    """One utterance."""

    _tts: EspeakTTS

    def __init__(self, *, tts: EspeakTTS, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=tts, conn_options=conn_options)
        self._samples = 0

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(), sample_rate=SPEECH_HZ, num_channels=1, mime_type="audio/pcm",
            frame_size_ms=FRAME_MS, stream=True,
        )  # fmt: skip
        output_emitter.start_segment(segment_id=utils.shortuuid())
        self._samples = 0
        cutter = SentenceCutter()
        async for token in self._input_ch:
            pieces = cutter.push(token) if isinstance(token, str) else cutter.flush()
            for piece in pieces:
                await self._speak(piece, output_emitter)
        for piece in cutter.flush():
            await self._speak(piece, output_emitter)
        output_emitter.end_segment()

    async def _speak(self, piece: Piece, output_emitter: tts.AudioEmitter) -> None:
        if not any(character.isalnum() for character in piece.text):
            if piece.text.strip() and not self._samples:  # "..." alone: a short silence, not an error
                self._pause(output_emitter)
            return
        self._mark_started()
        try:
            sentence = await self._tts.say(piece.text)
        except VisavisError as error:
            raise APIError(str(error), retryable=False) from error
        if self._samples:
            self._pause(output_emitter)
        start_ticks = ticks_from_samples(self._samples, SPEECH_HZ)
        for timed in _timed(sentence, piece.offset, start_ticks):
            output_emitter.push_timed_transcript(timed)
        output_emitter.push(sentence.samples.tobytes())
        self._samples += len(sentence.samples)
        await asyncio.sleep(0)

    def _pause(self, output_emitter: tts.AudioEmitter) -> None:
        samples = round(GAP_S * SPEECH_HZ)
        start, end = (ticks_from_samples(n, SPEECH_HZ) for n in (self._samples, self._samples + samples))
        output_emitter.push_timed_transcript(TimedWord.of(None, (PhoneCue(start, end, ""),)))
        output_emitter.push(np.zeros(samples, np.int16).tobytes())
        self._samples += samples


def _timed(sentence: Sentence, offset: int, start_ticks: int) -> Iterator[TimedWord]:
    """A sentence's words, each with the phones that begin in it, moved to the utterance's time and text."""
    phones = [shift_cue(phone, start_ticks) for phone in sentence.phones]
    taken = 0
    for index, word in enumerate(sentence.words):
        word_end = sentence.words[index + 1].t_ticks + start_ticks if index + 1 < len(sentence.words) else TICKS_HZ << 40
        upto = taken
        while upto < len(phones) and phones[upto].t_ticks < word_end:
            upto += 1
        moved = SpokenWord(word.offset + offset, word.text, word.t_ticks + start_ticks, word.end_ticks + start_ticks)
        yield TimedWord.of(moved, [p for p in phones[taken:upto] if isinstance(p, PhoneCue)])
        taken = upto
    if taken < len(phones):
        yield TimedWord.of(None, [p for p in phones[taken:] if isinstance(p, PhoneCue)])
