"""A Gaussian person: splats on a driver, how they change with the expression, and the set around them. Quantised on the disk."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT
from visavis.engines.gaussian.features import FEATURES, MAX_BASES
from visavis.errors import BadInput, TooLarge
from visavis.splats.bind import rest_frames, to_world
from visavis.splats.capture import read_arrays
from visavis.splats.cloud import SH_0, Splats, logit_of
from visavis.splats.driver import Driver
from visavis.types import F32, U8

I32 = npt.NDArray[np.int32]
I8 = npt.NDArray[np.int8]
FORMAT: Final = 1
LAYERS: Final = ("head", "hair", "garment", "body")
MAX_SPLATS: Final = 400_000
MOST_LOG_SCALE: Final = 8.0
"""In sizes of the parent."""
MOST_VALUE: Final = 1e3
MAX_UNPACKED_BYTES: Final = 256 << 20
_TURN = 32_767.0
_SH_STEP = 1 / 256


@dataclass(frozen=True, slots=True, eq=False)
class GaussianAvatar:
    """n splats, most important first, so that any first part of them is a coarser person.

    driver         what they hang on
    parents        int32 [n]: triangles first, tetrahedra after them
    layers         uint8 [n]: index into `LAYERS`
    places, turns, log_scales   float32 [n, 3], [n, 4] w, x, y, z, [n, 3] in the parent's frame and size
    opacities      float32 [n], 0 to 1
    colours        float32 [n, 3] sRGB, 0 to 1 where in range: without what depends on direction and expression
    sh             float32 [n, 3, 3]: harmonics of degree 1 by direction in the parent's frame
    rows           int32 [m]: the splats that change with the expression
    bases          int8 [m, k, 9] times base_scales float32 [k, 9]: place, turn (radians) and colour (0 to 1) gained at amount 1
    mix, mean      float32 [k, 57], [57]: amounts = mix @ (features - mean), see `features`
    ranges         float32 [52, 2]: the least and the most of each weight that training saw
    look_at, distance_m, half_height_m, background   as in `render.mesh.RenderMesh`
    """

    driver: Driver
    parents: I32
    layers: U8
    places: F32
    turns: F32
    log_scales: F32
    opacities: F32
    colours: F32
    sh: F32
    rows: I32
    bases: I8
    base_scales: F32
    mix: F32
    mean: F32
    ranges: F32
    look_at: F32
    background: F32
    distance_m: float = 0.9
    half_height_m: float = 0.15

    def __len__(self) -> int:
        return len(self.parents)

    def validate(self) -> None:
        """Raises BadInput with one line naming the first thing that does not fit."""
        self.driver.validate()
        n, m, k = len(self.parents), len(self.rows), len(self.mix)
        if not 0 < n <= MAX_SPLATS or k > MAX_BASES:
            raise TooLarge(f"The person has {n} splats and {k} bases; 1 to {MAX_SPLATS} and at most {MAX_BASES} are drawn.")
        shapes = {"layers": (n,), "places": (n, 3), "turns": (n, 4), "log_scales": (n, 3), "opacities": (n,), "colours": (n, 3),
                  "sh": (n, 3, 3), "bases": (m, k, 9), "base_scales": (k, 9), "mix": (k, FEATURES), "mean": (FEATURES,),
                  "ranges": (COUNT, 2), "look_at": (3,), "background": (2, 3)}  # fmt: skip
        for name, shape in shapes.items():
            array = getattr(self, name)
            if array.shape != shape:
                raise BadInput(f"The person's {name} is {array.shape}, not {shape}.")
            if array.dtype == np.float32 and not np.isfinite(array).all():
                raise BadInput(f"The person's {name} has values that are no numbers.")
        bounds = {"parents": self.driver.parents, "layers": len(LAYERS), "rows": n}
        for name, bound in bounds.items():
            index = getattr(self, name)
            if index.size and (index.min() < 0 or index.max() >= bound):
                raise BadInput(f"The person's {name} points outside 0 to {bound - 1}.")
        reach = max(
            float(np.abs(v).max(initial=0)) for v in (self.places, self.colours, self.mix, self.mean, self.base_scales * 127)
        )
        if (
            self.log_scales.max() > MOST_LOG_SCALE
            or reach > MOST_VALUE
            or not 0 <= self.opacities.min() <= self.opacities.max() <= 1
        ):
            raise BadInput("The person has splats beyond any sense.")
        if not (0 < self.distance_m < 100 and 0 < self.half_height_m < 100):
            raise BadInput("The person's framing is beyond any sense.")

    def taken(self, keep: npt.NDArray[np.integer]) -> GaussianAvatar:
        """Some of the splats, in the order of `keep`."""
        number = np.full(len(self), -1, np.int64)
        number[keep] = np.arange(len(keep))
        place = number[self.rows]
        kept = np.flatnonzero(place >= 0)
        kept = kept[np.argsort(place[kept], kind="stable")]
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(GaussianAvatar)}
        for name in ("parents", "layers", "places", "turns", "log_scales", "opacities", "colours", "sh"):
            values[name] = values[name][keep]
        values |= {"rows": place[kept].astype(np.int32), "bases": self.bases[kept]}
        return GaussianAvatar(**values)

    def at_rest(self) -> Splats:
        """The person as a cloud that does not move: for other programs. Direction-dependent light is left out."""
        places, turns, log_scales = to_world(rest_frames(self.driver), self.parents, self.places, self.turns, self.log_scales)
        sh = ((self.colours - 0.5) / SH_0)[:, None].astype(np.float32)
        return Splats(places, turns, log_scales, logit_of(self.opacities), sh)


_PLAIN: Final = {"parents": np.int32, "layers": np.uint8, "rows": np.int32, "bases": np.int8, "base_scales": np.float32,
                 "mix": np.float32, "mean": np.float32, "ranges": np.float32, "look_at": np.float32, "background": np.float32}  # fmt: skip
_DRIVER: Final = {"points": np.float32, "triangles": np.int32, "tetrahedra": np.int32, "shape_offsets": np.int64,
                  "eye_ranges": np.int32, "eye_centres": np.float32, "follow": np.float32, "pivot": np.float32}  # fmt: skip
_PACKED: Final = {"places": np.float16, "turns": np.int16, "log_scales": np.float16, "opacities": np.uint8, "colours": np.float16,
                  "sh": np.int8, "shape_steps": np.int32, "shape_deltas": np.int16, "shape_scale": np.float32,
                  "format": np.int64, "framing": np.float32}  # fmt: skip

_KINDS: Final[dict[str, Any]] = {**_PLAIN, **_DRIVER, **_PACKED}


def save(avatar: GaussianAvatar, path: Path) -> None:
    """One compressed file, complete or not there at all."""
    avatar.validate()
    driver = avatar.driver
    scale = np.float32(max(float(np.abs(driver.shape_deltas).max(initial=0)), 1e-6) / _TURN)
    steps = np.diff(driver.shape_indices, prepend=np.int32(0))
    arrays: dict[str, Any] = {name: getattr(avatar, name) for name in _PLAIN}
    arrays |= {name: getattr(driver, name) for name in _DRIVER}
    arrays |= {
        "places": avatar.places, "turns": np.round(avatar.turns * _TURN), "log_scales": avatar.log_scales,
        "opacities": np.round(avatar.opacities * 255), "colours": avatar.colours,
        "sh": np.clip(np.round(avatar.sh / _SH_STEP), -127, 127), "shape_steps": steps,
        "shape_deltas": np.round(driver.shape_deltas / scale), "shape_scale": scale, "format": FORMAT,
        "framing": np.array([avatar.distance_m, avatar.half_height_m]),
    }  # fmt: skip
    kinds = _KINDS
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as stream:
            cast: dict[str, Any] = {name: np.asarray(value).astype(kinds[name]) for name, value in arrays.items()}
            np.savez_compressed(stream, **cast)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load(path: Path) -> GaussianAvatar:
    """What `save` wrote. Raises BadInput or TooLarge for anything else; never unpickles."""
    a = read_arrays(path, _KINDS, MAX_UNPACKED_BYTES)
    if a["format"].shape != () or int(a["format"]) != FORMAT:
        raise BadInput(f"{path.name} was written by another version.", mend="Make the person anew.")
    for name, width in (("triangles", 3), ("tetrahedra", 4), ("turns", 4)):
        if a[name].ndim != 2 or a[name].shape[1] != width:
            raise BadInput(f"{path.name}: {name} is {a[name].shape}.")
    if a["framing"].shape != (2,) or a["shape_scale"].shape != () or a["shape_steps"].ndim != 1:
        raise BadInput(f"{path.name}: its framing or shapes do not hold together.")
    indices = np.cumsum(a["shape_steps"].astype(np.int64))
    if indices.size and (indices.min() < 0 or indices.max() >= len(a["points"])):
        raise BadInput(f"{path.name}: a shape moves a point that is not there.")
    deltas = a["shape_deltas"].astype(np.float32) * a["shape_scale"]
    driver = Driver(**{name: a[name] for name in _DRIVER}, shape_indices=indices.astype(np.int32), shape_deltas=deltas)
    length = np.linalg.norm(a["turns"].astype(np.float32), axis=1, keepdims=True)
    avatar = GaussianAvatar(
        driver=driver, **{name: a[name] for name in _PLAIN}, places=a["places"].astype(np.float32),
        turns=(a["turns"] / np.maximum(length, 1)).astype(np.float32), log_scales=a["log_scales"].astype(np.float32),
        opacities=np.asarray(a["opacities"] / 255, np.float32), colours=a["colours"].astype(np.float32),
        sh=a["sh"].astype(np.float32) * np.float32(_SH_STEP), distance_m=float(a["framing"][0]), half_height_m=float(a["framing"][1]),
    )  # fmt: skip
    avatar.validate()
    return avatar


def quantised(bases: F32) -> tuple[I8, F32]:
    """Bases float32 [m, k, 9] as int8 and the scale of each kind float32 [k, 9]; the largest thousandth is cut."""
    if bases.size == 0:
        return bases.astype(np.int8), np.ones(bases.shape[1:], np.float32)
    scale = np.maximum(np.quantile(np.abs(bases), 0.999, axis=0), 1e-6).astype(np.float32) / 127
    return np.clip(np.round(bases / scale), -127, 127).astype(np.int8), scale
