"""Characters in the picture: upright, framed, arms down, eyes that turn, teeth that follow, hair that can be seen through."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.engines.rig.characters.ict import write_ict
from tests.engines.rig.characters.small import plain_character, vrm_character
from tests.needs import shared

from visavis.arkit import INDEX
from visavis.engines.rig.characters.assemble import assemble
from visavis.engines.rig.characters.build import Character, read_character
from visavis.engines.rig.characters.mapping import CharacterFile, View
from visavis.engines.rig.engine import RigEngine
from visavis.render.mesh import Part, RenderMesh
from visavis.render.plain import plain_project
from visavis.types import FaceFrame

PLAIN = CharacterFile()


def mesh_of(path: Path, settings: CharacterFile = PLAIN) -> tuple[Character, RenderMesh]:
    character = read_character(path, settings)
    return character, assemble(character, settings)[0]


def moved(mesh: RenderMesh, shape: str, rows: np.ndarray) -> np.ndarray:
    """What a shape does to some vertices, [n, 3] metres."""
    field = np.zeros_like(mesh.positions)
    part = slice(mesh.shape_offsets[INDEX[shape]], mesh.shape_offsets[INDEX[shape] + 1])
    field[mesh.shape_indices[part]] = mesh.shape_deltas[part]
    return field[rows]


def picture(mesh: RenderMesh, **weights: float) -> np.ndarray:
    values = np.zeros(52, np.float32)
    for name, value in weights.items():
        values[INDEX[name]] = value
    engine = RigEngine(mesh, width=128, height=128)
    zeros = np.zeros(3, np.float32)
    return engine.draw_rgb(FaceFrame(0, values, zeros, zeros, np.zeros((2, 2), np.float32)), transparent=True)


@pytest.mark.parametrize("turn_deg", [0.0, 90.0, 180.0, -90.0])
@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_a_face_looks_at_the_viewer_at_any_size(tmp_path: Path, turn_deg: float, scale: float) -> None:
    _, mesh = mesh_of(plain_character(turn_deg=turn_deg, scale=scale).write(tmp_path / "a.glb"))
    assert mesh.eye_centres[0, 0] > 0.02 > -0.02 > mesh.eye_centres[1, 0]
    assert (mesh.eye_centres[:, 2] > -0.02).all()
    seen = picture(mesh)[..., 3]
    rows, columns = np.flatnonzero(seen.max(1) > 128), np.flatnonzero(seen.max(0) > 128)
    assert 4 < rows[0] < 30  # some room above the head
    assert rows[-1] == 127  # a neck that leaves the picture
    assert abs(columns.mean() - 63.5) < 8


@pytest.mark.parametrize("version", [0, 1])
def test_a_skinned_character_hangs_its_arms_and_turns_its_head_alone(tmp_path: Path, version: int) -> None:
    path = vrm_character(version).write(tmp_path / "a.vrm")
    character, mesh = mesh_of(path)
    arms = np.array(character.gathered.mesh)[character.gathered.piece] == 1
    assert np.abs(character.gathered.positions[arms, 0]).max() < 0.3  # from 0.5 aside in the T-pose
    t_pose = read_character(path, CharacterFile(view=View(arms=0.0)))
    assert np.abs(t_pose.gathered.positions[arms, 0]).max() > 0.45
    assert mesh.head_weight.max() == 1
    low = mesh.positions[:, 1] < mesh.pivot[1] - 0.1
    assert mesh.head_weight[low].max() < 0.6
    assert character.report.own
    assert (mesh.triangle_part != Part.EYE).all()


def test_eyeballs_are_found_and_the_lids_shade_them(tmp_path: Path) -> None:
    _, mesh = mesh_of(plain_character().write(tmp_path / "a.glb"))
    assert (mesh.triangle_part == Part.EYE).sum() == 2 * 2 * 11 * 16
    radii = np.linalg.norm(mesh.eye_rest, axis=2)
    np.testing.assert_allclose(radii, radii.mean(), rtol=0.02)
    line = mesh.positions[mesh.lid_lines]
    assert (np.abs(line[0, :, 0] - mesh.eye_centres[0, 0]) < 0.03).all()
    assert (np.diff(line[:, :, 0], axis=1) >= 0).all()


def test_lower_teeth_go_with_the_jaw_and_upper_ones_stay(tmp_path: Path) -> None:
    _, mesh = mesh_of(plain_character().write(tmp_path / "a.glb"))
    teeth = np.flatnonzero(mesh.part == Part.MOUTH)
    fall = moved(mesh, "jawOpen", teeth)[:, 1]
    high = mesh.positions[teeth, 1] > mesh.positions[teeth, 1].mean()
    assert fall[~high].max() < -0.01
    assert np.abs(fall[high]).max() == 0


def test_a_row_of_teeth_alone_is_told_by_where_it_is(tmp_path: Path) -> None:
    """The upper row alone does not fall with the jaw."""
    glb = plain_character()
    teeth = next(mesh for mesh in glb.document["meshes"] if mesh["name"] == "Teeth")["primitives"][0]
    indices = glb.document["accessors"][teeth["indices"]]
    indices["count"] //= 2
    _, mesh = mesh_of(glb.write(tmp_path / "a.glb"))
    rows = np.flatnonzero(mesh.part == Part.MOUTH)
    assert len(rows) == 15
    assert np.abs(moved(mesh, "jawOpen", rows)).max() == 0


def test_only_what_can_be_seen_through_is_blended(tmp_path: Path) -> None:
    _, mesh = mesh_of(plain_character().write(tmp_path / "a.glb"))
    lock = mesh.group_texture[mesh.triangle_group] >= 0
    assert 0 < mesh.sheer[lock].sum() < lock.sum()  # the upper half is opaque, the lowest rows are gone
    assert not mesh.sheer[~lock].any()
    assert 0 < lock.sum() < 64
    texels = mesh.texels.reshape(*mesh.texture_sizes[0], 8)
    assert texels[0, 0, 3] == 255
    assert texels[-1, -1, 3] == 0


def test_unlit_colours_are_shown_as_they_are_painted(tmp_path: Path) -> None:
    """The face's colour, linear (.9, .7, .6), is (243, 218, 203) on the screen."""
    _, mesh = mesh_of(vrm_character(1).write(tmp_path / "a.vrm"))
    face = picture(mesh)[56:66, 54:60].reshape(-1, 4)
    np.testing.assert_allclose(np.median(face[:, :3], axis=0), [243, 218, 203], atol=16)


