"""One conversation with one viewer: the only place where voice, motion, engine, sync and transport meet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from visavis import protocol
from visavis.clock import Clock
from visavis.errors import Busy, Unavailable, VisavisError
from visavis.motion import Motion
from visavis.session.capacity import MOTION_HZ
from visavis.session.hearing import MICROPHONE_JITTER_S, SpeechHearing
from visavis.sync.captions import Captions
from visavis.sync.figures import Rolling
from visavis.sync.speech_player import SpeechPlayer
from visavis.sync.video_pacer import VideoPacer
from visavis.types import (
    I16,
    TICKS_HZ,
    AgentState,
    AudioChunk,
    Engine,
    FaceFrame,
    PlaybackEnd,
    SpeechChunk,
    SpeechSink,
    VideoFrame,
    WordCue,
    period_ticks,
    ticks_from_s,
)
from visavis.voice.persona import Persona

log = logging.getLogger(__name__)

STATS_PERIOD_S: Final = 1.0
MAX_PENDING_MESSAGES: Final = 32
"""Control messages waiting to be carried out. Drop rule: refused with an error beyond this."""
MAX_UNREAD_EVENTS: Final = 256
FAREWELL_S: Final = 1.0


class Viewer(Protocol):
    """The session's side of a transport."""

    def deliver(self, frame: VideoFrame) -> None: ...

    def send(self, event: str) -> None: ...

    def send_motion(self, frame: bytes) -> None: ...

    def speech_rtp_zero(self) -> int | None:
        """RTP timestamp of the sound at media time 0; None before the first packet."""

    async def aclose(self) -> None: ...


class Talker(Protocol):
    """The session's side of a conversation, as `voice.conversation.Conversation` is one."""

    async def start(self, *, greet: bool = True) -> None: ...

    def hear(self, audio: AudioChunk) -> None: ...

    async def chat(self, text: str) -> None: ...

    async def say(self, text: str) -> None: ...

    def interrupt(self) -> None: ...

    def become(self, persona: Persona) -> None:
        """Speak as somebody else from the next sentence on."""

    async def aclose(self) -> None: ...


class Companion(Protocol):
    """Something that sees every face the session samples, and works beside it while the viewer is there."""

    def on_face(self, face: FaceFrame) -> None: ...

    async def run(self) -> None: ...


@dataclass(frozen=True)
class Face:
    """Who stands in front: the bundle's name, an engine of its own (none where the viewer draws), its voice and calibration."""

    avatar: str
    engine: Engine | None
    persona: Persona
    gains: Mapping[str, float]


