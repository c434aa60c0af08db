"""Drawing a frame's bands: samples, fragments, colours, pixels. Each worker has its own buffers; bands do not touch each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from visavis.engines.rig.frame import FrameBuffers
from visavis.render import raster, shade
from visavis.render.prepare import Prepared
from visavis.types import F32, U8

ROWS = 2 * raster.BAND
_LOBES = {
    shade.SURFACE: np.array([0.55, 0.30, 0.0], np.float32),
    shade.MOUTH: np.array([0.0, 0.12, 0.9], np.float32),
}
_WHITE = np.ones(3, np.float32)


class BandBuffers:
    """Room for one band of a picture `width` pixels wide."""

    def __init__(self, width: int) -> None:
        samples = raster.BAND * -(-width // 2) * 16
        fragments = samples
        self.depth = np.empty(samples, np.float32)
        self.ids = np.empty(samples, np.int32)
        self.counts = np.zeros(shade.KINDS, np.uint32)
        self.triangle = np.empty((shade.KINDS, fragments), np.uint32)
        self.place = np.empty((shade.KINDS, fragments), np.uint32)
        self.share = np.empty((shade.KINDS, fragments), np.float32)
        self.columns = np.zeros((fragments // 16 + 1) * shade.CHUNK, np.float32)
        self.colour = np.empty((ROWS, width, 4), np.float32)


class Painter:
    """What a band needs besides the frame: textures, tone curve, background; read-only while drawing."""

    def __init__(self, person: Prepared, background: F32, iris: F32, grain: F32) -> None:
        mesh = person.mesh
        self.person = person
        self.background = background
        self.grain = grain
        self.iris = iris
        self.table = shade.tone_table(mesh.exposure)
        self.pupil = np.array([mesh.iris_radius, mesh.pupil_radius, mesh.pupil_radius], np.float32)
        self.key = np.ascontiguousarray(mesh.lights[0, 3:])

    def paint(self, at: FrameBuffers, band: int, own: BandBuffers, out: U8, write: Callable[..., Any]) -> None:
        """Draws band `band` of the frame into `out` with `picture.write_i420` or `picture.write_rgb`."""
        person, (width, height) = self.person, at.size
        columns = -(-width // 2)
        rows = min(raster.BAND, height // 2 - band * raster.BAND)
        listed = at.listed[at.starts[band] : at.starts[band + 1]]
        own.colour[:] = 0
        if len(listed):
            raster.draw_band_4(
                at.screen, person.triangles, listed, band * raster.BAND, rows, columns, own.depth, own.ids, at.planes
            )
            shade.list_fragments(own.depth, own.ids, rows, columns, person.surfaces, own.counts,
                                 own.triangle, own.place, own.share)  # fmt: skip
            self._shade(at, band * ROWS, own)
        write(own.colour, self.background, band * ROWS, 2 * rows, out)

    def _shade(self, at: FrameBuffers, row0: int, own: BandBuffers) -> None:
        for kind in range(shade.KINDS):
            count = int(own.counts[kind])
            if count == 0:
                continue
            place, share = own.place[kind], own.share[kind]
            shade.interpolate(count, own.triangle[kind], place, row0, self.person.triangles, at.planes, at.rows,
                              self.grain, own.columns)  # fmt: skip
            match kind:
                case shade.SURFACE:
                    shade.shade_surface(count, own.columns, _LOBES[kind], self.key)
                case shade.MOUTH:
                    shade.shade_surface(count, own.columns, _LOBES[kind], _WHITE)
                case shade.STRAND:
                    shade.shade_strands(count, own.columns)
                case shade.EYE:
                    view = np.array([at.camera[4], at.camera[5], 1 / at.camera[3]], np.float32)
                    shade.shade_eyes(count, place, row0, own.columns, self.iris, self.pupil, view, at.half)
            shade.add_fragments(count, place, share, own.columns, self.table, own.colour)
