"""Speech whose phones nobody told us: recognised off the loop, in order, and handed to motion."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Final

from visavis.types import AudioChunk, PhoneCue

if TYPE_CHECKING:
    from visavis.motion.recogniser import PhoneRecogniser

log = logging.getLogger(__name__)

QUEUE_CHUNKS: Final = 2_000
"""About 40 s of 20 ms pieces; the player's own bound keeps it far below. Drop rule: the oldest goes; lips are lost there, sound is not."""
_END: Final = None


class SpeechHearing:
    """Feeds a phone recogniser with placed audio. The recogniser is loaded with the first chunk that needs it."""

    def __init__(self, executor: Executor, deliver: Callable[[Sequence[PhoneCue]], None]) -> None:
        self._executor = executor
        self._deliver = deliver
        self._queue: asyncio.Queue[tuple[int, AudioChunk | None]] = asyncio.Queue(QUEUE_CHUNKS)
        self._recogniser: PhoneRecogniser | None = None
        self._task: asyncio.Task[None] | None = None
        self._epoch = 0
        self._open = False

    def push(self, audio: AudioChunk) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="speech hearing")
            self._task.add_done_callback(_log_failure)
        self._open = True
        self._put(audio)

    def end(self) -> None:
        """The utterance ends here; what the recogniser held back comes out."""
        if self._open:
            self._open = False
            self._put(_END)

    def cut(self) -> None:
        """Forget everything that was pushed."""
        self._epoch += 1
        self._open = False

    def _put(self, audio: AudioChunk | None) -> None:
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait((self._epoch, audio))

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        epoch = self._epoch
        while True:
            at, audio = await self._queue.get()
            if at != self._epoch:
                continue
            phones = await loop.run_in_executor(self._executor, self._recognise, audio, at != epoch)
            epoch = at
            if at == self._epoch and phones:
                self._deliver(phones)

    def _recognise(self, audio: AudioChunk | None, afresh: bool) -> list[PhoneCue]:
        if self._recogniser is None:
            from visavis.motion.recogniser import PhoneRecogniser

            self._recogniser = PhoneRecogniser()
        if afresh:
            self._recogniser.flush()  # making a new decoder would hold the interpreter for a tenth of a second and more
        if audio is None:
            return self._recogniser.flush()
        return self._recogniser.push(audio)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("the phone recogniser failed; lips stay still for this voice", exc_info=task.exception())
