"""Talking pictures into an MP4 file: H.264 and AAC, audio and video on one timeline."""

from __future__ import annotations

import os
import tempfile
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Final

import av
import numpy as np

from visavis.errors import BadInput
from visavis.types import I16, TICKS_HZ, VideoFrame

CRF: Final = 18
"""x264's constant quality: lower is better and larger."""
AUDIO_BITS_PER_S: Final = 128_000
SYNTHETIC: Final = "trainedAlgorithmicMedia"
"""IPTC digitalSourceType of what is made here: no camera saw it."""

XMP_UUID: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""The box that holds XMP in ISO media files. Source: ISO 16684-1 and Adobe's XMP Specification Part 3."""
_XMP: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="visavis" '
    f'Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{SYNTHETIC}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)


def mark_synthetic(path: Path) -> None:
    """Appends XMP with IPTC's DigitalSourceType to a finished MP4: a box of its own at the end, so that no offset changes."""
    packet = XMP_UUID + _XMP.encode()
    with path.open("ab") as file:
        file.write((len(packet) + 8).to_bytes(4, "big") + b"uuid" + packet)


class Mp4Writer:
    """A context manager. The file appears at `path` when it is whole; on an error nothing is left behind.

    Frames and audio may be written in any interleaving; both are stamped with media ticks that begin at 0.
    """

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        fps: int,
        rate_hz: int,
        crf: int = CRF,
        audio_bits_per_s: int = AUDIO_BITS_PER_S,
    ) -> None:
        if path.suffix.lower() != ".mp4":
            raise BadInput(f"{path.name} is not an .mp4 file name.", mend="End --out with .mp4.")
        if not path.parent.is_dir():
            raise BadInput(f"There is no folder {path.parent}.", mend="Make it first, or choose another --out.")
        self._path = path
        self._rate_hz = rate_hz
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=".mp4", dir=path.parent)
        os.close(handle)
        self._part = Path(name)
        self._container = av.open(name, "w", options={"movflags": "+faststart"})
        self._container.metadata["comment"] = f"Made with visavis. digitalSourceType={SYNTHETIC}"
        self._video = self._container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "veryfast"})
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        self._video.codec_context.time_base = Fraction(1, TICKS_HZ)
        self._audio = self._container.add_stream("aac", rate=rate_hz, layout="mono")
        self._audio.bit_rate = audio_bits_per_s
        self._audio_samples = 0

    def write_video(self, frame: VideoFrame) -> None:
        picture = av.VideoFrame.from_ndarray(frame.i420, format="yuv420p")
        picture.pts, picture.time_base = frame.t_ticks, Fraction(1, TICKS_HZ)
        self._container.mux(self._video.encode(picture))

    def write_audio(self, samples: I16) -> None:
        """The next int16 [n] at `rate_hz`."""
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], format="s16", layout="mono")
        frame.sample_rate = self._rate_hz
        frame.pts, frame.time_base = self._audio_samples, Fraction(1, self._rate_hz)
        self._audio_samples += len(samples)
        self._container.mux(self._audio.encode(frame))

    def __enter__(self) -> Mp4Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self._container.mux(self._video.encode(None))
                self._container.mux(self._audio.encode(None))
            self._container.close()
            if kind is None:
                mark_synthetic(self._part)
                self._part.chmod(0o666 & ~_umask())
                os.replace(self._part, self._path)
        finally:
            self._part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
