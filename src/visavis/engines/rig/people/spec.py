"""What makes a person: the strict contents of a bundle's `person.toml`. Colours are linear RGB; lengths marked `_mm` are millimetres."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from visavis.arkit import SHAPES
from visavis.errors import BadInput, TooLarge

MAX_SPEC_BYTES: Final = 64 << 10
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Weight = Annotated[float, Field(ge=-2.0, le=2.0)]
Colour = Annotated[list[Annotated[float, Field(ge=0.0, le=4.0)]], Field(min_length=3, max_length=3)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SkinLook(_Strict):
    """Colour of the skin and how it varies."""

    albedo: Colour
    lips: Colour
    blush: Share = 0.7
    under_eye: Share = 0.5
    lid_tint: Colour = [0.87, 0.74, 0.72]
    lip_gloss: float = Field(default=0.8, ge=0, le=2)
    oil: float = Field(default=1.0, ge=0, le=2)
    pores: float = Field(default=0.8, ge=0, le=2)
    beard: Share = 0.0
    beard_tint: Colour = [0.62, 0.65, 0.70]
    stubble: Share = 0.0
    freckles: Share = 0.0
    lines: Share = 0.0
    """How much the folds of age are painted darker."""


class EyeLook(_Strict):
    iris: Colour
    lash: Colour = [0.012, 0.009, 0.008]
    lash_mm: float = Field(default=8.0, ge=1, le=14)
    liner_mm: float = Field(default=1.2, ge=0.2, le=4)


class BrowLook(_Strict):
    colour: Colour
    paint: Share = 0.6
    hairs: int = Field(default=240, ge=20, le=600)
    thickness: float = Field(default=0.028, ge=0.005, le=0.08)
    hair_mm: float = Field(default=6.0, ge=2, le=14)
    x: Annotated[list[float], Field(min_length=3, max_length=8)]
    y: Annotated[list[float], Field(min_length=3, max_length=8)]


class HairLook(_Strict):
    """`style` names the routine in `hair`; the rest are its measures, in face units (a tenth of a metre on the average face)."""

    style: Literal["long-bob", "short-swept"]
    colour: Colour
    tips: Colour | None = None
    grey: Share = 0.0
    grey_colour: Colour = [0.52, 0.52, 0.53]
    parting: float = Field(default=0.2, ge=-0.6, le=0.6)
    volume: float = Field(default=1.0, ge=0.3, le=2.0)
    length: float = Field(default=1.0, ge=0.3, le=1.6)
    wave: float = Field(default=0.5, ge=0, le=2)
    locks: int = Field(default=16, ge=4, le=60)
    press_ears: Share = 0.0
    """How far hair over the ears presses them to the head."""
    hairline_angle: Annotated[list[float], Field(min_length=4, max_length=14)]
    hairline_height: Annotated[list[float], Field(min_length=4, max_length=14)]


def hair_colour(look: HairLook) -> npt.NDArray[np.float64]:
    """The hair's mean colour at the roots, grey mixed in."""
    return np.asarray(np.array(look.colour) * (1 - look.grey) + np.array(look.grey_colour) * look.grey)


class GarmentLook(_Strict):
    style: Literal["roll-neck", "crew-neck", "shirt"]
    colour: Colour
    collar: Colour | None = None
    neckline: Annotated[list[float], Field(min_length=2, max_length=2)] = [-1.62, -0.42]
    """Height of the neckline below the eyes, and its slope towards the viewer, in face units."""
    thickness: float = Field(default=0.06, ge=0.01, le=0.2)


class LightLook(_Strict):
    key: Annotated[list[float], Field(min_length=6, max_length=6)] = [-0.55, 0.62, 0.80, 2.35, 2.12, 1.86]
    fill: Annotated[list[float], Field(min_length=6, max_length=6)] = [0.85, 0.10, 0.55, 0.42, 0.50, 0.62]
    rim: Annotated[list[float], Field(min_length=6, max_length=6)] = [0.75, 0.45, -0.75, 1.9, 2.0, 2.2]
    sky: Colour = [0.42, 0.45, 0.52]
    ground: Colour = [0.30, 0.22, 0.18]
    exposure: float = Field(default=0.40, gt=0, le=4)
    centre: Annotated[list[float], Field(min_length=3, max_length=3)] = [150.0, 158.0, 166.0]
    corner: Annotated[list[float], Field(min_length=3, max_length=3)] = [62.0, 70.0, 82.0]


class PersonSpec(_Strict):
    """A person, declared."""

    seed: int = Field(default=5, ge=0, le=1 << 31)
    identity: dict[str, Weight] = Field(min_length=1, max_length=80)
    """Targets of the canonical head, `region/name` -> weight. The macro targets of one kind should sum to 1."""
    rest: dict[str, Weight] = Field(default_factory=dict)
    """ARKit shapes that belong to this face at rest."""
    gains: dict[str, Annotated[float, Field(ge=0, le=3)]] = Field(default_factory=dict)
    teeth: Colour = [0.78, 0.74, 0.66]
    framing: Annotated[list[float], Field(min_length=2, max_length=2)] = [-0.24, 1.56]
    """Height of the picture's middle relative to the eyes and half of its height, in face units."""
    skin: SkinLook
    eyes: EyeLook
    brows: BrowLook
    hair: HairLook
    garment: GarmentLook
    light: LightLook = LightLook()

    @field_validator("rest", "gains")
    @classmethod
    def _shapes_known(cls, table: dict[str, float]) -> dict[str, float]:
        unknown = sorted(set(table) - set(SHAPES))
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not an ARKit shape")
        return table


def read_spec(path: Path) -> PersonSpec:
    """The spec in a bundle. Raises BadInput in one line for whatever is wrong with it."""
    try:
        if path.stat().st_size > MAX_SPEC_BYTES:
            raise TooLarge(f"{path.name} is larger than {MAX_SPEC_BYTES} bytes.")
        return PersonSpec.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"{path.name} is not TOML: {error}.") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in fault["loc"]) or "it"
        raise BadInput(f"{path.name}: {where}: {fault['msg'].removeprefix('Value error, ')}.") from None
