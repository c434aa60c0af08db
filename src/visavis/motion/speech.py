"""The speech layer: timed phones to a moving mouth, as a closed form of media time.

Each articulation pulls jaw, rounding, lips and tongue towards its target with a strength of its own that swells before it and
ebbs after it; the mouth is the strength-weighted mean (dominance functions: M. Cohen and D. Massaro, "Modeling
coarticulation in synthetic visual speech", 1993). Here their reach is finite, so that what lies beyond `LOOK_AHEAD_S` cannot
matter, and lip closures are no compromise: bilabials seal and labiodentals touch, whatever their neighbours want.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from math import exp
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT as SHAPE_COUNT
from visavis.motion.channels import F64, SEAL, TALK, WEIGHTS, columns, smoothstep
from visavis.motion.ipa import JAW_GROUP, LIP_GROUP, ROUND_GROUP, TONGUE_GROUP, Articulation, articulations
from visavis.motion.prosody import LOOK_AHEAD_S as PROSODY_LOOK_AHEAD_S
from visavis.motion.prosody import Loudness
from visavis.motion.visemes import ROW, TABLE
from visavis.types import TICKS_HZ, AudioChunk, PhoneCue

LOOK_AHEAD_S: Final = 0.2
"""A phone or a sound that begins later than this after the sampled time has no influence on it."""

_REACH_BEFORE_S: Final = np.array([0.130, 0.195, 0.140, 0.080])
_REACH_AFTER_S: Final = np.array([0.135, 0.155, 0.140, 0.090])
"""How far beyond its own edges an articulation is felt on jaw, rounding, lips, tongue; rounding is anticipated most."""
_LONGEST_SWELL_S: Final = 0.080
"""An articulation is at its strongest so long after it began, or in its middle if that is earlier."""
_SHARPNESS: Final = 3
_OPEN_BEFORE_S: Final = 0.090
_CLOSE_AFTER_S: Final = 0.130
"""The mouth leaves rest so long before the first sound and is back so long after the last."""
_SEAL_IN_S: Final = 0.045
_SEAL_OUT_S: Final = 0.040
_MIN_HOLD_S: Final = 0.044
"""A closure lasts at least one frame at 25 Hz, in fast speech too."""
_BURST_S: Final = 0.050
_CLOSED_BEFORE_BURST_S: Final = 0.035
"""A /p/ shorter than the first is its burst alone, as eSpeak NG times it: the silence of its closure lies before it."""
_LONGEST_PHONE_S: Final = 2.0
_KEEP_S: Final = 1.0
_JOIN_TICKS: Final = 2 * TICKS_HZ // 1000
_LATE_S: Final = 0.022
"""News of what should have begun already (a late phone) pulls the mouth over with this time constant."""
_HOLD_S: Final = 0.14
"""Phones come late from a recogniser: while the voice goes on, the last one it told lasts so much longer."""
_QUIET_DB, _VOICE_DB = -24.0, -6.0
_LOOK_BACK_S: Final = _HOLD_S + 0.16
_MAX_PHONES: Final = 20_000
"""At most so many articulations are kept; the farthest ahead are dropped."""

assert max(_REACH_BEFORE_S.max(), _OPEN_BEFORE_S, _SEAL_IN_S + _MIN_HOLD_S, PROSODY_LOOK_AHEAD_S) <= LOOK_AHEAD_S

_GROUP_OF: Final = np.full(SHAPE_COUNT, LIP_GROUP)
_GROUP_OF[columns("jawOpen", "jawForward", "jawLeft", "jawRight", "mouthClose")] = JAW_GROUP
_GROUP_OF[columns("mouthFunnel", "mouthPucker")] = ROUND_GROUP
_GROUP_OF[columns("tongueOut")] = TONGUE_GROUP
_VERTICAL: Final = np.zeros(SHAPE_COUNT, bool)
_VERTICAL[columns("jawOpen", "mouthLowerDown", "mouthUpperUp")] = True
_STRESS_GAIN: Final = (0.84, 0.98, 1.08)
_STRESS_STRENGTH: Final = (0.85, 1.0, 1.15)
_TOUCH_TARGET: Final = TABLE[ROW["FF"]]
_TOUCH_COLUMNS: Final = columns("jawOpen", "mouthClose", "mouthRollLower", "mouthLowerDown", "mouthUpperUp", "mouthShrugUpper",
                                "mouthFunnel", "mouthPress", "mouthRollUpper", "tongueOut")  # fmt: skip


class _Piece:
    """An articulation placed in time (seconds)."""

    __slots__ = ("cue", "end_s", "extends", "fall_s", "fall_to_s", "generation", "hold_end_s", "hold_start_s", "rise_from_s", "rise_s",
                 "seal", "start_s", "strength", "target", "touch")  # fmt: skip

    def __init__(self, part: Articulation, cue: PhoneCue, end_s: float, generation: int, extends: bool) -> None:
        self.extends = extends
        begin_s = cue.t_ticks / TICKS_HZ
        length_s = end_s - begin_s
        self.start_s, self.end_s = begin_s + part.start * length_s, begin_s + part.end * length_s
        half_s = 0.5 * (self.end_s - self.start_s)
        core_s = min(half_s, _LONGEST_SWELL_S)
        self.rise_from_s, self.rise_s = self.start_s - _REACH_BEFORE_S, core_s + _REACH_BEFORE_S
        self.fall_to_s, self.fall_s = self.end_s + _REACH_AFTER_S, core_s + _REACH_AFTER_S
        self.cue, self.generation, self.seal, self.touch = cue, generation, part.seal, part.touch
        self.target, self.strength = part.target, part.strength
        if part.vowel:
            self.target = np.where(_VERTICAL, part.target * _STRESS_GAIN[cue.stress], part.target)
            self.strength = part.strength * _STRESS_STRENGTH[cue.stress]
        middle_s = self.start_s + half_s
        hold_s = max(_MIN_HOLD_S / 2, 0.8 * half_s)
        self.hold_start_s, self.hold_end_s = middle_s - hold_s, middle_s + hold_s
        if part.burst and 2 * half_s < _BURST_S:
            self.hold_start_s = self.start_s - min(_CLOSED_BEFORE_BURST_S, 2.8 * half_s)
            self.hold_end_s = middle_s + 0.005

    def closure(self, t_s: float) -> float:
        if t_s < self.hold_start_s:
            return smoothstep(1.0 - (self.hold_start_s - t_s) / _SEAL_IN_S)
        return smoothstep(1.0 - (t_s - self.hold_end_s) / _SEAL_OUT_S) if t_s > self.hold_end_s else 1.0

    def presence(self, t_s: float) -> float:
        if t_s < self.start_s:
            return smoothstep(1.0 - (self.start_s - t_s) / _OPEN_BEFORE_S)
        return smoothstep(1.0 - (t_s - self.end_s) / _CLOSE_AFTER_S) if t_s > self.end_s else 1.0


class SpeechLayer:
    """Phones in, a mouth out. Late news is blended in from the last sampled moment, so the mouth never jumps.

    A mouth is float64 [54]: 52 weights, the lips' seal, the presence of speech.
    """

    def __init__(self, loudness: Loudness) -> None:
        self._loudness = loudness
        self._pieces: list[_Piece] = []
        self._starts: list[float] = []
        self._sampled_s = -np.inf
        self._seam: F64 = np.zeros(SHAPE_COUNT + 2)
        self._seam_s, self._seam_fade_s = -np.inf, 0.0
        self._cuts: list[tuple[float, int, float]] = []

    def add(self, cues: Sequence[PhoneCue], generation: int, *, join: bool = False) -> None:
        """Phones of known time, in any order; a pause ("") says nothing that silence does not.

        With `join`, as from a recogniser, a phone that begins where the same phone was last added to end makes that one longer,
        and the last one holds a little while the voice goes on. Marks alone, such as a length mark told as a phone of its own,
        always lengthen the phone before them.
        """
        before: F64 | None = None
        for cue in cues:
            if cue.end_ticks / TICKS_HZ <= self._sampled_s - _KEEP_S or not cue.ipa:
                continue
            before = self._before_change() if before is None else before
            longer = self._withdraw(cue) if join or not articulations(cue.ipa) else cue
            for piece in _placed(longer, generation, join):
                at = bisect_right(self._starts, piece.start_s)
                self._starts.insert(at, piece.start_s)
                self._pieces.insert(at, piece)
        del self._pieces[_MAX_PHONES:], self._starts[_MAX_PHONES:]
        if before is not None:
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
        if (articulations(cue.ipa) and last.ipa != cue.ipa) or abs(cue.t_ticks - last.end_ticks) > _JOIN_TICKS:
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
            if mouth is not None:
                self._blend_from(mouth, cut_s, fade_s)

    def finish(self, t_s: float) -> None:
        """Speech ends at `t_s`: what begins later is dropped, what lasts longer is shortened."""
        if not self._pieces or (self._pieces[-1].end_s <= t_s and self._starts[-1] < t_s):
            return
        before = self._before_change()
        del self._pieces[bisect_left(self._starts, t_s) :], self._starts[bisect_left(self._starts, t_s) :]
        for piece in self._pieces:
            piece.end_s = min(piece.end_s, t_s)
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
        """The mouth that the known phones ask for at `t_s`."""
        mouth = np.zeros(SHAPE_COUNT + 2)
        lo, hi = self._reach(t_s)
        pieces = self._pieces[lo:hi]
        times = [t_s] * len(pieces)
        if pieces and pieces[-1].extends:
            times[-1] -= self._held_s(t_s, pieces[-1].end_s, self._starts[hi] if hi < len(self._starts) else None)
        absence = 1.0
        for piece, at_s in zip(pieces, times, strict=True):
            absence *= 1.0 - piece.presence(at_s)
        if absence >= 1.0:
            return mouth
        presence = 1.0 - absence
        gain = self._loudness.gain_at(t_s)
        shape = self._blend(pieces, np.array(times))
        shape[_VERTICAL] *= gain
        seal = touch = 0.0
        for piece, at_s in zip(pieces, times, strict=True):
            if piece.seal or piece.touch:
                closure = piece.closure(at_s)
                seal, touch = max(seal, piece.seal * closure), max(touch, piece.touch * closure)
        touch = min(touch, 1.0 - seal)
        if touch > 0.0:
            shape[_TOUCH_COLUMNS] += touch * (_TOUCH_TARGET[_TOUCH_COLUMNS] - shape[_TOUCH_COLUMNS])
        mouth[:SHAPE_COUNT] = presence * shape
        mouth[-2], mouth[-1] = seal, presence
        return mouth

    def _held_s(self, t_s: float, end_s: float, next_s: float | None) -> float:
        """How far behind `t_s` the last recognised phone is taken to be: all the way while the voice goes on without news."""
        late_s = min(t_s - end_s, _HOLD_S)
        if late_s <= 0.0:
            return 0.0
        news = smoothstep((next_s - t_s - 0.5 * _LOOK_BACK_S) / 0.1) if next_s is not None else 1.0
        voice = smoothstep((self._loudness.relative_db(t_s, unknown_db=_QUIET_DB) - _QUIET_DB) / (_VOICE_DB - _QUIET_DB))
        return late_s * news * voice

    @staticmethod
    def _blend(pieces: list[_Piece], times: F64) -> F64:
        """The strength-weighted mean of the targets at each piece's own time, group by group: float64 [52]."""
        at = times[:, None]
        rise = (at - np.array([piece.rise_from_s for piece in pieces])) / np.array([piece.rise_s for piece in pieces])
        fall = (np.array([piece.fall_to_s for piece in pieces]) - at) / np.array([piece.fall_s for piece in pieces])
        nearness = np.clip(np.minimum(rise, fall), 0.0, 1.0)
        swell = (0.5 - 0.5 * np.cos(np.pi * nearness)) ** _SHARPNESS
        pull = swell * np.array([piece.strength for piece in pieces]) + 1e-9
        pull /= pull.sum(axis=0)
        targets = np.array([piece.target for piece in pieces])
        blend: F64 = np.einsum("ps,ps->s", pull[:, _GROUP_OF], targets)
        return blend

    def _reach(self, t_s: float) -> tuple[int, int]:
        """The run of pieces that can be felt at `t_s`."""
        hi = bisect_right(self._starts, t_s + LOOK_AHEAD_S)
        lo = hi
        while lo > 0 and self._pieces[lo - 1].end_s > t_s - _LOOK_BACK_S:
            lo -= 1
        return lo, hi

    def _forget(self, t_s: float) -> None:
        old = bisect_left(self._starts, t_s - _KEEP_S - _LONGEST_PHONE_S)
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


def _placed(cue: PhoneCue, generation: int, extends: bool) -> list[_Piece]:
    end_s = min(cue.end_ticks / TICKS_HZ, cue.t_ticks / TICKS_HZ + _LONGEST_PHONE_S)
    if end_s <= cue.t_ticks / TICKS_HZ:
        return []
    return [_Piece(part, cue, end_s, generation, extends) for part in articulations(cue.ipa)]
