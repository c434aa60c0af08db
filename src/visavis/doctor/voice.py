"""The parts of the voice: the embedded ones are started, vendors' plugins and keys are looked for. No key is ever printed,
no vendor is contacted.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from typing import Any, Final, Literal

from visavis.doctor.check import Check, Status
from visavis.errors import VisavisError
from visavis.settings import Settings

Kind = Literal["stt", "llm", "tts"]
NAMES: Final[Mapping[Kind, str]] = {"stt": "hearing", "llm": "language model", "tts": "voice"}
HELLO: Final = "Hello."


async def check_voice(settings: Settings) -> list[Check]:
    """One finding for each part, in the order in which a turn passes them."""
    return [
        await _embedded_stt(settings) if settings.stt in {"pocketsphinx", "none"} else _vendor("stt", settings.stt, settings),
        Check(NAMES["llm"], Status.OK, "the built-in guide; no key is needed")
        if settings.llm == "guide" else _vendor("llm", settings.llm, settings),
        await _embedded_tts(settings) if settings.tts == "espeak" else _vendor("tts", settings.tts, settings),
    ]  # fmt: skip


async def _embedded_stt(settings: Settings) -> Check:
    name = NAMES["stt"]
    if settings.stt == "none":
        return Check(name, Status.INFO, "switched off; typing works")
    if not settings.language.lower().startswith("en"):
        return Check(
            name, Status.FAIL, f"the built-in recogniser knows no {settings.language}", "Take a vendor's, or --stt none."
        )
    try:
        from visavis.voice.silero import SileroVAD
        from visavis.voice.sphinx import SphinxSTT

        part: Any = SphinxSTT(SileroVAD())
        try:
            await part.warm_up()
        finally:
            await part.aclose()
    except VisavisError as error:
        return Check.failed(name, error)
    except ImportError as error:
        return Check(name, Status.FAIL, f"cannot be loaded: {error}", "Install visavis again.")
    return Check(name, Status.OK, "the built-in recogniser starts")


async def _embedded_tts(settings: Settings) -> Check:
    from visavis.voice.espeak import EspeakTTS, voicing_for
    from visavis.voice.persona import persona_for

    voice = EspeakTTS(voicing_for(persona_for(settings.avatar), settings.language, settings.voice))
    try:
        sentence = await voice.say(HELLO)
    except VisavisError as error:
        return Check.failed(NAMES["tts"], error)
    finally:
        await voice.aclose()
    return Check(NAMES["tts"], Status.OK, f"the built-in voice speaks ({len(sentence.phones)} phones timed)")


def _vendor(kind: Kind, name: str, settings: Settings, environment: Mapping[str, str] = os.environ) -> Check:
    from visavis.voice.vendors import parse_vendor

    try:
        vendor = parse_vendor(kind, name)
    except VisavisError as error:
        return Check.failed(NAMES[kind], error)
    if not _importable(vendor.module) and vendor.vendor not in {"livekit", "openai"}:
        return Check(NAMES[kind], Status.FAIL, f"{name}: its plugin is not installed", f"{vendor.install}")
    if kind == "llm" and vendor.vendor == "openai" and settings.openai_base_url:
        return Check(NAMES[kind], Status.OK, f"{name} at {settings.openai_base_url}")
    if not environment.get(vendor.key_variable):
        return Check(NAMES[kind], Status.FAIL, f"{name}: {vendor.key_variable} is not set", f"export {vendor.key_variable}=…")
    return Check(NAMES[kind], Status.OK, f"{name}: {vendor.key_variable} is set")


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
