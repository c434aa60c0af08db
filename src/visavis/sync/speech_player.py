"""The audio side of time: speech comes in early and in pieces, leaves as one unbroken stream of 20 ms frames.

Audio is the master clock. A chunk is given its media time when it is pushed; motion learns of it then, and the transport reads
exactly that sample at exactly that time. Nothing is ever dropped but by an interruption.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import numpy as np

from visavis.audio.resample import StreamResampler
from visavis.clock import Clock
from visavis.sync.video_pacer import VIDEO_LEAD_TICKS
from visavis.types import (
    AUDIO_FRAME_TICKS,
    I16,
    SPEECH_HZ,
    TICKS_HZ,
    AudioChunk,
    Cue,
    PhoneCue,
    PlaybackEnd,
    SpeechChunk,
    WordCue,
    s_from_ticks,
    ticks_from_s,
)

SPEECH_LEAD_TICKS: Final = VIDEO_LEAD_TICKS + ticks_from_s(0.004)
"""How far ahead of now the first sample of speech is placed: just enough that the frame of its time is not being drawn yet.

Every millisecond more is heard as delay and stays for the whole utterance where speech comes in real time.
"""
MAX_AHEAD_TICKS: Final = ticks_from_s(20.0)
"""`push` waits while more speech than this is ahead."""
FADE_TICKS: Final = ticks_from_s(0.005)
"""An interruption fades over this, not to click."""
CUE_LEAD_TICKS: Final = ticks_from_s(0.25)
"""Cues are passed on so far ahead of the speech that has come: what motion wants to know early, and no more, for a voice may stall."""


class PlayerListener(Protocol):
    """What follows from speech being placed, heard and stopped."""

    def on_placed(self, chunk: SpeechChunk) -> None:
        """A chunk in media time, before it is heard."""

    def on_speech_end(self, t_ticks: int) -> None:
        """The media time at which an utterance's last sample lies."""

    def on_stall(self, t_ticks: int) -> None:
        """The voice fell behind: from `t_ticks` on there is silence until more comes; cues that lie there will be told anew."""

    def on_started(self, utterance: int) -> None:
        """An utterance's first sample is being handed to the transport."""

    def on_word(self, utterance: int, word: WordCue) -> None:
        """This word's first sample is being handed to the transport."""

    def on_finished(self, end: PlaybackEnd) -> None:
        """An utterance is over, heard as far as `end` says."""

    def on_cut(self, t_ticks: int, generation: int) -> None:
        """Interrupted: from `t_ticks` on there is silence, and only `generation` counts."""


@dataclass(slots=True)
class _Utterance:
    number: int
    resampler: StreamResampler = field(default_factory=lambda: StreamResampler(SPEECH_HZ, TICKS_HZ))
    pieces: deque[tuple[int, I16]] = field(default_factory=deque)
    coming: list[Cue] = field(default_factory=list)
    """Too far ahead of the speech that has come to be passed on; like all cues here in the utterance's own time."""
    ahead: list[PhoneCue] = field(default_factory=list)
    """Passed on, but their sound has not come yet."""
    words: deque[WordCue] = field(default_factory=deque)
    next_ticks: int | None = None
    """Media time at which the next sample to arrive will lie."""
    offset_ticks: int = 0
    """Media time of the utterance's own time zero; grows by stalls."""
    heard_ticks: int = 0
    ended: bool = False
    started: bool = False
    stalled: bool = False


