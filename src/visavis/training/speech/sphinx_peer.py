"""A peer to measure against: pocketsphinx's phone loop, streaming, English models, some 90 ms behind the sound."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from visavis.audio.resample import StreamResampler
from visavis.motion.ipa import IPA_OF_ARPABET
from visavis.motion.voicing import Voicing
from visavis.types import I16, TICKS_HZ, AudioChunk, PhoneCue, ticks_from_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

RATE_HZ: Final = 16_000
_FRAME: Final = 160
_BLOCK: Final = 320
_BEHIND_FRAMES: Final = 8
"""A frame's phone is told once so many frames after it are heard; earlier it still changes too often."""
_WINDOW_CENTRE_TICKS: Final = TICKS_HZ * 256 // 20_000
"""A feature frame looks at 25.6 ms of sound from its number x 10 ms on: what it hears lies in their middle."""
_QUIET_ENDS_BLOCKS: Final = 25
_LONGEST_FRAMES: Final = 1500
"""A decoder's utterance ends after half a second without voice, or after 15 s: its memory and its work grow with it."""
_STRESSED: Final = frozenset({"AA", "AE", "AO", "AW", "AY", "EH", "ER", "EY", "IY", "OW", "OY", "UW"})


class VoiceGate:
    """Opens around voiced blocks: a little before, so far as that is known, and a little after for voiceless endings."""

    def __init__(self, block_s: float, *, before_s: float = 0.16, after_s: float = 0.18) -> None:
        self._before, self._after = round(before_s / block_s), round(after_s / block_s)
        self._voiced: deque[int] = deque()

    def reset(self) -> None:
        self._voiced.clear()

    def push(self, block: int, voiced: bool) -> None:
        """Blocks by number, in order. One voiced block alone is a click; two of three are a voice."""
        if voiced:
            self._voiced.append(block)
        while self._voiced and self._voiced[0] < block - 400:
            self._voiced.popleft()

    def is_open(self, block: int) -> bool:
        near = [v for v in self._voiced if block - self._after <= v <= block + self._before]
        return any(b - a <= 2 for a, b in pairwise(near))


def _decoder() -> Any:
    import pocketsphinx

    phones = pocketsphinx.get_model_path("en-us/en-us-phone.lm.bin")
    return pocketsphinx.Decoder(
        samprate=float(RATE_HZ), allphone=str(phones), lm=None, lw=2.0, pip=0.3, beam=1e-20, pbeam=1e-20, loglevel="FATAL"
    )


