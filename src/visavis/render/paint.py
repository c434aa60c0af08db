# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""A range of bands from binned triangles to pixels, in one call that does not hold the GIL. Bands do not touch each other."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import kernel
from visavis.render.lanes import LANES
from visavis.render.picture import write_i420, write_rgb
from visavis.render.raster import BAND, draw_band_4
from visavis.render.shade import (
    CHUNK,
    EYE,
    KINDS,
    MOUTH,
    STRAND,
    SURFACE,
    TEXTURED,
    TEXTURED_EYE,
    add_fragments,
    interpolate,
    list_fragments,
    shade_eyes,
    shade_strands,
    shade_surface,
)
from visavis.render.textured import blend_sheer, shade_textured, shade_textured_eyes

ROWS: Final = 2 * BAND
"""Pixel rows in a band."""


def band_count(height: int) -> int:
    return -(-height // ROWS)


def band_buffers(width: int) -> tuple[np.typing.NDArray[np.generic], ...]:
    """Room for one band of a picture `width` pixels wide: what `paint` takes as `room`."""
    samples = BAND * -(-width // 2) * LANES
    return (
        np.empty(samples, np.float32), np.empty(samples, np.int32), np.zeros(KINDS, np.uint32),
        np.empty((KINDS, samples), np.uint32), np.empty((KINDS, samples), np.uint32), np.empty((KINDS, samples), np.float32),
        np.zeros((samples // LANES + 1) * CHUNK, np.float32), np.empty((ROWS, width, 4), np.float32),
    )  # fmt: skip


@kernel
def paint(first, past, geometry, looks, room, background, out):
    """Paints bands [first, past) of `out`: I420 where it has two axes, RGB or RGBA where it has three.

    geometry: screen float32 [v, 3], triangles uint32 [t, 3], starts int32 [bands + 1], listed uint32, planes float32 [t, 12],
    rows float32 [v, 8], surfaces uint32 [t + 1], and the sheer triangles' starts and listed, furthest first. looks: grain float32
    [65536], iris float32 [s, s, 3], pupil float32 [3], view float32 [3], half float32 [3], lobes float32 [2, 3] and tints float32
    [2, 3] of surface and mouth, table float32 [TONES], pictures (see `textured.shade_textured`).
    """
    screen, triangles, starts, listed, planes, rows, surfaces, sheer_starts, sheer_listed = geometry
    grain, iris, pupil, view, half, lobes, tints, table, pictures = looks
    depth, ids, counts, chosen, places, shares, columns, colour = room
    wide = (background.shape[2] + 1) // 2
    high = background.shape[1] // 2
    for band in range(first, past):
        deep = min(BAND, high - band * BAND)
        row0 = band * ROWS
        colour[:] = 0
        sheer = sheer_listed[sheer_starts[band] : sheer_starts[band + 1]]
        if starts[band + 1] > starts[band] or sheer.shape[0] > 0:
            draw_band_4(screen, triangles, listed[starts[band] : starts[band + 1]], band * BAND, deep, wide, depth, ids, planes)
            list_fragments(depth, ids, deep, wide, surfaces, counts, chosen, places, shares)
            for kind in range(KINDS):
                count = np.int64(counts[kind])
                if count == 0:
                    continue
                interpolate(count, chosen[kind], places[kind], row0, triangles, planes, rows, grain, columns)
                if kind == SURFACE:
                    shade_surface(count, columns, lobes[0], tints[0])
                elif kind == MOUTH:
                    shade_surface(count, columns, lobes[1], tints[1])
                elif kind == STRAND:
                    shade_strands(count, columns)
                elif kind == EYE:
                    shade_eyes(count, places[kind], row0, columns, iris, pupil, view, half)
                elif kind == TEXTURED:
                    shade_textured(count, chosen[kind], surfaces, columns, pictures, lobes[0], tints[0])
                elif kind == TEXTURED_EYE:
                    shade_textured_eyes(count, chosen[kind], places[kind], row0, surfaces, columns, pictures, view, half)
                add_fragments(count, places[kind], shares[kind], columns, table, colour)
            if sheer.shape[0] > 0:
                blend_sheer(
                    sheer,
                    (screen, triangles, rows, surfaces),
                    row0,
                    2 * deep,
                    wide,
                    depth,
                    pictures,
                    lobes[0],
                    tints[0],
                    table,
                    colour,
                )
        if out.ndim == 2:
            write_i420(colour, background, row0, 2 * deep, out)
        else:
            write_rgb(colour, background, row0, 2 * deep, out)
