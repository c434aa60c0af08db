"""The wire: control messages, events, and motion frames. One source; `web/src/protocol.ts` is generated from it.

Messages and events are JSON objects with a `type`, the same over the WebRTC data channel `control`, the WebSocket and LiveKit
data packets. Motion frames are binary, on an unordered data channel `motion`. Unknown fields and types are refused.
"""

from __future__ import annotations

import struct
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from visavis.arkit import COUNT, INDEX
from visavis.errors import BadInput, TooLarge
from visavis.types import AgentState, Emotion, FaceFrame, FaceLayer, FacePart, Gesture

CONTROL_CHANNEL: Final = "control"
MOTION_CHANNEL: Final = "motion"
LIVEKIT_TOPIC: Final = "visavis.control"
LIVEKIT_CUES_TOPIC: Final = "visavis.cues"
MAX_MESSAGE_BYTES: Final = 16_384
MAX_TEXT_CHARACTERS: Final = 4_000
MAX_SDP_BYTES: Final = 65_536

Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
Unit: TypeAlias = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
FadeMs: TypeAlias = Annotated[int, Field(ge=0, le=10_000)]
HoldMs: TypeAlias = Annotated[int, Field(ge=0, le=600_000)]
Angle: TypeAlias = Annotated[float, Field(ge=-1.6, le=1.6, allow_inf_nan=False)]
Offset: TypeAlias = Annotated[float, Field(ge=-0.3, le=0.3, allow_inf_nan=False)]
ScreenPlace: TypeAlias = Annotated[float, Field(ge=-4.0, le=5.0, allow_inf_nan=False)]
WorldPlace: TypeAlias = Annotated[float, Field(ge=-100.0, le=100.0, allow_inf_nan=False)]
Double: TypeAlias = Annotated[float, Field(ge=0.0, le=2.0, allow_inf_nan=False)]
Blend: TypeAlias = Literal["replace", "add"]


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Message(Wire):
    """From a viewer to the session. `id`, when given, comes back in the error this message causes."""

    id: Annotated[str, Field(max_length=64)] | None = None


class Say(Message):
    """Speak this text aloud, tags included."""

    type: Literal["say"] = "say"
    text: Text


class Chat(Message):
    """Text typed by the user; the agent answers it as if spoken."""

    type: Literal["chat"] = "chat"
    text: Text


class Interrupt(Message):
    """Be silent now."""

    type: Literal["interrupt"] = "interrupt"


class Weights(Message):
    """Hold these ARKit weights; null releases one, an empty object releases all.

    `replace` puts a value in place of what lies below, as far as `opacity` says; `add` lays it on top of it. What is given fades
    in over `fade_ms` and, where `hold_ms` is given, fades out again that long after this message.
    """

    type: Literal["weights"] = "weights"
    weights: dict[str, Unit | None]
    fade_ms: FadeMs = 80
    opacity: Unit = 1.0
    blend: Blend = "replace"
    hold_ms: HoldMs | None = None


class HoldHead(Message):
    """Hold the head: yaw, pitch, roll in rad (+ is to the character's left, down, left side up), x, y, z in metres.

    Axes left out keep as they are; without any axis all are released. Blended as `weights` are.
    """

    type: Literal["head"] = "head"
    yaw: Angle | None = None
    pitch: Angle | None = None
    roll: Angle | None = None
    x: Offset | None = None
    y: Offset | None = None
    z: Offset | None = None
    fade_ms: FadeMs = 300
    opacity: Unit = 1.0
    blend: Blend = "replace"
    hold_ms: HoldMs | None = None


class LookAt(Message):
    """Turn the eyes, and the head by `head_share` of the way. One of three targets; without any, the look is released.

    `yaw` and `pitch` in rad from the character's straight ahead (+ is the character's left, and down). `screen`: x, y of the
    picture, 0 to 1 from its left and its top, and beyond it for what lies beside the picture. `world`: x, y, z in metres from
    the middle between the resting eyes (+ is the character's left, up, towards the viewer).
    """

    type: Literal["look_at"] = "look_at"
    yaw: Angle | None = None
    pitch: Angle | None = None
    screen: tuple[ScreenPlace, ScreenPlace] | None = None
    world: tuple[WorldPlace, WorldPlace, WorldPlace] | None = None
    head_share: Unit = 0.35
    fade_ms: FadeMs = 200
    hold_ms: HoldMs | None = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        by_angles = self.yaw is not None or self.pitch is not None
        if by_angles + (self.screen is not None) + (self.world is not None) > 1:
            raise ValueError("give angles, screen or world, not several of them")
        return self


