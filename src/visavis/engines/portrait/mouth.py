"""Inside the mouth: teeth, gums, tongue and walls in the picture's light, behind lips that the picture knows only closed or half open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import SHAPES
from visavis.engines.portrait.openings import INNER_LOWER, INNER_UPPER
from visavis.engines.portrait.still import Still
from visavis.engines.portrait.surface import topology
from visavis.head import lips
from visavis.head.canonical import CanonicalHead
from visavis.head.fit import HeadFitter
from visavis.head.subdivision import triangles_of
from visavis.head.teeth import TeethRow, model_teeth
from visavis.types import U8

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

CHEEKS: Final = (50, 280, 205, 425, 4)
LIPS: Final = (17, 84, 314, 0)
LUMA: Final = np.array([0.299, 0.587, 0.114])
TEETH: Final = np.array([206.0, 202.0, 190.0])
GUM: Final = np.array([176.0, 104.0, 100.0])
TONGUE: Final = np.array([170.0, 92.0, 84.0])
CAVITY: Final = np.array([84.0, 36.0, 33.0])
GLOOM_M: Final = 0.042
TONGUE_GLOOM_M: Final = 0.024
"""Light falls off over this depth behind the lips."""
TONGUE_DOWN_M: Final = 0.0135
TONGUE_FLAT: Final = 0.62
"""The data's tongue lies against the palate; at rest it is this much lower and flatter."""
FILL_M: Final = 0.0028
"""A second row stands behind each, this much aside: between two teeth one sees tooth, not the dark."""
UPPER_DOWN_M: Final = 0.0022
LOWER_DOWN_M: Final = 0.0020
"""Teeth against the head's own model, which shows them between lips that a render can part: pictures show more upper, less lower."""


@dataclass(frozen=True, slots=True, eq=False)
class Interior:
    """i vertices: camera [i, 3] as the closed neutral mouth has them · deltas [52, i, 3] · colours [i, 3] 0 to 255
    triangles [t, 3] · first_wall: the vertex from which on they are walls
    dark [3] 0 to 255, what is seen where nothing is drawn · warmth [3] exponents of a shadow in there.
    """

    camera: F64
    deltas: F64
    colours: F64
    triangles: I32
    first_wall: int
    dark: F64
    warmth: F64


def furnish_mouth(still: Still, fitter: HeadFitter, neutral_marks: F64) -> Interior:
    """neutral_marks [468, 3]: the landmarks with closed lips, camera space."""
    head, turn = fitter.head, still.pose.rotation
    cage = lips.seal(head, fitter.basis.cage(still.fit.identity))
    upper, lower = model_teeth(head, cage)
    used = np.unique(head.cage_quads)
    lining = np.searchsorted(used, head.cage_quads[topology()[1]])
    walls = np.unique(lining)
    light = _Light(still)
    fields = np.array([head.shapes.field(name) for name in SHAPES])
    flat = fields.transpose(1, 0, 2).reshape(len(cage), -1)
    tongue = np.asarray(head.tongue @ cage)
    tongue[:, 1] = tongue[:, 1].max() - TONGUE_DOWN_M - TONGUE_FLAT * (tongue[:, 1].max() - tongue[:, 1])
    wall = np.asarray(head.skin[walls] @ cage)
    front = float(upper.vertices[:, 2].max())
    still_shapes = np.zeros((1, len(SHAPES) * 3))
    filler = [
        (row.vertices - [FILL_M, down, 0.0008], row, light.teeth(row) * 0.86)
        for row, down in ((upper, UPPER_DOWN_M), (lower, LOWER_DOWN_M))
    ]
    parts = [
        (
            upper.vertices - [0, UPPER_DOWN_M, 0],
            np.repeat(still_shapes, len(upper.vertices), 0),
            light.teeth(upper),
            upper.triangles,
        ),
        (lower.vertices - [0, LOWER_DOWN_M, 0], np.asarray(lower.binding @ flat), 0.94 * light.teeth(lower), lower.triangles),
        (filler[0][0], np.zeros((len(upper.vertices), len(SHAPES) * 3)), filler[0][2], _crowns(upper)),
        (filler[1][0], np.asarray(lower.binding @ flat), 0.94 * filler[1][2], _crowns(lower)),
        (tongue, np.asarray(head.tongue @ flat), light.tongue(tongue, front), triangles_of(head.tongue_quads)),
        (
            wall,
            np.asarray(head.skin[walls] @ flat),
            light.walls(wall, front),
            triangles_of(np.searchsorted(walls, lining).astype(np.int32)),
        ),
    ]
    shift = _to_the_lips(head, cage, turn, neutral_marks)
    start, vertices, deltas, colours, triangles = 0, [], [], [], []
    for points, moves, colour, faces in parts:
        vertices.append(points @ turn.T + shift)
        deltas.append(moves.reshape(len(points), len(SHAPES), 3).transpose(1, 0, 2) @ turn.T)
        colours.append(colour)
        triangles.append(np.asarray(faces, np.int32) + start)
        start += len(points)
    return Interior(
        np.concatenate(vertices), np.concatenate(deltas, 1), np.concatenate(colours).clip(0, 255),
        np.concatenate(triangles).astype(np.int32), start - len(wall), light.dark, light.warmth,
    )  # fmt: skip


