"""New people from the canonical head's identity space: a few choices and a seed become a person's whole description."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from visavis.engines.rig.people.spec import PersonSpec
from visavis.errors import BadInput

F64 = npt.NDArray[np.float64]

SPEC: Final = "person.toml"
TONES: Final = np.array([
    [0.72, 0.47, 0.365], [0.66, 0.40, 0.295], [0.56, 0.33, 0.235], [0.44, 0.245, 0.165], [0.30, 0.155, 0.098], [0.19, 0.095, 0.062],
])  # fmt: skip
"""Albedo of skin from light to deep, linear RGB, at even steps of `skin`."""
HAIR: Final[Mapping[str, tuple[float, float, float]]] = {
    "black": (0.020, 0.016, 0.014), "dark-brown": (0.052, 0.030, 0.019), "brown": (0.105, 0.052, 0.028), "auburn": (0.150, 0.050, 0.022),
    "dark-blond": (0.200, 0.128, 0.068), "blond": (0.340, 0.235, 0.125),
}  # fmt: skip
EYES: Final[Mapping[str, tuple[float, float, float]]] = {
    "dark-brown": (0.055, 0.030, 0.016), "brown": (0.120, 0.065, 0.030), "hazel": (0.135, 0.105, 0.045), "green": (0.110, 0.140, 0.070),
    "blue": (0.100, 0.165, 0.250), "grey": (0.155, 0.175, 0.190),
}  # fmt: skip
GARMENTS: Final = ((0.055, 0.115, 0.135), (0.045, 0.055, 0.095), (0.120, 0.040, 0.050), (0.060, 0.085, 0.055), (0.210, 0.195, 0.175),
                   (0.040, 0.040, 0.045), (0.165, 0.105, 0.055))  # fmt: skip
_FEATURES: Final = (
    ("nose/nose-scale-vert", "decr", "incr", 0.35), ("nose/nose-scale-horiz", "decr", "incr", 0.35),
    ("nose/nose-scale-depth", "decr", "incr", 0.3),
    ("nose/nose-hump", "decr", "incr", 0.35), ("nose/nose-point", "down", "up", 0.35), ("nose/nose-width2", "decr", "incr", 0.3),
    ("mouth/mouth-scale-horiz", "decr", "incr", 0.35), ("mouth/mouth-upperlip-volume", "decr", "incr", 0.2),
    ("mouth/mouth-lowerlip-volume", "decr", "incr", 0.2), ("mouth/mouth-cupidsbow", "decr", "incr", 0.4),
    ("chin/chin-width", "decr", "incr", 0.35), ("chin/chin-height", "decr", "incr", 0.25), ("chin/chin-prominent", "decr", "incr", 0.3),
    ("forehead/forehead-scale-vert", "decr", "incr", 0.3), ("head/head-scale-horiz", "decr", "incr", 0.25),
    ("eyebrows/eyebrows-trans", "down", "up", 0.25), ("neck/neck-scale-horiz", "decr", "incr", 0.25),
    ("cheek/{}-cheek-bones", "decr", "incr", 0.4), ("cheek/{}-cheek-volume", "decr", "incr", 0.3),
    ("eyes/{}-eye-scale", "decr", "incr", 0.2),
    ("eyes/{}-eye-trans", "in", "out", 0.15), ("eyes/{}-eye-corner2", "down", "up", 0.25), ("ears/{}-ear-scale", "decr", "incr", 0.35),
)  # fmt: skip
"""Targets that pull one way or the other and how far people commonly differ in them; {} is both sides alike."""
_HEADS: Final = ("oval", "round", "square", "rectangular", "diamond", "triangular", "invertedtriangular")
_YOUNGEST, _OLD_AGE = 22.0, 74.0
"""Ages that the data's young and old heads look like."""


