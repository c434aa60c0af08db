"""From a glTF or VRM file to the mesh that the renderer draws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from visavis.engines.rig.characters.anatomy import Anatomy, facing_turn_deg, find_anatomy
from visavis.engines.rig.characters.assemble import assemble, relight
from visavis.engines.rig.characters.expressions import Mapping52, Report, Sources, automatic, report_of, sources_of
from visavis.engines.rig.characters.gather import Gathered, gather
from visavis.engines.rig.characters.gltf import Gltf, read_gltf
from visavis.engines.rig.characters.mapping import CharacterFile
from visavis.engines.rig.characters.nodes import Nodes, read_nodes
from visavis.engines.rig.characters.skeleton import Bones, find_bones, follow_of, hang_arms
from visavis.engines.rig.characters.vrm import Vrm, read_vrm
from visavis.errors import BadInput
from visavis.render.bake import bake
from visavis.render.mesh import RenderMesh
from visavis.render.prune import prune

PRUNE_YAWS_DEG: Final = tuple(range(-42, 43, 12))
PRUNE_PITCHES_DEG: Final = (-18, 0, 18)
LEAST_SHAPES: Final = 3
"""Fewer than this and nothing of a conversation would be seen on the face."""


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """A file read and understood, not yet made into a mesh."""

    gltf: Gltf
    vrm: Vrm | None
    nodes: Nodes
    bones: Bones
    gathered: Gathered
    sources: Sources
    mapping: Mapping52
    report: Report
    anatomy: Anatomy
    remarks: tuple[str, ...] = ()


def read_character(path: Path, settings: CharacterFile | None = None) -> Character:
    """Reads a character; `settings` are those of its mapping file, None finds everything by itself.

    Raises BadInput or TooLarge in one line for what cannot be read, and where too little of a face is found.
    """
    settings = settings or CharacterFile()
    gltf = read_gltf(path)
    vrm = read_vrm(gltf)
    nodes = read_nodes(gltf)
    carriers = _carriers(gltf, nodes)
    bones = find_bones(nodes, vrm, carriers)
    nodes = _turned(nodes, settings.view.turn_deg + (180.0 if vrm and vrm.version == 0 else 0.0))
    nodes, gathered, sources, mapping = _posed(gltf, nodes, vrm, bones, settings)
    follow, _ = follow_of(nodes, bones, vrm.swinging if vrm else ())
    anatomy = find_anatomy(gathered, sources, mapping, nodes, bones, follow, path.name)
    mapping, remarks = _sides_right(gathered, sources, mapping)
    if len(mapping) < LEAST_SHAPES:
        raise BadInput(
            f"{path.name}: of the 52 ARKit shapes only {len(mapping)} were found.",
            mend="It needs morph targets with ARKit names, VRM expressions or visemes; docs/characters.md lists the spellings.",
        )
    return Character(gltf, vrm, nodes, bones, gathered, sources, mapping, report_of(mapping, sources), anatomy, remarks)


def build_character(
    character: Character, settings: CharacterFile | None, progress: Callable[[str, float], None] | None = None
) -> RenderMesh:
    """The character as the renderer takes it: light baked, what no view shows dropped. Takes some ten seconds."""
    report = progress or (lambda _what, _share: None)
    report("Shaping the character", 0.1)
    mesh, stage = assemble(character, settings or CharacterFile())
    report("Baking light", 0.3)
    mesh = relight(bake(mesh), stage, character.anatomy)
    report("Dropping what is never seen", 0.7)
    mesh = prune(mesh, yaws_deg=PRUNE_YAWS_DEG, pitches_deg=PRUNE_PITCHES_DEG)
    report("Character ready", 1.0)
    return mesh


def _carriers(gltf: Gltf, nodes: Nodes) -> set[int]:
    """Joints of skins, and the nodes above them."""
    found: set[int] = set()
    for skin in gltf.document.skins:
        for joint in skin.joints:
            gltf.item(gltf.document.nodes, joint, "node")
            above = joint
            while above >= 0 and above not in found:
                found.add(above)
                above = nodes.parent[above]
    return found


def _turned(nodes: Nodes, degrees: float) -> Nodes:
    angle = np.radians(degrees)
    matrix = np.eye(4)
    matrix[0, [0, 2]], matrix[2, [0, 2]] = [np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]
    return Nodes(nodes.names, nodes.parent, matrix @ nodes.world, nodes.order)


def _posed(
    gltf: Gltf, nodes: Nodes, vrm: Vrm | None, bones: Bones, settings: CharacterFile
) -> tuple[Nodes, Gathered, Sources, Mapping52]:
    """The character looking along +Z, arms let down."""
    nodes = hang_arms(nodes, bones, settings.view.arms)
    gathered = gather(gltf, nodes)
    sources = sources_of(gathered, vrm, jaw_bone=bones.of("jaw") >= 0)
    mapping = settings.mapping(sources) if settings.shapes else automatic(sources)
    turn = facing_turn_deg(gathered, sources, mapping) if vrm is None and settings.view.turn_deg == 0 else 0.0
    if turn:
        nodes = _turned(nodes, turn)
        gltf.forget()
        gathered = gather(gltf, nodes)
    return nodes, gathered, sources, mapping


def _sides_right(gathered: Gathered, sources: Sources, mapping: Mapping52) -> tuple[Mapping52, tuple[str, ...]]:
    """Left and right exchanged where a file names them as the viewer sees them."""
    middles = []
    for shape in ("eyeBlinkLeft", "eyeBlinkRight"):
        terms = mapping.get(shape, ())
        if not terms or any(t.side for t in terms):
            return mapping, ()
        key, _ = sources.targets[terms[0].source][0]
        field = gathered.fields[key]
        way = np.linalg.norm(field.deltas, axis=1)
        middles.append(float((gathered.positions[field.rows, 0] * way).sum() / way.sum()))
    if middles[0] >= middles[1]:
        return mapping, ()

    def other(name: str) -> str:
        return name.replace("Left", "@").replace("Right", "Left").replace("@", "Right")

    def crossed(shape: str) -> bool:
        return not any(t.side for t in mapping.get(shape, ()))

    swapped = {
        shape: mapping[other(shape)] if crossed(shape) and other(shape) in mapping else terms
        for shape, terms in mapping.items()
    }
    return swapped, ("Its left and right are named as the viewer sees them; they were exchanged.",)
