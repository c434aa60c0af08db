"""Textures and what is blended by their alpha: the kernels against their plain twins, 45 dB of the finished picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.render.test_pixels import psnr

from visavis.arkit import INDEX
from visavis.engines.rig.engine import RigEngine
from visavis.engines.rig.look import fitted_textures
from visavis.errors import BadInput
from visavis.render.mesh import Part, RenderMesh
from visavis.render.paint import band_buffers, paint
from visavis.render.plain_paint import plain_paint
from visavis.render.plain_textured import plain_texel
from visavis.render.prepare import prepare, unit_normals
from visavis.types import FaceFrame

SIZE = 128


def dressed(person: RenderMesh) -> RenderMesh:
    """The ball person with a texture on its skin, one on each eye, and see-through hair in front of it."""
    rng = np.random.default_rng(2)
    sizes = np.array([[24, 40], [16, 16]], np.int32)
    texels = rng.integers(90, 255, (24 * 40 + 16 * 16, 8)).astype(np.uint8)
    texels[:, 3] = rng.integers(0, 255, len(texels))
    texels[:, 5] = rng.integers(100, 156, len(texels))
    groups = np.full(person.triangle_group.max() + 1, -1, np.int16)
    for part, texture in ((Part.SKIN, 0), (Part.HAIR, 0), (Part.EYE, 1)):
        groups[np.unique(person.triangle_group[person.triangle_part == part])] = texture
    return replace(person, texels=texels, texture_sizes=sizes, group_texture=groups, sheer=person.triangle_part == Part.HAIR)


@pytest.fixture(scope="module")
def engine(person: RenderMesh) -> RigEngine:
    engine = RigEngine(dressed(person), width=SIZE, height=SIZE)
    weights = np.zeros(52, np.float32)
    weights[INDEX["jawOpen"]] = 0.8
    zeros = np.zeros(3, np.float32)
    engine.draw(FaceFrame(0, weights, np.array([0.2, 0.1, 0.1], np.float32), zeros, np.full((2, 2), 0.1, np.float32)))
    return engine


def test_the_painted_picture(engine: RigEngine) -> None:
    look = engine._canvases[0].look
    geometry, arrays = engine._canvases[0].frame.geometry(engine._person), look.arrays(1.0)
    assert len(geometry[8])
    drawn = np.empty((SIZE, SIZE, 3), np.uint8)
    paint(0, SIZE // 16, geometry, arrays, band_buffers(SIZE), look.background, drawn)
    plain = plain_paint(geometry, arrays, engine._person.mesh.two_sided, look.background)
    assert psnr(drawn, plain) > 45


def test_sheer_triangles_show_what_is_behind_them(person: RenderMesh) -> None:
    def drawn(alpha: int) -> np.ndarray:
        mesh = dressed(person)
        mesh.texels[:, 3], mesh.texels[:, 4] = alpha, 0
        return RigEngine(mesh, width=SIZE, height=SIZE).draw_rgb(FaceFrame.neutral()).astype(float)

    clear, half, solid = (drawn(alpha) for alpha in (0, 128, 255))
    bald = replace(dressed(person), triangles=person.triangles.copy())
    bald.triangles[person.triangle_part == Part.HAIR] = 0
    bald.texels[:, 4] = 0
    without = RigEngine(bald, width=SIZE, height=SIZE).draw_rgb(FaceFrame.neutral()).astype(float)
    assert np.abs(clear - without).max() <= 1
    assert np.abs(solid - clear).max() > 60
    np.testing.assert_allclose(half, (clear + solid) / 2, atol=26)  # locks may lie over each other


def test_textures_repeat_and_are_read_between_their_texels() -> None:
    texels = np.zeros((4, 8), np.uint8)
    texels[:, 3] = [0, 100, 100, 200]
    pictures = texels, np.array([[0, 2, 2]]), np.zeros(1, np.int16)
    of = np.zeros(4, np.int64)
    u, v = np.array([0.25, 0.5, 0.75, 1.25]), np.array([0.25, 0.5, -0.25, 5.25])
    np.testing.assert_allclose(plain_texel(pictures, of, u, v)[:, 3] * 255, [0, 100, 200, 0])


def test_fitted_textures_are_no_finer_than_the_picture(person: RenderMesh) -> None:
    mesh = dressed(person)
    fine, coarse = (fitted_textures(mesh, focal)[1] for focal in (20_000.0, 40.0))
    assert fine[:, 1:].tolist() == mesh.texture_sizes.tolist()
    assert (coarse[:, 1:] < fine[:, 1:]).all()
    assert coarse[:, 1:].min() >= 1


def test_people_without_textures_are_left_alone(person: RenderMesh) -> None:
    same = prepare(replace(person, smooth=np.arange(len(person.positions), dtype=np.int32)))
    plain = prepare(person)
    assert np.array_equal(same.normals, plain.normals)
    assert np.array_equal(same.bent_around, plain.bent_around)
    assert len(plain.sheer) == 0


def test_vertices_of_one_number_share_a_normal() -> None:
    """Two triangles that meet at a right angle along an edge whose vertices stand twice."""
    points = np.array([[0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, -1]], np.float32)
    triangles = np.array([[0, 2, 1], [3, 4, 5]], np.int32)
    shared = unit_normals(points, triangles, np.array([0, 1, 2, 0, 1, 5], np.int32))
    assert np.array_equal(shared[0], shared[3])
    assert not np.allclose(unit_normals(points, triangles)[0], shared[0])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"texture_sizes": np.array([[9, 9]], np.int32)}, "divide the texels"),
        ({"texture_sizes": np.array([[-24, -40], [16, 16]], np.int32)}, "divide the texels"),
        ({"group_texture": np.full(40, 7, np.int16)}, "outside the textures"),
        ({"group_texture": np.zeros(1, np.int16)}, "outside the textures"),
        ({"sheer": np.ones(3, bool)}, "another size"),
        ({"smooth": np.zeros(3, np.int32)}, "another size"),
    ],
)
def test_what_does_not_hold_together_is_refused(person: RenderMesh, change: dict, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        replace(dressed(person), **change).validate()


def test_a_sheer_triangle_needs_a_texture(person: RenderMesh) -> None:
    mesh = dressed(person)
    with pytest.raises(BadInput, match="has no texture"):
        replace(mesh, sheer=mesh.triangle_part == Part.CLOTH).validate()
