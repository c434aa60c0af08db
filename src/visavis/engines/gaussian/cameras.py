"""From where a Gaussian person is seen: straight on, anywhere, going round, or as a pair of eyes."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import numpy as np

from visavis.engines.gaussian.avatar import GaussianAvatar
from visavis.errors import BadInput
from visavis.render.camera import Camera, look_at
from visavis.types import s_from_ticks

Shot: TypeAlias = Literal["front", "orbit", "stereo"]
SHOTS: Final = ("front", "orbit", "stereo")
ORBIT_RAD: Final = 0.6
ORBIT_PERIOD_S: Final = 8.0
ORBIT_AXIS_M: Final = -0.03
"""The middle of the head lies so far behind the point between the eyes."""
EYES_APART_M: Final = 0.063


def front(avatar: GaussianAvatar, width: int, height: int) -> Camera:
    """As a rig draws the same person."""
    focal = height / 2 / avatar.half_height_m * avatar.distance_m
    position = avatar.look_at + np.array([0, 0, avatar.distance_m], np.float32)
    return Camera(width, height, focal, focal, width / 2, height / 2, np.eye(3, dtype=np.float32), position)


def free(
    avatar: GaussianAvatar, width: int, height: int, *, yaw_rad: float = 0.0, pitch_rad: float = 0.0, zoom: float = 1.0
) -> Camera:
    """From `yaw_rad` to the person's left and `pitch_rad` above, the middle of the head staying where it is in the picture."""
    centre = avatar.look_at + np.array([0, 0, ORBIT_AXIS_M], np.float32)
    distance = avatar.distance_m - ORBIT_AXIS_M
    way = np.array([np.sin(yaw_rad) * np.cos(pitch_rad), np.sin(pitch_rad), np.cos(yaw_rad) * np.cos(pitch_rad)])
    fov = 2 * np.arctan(avatar.half_height_m / avatar.distance_m / zoom)
    at = tuple(float(v) for v in centre + distance * way)
    return look_at((at[0], at[1], at[2]), (float(centre[0]), float(centre[1]), float(centre[2])), width=width, height=height,
                   vertical_fov_rad=float(fov))  # fmt: skip


def cameras_of(shot: Shot, avatar: GaussianAvatar, width: int, height: int, t_ticks: int) -> list[Camera]:
    """The cameras whose pictures stand side by side in a frame; together they are as wide as the picture."""
    match shot:
        case "front":
            return [front(avatar, width, height)]
        case "orbit":
            angle = ORBIT_RAD * np.sin(2 * np.pi * s_from_ticks(t_ticks) / ORBIT_PERIOD_S)
            return [free(avatar, width, height, yaw_rad=float(angle))]
        case "stereo":
            return stereo(avatar, width, height)
    raise BadInput(f"There is no shot {shot!r}.", mend=f"Known: {', '.join(SHOTS)}.")


def stereo(avatar: GaussianAvatar, width: int, height: int) -> list[Camera]:
    """Two parallel cameras as far apart as eyes, left first, converged on the person by shifting their pictures."""
    from dataclasses import replace

    middle = front(avatar, width // 2, height)
    shift = middle.fx * EYES_APART_M / 2 / avatar.distance_m
    out = []
    for side in (-1, 1):
        place = middle.position + np.array([side * EYES_APART_M / 2, 0, 0], np.float32)
        out.append(replace(middle, position=place, cx=middle.cx + side * shift))
    return out
