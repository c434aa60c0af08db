"""The ICT-FaceKit head (MIT, USC Institute for Creative Technologies) of the data beside the repository, written as a GLB."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tests.engines.rig.characters.glb import Glb

COLOURS = {
    "M_Face": (0.58, 0.36, 0.27, 1), "M_BackHead": (0.58, 0.36, 0.27, 1), "M_GumsTongue": (0.42, 0.12, 0.12, 1),
    "M_Teeth": (0.74, 0.70, 0.62, 1), "M_ScleraLeft": (0.7, 0.66, 0.62, 1), "M_IrisLeft": (0.10, 0.16, 0.22, 1),
    "M_ScleraRight": (0.7, 0.66, 0.62, 1), "M_IrisRight": (0.10, 0.16, 0.22, 1), "M_EyeLashes": (0.02, 0.015, 0.012, 1),
}  # fmt: skip
"""The data have no colours; shells of tears and shade around the eyes are left out."""


def write_ict(source: Path, target: Path) -> Path:
    """`source` is ict_facekit.npz; the shapes keep their own names (`mouthSmile_L`, `browInnerUp_R` …)."""
    data = dict(np.load(source))
    quads, materials = data["faces"], data["face_material"]
    points = data["neutral"].astype(np.float64) * 0.01
    deltas = {
        str(name): field.astype(np.float64) * 0.01 for name, field in zip(data["expr_names"], data["expr_deltas"], strict=True)
    }
    region = {str(name): tuple(ends) for name, ends in zip(data["region_names"], data["region_ranges"], strict=True)}
    glb = Glb()
    for number, name in enumerate(map(str, data["material_names"])):
        if name not in COLOURS:
            continue
        of = materials == number
        faces = np.concatenate([quads[of][:, [0, 1, 2]], quads[of & (quads[:, 3] >= 0)][:, [0, 2, 3]]])
        used, local = np.unique(faces, return_inverse=True)
        moved = {shape: field[used] for shape, field in deltas.items() if np.abs(field[used]).max() > 1e-7}
        middle = np.zeros(3)
        if "Sclera" in name or "Iris" in name:
            first, past = region["eyeball_l" if name.endswith("Left") else "eyeball_r"]
            middle, moved = points[first:past].mean(0), {}
        colour = glb.material(name, COLOURS[name], roughness=0.55, doubleSided=name == "M_EyeLashes")
        mesh = glb.mesh(name, points[used] - middle, local.reshape(-1, 3), moved, material=colour)
        eye = "eyeLeft " if name.endswith("Left") else "eyeRight " if name.endswith("Right") else ""
        glb.node(eye + name, mesh=mesh, translation=middle.tolist())
    return glb.write(target)