class HeadChoice(BaseModel):
    """What is chosen of a new person; what is left out is drawn with the seed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=1, ge=0, le=1_000_000)
    age: int | None = Field(default=None, ge=18, le=90)
    woman: float | None = Field(default=None, ge=0, le=1)
    """0 a man's face, 1 a woman's."""
    african: float | None = Field(default=None, ge=0, le=1)
    asian: float | None = Field(default=None, ge=0, le=1)
    european: float | None = Field(default=None, ge=0, le=1)
    """Shares of the data's three sets of heads; they are brought to a sum of 1."""
    weight: float | None = Field(default=None, ge=-1, le=1)
    variety: float = Field(default=0.6, ge=0, le=1)
    """How far the features leave the average."""
    skin: float | None = Field(default=None, ge=0, le=1)
    """0 light, 1 deep."""
    eyes: Literal["dark-brown", "brown", "hazel", "green", "blue", "grey"] | None = None
    hair: Literal["long-bob", "short-swept"] | None = None
    hair_colour: Literal["black", "dark-brown", "brown", "auburn", "dark-blond", "blond"] | None = None
    grey: float | None = Field(default=None, ge=0, le=1)
    beard: float | None = Field(default=None, ge=0, le=1)


def choice_of(values: Mapping[str, Any]) -> HeadChoice:
    """Choices from outside, numbers as text allowed. Raises BadInput in one line."""
    try:
        return HeadChoice.model_validate(dict(values))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, fault["loc"])) or "the head"
        raise BadInput(f"{where}: {fault['msg']}.", mend=f"Known: {', '.join(HeadChoice.model_fields)}.") from None


def person_of(choice: HeadChoice) -> PersonSpec:
    """The description; the same choice gives the same person."""
    drawn = _Drawn(choice)
    return PersonSpec.model_validate({
        "seed": choice.seed, "teeth": [v - 0.06 * drawn.old for v in (0.80, 0.76, 0.68)], "framing": [-0.17, 1.80],
        "identity": drawn.identity(), "rest": {"mouthSmileLeft": 0.10, "mouthSmileRight": 0.10},
        "gains": {"mouthSmileLeft": 1.1, "mouthSmileRight": 1.1}, "skin": drawn.skin_look(), "eyes": drawn.eye_look(),
        "brows": drawn.brow_look(), "hair": drawn.hair_look(), "garment": drawn.garment(),
    })  # fmt: skip


def make_person(choice: HeadChoice, folder: Path) -> str:
    """Writes the description into a bundle's folder; its name."""
    import tomli_w

    made = person_of(choice).model_dump(exclude_none=True, exclude={"light"})
    chosen = choice.model_dump(exclude_none=True)
    about = (
        f"# Made by `visavis create --head` from {', '.join(f'{k} = {v}' for k, v in chosen.items())}. Edit it as you like.\n"
    )
    (folder / SPEC).write_text(about + tomli_w.dumps(made), encoding="utf-8")
    return SPEC


def voice_of(choice: HeadChoice) -> dict[str, Any]:
    """How the embedded voice sounds for this person: fields of `avatars.VoiceHint`."""
    drawn = _Drawn(choice)
    rng = np.random.default_rng([choice.seed, 73])
    variant = str(rng.choice(["f2", "f3", "f4"] if drawn.woman > 0.5 else ["m3", "m7", "m1"]))
    return {"variant": variant, "pitch": int(rng.integers(42, 54) - 5 * drawn.old), "pitch_range": int(rng.integers(50, 62)),
            "rate_wpm": int(rng.integers(152, 170) - 8 * drawn.old)}  # fmt: skip