class LiveSession:
    """Owns its stages; `aclose` ends them all. Everything but drawing happens on the event loop."""

    def __init__(
        self,
        *,
        name: str,
        clock: Clock,
        face: Face,
        change_face: Callable[[str], Awaitable[Face]],
        fps: int,
        executor: Executor,
        seed: int,
        language_model: bool,
    ) -> None:
        self.name = name
        self.face = face
        self.clock = clock
        self.player = SpeechPlayer(clock, self)
        self.motion = Motion(seed=seed, gains=face.gains)
        self.response_ms = Rolling()
        self.on_ended: Callable[[LiveSession], None] = lambda session: None
        self.active_sessions: Callable[[], int] = lambda: 1
        self.on_follow: Callable[[str | None], None] = _nobody_to_follow
        self.companions: list[Companion] = []
        self._change_face = change_face
        self._fps = fps
        self._executor = executor
        self._language_model = language_model
        self._captions = Captions()
        self._hearing = SpeechHearing(executor, self.motion.hear_mouths)
        self._user_hearing = SpeechHearing(executor, self.motion.hear_user, gap_s=MICROPHONE_JITTER_S)
        self._pacer: VideoPacer | None = None
        self._viewer: Viewer | None = None
        self._talker: Talker | None = None
        self._state = AgentState.IDLE
        self._asked_ticks: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: asyncio.Queue[protocol.ControlMessage] = asyncio.Queue(MAX_PENDING_MESSAGES)
        self._watchers: set[asyncio.Queue[str | None]] = set()
        self._changing = asyncio.Lock()
        self._ended = False
        self._connected = False

    def join(self, viewer: Viewer, make_talker: Callable[[SpeechSink, LiveSession], Talker]) -> None:
        """Give the session its viewer and its voice; they come to life when the viewer is connected."""
        self._viewer = viewer
        self._talker = make_talker(self.player, self)

    async def aclose(self) -> None:
        """Idempotent. No task, thread or connection of this session is left."""
        if self._ended:
            return
        self._ended = True
        for queue in self._watchers:
            _end_queue(queue)
        async with AsyncExitStack() as ending:  # last in, first out: every step is taken, whichever of them fails
            ending.callback(self.on_ended, self)
            if self.face.engine is not None:
                ending.callback(self.face.engine.close)
            if self._viewer is not None:
                ending.push_async_callback(self._viewer.aclose)
            ending.push_async_callback(self._hearing.aclose)
            ending.push_async_callback(self._user_hearing.aclose)
            if self._talker is not None:
                ending.push_async_callback(self._talker.aclose)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # From the transport -------------------------------------------------------------------------------------------------------

    @property
    def generation(self) -> int:
        return self.player.generation

    def read_speech(self, t_ticks: int, count: int) -> I16:
        return self.player.read(t_ticks, count)

    def on_hearing(self, audio: AudioChunk) -> None:
        if self._talker is not None:
            self._talker.hear(audio)
        self.motion.hear(audio)
        self._user_hearing.push(audio)

    def on_message(self, data: str | bytes) -> None:
        """A control message from outside, over whichever transport. Faults go back as an error event."""
        try:
            message = protocol.decode_message(data)
        except VisavisError as error:
            self.report(error)
            return
        try:
            self.control(message)
        except VisavisError as error:
            self.report(error, message.id)

    def control(self, message: protocol.ControlMessage) -> None:
        """Carry a decoded message out; what takes time is queued in order. Raises Busy where too much waits already."""
        match message:
            case protocol.Interrupt():
                self._interrupt()
            case protocol.Chat() | protocol.Say() | protocol.ChangeAvatar():
                if self._pending.full():
                    raise Busy("Too many messages wait.", mend="Send fewer.")
                if not isinstance(message, protocol.ChangeAvatar):  # what is said unasked is no response to an earlier cough
                    self._asked_ticks = self.clock.now_ticks() if isinstance(message, protocol.Chat) else None
                self._pending.put_nowait(message)
            case protocol.Follow():
                self.on_follow(message.subject)
                self.motion.leave_mouth_to_speech(message.mouth == "speech")
            case _:
                self.motion.control(message, self.clock.now_ticks())

    def on_connected(self) -> None:
        """The viewer sees and hears: frames are drawn from now on, and the conversation begins."""
        if self._connected or self._ended:
            return
        self._connected = True
        if self.face.engine is not None:
            self._pacer = self._make_pacer(self.face.engine)
            self._spawn(self._pacer.run(), "video")
        else:
            self._spawn(self._stream_motion(), "motion")
        for companion in self.companions:
            self._spawn(companion.run(), "companion")
        self._spawn(self._converse(), "conversation")
        self._spawn(self._report_stats(), "stats")

    def on_control_open(self) -> None:
        self._send_state()

    def on_disconnected(self) -> None:
        task = asyncio.get_running_loop().create_task(self.aclose(), name=f"close {self.name}")
        task.add_done_callback(_log_failure)
        self._closing = task

    # From the player ----------------------------------------------------------------------------------------------------------

    def on_placed(self, chunk: SpeechChunk) -> None:
        self.motion.speak(chunk)
        if not chunk.phones_known:
            self._hearing.push(chunk.audio)

    def on_speech_end(self, t_ticks: int) -> None:
        self._hearing.end()
        self.motion.end_speech(t_ticks)

    def on_stall(self, t_ticks: int) -> None:
        self.motion.stall(t_ticks)

    def on_word(self, utterance: int, word: WordCue) -> None:
        self.send(self._captions.heard(utterance, word))

    def on_cut(self, t_ticks: int, generation: int) -> None:
        self._hearing.cut()
        self.motion.interrupt(t_ticks, generation)

    def on_started(self, utterance: int) -> None:
        if self._asked_ticks is not None:
            self.response_ms.add((self.clock.now_ticks() - self._asked_ticks) * 1000 / TICKS_HZ)
            self._asked_ticks = None

    def on_finished(self, end: PlaybackEnd) -> None:
        caption = self._captions.finished(end)
        if caption is not None:
            self.send(caption)

    # From the voice -----------------------------------------------------------------------------------------------------------

    def on_state(self, state: AgentState) -> None:
        self._state = state
        self.motion.set_state(state, self.clock.now_ticks())
        self._send_state()

    def on_user_transcript(self, text: str, *, final: bool) -> None:
        self.send(self._captions.user(text, final))

    def on_user_turn_ended(self, seconds_ago: float) -> None:
        self._asked_ticks = self.clock.now_ticks() - ticks_from_s(seconds_ago)

    def on_agent_text(self, utterance: int, text: str, *, interrupted: bool) -> None:
        """Captions follow the words as they are heard; the whole text adds nothing."""

    async def on_avatar_requested(self, name: str) -> None:
        await self._put_in_front(name)

    def on_error(self, error: VisavisError) -> None:
        self.report(error)

    # Out ----------------------------------------------------------------------------------------------------------------------

    def send(self, event: protocol.Wire) -> None:
        text = protocol.encode(event)
        if self._viewer is not None:
            self._viewer.send(text)
        for queue in self._watchers:
            if not queue.full():
                queue.put_nowait(text)

    @contextmanager
    def events(self) -> Iterator[asyncio.Queue[str | None]]:
        """Every event from now on, as JSON text, then None. Drop rule: a watcher that does not read misses the newest."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(MAX_UNREAD_EVENTS)
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)

    def report(self, error: VisavisError, id_: str | None = None) -> None:
        self.send(protocol.Error(code=error.code, message=str(error), id=id_))

    def stats(self) -> protocol.Stats:
        """This session's figures now, as the server measures them."""
        pacer = self._pacer
        return protocol.Stats(
            fps=round(pacer.fps, 1) if pacer else 0.0,
            frame_ms_p50=round((pacer.frame_ms.percentile(50) if pacer else None) or 0.0, 2),
            frame_ms_p95=round((pacer.frame_ms.percentile(95) if pacer else None) or 0.0, 2),
            gap_ms_p95=round((pacer.gaps_ms.percentile(95) if pacer else None) or 0.0, 2),
            drawn_share=round(self.face.engine.drawn_share, 2) if self.face.engine else 1.0,
            late_frames=pacer.late_frames if pacer else 0,
            stalled_ms=round(self.player.stall_ticks * 1000 / TICKS_HZ),
            response_ms=self.response_ms.last and round(self.response_ms.last, 1),
            sessions=self.active_sessions(),
        )

    def _send_state(self) -> None:
        self.send(
            protocol.State(
                state=self._state,
                avatar=self.face.avatar,
                generation=self.player.generation,
                language_model=self._language_model,
            )
        )

    # Tasks --------------------------------------------------------------------------------------------------------------------

    async def _converse(self) -> None:
        assert self._talker is not None
        try:
            await self._talker.start()
        except VisavisError as error:
            self.report(error)
            await asyncio.sleep(FAREWELL_S)  # for the reason to reach the viewer before the connection ends
            self.on_disconnected()
            return
        while True:
            message = await self._pending.get()
            try:
                await self._carry_out(message)
            except VisavisError as error:
                self.report(error, message.id)

    async def _carry_out(self, message: protocol.ControlMessage) -> None:
        assert self._talker is not None
        match message:
            case protocol.Chat(text=text):
                await self._talker.chat(text)
            case protocol.Say(text=text):
                await self._talker.say(text)
            case protocol.ChangeAvatar(avatar=avatar):
                await self._put_in_front(avatar)

    async def _put_in_front(self, avatar: str) -> None:
        async with self._changing:
            await self._change(avatar)

    async def _change(self, avatar: str) -> None:
        if avatar == self.face.avatar:
            return
        coming = await self._change_face(avatar)
        if self._ended:
            if coming.engine is not None:
                coming.engine.close()
            return
        before, self.face = self.face, coming
        self.motion.calibrate(self.face.gains)
        if self._talker is not None:
            self._talker.become(self.face.persona)
        if self._pacer is not None and self.face.engine is not None:
            await self._pacer.change_engine(self.face.engine)
        if before.engine is not None:
            before.engine.close()
        self._send_state()

    def _interrupt(self) -> None:
        if self._talker is not None:
            self._talker.interrupt()

    async def _report_stats(self) -> None:
        while True:
            await asyncio.sleep(STATS_PERIOD_S)
            self.send(self.stats())

    async def _stream_motion(self) -> None:
        """FaceFrames for a viewer that draws by itself, as they fall due; and once, what of the sound they belong to."""
        assert self._viewer is not None
        period = period_ticks(MOTION_HZ)
        index = self.clock.now_ticks() // period + 1
        told = False
        while True:
            await self.clock.sleep_until(index * period)
            self._viewer.send_motion(protocol.encode_motion(self._sample(index * period)))
            if not told and (rtp_zero := self._viewer.speech_rtp_zero()) is not None:
                self.send(protocol.MediaClock(rtp_zero=rtp_zero))
                told = True
            index = max(index + 1, self.clock.now_ticks() // period)

    def _sample(self, t_ticks: int) -> FaceFrame:
        face = self.motion.sample(t_ticks)
        for companion in self.companions:
            companion.on_face(face)
        return face

    def _make_pacer(self, engine: Engine) -> VideoPacer:
        assert self._viewer is not None

        return VideoPacer(
            self.clock,
            engine,
            self._sample,
            self._viewer.deliver,
            generation=lambda: self.player.generation,
            executor=self._executor,
            fps=self._fps,
        )

    def _spawn(self, work: Awaitable[None], name: str) -> None:
        async def run() -> None:
            await work

        task = asyncio.get_running_loop().create_task(run(), name=f"{self.name} {name}")
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if _log_failure(task) and not self._ended:
            self.report(VisavisError("The session broke and was ended.", mend="Connect again; the server's log says why."))
            self.on_disconnected()


def _end_queue(queue: asyncio.Queue[str | None]) -> None:
    """A watcher's last word; for one that has not read, the oldest goes."""
    if queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


def _log_failure(task: asyncio.Task[None]) -> bool:
    """Whether a task died of an error; its traceback goes to the log once."""
    if task.cancelled() or task.exception() is None:
        return False
    log.error("task %s failed", task.get_name(), exc_info=task.exception())
    return True


def _nobody_to_follow(subject: str | None) -> None:
    if subject is not None:
        raise Unavailable("This server listens for no performer.", mend="Start it with --livelink 11111.")
