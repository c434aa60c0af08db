"""A portrait ready to be moved: everything the engine draws with, and its file, read strictly because it may come from a stranger."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT
from visavis.errors import BadInput, TooLarge
from visavis.types import F32, U8

I32 = npt.NDArray[np.int32]

FORMAT: Final = 1
MAX_FILE_BYTES: Final = 24 << 20
MAX_ARRAY_BYTES: Final = 64 << 20
MIN_SIDE, MAX_SIDE = 256, 1024
MAX_VERTICES: Final = 40_000
MAX_TRIANGLES: Final = 80_000
MAX_DELTAS: Final = 1_500_000
MAX_COORDINATE_M: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """One person from one picture of s x s pixels.

    Vertices stand in one list: grid, face, teeth and tongue, walls of the mouth; `spans` int32 [5] is where each begins, then the end.

    picture        uint8 [s, s, 4] RGB and the person's alpha · background uint8 [s, s, 3] · left_eye, right_eye uint8 [h, w, 3]
    mouth_sheet    uint8 [h, w, 3] the picture around its own mouth, mouth_corner int32 [2] the picture's pixel at its corner,
                   mouth_shown uint8 [1] whether teeth or the dark are seen in it; the picture itself is healed there
    points         float32 [v, 3] metres, camera space, with the picture's own expression · follow float32 [v] 0 shoulders to 1 head
    uv             float32 [v, 2] px of the picture; not read for the mouth · colours float32 [m, 3] 0 to 255 of the mouth's vertices
    shape_offsets  int32 [54], shape_indices int32 [d], shape_deltas float16 [d, 3] metres at weight 1: the 52 ARKit shapes, then what
                   closes the lips where the picture's own mouth is taken away
    grid_triangles, face_triangles, mouth_triangles  int32 [t, 3] numbers of vertices in the whole list
    lids           float32 [v] 1 on skin that a closing lid stretches; lid_colours float32 [2, 3] 0 to 255: what it then is mixed with
    own            float32 [52] weights of the picture's own mouth, taken off every frame's
    eye_points     float32 [2, p, 3] · eye_uv float32 [2, p, 2] px of the picture · eye_warp float32 [2, p] · eye_triangles int32 [t, 3]
    eye_corners    int32 [2, 2] the picture's pixel at each sheet's corner · eye_radii float32 [2] px
    zones          int32 [3, z] rings of face vertices around left eye, right eye and mouth, in which a hole may be
    camera         float32 [3] px per metre, and the pixel of the head's origin · pivot float32 [3]
    up             float32 [2] the head's own up in the picture
    angles         float32 [3] yaw, pitch, roll of the head in the picture, radians
    crop           float32 [3] scale and offset (x, y) from the pixels of the picture that was handed over to these
    dark, warmth   float32 [3] the mouth's deepest colour, and exponents of its shadows
    """

    picture: U8
    background: U8
    left_eye: U8
    right_eye: U8
    mouth_sheet: U8
    mouth_corner: I32
    mouth_shown: U8
    points: F32
    follow: F32
    uv: F32
    colours: F32
    spans: I32
    shape_offsets: I32
    shape_indices: I32
    shape_deltas: npt.NDArray[np.float16]
    grid_triangles: I32
    face_triangles: I32
    mouth_triangles: I32
    lids: F32
    lid_colours: F32
    own: F32
    eye_points: F32
    eye_uv: F32
    eye_warp: F32
    eye_triangles: I32
    eye_corners: I32
    eye_radii: F32
    zones: I32
    camera: F32
    pivot: F32
    up: F32
    angles: F32
    crop: F32
    dark: F32
    warmth: F32

    @property
    def side(self) -> int:
        return len(self.picture)

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        np.savez_compressed(path, format=np.int32(FORMAT), **arrays)

    @staticmethod
    def load(path: Path) -> Portrait:
        """Raises BadInput or TooLarge for a file that is not in order; nothing of it is trusted."""
        try:
            if path.stat().st_size > MAX_FILE_BYTES:
                raise TooLarge(f"{path.name} is larger than a portrait may be ({MAX_FILE_BYTES >> 20} MiB).")
            portrait = _read(path)
        except (
            OSError,
            ValueError,
            KeyError,
            EOFError,
            zipfile.BadZipFile,
            zlib.error,
            NotImplementedError,
            MemoryError,
            OverflowError,
        ) as error:
            raise BadInput(f"{path.name} is no portrait: {str(error)[:160]}.", mend="Make the avatar again.") from None
        problem = _problem(portrait)
        if problem:
            raise BadInput(f"{path.name} is no portrait: {problem}.", mend="Make the avatar again.")
        return portrait


_KINDS: Final[dict[str, Any]] = {"U8": np.uint8, "F32": np.float32, "I32": np.int32}


def _read(path: Path) -> Portrait:
    wanted = {field.name: _KINDS.get(str(field.type), np.float16) for field in fields(Portrait)}
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.file_size > MAX_ARRAY_BYTES:
                raise ValueError(f"{info.filename} is too large")
        if sum(info.file_size for info in archive.infolist()) > 2 * MAX_ARRAY_BYTES:
            raise ValueError("it is too large")
    with np.load(path, allow_pickle=False) as data:
        if set(data.files) != {*wanted, "format"} or data["format"].shape != () or int(data["format"]) != FORMAT:
            raise ValueError("it is of another version")
        arrays = {name: data[name] for name in wanted}
    for name, kind in wanted.items():
        if arrays[name].dtype != kind:
            raise ValueError(f"{name} is {arrays[name].dtype}")
    return Portrait(**{name: np.ascontiguousarray(array) for name, array in arrays.items()})


def _problem(p: Portrait) -> str | None:
    """What is out of order, in words."""
    return _sizes(p) or _numbers(p) or _indices(p)


def _sizes(p: Portrait) -> str | None:
    if p.picture.ndim != 3 or not MIN_SIDE <= len(p.picture) <= MAX_SIDE:
        return f"its picture is {p.picture.shape}"
    side, v, eye = len(p.picture), len(p.points), p.eye_points.shape[1] if p.eye_points.ndim == 3 else 0
    if not 0 < v <= MAX_VERTICES or not 4 <= eye <= 4096 or p.zones.ndim != 2 or not 3 <= p.zones.shape[1] <= 64:
        return "its counts are out of bounds"
    deltas, mouth = len(p.shape_deltas), len(p.colours)
    expected: dict[str, tuple[int, ...]] = {
        "picture": (side, side, 4), "background": (side, side, 3), "points": (v, 3), "follow": (v,), "uv": (v, 2),
        "colours": (mouth, 3), "spans": (5,), "shape_offsets": (COUNT + 2,), "shape_indices": (deltas,), "shape_deltas": (deltas, 3),
        "lids": (v,), "lid_colours": (2, 3), "own": (COUNT,),
        "eye_points": (2, eye, 3), "eye_uv": (2, eye, 2), "eye_warp": (2, eye), "eye_corners": (2, 2),
        "eye_radii": (2,), "mouth_corner": (2,), "mouth_shown": (1,),
        "zones": (3, p.zones.shape[1]), "camera": (3,), "pivot": (3,), "up": (2,), "angles": (3,), "crop": (3,),
        "dark": (3,), "warmth": (3,),
    }  # fmt: skip
    for name, shape in expected.items():
        if getattr(p, name).shape != shape:
            return f"{name} is {getattr(p, name).shape} instead of {shape}"
    if deltas > MAX_DELTAS:
        return "it has too many deltas"
    for name in ("grid_triangles", "face_triangles", "mouth_triangles", "eye_triangles"):
        triangles = getattr(p, name)
        if triangles.ndim != 2 or triangles.shape[1] != 3 or not 0 < len(triangles) <= MAX_TRIANGLES:
            return f"{name} is {triangles.shape}"
    for name in ("left_eye", "right_eye", "mouth_sheet"):
        sheet = getattr(p, name)
        if sheet.ndim != 3 or sheet.shape[2] != 3 or not 2 <= min(sheet.shape[:2]) <= max(sheet.shape[:2]) <= side:
            return f"{name} is {sheet.shape}"
    return None


def _numbers(p: Portrait) -> str | None:
    for name in ("points", "follow", "uv", "colours", "shape_deltas", "lids", "lid_colours", "own", "eye_points", "eye_uv", "eye_warp",
                 "eye_radii", "camera", "pivot", "up", "angles", "crop", "dark", "warmth"):  # fmt: skip
        if not np.isfinite(getattr(p, name)).all():
            return f"{name} holds numbers that are not finite"
    bounds = {"points": MAX_COORDINATE_M, "eye_points": MAX_COORDINATE_M, "pivot": MAX_COORDINATE_M, "shape_deltas": 1.0,
              "uv": 2.0 * MAX_SIDE, "eye_uv": 2.0 * MAX_SIDE, "follow": 1.001, "own": 1.001, "lids": 1.001, "lid_colours": 256.0,
              "eye_warp": 1.001, "warmth": 4.0,
              "colours": 256.0, "dark": 256.0, "camera": 1e5, "eye_radii": float(MAX_SIDE), "up": 1.001, "crop": 1e5,
              "angles": 3.2}  # fmt: skip
    for name, most in bounds.items():
        if np.abs(getattr(p, name)).max(initial=0) > most:
            return f"{name} is out of bounds"
    if p.camera[0] < 1 or np.concatenate([p.points, *p.eye_points])[:, 2].max() > 0.8:
        return "its camera is out of bounds"
    return None


def _indices(p: Portrait) -> str | None:
    v = len(p.points)
    spans = p.spans.astype(np.int64)
    if spans[0] != 0 or spans[4] != v or (np.diff(spans) <= 0).any() or len(p.colours) != spans[4] - spans[2]:
        return "its spans are out of order"
    offsets = p.shape_offsets.astype(np.int64)
    if offsets[0] != 0 or offsets[-1] != len(p.shape_indices) or (np.diff(offsets) < 0).any():
        return "shape_offsets are out of order"
    parts = {"grid_triangles": (0, 1), "face_triangles": (1, 2), "mouth_triangles": (2, 4)}
    ranges = {name: (spans[a], spans[b]) for name, (a, b) in parts.items()}
    ranges |= {"shape_indices": (0, v), "eye_triangles": (0, p.eye_points.shape[1]), "zones": (spans[1], spans[2])}
    for name, (low, high) in ranges.items():
        array = getattr(p, name)
        if array.size and (array.min() < low or array.max() >= high):
            return f"{name} points outside"
    return None
