"""A face from this machine in a Pipecat pipeline: a video service between the voice and the transport.

    pip install visavis pipecat-ai
    pipeline = Pipeline([transport.input(), stt, user, llm, tts, VisavisVideoService("nova"), transport.output(), assistant])

The transport needs `audio_out_enabled`, `video_out_enabled` and `video_out_width`, `video_out_height` of `size`. Audio leaves here
on the clock by which the face moves, each picture among the sound it belongs to.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import numpy as np
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseStartFrame,
    OutputImageRawFrame,
    StartFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
    UserStartedSpeakingFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.ai_service import AIService
from pipecat.services.settings import ServiceSettings

from visavis.audio.resample import StreamResampler
from visavis.clock import MonotonicClock
from visavis.session.faces import InstalledFaces
from visavis.session.live import Face, LiveSession
from visavis.session.sessions import persona_of
from visavis.settings import load_settings
from visavis.types import (
    AUDIO_FRAME_TICKS,
    SPEECH_HZ,
    TICKS_HZ,
    AgentState,
    AudioChunk,
    PlaybackEnd,
    SpeechChunk,
    VideoFrame,
    ticks_from_samples,
)


class VisavisVideoService(AIService):
    """Takes the voice's audio, gives it back with pictures. `avatar` is a name from `visavis avatars`, `size` a side in pixels."""

    def __init__(self, avatar: str = "nova", *, engine: str | None = None, size: int = 512, fps: int = 25) -> None:
        super().__init__(settings=ServiceSettings(model=None))
        self._chosen = load_settings(avatar=avatar, engine=engine, size=size, fps=fps)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="draw")
        self._pictures: asyncio.Queue[VideoFrame] = asyncio.Queue(2)
        self._resampler: StreamResampler | None = None
        self._pushed = 0
        self._session: LiveSession | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        self._tasks = [self.create_task(self._show()), self.create_task(self._send_pictures())]

    async def stop(self, frame: EndFrame) -> None:
        await super().stop(frame)
        await self._end()

    async def cancel(self, frame: CancelFrame) -> None:
        await super().cancel(frame)
        await self._end()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        session = self._session
        match frame:
            case TTSAudioRawFrame() if session is not None:
                await self._speak(session, frame)
                return
            case TTSStoppedFrame() if session is not None:
                session.player.end_utterance()
                self._resampler, self._pushed = None, 0
            case InterruptionFrame() if session is not None:
                session.player.interrupt()
                self._resampler, self._pushed = None, 0
            case UserStartedSpeakingFrame() if session is not None:
                session.on_state(AgentState.LISTENING)
            case LLMFullResponseStartFrame() if session is not None and not session.player.speaking:
                session.on_state(AgentState.THINKING)
        await self.push_frame(frame, direction)

    async def _show(self) -> None:
        """Puts the face in front; until it is built, which takes seconds once, the voice passes through."""
        face = await self._face(self._chosen.avatar)
        session = LiveSession(
            name="pipecat", clock=MonotonicClock(), face=face, change_face=self._face, fps=self._chosen.fps,
            executor=self._executor, seed=secrets.randbits(32), language_model=True,
        )  # fmt: skip
        session.join(self, lambda sink, listener: Mute())
        session.player.on_playback_finished = self._spoken
        session.on_connected()
        self._session = session
        await self._send_audio(session)

    async def _speak(self, session: LiveSession, frame: TTSAudioRawFrame) -> None:
        if self._resampler is None:
            self._resampler = StreamResampler(frame.sample_rate, SPEECH_HZ)
            session.on_state(AgentState.SPEAKING)
        sound = np.frombuffer(frame.audio, np.int16).reshape(-1, frame.num_channels)[:, 0]
        samples = self._resampler.push(np.ascontiguousarray(sound))
        at, self._pushed = ticks_from_samples(self._pushed, SPEECH_HZ), self._pushed + len(samples)
        await session.player.push(SpeechChunk(AudioChunk(at, SPEECH_HZ, samples)))

    def _spoken(self, end: PlaybackEnd) -> None:
        if self._session is not None and not self._session.player.speaking:
            self._session.on_state(AgentState.LISTENING)

    async def _send_audio(self, session: LiveSession) -> None:
        """20 ms at a time, as the face's own clock says; silence is the transport's."""
        t_ticks = session.clock.now_ticks() // AUDIO_FRAME_TICKS * AUDIO_FRAME_TICKS
        while True:
            t_ticks += AUDIO_FRAME_TICKS
            await session.clock.sleep_until(t_ticks)
            speaking = session.player.speaking
            sound = session.player.read(t_ticks, AUDIO_FRAME_TICKS)
            if speaking or sound.any():
                await self.push_frame(TTSAudioRawFrame(sound.tobytes(), TICKS_HZ, 1))

    async def _send_pictures(self) -> None:
        while True:
            picture = await self._pictures.get()
            rgb = cv2.cvtColor(picture.i420, cv2.COLOR_YUV2RGB_I420)
            shown = OutputImageRawFrame(image=rgb.tobytes(), size=(picture.width, picture.height), format="RGB")
            shown.sync_with_audio = self._session is not None and self._session.player.speaking
            await self.push_frame(shown)

    async def _face(self, name: str) -> Face:
        installed = InstalledFaces(self._chosen.home, self._chosen.cache)
        avatar = installed.avatar(name)
        make = partial(installed.engine, avatar, self._chosen.engine, self._chosen.size, governed=True)
        engine = await asyncio.get_running_loop().run_in_executor(self._executor, make)
        return Face(name, engine, persona_of(avatar), avatar.gains)

    async def _end(self) -> None:
        for task in self._tasks:
            await self.cancel_task(task)
        session, self._session, self._tasks = self._session, None, []
        if session is not None:
            await session.aclose()
        self._executor.shutdown(wait=False)

    # The session's viewer: pictures to the pipeline; its events are told by Pipecat's own frames -------------------------------

    def deliver(self, frame: VideoFrame) -> None:
        if self._pictures.full():
            self._pictures.get_nowait()
        self._pictures.put_nowait(frame)

    def send(self, event: str) -> None: ...

    def send_motion(self, frame: bytes) -> None: ...

    def speech_rtp_zero(self) -> None: ...

    async def aclose(self) -> None: ...


class Mute:
    """The session's voice: the pipeline speaks, so there is nothing to say of one's own."""

    async def start(self, *, greet: bool = True) -> None: ...

    def hear(self, audio: AudioChunk) -> None: ...

    async def chat(self, text: str) -> None: ...

    async def say(self, text: str) -> None: ...

    def interrupt(self) -> None: ...

    def become(self, persona: object) -> None: ...

    async def aclose(self) -> None: ...
