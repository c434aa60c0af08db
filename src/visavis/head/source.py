"""Reads the MakeHuman base mesh and its targets from the unpacked `head` asset. Lengths here are theirs: decimetres."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from visavis.errors import Unavailable

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class BaseMesh:
    """vertices [n, 3] dm · uv [n, 2] one coordinate a vertex · quads [f, 4] · group [f], index into `groups`."""

    vertices: F64
    uv: F64
    quads: I32
    group: I32
    groups: tuple[str, ...]

    def quads_of(self, name: str) -> I32:
        return np.asarray(self.quads[self.group == self.groups.index(name)])


def read_base_mesh(folder: Path) -> BaseMesh:
    """base.obj of the asset. Raises Unavailable if it is not the mesh this was written for."""
    vertices: list[list[str]] = []
    texture: list[list[str]] = []
    corners: list[list[str]] = []
    group: list[int] = []
    groups: dict[str, int] = {}
    current = 0
    with (folder / "mpfb2/3dobjs/base.obj").open(encoding="ascii") as lines:
        for line in lines:
            kind, _, rest = line.partition(" ")
            match kind:
                case "v":
                    vertices.append(rest.split())
                case "vt":
                    texture.append(rest.split()[:2])
                case "g":
                    current = groups.setdefault(rest.strip(), len(groups))
                case "f":
                    corners.append(rest.split())
                    group.append(current)
    points = np.array(vertices, float)
    pairs = np.array([[c.split("/")[:2] for c in face] for face in corners], np.int32) - 1
    if points.shape != (19158, 3) or pairs.shape[1:] != (4, 2):
        raise Unavailable("The base mesh is not the one this version reads.", mend="Remove the cached `head` asset.")
    uv = np.zeros((len(points), 2))
    uv[pairs[:, :, 0].ravel()] = np.array(texture, float)[pairs[:, :, 1].ravel()]
    return BaseMesh(points, uv, np.ascontiguousarray(pairs[:, :, 0]), np.array(group, np.int32), tuple(groups))


def read_target(path: Path, count: int) -> F64:
    """A `.target` or `.target.gz`: lines `index dx dy dz` as displacements [count, 3] dm."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")
    rows = [line.split() for line in text.splitlines() if line and line[0].isdigit()]
    out = np.zeros((count, 3))
    if rows:
        table = np.array([row[:4] for row in rows], float)
        out[table[:, 0].astype(int)] = table[:, 1:]
    return out


def read_mask(folder: Path, name: str, uv: F64) -> F64:
    """One of the asset's painted masks at each vertex, 0 to 1."""
    import cv2

    picture = cv2.imread(str(folder / f"mpfb2/textures/mpfb_{name}.jpg"), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise Unavailable(f"The mask {name!r} of the head asset cannot be read.", mend="Remove the cached `head` asset.")
    rows, columns = picture.shape
    u = np.clip((uv[:, 0] * columns).astype(int), 0, columns - 1)
    v = np.clip(((1 - uv[:, 1]) * rows).astype(int), 0, rows - 1)
    return np.asarray(picture[v, u], float) / 255.0


def target_names(folder: Path) -> dict[str, Path]:
    """Every identity target as `region/name` -> file, sorted by name."""
    root = folder / "mpfb2/targets"
    return {p.relative_to(root).as_posix().removesuffix(".target.gz"): p for p in sorted(root.rglob("*.target.gz"))}
