import asyncio

import numpy as np
import pytest
from livekit import rtc

from visavis.testing.speech_sink import RecordingSink
from visavis.types import SPEECH_HZ, SpeechChunk, WordCue, ticks_from_s
from visavis.voice.speech_output import SpeechOutput
from visavis.voice.timed import USERDATA_CUES, USERDATA_PHONES_KNOWN


def frame(seconds: float, *words: tuple[float, str]) -> rtc.AudioFrame:
    samples = np.full(round(seconds * SPEECH_HZ), 7, np.int16)
    cues = tuple(WordCue(ticks_from_s(at), ticks_from_s(at + 0.2), text) for at, text in words)
    userdata = {USERDATA_CUES: cues, USERDATA_PHONES_KNOWN: True}
    return rtc.AudioFrame(samples.tobytes(), SPEECH_HZ, 1, len(samples), userdata=userdata)


class Heard(list[tuple[int, str, bool]]):
    def __call__(self, utterance: int, text: str, *, interrupted: bool) -> None:
        self.append((utterance, text, interrupted))


@pytest.fixture
async def sink() -> RecordingSink:
    return RecordingSink(speed=10.0)


async def test_frames_become_chunks_and_the_end_is_the_sinks(sink: RecordingSink) -> None:
    heard = Heard()
    output = SpeechOutput(sink, heard)
    await output.capture_frame(frame(0.1, (0.0, "One,")))
    await output.capture_frame(frame(0.1, (0.1, "two.")))
    output.flush()
    end = await output.wait_for_playout()
    assert (end.playback_position, end.interrupted, end.synchronized_transcript) == (0.2, False, None)
    assert heard == [(1, "One, two.", False)]
    assert [len(chunk.audio.samples) for chunk in sink.last.chunks] == [960, 960, 480, 960, 960, 480]
    assert [chunk.audio.t_ticks for chunk in sink.last.chunks] == [0, 1920, 3840, 4800, 6720, 8640]


async def test_cleared_before_anything_was_heard(sink: RecordingSink) -> None:
    output = SpeechOutput(sink, Heard())
    await output.capture_frame(frame(0.1, (0.0, "One")))
    output.flush()
    output.clear_buffer()
    output.clear_buffer()
    end = await output.wait_for_playout()
    assert (end.playback_position, end.interrupted, end.synchronized_transcript) == (0.0, True, "")
    assert sink.interrupts == 1


async def test_what_still_comes_after_silence_goes_nowhere(sink: RecordingSink) -> None:
    output = SpeechOutput(sink, Heard())
    await output.capture_frame(frame(0.1))
    output.silence()
    await output.capture_frame(frame(0.1))
    output.flush()
    assert len(sink.utterances) == 1
    assert len(sink.last.chunks) == 3
    await output.capture_frame(frame(0.1))  # the next utterance is heard again
    output.flush()
    assert (await output.wait_for_playout()).interrupted is False
    assert len(sink.utterances) == 2


async def test_a_first_push_that_is_cancelled_still_ends() -> None:
    class Full(RecordingSink):
        async def push(self, chunk: SpeechChunk) -> int:
            await asyncio.sleep(3600)
            raise AssertionError

    sink, heard = Full(), Heard()
    output = SpeechOutput(sink, heard)
    pushing = asyncio.create_task(output.capture_frame(frame(0.1)))
    await asyncio.sleep(0.01)
    pushing.cancel()
    await asyncio.wait([pushing])
    output.flush()
    output.clear_buffer()
    async with asyncio.timeout(1):
        assert (await output.wait_for_playout()).interrupted
    assert heard == []
