"""The parts of a voice, chosen by the settings: built in by one word, a vendor's by `vendor/model` as livekit-agents names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from livekit.agents import llm, stt, tts, vad
from livekit.agents.types import APIConnectOptions
from livekit.agents.voice.agent_session import SessionConnectOptions

from visavis.errors import BadSettings, Unavailable, VisavisError
from visavis.settings import Settings
from visavis.voice.espeak import EspeakTTS, voicing_for
from visavis.voice.guide import GuideLLM
from visavis.voice.persona import Persona
from visavis.voice.tags import INSTRUCTIONS

if TYPE_CHECKING:
    from livekit.agents.voice.events import ErrorEvent

END_OF_TURN_S: Final = 0.5
"""Silence after which the user is taken to have finished."""
BARGE_IN_S: Final = 0.4
"""Speech that interrupts the agent; shorter is a cough or a yes."""


@dataclass(slots=True)
class VoiceParts:
    """What one conversation owns."""

    settings: Settings
    stt: stt.STT | None
    llm: llm.LLM
    tts: tts.TTS
    vad: vad.VAD | None

    def session_options(self) -> dict[str, Any]:
        """Keyword arguments for `AgentSession`. Nothing here reaches out to LiveKit's cloud or loads its own models."""
        tries = APIConnectOptions(max_retry=1, retry_interval=0.3, timeout=10.0)
        return {
            "stt": self.stt,
            "llm": self.llm,
            "tts": self.tts,
            "vad": self.vad,
            "turn_handling": {
                "turn_detection": "vad" if self.vad is not None else "manual",
                "endpointing": {"mode": "fixed", "min_delay": END_OF_TURN_S, "max_delay": 2.0},
                "interruption": {
                    "enabled": True, "mode": "vad", "min_duration": BARGE_IN_S,
                    "resume_false_interruption": False, "false_interruption_timeout": None,
                },
                "preemptive_generation": {"enabled": True},
            },
            "conn_options": SessionConnectOptions(
                stt_conn_options=tries, llm_conn_options=tries, tts_conn_options=tries, max_unrecoverable_errors=1_000_000
            ),
            "user_away_timeout": None,
            "aec_warmup_duration": None,
            "tts_text_transforms": None if isinstance(self.llm, GuideLLM) else ["filter_emoji", "filter_markdown"],
        }  # fmt: skip

    def become(self, persona: Persona) -> None:
        if isinstance(self.tts, EspeakTTS):
            self.tts.use(voicing_for(persona, self.settings.language, self.settings.voice))
        if isinstance(self.llm, GuideLLM):
            self.llm.person = persona.name

    async def aclose(self) -> None:
        await self.tts.aclose()
        await self.llm.aclose()
        if self.stt is not None:
            await self.stt.aclose()


async def build_parts(settings: Settings, persona: Persona) -> VoiceParts:
    """Raises BadSettings for a name that means nothing, Unavailable for a part that is not installed or does not start."""
    speech = EspeakTTS(voicing_for(persona, settings.language, settings.voice))
    try:
        await speech.warm_up()
    except VisavisError:
        await speech.aclose()
        raise
    return VoiceParts(settings, None, GuideLLM(persona.name), speech, None)


def instructions_for(settings: Settings, persona: Persona) -> str:
    """What a language model is told: who it is, that it is heard and seen, and the tags."""
    own = settings.instructions or (
        f"You are {persona.name.capitalize()}, a friendly person on a video call. You are heard, not read: answer in one to three "
        "short spoken sentences, without lists, headings, markdown or emoji."
    )
    return f"{own}\n\n{INSTRUCTIONS}"


def told_plainly(event: ErrorEvent) -> VisavisError:
    """A vendor's failure in one line, without anything that could hold a key."""
    inner = getattr(event.error, "error", event.error)
    if isinstance(inner.__cause__, VisavisError):
        return inner.__cause__
    part = {"stt_error": "speech recognition", "llm_error": "language model", "tts_error": "voice"}.get(
        getattr(event.error, "type", ""), "voice service"
    )
    status = getattr(inner, "status_code", None)
    match status:
        case 401 | 403:
            return BadSettings(
                f"The {part} refused the key.", mend="Check the vendor's key in the environment: visavis doctor."
            )
        case 404:
            return BadSettings(f"The {part} knows no such model.", mend="Check its name, vendor/model.")
        case 429:
            return Unavailable(f"The {part} is over its quota or too busy.", mend="Wait, or look at the vendor's account.")
        case _:
            return Unavailable(f"The {part} failed ({type(inner).__name__}).", mend="See the log, and: visavis doctor.")
