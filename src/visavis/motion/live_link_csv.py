"""Face captures as the Live Link Face app writes them: CSV, a timecode, 52 shapes, head and eye angles.

In the app's files pitch is positive downwards, as here, and yaw is positive to the character's right, against ours: its eye
angles and eyeLook* columns show it in a real take. Roll is taken to be mirrored with yaw, as a change of handedness does.
A timecode is `HH:MM:SS:FF.fff`, the last part in frames of the take's timecode rate.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from visavis.arkit import COUNT, SHAPES
from visavis.errors import BadInput, NotFound, TooLarge
from visavis.types import F32, TICKS_HZ, FaceFrame

RATE_HZ: Final = 60
MAX_BYTES: Final = 1 << 30
MAX_ROWS: Final = 4_000_000
"""About 18 hours at 60 Hz."""
_MAX_LINE_CHARACTERS: Final = 4_096
_MAX_ANGLE: Final = 7.0
_WEIGHT_SLACK: Final = 0.5
"""The app writes weights a little above 1; they are clipped. Beyond this they are no weights."""
_ANGLES: Final = tuple(f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll"))
HEADER: Final = ("Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in SHAPES), *_ANGLES)
VALUES: Final = COUNT + len(_ANGLES)
"""61, the number in every row's second column."""
SIGNS: Final = np.array([-1.0, 1.0, -1.0], np.float32)
"""Their yaw, pitch, roll times this are ours, and the other way round."""
_DAY_S: Final = 86_400

assert VALUES == 61
assert len(HEADER) == 63


def write_live_link_csv(path: str | Path, frames: Iterable[FaceFrame], *, rate_hz: int = RATE_HZ) -> int:
    """Write `frames`; returns how many. The file appears whole or not at all. Eye roll is 0, head translation has no column."""
    path = Path(path)
    count = 0
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="") as file:
            file.write(",".join(HEADER) + "\n")
            for frame in frames:
                file.write(_row(frame, rate_hz))
                count += 1
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return count


def read_live_link_csv(path: str | Path, *, rate_hz: int | None = None) -> list[FaceFrame]:
    """All frames, the first at media time 0. Rows without a face (a count of 0) are left out.

    `rate_hz` is the timecode's rate; by default 60 where a frame number of 30 or more occurs, else 30. Raises NotFound,
    TooLarge, or BadInput naming the line at fault.
    """
    path = Path(path)
    if not path.is_file():
        raise NotFound(f"{path} is not there.", mend="Give the path of a Live Link Face CSV.")
    if path.stat().st_size > MAX_BYTES:
        raise TooLarge(f"{path.name} is larger than {MAX_BYTES >> 20} MiB.", mend="Cut it into parts.")
    codes: list[tuple[int, int, float]] = []
    rows: list[F32] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, cells in _rows(file, path.name):
                codes.append((line, *_timecode(cells[0], line)))
                rows.append(_values(cells[2:], line))
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not text.", mend="Take the CSV that Live Link Face writes.") from None
    if not rows:
        raise BadInput(f"{path.name} holds no face.", mend="Take a take in which the face is tracked.")
    if rate_hz is None:
        rate_hz = 60 if max(frames for _, _, frames in codes) >= 30 else 30
    return [_frame(t_ticks, row) for t_ticks, row in zip(_times(codes, rate_hz), rows, strict=True)]


def _row(frame: FaceFrame, rate_hz: int) -> str:
    seconds, rest = divmod(frame.t_ticks, TICKS_HZ)
    frames = min(rest * rate_hz / TICKS_HZ, rate_hz - 0.001)
    code = f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:06.3f}"
    eyes = np.concatenate([frame.gaze, np.zeros((2, 1), np.float32)], axis=1) * SIGNS
    values = np.concatenate([frame.weights, frame.head_rotation * SIGNS, eyes.ravel()]) + np.float32(0.0)
    return f"{code},{VALUES}," + ",".join(f"{value:.10f}" for value in values.tolist()) + "\n"


def _rows(file: Iterable[str], name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(_bounded(file))
    header: tuple[str, ...] | None = None
    try:
        for cells in reader:
            line = reader.line_num
            if header is None:
                header = tuple(cells)
                if header != HEADER:
                    raise BadInput(f"{name} is not a Live Link Face CSV: its columns differ.", mend=_first_difference(header))
            elif line > MAX_ROWS:
                raise TooLarge(f"{name} has more than {MAX_ROWS} rows.", mend="Cut it into parts.")
            elif cells and not (len(cells) >= 2 and cells[1].strip() == "0"):
                if len(cells) != len(HEADER):
                    raise BadInput(f"Line {line} has {len(cells)} columns instead of {len(HEADER)}.")
                yield line, cells
    except csv.Error as error:
        raise BadInput(f"Line {reader.line_num} of {name} is not CSV: {error}.") from None


def _bounded(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if len(line) > _MAX_LINE_CHARACTERS:
            raise BadInput(f"Line {number} is longer than {_MAX_LINE_CHARACTERS} characters.")
        yield line


def _first_difference(header: tuple[str, ...]) -> str:
    for i, wanted in enumerate(HEADER):
        if i >= len(header) or header[i] != wanted:
            return f"Column {i + 1} should be {wanted}."
    return f"There are {len(header)} columns instead of {len(HEADER)}."


def _timecode(cell: str, line: int) -> tuple[int, float]:
    """Whole seconds of the day, and frames."""
    parts = cell.strip().split(":")
    try:
        hours, minutes, seconds = (int(part) for part in parts[:3])
        frames = float(parts[3]) if len(parts) == 4 else -1.0
    except ValueError:
        frames = hours = minutes = seconds = -1
    if not (0 <= hours < 24 and 0 <= minutes < 60 and 0 <= seconds < 60 and 0.0 <= frames < 240.0):
        raise BadInput(f"Line {line}: {cell[:32]!r} is not a timecode.", mend="It looks like 13:05:59:29.500.")
    return (hours * 60 + minutes) * 60 + seconds, frames


def _values(cells: list[str], line: int) -> F32:
    try:
        values = np.array([float(cell) for cell in cells], np.float64)
    except ValueError:
        raise BadInput(f"Line {line} holds something that is not a number.") from None
    weights, angles = values[:COUNT], values[COUNT:]
    if not (np.all(weights >= -_WEIGHT_SLACK) and np.all(weights <= 1.0 + _WEIGHT_SLACK)):
        raise BadInput(f"Line {line} holds a weight outside 0 to 1.")
    if not np.all(np.abs(angles) <= _MAX_ANGLE):
        raise BadInput(f"Line {line} holds an angle that is not in radians.")
    return values.astype(np.float32)


def _times(codes: list[tuple[int, int, float]], rate_hz: int) -> Iterator[int]:
    """Ticks since the first row; midnight may pass, time may not stand still."""
    first_s = last_s = codes[0][1] + codes[0][2] / rate_hz
    for i, (line, seconds, frames) in enumerate(codes):
        t_s = seconds + frames / rate_hz
        while t_s < last_s - _DAY_S / 2:
            t_s += _DAY_S
        if i and t_s <= last_s:
            raise BadInput(f"Line {line}: time does not go forward.")
        last_s = t_s
        yield round((t_s - first_s) * TICKS_HZ)


def _frame(t_ticks: int, values: F32) -> FaceFrame:
    head, left, right = values[COUNT:].reshape(3, 3) * SIGNS
    gaze = np.stack([left[:2], right[:2]])
    return FaceFrame(t_ticks, np.clip(values[:COUNT], 0.0, 1.0), head, np.zeros(3, np.float32), gaze)
