"""Builds a person's mesh from the spec: figure, pieces, assembly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from visavis.assets import Progress
from visavis.engines.rig.people.brows import brow_piece
from visavis.engines.rig.people.eyes import eye_pieces
from visavis.engines.rig.people.figure import Figure, make_figure
from visavis.engines.rig.people.finish import assemble, light_by_part, open_lips, under_collar
from visavis.engines.rig.people.garment import garment_pieces
from visavis.engines.rig.people.hair import make_hair
from visavis.engines.rig.people.lashes import lash_pieces
from visavis.engines.rig.people.mouth import mouth_pieces
from visavis.engines.rig.people.skin import neckline, skin_piece
from visavis.engines.rig.people.spec import PersonSpec
from visavis.head.canonical import CanonicalHead
from visavis.render.bake import bake
from visavis.render.mesh import RenderMesh
from visavis.render.prune import prune


def build_person(
    head: CanonicalHead, spec: PersonSpec, progress: Progress | None = None, *, all_round: bool = False
) -> RenderMesh:
    """The person as the renderer takes them: modelled, light baked, what no view shows dropped. Takes some ten seconds.

    `all_round` keeps what only views from the side and from behind show.
    """
    report = progress or (lambda _what, _share: None)
    report("Shaping the face", 0.05)
    figure = make_figure(head, spec)
    mesh = model_person(figure, spec, report)
    report("Baking light", 0.2)
    mesh = bake(mesh)
    mesh = open_lips(mesh, figure)
    mesh = under_collar(mesh, neckline(spec, figure, mesh.positions.astype(np.float64)))
    mesh = replace(mesh, occlusion=light_by_part(mesh).astype(np.float32))
    if not all_round:
        report("Dropping what is never seen", 0.6)
        mesh = prune(mesh)
    report("Person ready", 1.0)
    return mesh


def model_person(figure: Figure, spec: PersonSpec, report: Progress) -> RenderMesh:
    """The person's mesh before light is baked and the unseen is dropped."""
    eyes, eye_rest = eye_pieces(figure)
    lashes, lid_lines = lash_pieces(spec, figure)
    pieces = [skin_piece(spec, figure), *eyes, *mouth_pieces(spec, figure), *lashes, brow_piece(spec, figure)]
    report("Dressing", 0.12)
    pieces += garment_pieces(spec, figure)
    report("Growing hair", 0.15)
    pieces += make_hair(spec, figure)
    return assemble(pieces, eye_rest, lid_lines, spec, figure)
