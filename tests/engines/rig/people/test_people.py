"""What must hold on each built-in person: sealed lips, blinks that close, lashes that follow, teeth that stay inside, hair on."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.rig.people.conftest import Modelled, model

from visavis.arkit import INDEX, SHAPES
from visavis.engines.rig.people.figure import vertex_normals
from visavis.engines.rig.people.lashes import find_edges
from visavis.head import lips
from visavis.render.mesh import Part, RenderMesh

Array = np.ndarray


def posed(mesh: RenderMesh, **weights: float) -> Array:
    """Vertices under blendshapes; a name without its side stands for both."""
    out = mesh.positions.astype(np.float64)
    for name, weight in weights.items():
        for shape in (name,) if name in INDEX else (name + "Left", name + "Right"):
            part = slice(mesh.shape_offsets[INDEX[shape]], mesh.shape_offsets[INDEX[shape] + 1])
            out[mesh.shape_indices[part]] += weight * mesh.shape_deltas[part]
    return out


def test_the_mesh_holds_together_and_stays_small(person: Modelled) -> None:
    mesh = person.mesh
    mesh.validate()
    assert len(mesh.triangles) < 70_000
    assert {int(p) for p in np.unique(mesh.part)} == {int(p) for p in Part}
    assert all(np.diff(mesh.shape_offsets) > 0), [n for n, d in zip(SHAPES, np.diff(mesh.shape_offsets), strict=True) if d == 0]
    assert np.abs(mesh.eye_centres.mean(0)).max() < 1e-6, "the origin lies between the eyes"
    assert mesh.eye_centres[0, 0] > 0
    normals = vertex_normals(mesh.positions.astype(float), mesh.triangles)
    eyes = mesh.part == Part.EYE
    assert (normals[eyes, 2] > -0.2).mean() > 0.9, "eyeballs face the viewer"


@pytest.mark.parametrize("weights", [{}, {"jawOpen": 0.03, "mouthClose": 0.03, "mouthPress": 0.28, "mouthRollLower": 0.1}])
def test_lips_are_sealed_at_rest_and_in_bilabials(person: Modelled, weights: dict[str, float]) -> None:
    upper, lower = (np.flatnonzero(side) for side in lips.lip_sides(person.figure.head))
    surface = posed(person.mesh, **weights)[: len(person.figure.skin)]
    _, gap = lips.seam(surface, upper, lower)
    assert np.median(gap) < lips.OVERLAP_M + 0.0003
    assert gap.max() < lips.OVERLAP_M + 0.0008


def test_a_blink_closes_and_the_lashes_turn_down_with_the_lid(person: Modelled) -> None:
    figure, mesh = person.figure, person.mesh
    cage = figure.cage + figure.shapes.field("eyeBlinkLeft")
    for eye in (0, 1):
        upper, lower = find_edges(figure, eye)
        assert np.asarray(upper.binding.sum(1)) == pytest.approx(1.0)
        open_height = np.asarray(upper.binding @ figure.cage)[5:16, 1] - np.asarray(lower.binding @ figure.cage)[5:16, 1]
        assert open_height.min() > 0.003
        if eye == 0:
            gap = np.asarray(upper.binding @ cage)[5:16, 1] - np.asarray(lower.binding @ cage)[5:16, 1]
            assert gap.max() < 0.0015, "the lid reaches the other one"
    line = mesh.positions[mesh.lid_lines[0]].astype(float)
    assert np.abs(line[:, 0].mean() - mesh.eye_centres[0, 0]) < 0.006
    fine = np.flatnonzero((mesh.part == Part.FINE) & (mesh.positions[:, 0] > 0))
    reach = np.linalg.norm(mesh.positions[fine][:, None] - line[None], axis=2).min(1)
    above = mesh.positions[fine, 1] > np.interp(mesh.positions[fine, 0], line[:, 0], line[:, 1])
    tips = fine[(reach > 0.003) & (reach < 0.010) & above]
    assert len(tips) >= 10
    assert (posed(mesh, eyeBlink=1.0)[tips, 1] - mesh.positions[tips, 1]).max() < -0.004


@pytest.mark.parametrize("weights", [{}, {"eyeBlink": 0.5}, {"eyeSquint": 1.0}, {"eyeWide": 1.0}, {"eyeLookDown": 1.0}])
def test_no_eyeball_stands_in_front_of_its_lids(person: Modelled, weights: dict[str, float]) -> None:
    mesh, figure = person.mesh, person.figure
    radius = float(np.linalg.norm(mesh.eye_rest[0], axis=1).min())
    lids = (figure.mask("eyelids") > 0.5) & (figure.normals[:, 2] > 0.3)
    offset = posed(mesh, **weights)[: len(figure.skin)][lids] - mesh.eye_centres[0]
    across = np.hypot(offset[:, 0], offset[:, 1])
    over = (across < 0.75 * radius) & (offset[:, 2] > 0)
    assert over.sum() > 20
    ball = np.sqrt(radius**2 - across[over] ** 2)
    assert np.quantile(offset[over, 2] - ball, 0.06) > -0.0005, "but for the rim that is tucked in"


def test_a_blink_covers_the_whole_eyeball(person: Modelled) -> None:
    mesh, figure = person.mesh, person.figure
    skin = posed(mesh, eyeBlink=1.0)[: len(figure.skin)]
    first, past = mesh.eye_ranges[0]
    ball = mesh.positions[first:past].astype(float)
    radius = float(np.linalg.norm(mesh.eye_rest[0], axis=1).max())
    across = ball[:, :2] - mesh.eye_centres[0, :2]
    for point in ball[(np.hypot(*across.T) < 0.7 * radius) & (ball[:, 2] > mesh.eye_centres[0, 2])]:
        near = np.linalg.norm(skin[:, :2] - point[:2], axis=1) < 0.0030
        assert skin[near, 2].max() > point[2], "the eyeball shows through the closed lid"


def test_teeth_stay_behind_the_lips_in_wide_faces(person: Modelled) -> None:
    mesh, figure = person.mesh, person.figure
    teeth = np.flatnonzero((mesh.part == Part.MOUTH) & (mesh.specular > 0.5))
    outside = np.flatnonzero((figure.mask("inside-mouth") < 0.1) & (np.abs(figure.skin[:, 0]) < 0.04))
    for weights in (
        {},
        {"mouthSmile": 0.8, "cheekSquint": 0.5},
        {"mouthPress": 1.0},
        {"mouthRollLower": 1.0},
        {"mouthStretch": 1.0},
    ):
        points = posed(mesh, **weights)
        face = points[outside]
        through = 0
        for tooth in points[teeth]:
            near = np.linalg.norm(face[:, :2] - tooth[:2], axis=1) < 0.0022
            through += bool(near.sum() >= 3 and face[near, 2].max() < tooth[2] - 0.0005)
        assert through <= 0.01 * len(teeth), f"{through} of {len(teeth)} corners of teeth in front of the face: {weights}"


def test_hair_covers_the_crown_and_leaves_the_face_free(person: Modelled) -> None:
    mesh, unit = person.mesh, person.figure.unit
    hair = mesh.positions[mesh.part == Part.HAIR] / unit
    crown = person.figure.face[:, 1].max()
    assert hair[:, 1].max() > crown
    face = (np.abs(hair[:, 0]) < 0.42) & (hair[:, 1] > -0.9) & (hair[:, 1] < 0.32) & (hair[:, 2] > -0.1)
    assert not face.any(), "hair over the face"
    assert (hair[:, 0] > 0.3).sum() > 100
    assert (hair[:, 0] < -0.3).sum() > 100


def test_the_neck_does_not_slide_out_of_the_garment(person: Modelled) -> None:
    from visavis.engines.rig.people.skin import neckline

    mesh = person.mesh
    skin = mesh.part == Part.SKIN
    above = neckline(person.spec, person.figure, mesh.positions.astype(float))
    assert mesh.head_weight[skin & (above < -0.03) & (mesh.positions[:, 2] < -0.03)].max() == 0
    face = skin & (mesh.positions[:, 1] > -0.08) & (mesh.positions[:, 2] > 0)
    assert mesh.head_weight[face].min() == 1


def test_nova_and_milo_differ_clearly() -> None:
    nova, milo = model("nova"), model("milo")
    a, b = (person.figure.face[person.figure.face[:, 2] > -0.2] for person in (nova, milo))
    assert len(a) > 1000
    assert len(b) > 1000
    both = (nova.figure.face[:, 2] > -0.2) & (milo.figure.face[:, 2] > -0.2)
    apart = np.linalg.norm(nova.figure.face[both] - milo.figure.face[both], axis=1)
    assert np.median(apart) > 0.03, "faces that differ by more than three millimetres in the middle"
    colours = [p.mesh.albedo[p.mesh.part == Part.HAIR].mean(0) for p in (nova, milo)]
    assert np.linalg.norm(colours[0] - colours[1]) > 0.05


def test_the_same_spec_gives_the_same_mesh(person: Modelled) -> None:
    from visavis.engines.rig.people.build import model_person

    again = model_person(person.figure, person.spec, lambda _what, _share: None)
    np.testing.assert_array_equal(again.positions, person.mesh.positions)
    np.testing.assert_array_equal(again.albedo, person.mesh.albedo)