def test_view_settings_move_the_frame(tmp_path: Path) -> None:
    path = plain_character().write(tmp_path / "a.glb")
    plain, near = mesh_of(path)[1], mesh_of(path, CharacterFile(view=View(zoom=2.0)))[1]
    span = [float(np.ptp(m.eye_centres[:, 0])) for m in (plain, near)]
    assert span[1] == pytest.approx(2 * span[0], rel=1e-3)
    raised = mesh_of(path, CharacterFile(view=View.model_validate({"raise": 0.1})))[1]
    assert raised.look_at[1] > plain.look_at[1]


def test_seams_of_texture_coordinates_are_no_edges(tmp_path: Path) -> None:
    """A vertex that stands twice, with the same normal of the file's own, shades as one."""
    glb = plain_character()
    character = read_character(glb.write(tmp_path / "a.glb"))
    mesh = assemble(character, PLAIN)[0]
    twins = {}
    for n, place in enumerate(map(tuple, np.round(mesh.positions, 6))):
        twins.setdefault(place, []).append(n)
    assert all(len({int(mesh.smooth[n]) for n in same}) == 1 for same in twins.values() if mesh.part[same[0]] == Part.SKIN)


@pytest.mark.parametrize(
    ("name", "own", "composed"),
    [("rig/facecap_head_generic.glb", 51, 0), ("rig/ict_facekit.npz", 51, 0), ("avatars/Godette_vrm_v4.vrm", 2, 33)],
)
def test_real_characters_work_at_once(tmp_path: Path, name: str, own: int, composed: int) -> None:
    path = shared(name)
    if path.suffix == ".npz":
        path = write_ict(path, tmp_path / "ict.glb")
    character, mesh = mesh_of(path)
    assert (len(character.report.own), len(character.report.composed)) == (own, composed)
    screen = plain_project(mesh, mesh.positions[mesh.head_weight > 0.95], 512, 512)
    assert 20 < screen[:, 1].min() < 110
    assert screen[:, 1].max() > 330
    assert screen[:, 0].min() > 10
    assert screen[:, 0].max() < 502
    at_rest = picture(mesh)
    for shape in ("jawOpen", "mouthPucker", "eyeBlinkLeft", "eyeLookOutRight"):
        changed = np.abs(picture(mesh, **{shape: 1.0}).astype(int) - at_rest).max(2) > 24
        assert changed.sum() > 6, shape
