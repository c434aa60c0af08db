"""Speech whose phones nobody told us: listened to off the loop, in order; the mouths heard are handed to motion."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Final

from visavis.types import AudioChunk

if TYPE_CHECKING:
    from visavis.motion.heard import HeardFrames
    from visavis.motion.voice_model import VoiceModel

log = logging.getLogger(__name__)

QUEUE_CHUNKS: Final = 2_000
"""About 40 s of 20 ms pieces; the player's own bound keeps it far below. Drop rule: the oldest goes; lips are lost there, sound is not."""
MICROPHONE_JITTER_S: Final = 0.25
"""A microphone is timed as it arrives."""
_END: Final = None


class SpeechHearing:
    """Feeds the motion model with placed audio. It is loaded with the first chunk that needs it."""

    def __init__(self, executor: Executor, deliver: Callable[[Sequence[HeardFrames]], None], *, gap_s: float = 0.001) -> None:
        """`gap_s` as in `VoiceModel`."""
        self._executor = executor
        self._deliver = deliver
        self._gap_s = gap_s
        self._queue: asyncio.Queue[tuple[int, AudioChunk | None]] = asyncio.Queue(QUEUE_CHUNKS)
        self._model: VoiceModel | None = None
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
        """The utterance ends here; what the model held back comes out."""
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
            heard = await loop.run_in_executor(self._executor, self._listen, audio, at != epoch)
            epoch = at
            if at == self._epoch and heard:
                self._deliver(heard)

    def _listen(self, audio: AudioChunk | None, afresh: bool) -> list[HeardFrames]:
        if self._model is None:
            from visavis.motion.voice_model import VoiceModel

            self._model = VoiceModel(gap_s=self._gap_s)
        if afresh:
            self._model.reset()
        return self._model.flush() if audio is None else self._model.push(audio)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("the motion model failed; lips stay still for this voice", exc_info=task.exception())