class SetEmotion(Message):
    """An emotion that lasts until the next; tags in speech lie over it for their sentence."""

    type: Literal["emotion"] = "emotion"
    emotion: Emotion
    intensity: Unit = 1.0
    fade_ms: FadeMs = 400


class DoGesture(Message):
    """A short movement now. `strength` scales it, `pace` makes it quicker."""

    type: Literal["gesture"] = "gesture"
    gesture: Gesture
    strength: Double = 1.0
    pace: Annotated[float, Field(ge=0.25, le=4.0, allow_inf_nan=False)] = 1.0


class SetStyle(Message):
    """How it moves, 1 is as usual; what is left out keeps as it is, and a message without any resets all.

    `speed` of idle movement and gestures; `energy` of head, body and gestures; `articulation` of the mouth in speech;
    `expression` of emotions; `blinks` in number; `eye_contact`: 0 looks away much, 2 never.
    """

    type: Literal["style"] = "style"
    speed: Annotated[float, Field(ge=0.25, le=3.0, allow_inf_nan=False)] | None = None
    energy: Double | None = None
    articulation: Double | None = None
    expression: Double | None = None
    blinks: Double | None = None
    eye_contact: Double | None = None
    fade_ms: FadeMs = 400


class FadeLayer(Message):
    """Turn a layer of the face down (0) or up (1), wholly or for one part of the face."""

    type: Literal["layer"] = "layer"
    layer: FaceLayer
    weight: Unit
    part: FacePart = FacePart.ALL
    fade_ms: FadeMs = 400


class Follow(Message):
    """Follow a performer who sends Live Link Face to this server, by subject name; null lets go, "" takes whoever sends.

    `mouth`: all of the face is theirs, or the mouth is left to speech while there is any.
    """

    type: Literal["follow"] = "follow"
    subject: Annotated[str, Field(max_length=256)] | None = None
    mouth: Literal["performer", "speech"] = "performer"


class ChangeAvatar(Message):
    """Put another person in front of the same conversation."""

    type: Literal["avatar"] = "avatar"
    avatar: Annotated[str, Field(min_length=1, max_length=64)]


FaceMessage: TypeAlias = Weights | HoldHead | LookAt | SetEmotion | DoGesture | SetStyle | FadeLayer
"""What motion carries out, at once."""
ControlMessage: TypeAlias = Annotated[Say | Chat | Interrupt | ChangeAvatar | Follow | FaceMessage, Field(discriminator="type")]


class State(Wire):
    """What the agent is doing, and who stands for it."""

    type: Literal["state"] = "state"
    state: AgentState
    avatar: str
    generation: int
    language_model: bool
    """False while the built-in guide answers; pages must say so."""


class Transcript(Wire):
    """A caption. The agent's arrive word by word, when the word is heard: `text` is all heard so far of `utterance`."""

    type: Literal["transcript"] = "transcript"
    speaker: Literal["user", "agent"]
    text: str
    utterance: int
    final: bool
    interrupted: bool = False


class Stats(Wire):
    """Live figures of this session, as the server measures them, once a second."""

    type: Literal["stats"] = "stats"
    fps: float
    frame_ms_p50: float
    frame_ms_p95: float
    gap_ms_p95: float
    """Time between frames handed to the transport."""
    drawn_share: float = 1.0
    """Of the picture's sides, the share at which the person is drawn before it is enlarged: less than 1 while the machine is busy."""
    late_frames: int
    """Frames never drawn because their time had gone by."""
    stalled_ms: int
    """Silence inside utterances because the voice fell behind."""
    response_ms: float | None = None
    """From the user's last text or turn to the first sample of the reply, at the server."""
    sessions: int


class MediaClock(Wire):
    """Told once to viewers that draw by themselves: which media time a sound belongs to, so that they show the face of what is heard."""

    type: Literal["clock"] = "clock"
    rtp_zero: Annotated[int, Field(ge=0, lt=1 << 32)]
    """RTP timestamp, modulo 2**32, of the sound at media time 0; both count 48 000 a second."""


class Error(Wire):
    """Something was refused or broke; `message` is one line that says what and how to mend it."""

    type: Literal["error"] = "error"
    code: str
    message: str
    id: str | None = None


