"""A person ready to be drawn: geometry, 52 sparse shapes, looks, baked light, framing. Built once, cached, then only read."""

from __future__ import annotations

import io
import os
import zipfile
from dataclasses import dataclass, field, fields
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT, SHAPES
from visavis.errors import BadInput, TooLarge
from visavis.types import F32, U8

I32: TypeAlias = npt.NDArray[np.int32]
I64: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

FORMAT: Final = 2
MAX_VERTICES: Final = 400_000
MAX_TRIANGLES: Final = 800_000
MAX_DIRECTIONS: Final = 512
MAX_VIEWS: Final = 1_024
MAX_TEXELS: Final = 32 << 20
"""Of all textures together."""
TEXEL: Final = 8
"""Bytes of a texel."""
MAX_FILE_BYTES: Final = 512 * 2**20
"""Bound on the unpacked arrays of a file."""


class Part(IntEnum):
    """What a vertex or triangle is made of; it selects the shading."""

    SKIN = 0
    EYE = 1
    HAIR = 2
    MOUTH = 3
    CLOTH = 4
    FINE = 5
    """Lashes and brows: strands thinner than a pixel."""


@dataclass(frozen=True, slots=True, eq=False)
class RenderMesh:
    """A person for the renderer: v vertices, t triangles. Metres, right-handed, +Y up, +Z to the viewer, colours linear RGB.

    Geometry
      positions         float32 [v, 3] metres, neutral face, head upright
      triangles         int32 [t, 3] counter-clockwise seen from outside
      part              uint8 [v] a `Part` for each vertex
      triangle_part     uint8 [t] a `Part` for each triangle
      triangle_group    int16 [t] surface number >= 0: no edge is smoothed between neighbours of one surface at one depth
      two_sided         bool [t] drawn from behind too
      facing            bool [v] the normal is turned towards the viewer (thin strips, strands)
      head_weight       float32 [v] 0 to 1: how far a vertex follows the head's rotation and translation
      lag_weight        float32 [v] 0 to 1: how far it follows a head that comes later and swings softly; what is left of
                        head_weight follows at once (a hair tip: 1 and .4; a shoulder that is pulled along a little: 0 and .06)
      pivot             float32 [3] metres: the point the head turns about
    Shapes, in the order of `arkit.SHAPES`
      shape_offsets     int64 [53]: shape k owns entries shape_offsets[k] to shape_offsets[k + 1]
      shape_indices     int32 [n] vertex of an entry, ascending within a shape
      shape_deltas      float32 [n, 3] metres at weight 1
    Eyes, 0 the character's left (+X), 1 the right
      eye_ranges        int32 [2, 2] first and past-the-last vertex of each eyeball
      eye_centres       float32 [2, 3] metres
      eye_rest          float32 [2, m, 3] metres: offsets from the centre, looking straight ahead
      iris_radius, pupil_radius   of the eyeball's radius, as painted in `iris`
      lid_lines         int32 [2, k] vertices along each upper lash line
      lid_weight        float32 [v, 2] 0 to 1: how much a closing left / right lid smooths the baked shade away
    Looks
      albedo            float32 [v, 3] linear, 0 to 1
      uv                float32 [v, 2]: noise tile coordinates (periodic); for eyes x, y of the unit direction from the centre
      specular          float32 [v] >= 0
      noise_amplitude   float32 [v]: pores of skin, weave of cloth, strands of hair
      tangent           float32 [v, 3] unit: along the strand for HAIR and FINE
      noise             float32 [256, 256, 4]: pores -1 to 1, their slope in u, in v, strand noise -1 to 1
      iris              float32 [256, 256, 3] linear: front view of the eyeball, u to the right, v up
    Textures (optional: without them the looks at the vertices are all there is)
      texels            uint8 [x, 8] of all textures, each row by row from the top: square roots of linear r, g, b; alpha; gloss;
                        shift of the highlight, 128 none; two unused
      texture_sizes     int32 [q, 2] height and width of each texture
      group_texture     int16 [g] texture of each triangle_group, -1 none; uv is then in textures' widths and heights, v down
      sheer             bool [t] blended over what is behind it by its texture's alpha, or [0]: no triangle is
      smooth            int32 [v] vertices of one number share a normal, or [0]: each has its own
    Baked light
      directions        float32 [d, 3] unit, in the head's frame
      visibility        uint8 [d, v] 0 to 255: how much of the sky around a direction a vertex sees
      occlusion         float32 [v] 0 dark to 1 open: ambient light that arrives
    Set
      lights            float32 [3, 6] key, fill, rim: unit direction towards the light, linear rgb
      ambient           float32 [2, 3] sky and ground bounce, linear rgb
      wrap              float32 [6, 3] by `Part`: how far light of each colour wraps around an edge
      exposure          factor before the tone curve
      background        float32 [2, 3] sRGB 0 to 255: at the centre, in the corners
      look_at           float32 [3] metres: the point in the middle of the picture
      distance_m        the camera's distance from `look_at`, along +Z
      half_height_m     half of what the picture is high, at `look_at`
    What can be seen (written by `render.prune.prune`; b may be 0: then every triangle is drawn always)
      view_poses        float32 [b, 2] yaw, pitch in radians
      view_visible      bool [b, t]: triangles that some face shows near that head pose
    """

    positions: F32
    triangles: I32
    part: U8
    triangle_part: U8
    triangle_group: npt.NDArray[np.int16]
    two_sided: Bools
    facing: Bools
    head_weight: F32
    lag_weight: F32
    pivot: F32
    shape_offsets: I64
    shape_indices: I32
    shape_deltas: F32
    eye_ranges: I32
    eye_centres: F32
    eye_rest: F32
    lid_lines: I32
    lid_weight: F32
    albedo: F32
    uv: F32
    specular: F32
    noise_amplitude: F32
    tangent: F32
    noise: F32
    iris: F32
    directions: F32
    visibility: U8
    occlusion: F32
    lights: F32
    ambient: F32
    wrap: F32
    background: F32
    look_at: F32
    view_poses: F32
    view_visible: Bools
    iris_radius: float = 0.50
    pupil_radius: float = 0.20
    exposure: float = 1.0
    distance_m: float = 0.9
    half_height_m: float = 0.156
    texels: U8 = field(default_factory=lambda: np.zeros((0, TEXEL), np.uint8))
    texture_sizes: I32 = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    group_texture: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    sheer: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    smooth: I32 = field(default_factory=lambda: np.zeros(0, np.int32))

    def validate(self) -> None:
        """Raises BadInput with one line naming the first field that does not fit."""
        _check_layout(self)
        _check_values(self)

    def save(self, path: Path) -> None:
        """One compressed .npz, complete or not there at all."""
        self.validate()
        partial = path.with_name(f".{path.name}.{os.getpid()}.part")
        arrays: dict[str, Any] = {f.name: np.asarray(getattr(self, f.name)) for f in fields(self)}
        try:
            with partial.open("wb") as stream:
                np.savez_compressed(stream, format=np.int64(FORMAT), shapes=np.array(SHAPES), **arrays)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    @staticmethod
    def load(path: Path) -> RenderMesh:
        """Reads what `save` wrote. Raises BadInput or TooLarge for anything else; never unpickles."""
        names = {f.name for f in fields(RenderMesh)}
        try:
            with zipfile.ZipFile(path) as archive:
                _check_archive(path, archive, names | {"format", "shapes"})
                arrays = {i.filename[:-4]: _read_array(archive.read(i)) for i in archive.infolist()}
        except (zipfile.BadZipFile, ValueError, EOFError, OSError) as error:
            raise BadInput(f"{path.name} is no readable mesh file: {error}.", mend=_REBUILD) from error
        if arrays["format"].shape != () or int(arrays["format"]) != FORMAT or tuple(arrays["shapes"].tolist()) != SHAPES:
            raise BadInput(f"{path.name} was written by another version.", mend=_REBUILD)
        scalars = {f.name for f in fields(RenderMesh) if f.type == "float"}
        if any(arrays[name].shape != () for name in scalars):
            raise BadInput(f"{path.name}: a number is an array.", mend=_REBUILD)
        values: dict[str, Any] = {n: float(arrays[n]) if n in scalars else arrays[n] for n in names}
        mesh = RenderMesh(**values)
        mesh.validate()
        return mesh


