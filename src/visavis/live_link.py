"""Live Link Face: the iPhone app's packets, and what a FaceFrame is in its terms. Bytes to values and back, no socket.

A packet of version 6, big-endian: u8 version; device id and subject name, each an i32 count of bytes and UTF-8;
the time as i32 frame number, f32 sub-frame, i32 rate numerator and denominator; u8 count; count f32 values. The count is 61: the
52 shapes, then yaw, pitch and roll of the head and of each eye. Where no face is seen the packet ends before its values.

Values stand in the order of Unreal's EARFaceBlendShape, and in the same places in the app's CSV. The app's CSV heads four of its
columns the other way round (jawLeft and jawRight, mouthLeft and mouthRight); a real take shows that the places are right: where
the mouth is drawn to one side, that side's dimple, cheek and upper lip go with it. `arkit.SHAPES` has the CSV's names in order.

In the app's terms pitch is positive downwards, as here, and yaw is positive to the character's right, against ours: its eye
angles and eyeLook* values show it in a real take. Roll is taken to be mirrored with yaw, as a change of handedness does.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from visavis.arkit import COUNT, INDEX
from visavis.errors import BadInput
from visavis.types import F32, TICKS_HZ, FaceFrame

VERSION: Final = 6
PORT: Final = 11111
RATE_HZ: Final = 60
VALUES: Final = COUNT + 9
PLACES: Final = np.arange(VALUES)
"""Where each of `arkit.SHAPES` and the angles stand among the values; its own inverse."""
for _left, _right in (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight")):
    PLACES[[INDEX[_left], INDEX[_right]]] = INDEX[_right], INDEX[_left]
SIGNS: Final = np.array([-1.0, 1.0, -1.0], np.float32)
"""Their yaw, pitch, roll times this are ours, and the other way round."""
DEVICE_ID_CHARACTERS: Final = 36
"""The app's id is a UUID; receivers are known that take no other length."""
MAX_NAME_BYTES: Final = 256
MAX_PACKET_BYTES: Final = 2 * (4 + MAX_NAME_BYTES) + 1 + 16 + 1 + 4 * VALUES
WEIGHT_RANGE: Final = (-1.0, 1.5)
"""Senders go a little above 1, and some below 0; that is clipped where a face is made of it. Beyond this they are no weights."""
MAX_ANGLE: Final = 7.0
MAX_RATE_HZ: Final = 1000
_TIME: Final = struct.Struct(">ifii")
_LENGTH: Final = struct.Struct(">i")
_DAY_S: Final = 86_400

assert VALUES == 61


