"""The vertex kernels against their plain twins. Tolerances: metres 1e-6, unit vectors 1e-3, light 2e-3 of the brightest."""

import numpy as np
import pytest

from visavis.arkit import COUNT, INDEX
from visavis.render import light, pose
from visavis.render.mesh import Part, RenderMesh
from visavis.render.plain import plain_eye_rows, plain_pose, plain_project, plain_rows, plain_shape
from visavis.render.prepare import Prepared, rotation, unit_normals

WEIGHTS = np.zeros(COUNT, np.float32)
for _name, _value in {"jawOpen": 0.6, "mouthSmileLeft": 0.8, "eyeBlinkLeft": 0.3, "cheekPuff": 0.5}.items():
    WEIGHTS[INDEX[_name]] = _value
LOOKS = np.array([[0.2, -0.1], [0.15, -0.1]], np.float32)
HEAD = np.vstack([rotation(0.3, -0.1, 0.05), [0.01, 0.0, -0.004]]).astype(np.float32)
LAG = np.vstack([rotation(0.2, -0.05, 0.02), [0.008, 0.001, -0.002]]).astype(np.float32)


def order_of(person: RenderMesh, prepared: Prepared) -> np.ndarray:
    """Index in the mesh of each prepared vertex."""
    _, order = np.unique(prepared.triangles.ravel(), return_index=True)
    return person.triangles.ravel()[order]


@pytest.fixture(scope="module")
def shaped(prepared: Prepared) -> tuple[np.ndarray, np.ndarray]:
    out, normals = np.empty_like(prepared.positions), prepared.normals.copy()
    pose.blend_shapes(prepared.positions, prepared.shape_offsets, prepared.shape_indices, prepared.shape_deltas, WEIGHTS, out)
    for eye in range(2):
        a, b = prepared.eye_spans[eye]
        turn = rotation(float(LOOKS[eye, 0]), float(LOOKS[eye, 1]), 0.0)
        pose.turn_eye(
            a, prepared.mesh.eye_centres[eye], prepared.mesh.eye_rest[eye], prepared.normals[a:b].copy(), turn, out, normals
        )
    faces = np.empty((len(prepared.bent_triangles), 3), np.float32)
    pose.bend_normals(
        out, prepared.bent_triangles, prepared.bent_vertices, prepared.bent_starts, prepared.bent_around, faces, normals
    )
    return out, normals


def test_every_vertex_is_used_once(person: RenderMesh, prepared: Prepared) -> None:
    order = order_of(person, prepared)
    assert len(np.unique(order)) == len(person.positions)
    assert np.array_equal(prepared.positions, person.positions[order])
    for part in Part:
        first, past = prepared.spans[part]
        assert (person.part[order[first:past]] == part).all()
        assert past - first == (person.part == part).sum()


def test_shapes_and_eyes(person: RenderMesh, prepared: Prepared, shaped: tuple[np.ndarray, np.ndarray]) -> None:
    plain = plain_shape(person, WEIGHTS, LOOKS)[order_of(person, prepared)]
    assert np.abs(plain - prepared.positions).max() > 0.005
    np.testing.assert_allclose(shaped[0], plain, atol=1e-6)


def test_normals_of_what_bends(prepared: Prepared, shaped: tuple[np.ndarray, np.ndarray]) -> None:
    plain = unit_normals(shaped[0], prepared.triangles.astype(np.int32))
    np.testing.assert_allclose(shaped[1][prepared.bent_vertices], plain[prepared.bent_vertices], atol=1e-3)
    for a, b in prepared.eye_spans:
        np.testing.assert_allclose(shaped[1][a:b], plain[a:b], atol=1e-3)


def test_pose_and_projection(person: RenderMesh, prepared: Prepared, shaped: tuple[np.ndarray, np.ndarray]) -> None:
    posed, turned, screen = (np.empty_like(prepared.positions) for _ in range(3))
    focal = 256 / person.half_height_m * person.distance_m
    camera = np.array([*person.look_at, focal, 256, 256], np.float32)
    camera[2] += person.distance_m
    pose.pose_project(shaped[0], shaped[1], prepared.follow, person.pivot, HEAD, LAG, camera, posed, turned, screen)
    plain = plain_pose(shaped[0], prepared.follow, person.pivot, HEAD, LAG)
    np.testing.assert_allclose(posed, plain, atol=1e-6)
    np.testing.assert_allclose(screen, plain_project(person, plain, 512, 512), rtol=1e-4, atol=2e-3)
    rigid = prepared.follow[:, 0] == 1
    np.testing.assert_allclose(turned[rigid], shaped[1][rigid] @ HEAD[:3].T, atol=1e-5)