_REBUILD: Final = "Delete it; it is built anew when next needed."
_LAYOUT: Final[dict[str, tuple[type[np.generic], tuple[int | str, ...]]]] = {
    "positions": (np.float32, ("v", 3)), "triangles": (np.int32, ("t", 3)), "part": (np.uint8, ("v",)),
    "triangle_part": (np.uint8, ("t",)), "triangle_group": (np.int16, ("t",)), "two_sided": (np.bool_, ("t",)),
    "facing": (np.bool_, ("v",)), "head_weight": (np.float32, ("v",)), "lag_weight": (np.float32, ("v",)),
    "pivot": (np.float32, (3,)), "shape_offsets": (np.int64, (COUNT + 1,)), "shape_indices": (np.int32, ("n",)),
    "shape_deltas": (np.float32, ("n", 3)), "eye_ranges": (np.int32, (2, 2)), "eye_centres": (np.float32, (2, 3)),
    "eye_rest": (np.float32, (2, "m", 3)), "lid_lines": (np.int32, (2, "k")), "lid_weight": (np.float32, ("v", 2)),
    "albedo": (np.float32, ("v", 3)), "uv": (np.float32, ("v", 2)), "specular": (np.float32, ("v",)),
    "noise_amplitude": (np.float32, ("v",)), "tangent": (np.float32, ("v", 3)), "noise": (np.float32, (256, 256, 4)),
    "iris": (np.float32, (256, 256, 3)), "directions": (np.float32, ("d", 3)), "visibility": (np.uint8, ("d", "v")),
    "occlusion": (np.float32, ("v",)), "lights": (np.float32, (3, 6)), "ambient": (np.float32, (2, 3)),
    "wrap": (np.float32, (len(Part), 3)), "background": (np.float32, (2, 3)), "look_at": (np.float32, (3,)),
    "view_poses": (np.float32, ("b", 2)), "view_visible": (np.bool_, ("b", "t")), "texels": (np.uint8, ("x", TEXEL)),
    "texture_sizes": (np.int32, ("q", 2)), "group_texture": (np.int16, ("g",)), "sheer": (np.bool_, ("s",)),
    "smooth": (np.int32, ("w",)),
}  # fmt: skip
_BOUNDS: Final = {
    "v": MAX_VERTICES,
    "t": MAX_TRIANGLES,
    "n": COUNT * MAX_VERTICES,
    "d": MAX_DIRECTIONS,
    "b": MAX_VIEWS,
    "x": MAX_TEXELS,
}