@dataclass(frozen=True, slots=True)
class FrameTime:
    """A time as Unreal's FQualifiedFrameTime: frame number, 0 <= sub-frame < 1, and the rate as a fraction in Hz."""

    frame: int
    sub_frame: float = 0.0
    numerator: int = RATE_HZ
    denominator: int = 1

    @property
    def seconds(self) -> float:
        return (self.frame + self.sub_frame) * self.denominator / self.numerator

    @staticmethod
    def at(t_s: float, rate_hz: int = RATE_HZ) -> FrameTime:
        """`t_s` to the nearest sub-frame that a float32 tells apart."""
        frame = int(t_s * rate_hz // 1)
        sub = float(np.float32(t_s * rate_hz - frame))
        return FrameTime(frame + 1, 0.0, rate_hz) if sub >= 1.0 else FrameTime(frame, max(0.0, sub), rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one packet or one CSV row holds of a face: when, and float32 [61] in the app's order and signs."""

    time: FrameTime
    values: F32

    def __post_init__(self) -> None:
        assert self.values.shape == (VALUES,), self.values.shape

    def face(self, t_ticks: int) -> FaceFrame:
        """As a FaceFrame at a media time: weights clipped, angles in our signs. Eye roll has no place there."""
        head, left, right = self.values[COUNT:].reshape(3, 3) * SIGNS
        weights = np.clip(self.values[PLACES[:COUNT]], 0.0, 1.0)
        return FaceFrame(t_ticks, weights, head, np.zeros(3, np.float32), np.stack([left[:2], right[:2]]))

    @staticmethod
    def of(face: FaceFrame, time: FrameTime) -> Sample:
        eyes = np.concatenate([face.gaze, np.zeros((2, 1), np.float32)], axis=1) * SIGNS
        values = np.concatenate([face.weights, face.head_rotation * SIGNS, eyes.ravel()]) + np.float32(0.0)
        return Sample(time, values[PLACES].astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Packet:
    """`sample` is None while the app sees no face."""

    device_id: str
    subject: str
    sample: Sample | None


def encode_packet(packet: Packet) -> bytes:
    """The bytes the app would send. Raises BadInput for a name that is too long."""
    head = bytes([VERSION]) + _text(packet.device_id) + _text(packet.subject)
    if packet.sample is None:
        return head
    time, values = packet.sample.time, packet.sample.values
    clock = _TIME.pack(time.frame, time.sub_frame, time.numerator, time.denominator)
    return head + clock + bytes([VALUES]) + values.astype(">f4").tobytes()


def decode_packet(data: bytes) -> Packet:
    """Raises BadInput, in one line, for anything that is not wholly such a packet."""
    if not data or len(data) > MAX_PACKET_BYTES:
        raise BadInput(f"A Live Link Face packet has 1 to {MAX_PACKET_BYTES} bytes, this has {len(data)}.")
    if data[0] != VERSION:
        raise BadInput(f"Live Link Face packet of version {data[0]}; version {VERSION} is read.", mend="Update the app.")
    device_id, at = _read_text(data, 1, "device id")
    subject, at = _read_text(data, at, "subject name")
    if not subject:
        raise BadInput("The packet names no subject.")
    if len(data) - at in {0, _TIME.size} or data[at + _TIME.size :] == b"\0":
        return Packet(device_id, subject, None)
    if len(data) - at != _TIME.size + 1 + 4 * VALUES:
        raise BadInput(f"{len(data) - at} bytes follow the names, {_TIME.size + 1 + 4 * VALUES} are expected.")
    if data[at + _TIME.size] != VALUES:
        raise BadInput(f"The packet counts {data[at + _TIME.size]} values; {VALUES} are expected.")
    values = np.frombuffer(data, ">f4", VALUES, at + _TIME.size + 1).astype(np.float32)
    fault = values_fault(values)
    if fault:
        raise BadInput(f"The packet holds {fault}.")
    return Packet(device_id, subject, Sample(_read_time(data, at), values))


def values_fault(values: F32) -> str | None:
    """What is wrong with 61 values; None where they can be a face."""
    weights, angles = values[:COUNT], values[COUNT:]
    if not (np.all(weights >= WEIGHT_RANGE[0]) and np.all(weights <= WEIGHT_RANGE[1])):
        return "a weight outside 0 to 1"
    if not np.all(np.abs(angles) <= MAX_ANGLE):
        return "an angle that is not in radians"
    return None


def ticks_between(earlier: FrameTime, later: FrameTime) -> int:
    """Media ticks from one time to another, exact to a tick however late in the day; past midnight the day is added."""
    seconds = _exact(later) - _exact(earlier)
    if seconds < -_DAY_S / 2:
        seconds += _DAY_S
    return round(seconds * TICKS_HZ)


def _exact(time: FrameTime) -> Fraction:
    return (time.frame + Fraction(time.sub_frame)) * time.denominator / time.numerator


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) > MAX_NAME_BYTES:
        raise BadInput(f"{text[:24]!r}… is longer than {MAX_NAME_BYTES} bytes.", mend="Take a shorter name.")
    return _LENGTH.pack(len(data)) + data


def _read_text(data: bytes, at: int, what: str) -> tuple[str, int]:
    if len(data) < at + _LENGTH.size:
        raise BadInput(f"The packet ends in its {what}.")
    (length,) = _LENGTH.unpack_from(data, at)
    begin, end = at + _LENGTH.size, at + _LENGTH.size + length
    if not 0 <= length <= MAX_NAME_BYTES:
        raise BadInput(f"The packet's {what} claims {length} bytes; at most {MAX_NAME_BYTES} are taken.")
    if len(data) < end:
        raise BadInput(f"The packet ends in its {what}.")
    try:
        text = data[begin:end].decode()
    except UnicodeDecodeError:
        raise BadInput(f"The packet's {what} is not UTF-8.") from None
    if not text.isprintable():
        raise BadInput(f"The packet's {what} holds characters that cannot be printed.")
    return text, end


def _read_time(data: bytes, at: int) -> FrameTime:
    time = FrameTime(*_TIME.unpack_from(data, at))
    if not 0.0 <= time.sub_frame < 1.0:
        raise BadInput("The packet's sub-frame is not between 0 and 1.")
    if not (time.numerator > 0 and time.denominator > 0 and time.numerator <= MAX_RATE_HZ * time.denominator):
        raise BadInput(f"The packet's frame rate, {time.numerator}/{time.denominator}, is none.")
    return time
