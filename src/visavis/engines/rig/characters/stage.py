"""The set around a character: camera on head and shoulders, light for lit and for drawn ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.characters.anatomy import Anatomy
from visavis.engines.rig.characters.mapping import View
from visavis.engines.rig.characters.materials import flat_light
from visavis.engines.rig.people.figure import unit_vectors
from visavis.engines.rig.people.finish import WRAP
from visavis.engines.rig.people.spec import LightLook

F64 = npt.NDArray[np.float64]

HALF_HEIGHT_M: Final = 0.162
"""Half of what the picture is high: a character is scaled so that its frame is that of a person."""
BELOW_CHIN, ABOVE_TOP = 0.30, 0.13
"""The frame's margins, of the head's height."""
LEAST_BELOW: Final = 0.02
"""A bust that ends higher than the frame is cut this far above its end."""
WIDEST: Final = 0.90
"""Of the picture's width, that the head may fill."""
_FLAT_KEY, _FLAT_FILL, _FLAT_RIM = 0.52, 0.10, 0.10
_FLAT_AMBIENT: Final = 0.56
"""Of the light under which flat colours are shown as they are painted."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """scale: metres per unit of the character · origin [3], in its units, that becomes (0, 0, 0) · look_at_y in metres."""

    scale: float
    origin: F64
    look_at_y: float
    half_height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """As in `RenderMesh`: lights [3, 6], ambient [2, 3], wrap [parts, 3], exposure, background [2, 3]."""

    lights: F64
    ambient: F64
    wrap: F64
    exposure: float
    background: F64


def frame_of(anatomy: Anatomy, view: View) -> Frame:
    """Head and shoulders in the picture, between the eyes at x = 0."""
    tall = anatomy.head_height
    bottom = anatomy.chin_y - BELOW_CHIN * tall
    bottom = max(bottom, anatomy.bottom_y + LEAST_BELOW * tall) if anatomy.has_neck else anatomy.bottom_y - ABOVE_TOP * tall
    top = anatomy.top_y + ABOVE_TOP * tall
    half = max((top - bottom) / 2, anatomy.half_width / WIDEST) / view.zoom
    middle_y = (
        (top + bottom) / 2
        if view.zoom <= 1
        else (top + bottom) / 2 + (anatomy.eyes[:, 1].mean() - (top + bottom) / 2) * (1 - 1 / view.zoom)
    )
    scale = HALF_HEIGHT_M / half
    origin = np.array([anatomy.middle_x, anatomy.eyes[:, 1].mean(), anatomy.eyes[:, 2].mean()])
    return Frame(scale, origin, float((middle_y - origin[1]) * scale + view.raise_ * 2 * HALF_HEIGHT_M), HALF_HEIGHT_M)


def light_of(view: View, *, flat: bool) -> Light:
    look = LightLook()
    lights, ambient = np.array([look.key, look.fill, look.rim]), np.array([look.sky, look.ground])
    background = np.array([look.centre, look.corner])
    if not flat:
        lights[:, :3] = unit_vectors(lights[:, :3])
        return Light(lights * [1, 1, 1, *[view.light] * 3], ambient * view.light, np.array(WRAP), look.exposure, background)
    white = flat_light(look.exposure) * view.light
    lights = np.array(
        [[-0.45, 0.55, 0.85, *[_FLAT_KEY] * 3], [0.8, 0.1, 0.6, *[_FLAT_FILL] * 3], [0.75, 0.45, -0.75, *[_FLAT_RIM] * 3]]
    )
    lights[:, :3], lights[:, 3:] = unit_vectors(lights[:, :3]), lights[:, 3:] * white
    ambient = np.array([[_FLAT_AMBIENT] * 3, [_FLAT_AMBIENT * 0.9] * 3]) * white
    return Light(lights, ambient, np.full((len(WRAP), 3), 0.5), look.exposure, background)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """flat: surfaces are painted with their light in them."""

    frame: Frame
    light: Light
    flat: bool


def stage_of(anatomy: Anatomy, view: View, *, flat: bool) -> Stage:
    return Stage(frame_of(anatomy, view), light_of(view, flat=flat), flat)
