"""The speech layer: timed phones, or mouths heard in the voice, to a moving mouth over media time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import exp
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT as SHAPE_COUNT
from visavis.motion.channels import F64, SEAL, TALK, WEIGHTS, columns, smoothstep
from visavis.motion.heard import HeardFrames, HeardMouths
from visavis.motion.ipa import articulations
from visavis.motion.pieces import LONGEST_PHONE_S, MOUTH, REACH_AHEAD_S, Piece, mouths, placed
from visavis.motion.prosody import LOOK_AHEAD_S as PROSODY_LOOK_AHEAD_S
from visavis.motion.prosody import Loudness
from visavis.types import TICKS_HZ, AudioChunk, PhoneCue

LOOK_AHEAD_S: Final = 0.2
"""A phone or a sound that begins later than this after the sampled time has no influence on it."""

_KEEP_S: Final = 1.0
_JOIN_TICKS: Final = 2 * TICKS_HZ // 1000
_LATE_S: Final = 0.022
"""News of what should have begun already (a late phone, a mouth heard late) pulls the mouth over with this time constant."""
_LOOK_BACK_S: Final = 0.16
_MAX_PHONES: Final = 20_000
"""At most so many articulations are kept; the farthest ahead are dropped."""

assert max(REACH_AHEAD_S, PROSODY_LOOK_AHEAD_S) <= LOOK_AHEAD_S


class SpeechLayer:
    """Phones in, a mouth out. Late news is blended in from the last sampled moment, so the mouth never jumps.

    A mouth is float64 [54]: 52 weights, the lips' seal, the presence of speech.
    """

    def __init__(self, loudness: Loudness) -> None:
        self._loudness = loudness
        self._pieces: list[Piece] = []
        self._starts: list[float] = []
        self._sampled_s = -np.inf
        self._seam: F64 = np.zeros(MOUTH)
        self._seam_s, self._seam_fade_s = -np.inf, 0.0
        self._cuts: list[tuple[float, int, float]] = []
        self._heard = HeardMouths()

    def add(self, cues: Sequence[PhoneCue], generation: int) -> None:
        """Phones of known time, in any order; a pause ("") says nothing that silence does not.

        Marks alone, such as a length mark told as a phone of its own, lengthen the phone before them.
        """
        before: F64 | None = None
        for cue in cues:
            if cue.end_ticks / TICKS_HZ <= self._sampled_s - _KEEP_S or not cue.ipa:
                continue
            before = self._before_change() if before is None else before
            longer = cue if articulations(cue.ipa) else self._withdraw(cue)
            for piece in placed(longer, generation):
                at = bisect_right(self._starts, piece.start_s)
                self._starts.insert(at, piece.start_s)
                self._pieces.insert(at, piece)
        del self._pieces[_MAX_PHONES:], self._starts[_MAX_PHONES:]
        if before is not None:
            self._after_change(before)

    def add_heard(self, frames: HeardFrames, generation: int) -> None:
        """Mouths heard in the voice; where phones are known too, the phones count."""
        before = self._before_change()
        self._heard.add(frames, generation)
        self._after_change(before)

    def hear(self, audio: AudioChunk) -> None:
        """The sound itself, in order: it says how loud the phones are and whether the voice still goes on."""
        late = audio.t_ticks / TICKS_HZ < self._sampled_s + 2 * PROSODY_LOOK_AHEAD_S
        before = self._before_change() if late else None
        self._loudness.push(audio)
        self._after_change(before)

    def _withdraw(self, cue: PhoneCue) -> PhoneCue:
        """The last phone and this one as one, the last taken out; this one alone if they do not join."""
        if not self._pieces:
            return cue
        last = self._pieces[-1].cue
        if abs(cue.t_ticks - last.end_ticks) > _JOIN_TICKS:
            return cue
        while self._pieces and self._pieces[-1].cue is last:
            self._pieces.pop()
            self._starts.pop()
        return PhoneCue(last.t_ticks, cue.end_ticks, last.ipa, max(last.stress, cue.stress))

    def cut(self, t_s: float, *, below_generation: int, fade_s: float) -> None:
        """From `t_s` on nothing of older generations is said; the mouth closes over `fade_s`."""
        self._cuts.append((max(t_s, self._sampled_s), below_generation, fade_s))
        self._cuts.sort()

    def _make_cuts(self, t_s: float) -> None:
        while self._cuts and self._cuts[0][0] <= t_s:
            cut_s, generation, fade_s = self._cuts.pop(0)
            mouth = self._mouth(cut_s) if cut_s > -np.inf else None
            self._pieces = [piece for piece in self._pieces if piece.generation >= generation]
            self._starts = [piece.start_s for piece in self._pieces]
            self._heard.drop_below(generation)
            if mouth is not None:
                self._blend_from(mouth, cut_s, fade_s)

    def finish(self, t_s: float) -> None:
        """Speech ends at `t_s`: what begins later is dropped, what lasts longer is shortened."""
        ended = not self._pieces or (self._pieces[-1].end_s <= t_s and self._starts[-1] < t_s)
        if ended and not self._heard:
            return
        before = self._before_change()
        del self._pieces[bisect_left(self._starts, t_s) :], self._starts[bisect_left(self._starts, t_s) :]
        for piece in self._pieces:
            piece.end_s = min(piece.end_s, t_s)
        self._heard.drop_from(t_s)
        self._after_change(before)

    def over(self, t_s: float, face: F64) -> None:
        self._make_cuts(t_s)
        self._forget(t_s)
        mouth = self._mouth(t_s)
        self._sampled_s = max(self._sampled_s, t_s)
        face[WEIGHTS] *= 1.0 - mouth[-1] * _MOUTH_SHARE
        face[WEIGHTS] += mouth[:SHAPE_COUNT]
        face[SEAL] = max(face[SEAL], mouth[-2])
        face[TALK] = max(face[TALK], mouth[-1])

    def speaks_at(self, t_s: float) -> bool:
        lo, hi = self._reach(t_s)
        return any(p.start_s <= t_s <= p.end_s for p in self._pieces[lo:hi])

    # The mouth -------------------------------------------------------------------------------------------------------------

    def _mouth(self, t_s: float) -> F64:
        since_s = t_s - self._seam_s
        mouth = self._said(t_s)
        if self._seam_fade_s > 0.0:
            mouth += self._seam * (1.0 - smoothstep(since_s / self._seam_fade_s))
        elif since_s < 8.0 * _LATE_S:
            mouth += self._seam * exp(-since_s / _LATE_S)
        return mouth

    def _said(self, t_s: float) -> F64:
        """The mouth that the known phones ask for at `t_s`, and where there are none, the mouth heard."""
        lo, hi = self._reach(t_s)
        pieces = self._pieces[lo:hi]
        known = (
            mouths(pieces, np.full((1, len(pieces)), t_s), np.array([self._loudness.gain_at(t_s)]))[0]
            if pieces
            else np.zeros(MOUTH)
        )
        return known + (1.0 - known[-1]) * self._heard.at(t_s) if self._heard else known

    def _reach(self, t_s: float) -> tuple[int, int]:
        """The run of pieces that can be felt at `t_s`."""
        hi = bisect_right(self._starts, t_s + LOOK_AHEAD_S)
        lo = hi
        while lo > 0 and self._pieces[lo - 1].end_s > t_s - _LOOK_BACK_S:
            lo -= 1
        return lo, hi

    def _forget(self, t_s: float) -> None:
        self._heard.forget(t_s)
        old = bisect_left(self._starts, t_s - _KEEP_S - LONGEST_PHONE_S)
        if old > 64:
            del self._pieces[:old], self._starts[:old]

    # Seams -----------------------------------------------------------------------------------------------------------------

    def _before_change(self) -> F64 | None:
        return self._mouth(self._sampled_s) if self._sampled_s > -np.inf else None

    def _after_change(self, before: F64 | None) -> None:
        if before is not None and np.abs(self._mouth(self._sampled_s) - before).max() > 1e-6:
            self._blend_from(before, self._sampled_s, 0.0)

    def _blend_from(self, mouth: F64, t_s: float, fade_s: float) -> None:
        """From `mouth` at `t_s` to what the phones say: within `fade_s`, or ever closer to it where that is 0."""
        self._seam, self._seam_s, self._seam_fade_s = mouth - self._said(t_s), t_s, fade_s


def _mouth_share() -> npt.NDArray[np.float64]:
    """How far speech takes each shape over from the layers below: the mouth and jaw wholly, the rest not at all."""
    share = np.zeros(SHAPE_COUNT)
    from visavis.arkit import SHAPES

    share[[i for i, name in enumerate(SHAPES) if name.startswith(("mouth", "jaw", "tongue"))]] = 1.0
    share[columns("mouthSmile", "mouthFrown", "mouthDimple", "mouthLeft", "mouthRight")] = 0.3
    return share


_MOUTH_SHARE: Final = _mouth_share()
