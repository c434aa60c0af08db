"""The rig engine: a person's RenderMesh, driven by FaceFrames, drawn on the CPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from visavis.engines.rig.frame import FrameBuffers, prepare_frame
from visavis.engines.rig.look import Look
from visavis.engines.rig.sway import Sway
from visavis.errors import BadInput
from visavis.render.mesh import RenderMesh
from visavis.render.paint import band_buffers, band_count, paint
from visavis.render.prepare import Prepared, prepare
from visavis.types import U8, FaceFrame, VideoFrame

MAX_SIDE: Final = 2_160
BANDS_A_TASK: Final = 4


class RigEngine:
    """Implements `types.Engine`. Engines may share one person and draw at once; one engine draws one frame at a time.

    A mesh is checked and rearranged here (BadInput if it does not hold together); hand over a `Prepared` to do that once for
    many engines. `workers` > 1 splits a frame's bands over as many threads of the engine's own: for a session that has the
    machine to itself.
    """

    def __init__(self, mesh: RenderMesh | Prepared, *, width: int = 512, height: int = 512, workers: int = 1) -> None:
        for side in (width, height):
            if not 16 <= side <= MAX_SIDE or side % 2:
                raise BadInput(
                    f"A picture of {width} x {height} cannot be drawn.", mend=f"Use even sides from 16 to {MAX_SIDE}."
                )
        assert workers >= 1, workers
        self._person = mesh if isinstance(mesh, Prepared) else prepare(mesh)
        self._width, self._height = width, height
        self._frame = FrameBuffers(self._person, width, height)
        self._look = Look(self._person.mesh, self._frame, width, height)
        self._rooms = [band_buffers(width) for _ in range(workers)]
        self._pool = ThreadPoolExecutor(workers, "rig-band") if workers > 1 else None
        self._sway = Sway()

    @property
    def width(self) -> int:
        return self._width

    @property
    def height(self) -> int:
        return self._height

    def draw(self, face: FaceFrame) -> VideoFrame:
        """The face as I420, in memory of its own."""
        i420 = np.empty((self._height * 3 // 2, self._width), np.uint8)
        self._draw(face, i420)
        return VideoFrame(face.t_ticks, i420, face.generation)

    def draw_rgb(self, face: FaceFrame, *, transparent: bool = False) -> U8:
        """uint8 [h, w, 3] over the studio background, or [h, w, 4] with straight alpha and nothing behind the person."""
        out = np.empty((self._height, self._width, 4 if transparent else 3), np.uint8)
        self._draw(face, out)
        return out

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _draw(self, face: FaceFrame, out: U8) -> None:
        prepare_frame(self._person, self._frame, face, self._sway.follow(face))
        bands = band_count(self._height)
        if self._pool is None:
            self._paint(0, bands, out)
        else:
            starts = range(0, bands, BANDS_A_TASK)
            list(self._pool.map(lambda n: self._paint(n, min(n + BANDS_A_TASK, bands), out), starts))

    def _paint(self, first: int, past: int, out: U8) -> None:
        room = self._rooms.pop()  # there are as many as workers
        try:
            paint(first, past, self._frame.geometry(self._person), self._look.arrays, room, self._look.background, out)
        finally:
            self._rooms.append(room)