def _crowns(row: TeethRow) -> I32:
    """The row's triangles without its gum."""
    return np.asarray(row.triangles[~row.gum[row.triangles].any(1)])


def _to_the_lips(head: CanonicalHead, cage: F64, turn: F64, marks: F64) -> F64:
    """What brings the line between the head's own lips to where the picture's lips meet, camera space [3]."""
    skin = np.asarray(head.skin @ cage)
    above, below = lips.lip_sides(head)
    line, _ = lips.seam(skin, np.flatnonzero(above), np.flatnonzero(below))
    middle = line[len(line) // 2] @ turn.T
    seen = (marks[INNER_UPPER[5]] + marks[INNER_LOWER[5]]) / 2
    return np.array([seen[0] - middle[0], seen[1] - middle[1], min(seen[2] - middle[2], 0.0)])


class _Light:
    """How bright and how tinted things are in this picture, read off cheeks and lips."""

    def __init__(self, still: Still) -> None:
        skin = _colour_at(still.rgb, still.face.points[list(CHEEKS), :2].astype(float))
        self._lip = _colour_at(still.rgb, still.face.points[list(LIPS), :2].astype(float))
        tint = 0.62 * np.array([1.03, 1.0, 0.93]) + 0.38 * skin / max(skin.mean(), 1)
        self._light = tint * (0.62 * float(skin @ LUMA) + 62) / 190
        self._saturation = float(np.clip(np.ptp(skin) / max(skin.max(), 1) / 0.18, 0, 1))
        self.warmth = 1 + self._saturation * np.array([-0.2, 0.15, 0.3])
        self.dark = 0.45 * self._toned(CAVITY[None])[0] + 0.24 * self._lip

    def _toned(self, colour: F64) -> F64:
        """In this light; a black-and-white picture has a grey mouth."""
        lit = colour * self._light
        return np.asarray(lit * self._saturation + lit.mean(1, keepdims=True) * (1 - self._saturation))

    def teeth(self, row: TeethRow) -> F64:
        neck = np.clip(row.height * 2.2, 0, 1)[:, None]
        shade = (0.80 + 0.20 * neck) * (1 - 0.30 * np.abs(row.across[:, None]) ** 6)
        enamel = TEETH * (shade + (1 - shade) * np.array([0.30, 0.10, 0.05]))
        back = 1 - 0.70 * row.back[:, None] ** 1.2
        return self._toned(np.where(row.gum[:, None], GUM * 0.8, enamel)) * back**self.warmth

    def tongue(self, points: F64, front: float) -> F64:
        depth = np.maximum(front - points[:, 2] - 0.006, 0)[:, None]
        groove = np.exp(-((points[:, :1] / 0.0032) ** 2))
        flesh = self._toned(TONGUE[None] * 0.62) + 0.36 * self._lip
        return np.asarray(flesh * (1 - 0.14 * groove) * np.maximum(np.exp(-depth / TONGUE_GLOOM_M), 0.22) ** self.warmth)

    def walls(self, points: F64, front: float) -> F64:
        depth = np.maximum(front - points[:, 2], 0)[:, None]
        return np.asarray(self._toned(CAVITY[None]) * np.exp(-depth / GLOOM_M) ** self.warmth)


def _colour_at(rgb: U8, points: F64) -> F64:
    """Median colour [3] around points [n, 2]."""
    side = len(rgb)
    at = np.clip(np.round(points).astype(int), 2, side - 3)
    patches = [rgb[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3) for x, y in at]
    return np.asarray(np.median(np.concatenate(patches), axis=0), float)