class _Drawn:
    """A choice with its gaps filled, always in the same order, so that one choice does not shift another."""

    def __init__(self, choice: HeadChoice) -> None:
        rng = np.random.default_rng([choice.seed, 71])
        age, woman = int(rng.integers(22, 70)), float(rng.random() < 0.5)
        self.age = choice.age if choice.age is not None else age
        self.woman = choice.woman if choice.woman is not None else woman
        shares = rng.dirichlet([0.35] * 3)
        given = [choice.african, choice.asian, choice.european]
        if any(share is not None for share in given):
            shares = np.array([share or 0.0 for share in given]) + 1e-9
        self.origins = shares / shares.sum()
        self.weight = choice.weight if choice.weight is not None else float(np.clip(rng.normal(0, 0.35), -0.8, 0.8))
        deep = float(np.clip(self.origins @ [0.78, 0.34, 0.18] + rng.normal(0, 0.09), 0, 1))
        self.skin = choice.skin if choice.skin is not None else deep
        self.old = float(np.clip((self.age - _YOUNGEST) / (_OLD_AGE - _YOUNGEST), 0, 1))
        fair = float(np.clip(self.origins[2] * 1.2 - self.skin, 0, 1))
        light = rng.random() < fair
        colours = (
            ["dark-blond", "blond", "auburn", "brown"]
            if light
            else ["black", "dark-brown", "brown" if self.skin < 0.4 else "black"]
        )
        hair = str(rng.choice(colours))
        eyes = str(
            rng.choice(
                ["blue", "grey", "green", "hazel"]
                if light
                else ["brown", "dark-brown", "hazel" if self.skin < 0.3 else "dark-brown"]
            )
        )
        self.hair, self.eyes = choice.hair_colour or hair, choice.eyes or eyes
        style = "long-bob" if rng.random() < (0.8 if self.woman > 0.5 else 0.0) else "short-swept"
        self.style = choice.hair or style
        grey = float(np.clip((self.age - 40) / 34 + rng.normal(0, 0.12), 0, 1)) if self.age > 36 else 0.0
        self.grey = choice.grey if choice.grey is not None else grey
        beard = float(rng.choice([0.0, 0.25, 0.6, 0.9])) if self.woman < 0.4 else 0.0
        self.beard = choice.beard if choice.beard is not None else beard
        self.garment_colour = GARMENTS[int(rng.integers(len(GARMENTS)))]
        self.garment_style = str(rng.choice(["crew-neck", "roll-neck"]))
        self.parting = float(rng.choice([-1, 1]) * rng.uniform(0.12, 0.26))
        self.choice, self.rng = choice, np.random.default_rng([choice.seed, 72])

    def identity(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for sex, share in (("female", self.woman), ("male", 1 - self.woman)):
            for stage, old in (("young", 1 - self.old), ("old", self.old)):
                for people, part in zip(("african", "asian", "caucasian"), self.origins, strict=True):
                    found[f"macrodetails/{people}-{sex}-{stage}"] = share * old * float(part)
                heavy = max(self.weight, 0.0), 1 - abs(self.weight), max(-self.weight, 0.0)
                for weight, part in zip(("max", "average", "min"), heavy, strict=True):
                    found[f"macrodetails/universal-{sex}-{stage}-averagemuscle-{weight}weight"] = share * old * part
        found |= {"head/head-scale-horiz-decr": 0.4, "head/head-fat-decr": 0.25, "chin/chin-width-decr": 0.3 * self.woman,
                  "mouth/mouth-trans-up": 0.3 * self.woman, "chin/chin-height-decr": 0.25,
                  "neck/neck-scale-horiz-decr": 0.35 * (1 - self.woman), "mouth/mouth-angles-up": 0.3,
                  "eyes/l-eye-scale-incr": 0.35, "eyes/r-eye-scale-incr": 0.35,
                  f"head/head-{_HEADS[int(self.rng.integers(len(_HEADS)))]}": 0.45 * self.choice.variety}  # fmt: skip
        for stem, less, more, spread in _FEATURES:
            amount = float(np.clip(self.rng.normal(0, spread), -2 * spread, 2 * spread)) * self.choice.variety
            for name in [stem.format(side) for side in "lr"] if "{}" in stem else [stem]:
                target = f"{name}-{more if amount > 0 else less}"
                found[target] = found.get(target, 0.0) + abs(amount)
        if self.age > 55:
            found["head/head-age-incr"] = min(0.6, (self.age - 55) / 40)
        return {name: round(weight, 3) for name, weight in found.items() if weight >= 0.002}

    def skin_look(self) -> dict[str, Any]:
        albedo = np.array([np.interp(self.skin, np.linspace(0, 1, len(TONES)), TONES[:, c]) for c in range(3)])
        red = np.array([0.47, 0.155, 0.145])
        lips = red * (1 - 0.55 * self.skin) * (1 - 0.12 * self.old) * 0.62 + albedo * [0.36, 0.19, 0.24]
        fair = 1 - self.skin
        return {
            "albedo": _rounded(albedo), "lips": _rounded(lips), "blush": round(0.25 + 0.5 * fair, 3),
            "under_eye": round(0.35 + 0.45 * self.old, 3),
            "lid_tint": [0.88, 0.76, 0.74], "lip_gloss": round(0.35 + 0.25 * self.woman, 3), "pores": round(0.6 + 0.4 * self.old, 3),
            "oil": round(1.0 + 0.25 * self.skin, 3), "beard": round(self.beard, 3), "stubble": round(self.beard, 3),
            "beard_tint": _rounded(np.array([0.62, 0.65, 0.70]) + 0.25 * self.skin),
            "lines": round(float(np.clip((self.age - 32) / 38, 0, 1)), 3),
            "freckles": round(float(self.rng.random() * 0.8) if self.skin < 0.2 and self.rng.random() < 0.35 else 0.0, 3),
        }  # fmt: skip

    def eye_look(self) -> dict[str, Any]:
        return {
            "iris": list(EYES[self.eyes]),
            "lash_mm": round(5.3 + 2.0 * self.woman, 2),
            "liner_mm": round(0.8 + 0.45 * self.woman, 2),
        }

    def brow_look(self) -> dict[str, Any]:
        colour = np.array(HAIR[self.hair]) * 0.75
        colour *= min(1.0, 0.12 / colour.max())
        colour = colour * (1 - 0.5 * self.grey) + 0.10 * self.grey
        lift, arch = self.rng.normal(0, 0.010), self.rng.normal(0, 0.006)
        man, woman = np.array([0.175, 0.205, 0.225, 0.195, 0.12]), np.array([0.200, 0.232, 0.262, 0.238, 0.175])
        height = man + (woman - man) * self.woman + lift + np.array([0, 0.5, 1, 0.5, 0]) * arch
        return {
            "colour": _rounded(colour), "paint": 0.5, "hairs": 260, "thickness": round(0.036 - 0.009 * self.woman, 4),
            "hair_mm": round(7.4 - 1.4 * self.woman, 2), "x": [0.122, 0.225, 0.36, 0.495, 0.595], "y": _rounded(height),
        }  # fmt: skip

    def hair_look(self) -> dict[str, Any]:
        colour = np.array(HAIR[self.hair])
        long = self.style == "long-bob"
        line = [-0.95, -0.8, -0.35, 0.05, -0.02, 0.10, 0.34, 0.52, 0.61, 0.62] if long else \
               [-0.75, -0.65, -0.3, 0.02, -0.12, 0.06, 0.38, 0.64, 0.62, 0.58]  # fmt: skip
        return {
            "style": self.style, "colour": _rounded(colour), "tips": _rounded(np.minimum(colour * 1.45, 0.6)), "grey": round(self.grey, 3),
            "grey_colour": [0.36, 0.35, 0.34] if self.age < 65 else [0.46, 0.455, 0.45], "parting": round(self.parting, 3) if long else 0.2,
            "volume": round(float(self.rng.uniform(0.95, 1.1)) if long else float(self.rng.uniform(1.05, 1.25)), 3),
            "wave": round(float(self.rng.uniform(0.3, 0.9)), 3), "locks": 26 if long else 42, "press_ears": 0.75 if long else 0.0,
            "hairline_angle": [-90, -60, -25, -8, 4, 14, 28, 45, 65, 90], "hairline_height": line,
        }  # fmt: skip

    def garment(self) -> dict[str, Any]:
        collar = [-1.62, -0.42] if self.garment_style == "crew-neck" else [-1.70, -0.43]
        return {"style": self.garment_style, "colour": list(self.garment_colour), "neckline": collar, "thickness": 0.058}


def _rounded(values: F64) -> list[float]:
    return [round(float(v), 4) for v in values]