class SpeechPlayer:
    """Implements `types.SpeechSink`; read by a transport through `read`."""

    def __init__(self, clock: Clock, listener: PlayerListener, *, lead_ticks: int = SPEECH_LEAD_TICKS) -> None:
        self._clock = clock
        self._listener = listener
        self._lead_ticks = lead_ticks
        self._utterances: deque[_Utterance] = deque()
        self._count = 0
        self._read_ticks = 0
        self._tail: I16 = np.zeros(0, np.int16)
        self._room = asyncio.Event()
        self.generation = 0
        self.stall_ticks = 0
        self.on_playback_started: Callable[[int], None] = lambda utterance: None
        self.on_playback_finished: Callable[[PlaybackEnd], None] = lambda end: None

    # SpeechSink ---------------------------------------------------------------------------------------------------------------

    async def push(self, chunk: SpeechChunk) -> int:
        """Place a chunk at `SPEECH_HZ` right behind what is there. Waits while `MAX_AHEAD_TICKS` are ahead.

        A chunk that was still waiting when an interruption came belongs to what was interrupted, and is dropped with it.
        """
        assert chunk.audio.rate_hz == SPEECH_HZ, chunk.audio.rate_hz
        generation = self.generation
        while self.ahead_ticks > MAX_AHEAD_TICKS and generation == self.generation:
            self._room.clear()
            await self._room.wait()
        if generation != self.generation:
            return self._count
        utterance = self._open_utterance()
        samples = utterance.resampler.push(chunk.audio.samples)
        self._append(utterance, chunk, samples)
        return utterance.number

    def end_utterance(self) -> None:
        if not self._utterances or self._utterances[-1].ended:
            return
        utterance = self._utterances[-1]
        utterance.ended = True
        rest = utterance.resampler.flush()
        assert utterance.next_ticks is not None
        if len(rest):
            utterance.pieces.append((utterance.next_ticks, rest))
            utterance.next_ticks += len(rest)
        if utterance.coming:
            end = utterance.next_ticks - utterance.offset_ticks
            last = SpeechChunk(AudioChunk(end, SPEECH_HZ, np.zeros(0, np.int16)), tuple(utterance.coming), True)
            self._listener.on_placed(last.placed(utterance.offset_ticks, self.generation))
        self._listener.on_speech_end(utterance.next_ticks)

    def interrupt(self) -> None:
        self.generation += 1
        self._tail = self._faded_tail()
        dropped, self._utterances = self._utterances, deque()
        self._room.set()
        self._listener.on_cut(max(self._read_ticks, self._clock.now_ticks()), self.generation)
        for utterance in dropped:
            self._finish(utterance, interrupted=True)

    # The transport's side -----------------------------------------------------------------------------------------------------

    @property
    def ahead_ticks(self) -> int:
        """How much speech is placed and not yet read."""
        last = self._utterances[-1].next_ticks if self._utterances else None
        return max(0, last - self._read_ticks) if last is not None else 0

    @property
    def speaking(self) -> bool:
        return bool(self._utterances)

    def read(self, t_ticks: int, count: int = AUDIO_FRAME_TICKS) -> I16:
        """int16 [count] at 48 kHz for media time `t_ticks` on. Times must not go back; what was skipped is never heard."""
        assert t_ticks >= self._read_ticks, (t_ticks, self._read_ticks)
        out = np.zeros(count, np.int16)
        end_ticks = t_ticks + count
        self._read_ticks = end_ticks
        if len(self._tail):
            take = min(count, len(self._tail))
            out[:take] = self._tail[:take]
            self._tail = np.zeros(0, np.int16)
        while self._utterances:
            utterance = self._utterances[0]
            self._play(utterance, out, t_ticks, end_ticks)
            if utterance.pieces or not utterance.ended:
                break
            self._utterances.popleft()
            self._tell_words(utterance, None)
            self._finish(utterance, interrupted=False)
        self._room.set()
        return out

    def _play(self, utterance: _Utterance, out: I16, t_ticks: int, end_ticks: int) -> None:
        while utterance.pieces and utterance.pieces[0][0] < end_ticks:
            at, samples = utterance.pieces.popleft()
            if not utterance.started:
                utterance.started = True
                self.on_playback_started(utterance.number)
                self._listener.on_started(utterance.number)
            skip = max(0, t_ticks - at)
            now = samples[skip : end_ticks - at]
            start = max(at, t_ticks) - t_ticks
            out[start : start + len(now)] = now
            utterance.heard_ticks += len(now)
            if end_ticks - at < len(samples):
                utterance.pieces.appendleft((end_ticks, samples[end_ticks - at :]))
        if utterance.started and not utterance.pieces and not utterance.ended and utterance.next_ticks is not None:
            self._stall(utterance, utterance.next_ticks, t_ticks, end_ticks)
        if utterance.next_ticks is not None:
            self._tell_words(utterance, min(end_ticks, utterance.next_ticks))

    def _stall(self, utterance: _Utterance, ran_out_ticks: int, t_ticks: int, end_ticks: int) -> None:
        self.stall_ticks += max(0, end_ticks - max(t_ticks, ran_out_ticks))
        if ran_out_ticks < end_ticks and not utterance.stalled:
            utterance.stalled = True
            self._listener.on_stall(ran_out_ticks)

    def _tell_words(self, utterance: _Utterance, before_ticks: int | None) -> None:
        """The words that begin before a media time; all that are left where it is None."""
        offset = utterance.offset_ticks
        while utterance.words and (before_ticks is None or utterance.words[0].t_ticks + offset < before_ticks):
            word = utterance.words.popleft()
            self._listener.on_word(
                utterance.number, replace(word, t_ticks=word.t_ticks + offset, end_ticks=word.end_ticks + offset)
            )

    def _finish(self, utterance: _Utterance, *, interrupted: bool) -> None:
        end = PlaybackEnd(utterance.number, s_from_ticks(utterance.heard_ticks), interrupted)
        self.on_playback_finished(end)
        self._listener.on_finished(end)

    def _open_utterance(self) -> _Utterance:
        if not self._utterances or self._utterances[-1].ended:
            self._count += 1
            self._utterances.append(_Utterance(self._count))
        return self._utterances[-1]

    def _append(self, utterance: _Utterance, chunk: SpeechChunk, samples: I16) -> None:
        """Give the chunk its media time. A first chunk, or one that comes after a stall, starts `lead_ticks` from now."""
        earliest = max(self._read_ticks, self._clock.now_ticks() + self._lead_ticks)
        if utterance.next_ticks is None:
            before = self._utterances[-2].next_ticks if len(self._utterances) > 1 else None
            utterance.next_ticks = max(earliest, before or 0)
            utterance.offset_ticks = utterance.next_ticks - chunk.audio.t_ticks
        elif utterance.next_ticks < self._read_ticks:
            utterance.offset_ticks += earliest - utterance.next_ticks
            utterance.next_ticks = earliest
        if len(samples):
            utterance.pieces.append((utterance.next_ticks, samples))
            utterance.next_ticks += len(samples)
        utterance.words.extend(cue for cue in chunk.cues if isinstance(cue, WordCue))
        due = SpeechChunk(chunk.audio, _due_cues(utterance, chunk), chunk.phones_known)
        self._listener.on_placed(due.placed(utterance.offset_ticks, self.generation))

    def _faded_tail(self) -> I16:
        """The few samples that would have come next, faded out."""
        if not self._utterances or not self._utterances[0].started or not self._utterances[0].pieces:
            return np.zeros(0, np.int16)
        at, samples = self._utterances[0].pieces[0]
        if at > self._read_ticks:
            return np.zeros(0, np.int16)
        tail = samples[:FADE_TICKS].astype(np.float32)
        return (tail * np.linspace(1.0, 0.0, len(tail), dtype=np.float32)).astype(np.int16)


def _due_cues(utterance: _Utterance, chunk: SpeechChunk) -> tuple[Cue, ...]:
    """What is to be passed on with this chunk: cues near enough to the speech that has come, and after a stall the phones it cut off."""
    known = [*utterance.coming, *chunk.cues]
    horizon = chunk.audio.end_ticks + CUE_LEAD_TICKS
    utterance.coming = [cue for cue in known if cue.t_ticks >= horizon]
    due = [cue for cue in known if cue.t_ticks < horizon]
    if utterance.stalled:
        utterance.stalled = False
        due = [*utterance.ahead, *due]
    phones = (cue for cue in (*utterance.ahead, *due) if isinstance(cue, PhoneCue))
    utterance.ahead = list(dict.fromkeys(cue for cue in phones if cue.end_ticks > chunk.audio.end_ticks))
    return tuple(due)
