"""A character's parts as one RenderMesh: scaled into the frame, cut to it, dressed in texels, not yet baked or pruned."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.characters.dress import Raw, dress
from visavis.engines.rig.characters.eyeballs import components, find_eyeballs
from visavis.engines.rig.characters.mapping import CharacterFile
from visavis.engines.rig.characters.materials import TEETH, TONGUE, Finish, finish_of, is_drawn_flat, is_mouth
from visavis.engines.rig.characters.shapes import add_eye_turns, carry_teeth, shape_fields
from visavis.engines.rig.characters.skeleton import follow_of
from visavis.engines.rig.characters.stage import Stage, stage_of
from visavis.render.mesh import Part, RenderMesh

if TYPE_CHECKING:
    from visavis.engines.rig.characters.anatomy import Anatomy
    from visavis.engines.rig.characters.build import Character

INSIDE_LIGHT: Final = 0.36
"""What an open mouth of the skin itself gets of the light, at its front."""
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


def assemble(character: Character, settings: CharacterFile) -> tuple[RenderMesh, Stage]:
    """Raises BadInput for textures that cannot be read, TooLarge where too much is left in the frame."""
    gltf, gathered, anatomy = character.gltf, character.gathered, character.anatomy
    stage = stage_of(anatomy, settings.view, flat=_is_flat(character, settings))
    flat = stage.flat
    finishes = {m: finish_of(gltf, m, flat=flat, exposure=stage.light.exposure) for m in sorted(set(gathered.material))}
    names = [_name(character, p, finishes) for p in range(len(gathered.material))]
    fields = shape_fields(gathered, character.sources, character.mapping, anatomy, character.nodes, character.bones)
    eyes = None if flat else find_eyeballs(gathered, character.nodes, character.bones, anatomy, names)
    if eyes is None:
        reach = character.vrm.gaze_deg if character.vrm and character.vrm.gaze_deg else 10.0
        add_eye_turns(
            fields, gathered, character.nodes, character.bones, settings.view.gaze * float(np.clip(reach / 10, 0.3, 2.5))
        )
    same = _same_places(gathered.positions)
    carry_teeth(fields, gathered.positions, _lower_mouth(character, names, same))
    late = follow_of(character.nodes, character.bones, character.vrm.swinging if character.vrm else ())[1]
    follow_late = np.stack([anatomy.follow, (gathered.weights * late[gathered.joints]).sum(1)], 1)
    return dress(Raw(gathered, anatomy, stage, finishes, names, fields, eyes, same, follow_late)), stage


def _is_flat(character: Character, settings: CharacterFile) -> bool:
    """Whether most of what is drawn is painted with its light in it."""
    if settings.view.shading != "auto":
        return settings.view.shading == "flat"
    gathered = character.gathered
    sizes = np.bincount(gathered.triangle_piece, minlength=len(gathered.material))
    flat = np.array([is_drawn_flat(character.gltf, m) for m in gathered.material])
    return bool(sizes[flat].sum() > sizes[~flat].sum())


def _name(character: Character, piece: int, finishes: dict[int, Finish]) -> str:
    gathered, document = character.gathered, character.gltf.document
    mesh = document.meshes[gathered.mesh[piece]].name
    return f"{document.nodes[gathered.node[piece]].name}|{mesh}|{finishes[gathered.material[piece]].name}"


def _same_places(points: F64) -> npt.NDArray[np.int32]:
    """[v]: one number for all vertices at one place, that of the first of them."""
    step = max(float(np.ptp(points, axis=0).max()), 1e-9) * 1e-6
    _, first, inverse = np.unique(np.round(points / step).astype(np.int64), axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.ravel()], np.int32)


def _lower_mouth(character: Character, names: list[str], same: npt.NDArray[np.int32]) -> I64:
    """Vertices of lower teeth, gums and tongue: connected pieces under others at their place, or alone and under the lips."""
    gathered = character.gathered
    inside = np.isin(gathered.piece, [p for p, name in enumerate(names) if is_mouth(name)])
    tongue = np.isin(gathered.piece, [p for p, name in enumerate(names) if TONGUE.search(name) and not TEETH.search(name)])
    rows = np.flatnonzero(inside)
    if len(rows) == 0:
        return rows
    numbers = np.unique(components(len(same), gathered.triangles, same)[rows], return_inverse=True)[1]
    points = gathered.positions[rows]
    low, high = (np.array([side(points[numbers == n], axis=0) for n in range(numbers.max() + 1)]) for side in (np.min, np.max))
    middle, tall = (low + high) / 2, float(np.median((high - low)[:, 1]))
    reach = 0.2 * float(np.ptp(points[:, 0]))
    under = np.zeros(len(middle), np.bool_)
    for n, place in enumerate(middle):
        near = middle[np.hypot(*(middle - place)[:, [0, 2]].T) < reach, 1]
        two_rows = np.ptp(near) > 0.75 * tall
        under[n] = place[1] < (near.min() + near.max()) / 2 if two_rows else place[1] < character.anatomy.mouth[1]
    return rows[under[numbers] | tongue[rows]]


def relight(mesh: RenderMesh, stage: Stage, anatomy: Anatomy) -> RenderMesh:
    """Baked light as it should be seen: insides of mouths lie in the dark only while they are closed, drawn faces never quite."""
    occlusion = 0.08 + 0.92 * np.clip(mesh.occlusion.astype(np.float64) * 1.12, 0, 1) ** 0.9
    visibility = mesh.visibility
    mouth = mesh.part == Part.MOUTH
    if mouth.any():
        occlusion[mouth] = _towards_the_front(mesh.positions[mouth, 2], 0.06)
    if stage.flat:
        occlusion = 0.62 + 0.38 * occlusion
        visibility = np.round(255 * (0.55 + 0.45 * visibility / 255.0)).astype(np.uint8)
    else:
        frame = stage.frame
        away = mesh.positions - (anatomy.mouth - frame.origin) * frame.scale
        reach = anatomy.eyes_apart * frame.scale * np.array([0.55, 0.40, 0.70])
        near = np.flatnonzero((np.abs(away) < reach).all(1) & (mesh.part == Part.SKIN))
        if len(near):
            share = INSIDE_LIGHT * _towards_the_front(mesh.positions[near, 2], 0.0)
            occlusion[near] = np.maximum(occlusion[near], share)
            front = np.clip(mesh.directions[:, 2] * 1.5, 0, 1)[:, None]
            visibility = visibility.copy()
            visibility[:, near] = np.maximum(visibility[:, near], np.round(255 * 0.8 * share * front))
    return replace(mesh, occlusion=np.clip(occlusion, 0, 1).astype(np.float32), visibility=visibility)


def _towards_the_front(z: npt.NDArray[np.floating], least: float) -> npt.NDArray[np.float64]:
    """1 at the front of some depths in metres, falling off by three centimetres behind it and more."""
    return np.asarray(np.clip(1 - (np.percentile(z, 98) - z) * 17, least, 1), np.float64)
