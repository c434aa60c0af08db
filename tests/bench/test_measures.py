"""The measuring pieces, each on a case whose answer is known."""

import asyncio
import time

import numpy as np
import pytest

from visavis.bench.audio_to_frame import delays_ms, measure_audio_to_frame
from visavis.bench.drawing import measure_drawing, talking_faces, vp8_encoder
from visavis.bench.ear import Ear
from visavis.bench.glass import Glass, Sighting
from visavis.bench.interrupt import closed_s
from visavis.bench.light_viewers import FrameCounter, smoothness
from visavis.bench.microphone import RecordedMicrophone, SilentMicrophone, speech_end
from visavis.bench.sessions import Trial, most_sessions
from visavis.bench.speech_sample import SpeechSample
from visavis.bench.stamps import write_stamp
from visavis.testing.engine import PlainEngine
from visavis.testing.viewer import HeardFrame, SeenFrame, Viewer
from visavis.types import SPEECH_HZ, TICKS_HZ, FaceFrame, PhoneCue, VideoFrame, ticks_from_s


def sample(seconds: float = 1.0) -> SpeechSample:
    """A vowel, then a closure, again and again."""
    count = round(seconds * SPEECH_HZ)
    tone = (np.sin(np.arange(count) * 0.06) * 8000).astype(np.int16)
    step = ticks_from_s(0.15)
    ends = range(step, round(seconds * TICKS_HZ) + 1, step)
    return SpeechSample(tone, tuple(PhoneCue(end - step, end, "ɑm"[k % 2]) for k, end in enumerate(ends)))


class BusyEngine(PlainEngine):
    """Spends 4 ms of CPU time on each frame, and sleeps 4 ms more."""

    def draw(self, face: FaceFrame) -> VideoFrame:
        until = time.process_time() + 0.004
        while time.process_time() < until:
            pass
        time.sleep(0.004)
        return super().draw(face)


class TestDrawing:
    def test_cpu_time_and_wall_time_are_told_apart(self) -> None:
        faces = [FaceFrame.neutral(k) for k in range(20)]
        found = measure_drawing(BusyEngine(), faces, encode=lambda frame: 0)
        assert found.core_ms_draw >= 3.9
        assert found.core_ms_encode < found.core_ms_draw
        assert found.spread is not None
        assert found.spread.n == 20
        assert found.spread.p50 >= 7.5
        assert found.fps == pytest.approx(1000 / np.mean(found.frame_ms))

    def test_encoding_is_counted(self) -> None:
        frame = PlainEngine(256, 256).draw(FaceFrame.neutral())
        encode = vp8_encoder()
        assert encode(frame) > 50

    def test_the_face_talks(self) -> None:
        faces = talking_faces(sample(), fps=30, count=60)
        assert [face.t_ticks for face in faces] == [k * 1600 for k in range(60)]
        jaws = np.array([face.weights[17] for face in faces])
        assert jaws[30:].max() > 0.1
        assert np.ptp(jaws[30:]) > 0.1


class TestAudioToFrame:
    def test_a_frame_belongs_to_the_push_of_its_own_sample(self) -> None:
        pushed = [(0, 960, 5_000), (960, 1920, 6_000)]
        finished = {480: 5_480, 960: 6_960, 5_000: 9_000}
        assert delays_ms(pushed, finished) == pytest.approx([10.0, 20.0])

    async def test_every_frame_of_the_speech_is_measured(self) -> None:
        found = await measure_audio_to_frame(PlainEngine(), sample(0.6), fps=25, seconds=0.6)
        assert 1 <= len(found) <= 16
        assert all(value > 0 for value in found)


class TestInterrupt:
    def test_the_mouth_counts_as_closed_when_it_stays_closed(self) -> None:
        openings = [0.5, 0.0, 0.0, 0.4, 0.2, 0.0, 0.01, 0.0]
        seen = [Sighting(10.0 + k * 0.1, 0.0, opening) for k, opening in enumerate(openings)]
        assert closed_s(seen, 10.05) == pytest.approx(10.5)

    def test_a_mouth_that_never_closes_counts_to_the_end(self) -> None:
        seen = [Sighting(10.0 + k * 0.1, 0.0, 0.5) for k in range(5)]
        assert closed_s(seen, 10.0) == pytest.approx(10.4)

    def test_a_mouth_that_was_closed_all_along(self) -> None:
        seen = [Sighting(10.0 + k * 0.1, 0.0, 0.0) for k in range(5)]
        assert closed_s(seen, 10.15) == pytest.approx(10.2)