class PhoneRecogniser:
    """Audio in, phones out, in order and without gaps to the next one. One owner, one thread at a time.

    The result does not depend on how the audio is cut: it is decoded in blocks of 20 ms. A phone that lasts is told in pieces
    that touch; `joined` makes them one.
    """

    def __init__(self) -> None:
        self._voicing, self._gate = Voicing(RATE_HZ), VoiceGate(_BLOCK / RATE_HZ)
        self._resampler: StreamResampler | None = None
        self.reset()

    def reset(self) -> None:
        """Forget everything, the speaker included: a new decoder (0.1 s). Between utterances of a voice, `flush`."""
        self._decoder = _decoder()
        self._open = False
        self._voicing.reset()
        self._gate.reset()
        self._start_afresh()

    def _start_afresh(self) -> None:
        self._resampler = None
        self._rest: I16 = np.zeros(0, np.int16)
        self._next_ticks: int | None = None
        self._anchor_ticks = 0
        self._blocks = self._first_block = self._told = self._quiet = 0

    def push(self, audio: AudioChunk) -> list[PhoneCue]:
        """Phones that this audio made certain; times are media time. A gap in time ends what was before it."""
        told: list[PhoneCue] = []
        late = self._next_ticks is None or abs(audio.t_ticks - self._next_ticks) > TICKS_HZ // 1000
        if late or self._resampler is None or self._resampler.in_hz != audio.rate_hz:
            told += self.flush()
            self._resampler = StreamResampler(audio.rate_hz, RATE_HZ)
            self._anchor_ticks = audio.t_ticks
        self._next_ticks = audio.end_ticks
        self._rest = np.concatenate([self._rest, self._resampler.push(audio.samples)])
        told += self._decode()
        return told

    def flush(self) -> list[PhoneCue]:
        """The speech is over: what is still undecided."""
        told: list[PhoneCue] = []
        if self._resampler is not None:
            self._rest = np.concatenate([self._rest, self._resampler.flush()])
            fill = -len(self._rest) % _BLOCK
            if len(self._rest):
                self._rest = np.concatenate([self._rest, np.zeros(fill, np.int16)])
            told = self._decode()
        told += self._close()
        self._gate.reset()
        self._start_afresh()
        return told

    # Decoding --------------------------------------------------------------------------------------------------------------

    def _decode(self) -> list[PhoneCue]:
        told: list[PhoneCue] = []
        count = len(self._rest) // _BLOCK
        for i in range(count):
            told += self._take(self._rest[i * _BLOCK : (i + 1) * _BLOCK])
        self._rest = self._rest[count * _BLOCK :]
        return told

    def _take(self, block: I16) -> list[PhoneCue]:
        voiced = self._voicing.push(block)
        self._gate.push(self._blocks, voiced)
        self._quiet = 0 if voiced else self._quiet + 1
        told: list[PhoneCue] = []
        if self._open and (self._quiet >= _QUIET_ENDS_BLOCKS or self._heard_frames() >= _LONGEST_FRAMES):
            told += self._close()
        if not self._open:
            self._decoder.start_utt()
            self._open, self._first_block, self._told = True, self._blocks, 0
        self._decoder.process_raw(block.tobytes(), False, False)
        self._blocks += 1
        if self._quiet < _QUIET_ENDS_BLOCKS:
            told += self._tell(self._heard_frames() - _BEHIND_FRAMES)
        return told

    def _heard_frames(self) -> int:
        return (self._blocks - self._first_block) * _BLOCK // _FRAME

    def _close(self) -> list[PhoneCue]:
        if not self._open:
            return []
        self._decoder.end_utt()
        self._open = False
        return self._tell(self._heard_frames())

    def _tell(self, until: int) -> list[PhoneCue]:
        """Phones from the last frame told to frame `until` of the decoder's utterance."""
        if until <= self._told:
            return []
        base = self._first_block * _BLOCK // _FRAME
        told = [
            PhoneCue(self._ticks(base + start), self._ticks(base + end), IPA_OF_ARPABET[name], 1 if name in _STRESSED else 0)
            for name, start, end in self._gated(self._told, until)
        ]
        self._told = until
        return told

    def _gated(self, start: int, until: int) -> Iterator[tuple[str, int, int]]:
        """(phone, first frame, end frame) within the range, cut to where the gate is open."""
        per_block = _BLOCK // _FRAME
        for segment in self._decoder.seg() or ():
            name = segment.word
            if not IPA_OF_ARPABET.get(name):
                continue
            run: int | None = None
            for frame in range(max(start, segment.start_frame), min(until, segment.end_frame + 1) + 1):
                inside = frame < min(until, segment.end_frame + 1)
                is_open = inside and self._gate.is_open(self._first_block + frame // per_block)
                if is_open and run is None:
                    run = frame
                elif not is_open and run is not None:
                    yield name, run, frame
                    run = None

    def _ticks(self, frame: int) -> int:
        return self._anchor_ticks + ticks_from_samples(frame * _FRAME, RATE_HZ) + _WINDOW_CENTRE_TICKS


def joined(phones: list[PhoneCue]) -> list[PhoneCue]:
    """Pieces of the same phone that touch, as one."""
    out: list[PhoneCue] = []
    for cue in phones:
        if out and out[-1].ipa == cue.ipa and abs(cue.t_ticks - out[-1].end_ticks) <= TICKS_HZ // 500:
            out[-1] = PhoneCue(out[-1].t_ticks, cue.end_ticks, cue.ipa, max(cue.stress, out[-1].stress))
        else:
            out.append(cue)
    return out
