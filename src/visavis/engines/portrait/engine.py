"""The portrait engine: FaceFrames to I420 by moving one picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import INDEX
from visavis.engines.portrait.kernels import (
    compose,
    gather_samples,
    look_up,
    mix_own,
    shade_ball,
    shade_depths,
    to_i420,
    turn_project,
)
from visavis.engines.portrait.motion import TORSO_SHIFT, TORSO_TURN, Moved, move
from visavis.engines.portrait.portrait import Portrait
from visavis.errors import BadInput
from visavis.head.fit import DISTANCE_M
from visavis.render.pose import blend_shapes
from visavis.render.spans import FAR, SpanBuffers, draw_spans
from visavis.types import F32, U8, FaceFrame, VideoFrame

I32 = npt.NDArray[np.int32]

SIZES: Final = (64, 1440)
MARGIN_PX: Final = 4
"""Openings are drawn with this much around them."""
NEAR_M: Final = 0.0022
"""How far the shade of the lips reaches into the mouth."""
SOFT_PX: Final = 0.6
"""What is drawn in a mouth is blurred by this at 512 pixels: no photograph is as sharp as a rendered tooth."""
SLIVER: Final = 3
"""Openings narrower than this many samples, a pixel and a half, are cracks between lids or lips that touch."""
OWN_FROM: Final = 0.35
"""From this nearness on the picture's own teeth come in."""
LID_REACH: Final = 0.5
"""A closing lid is drawn so far around the eye, as a share of its width."""
LID_MIX: Final = 0.72
"""How much of a closed lid is the colour from around the eye: the rest is skin stretched from under the brow."""
LID_SHADE: Final = 0.75
LID_SHADE_M: Final = 0.0016
BLINKS: Final = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])
LEFT_EYE, RIGHT_EYE, MOUTH = range(3)


