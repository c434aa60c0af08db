"""eSpeak's process seen from outside: one sentence asked, one answered; started when needed, started again when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from visavis.errors import BadSettings, Unavailable
from visavis.types import I16

WORKER: Final = Path(__file__).with_name("espeak_worker.py")
HEADER: Final = struct.Struct("<4sI")
MAX_CHARACTERS: Final = 600
"""Longest text asked for at once: some forty seconds of speech."""
START_TIMEOUT_S: Final = 15.0
SAY_TIMEOUT_S: Final = 15.0
_MEND: Final = "Reinstall it with: pip install --force-reinstall espeakng-loader"


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


class EspeakDied(Unavailable):
    """The process ended in the middle of a request."""


class EspeakProcess:
    """One eSpeak process. Requests are answered one at a time; a dead process is replaced and the request asked once more.

    Raises BadSettings for a voice that eSpeak does not know, Unavailable where it cannot run.
    """

    def __init__(self, executable: str = sys.executable) -> None:
        self._executable = executable
        self._process: asyncio.subprocess.Process | None = None
        self._rate_hz = 0
        self._lock = asyncio.Lock()
        self._closed = False
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        """Of the running process; None while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

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
        except EspeakDied:
            self.restarts += 1
            return await self._ask(text, voicing)

    async def _ask(self, text: str, voicing: Voicing) -> Spoken:
        process = await self._running()
        assert process.stdin is not None
        line = json.dumps({"text": text.replace("\0", " "), **asdict(voicing)}) + "\n"
        try:
            process.stdin.write(line.encode())
            await process.stdin.drain()
            kind, payload = await asyncio.wait_for(self._read(process), SAY_TIMEOUT_S)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError) as error:
            await self._end()
            raise EspeakDied("eSpeak's process died while speaking.", mend=_MEND) from error
        if kind == b"FAIL":
            raise BadSettings(
                payload.decode(), mend="Take one such as en-us, en-us+f3 or de (VISAVIS_VOICE, VISAVIS_LANGUAGE)."
            )
        assert kind == b"SAID", kind
        return _spoken(payload, self._rate_hz)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        process = self._process = await asyncio.create_subprocess_exec(
            self._executable, "-I", str(WORKER),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            kind, payload = await asyncio.wait_for(self._read(process), START_TIMEOUT_S)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as error:
            await self._end()
            raise Unavailable("eSpeak NG, the built-in voice, does not start.", mend=_MEND) from error
        assert kind == b"RATE", kind
        (self._rate_hz,) = struct.unpack("<I", payload)
        return process

    @staticmethod
    async def _read(process: asyncio.subprocess.Process) -> tuple[bytes, bytes]:
        assert process.stdout is not None
        kind, size = HEADER.unpack(await process.stdout.readexactly(HEADER.size))
        return kind, await process.stdout.readexactly(size)

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        _close_pipes(process)

    async def aclose(self) -> None:
        """End the process. Idempotent."""
        self._closed = True
        async with self._lock:
            await self._end()


def _close_pipes(process: asyncio.subprocess.Process) -> None:
    # asyncio closes the pipes of an ended process only when it is collected, and complains when the loop has gone by then
    transport: Any = process._transport  # type: ignore[attr-defined]
    transport.close()


def _spoken(payload: bytes, rate_hz: int) -> Spoken:
    (count,) = struct.unpack_from("<I", payload)
    samples = np.frombuffer(payload, np.dtype("<i2"), count, 4).astype(np.int16)
    events = tuple(EspeakEvent(*event) for event in json.loads(payload[4 + 2 * count :]))
    return Spoken(rate_hz, samples, events)
