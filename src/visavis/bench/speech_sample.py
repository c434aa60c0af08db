"""Speech for measuring: from the embedded voice, which knows its phones; the same for every engine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from visavis.types import I16, SPEECH_HZ, AudioChunk, PhoneCue, SpeechChunk, ticks_from_samples

TEXT: Final = (
    "Good morning. Most people would move their lips, their jaw and both cheeks while they say something as simple as this, "
    "and five or six of them would probably blink, look away and smile before they have finished the whole sentence."
)


@dataclass(frozen=True, eq=False)
class SpeechSample:
    """int16 [n] at `SPEECH_HZ`, and its phones in ticks from the first sample."""

    samples: I16
    phones: tuple[PhoneCue, ...]

    def chunks(self, chunk_samples: int = SPEECH_HZ // 50) -> list[SpeechChunk]:
        """In pieces of 20 ms, each with the phones that begin in it."""
        out = []
        for at in range(0, len(self.samples), chunk_samples):
            start = ticks_from_samples(at, SPEECH_HZ)
            end = ticks_from_samples(at + chunk_samples, SPEECH_HZ)
            cues = tuple(phone for phone in self.phones if start <= phone.t_ticks < end)
            audio = AudioChunk(start, SPEECH_HZ, self.samples[at : at + chunk_samples])
            out.append(SpeechChunk(audio, cues, phones_known=True))
        return out


def speak(text: str = TEXT) -> SpeechSample:
    """Raises Unavailable where the embedded voice cannot run."""
    return asyncio.run(_speak(text))


async def _speak(text: str) -> SpeechSample:
    from visavis.voice.espeak import EspeakTTS

    voice = EspeakTTS()
    try:
        sentence = await voice.say(text)
    finally:
        await voice.aclose()
    return SpeechSample(sentence.samples, sentence.phones)