def test_soft_shadow_is_a_blend_of_the_nearest_directions(prepared: Prepared) -> None:
    rng = np.random.default_rng(1)
    nearest = rng.integers(0, len(prepared.visibility), (3, 4))
    share = rng.dirichlet(np.ones(4), 3).astype(np.float32)
    out = np.empty((3, prepared.shaded), np.float32)
    light.soft_shadow(prepared.visibility, nearest, share, out)
    plain = np.einsum("lk,lkv->lv", share, prepared.visibility[nearest][:, :, : prepared.shaded] / 255)
    np.testing.assert_allclose(out, plain, atol=1e-5)


@pytest.mark.parametrize("part", [Part.SKIN, Part.CLOTH, Part.HAIR, Part.FINE, Part.MOUTH])
def test_light(person: RenderMesh, prepared: Prepared, part: Part) -> None:
    rng = np.random.default_rng(2)
    first, past = prepared.spans[part]
    span, at = np.array([first, past]), slice(first, past)
    shadow = rng.uniform(0, 1, (3, prepared.shaded)).astype(np.float32)
    set_ = np.zeros((6, 6), np.float32)
    set_[:3], set_[3:5, :3], set_[5, :3] = person.lights, person.ambient, [0, 0, 0.9]
    rows = np.zeros((len(prepared.positions), 8), np.float32)
    rows[:, 3:6] = prepared.looks[:, 4:7]
    posed, turned, looks, wrap = prepared.positions, prepared.normals, prepared.looks, person.wrap[part]
    blink = np.array([0.7, 0.2], np.float32)
    tangents = None
    match part:
        case Part.SKIN | Part.CLOTH:
            light.light_surface(span, np.float32(part == Part.SKIN), posed, turned, prepared.facing, prepared.occlusion, shadow,
                                prepared.lids, blink, looks, wrap, set_, rows)  # fmt: skip
        case Part.MOUTH:
            light.light_mouth(
                span, np.float32(0.4), posed, turned, prepared.facing, prepared.occlusion, looks, wrap, set_, rows
            )
        case _:
            light.light_strands(span, posed, turned, prepared.facing, prepared.occlusion, shadow, prepared.tangents, prepared.follow,
                                HEAD[:3], looks, wrap, set_, rows)  # fmt: skip
            share = prepared.follow[at].sum(1, keepdims=True)
            still = prepared.tangents[at]
            tangents = still + share * (still @ HEAD[:3].T - still)
    lit = shadow[:, at] if part != Part.MOUTH else shadow
    plain = plain_rows(part, posed[at], turned[at], prepared.facing[at], prepared.occlusion[at], lit, looks[at],
                       wrap, set_, lid=prepared.lids[at] @ blink, opening=0.4, tangents=tangents)  # fmt: skip
    assert np.ptp(plain[:, 0]) > 0.01
    np.testing.assert_allclose(rows[at], plain, atol=2e-3 * max(1, np.abs(plain).max()))


def test_light_on_the_eyes(person: RenderMesh, prepared: Prepared) -> None:
    set_ = np.zeros((6, 6), np.float32)
    set_[:3], set_[3:5, :3] = person.lights, person.ambient
    lid = np.array([0.02, 0.05, *np.linspace(0.025, 0.03, 16)], np.float32)
    rows = np.zeros((len(prepared.positions), 8), np.float32)
    rows[:, 3:5] = prepared.looks[:, 4:6]
    span = prepared.eye_spans[0]
    light.light_eye(span, lid, prepared.positions, prepared.normals, prepared.looks, person.wrap[Part.EYE], set_, rows)
    at = slice(*span)
    plain = plain_eye_rows(prepared.positions[at], prepared.normals[at], lid, prepared.looks[at], person.wrap[Part.EYE], set_)
    np.testing.assert_allclose(rows[at], plain, atol=2e-3 * np.abs(plain).max())
