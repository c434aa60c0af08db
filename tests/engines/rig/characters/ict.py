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
        middle, uv, texture = np.zeros(3), None, {}
        if name == "M_EyeLashes":
            uv = np.zeros((len(used), 2))
            corners = np.concatenate(
                [data["uv_faces"][of][:, [0, 1, 2]], data["uv_faces"][of & (quads[:, 3] >= 0)][:, [0, 2, 3]]]
            )
            uv[local.ravel()] = data["uv"][corners.ravel()] * [1, -1] + [0, 1]
            texture = {"texture": glb.picture(lash_picture()), "alphaMode": "BLEND"}
        if "Sclera" in name or "Iris" in name:
            first, past = region["eyeball_l" if name.endswith("Left") else "eyeball_r"]
            middle, moved = points[first:past].mean(0), {}
        colour = glb.material(name, COLOURS[name], roughness=0.55, doubleSided=name == "M_EyeLashes", **texture)
        mesh = glb.mesh(name, points[used] - middle, local.reshape(-1, 3), moved, material=colour, uv=uv)
        eye = "eyeLeft " if name.endswith("Left") else "eyeRight " if name.endswith("Right") else ""
        glb.node(eye + name, mesh=mesh, translation=middle.tolist())
    return glb.write(target)


def lash_picture() -> np.ndarray:
    """Tapering hairs on the six layers of the lashes, one above the other, roots below: uint8 [384, 1024, 4]."""
    rng = np.random.default_rng(3)
    tall, wide, hairs, reach = 64, 1024, 130, 5
    root = np.arange(tall)[:, None] / tall
    layers = []
    for _ in range(6):
        alpha = np.zeros((tall, wide + 2 * reach))
        for centre in (np.arange(hairs) + rng.uniform(0.2, 0.8, hairs)) * wide / hairs:
            length, lean = rng.uniform(0.55, 1.0), rng.uniform(-3, 3)
            columns = np.arange(int(centre), int(centre) + 2 * reach)
            width = 1.6 * np.clip(1 - root / length, 0, 1) ** 0.7
            near = np.clip(width - np.abs(columns - reach - centre - lean * root) + 0.5, 0, 1) * (root < length)
            alpha[:, columns] = np.maximum(alpha[:, columns], near)
        layers.append(alpha[:, reach:-reach])
    alpha = np.concatenate(layers)
    return np.dstack([np.full((*alpha.shape, 3), 255.0), 255 * alpha]).astype(np.uint8)
