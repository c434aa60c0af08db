"""The parts of a voice, chosen by the settings: built in, or a vendor's by `vendor/model` as livekit-agents names them."""

from __future__ import annotations

import asyncio
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
from visavis.voice.silero import SileroVAD
from visavis.voice.sphinx import SphinxSTT
from visavis.voice.tags import INSTRUCTIONS
from visavis.voice.vendors import vendor_part

if TYPE_CHECKING:
    from livekit.agents.voice.events import ErrorEvent

END_OF_TURN_S: Final = 0.6
"""Silence after which the user is taken to have finished."""
BARGE_IN_S: Final = 0.4
"""Speech that interrupts the agent; shorter is a cough or a yes."""


@dataclass(slots=True)
class VoiceParts:
    """What one conversation owns."""

    settings: Settings
    stt: stt.STT[Any] | None
    llm: llm.LLM[Any]
    tts: tts.TTS[Any]
    vad: vad.VAD

    def session_options(self) -> dict[str, Any]:
        """Keyword arguments for `AgentSession`. Nothing here reaches out to LiveKit's cloud or loads its own models."""
        tries = APIConnectOptions(max_retry=1, retry_interval=0.3, timeout=10.0)
        return {
            "stt": self.stt,
            "llm": self.llm,
            "tts": self.tts,
            "vad": self.vad if self.stt is not None else None,
            "turn_handling": {
                "turn_detection": "vad" if self.stt is not None else "manual",
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
            "session_close_transcript_timeout": 0.0,
            "aec_warmup_duration": None,
            "tts_text_transforms": None if isinstance(self.llm, GuideLLM) else ["filter_emoji", "filter_markdown"],
        }  # fmt: skip

    async def warm_up(self) -> None:
        """Start the voice, which greets. The recogniser loads meanwhile. Raises Unavailable, BadSettings."""
        if isinstance(self.tts, EspeakTTS):
            await self.tts.warm_up()

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
    """All parts, ready. Raises BadSettings for a name that means nothing, Unavailable for one that cannot be had here."""
    detector = SileroVAD()
    parts = VoiceParts(settings, recogniser_for(settings, detector), _llm(settings, persona), _tts(settings, persona), detector)
    try:
        await parts.warm_up()
    except (VisavisError, asyncio.CancelledError):
        await parts.aclose()
        raise
    return parts


def recogniser_for(settings: Settings, detector: SileroVAD) -> stt.STT[Any] | None:
    """None where it is switched off. Raises BadSettings, Unavailable."""
    match settings.stt:
        case "none":
            return None
        case "pocketsphinx":
            if not settings.language.lower().startswith("en"):
                raise BadSettings(
                    f"The built-in recogniser understands English only, not {settings.language}.",
                    mend="Take a vendor's (--stt deepgram/nova-3), or --stt none to type.",
                )
            return SphinxSTT(detector)
        case name:
            part: stt.STT[Any] = vendor_part("stt", name, settings)
            return part


def _llm(settings: Settings, persona: Persona) -> llm.LLM[Any]:
    if settings.llm == "guide":
        return GuideLLM(persona.name)
    part: llm.LLM[Any] = vendor_part("llm", settings.llm, settings)
    return part


def _tts(settings: Settings, persona: Persona) -> tts.TTS[Any]:
    if settings.tts == "espeak":
        return EspeakTTS(voicing_for(persona, settings.language, settings.voice))
    part: tts.TTS[Any] = vendor_part("tts", settings.tts, settings)
    return part


def instructions_for(settings: Settings, persona: Persona) -> str:
    """What a language model is told: who it is, that it is heard and seen, and the tags."""
    own = settings.instructions or (
        f"You are {persona.name.capitalize()}, a friendly person on a video call. You are heard, not read: answer in one to "
        "three short spoken sentences, without lists, headings, markdown or emoji."
    )
    return f"{own}\n\n{INSTRUCTIONS}"


_PARTS: Final = {"stt_error": "speech recognition", "llm_error": "language model", "tts_error": "voice"}


def told_plainly(event: ErrorEvent) -> VisavisError:
    """A part's failure in one line, without anything that could hold a key."""
    failure: Any = event.error
    inner = getattr(failure, "error", failure)
    cause = getattr(inner, "__cause__", None)
    if isinstance(cause, VisavisError):
        return cause
    part = _PARTS.get(getattr(failure, "type", ""), "voice service")
    match getattr(inner, "status_code", None):
        case 401 | 403:
            return BadSettings(f"The {part} refused the key.", mend="Check the vendor's key: visavis doctor.")
        case 404:
            return BadSettings(f"The {part} knows no such model.", mend="Check its name, vendor/model.")
        case 429:
            return Unavailable(f"The {part} is over its quota or too busy.", mend="Wait, or look at the vendor's account.")
        case _:
            return Unavailable(f"The {part} failed ({type(inner).__name__}).", mend="See the log, and: visavis doctor.")
