"""Motion: speech and context in, a face over media time out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from visavis.arkit import COUNT as SHAPE_COUNT
from visavis.arkit import INDEX, SHAPES
from visavis.errors import BadInput
from visavis.motion.blinks import Blinks
from visavis.motion.body import Body
from visavis.motion.capture import Capture
from visavis.motion.channels import F64, PART_OF, PARTS, WEIGHTS, Fade, Layer, neutral, to_frame
from visavis.motion.control import Control
from visavis.motion.emotions import Emotions
from visavis.motion.gaze import Gaze
from visavis.motion.gestures import Gestures
from visavis.motion.heard import HeardFrames
from visavis.motion.listening import Listening
from visavis.motion.moods import Conversation
from visavis.motion.prosody import Loudness
from visavis.motion.speech import SpeechLayer
from visavis.motion.style import Scaled, Style
from visavis.protocol import DoGesture, FaceMessage, FadeLayer, HoldHead, LookAt, SetEmotion, SetStyle, Weights
from visavis.types import (
    TICKS_HZ,
    AgentState,
    AudioChunk,
    EmotionCue,
    FaceFrame,
    FaceLayer,
    FacePart,
    Gesture,
    GestureCue,
    PhoneCue,
    SpeechChunk,
)

INTERRUPT_CLOSE_S: Final = 0.060
_RELAX_AFTER_S: Final = 1.0
_BEAT_BEFORE_S: Final = 0.06


class _Stack:
    """Several layers as one."""

    def __init__(self, *layers: Layer) -> None:
        self._layers = layers

    def over(self, t_s: float, face: F64) -> None:
        for layer in self._layers:
            layer.over(t_s, face)


class Motion:
    """One person's face for one session. Times of `sample` must not decrease; everything else may come in any order.

    What is known `speech.LOOK_AHEAD_S` (200 ms) ahead of the sampled time gives the same face as if it had always been known;
    what comes later is blended in within some 60 ms. Not safe for use from several threads at once.
    """

    def __init__(self, *, seed: int, gains: Mapping[str, float] | None = None) -> None:
        """`gains` scales ARKit shapes (a side left off stands for both) of all that motion invents, for faces whose shapes are
        weaker or stronger than usual; held weights and live capture pass unscaled. Raises BadInput for an unknown shape.
        """
        conversation, loudness = Conversation(), Loudness()
        self._conversation, self._loudness = conversation, loudness
        self._speech = SpeechLayer(loudness)
        self._style = Style()
        self._emotions, self._gestures = Emotions(seed), Gestures(seed, self._style)
        self._control, self._capture = Control(), Capture()
        self._listening = Listening(seed, conversation, self._gestures, self._emotions)
        style = self._style
        blinks = Blinks(seed, conversation, style)
        gaze = Gaze(seed, conversation, style, blinks.with_gaze_shift)
        self._layers: dict[FaceLayer, Layer] = {
            FaceLayer.IDLE: _Stack(Scaled(Body(seed, conversation, loudness, style.pace), style, "energy"), gaze, blinks),
            FaceLayer.SPEECH: Scaled(self._speech, style, "articulation"),
            FaceLayer.EMOTION: Scaled(self._emotions, style, "expression"),
            FaceLayer.GESTURE: Scaled(self._gestures, style, "energy"),
            FaceLayer.CONTROL: self._control, FaceLayer.LIVE: self._capture,
        }  # fmt: skip
        assert tuple(self._layers) == tuple(FaceLayer)
        self._weights = {name: Fade(np.ones(len(PARTS))) for name in FaceLayer}
        self._asymmetry = _asymmetry(seed)
        self.calibrate(gains or {})
        self._generation = 0
        self._t_ticks = 0

    def calibrate(self, gains: Mapping[str, float]) -> None:
        """Take other gains from the next sample on: another person stands there."""
        self._gains = self._asymmetry * _gain_vector(gains)

    # What comes in ---------------------------------------------------------------------------------------------------------

    def speak(self, chunk: SpeechChunk) -> None:
        """A placed chunk: audio and cues in media time. Chunks of an interrupted generation are ignored."""
        audio = chunk.audio
        if audio.generation < self._generation:
            return
        self._generation = audio.generation
        if len(audio.samples):
            self._speech.hear(audio)
            self._conversation.add_speech(audio.t_ticks / TICKS_HZ, audio.end_ticks / TICKS_HZ)
        phones: list[PhoneCue] = []
        for cue in chunk.cues:
            match cue:
                case PhoneCue():
                    phones.append(cue)
                case EmotionCue():
                    self._emotions.cue(cue.emotion, cue.intensity, cue.t_ticks / TICKS_HZ)
                case GestureCue():
                    self._gestures.add(cue.gesture, cue.t_ticks / TICKS_HZ)
        self._speech.add(phones, self._generation)
        self._beat()

    def hear_mouths(self, heard: Sequence[HeardFrames]) -> None:
        """Mouths heard in audio that was given to `speak`. What lies outside it (interrupted, or ended since) is ignored."""
        for frames in heard:
            end_s = self._conversation.speech_end_s(frames.t_ticks / TICKS_HZ, frames.end_ticks / TICKS_HZ)
            if end_s is not None and frames.generation >= self._generation:
                self._speech.add_heard(frames.until(round(end_s * TICKS_HZ)), frames.generation)

    def end_speech(self, t_ticks: int) -> None:
        """The utterance ends at this media time: nothing is said after it, and its emotion fades away."""
        t_s = t_ticks / TICKS_HZ
        self._speech.finish(t_s)
        self._conversation.cut_speech(t_s)
        self._emotions.relax(t_s + _RELAX_AFTER_S)

    def stall(self, t_ticks: int) -> None:
        """The voice fell behind: what was to be said from this media time on is forgotten until it is told again."""
        self._speech.finish(t_ticks / TICKS_HZ)
        self._conversation.cut_speech(t_ticks / TICKS_HZ)

    def interrupt(self, t_ticks: int, generation: int) -> None:
        """Everything of generations before `generation` dies at this time; the mouth is closed 60 ms later."""
        t_s = t_ticks / TICKS_HZ
        self._generation = max(generation, self._generation)
        self._speech.cut(t_s, below_generation=generation, fade_s=INTERRUPT_CLOSE_S)
        self._loudness.cut(t_s)
        self._conversation.cut_speech(t_s)
        self._emotions.cut(t_s)
        self._emotions.relax(t_s + _RELAX_AFTER_S / 2)
        self._gestures.cut(t_s)

    def set_state(self, state: AgentState, t_ticks: int) -> None:
        self._conversation.set_state(state, t_ticks / TICKS_HZ)

    def hear(self, audio: AudioChunk) -> None:
        """The user's voice, at any rate that divides the tick, for listening behaviour."""
        self._listening.hear(audio)

    def hear_user(self, heard: Sequence[HeardFrames]) -> None:
        """What the motion model makes of the user's voice."""
        for frames in heard:
            self._listening.hear_kinds(frames)

    def control(self, message: FaceMessage, t_ticks: int) -> None:
        t_s = t_ticks / TICKS_HZ
        match message:
            case Weights():
                self._control.hold(message, t_s)
            case HoldHead():
                self._control.hold_head(message, t_s)
            case LookAt():
                self._control.look_at(message, t_s)
            case SetEmotion():
                self._emotions.set(message.emotion, message.intensity, t_s, message.fade_ms / 1000)
            case DoGesture():
                self._gestures.add(message.gesture, t_s, message.strength, message.pace)
            case SetStyle():
                self._style.set(message, t_s)
            case FadeLayer():
                self.fade_layer(message.layer, message.weight, t_ticks, message.fade_ms / 1000, message.part)

    def live(self, face: FaceFrame) -> None:
        """A captured face at its media time; while they keep coming they take the place of everything below."""
        self._capture.add(face)

    def leave_mouth_to_speech(self, wanted: bool) -> None:
        """Whether a live capture leaves the mouth alone while there is speech."""
        self._capture.beside_speech = wanted

    def fade_layer(self, layer: FaceLayer, weight: float, t_ticks: int, fade_s: float, part: FacePart = FacePart.ALL) -> None:
        """Turn a layer down (0) or up (1), wholly or for one part of the face."""
        fade = self._weights[layer]
        goal = np.full(len(PARTS), weight)
        if part is not FacePart.ALL:
            goal = fade.goal.copy()
            goal[PARTS.index(part)] = weight
        fade.to(goal, t_ticks / TICKS_HZ, fade_s)

    # What comes out --------------------------------------------------------------------------------------------------------

    def sample(self, t_ticks: int) -> FaceFrame:
        """The face at a media time, not before the last one asked for."""
        assert t_ticks >= self._t_ticks, (t_ticks, self._t_ticks)
        self._t_ticks = t_ticks
        t_s = t_ticks / TICKS_HZ
        face = neutral()
        for name, layer in self._layers.items():
            if name is FaceLayer.CONTROL:
                face[WEIGHTS] *= self._gains
            weights = self._weights[name].at(t_s)
            if weights.min() >= 1.0:
                layer.over(t_s, face)
            elif weights.any():
                below = face.copy()
                layer.over(t_s, face)
                face = below + weights[PART_OF] * (face - below)
        self._loudness.forget(t_s)
        return to_frame(face, t_ticks, self._generation)

    def _beat(self) -> None:
        """Accents of the voice become small nods, some with a lift of the brows."""
        accents = self._loudness.accents
        while accents:
            accent = accents.popleft()
            chance = np.random.default_rng([round(accent.t_s * 1000) & 0xFFFFFFFF, 7]).random()
            if chance < 0.55:
                strength = min(0.42, 0.10 + 0.035 * accent.rise_db)
                self._gestures.add(Gesture.NOD, accent.t_s - _BEAT_BEFORE_S, strength, 1.6)
            if chance > 0.72 or chance < 0.12:
                self._gestures.add(Gesture.RAISE_BROWS, accent.t_s - _BEAT_BEFORE_S, 0.3 + 0.3 * chance, 1.5)


def _gain_vector(gains: Mapping[str, float]) -> F64:
    out = np.ones(SHAPE_COUNT)
    for name, gain in gains.items():
        sides = [name] if name in INDEX else [side for side in (name + "Left", name + "Right") if side in INDEX]
        if not sides:
            raise BadInput(
                f"gains: {name!r} is not an ARKit shape.", mend="Names are as in jawOpen, mouthSmileLeft, mouthSmile."
            )
        for side in sides:
            out[INDEX[side]] = gain
    return out


def _asymmetry(seed: int) -> F64:
    """No face is the same on both sides: each pair of shapes leans a few per cent to one of them."""
    random = np.random.default_rng([seed & 0xFFFFFFFF, 21])
    out = np.ones(SHAPE_COUNT)
    for name in SHAPES:
        if name.endswith("Left") and not name.startswith(("eye", "jaw")) and name != "mouthLeft":
            lean = random.uniform(-0.07, 0.07)
            out[INDEX[name]] += lean
            out[INDEX[name.removesuffix("Left") + "Right"]] -= lean
    return out
