"""The gaussian engine: a person made of splats, driven by FaceFrames, drawn on the CPU."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

import numpy as np

from visavis.arkit import SHAPES
from visavis.engines.gaussian.avatar import LAYERS, GaussianAvatar
from visavis.engines.gaussian.cameras import SHOTS, Shot, cameras_of
from visavis.engines.gaussian.features import amounts, features, looks_of
from visavis.engines.rig.detail import Governor
from visavis.engines.rig.sway import Sway
from visavis.errors import BadInput
from visavis.render.camera import Camera
from visavis.render.picture import studio
from visavis.splats.driver import PosedDriver
from visavis.splats.move import shine, vary
from visavis.splats.painter import Drawn, Painter, Posed
from visavis.splats.still import covariances_of
from visavis.types import F32, U8, FaceFrame, VideoFrame

MAX_SIDE: Final = 2_160
SHARES: Final = (1.0, 0.6, 0.35)
"""Of the splats, most important first, by level of detail; level 0 is the finest."""
BEYOND: Final = 0.2
"""A weight beyond what training saw bends towards at most this much more."""
WARN_BEYOND: Final = 0.15
_log = logging.getLogger(__name__)


class GaussianEngine:
    """Implements `types.Engine`. Engines may share one avatar and draw at once; one engine draws one frame at a time.

    `workers` > 1 paints bands of a frame in threads of the engine's own. `detail` is a level of detail or a Governor that changes it with
    the load; `hidden` names layers that are left out. `shot` says from where: "front", "orbit", or "stereo", a pair side by side.
    """

    def __init__(
        self,
        avatar: GaussianAvatar,
        *,
        width: int = 512,
        height: int = 512,
        workers: int = 1,
        detail: int | Governor = 0,
        hidden: Collection[str] = (),
        shot: Shot = "front",
    ) -> None:
        for side in (width, height):
            if not 16 <= side <= MAX_SIDE or side % 2:
                raise BadInput(
                    f"A picture of {width} x {height} cannot be drawn.", mend=f"Use even sides from 16 to {MAX_SIDE}."
                )
        if shot not in SHOTS:
            raise BadInput(f"There is no shot {shot!r}.", mend=f"Known: {', '.join(SHOTS)}.")
        if shot == "stereo" and width % 4:
            raise BadInput(f"A stereo pair cannot be {width} pixels wide.", mend="Use a multiple of 4.")
        self.avatar = without(avatar, hidden)
        self._width, self._height, self._shot = width, height, shot
        self._governor = detail if isinstance(detail, Governor) else None
        self._level = min(detail.level if isinstance(detail, Governor) else detail, len(SHARES) - 1)
        self._painter = Painter(width // 2 if shot == "stereo" else width, height, workers=workers)
        self._background = studio(avatar.background, self._painter.width, height)
        self._driver, self._sway = PosedDriver(avatar.driver), Sway()
        self._warned: set[int] = set()
        self._rest(self.avatar)

    def _rest(self, avatar: GaussianAvatar) -> None:
        """The splats without an expression, and room for them with one."""
        self._covariances = covariances_of(avatar.turns, avatar.log_scales)
        self._base = np.ascontiguousarray(avatar.colours * 255, np.float32)
        self._sh = np.ascontiguousarray(avatar.sh * 255, np.float32)
        self._scales = avatar.base_scales.copy()
        self._scales[:, 6:] *= 255
        self._places_now, self._covariances_now = avatar.places.copy(), self._covariances.copy()
        self._base_now, self._colours = self._base.copy(), np.empty_like(self._base)
        self._first_rows = np.searchsorted(avatar.rows, np.arange(len(avatar) + 1)) if len(avatar.rows) else None

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
        """Of the splats, the share that the next frame is drawn with."""
        return SHARES[self._level]

    def draw(self, face: FaceFrame) -> VideoFrame:
        """The face as I420, in memory of its own."""
        begun = time.perf_counter()
        cameras = cameras_of(self._shot, self.avatar, self._width, self._height, face.t_ticks)
        self._express(face)
        pictures = [self._painter.i420(self._posed(camera), camera, self._background) for camera in cameras]
        i420 = pictures[0] if len(pictures) == 1 else beside(pictures[0], pictures[1])
        if self._governor is not None:
            self._governor.after(face.t_ticks, (time.perf_counter() - begun) * 1000, len(SHARES))
            self._level = self._governor.level
        return VideoFrame(face.t_ticks, i420, face.generation)

    def draw_from(self, face: FaceFrame, camera: Camera) -> Drawn:
        """Colour, alpha and depth of the face from any camera of the engine's size."""
        self._express(face)
        return self._painter.draw(self._posed(camera), camera)

    def close(self) -> None:
        self._painter.close()

    def _express(self, face: FaceFrame) -> None:
        """Everything that depends on the face but not on the camera."""
        a = self.avatar
        self._count = max(1, round(SHARES[self._level] * len(a)))
        weights, looks, head = looks_of(face)
        weights = self._within(weights)
        self._frames = self._driver.pose(weights, looks, head, self._sway.follow(face))
        if len(a.mix) and self._first_rows is not None:
            now = amounts(a.mix, a.mean, features(weights, looks, head))
            rows = self._first_rows[self._count]
            vary(a.rows[:rows], a.bases[:rows], self._scales, now, a.places, self._covariances, self._base, self._places_now,
                 self._covariances_now, self._base_now)  # fmt: skip

    def _posed(self, camera: Camera) -> Posed:
        a, n = self.avatar, self._count
        shine(
            a.parents[:n],
            self._frames,
            self._places_now[:n],
            camera.position,
            self._sh[:n],
            self._base_now[:n],
            self._colours[:n],
        )
        return Posed(
            a.parents[:n], self._frames, self._places_now[:n], self._covariances_now[:n], a.opacities[:n], self._colours[:n]
        )

    def _within(self, weights: F32) -> F32:
        """Weights bent back towards what training saw; each shape that leaves it is warned of once."""
        low, high = self.avatar.ranges[:, 0], self.avatar.ranges[:, 1]
        beyond = np.maximum(weights - high, 0) - np.maximum(low - weights, 0)
        for k in np.flatnonzero(np.abs(beyond) > WARN_BEYOND):
            if k not in self._warned:
                self._warned.add(int(k))
                _log.warning("%s is asked for beyond what this person was trained on; it is held back.", SHAPES[k])
        return np.asarray(weights - beyond + BEYOND * np.tanh(beyond / BEYOND), np.float32)