class TestWitnesses:
    async def test_glass_is_the_age_of_a_decoded_frame(self) -> None:
        viewer = Viewer()
        glass = Glass(viewer)
        for age_s in (0.050, 0.070):
            luma = np.zeros((256, 256), np.uint8)
            write_stamp(luma, 100.0 - age_s, 0.25)
            viewer.on_frame(SeenFrame(100.0, 0, luma))
        viewer.on_frame(SeenFrame(101.0, 0, np.zeros((256, 256), np.uint8)))
        assert glass.values_ms == pytest.approx([50.0, 70.0], abs=0.2)
        assert glass.sightings[0].opening == pytest.approx(0.25, abs=0.003)
        assert glass.unread == 1
        await viewer.aclose()

    async def test_the_first_loud_sample_after_a_moment(self) -> None:
        viewer = Viewer()
        ear = Ear(viewer)
        waiting = asyncio.create_task(ear.first_sound_after(10.0, 2.0))
        await asyncio.sleep(0)
        loud = np.zeros(960, np.int16)
        loud[480:] = 5_000
        for at_s, samples in ((9.9, loud), (10.02, np.full(960, 40, np.int16)), (10.04, loud), (10.06, loud)):
            viewer.on_sound(HeardFrame(at_s, 0, samples))
        assert await waiting == pytest.approx(10.05)
        assert ear.last_loud_s == pytest.approx(10.08, abs=1e-4)
        assert await ear.first_sound_after(11.0, 0.01) is None
        await viewer.aclose()


class TestMicrophone:
    def test_speech_ends_at_its_last_sound(self) -> None:
        rng = np.random.default_rng(0)
        sound = np.concatenate([rng.normal(0, 5000, 48_000), rng.normal(0, 20, 24_000)]).astype(np.int16)
        assert speech_end(sound, 48_000) == 48_000
        assert speech_end(np.zeros(4_800, np.int16), 48_000) == 4_800

    async def test_a_recording_is_delivered_between_silences(self) -> None:
        microphone = RecordedMicrophone()
        sound = np.full(1_000, 3_000, np.int16)
        speaking = asyncio.create_task(microphone.speak(sound))
        await asyncio.sleep(0)
        got = [(await microphone.recv()).to_ndarray().reshape(-1) for _ in range(4)]
        ended_s = await asyncio.wait_for(speaking, 1)
        assert np.array_equal(np.concatenate(got)[:1_000], sound)
        assert not np.concatenate(got)[1_000:].any()
        assert 0 < ended_s <= time.monotonic()

    async def test_the_silent_one_sends_opus(self) -> None:
        first = await SilentMicrophone().recv()
        assert len(bytes(first)) > 0
        assert first.pts == 960


class TestSessions:
    @pytest.mark.parametrize(("holds", "start"), [(4, 2), (4, 4), (4, 7), (1, 1), (0, 3)])
    def test_the_largest_smooth_count_is_found(self, holds: int, start: int) -> None:
        asked = []

        def trial(count: int) -> Trial:
            asked.append(count)
            return Trial(count, 25.0 if count <= holds else 20.0, 45.0)

        assert most_sessions(start, trial)[0] == holds
        assert len(asked) == len(set(asked))

    def test_smooth_means_rate_and_gaps(self) -> None:
        assert Trial(1, 24.8, 59.0).smooth
        assert not Trial(1, 24.0, 45.0).smooth
        assert not Trial(1, 25.0, 61.0).smooth

    def test_gaps_of_a_known_stream(self) -> None:
        steady = [k / 25 for k in range(1, 251)]
        seen = smoothness(steady, 0.0, 10.0)
        assert seen["fps"] == pytest.approx(25, abs=0.2)
        assert seen["gap_ms_p95"] == pytest.approx(40, abs=0.01)
        assert smoothness([0.04, 0.08], 0.0, 10.0)["gap_ms_p95"] > 1000

    def test_a_counter_lets_only_the_end_through(self) -> None:
        class Queue:
            def __init__(self) -> None:
                self.got: list[object] = []

            def put(self, item: object) -> None:
                self.got.append(item)

        queue = Queue()
        counter = FrameCounter(queue)
        counter.put(("codec", "frame"))
        counter.put(None)
        assert queue.got == [None]
        assert len(counter.at_s) == 1
