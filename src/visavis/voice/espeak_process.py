"""eSpeak's process seen from outside: one sentence asked, one answered; started when needed, started again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from visavis.errors import BadSettings, Unavailable
from visavis.types import I16
from visavis.voice.worker_process import WorkerDied, WorkerProcess

MAX_CHARACTERS: Final = 600
"""Longest text asked for at once: some forty seconds of speech."""
SAY_TIMEOUT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Voicing:
    """How eSpeak shall speak: a voice such as `en-us+f3`, words a minute, pitch and its range 0 to 100."""

    voice: str = "en-us"
    rate: int = 165
    pitch: int = 50
    range: int = 50


@dataclass(frozen=True, slots=True)
class EspeakEvent:
    """`kind` is "word" or "phone"; `sample` counts at the process's rate; `position` is 1-based, in characters of the text."""

    kind: str
    sample: int
    position: int
    length: int
    ipa: str


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """A sentence as eSpeak gives it: int16 [n] at `rate_hz`, and its events in order of time."""

    rate_hz: int
    samples: I16
    events: tuple[EspeakEvent, ...]


class EspeakProcess:
    """One eSpeak process. Requests are answered one at a time; a dead process is replaced and the request asked once more.

    Raises BadSettings for a voice that eSpeak does not know, Unavailable where it cannot run.
    """

    def __init__(self) -> None:
        self._worker = WorkerProcess(
            Path(__file__).with_name("espeak_worker.py"),
            what="eSpeak NG, the built-in voice,",
            mend="Reinstall it with: pip install --force-reinstall espeakng-loader",
        )
        self._rate_hz = 0
        self._lock = asyncio.Lock()
        self._closed = False
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        return self._worker.pid

    async def say(self, text: str, voicing: Voicing) -> Spoken:
        """Synthesise at most `MAX_CHARACTERS` of text. Cancelling leaves the process usable."""
        assert len(text) <= MAX_CHARACTERS, len(text)
        async with self._lock:
            if self._closed:
                raise Unavailable("The voice is closed.")
            # finished even if the caller goes away: a half-read answer would be taken for the next one's
            asking = asyncio.ensure_future(self._ask_twice(text, voicing))
            try:
                return await asyncio.shield(asking)
            except asyncio.CancelledError:
                with contextlib.suppress(Unavailable, BadSettings):
                    await asking
                raise

    async def _ask_twice(self, text: str, voicing: Voicing) -> Spoken:
        try:
            return await self._ask(text, voicing)
        except WorkerDied:
            self.restarts += 1
            return await self._ask(text, voicing)

    async def _ask(self, text: str, voicing: Voicing) -> Spoken:
        if self._worker.pid is None:
            (self._rate_hz,) = struct.unpack("<I", await self._worker.start())
        self._worker.write(json.dumps({"text": text.replace("\0", " "), **asdict(voicing)}).encode() + b"\n")
        try:
            kind, payload = await asyncio.wait_for(self._worker.read(), SAY_TIMEOUT_S)
        except TimeoutError as error:
            await self._worker.end()
            raise WorkerDied("eSpeak did not answer in time.") from error
        except WorkerDied:
            await self._worker.end()
            raise
        if kind == b"FAIL":
            raise BadSettings(payload.decode(), mend="Take one such as en-us, en-us+f3 or de.")
        assert kind == b"SAID", kind
        return _spoken(payload, self._rate_hz)

    async def aclose(self) -> None:
        """End the process. Idempotent."""
        self._closed = True
        async with self._lock:
            await self._worker.end()


def _spoken(payload: bytes, rate_hz: int) -> Spoken:
    (count,) = struct.unpack_from("<I", payload)
    samples = np.frombuffer(payload, np.dtype("<i2"), count, 4).astype(np.int16)
    events = tuple(EspeakEvent(*event) for event in json.loads(payload[4 + 2 * count :]))
    return Spoken(rate_hz, samples, events)
