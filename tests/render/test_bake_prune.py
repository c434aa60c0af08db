"""Baked light knows what covers what; pruning changes no picture."""

from dataclasses import replace

import numpy as np

from visavis.engines.rig.engine import RigEngine
from visavis.render.bake import bake_visibility, sphere_directions
from visavis.render.mesh import Part, RenderMesh
from visavis.render.plain import plain_screen
from visavis.render.prune import PIXELS, _seen, prune
from visavis.render.raster import visible
from visavis.testing.person import ball
from visavis.types import FaceFrame


def test_directions_cover_the_sphere_evenly() -> None:
    sky = sphere_directions(192)
    np.testing.assert_allclose(np.linalg.norm(sky, axis=1), 1, atol=1e-6)
    assert np.abs(sky.mean(0)).max() < 0.01
    nearest = np.sort(sky @ sky.T, axis=1)[:, -2]
    assert np.degrees(np.arccos(nearest)).max() < 18


def test_a_roof_hides_the_sky_above_it() -> None:
    floor = np.array([[x, 0, z] for z in np.linspace(-0.1, 0.1, 9) for x in np.linspace(-0.1, 0.1, 9)], np.float32)
    i = np.array([r * 9 + c for r in range(8) for c in range(8)])
    faces = np.concatenate([np.stack([i, i + 9, i + 10], 1), np.stack([i, i + 10, i + 1], 1)])
    roof = floor * [0.5, 1, 0.5] + [0, 0.02, 0]
    points = np.concatenate([floor, roof]).astype(np.float32)
    triangles = np.concatenate([faces, faces + 81]).astype(np.int32)
    normals = np.tile(np.float32([0, 1, 0]), (162, 1))
    baked = bake_visibility(points, triangles, normals, np.ones(len(triangles), bool), directions=96)
    under, open_ = 40, 0
    assert baked.occlusion[under] < 0.2
    assert baked.occlusion[open_] > 0.8
    up = int(np.argmax(baked.directions[:, 1]))
    assert baked.visibility[up, under] < 30
    assert baked.visibility[up, open_] > 225
    assert baked.occlusion[81 + 40] > 0.95


def test_a_ball_throws_no_shadow_on_its_own_lit_side() -> None:
    points, faces = ball(30, 40)
    normals = points.astype(np.float32)
    baked = bake_visibility(
        normals * np.float32(0.1), faces.astype(np.int32), normals, np.ones(len(faces), bool), directions=64
    )
    for n, towards in enumerate(baked.directions[::9]):
        facing = normals @ towards
        assert baked.visibility[9 * n][facing > 0.7].min() > 200
        assert baked.visibility[9 * n][facing < -0.7].max() < 60


def test_pruning_drops_what_is_hidden_and_changes_no_picture(person: RenderMesh) -> None:
    pruned = prune(person, yaws_deg=(-30, -15, 0, 15, 30), pitches_deg=(-12, 0, 12))
    pruned.validate()
    assert len(pruned.triangles) < 0.8 * len(person.triangles)
    assert len(pruned.view_poses) == 8
    assert pruned.view_visible.sum(1).max() < len(pruned.triangles)
    assert (pruned.part == Part.EYE).sum() == (person.part == Part.EYE).sum()
    whole, part = (RigEngine(m, width=192, height=192) for m in (person, pruned))
    for yaw, pitch in ((0, 0), (0.2, 0.1), (-0.4, -0.15), (0.45, 0.2), (1.2, 0)):
        still = FaceFrame.neutral()
        face = replace(still, head_rotation=np.array([yaw, pitch, 0.05], np.float32))
        a, b = whole.draw_rgb(face), part.draw_rgb(face)
        limit = 3e-3 if abs(yaw) < 0.6 else 0.2  # beyond the baked poses only what remains can be drawn
        assert (np.abs(a.astype(int) - b).max(2) > 6).mean() < limit, (yaw, pitch)


def test_what_lies_next_to_the_seen_is_kept_hair_too(person: RenderMesh) -> None:
    """Poses between the tried ones show a little round the corner."""
    still = plain_screen(person, np.zeros(52, np.float32), (0.8, 0.0, 0.0), (0.0, 0.0), PIXELS)
    ids = visible(still, person.triangles, person.two_sided, PIXELS, PIXELS)[1]
    corners = np.zeros(len(person.positions), bool)
    corners[person.triangles[np.unique(ids[ids >= 0])]] = True
    beside = corners[person.triangles].any(1)
    kept = _seen(person, 0.8, 0.0)
    for part in (Part.SKIN, Part.HAIR):
        here = person.triangle_part == part
        assert kept[here & beside].all(), part
    assert not kept.all()
