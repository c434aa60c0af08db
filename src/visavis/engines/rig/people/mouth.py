"""Inside the mouth: enamel, gums and tongue, darker towards the back."""

from __future__ import annotations

import numpy as np

from visavis.engines.rig.people.figure import Figure, smooth_step
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec
from visavis.head.subdivision import triangles_of
from visavis.head.teeth import TeethRow, model_teeth
from visavis.render.mesh import Part

GUM = (0.40, 0.13, 0.12)
TONGUE = (0.40, 0.115, 0.105)
TONGUE_DOWN = 0.10
"""The data's tongue lies against the upper teeth; it rests this much lower, in face units."""


def mouth_pieces(spec: PersonSpec, figure: Figure) -> list[Piece]:
    upper, lower = model_teeth(figure.head, figure.cage)
    return [_row("teeth-upper", upper, spec), _row("teeth-lower", lower, spec), _tongue(figure)]


def _row(name: str, row: TeethRow, spec: PersonSpec) -> Piece:
    gum = row.gum[:, None]
    neck = np.clip(row.height * 2.2, 0, 1)[:, None]
    shade = (0.72 + 0.28 * neck) * (1 - 0.42 * np.abs(row.across[:, None]) ** 5)
    enamel = np.array(spec.teeth) * (shade + (1 - shade) * np.array([0.22, 0.06, 0.02]))
    albedo = np.where(gum, np.array(GUM), enamel) * (1 - 0.62 * row.back[:, None] ** 1.3)
    return Piece(
        name, Part.MOUTH, row.vertices, row.triangles, albedo, binding=row.binding,
        specular=np.where(row.gum, 0.35, 0.55), two_sided=True, facing=True,
    )  # fmt: skip


def _tongue(figure: Figure) -> Piece:
    head = figure.head
    vertices = np.asarray(head.tongue @ figure.cage)
    depth = vertices[:, 2] - vertices[:, 2].min()
    front = (depth / depth.max())[:, None]
    groove = np.exp(-((vertices[:, :1] / figure.unit / 0.03) ** 2))
    vertices[:, 1] -= TONGUE_DOWN * figure.unit
    albedo = np.array(TONGUE) * (0.30 + 0.70 * smooth_step(front, 0.1, 0.9)) * (1 - 0.15 * groove)
    uv = np.c_[vertices[:, 0], vertices[:, 2]] / figure.unit * 3
    triangles = triangles_of(head.tongue_quads)
    over_the_lip = np.zeros_like(vertices)
    over_the_lip[:, 1:2] = (0.075 + 0.05 * front - 0.07 * front**6) * figure.unit
    over_the_lip[:, 2:3] = 0.13 * front**2 * figure.unit
    return Piece(
        "tongue", Part.MOUTH, vertices, triangles, albedo, binding=head.tongue, uv=uv, specular=0.45, noise=0.2,
        extra={"tongueOut": over_the_lip},
    )  # fmt: skip