def without(avatar: GaussianAvatar, hidden: Collection[str]) -> GaussianAvatar:
    """The avatar without some of its layers. Raises BadInput for a name that is none, or where nothing is left."""
    unknown = sorted(set(hidden) - set(LAYERS))
    if unknown:
        raise BadInput(f"There is no layer {unknown[0]!r}.", mend=f"Known: {', '.join(LAYERS)}.")
    if not hidden:
        return avatar
    gone = [LAYERS.index(name) for name in hidden]
    kept = np.flatnonzero(~np.isin(avatar.layers, gone))
    if len(kept) == 0:
        raise BadInput("Nothing of the person is left to draw.", mend="Hide fewer layers.")
    return avatar.taken(kept)


def swapped(avatar: GaussianAvatar, other: GaussianAvatar, layer: str) -> GaussianAvatar:
    """The avatar with a layer of another one, cage and all, whose head has the same surface. Raises BadInput where it has not."""
    a, b = avatar.driver, other.driver
    surface = int(a.triangles.max(initial=-1)) + 1
    if not np.array_equal(a.triangles, b.triangles) or not np.allclose(a.points[:surface], b.points[:surface], atol=1e-5):
        raise BadInput("These two people have different heads; their layers cannot be swapped.")
    kept = without(avatar, [layer])
    gained = other.taken(np.flatnonzero(other.layers == LAYERS.index(layer)))
    driver = replace(
        a, points=np.concatenate([a.points, b.points[surface:]]), follow=np.concatenate([a.follow, b.follow[surface:]]),
        tetrahedra=np.concatenate([a.tetrahedra, b.tetrahedra + np.int32(len(a.points) - surface)]),
    )  # fmt: skip
    caged = np.where(gained.parents >= len(a.triangles), len(a.tetrahedra), 0)
    gained = replace(gained, parents=(gained.parents + caged).astype(np.int32))
    names = ("parents", "layers", "places", "turns", "log_scales", "opacities", "colours", "sh")
    values: dict[str, Any] = {name: np.concatenate([getattr(kept, name), getattr(gained, name)]) for name in names}
    rank = np.concatenate([np.arange(len(part)) / max(len(part), 1) for part in (kept, gained)])
    return replace(kept, driver=driver, **values).taken(np.argsort(rank, kind="stable"))


def beside(left: U8, right: U8) -> U8:
    """Two I420 pictures of one size as one, twice as wide."""
    height, width = left.shape[0] * 2 // 3, left.shape[1]
    out = np.empty((left.shape[0], 2 * width), np.uint8)
    out[:height, :width], out[:height, width:] = left[:height], right[:height]
    chroma = [p[height:].reshape(2, height // 2, width // 2) for p in (left, right)]
    out[height:] = np.concatenate(chroma, 2).reshape(height // 2, 2 * width)
    return out
