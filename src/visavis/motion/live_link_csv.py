"""Face captures as the Live Link Face app writes them: CSV, a timecode, 52 shapes, head and eye angles.

Signs and places are those of the app's packets (`visavis.live_link`). A timecode is `HH:MM:SS:FF.fff`, the last part in frames of
the take's timecode rate.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np

from visavis.arkit import SHAPES
from visavis.errors import BadInput, NotFound, TooLarge
from visavis.live_link import RATE_HZ, VALUES, FrameTime, Sample, ticks_between, values_fault
from visavis.types import F32, TICKS_HZ, FaceFrame

MAX_BYTES: Final = 1 << 30
MAX_ROWS: Final = 4_000_000
"""About 18 hours at 60 Hz."""
_MAX_LINE_CHARACTERS: Final = 4_096
_ANGLES: Final = tuple(f"{part}{axis}" for part in ("Head", "LeftEye", "RightEye") for axis in ("Yaw", "Pitch", "Roll"))
HEADER: Final = ("Timecode", "BlendShapeCount", *(name[0].upper() + name[1:] for name in SHAPES), *_ANGLES)
assert len(HEADER) == 63


class LiveLinkCsvWriter:
    """Rows as they come; the file appears whole when the `with` block is left well, and not at all otherwise."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self.rows = 0

    def __enter__(self) -> LiveLinkCsvWriter:
        handle, self._temporary = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.", suffix=".part")
        self._file = os.fdopen(handle, "w", encoding="ascii", newline="")
        self._file.write(",".join(HEADER) + "\n")
        return self

    def write(self, sample: Sample) -> None:
        assert self.rows < MAX_ROWS, self.rows
        self._file.write(_row(sample))
        self.rows += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        if kind is None:
            os.chmod(self._temporary, 0o644)
            os.replace(self._temporary, self._path)
        else:
            os.unlink(self._temporary)


def write_live_link_csv(path: str | Path, frames: Iterable[FaceFrame], *, rate_hz: int = RATE_HZ) -> int:
    """Write `frames`, media time as timecode; returns how many. Eye roll is 0, head translation has no column."""
    with LiveLinkCsvWriter(path) as writer:
        for frame in frames:
            writer.write(Sample.of(frame, _media_time(frame.t_ticks, rate_hz)))
        return writer.rows


def read_live_link_csv(path: str | Path, *, rate_hz: int | None = None) -> list[FaceFrame]:
    """All frames, the first at media time 0, as `read_live_link_samples` reads them."""
    samples = read_live_link_samples(path, rate_hz=rate_hz)
    return [sample.face(ticks_between(samples[0].time, sample.time)) for sample in samples]


def read_live_link_samples(path: str | Path, *, rate_hz: int | None = None) -> list[Sample]:
    """All rows as they stand in the file. Rows without a face (a count of 0) are left out.

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
    return [Sample(time, row) for time, row in zip(_times(codes, rate_hz), rows, strict=True)]


def _media_time(t_ticks: int, rate_hz: int) -> FrameTime:
    frame, rest = divmod(t_ticks * rate_hz, TICKS_HZ)
    return FrameTime(frame, rest / TICKS_HZ, rate_hz)


def _row(sample: Sample) -> str:
    time = sample.time
    rate_hz = max(1, round(time.numerator / time.denominator))
    seconds, frame = divmod(time.frame, rate_hz)
    thousandths = min(999, round(time.sub_frame * 1000))
    code = f"{seconds // 3600 % 24:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frame:02d}.{thousandths:03d}"
    return f"{code},{VALUES}," + ",".join(f"{value:.10f}" for value in sample.values.tolist()) + "\n"


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
        values = np.array([float(cell) for cell in cells], np.float64).astype(np.float32)
    except ValueError:
        raise BadInput(f"Line {line} holds something that is not a number.") from None
    fault = values_fault(values)
    if fault:
        raise BadInput(f"Line {line} holds {fault}.")
    return values


def _times(codes: list[tuple[int, int, float]], rate_hz: int) -> Iterator[FrameTime]:
    """Midnight may pass, time may not stand still."""
    last: FrameTime | None = None
    for line, seconds, frames in codes:
        time = FrameTime(seconds * rate_hz + int(frames), frames - int(frames), rate_hz)
        if last is not None and ticks_between(last, time) <= 0:
            raise BadInput(f"Line {line}: time does not go forward.")
        last = time
        yield time
