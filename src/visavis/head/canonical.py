"""The canonical head: one topology that every engine shares, read once from the CC0 data and cached.

Everything is linear in a *cage* of a few thousand vertices: identities and the 52 ARKit shapes displace the cage, and the skin
is one Catmull-Clark step of it, `skin @ cage`. Lengths are metres; the frame is that of `types` (+Y up, +Z to the viewer, the
character's left is +X).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visavis import assets
from visavis.arkit import SHAPES
from visavis.head.deltas import Deltas
from visavis.head.shapes import RECIPES, refine
from visavis.head.source import BaseMesh, read_base_mesh, read_mask, read_target, target_names
from visavis.head.subdivision import catmull_clark
from visavis.types import F32

FORMAT: Final = 2
METRES: Final = 0.1
"""The data's decimetres in metres."""
BELOW_EYES_M: Final = 0.30
"""The cage reaches this far below the eyes of the average head: to the upper chest."""
ASIDE_M: Final = 0.26
THRESHOLD_M: Final = 2e-6
MASKS: Final = ("lips", "eyelids", "ears", "inside-mouth", "face")
AVERAGE: Final[Mapping[str, float]] = {
    "macrodetails/caucasian-female-young": 0.5, "macrodetails/caucasian-male-young": 0.5,
    "macrodetails/universal-female-young-averagemuscle-averageweight": 0.5,
    "macrodetails/universal-male-young-averagemuscle-averageweight": 0.5,
}  # fmt: skip
"""The identity that the cage's extent and the masks' sides are judged by."""
HELPERS: Final = {
    "left_eye": "helper-l-eye", "right_eye": "helper-r-eye", "upper_teeth": "helper-upper-teeth",
    "lower_teeth": "helper-lower-teeth", "tongue": "helper-tongue",
    "left_lower_lashes": "helper-l-eyelashes-1", "left_upper_lashes": "helper-l-eyelashes-2",
    "right_lower_lashes": "helper-r-eyelashes-1", "right_upper_lashes": "helper-r-eyelashes-2",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class CanonicalHead:
    """c cage vertices, v skin vertices. Read only.

    cage           float32 [c, 3] metres: the base mesh without any identity (add `identity` targets to get a person)
    cage_quads     int32 [f, 4] the skin of the cage
    skin           [v, c] sparse: one Catmull-Clark step; its vertices carry `skin_quads` int32 [4f, 4], outward counter-clockwise
    tongue         [w, c] sparse and `tongue_quads`: the same for the tongue
    groups         name -> cage vertices of the modelling helpers: eyes, rows of teeth, tongue, lash strips
    masks          name -> float32 [v], 0 to 1: lips, eyelids, ears, inside-mouth, face
    identity       named targets (`region/name`), to be added with weights; macro targets sum to 1
    shapes         the 52 ARKit shapes in the order of `arkit.SHAPES`
    """

    cage: F32
    cage_quads: npt.NDArray[np.int32]
    skin: sp.csr_matrix
    skin_quads: npt.NDArray[np.int32]
    tongue: sp.csr_matrix
    tongue_quads: npt.NDArray[np.int32]
    groups: Mapping[str, npt.NDArray[np.int32]]
    masks: Mapping[str, F32]
    identity: Deltas
    shapes: Deltas

    def cage_of(self, targets: Mapping[str, float]) -> npt.NDArray[np.float64]:
        """The cage of an identity, float64 [c, 3] metres, lips as the data have them (see `lips.seal`)."""
        return self.cage + self.identity.blend(targets)


def load_head(cache: Path, progress: assets.Progress | None = None) -> CanonicalHead:
    """The canonical head, fetched and built on first use, then read from the cache in well under a second.

    Raises Unavailable where the data cannot be had.
    """
    folder = assets.ensure("head", cache, progress)
    path = cache / "head" / f"canonical-{_key()}.npz"
    try:
        return _read(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        head = build_head(folder, progress)
        _write(head, path)
        return head


def build_head(folder: Path, progress: assets.Progress | None = None) -> CanonicalHead:
    """The canonical head from the unpacked asset."""
    report = progress or (lambda _what, _share: None)
    report("Reading the base mesh", 0.0)
    base = read_base_mesh(folder)
    count = len(base.vertices)
    paths = target_names(folder)
    average = base.vertices + sum((w * read_target(paths[name], count) for name, w in AVERAGE.items()), np.zeros((count, 3)))
    quads = _head_quads(base, average)
    kept = np.unique(np.concatenate([quads.ravel(), *(np.unique(base.quads_of(h)) for h in HELPERS.values())]))
    local = np.full(count, -1, np.int32)
    local[kept] = np.arange(len(kept), dtype=np.int32)

    def read(files: Mapping[str, Path], what: str) -> dict[str, npt.NDArray[np.float64]]:
        fields = {}
        for i, (name, file) in enumerate(files.items()):
            report(what, i / len(files))
            fields[name] = read_target(file, count)[kept] * METRES
        return fields

    def packed(fields: Mapping[str, npt.NDArray[np.float64]]) -> Deltas:
        return Deltas.pack(tuple(fields), list(fields.values()), len(kept), THRESHOLD_M)

    units = {name: folder / f"faceunits01/targets/faceunits/{name}.target" for name in SHAPES}
    shapes = packed(refine(read(units, "Reading face shapes")))
    identity = packed(read(paths, "Reading identities"))
    skin, skin_quads = catmull_clark(local[quads], len(kept))
    tongue, tongue_quads = catmull_clark(local[base.quads_of(HELPERS["tongue"])], len(kept))
    groups = {name: local[np.unique(base.quads_of(helper))] for name, helper in HELPERS.items()}
    masks = {name: np.clip(skin @ read_mask(folder, name, base.uv)[kept], 0, 1).astype(np.float32) for name in MASKS}
    report("Reading identities", 1.0)
    cage = (base.vertices[kept] * METRES).astype(np.float32)
    return CanonicalHead(
        cage, local[quads], skin, skin_quads, tongue, tongue_quads, groups, masks, identity=identity, shapes=shapes
    )


def _head_quads(base: BaseMesh, average: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """The body's quads from the upper chest up, arms left out."""
    quads = base.quads_of("body")
    eyes = average[np.unique(base.quads_of(HELPERS["left_eye"]))].mean(0)
    centre = average[quads].mean(1)
    inside = (centre[:, 1] > eyes[1] - BELOW_EYES_M / METRES) & (np.abs(centre[:, 0]) < ASIDE_M / METRES)
    return np.asarray(quads[inside])


def _key() -> str:
    """What the cached arrays depend on: the data's checksum and this module's format."""
    return hashlib.sha256(f"{FORMAT} {assets.SOURCES['head'].files_sha256} {RECIPES!r}".encode()).hexdigest()[:16]


def _write(head: CanonicalHead, path: Path) -> None:
    arrays: dict[str, Any] = {"cage": head.cage, "cage_quads": head.cage_quads, "skin_quads": head.skin_quads}
    arrays["tongue_quads"] = head.tongue_quads
    for name, matrix in (("skin", head.skin), ("tongue", head.tongue)):
        arrays |= {f"{name}.data": matrix.data, f"{name}.indices": matrix.indices, f"{name}.indptr": matrix.indptr}
    for name, deltas in (("identity", head.identity), ("shapes", head.shapes)):
        arrays |= {f"{name}.names": np.array(deltas.names), f"{name}.offsets": deltas.offsets}
        arrays |= {f"{name}.indices": deltas.indices, f"{name}.values": deltas.values}
    arrays |= {f"group.{name}": index for name, index in head.groups.items()}
    arrays |= {f"mask.{name}": mask for name, mask in head.masks.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".head-", delete=False) as stream:
        partial = Path(stream.name)
        try:
            np.savez(stream, **arrays)
            stream.close()
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)


def _read(path: Path) -> CanonicalHead:
    with np.load(path, allow_pickle=False) as arrays:
        count = len(arrays["cage"])

        def matrix(name: str) -> sp.csr_matrix:
            parts = (arrays[f"{name}.data"], arrays[f"{name}.indices"], arrays[f"{name}.indptr"])
            return sp.csr_matrix(parts, (len(parts[2]) - 1, count))

        def deltas(name: str) -> Deltas:
            names = tuple(arrays[f"{name}.names"].tolist())
            parts = arrays[f"{name}.offsets"], arrays[f"{name}.indices"], arrays[f"{name}.values"]
            return Deltas(names, count, *parts)

        def named(prefix: str) -> dict[str, npt.NDArray[Any]]:
            return {key.removeprefix(prefix): arrays[key] for key in arrays.files if key.startswith(prefix)}

        return CanonicalHead(
            arrays["cage"], arrays["cage_quads"], matrix("skin"), arrays["skin_quads"], matrix("tongue"),
            arrays["tongue_quads"], named("group."), named("mask."), deltas("identity"), deltas("shapes"),
        )  # fmt: skip
