"""Drawing that can be differentiated: `forward` gives the picture, `backward` takes the gradient on it back to the splats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.errors import TooLarge
from visavis.render.camera import Camera
from visavis.splats import gradient, raster
from visavis.splats.constants import AREA, TILE
from visavis.splats.frames import ROW, view_frames
from visavis.splats.painter import MAX_PAIRS, camera_row

Floats = npt.NDArray[np.floating[Any]]
I32 = npt.NDArray[np.int32]
_ROOM: Final = 7 * AREA


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """What is differentiated, n splats in their parents' frames, all of one float type: places [n, 3], turns [n, 4] quaternions of any
    length, small [n, 3] radians turned after them, log_scales [n, 3], logits [n], colours [n, 3] 0 to 1.
    """

    places: Floats
    turns: Floats
    small: Floats
    log_scales: Floats
    logits: Floats
    colours: Floats


class Differentiable:
    """Pictures of one size and their derivatives; buffers are kept. float32 for training, float64 for checks."""

    def __init__(self, width: int, height: int, dtype: type[np.floating[Any]] = np.float32) -> None:
        self.width, self.height, self._dtype = width, height, dtype
        self._tiles_x = -(-width // TILE)
        tiles = self._tiles_x * -(-height // TILE)
        self._starts, self._used, self._cursor = (
            np.zeros(tiles + 1, np.int32),
            np.zeros(tiles, np.int32),
            np.zeros(tiles, np.int32),
        )
        self._counts = np.zeros(raster.BUCKETS + 1, np.int32)
        self._size = np.array([width, height], np.int64)
        self._room = np.empty(_ROOM, dtype)
        self.picture = np.empty((height, width, 3), dtype)
        self._splats = self._frames = -1
        self._pairs_for(1 << 16)

    def forward(self, values: Values, parents: I32, frames: Floats, camera: Camera, background: Floats) -> Floats:
        """The picture [h, w, 3] over background [3]; overwritten by the next call. parents int32 [n] into frames [p, 12]."""
        self._room_for(len(parents), len(frames))
        self._values, self._parents = values, parents
        self._row = camera_row(camera).astype(self._dtype)
        self._opacities = (1 / (1 + np.exp(-values.logits))).astype(self._dtype)
        view_frames(frames, self._row, self._seen)
        gradient.shape_up(values.turns, values.small, values.log_scales, self._covariances)
        raster.project(parents, values.places, self._covariances, self._opacities, self._seen, self._row, self._size,
                       self._screen, self._box)  # fmt: skip
        self.count = raster.depth_order(self._screen, self._box, self._counts, self.order)
        raster.pack(self.order, self.count, self._screen, self._box, self._opacities, values.colours, self._packed)
        while (need := self._list()) > len(self._listed):
            if need > MAX_PAIRS:
                raise TooLarge(f"The splats cover {need} tiles in one picture; at most {MAX_PAIRS} are drawn.")
            self._pairs_for(need + need // 4)
        self._pairs = need
        gradient.blend_forward(self._tiles_x, self._starts, self._listed, self._packed, background, self._room, self.picture,
                               self._used)  # fmt: skip
        return self.picture

    def backward(self, on_picture: Floats) -> Values:
        """Gradients on the values of the last `forward`, from that on its picture [h, w, 3]; overwritten by the next call."""
        gradient.give_slots(self._pair_tile, self._pair_splat, self._pairs, self.count, self._starts, self._cursor, self._slots,
                            self._first)  # fmt: skip
        gradient.blend_backward(self._tiles_x, self._starts, self._used, self._listed, self._slots, self._packed, self.picture,
                                on_picture, self._room, self._sums)  # fmt: skip
        v, g = self._values, self._gradients
        gradient.project_backward(self.order, self.count, self._first, self._sums, self._screen, self._opacities, self._parents,
                                  v.places, v.turns, v.small, v.log_scales, self._seen, self._row, self._size, g.places, g.turns,
                                  g.small, g.log_scales, g.logits, g.colours, self.pull)  # fmt: skip
        return g

    def _list(self) -> int:
        need: int = raster.list_tiles(self.order, self.count, self._box, self._packed, self._tiles_x, self._starts, self._pair_tile,
                                      self._pair_splat, self._listed)  # fmt: skip
        return need

    def _pairs_for(self, room: int) -> None:
        self._pair_tile, self._pair_splat = np.empty(room, np.int32), np.empty(room, np.uint32)
        self._listed, self._slots = np.empty(room, np.uint32), np.empty(room, np.int32)
        self._sums = np.empty((room, gradient.SUMS), self._dtype)

    def _room_for(self, n: int, frames: int) -> None:
        if n != self._splats:
            self._splats = n

            def empty(*shape: int) -> Floats:
                return np.zeros((n, *shape), self._dtype)

            self._covariances, self._screen, self._packed = empty(6), empty(6), empty(raster.PACKED)
            self._box, self.order, self._first = np.zeros((n, 4), np.int16), np.empty(n, np.int32), np.zeros(n + 1, np.int32)
            self._gradients, self.pull = Values(empty(3), empty(4), empty(3), empty(3), empty(), empty(3)), empty()
        if frames != self._frames:
            self._frames, self._seen = frames, np.empty((frames, ROW), self._dtype)
