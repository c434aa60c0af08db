"""One conversation: a microphone and typed text in, speech with cues out, on a livekit-agents session that needs no room."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from visavis.errors import Busy, VisavisError
from visavis.settings import Settings
from visavis.types import AgentState, AudioChunk, SpeechSink
from visavis.voice.listener import ConversationListener
from visavis.voice.persona import Persona

if TYPE_CHECKING:
    from livekit.agents import AgentSession, SpeechHandle
    from livekit.agents.voice.events import (
        AgentStateChangedEvent,
        ErrorEvent,
        UserInputTranscribedEvent,
        UserStateChangedEvent,
    )

    from visavis.voice.parts import VoiceParts

MAX_WAITING: Final = 8
"""So many texts may wait to be spoken; one more is refused."""
_log = logging.getLogger(__name__)


def preload() -> None:
    """Import what a conversation needs, livekit-agents above all: seconds that the first one need not wait. From any thread."""
    from visavis.voice import agent, microphone, parts, speech_output

    del agent, microphone, parts, speech_output


class Conversation:
    """Owned by one session, used on its event loop. `start` once, `aclose` at the end; nothing of it outlives that.

    Raises BadSettings or Unavailable from `start` for parts that cannot be had, in one line with the mend.
    """

    def __init__(self, settings: Settings, sink: SpeechSink, *, persona: Persona, listener: ConversationListener) -> None:
        self._settings = settings
        self._sink = sink
        self._persona = persona
        self._listener = listener
        self._parts: VoiceParts | None = None
        self._session: AgentSession[None] | None = None
        self._waiting: set[SpeechHandle] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def persona(self) -> Persona:
        return self._persona

    @property
    def language_model(self) -> bool:
        """False while the built-in guide answers."""
        return self._settings.llm != "guide"

    @property
    def history(self) -> list[tuple[str, str]]:
        """Role and text of every message so far; an interrupted reply counts as far as it was heard."""
        if self._session is None:
            return []
        return [(item.role, item.text_content or "") for item in self._session.history.items if item.type == "message"]

    async def start(self, *, greet: bool = True) -> None:
        """Bring every part up, then say hello."""
        from visavis.voice.agent import FaceAgent, FaceSession
        from visavis.voice.microphone import Microphone
        from visavis.voice.parts import build_parts, instructions_for
        from visavis.voice.speech_output import SpeechOutput

        assert self._session is None, "started twice"
        self._microphone = Microphone()
        self._output = SpeechOutput(self._sink, self._heard)
        parts = self._parts = await build_parts(self._settings, self._persona)
        session = self._session = FaceSession(**parts.session_options())
        session.on("agent_state_changed", self._agent_state_changed)
        session.on("user_state_changed", self._user_state_changed)
        session.on("user_input_transcribed", self._user_input_transcribed)
        session.on("error", self._error)
        session.output.audio = self._output
        if parts.stt is not None:
            session.input.audio = self._microphone
        agent = self._agent = FaceAgent(
            instructions=instructions_for(self._settings, self._persona), on_avatar_wish=self._avatar_wish
        )
        await session.start(agent=agent, record=False)
        if greet:
            from visavis.voice.guide_script import greeting

            hello = (
                f"[smile] Hello, I'm {self._persona.name.capitalize()}."
                if self.language_model
                else greeting(self._persona.name)
            )
            await self.say(self._persona.greeting or hello)

    def hear(self, audio: AudioChunk) -> None:
        """The user's microphone. Never waits; what cannot be kept up with is dropped, oldest first."""
        if self._parts is not None and self._parts.stt is not None:
            self._microphone.hear(audio)

    async def chat(self, text: str) -> None:
        """Answer typed text as if it had been spoken. Interrupts what is being said."""
        session = self._running()
        self.interrupt()
        self._listener.on_user_transcript(text, final=True)
        self._keep(session.generate_reply(user_input=text))

    async def say(self, text: str) -> None:
        """Speak this text, tags included, after whatever is being said. Raises Busy when too much is waiting."""
        session = self._running()
        if len(self._waiting) >= MAX_WAITING:
            raise Busy("Too much is waiting to be said.", mend="Wait, or interrupt first.")
        self._keep(session.say(text))

    @property
    def dropped_audio(self) -> int:
        """Windows of 32 ms that came faster than they could be heard."""
        return self._microphone.dropped if self._session is not None else 0

    def interrupt(self) -> None:
        """Silence at once, and nothing of what was waiting to be said."""
        if self._session is None or (not self._waiting and self._session.current_speech is None):
            return
        self._session.interrupt(force=True)
        self._output.silence()

    def become(self, persona: Persona) -> None:
        """Another person stands there from the next sentence on."""
        self._persona = persona
        if self._parts is not None:
            self._parts.become(persona)
        if self._session is not None and self.language_model:
            from visavis.voice.parts import instructions_for

            task = asyncio.get_running_loop().create_task(
                self._agent.update_instructions(instructions_for(self._settings, persona))
            )
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """End the session and its processes. Idempotent."""
        session, self._session = self._session, None
        parts, self._parts = self._parts, None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if session is not None:
            self._microphone.close()
            self._output.silence()
            await session.aclose()
        if parts is not None:
            await parts.aclose()

    def _running(self) -> AgentSession[None]:
        assert self._session is not None, "not started"
        return self._session

    def _keep(self, handle: SpeechHandle) -> None:
        self._waiting.add(handle)
        handle.add_done_callback(self._waiting.discard)

    async def _avatar_wish(self, name: str) -> str:
        try:
            await self._listener.on_avatar_requested(name)
        except VisavisError as error:
            return str(error)
        return f"Done. The user now sees {self._persona.name}, and that is who you are from here on."

    def _heard(self, utterance: int, text: str, *, interrupted: bool) -> None:
        self._listener.on_agent_text(utterance, text, interrupted=interrupted)

    def _agent_state_changed(self, event: AgentStateChangedEvent) -> None:
        match event.new_state:
            case "listening" | "thinking" | "speaking":
                self._listener.on_state(AgentState(event.new_state))
            case _:
                self._listener.on_state(AgentState.IDLE)

    def _user_state_changed(self, event: UserStateChangedEvent) -> None:
        if event.old_state == "speaking" and event.new_state == "listening":
            self._listener.on_user_turn_ended(max(0.0, time.time() - event.created_at))

    def _user_input_transcribed(self, event: UserInputTranscribedEvent) -> None:
        self._listener.on_user_transcript(event.transcript, final=event.is_final)

    def _error(self, event: ErrorEvent) -> None:
        from visavis.voice.parts import told_plainly

        if not getattr(event.error, "recoverable", False):
            error = told_plainly(event)
            _log.warning("voice: %s", error)
            self._listener.on_error(error)