def _bad(what: str) -> BadInput:
    return BadInput(f"The mesh does not hold together: {what}.", mend="Build the person anew.")


def _check_layout(mesh: RenderMesh) -> None:
    sizes: dict[str, int] = {}
    for name, (dtype, shape) in _LAYOUT.items():
        array = getattr(mesh, name)
        if array.dtype != dtype or array.ndim != len(shape):
            raise _bad(f"{name} is {array.dtype} {array.shape}, not {np.dtype(dtype).name} {shape}")
        for have, want in zip(array.shape, shape, strict=True):
            expected = want if isinstance(want, int) else sizes.setdefault(want, have)
            if have != expected:
                raise _bad(f"{name} is {array.shape}, not {shape} with {sizes}")
    for key, bound in _BOUNDS.items():
        if sizes[key] > bound:
            raise TooLarge(f"The mesh has {key} = {sizes[key]}, more than {bound}.")


def _check_values(mesh: RenderMesh) -> None:
    v, n = len(mesh.positions), len(mesh.shape_indices)
    if v == 0 or len(mesh.triangles) == 0:
        raise _bad("it is empty")
    for name, limit in (("triangles", v), ("shape_indices", v), ("lid_lines", v), ("part", len(Part)),
                        ("triangle_part", len(Part))):  # fmt: skip
        array = getattr(mesh, name)
        if array.size and (array.min() < 0 or array.max() >= limit):
            raise _bad(f"{name} points outside 0 to {limit - 1}")
    for name, (dtype, _) in _LAYOUT.items():
        if dtype is np.float32 and not np.isfinite(getattr(mesh, name)).all():
            raise _bad(f"{name} has values that are no numbers")
    for name in ("head_weight", "lag_weight", "lid_weight", "occlusion"):
        array = getattr(mesh, name)
        if array.min() < 0 or array.max() > 1:
            raise _bad(f"{name} leaves 0 to 1")
    if mesh.shape_offsets[0] != 0 or mesh.shape_offsets[-1] != n or (np.diff(mesh.shape_offsets) < 0).any():
        raise _bad("shape_offsets do not divide the deltas")
    if (mesh.triangle_group < 0).any():
        raise _bad("triangle_group is negative")
    for first, past in mesh.eye_ranges:
        if not 0 <= first < past <= v or past - first != mesh.eye_rest.shape[1]:
            raise _bad(f"the eye range {first}:{past} does not hold {mesh.eye_rest.shape[1]} vertices")
    _check_textures(mesh)
    for name in ("iris_radius", "pupil_radius", "exposure", "distance_m", "half_height_m"):
        if not (np.isfinite(getattr(mesh, name)) and getattr(mesh, name) > 0):
            raise _bad(f"{name} is {getattr(mesh, name)}")


def _check_textures(mesh: RenderMesh) -> None:
    sizes, groups = mesh.texture_sizes.astype(np.int64), mesh.group_texture
    if (sizes < 1).any() or sizes.prod(1).sum() != len(mesh.texels):
        raise _bad("texture_sizes do not divide the texels")
    if len(groups) and (groups.min() < -1 or groups.max() >= len(sizes) or mesh.triangle_group.max() >= len(groups)):
        raise _bad("group_texture points outside the textures")
    if len(mesh.sheer) not in {0, len(mesh.triangles)} or len(mesh.smooth) not in {0, len(mesh.positions)}:
        raise _bad("sheer or smooth is of another size")
    if len(mesh.smooth) and (mesh.smooth.min() < 0 or mesh.smooth.max() >= len(mesh.positions)):
        raise _bad("smooth points outside the vertices")
    if mesh.sheer.any() and (len(groups) == 0 or (groups[mesh.triangle_group[mesh.sheer]] < 0).any()):
        raise _bad("a sheer triangle has no texture")


def _check_archive(path: Path, archive: zipfile.ZipFile, names: set[str]) -> None:
    infos = archive.infolist()
    if {i.filename for i in infos} != {f"{n}.npy" for n in names} or len(infos) != len(names):
        raise BadInput(f"{path.name} has other fields than a mesh.", mend=_REBUILD)
    if sum(i.file_size for i in infos) > MAX_FILE_BYTES:
        raise TooLarge(f"{path.name} unpacks to more than {MAX_FILE_BYTES // 2**20} MB.", mend=_REBUILD)


def _read_array(data: bytes) -> npt.NDArray[Any]:
    array: npt.NDArray[Any] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    return array
