"""The built-in recogniser: pocketsphinx as a livekit-agents STT. English, modest, on this machine.

It decodes while the user speaks, in a process of its own, so that the words are there as soon as the voice detector says that
speech has ended.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from pathlib import Path
from typing import Final

import numpy as np
from livekit import rtc
from livekit.agents import APIConnectionError, LanguageCode, stt, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN, APIConnectOptions, NotGivenOr
from livekit.agents.utils import AudioBuffer

from visavis.audio.resample import resample
from visavis.errors import Unavailable
from visavis.types import HEARING_HZ, I16
from visavis.voice.silero import SileroVAD
from visavis.voice.worker_process import HEADER, WorkerDied, WorkerProcess

PREFIX_S: Final = 0.5
"""What is decoded from before the detector noticed speech: it notices late."""
MAX_UTTERANCE_S: Final = 30.0
"""A longer one is cut: the recogniser's memory grows with it."""
MAX_WAITING_BYTES: Final = 2 * HEARING_HZ * 10
"""Audio that may wait for a busy recogniser; beyond, it is dropped."""
FINAL_TIMEOUT_S: Final = 5.0
LANGUAGE: Final = LanguageCode("en-US")
_MEND: Final = "Reinstall it with: pip install --force-reinstall pocketsphinx"


def _frame(kind: bytes, payload: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


class SphinxSTT(stt.STT):  # type: ignore[type-arg]
    """Listens when `vad` says that somebody speaks; `vad` must be the one its session uses. One process for each instance."""

    def __init__(self, vad: SileroVAD) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(streaming=True, interim_results=True, offline_recognize=True),
        )
        self.vad = vad
        self.worker = WorkerProcess(
            Path(__file__).with_name("sphinx_worker.py"), what="pocketsphinx, the built-in recogniser,", mend=_MEND
        )
        self._starting = asyncio.Lock()
        self._busy = asyncio.Lock()

    @property
    def model(self) -> str:
        return "en-us"

    @property
    def provider(self) -> str:
        return "pocketsphinx"

    async def warm_up(self) -> None:
        """Load the models, so that the first words are not missed. Raises Unavailable."""
        async with self._starting:
            if self.worker.pid is None:
                await self.worker.start()

    async def _recognize_impl(
        self, buffer: AudioBuffer, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions
    ) -> stt.SpeechEvent:
        """A whole recording. Not while a stream of the same instance is listening: they would share the process."""
        del language, conn_options
        frame = utils.merge_frames(buffer)
        samples = resample(np.frombuffer(frame.data, np.int16), frame.sample_rate, HEARING_HZ)
        async with self._busy:
            try:
                await self.warm_up()
                self.worker.write(_frame(b"OPEN") + _frame(b"FEED", samples.tobytes()) + _frame(b"DONE"))
                while True:
                    kind, payload = await self.worker.read()
                    if kind == b"TEXT":
                        return _event(stt.SpeechEventType.FINAL_TRANSCRIPT, payload)
            except Unavailable as error:
                raise APIConnectionError(str(error)) from error

    def stream(
        self, *, language: NotGivenOr[str] = NOT_GIVEN, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> stt.RecognizeStream:
        del language
        return SphinxStream(stt=self, conn_options=conn_options, sample_rate=HEARING_HZ)

    async def aclose(self) -> None:
        async with self._starting:
            await self.worker.end()


class SphinxStream(stt.RecognizeStream):
    """Audio goes to the process while somebody speaks; what it understands comes back as events."""

    _stt: SphinxSTT

    def __init__(self, *, stt: SphinxSTT, conn_options: APIConnectOptions, sample_rate: int) -> None:
        self._before: deque[I16] = deque()
        self._before_samples = 0
        self._listening = False
        self._fed_samples = 0
        self.restarts = 0
        super().__init__(stt=stt, conn_options=conn_options, sample_rate=sample_rate)

    async def _run(self) -> None:
        unwatch = self._stt.vad.watch(self._on_speech)
        reading = asyncio.create_task(self._read_answers())
        try:
            async for item in self._input_ch:
                if reading.done():
                    reading.result()
                if isinstance(item, rtc.AudioFrame):
                    self._hear(np.frombuffer(item.data, np.int16))
                elif self._listening:
                    self._on_speech(False)
        finally:
            unwatch()
            await utils.aio.cancel_and_wait(reading)

    def _on_speech(self, speaking: bool) -> None:
        if speaking == self._listening:
            return
        self._listening = speaking
        if speaking:
            audio = np.concatenate(self._before) if self._before else np.zeros(0, np.int16)
            self._stt.worker.write(_frame(b"OPEN") + _frame(b"FEED", audio.tobytes()))
            self._fed_samples = 0
        else:
            self._stt.worker.write(_frame(b"DONE"))

    def _hear(self, samples: I16) -> None:
        self._before.append(samples)
        self._before_samples += len(samples)
        while self._before_samples - len(self._before[0]) >= PREFIX_S * HEARING_HZ:
            self._before_samples -= len(self._before.popleft())
        if not self._listening:
            return
        self._stt.worker.write(_frame(b"FEED", samples.tobytes()), most_waiting=MAX_WAITING_BYTES)
        self._fed_samples += len(samples)
        if self._fed_samples > MAX_UTTERANCE_S * HEARING_HZ:
            self._stt.worker.write(_frame(b"DONE") + _frame(b"OPEN"))
            self._fed_samples = 0

    async def _read_answers(self) -> None:
        deaths = 0
        while True:
            try:
                await self._stt.warm_up()
                kind, payload = await self._stt.worker.read()
            except WorkerDied:
                self.restarts += 1
                deaths += 1
                self._listening = False  # what was being said is lost; the next words are heard
                await self._stt.worker.end()
                await asyncio.sleep(min(5.0, 0.1 * (deaths - 1)))
                continue
            except Unavailable as error:
                raise APIConnectionError(str(error)) from error
            deaths = 0
            event = _event(_KINDS[kind], payload)
            if event.alternatives[0].text:
                self._event_ch.send_nowait(event)


_KINDS: Final = {b"PART": stt.SpeechEventType.INTERIM_TRANSCRIPT, b"TEXT": stt.SpeechEventType.FINAL_TRANSCRIPT}


def _event(kind: stt.SpeechEventType, payload: bytes) -> stt.SpeechEvent:
    heard = json.loads(payload)
    data = stt.SpeechData(language=LANGUAGE, text=heard["text"])
    return stt.SpeechEvent(type=kind, request_id=utils.shortuuid("sphinx_"), alternatives=[data])
