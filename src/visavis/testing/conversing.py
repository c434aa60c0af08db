"""For tests of a conversation: a listener that remembers, and somebody who speaks into its microphone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np

from visavis.errors import NotFound, VisavisError
from visavis.types import HEARING_HZ, I16, AgentState, AudioChunk
from visavis.voice.conversation import Conversation
from visavis.voice.persona import Persona

NOVA = Persona("nova", "f3")
MILO = Persona("milo", "m7")


class RememberingListener:
    """A ConversationListener that keeps what it is told. `people` are those who can be brought in."""

    def __init__(self, people: tuple[str, ...] = ("nova", "milo")) -> None:
        self.people = people
        self.states: list[AgentState] = []
        self.heard: list[str] = []
        """Final user transcripts."""
        self.interim: list[str] = []
        self.turn_ends: list[float] = []
        self.said: list[tuple[int, str, bool]] = []
        self.errors: list[VisavisError] = []
        self.wishes: list[str] = []
        self.on_wish: Callable[[str], None] = lambda name: None

    def on_state(self, state: AgentState) -> None:
        self.states.append(state)

    def on_user_transcript(self, text: str, *, final: bool) -> None:
        (self.heard if final else self.interim).append(text)

    def on_user_turn_ended(self, seconds_ago: float) -> None:
        self.turn_ends.append(seconds_ago)

    def on_agent_text(self, utterance: int, text: str, *, interrupted: bool) -> None:
        self.said.append((utterance, text, interrupted))

    async def on_avatar_requested(self, name: str) -> None:
        self.wishes.append(name)
        if name not in self.people:
            raise NotFound(f"There is no {name} here.")
        self.on_wish(name)

    def on_error(self, error: VisavisError) -> None:
        self.errors.append(error)


async def speak_into(conversation: Conversation, samples: I16, *, silence_s: float = 1.0) -> None:
    """Push a recording and some silence as a microphone would, in real time."""
    audio = np.concatenate([samples, np.zeros(round(silence_s * HEARING_HZ), np.int16)])
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for start in range(0, len(audio), 320):
        conversation.hear(AudioChunk(0, HEARING_HZ, audio[start : start + 320]))
        await asyncio.sleep(max(0.0, begun + (start + 320) / HEARING_HZ - loop.time()))
