"""Sample-rate conversion of a stream, exact in time: output sample k lies at k / out_hz after the first input sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visavis.types import I16

if TYPE_CHECKING:
    from av import AudioFrame


def pcm_of(frame: AudioFrame) -> I16:
    """The samples of a mono s16 frame as int16 [n]."""
    return np.asarray(frame.to_ndarray(), np.int16).reshape(-1)


class StreamResampler:
    """Mono int16 at `in_hz` to mono int16 at `out_hz` (libswresample). The result does not depend on how the input is cut.

    A little input is held back until its right-hand neighbours arrive; `flush` gives the rest and starts afresh.
    """

    def __init__(self, in_hz: int, out_hz: int) -> None:
        assert in_hz > 0, in_hz
        assert out_hz > 0, out_hz
        self.in_hz, self.out_hz = in_hz, out_hz
        self.reset()

    def reset(self) -> None:
        from av import AudioResampler

        self._swr = AudioResampler(format="s16", layout="mono", rate=self.out_hz)
        self._taken = 0
        self._given = 0

    def push(self, samples: I16) -> I16:
        """int16 [n] in, int16 [m] out; m may be 0."""
        if self.in_hz == self.out_hz or not len(samples):
            return samples
        from av import AudioFrame

        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], format="s16", layout="mono")
        frame.sample_rate = self.in_hz
        frame.pts = None
        self._taken += len(samples)
        return self._collect(self._swr.resample(frame))

    def flush(self) -> I16:
        """What is still held back, padded or cut so that all outputs together last as long as all inputs. Starts afresh."""
        if self.in_hz == self.out_hz or not self._taken:
            return np.zeros(0, np.int16)
        want = round(self._taken * self.out_hz / self.in_hz) - self._given
        rest = self._collect(self._swr.resample(None))
        self.reset()
        if len(rest) >= want:
            return rest[: max(want, 0)]
        return np.concatenate([rest, np.zeros(want - len(rest), np.int16)])

    def _collect(self, frames: list[AudioFrame]) -> I16:
        parts = [pcm_of(frame) for frame in frames]
        out: I16 = np.concatenate(parts) if parts else np.zeros(0, np.int16)
        self._given += len(out)
        return out


def resample(samples: I16, in_hz: int, out_hz: int) -> I16:
    """The whole of a recording at once; same result as the stream's."""
    stream = StreamResampler(in_hz, out_hz)
    return np.concatenate([stream.push(samples), stream.flush()])
