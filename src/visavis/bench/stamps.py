"""Marks in the picture that survive VP8: when a frame was finished, how far its mouth is open, and a white flash.

A stamp is a row of black and white cells along the picture's upper edge, each `CELL` pixels square: 32 bits of the moment of
finishing (units of 100 microseconds of the machine's monotonic clock, which all its processes share), 8 bits of mouth opening,
8 bits of check. A cell is read at its middle, so blur between cells does no harm.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.motion import mouth_opening
from visavis.types import U8, Engine, FaceFrame, VideoFrame

TIME_BITS: Final = 32
OPENING_BITS: Final = 8
CHECK_BITS: Final = 8
BITS: Final = TIME_BITS + OPENING_BITS + CHECK_BITS
ROWS: Final = 2
"""The cells stand in two rows, so that they fit a picture of 192 pixels and more."""
UNITS_PER_S: Final = 10_000
BLACK, WHITE = 16, 235
FLASH_ROWS: Final = 4
"""A flash fills the lower 1/4 of the picture."""


@dataclass(frozen=True, slots=True)
class Stamp:
    finished_s: float
    """On `time.monotonic()`'s scale of the reader."""
    opening: float
    """0 closed to 1."""


class StampedEngine:
    """An engine whose pictures say when they were finished and how far the mouth is open, and flash when `flashing` says so."""

    def __init__(self, engine: Engine, flashing: Callable[[int], bool] = lambda t_ticks: False) -> None:
        self._engine = engine
        self._flashing = flashing

    @property
    def width(self) -> int:
        return self._engine.width

    @property
    def height(self) -> int:
        return self._engine.height

    @property
    def drawn_share(self) -> float:
        return self._engine.drawn_share

    def draw(self, face: FaceFrame) -> VideoFrame:
        frame = self._engine.draw(face)
        flash = self._flashing(face.t_ticks)
        write_stamp(frame.i420[: frame.height], time.monotonic(), mouth_opening(face.weights))
        band = frame.i420[frame.height - frame.height // FLASH_ROWS : frame.height]
        band[:] = WHITE if flash else BLACK
        return frame

    def close(self) -> None:
        self._engine.close()


def write_stamp(luma: U8, finished_s: float, opening: float) -> None:
    """Into luma [height, width], in place."""
    when = round(finished_s * UNITS_PER_S) % (1 << TIME_BITS)
    wide = round(min(1.0, max(0.0, opening)) * 255)
    word = (when << (OPENING_BITS + CHECK_BITS)) | (wide << CHECK_BITS) | _check(when, wide)
    bits = np.array([(word >> (BITS - 1 - index)) & 1 for index in range(BITS)], bool).reshape(ROWS, -1)
    cell = _cell(luma.shape[1])
    cells = np.where(bits, WHITE, BLACK).astype(np.uint8)
    luma[: ROWS * cell, : cells.shape[1] * cell] = cells.repeat(cell, 0).repeat(cell, 1)


def read_stamp(luma: U8, now_s: float) -> Stamp | None:
    """From a decoded luma plane; None where there is no whole stamp. `now_s` resolves the clock's wrap."""
    cell = _cell(luma.shape[1])
    per_row = BITS // ROWS
    if luma.shape[1] < per_row * cell or luma.shape[0] < ROWS * cell:
        return None
    at_y = np.arange(ROWS) * cell + cell // 2
    at_x = np.arange(per_row) * cell + cell // 2
    middle = luma[at_y[:, None] - 1, at_x].astype(int) + luma[at_y[:, None], at_x] + luma[at_y[:, None], at_x - 1]
    word = 0
    for bit in (middle > 3 * (BLACK + WHITE) // 2).ravel():
        word = (word << 1) | int(bit)
    when, wide, check = word >> (OPENING_BITS + CHECK_BITS), (word >> CHECK_BITS) & 0xFF, word & 0xFF
    if check != _check(when, wide):
        return None
    wrap = 1 << TIME_BITS
    ago = (round(now_s * UNITS_PER_S) - when + wrap // 2) % wrap - wrap // 2
    return Stamp(now_s - ago / UNITS_PER_S, wide / 255)


def flash_seen(luma: U8) -> bool:
    """Whether the lower band of a decoded luma plane is white."""
    return float(luma[-luma.shape[0] // (2 * FLASH_ROWS) :].mean()) > (BLACK + WHITE) / 2


def _cell(width: int) -> int:
    return max(4, width // (BITS // ROWS) // 4 * 4)


def _check(when: int, wide: int) -> int:
    """A byte that a wrong reading is unlikely to match."""
    total = 0x5A
    for shift in (0, 8, 16, 24):
        total = (total * 31 + ((when >> shift) & 0xFF)) & 0xFF
    return (total * 31 + wide) & 0xFF
