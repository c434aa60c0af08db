"""What is read from an agent's streams: sound of any usual format, and the cues that came beside it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

import numpy as np
from livekit import rtc

from visavis.audio.resample import StreamResampler
from visavis.errors import BadInput, VisavisError
from visavis.transports.livekit.cues import CueReader
from visavis.transports.livekit.wire import PHONES_KNOWN
from visavis.types import I16, SPEECH_HZ, Cue

log = logging.getLogger(__name__)

RATES_HZ: Final = range(8_000, 96_001)
CHANNELS: Final = range(1, 9)


@dataclass
class PcmReader:
    """PCM of any usual rate and channel count to mono at `SPEECH_HZ`, from bytes cut anywhere."""

    channels: int
    resampler: StreamResampler
    rest: bytes = b""

    @staticmethod
    def of(attributes: dict[str, str]) -> PcmReader:
        """Raises BadInput where rate or channels are missing or out of range."""
        try:
            rate_hz, channels = int(attributes["sample_rate"]), int(attributes["num_channels"])
        except (KeyError, ValueError):
            raise BadInput("The audio stream does not say its sample_rate and num_channels.") from None
        if rate_hz not in RATES_HZ or channels not in CHANNELS:
            raise BadInput(
                f"The audio stream has {rate_hz} Hz and {channels} channels.", mend="Send 8 to 96 kHz, 1 to 8 channels."
            )
        return PcmReader(channels, StreamResampler(rate_hz, SPEECH_HZ))

    def push(self, data: bytes) -> I16:
        data = self.rest + data
        whole = len(data) // (2 * self.channels) * (2 * self.channels)
        self.rest = data[whole:]
        samples = np.frombuffer(data[:whole], "<i2")
        if self.channels > 1:
            samples = samples.reshape(-1, self.channels).mean(axis=1)
        return self.resampler.push(samples.astype(np.int16))

    def flush(self) -> I16:
        return self.resampler.flush()


class CueCollector:
    """The cues of one utterance as they arrive. A faulty stream ends them; the audio goes on."""

    def __init__(self, reader: rtc.ByteStreamReader | None) -> None:
        self._reader = reader
        self._cues: list[Cue] = []
        attributes = (reader.info.attributes or {}) if reader is not None else {}
        self.phones_known = attributes.get(PHONES_KNOWN) == "1"

    async def run(self) -> None:
        if self._reader is None:
            return
        lines = CueReader()
        try:
            async for data in self._reader:
                self._cues += lines.push(data)
        except (VisavisError, rtc.StreamError) as error:
            log.warning("cues are left out from here on: %s", error)

    def take(self) -> tuple[Cue, ...]:
        cues, self._cues = tuple(self._cues), []
        return cues
