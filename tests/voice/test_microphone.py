import asyncio

import numpy as np
from livekit import rtc

from visavis.types import AudioChunk
from visavis.voice.microphone import MAX_WINDOWS, WINDOW_SAMPLES, Microphone


def chunk(samples: int, value: int = 1, rate_hz: int = 16_000) -> AudioChunk:
    return AudioChunk(0, rate_hz, np.full(samples, value, np.int16))


async def take(microphone: Microphone, count: int) -> list[rtc.AudioFrame]:
    async with asyncio.timeout(5):
        return [await anext(microphone) for _ in range(count)]


async def test_pieces_become_windows() -> None:
    microphone = Microphone()
    heard = np.arange(4 * WINDOW_SAMPLES, dtype=np.int16)
    for start in range(0, len(heard), 320):
        microphone.hear(AudioChunk(0, 16_000, heard[start : start + 320]))
    frames = await take(microphone, 4)
    assert (np.concatenate([np.frombuffer(frame.data, np.int16) for frame in frames]) == heard).all()


async def test_the_oldest_is_dropped() -> None:
    microphone = Microphone()
    microphone.hear(chunk(3 * WINDOW_SAMPLES, 1))
    microphone.hear(chunk(MAX_WINDOWS * WINDOW_SAMPLES, 2))
    assert microphone.dropped == 3
    assert {frame.data[0] for frame in await take(microphone, MAX_WINDOWS)} == {2}


async def test_other_rates_are_brought_to_16_khz() -> None:
    microphone = Microphone()
    for _ in range(50):
        microphone.hear(chunk(960, 100, 48_000))
    frames = await take(microphone, 30)
    assert all(frame.sample_rate == 16_000 and frame.samples_per_channel == WINDOW_SAMPLES for frame in frames)


async def test_when_sound_stops_silence_follows_once() -> None:
    microphone = Microphone()
    microphone.hear(chunk(WINDOW_SAMPLES, 5))
    frames = await take(microphone, 20)
    assert [frame.data[0] for frame in frames] == [5] + [0] * 19
    waiting = asyncio.create_task(take(microphone, 40))
    await asyncio.sleep(0.6)
    assert not waiting.done()
    microphone.hear(chunk(40 * WINDOW_SAMPLES, 6))
    assert (await waiting)[-1].data[0] == 6


async def test_closing_ends_it() -> None:
    microphone = Microphone()
    waiting = asyncio.create_task(anext(microphone, None))
    await asyncio.sleep(0)
    microphone.close()
    assert await waiting is None