class PortraitEngine:
    """One portrait at one size. Implements `types.Engine`: one call at a time, from any thread; drawing releases the GIL."""

    def __init__(self, portrait: Portrait, *, size: int = 512) -> None:
        """size: the picture's side in pixels, even. Raises BadInput beyond `SIZES`."""
        if not SIZES[0] <= size <= SIZES[1] or size % 2:
            raise BadInput(f"A portrait cannot be {size} pixels wide.", mend=f"Take an even size, {SIZES[0]} to {SIZES[1]}.")
        p = self._portrait = scaled(portrait, size)
        self._size = size
        vertices = len(p.points)
        self._deltas = p.shape_deltas.astype(np.float32)
        self._shape, self._screen = np.empty((vertices, 3), np.float32), np.empty((vertices, 2), np.float32)
        self._depth = np.empty(vertices, np.float32)
        self._camera = np.array([*p.camera, DISTANCE_M], np.float32)
        self._rates = np.array([TORSO_TURN, TORSO_SHIFT], np.float32)
        self._ground = SpanBuffers(size, size, 2)
        self._over = np.zeros((size, size, 4), np.float32)
        self._has_over = np.zeros((size, size), np.uint8)
        self._zone_faces = [zone_faces(p, zone) for zone in range(3)]
        self._walls = walls_of(p)
        self._skin_rows = np.c_[p.uv, p.lids].astype(np.float32)
        colours = np.zeros((vertices, 3), np.float32)
        colours[p.spans[2] :] = p.colours
        self._colours = colours
        self._rgb = np.empty((size, size, 3), np.uint8)
        self.hole_px = np.zeros(3, np.int64)
        """Open pixels of the last frame: left eye, right eye, mouth."""

    @staticmethod
    def load(path: Path, *, size: int = 512) -> PortraitEngine:
        return PortraitEngine(Portrait.load(path), size=size)

    @property
    def width(self) -> int:
        return self._size

    @property
    def height(self) -> int:
        return self._size

    @property
    def drawn_share(self) -> float:
        """Always 1: a portrait has one level of detail."""
        return 1.0

    def draw(self, face: FaceFrame) -> VideoFrame:
        """The face as I420, in memory of its own."""
        self._draw(move(self._portrait, face))
        i420 = np.empty((self._size * 3 // 2, self._size), np.uint8)
        to_i420(self._rgb, i420)
        return VideoFrame(face.t_ticks, i420, face.generation)

    def draw_rgb(self, face: FaceFrame) -> U8:
        """uint8 [size, size, 3]."""
        self._draw(move(self._portrait, face))
        return self._rgb.copy()

    def draw_unmoved(self) -> U8:
        """The picture as it came, through all of the drawing: uint8 [size, size, 3]."""
        weights = np.zeros(len(self._portrait.shape_offsets) - 1, np.float32)
        still = Moved(weights, np.array([0, 1, 0, 0], np.float32), np.zeros(3, np.float32), np.zeros((2, 2), np.float32))
        self._draw(still)
        return self._rgb.copy()

    def face_region(self) -> npt.NDArray[np.bool_]:
        """Where the last frame shows the face, bool [size, size]: the convex hull of its mesh."""
        import cv2

        a, b = self._portrait.spans[1:3]
        hull = cv2.convexHull(self._screen[a:b].astype(np.float32))
        region = np.zeros((self._size, self._size), np.uint8)
        cv2.fillConvexPoly(region, np.round(hull).astype(np.int32), 1)
        return region > 0

    def flipped_share(self) -> float:
        """Of the relief's cells that show the person, those that the last frame turned over."""
        p = self._portrait
        middle = np.clip(np.round(p.uv[p.grid_triangles].mean(1)).astype(int), 0, self._size - 1)
        shown = p.picture[middle[:, 1], middle[:, 0], 3] > 127
        a, b, c = (self._screen[p.grid_triangles[shown, i]] for i in range(3))
        area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
        return float((area < 0).mean())

    def close(self) -> None:
        """Nothing is held that needs closing."""

    def _draw(self, moved: Moved) -> None:
        p, at = self._portrait, self._ground
        blend_shapes(p.points, p.shape_offsets, p.shape_indices, self._deltas, moved.weights, self._shape)
        turn_project(
            self._shape, p.follow, moved.turn, moved.shift, p.pivot, self._camera, self._rates, self._screen, self._depth
        )
        at.clear()
        draw_spans(self._screen, self._depth, p.grid_triangles, p.uv, at.box, at.out, at.nearest, at.ids)
        at.nearest.fill(FAR)
        draw_spans(self._screen, self._depth, p.face_triangles, p.uv, at.box, at.out, at.nearest, at.ids)
        fine = self._screen * np.float32(2) + np.float32(0.5)
        boxes = [self._draw_zone(zone, fine, moved) for zone in (LEFT_EYE, RIGHT_EYE, MOUTH)]
        compose(p.picture, p.background, at.ids, at.out, self._over, self._has_over, 0, self._size, self._rgb)
        for box in boxes:
            if box is not None:
                x, y, w, h = box
                self._has_over[y : y + h, x : x + w] = 0

    def _draw_zone(self, zone: int, fine: F32, moved: Moved) -> tuple[int, int, int, int] | None:
        """One opening, at four samples a pixel, into `over`. Returns its box, or None where all is closed."""
        import cv2

        p = self._portrait
        ring = self._screen[p.zones[zone]]
        closing = 0.0 if zone == MOUTH else min(max(float(moved.weights[BLINKS[zone]]), 0.0), 1.0)
        margin = MARGIN_PX + (int(LID_REACH * np.ptp(ring[:, 0])) if closing > 0 else 0)
        low = np.clip(np.floor(ring.min(0)).astype(int) - margin, 0, self._size)
        high = np.clip(np.ceil(ring.max(0)).astype(int) + margin, 0, self._size)
        w, h = (int(d) for d in high - low)
        self.hole_px[zone] = 0
        if w < 2 or h < 2:
            return None
        x, y = int(low[0]), int(low[1])
        skin = SpanBuffers(2 * w, 2 * h, 3, 2 * x, 2 * y)
        draw_spans(fine, self._depth, self._zone_faces[zone], self._skin_rows, skin.box, skin.out, skin.nearest, skin.ids)
        hole = np.zeros((2 * h, 2 * w), np.uint8)
        cv2.fillPoly(hole, [np.round(fine[p.zones[zone]] - [2 * x, 2 * y]).astype(np.int32)], 1)
        hole[skin.ids >= 0] = 0
        hole = np.asarray(cv2.morphologyEx(hole, cv2.MORPH_OPEN, np.ones((SLIVER, SLIVER), np.uint8)), np.uint8)
        opened = int(hole.sum())
        self.hole_px[zone] = opened // 4
        inside = self._draw_mouth(fine, moved, hole, skin.box) if zone == MOUTH else self._draw_eye(zone, moved, hole, skin.box)
        over = np.empty((h, w, 4), np.float32)
        ground = self._ground
        box = np.array([x, y, w, h], np.int32)
        tint = p.lid_colours[min(zone, RIGHT_EYE)]
        amount = np.float32(LID_MIX * closing)
        gather_samples(p.picture, skin.ids, skin.out, hole, inside, box, ground.ids, ground.out, tint, amount, over)
        self._over[y : y + h, x : x + w] = over
        self._has_over[y : y + h, x : x + w] = 1
        return x, y, w, h

    def _draw_eye(self, eye: int, moved: Moved, hole: U8, box: I32) -> F32:
        import cv2

        p = self._portrait
        count = p.eye_points.shape[1]
        screen, depth = np.empty((count, 2), np.float32), np.empty(count, np.float32)
        ones = np.ones(count, np.float32)
        turn_project(p.eye_points[eye], ones, moved.turn, moved.shift, p.pivot, self._camera, self._rates, screen, depth)
        fine = (screen + p.eye_warp[eye][:, None] * moved.gaze[eye]) * np.float32(2) + np.float32(0.5)
        ball = SpanBuffers(hole.shape[1], hole.shape[0], 2, int(box[0]), int(box[1]))
        draw_spans(fine, depth, p.eye_triangles, p.eye_uv[eye], ball.box, ball.out, ball.nearest, ball.ids)
        colours = np.zeros((*hole.shape, 3), np.float32)
        sheet = p.left_eye if eye == LEFT_EYE else p.right_eye
        look_up(ball.ids, ball.out, sheet, p.eye_corners[eye].astype(np.float32), colours)
        hole[ball.ids < 0] = 0
        closing = float(moved.weights[BLINKS[eye]])
        if closing > 0.05:
            near = cv2.GaussianBlur(hole.astype(np.float32), (0, 0), max(LID_SHADE_M * float(p.camera[0]) * 2, 0.6))
            shade_ball(hole, np.asarray(near, np.float32), np.float32(LID_SHADE * min(closing * 2, 1.0)), colours)
        return colours

    def _draw_mouth(self, fine: F32, moved: Moved, hole: U8, box: I32) -> F32:
        import cv2

        p = self._portrait
        inner = SpanBuffers(hole.shape[1], hole.shape[0], 3, int(box[0]), int(box[1]))
        triangles = facing(fine, p.mouth_triangles, self._walls)
        draw_spans(fine, self._depth, triangles, self._colours, inner.box, inner.out, inner.nearest, inner.ids)
        reach = max(NEAR_M * float(p.camera[0]) * 2, 0.6)
        near = np.asarray(cv2.GaussianBlur(hole.astype(np.float32), (0, 0), reach), np.float32)
        above = np.roll(near, int(1.1 * reach), 0)
        shade_depths(hole, near, above, p.warmth, p.dark, inner.ids, inner.out)
        colours = np.asarray(cv2.GaussianBlur(inner.out, (0, 0), 2 * SOFT_PX * self._size / 512), np.float32)
        own = min(max((moved.own_share - OWN_FROM) / (1 - OWN_FROM), 0.0), 1.0) * float(p.mouth_shown[0])
        if own > 0.02:
            share = np.float32(own * own * (3 - 2 * own))
            mix_own(
                hole, p.mouth_sheet, p.mouth_corner.astype(np.float32), self._ground.ids, self._ground.out, box, share, colours
            )
        return colours


def walls_of(portrait: Portrait) -> int:
    """The mouth's triangles from this one on are its walls."""
    return int(np.searchsorted(portrait.mouth_triangles.min(1) >= portrait.spans[3], True))


def facing(screen: F32, triangles: I32, walls: int) -> I32:
    """Teeth and tongue from both sides, walls only from inside: the back of a lip would hide the teeth."""
    a, b, c = (screen[triangles[walls:, i]] for i in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (c[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1])
    return np.concatenate([triangles[:walls], triangles[walls:][area < 0]])


def zone_faces(portrait: Portrait, zone: int) -> I32:
    """The face's triangles that can come near an opening, whichever face is made."""
    ring = portrait.uv[portrait.zones[zone]]
    low, high = ring.min(0), ring.max(0)
    reach = 0.9 * float((high - low).max())
    corners = portrait.uv[portrait.face_triangles]
    near = (corners.max(1) > low - reach).all(1) & (corners.min(1) < high + reach).all(1)
    return np.ascontiguousarray(portrait.face_triangles[near])


def scaled(portrait: Portrait, size: int) -> Portrait:
    """The same portrait for a picture of `size` pixels."""
    import cv2

    side = portrait.side
    if size == side:
        return portrait
    factor = size / side
    flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC

    def sized(picture: U8) -> U8:
        shape = max(round(picture.shape[1] * factor), 2), max(round(picture.shape[0] * factor), 2)
        return np.asarray(cv2.resize(picture, shape, interpolation=flags), np.uint8)

    def moved(px: F32) -> F32:
        return np.asarray((px + 0.5) * factor - 0.5, np.float32)

    camera = portrait.camera.copy()
    camera[0] *= factor
    camera[1:] = moved(camera[1:])
    return replace(
        portrait, picture=sized(portrait.picture), background=sized(portrait.background), left_eye=sized(portrait.left_eye),
        right_eye=sized(portrait.right_eye), mouth_sheet=sized(portrait.mouth_sheet),
        mouth_corner=np.round(moved(portrait.mouth_corner.astype(np.float32))).astype(np.int32),
        uv=moved(portrait.uv), eye_uv=moved(portrait.eye_uv), camera=camera,
        eye_corners=np.round(moved(portrait.eye_corners.astype(np.float32))).astype(np.int32),
        eye_radii=(portrait.eye_radii * factor).astype(np.float32),
    )  # fmt: skip
