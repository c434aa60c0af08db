"""`turn_ms`: speech into the viewer's microphone, from its last sound to the first sample of the reply at the viewer.

Inside: Opus and the server's jitter buffer, voice activity and end of turn, recognition, the agent, synthesis, and all that
`response_ms` holds. The utterance is a recording where one is given, else the embedded voice asking a question; it is pushed
in real time between silences.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visavis import protocol
from visavis.audio.files import load_audio
from visavis.audio.resample import resample
from visavis.bench.ear import Ear
from visavis.bench.microphone import RecordedMicrophone
from visavis.bench.response import TIMEOUT_S, hush
from visavis.bench.speech_sample import speak
from visavis.testing.viewer import Viewer
from visavis.types import I16, SPEECH_HZ, TICKS_HZ

QUESTION: Final = "What can you do for me?"
LONGEST_S: Final = 6.0


def utterance(recording: Path | None) -> I16:
    """int16 [n] at 48 kHz: the recording, at most `LONGEST_S` of it, or the embedded voice's question."""
    if recording is not None:
        return load_audio(recording, TICKS_HZ)[: round(LONGEST_S * TICKS_HZ)]
    return resample(speak(QUESTION).samples, SPEECH_HZ, TICKS_HZ)


async def measure_turn(viewer: Viewer, ear: Ear, microphone: RecordedMicrophone, said: I16, *, times: int) -> list[float]:
    """Milliseconds of each reply; one that never came is left out."""
    values = []
    for _ in range(times):
        await hush(viewer, ear)
        ended_s = await microphone.speak(said)
        heard_s = await ear.first_sound_after(ended_s, TIMEOUT_S)
        if heard_s is not None:
            values.append((heard_s - ended_s) * 1000)
        viewer.tell(protocol.Interrupt())
    await hush(viewer, ear)
    return values
