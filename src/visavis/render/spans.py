# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-arg, var-annotated"
"""Triangles that carry attributes onto a pixel grid, span by span: the inner loop is linear in x, without a test for inside.

Pixel (x, y) is sampled at its middle, which has the coordinates (x, y).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import inlined, kernel
from visavis.types import F32

FAR: Final = -1e9
"""What the depth buffer holds where nothing was drawn."""
SLACK_PX: Final = 1e-3
"""Spans reach this far over an edge, so that neighbours leave no pixel out."""
_f = np.float32


@inlined
def _limits(ax, ay, bx, by, y, low, high):
    """Cuts the span low to high of row y to the inner side of the edge a to b of a triangle of positive area."""
    slope = ay - by
    level = slope * ax + (bx - ax) * ay - (bx - ax) * y
    if slope > _f(1e-12):
        low = max(low, level / slope - _f(SLACK_PX))
    elif slope < _f(-1e-12):
        high = min(high, level / slope + _f(SLACK_PX))
    elif level > _f(1e-6):
        high = low - _f(1)
    return low, high


@kernel
def draw_spans(screen, depth, triangles, attributes, box, out, nearest, ids):
    """Draws triangles over what is there; the larger depth wins.

    screen float32 [n, 2] px; depth float32 [n]; triangles int32 [t, 3] of either winding; attributes float32 [n, k];
    box int32 [4]: x, y of the buffers' first pixel, and their width and height.
    Written: out float32 [h, w, k], nearest float32 [h, w], ids int32 [h, w] (the triangle).
    """
    x0, y0, width, height = box[0], box[1], box[2], box[3]
    count = attributes.shape[1]
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay, bx, by, cx, cy = screen[a, 0], screen[a, 1], screen[b, 0], screen[b, 1], screen[c, 0], screen[c, 1]
        area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if area < 0:
            b, c = c, b
            bx, by, cx, cy = cx, cy, bx, by
            area = -area
        if not area > _f(1e-6):
            continue
        top, bottom = max(min(ay, by, cy), _f(y0)), min(max(ay, by, cy), _f(y0 + height - 1))
        left, right = max(min(ax, bx, cx), _f(x0)), min(max(ax, bx, cx), _f(x0 + width - 1))
        if top > bottom + _f(SLACK_PX) or left > right + _f(SLACK_PX):
            continue
        inv = _f(1) / area
        bdx, bdy = (cy - ay) * inv, (ax - cx) * inv
        cdx, cdy = (ay - by) * inv, (bx - ax) * inv
        za, zb, zc = depth[a], depth[b], depth[c]
        zdx = (zb - za) * bdx + (zc - za) * cdx
        for row in range(int(np.ceil(top - _f(SLACK_PX))), int(np.floor(bottom + _f(SLACK_PX))) + 1):
            y = _f(row)
            low, high = _limits(ax, ay, bx, by, y, left, right)
            low, high = _limits(bx, by, cx, cy, y, low, high)
            low, high = _limits(cx, cy, ax, ay, y, low, high)
            first, last = int(np.ceil(low)), int(np.floor(high))
            if first > last:
                continue
            wb = (_f(first) - ax) * bdx + (y - ay) * bdy
            wc = (_f(first) - ax) * cdx + (y - ay) * cdy
            z = za + wb * (zb - za) + wc * (zc - za)
            j = row - y0
            for i in range(first - x0, last + 1 - x0):
                if z > nearest[j, i]:
                    nearest[j, i] = z
                    ids[j, i] = t
                    for q in range(count):
                        out[j, i, q] = (
                            attributes[a, q]
                            + wb * (attributes[b, q] - attributes[a, q])
                            + wc * (attributes[c, q] - attributes[a, q])
                        )
                z += zdx
                wb += bdx
                wc += cdx


class SpanBuffers:
    """What `draw_spans` writes: out float32 [h, w, k], nearest float32 [h, w], ids int32 [h, w], -1 for nothing; box int32 [4]."""

    def __init__(self, width: int, height: int, attributes: int, left: int = 0, top: int = 0) -> None:
        self.box = np.array([left, top, width, height], np.int32)
        self.out: F32 = np.zeros((height, width, attributes), np.float32)
        self.nearest: F32 = np.full((height, width), FAR, np.float32)
        self.ids = np.full((height, width), -1, np.int32)

    def clear(self) -> None:
        self.nearest.fill(FAR)
        self.ids.fill(-1)
