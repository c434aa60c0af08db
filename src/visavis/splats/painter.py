"""Draws a cloud of splats from a camera: buffers that are kept from frame to frame, bands of tile rows shared between threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.errors import TooLarge
from visavis.render.camera import Camera
from visavis.splats import raster
from visavis.splats.constants import AREA, TILE
from visavis.splats.frames import ROW, view_frames
from visavis.types import F32, U8

I32 = npt.NDArray[np.int32]
MAX_PAIRS: Final = 1 << 26
"""A frame with more pairs of splat and tile than this is not drawn."""
ROWS_A_TASK: Final = 2
_I420_PLANES: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """n splats as a frame needs them: parents int32 [n] into frames float32 [p, 12] (`frames`); places float32 [n, 3] and covariances
    float32 [n, 6] in the parents' frames; opacities float32 [n]; colours float32 [n, 3], 0 to 255, sRGB.
    """

    parents: I32
    frames: F32
    places: F32
    covariances: F32
    opacities: F32
    colours: F32


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """colour float32 [h, w, 3] 0 to 1, over black; alpha float32 [h, w]; depth float32 [h, w] metres along the view, 0 where nothing is."""

    colour: F32
    alpha: F32
    depth: F32


class Painter:
    """Pictures of one size. One owner, one call at a time; `workers` > 1 splits the painting over threads of its own."""

    def __init__(self, width: int, height: int, *, workers: int = 1) -> None:
        self.width, self.height = width, height
        self._tiles_x, self._tiles_y = -(-width // TILE), -(-height // TILE)
        self._starts = np.zeros(self._tiles_x * self._tiles_y + 1, np.int32)
        self._counts = np.zeros(raster.BUCKETS + 1, np.int32)
        self._size = np.array([width, height], np.int64)
        self._pool = ThreadPoolExecutor(workers, "splat-band") if workers > 1 else None
        self._rooms = [np.empty(_I420_PLANES * AREA, np.float32) for _ in range(workers)]
        self._pairs(1 << 16)
        self._seen, self._screen = np.empty((0, ROW), np.float32), np.empty((0, 6), np.float32)
        self._box, self._order = np.empty((0, 4), np.int16), np.empty(0, np.int32)
        self._packed = np.empty((0, raster.PACKED), np.float32)

    def i420(self, posed: Posed, camera: Camera, background: F32) -> U8:
        """uint8 [h * 3 // 2, w] in memory of its own, over background float32 [3, h, w] 0 to 255. Both sides must be even."""
        assert self.width % 2 == self.height % 2 == 0, (self.width, self.height)
        out = np.empty((self.height * 3 // 2, self.width), np.uint8)
        self._sort(posed, camera)

        def paint(first: int, past: int, room: F32) -> None:
            raster.paint_i420(first, past, self._tiles_x, self._starts, self._listed, self._packed, background, room, out)

        self._in_bands(paint)
        return out

    def draw(self, posed: Posed, camera: Camera) -> Drawn:
        """Colour, alpha and depth."""
        planes = np.empty((self.height, self.width, _I420_PLANES), np.float32)
        self._sort(posed, camera)

        def paint(first: int, past: int, room: F32) -> None:
            raster.paint_planes(first, past, self._tiles_x, self._starts, self._listed, self._packed, room, planes)

        self._in_bands(paint)
        return Drawn(planes[..., :3] / np.float32(255), planes[..., 3].copy(), planes[..., 4].copy())

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _sort(self, posed: Posed, camera: Camera) -> None:
        """Everything before a pixel. Raises TooLarge for a frame with too many pairs of splat and tile."""
        assert (camera.width, camera.height) == (self.width, self.height), (camera.width, camera.height)
        self._room_for(len(posed.parents), len(posed.frames))
        row = camera_row(camera)
        view_frames(posed.frames, row, self._seen)
        raster.project(posed.parents, posed.places, posed.covariances, posed.opacities, self._seen, row, self._size,
                       self._screen, self._box)  # fmt: skip
        count = raster.depth_order(self._screen, self._box, self._counts, self._order)
        raster.pack(self._order, count, self._screen, self._box, posed.opacities, posed.colours, self._packed)
        while (need := self._list(count)) > len(self._listed):
            if need > MAX_PAIRS:
                raise TooLarge(f"These splats cover {need} tiles in one picture; at most {MAX_PAIRS} are drawn.")
            self._pairs(need + need // 4)

    def _list(self, count: int) -> int:
        need: int = raster.list_tiles(self._order, count, self._box, self._packed, self._tiles_x, self._starts, self._pair_tile,
                                      self._pair_splat, self._listed)  # fmt: skip
        return need

    def _pairs(self, room: int) -> None:
        self._pair_tile, self._pair_splat = np.empty(room, np.int32), np.empty(room, np.uint32)
        self._listed = np.empty(room, np.uint32)

    def _room_for(self, splats: int, frames: int) -> None:
        if len(self._order) != splats:
            self._screen, self._box = np.empty((splats, 6), np.float32), np.zeros((splats, 4), np.int16)
            self._order, self._packed = np.empty(splats, np.int32), np.empty((splats, raster.PACKED), np.float32)
        if len(self._seen) != frames:
            self._seen = np.empty((frames, ROW), np.float32)

    def _in_bands(self, paint: Callable[[int, int, F32], None]) -> None:
        if self._pool is None:
            paint(0, self._tiles_y, self._rooms[0])
            return

        def task(first: int) -> None:
            room = self._rooms.pop()  # there are as many as workers
            try:
                paint(first, min(first + ROWS_A_TASK, self._tiles_y), room)
            finally:
                self._rooms.append(room)

        list(self._pool.map(task, range(0, self._tiles_y, ROWS_A_TASK)))


def camera_row(camera: Camera) -> F32:
    """float32 [16]: the rotation's rows for x right, y down, z ahead; position; fx, fy, cx, cy in pixels."""
    turn = camera.rotation * np.array([[1], [-1], [-1]], np.float32)
    return np.concatenate([turn.ravel(), camera.position, [camera.fx, camera.fy, camera.cx, camera.cy]]).astype(np.float32)
