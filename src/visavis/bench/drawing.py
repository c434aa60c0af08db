"""`frame_ms`, `fps` and `core_ms_per_frame`: one session's pictures, drawn and encoded as fast as one caller can.

frame_ms           from a FaceFrame handed to the engine to its finished I420 picture handed back (wall time)
fps                frames drawn over the time spent drawing; drawing alone
core_ms_per_frame  CPU time of all threads of this process for one frame: drawing (`core_ms_draw`), encoding (`core_ms_encode`)
                   as the WebRTC transport does it (aiortc's own VP8 encoder at its default rate, the copy into its picture
                   included), and both together; medians

The face talks: it is `Motion`'s, driven by the embedded voice with blinks, glances and sways. Motion's own time is outside.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from visavis.bench.speech_sample import SpeechSample
from visavis.bench.statistics import Spread, spread
from visavis.types import TICKS_HZ, Engine, FaceFrame, VideoFrame, period_ticks, ticks_from_samples

FRAMES: Final = 300
WARM_FRAMES: Final = 12
"""Drawn and encoded before anything counts: kernels load, the first key frame passes."""

Encode = Callable[[VideoFrame], int]
"""Encodes one frame, returns its bytes."""


@dataclass
class Drawing:
    """Milliseconds of each frame, in order."""

    frame_ms: list[float] = field(default_factory=list)
    draw_core_ms: list[float] = field(default_factory=list)
    encode_core_ms: list[float] = field(default_factory=list)

    @property
    def spread(self) -> Spread | None:
        return spread(self.frame_ms)

    @property
    def fps(self) -> float:
        return 1000.0 * len(self.frame_ms) / sum(self.frame_ms)

    @property
    def core_ms_draw(self) -> float:
        return float(np.median(self.draw_core_ms))

    @property
    def core_ms_encode(self) -> float:
        return float(np.median(self.encode_core_ms))

    @property
    def core_ms(self) -> float:
        return float(np.median(np.add(self.draw_core_ms, self.encode_core_ms)))


def talking_faces(sample: SpeechSample, *, fps: int, count: int = FRAMES, seed: int = 1) -> list[FaceFrame]:
    """`count` FaceFrames of a face that says `sample` again and again, from its first sound on."""
    from visavis.motion import Motion

    motion = Motion(seed=seed)
    period = period_ticks(fps)
    start = 0
    length = ticks_from_samples(len(sample.samples), 24_000)
    chunks = sample.chunks()
    while start < count * period:
        for chunk in chunks:
            motion.speak(chunk.placed(start, 0))
        start += length
    return [motion.sample(index * period) for index in range(count)]


def measure_drawing(engine: Engine, faces: Sequence[FaceFrame], *, encode: Encode | None = None) -> Drawing:
    """Draw and encode `faces`; the first `WARM_FRAMES` are done once beforehand and do not count."""
    encode = encode or vp8_encoder()
    result = Drawing()
    for face in faces[:WARM_FRAMES]:
        encode(engine.draw(face))
    for face in faces:
        start_wall, start_core = time.perf_counter(), time.process_time()
        frame = engine.draw(face)
        drawn_wall, drawn_core = time.perf_counter(), time.process_time()
        encode(frame)
        encoded_core = time.process_time()
        result.frame_ms.append((drawn_wall - start_wall) * 1000)
        result.draw_core_ms.append((drawn_core - start_core) * 1000)
        result.encode_core_ms.append((encoded_core - drawn_core) * 1000)
    return result


def vp8_encoder() -> Encode:
    """What the WebRTC transport does with a frame: a picture for FFmpeg, aiortc's VP8 encoder, its packets."""
    import av
    from aiortc.codecs.vpx import Vp8Encoder

    encoder = Vp8Encoder()
    index = 0

    def encode(frame: VideoFrame) -> int:
        nonlocal index
        picture = av.VideoFrame.from_ndarray(frame.i420, format="yuv420p")
        picture.pts, picture.time_base = index * TICKS_HZ // 30, Fraction(1, TICKS_HZ)
        index += 1
        payloads, _ = encoder.encode(picture)
        return sum(len(payload) for payload in payloads)

    return encode
