"""What of the voice works on this machine: for `visavis doctor`. Keys are looked for, never at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from visavis.errors import VisavisError
from visavis.settings import Settings
from visavis.voice.persona import Persona


@dataclass(frozen=True, slots=True)
class PartReport:
    """`detail` is one line: what was found, or what is wrong and the mend."""

    name: str
    ok: bool
    detail: str


async def voice_parts(settings: Settings) -> list[PartReport]:
    """Tries each part that the settings choose: starts the processes, loads the models, looks for plugins and keys."""
    checks = {
        f"voice ({settings.tts})": _tts,
        f"recogniser ({settings.stt})": _stt,
        "voice detector (silero)": _vad,
        f"answers ({settings.llm})": _llm,
    }
    return [await _report(name, check, settings) for name, check in checks.items()]


async def _report(name: str, check: Callable[[Settings], Awaitable[str]], settings: Settings) -> PartReport:
    try:
        return PartReport(name, True, await check(settings))
    except VisavisError as error:
        return PartReport(name, False, str(error))


async def _tts(settings: Settings) -> str:
    if settings.tts != "espeak":
        return await _vendor("tts", settings.tts, settings)
    from visavis.voice.espeak import EspeakTTS, voicing_for

    voice = EspeakTTS(voicing_for(Persona(settings.avatar), settings.language, settings.voice))
    try:
        await voice.warm_up()
        begun = time.perf_counter()
        sentence = await voice.say("One, two, three.")
        took_ms = (time.perf_counter() - begun) * 1000.0
    finally:
        await voice.aclose()
    return f"{voice.model}, {len(sentence.phones)} timed phones in {took_ms:.0f} ms"


async def _stt(settings: Settings) -> str:
    if settings.stt == "none":
        return "switched off; typed text only"
    from visavis.voice.parts import recogniser_for
    from visavis.voice.silero import SileroVAD
    from visavis.voice.sphinx import SphinxSTT

    if settings.stt != "pocketsphinx":
        return await _vendor("stt", settings.stt, settings)
    recogniser = recogniser_for(settings, SileroVAD())
    assert isinstance(recogniser, SphinxSTT)
    begun = time.perf_counter()
    try:
        await recogniser.warm_up()
    finally:
        await recogniser.aclose()
    return f"English model loaded in {time.perf_counter() - begun:.1f} s"


async def _vad(settings: Settings) -> str:
    del settings
    import numpy as np

    from visavis.voice.silero import WINDOW_SAMPLES, SpeechDetector, Thresholds

    detector = SpeechDetector(Thresholds())
    window = np.random.default_rng(0).integers(-2000, 2000, WINDOW_SAMPLES).astype(np.int16)
    begun = time.perf_counter()
    for _ in range(10):
        await asyncio.sleep(0)
        detector.probability(window, speaking=True)
    return f"{(time.perf_counter() - begun) * 100.0:.1f} ms for each 32 ms of speech"


async def _llm(settings: Settings) -> str:
    if settings.llm == "guide":
        return "the built-in guide: a script, not a language model"
    return await _vendor("llm", settings.llm, settings)


async def _vendor(kind: str, name: str, settings: Settings) -> str:
    from visavis.voice.vendors import Kind, vendor_part

    kinds: dict[str, Kind] = {"stt": "stt", "llm": "llm", "tts": "tts"}
    part = vendor_part(kinds[kind], name, settings)
    await part.aclose()
    server = f" at {settings.openai_base_url}" if kind == "llm" and settings.openai_base_url else ""
    return f"ready{server}; its key is there" if not server else f"ready{server}"
