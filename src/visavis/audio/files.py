"""Recordings from disk: any container and codec that FFmpeg reads, as mono int16."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from visavis.audio.resample import pcm_of
from visavis.errors import BadInput, NotFound, TooLarge
from visavis.types import I16

MAX_SECONDS: Final = 2 * 3600
"""Longest recording read at once."""
MEND: Final = "Take a WAV, FLAC, MP3, OGG or M4A file."


def load_audio(path: str | Path, rate_hz: int, *, max_s: float = MAX_SECONDS) -> I16:
    """Mono int16 [n] at `rate_hz`; channels are averaged.

    Raises NotFound, BadInput where there is no readable audio, TooLarge beyond `max_s`.
    """
    import av

    path = Path(path)
    if not path.is_file():
        raise NotFound(f"{path} is not there.", mend="Give the path of an audio file.")
    parts: list[I16] = []
    count = 0
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise BadInput(f"{path.name} holds no audio.", mend=MEND)
            swr = av.AudioResampler(format="s16", layout="mono", rate=rate_hz)
            for frame in container.decode(container.streams.audio[0]):
                frame.pts = None
                for piece in swr.resample(frame):
                    parts.append(pcm_of(piece))
                    count += len(parts[-1])
                if count > max_s * rate_hz:
                    raise TooLarge(f"{path.name} is longer than {max_s / 60:.0f} minutes.", mend="Cut it into parts.")
            parts += [pcm_of(piece) for piece in swr.resample(None)]
    except av.FFmpegError as error:
        raise BadInput(f"{path.name} is not readable audio: {error.strerror}.", mend=MEND) from None
    samples: I16 = np.concatenate(parts) if parts else np.zeros(0, np.int16)
    if not len(samples):
        raise BadInput(f"{path.name} holds no sound.", mend="Take a recording that plays.")
    return samples