Event: TypeAlias = Annotated[State | Transcript | Stats | MediaClock | Error, Field(discriminator="type")]

_messages: Final[TypeAdapter[ControlMessage]] = TypeAdapter(ControlMessage)
_events: Final[TypeAdapter[Event]] = TypeAdapter(Event)


def decode_message(data: str | bytes) -> ControlMessage:
    """A control message from a stranger. Raises BadInput or TooLarge with one line that names the fault."""
    size = len(data.encode() if isinstance(data, str) else data)
    if size > MAX_MESSAGE_BYTES:
        raise TooLarge(f"The message has {size} bytes; at most {MAX_MESSAGE_BYTES} are taken.")
    try:
        message = _messages.validate_json(data)
    except ValidationError as error:
        raise BadInput(_first_fault(error)) from None
    if isinstance(message, Weights):
        unknown = sorted(set(message.weights) - set(INDEX))
        if unknown:
            raise BadInput(f"weights: {unknown[0]!r} is not an ARKit shape.", mend="Names are as in jawOpen, mouthSmileLeft.")
    return message


def decode_event(data: str | bytes) -> Event:
    try:
        return _events.validate_json(data)
    except ValidationError as error:
        raise BadInput(_first_fault(error)) from None


def encode(wire: Wire) -> str:
    """JSON text of a message or an event, fields in their declared order, absent optionals left out."""
    return wire.model_dump_json(exclude_none=True)


def schema() -> dict[str, Any]:
    """JSON Schema of everything above; the TypeScript client is generated from it."""
    both: TypeAdapter[Any] = TypeAdapter(ControlMessage | Event)
    return both.json_schema(mode="serialization", ref_template="{model}")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "message"
    return f"{where}: {fault['msg']}."


# Motion frames --------------------------------------------------------------------------------------------------------------

MOTION_VERSION: Final = 1
_MOTION_HEAD: Final = struct.Struct("<BxHIQ")
"""version, reserved, count of weights, generation, media time in ticks"""
_ROTATION_UNIT_RAD: Final = 1e-4
_TRANSLATION_UNIT_M: Final = 1e-5
_POSE_UNITS: Final = np.array([_ROTATION_UNIT_RAD] * 3 + [_TRANSLATION_UNIT_M] * 3 + [_ROTATION_UNIT_RAD] * 4)
MOTION_BYTES: Final = _MOTION_HEAD.size + COUNT * 2 + len(_POSE_UNITS) * 2
"""140 bytes: head 16, weights 52 x uint16 (65535 is 1.0), then int16: rotation 3, translation 3, gaze 4."""


def encode_motion(face: FaceFrame) -> bytes:
    """Little-endian motion frame of `MOTION_BYTES`; weights are exact to 1/65535, angles to 1e-4 rad, lengths to 1e-5 m."""
    weights = np.rint(np.clip(face.weights, 0.0, 1.0) * 65535).astype("<u2")
    pose = np.concatenate([face.head_rotation, face.head_translation, face.gaze.ravel()]) / _POSE_UNITS
    units = np.clip(np.rint(pose), -32767, 32767).astype("<i2")
    head = _MOTION_HEAD.pack(MOTION_VERSION, COUNT, face.generation, face.t_ticks)
    return bytes(head + weights.tobytes() + units.tobytes())


def decode_motion(data: bytes) -> FaceFrame:
    """Raises BadInput where the size, version or count is not ours."""
    if len(data) != MOTION_BYTES:
        raise BadInput(f"A motion frame has {MOTION_BYTES} bytes, this has {len(data)}.")
    version, count, generation, t_ticks = _MOTION_HEAD.unpack_from(data)
    if version != MOTION_VERSION or count != COUNT:
        raise BadInput(
            f"Motion frame version {version} with {count} weights; this reads version {MOTION_VERSION} with {COUNT}."
        )
    weights = np.frombuffer(data, "<u2", COUNT, _MOTION_HEAD.size).astype(np.float32) / np.float32(65535)
    units = np.frombuffer(data, "<i2", len(_POSE_UNITS), _MOTION_HEAD.size + COUNT * 2)
    pose = (units * _POSE_UNITS).astype(np.float32)
    return FaceFrame(t_ticks, weights, pose[:3], pose[3:6], pose[6:].reshape(2, 2), generation)
