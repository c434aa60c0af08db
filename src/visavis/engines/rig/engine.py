"""The rig engine: a person's RenderMesh, driven by FaceFrames, drawn on the CPU."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from visavis.engines.rig.detail import Fade, Governor, drawn_sizes
from visavis.engines.rig.enlarge import enlarge, mix_in
from visavis.engines.rig.frame import FrameBuffers, prepare_frame
from visavis.engines.rig.look import Look
from visavis.engines.rig.pupils import Pupils
from visavis.engines.rig.sway import Sway
from visavis.errors import BadInput
from visavis.render.mesh import RenderMesh
from visavis.render.paint import band_buffers, band_count, paint
from visavis.render.prepare import Prepared, prepare
from visavis.types import F32, U8, FaceFrame, VideoFrame

MAX_SIDE: Final = 2_160
BANDS_A_TASK: Final = 4
_Arrays: TypeAlias = tuple[np.typing.NDArray[np.generic], ...]


class RigEngine:
    """Implements `types.Engine`. Engines may share one person and draw at once; one engine draws one frame at a time.

    A mesh is checked and rearranged here (BadInput if it does not hold together); hand over a `Prepared` to do that once for
    many engines. `workers` > 1 splits a frame's bands over as many threads of the engine's own: for a session that has the
    machine to itself. `detail` is a level of detail (0 the finest; larger ones end at the coarsest that the size has), or a
    Governor that changes it with the load; with a Governor the pictures depend on how fast the machine is. `view` is from where it is
    seen: how far round the person in radians, to their left positive, and how far up in metres (`FrameBuffers.orbit`).
    """

    def __init__(
        self,
        mesh: RenderMesh | Prepared,
        *,
        width: int = 512,
        height: int = 512,
        workers: int = 1,
        detail: int | Governor = 0,
        view: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        for side in (width, height):
            if not 16 <= side <= MAX_SIDE or side % 2:
                raise BadInput(
                    f"A picture of {width} x {height} cannot be drawn.", mend=f"Use even sides from 16 to {MAX_SIDE}."
                )
        assert workers >= 1, workers
        self._person = mesh if isinstance(mesh, Prepared) else prepare(mesh)
        self._width, self._height = width, height
        self._sizes = drawn_sizes(width, height)
        self._governor = detail if isinstance(detail, Governor) else None
        self._level = min(detail.level if isinstance(detail, Governor) else detail, len(self._sizes) - 1)
        self._fade = Fade(self._level)
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, "rig-band") if workers > 1 else None
        self._view = view
        self._canvases = {0: _Canvas(self._person, width, height, workers, view)}
        self._sway, self._pupils = Sway(), Pupils()

    @property
    def width(self) -> int:
        return self._width

    @property
    def height(self) -> int:
        return self._height

    @property
    def level(self) -> int:
        """The level of detail of the next frame."""
        return self._level

    @property
    def drawn_share(self) -> float:
        return self._sizes[self._level][0] / self._width

    def draw(self, face: FaceFrame) -> VideoFrame:
        """The face as I420, in memory of its own."""
        begun = time.perf_counter()
        step = self._fade.towards(self._level, face.t_ticks)
        trail = self._trail(face)
        i420 = self._draw_at(step.level, face, trail)
        if step.share > 0:
            mix_in(self._draw_at(step.other, face, trail), step.share, i420)
        if self._governor is not None:
            self._governor.after(face.t_ticks, (time.perf_counter() - begun) * 1000, len(self._sizes))
            self._level = self._governor.level
        return VideoFrame(face.t_ticks, i420, face.generation)

    def draw_rgb(self, face: FaceFrame, *, transparent: bool = False) -> U8:
        """At the finest level: uint8 [h, w, 3] over the studio background, or [h, w, 4] with straight alpha and nothing behind."""
        out = np.empty((self._height, self._width, 4 if transparent else 3), np.uint8)
        self._draw(self._canvases[0], face, self._trail(face), out)
        return out

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def _trail(self, face: FaceFrame) -> _Trail:
        return _Trail(self._sway.follow(face), self._pupils.follow(face))

    def _draw_at(self, level: int, face: FaceFrame, trail: _Trail) -> U8:
        """I420 at the picture's size."""
        i420 = np.empty((self._height * 3 // 2, self._width), np.uint8)
        if level == 0:
            self._draw(self._canvases[0], face, trail, i420)
        else:
            small = self._canvas(level)
            self._draw(small, face, trail, small.i420)
            enlarge(small.i420, i420)
        return i420

    def _canvas(self, level: int) -> _Canvas:
        """Made when first needed; a session seldom leaves two levels."""
        if level not in self._canvases:
            background = self._canvases[0].look.background
            self._canvases[level] = _Canvas(self._person, *self._sizes[level], self._workers, self._view, background)
        return self._canvases[level]

    def _draw(self, canvas: _Canvas, face: FaceFrame, trail: _Trail, out: U8) -> None:
        prepare_frame(self._person, canvas.frame, face, trail.sway)
        looks = canvas.look.arrays(trail.pupils)
        bands = band_count(canvas.frame.size[1])
        if self._pool is None:
            canvas.paint(self._person, looks, 0, bands, out)
        else:
            starts = range(0, bands, BANDS_A_TASK)
            list(self._pool.map(lambda n: canvas.paint(self._person, looks, n, min(n + BANDS_A_TASK, bands), out), starts))


@dataclass(frozen=True, slots=True, eq=False)
class _Trail:
    """What of a frame depends on the frames before it: sway float32 [6], the pupils' width."""

    sway: F32
    pupils: float


class _Canvas:
    """The buffers for drawing one person at one size."""

    def __init__(
        self, person: Prepared, width: int, height: int, workers: int, view: tuple[float, float], background: F32 | None = None
    ) -> None:
        self.frame = FrameBuffers(person, width, height)
        if view != (0.0, 0.0):
            self.frame.orbit(*view)
        self.look = Look(person.mesh, self.frame, background)
        self.i420 = np.empty((height * 3 // 2, width), np.uint8)
        self._rooms = [band_buffers(width) for _ in range(workers)]

    def paint(self, person: Prepared, looks: _Arrays, first: int, past: int, out: U8) -> None:
        room = self._rooms.pop()  # there are as many as workers
        try:
            paint(first, past, self.frame.geometry(person), looks, room, self.look.background, out)
        finally:
            self._rooms.append(room)
