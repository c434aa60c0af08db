"""Materials: colours as they should be shown, roughness, normal maps, coordinates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.engines.rig.characters.glb import Glb

from visavis.engines.rig.characters.gltf import read_gltf
from visavis.engines.rig.characters.materials import (
    Finish,
    bake_normal_map,
    finish_of,
    flat_colour,
    flat_light,
    flat_roots,
    is_eyeball,
    is_mouth,
    lit_roots,
    sheer_triangles,
)
from visavis.errors import BadInput
from visavis.render.shade import TONE_SCALE, tone_table

EXPOSURE = 0.4
RED = np.full((4, 6, 4), [200, 40, 20, 255], np.uint8)


def finish(folder: Path, *, flat: bool = False, **material: object) -> Finish:
    glb = Glb()
    colour = material.pop("colour", (1, 1, 1, 1))
    if "picture" in material:
        material["texture"] = glb.picture(material.pop("picture"))
    glb.material("it", colour, **material)
    return finish_of(read_gltf(glb.write(folder / "a.glb")), 0, flat=flat, exposure=EXPOSURE)


def test_flat_colours_come_out_of_the_tone_curve_as_they_went_in() -> None:
    light = flat_light(EXPOSURE) * (flat_roots(EXPOSURE) / 255.0) ** 2
    shown = tone_table(EXPOSURE)[np.minimum(np.sqrt(light) * TONE_SCALE, 4095).astype(int)]
    np.testing.assert_allclose(shown, np.arange(256) * 252 / 255, atol=3)
    assert flat_colour(np.zeros(3), EXPOSURE).max() == 0


def test_lit_colours_are_linear() -> None:
    assert [round((int(v) / 255) ** 2, 2) for v in lit_roots()[[0, 128, 255]]] == [0, 0.21, 1]


def test_roughness_and_alpha(tmp_path: Path) -> None:
    smooth, rough = (finish(tmp_path, roughness=r).gloss for r in (0.2, 0.9))
    assert smooth > 5 * rough
    assert finish(tmp_path).picture is None
    cut = RED.copy()
    cut[:2, :, 3] = 90
    masked = finish(tmp_path, picture=cut, alphaMode="MASK")
    assert masked.blended
    assert masked.picture is not None
    assert masked.picture[:, 0, 3].tolist() == [0, 0, 255, 255]
    assert masked.picture[:, 0, 4].tolist() == [0, 0, 255, 255]  # no highlight where nothing is
    glass = finish(tmp_path, colour=(1, 1, 1, 0.25), alphaMode="BLEND")
    assert glass.picture is not None
    assert glass.picture[0, 0, 3] == 64


def test_a_normal_map_shades_towards_the_light(tmp_path: Path) -> None:
    """A square facing the viewer; texels that lean towards a light from the right brighten, the others darken."""
    plain = finish(tmp_path, picture=np.full((8, 8, 4), 180, np.uint8))
    lean = np.zeros((8, 8, 4), np.uint8)
    lean[:, :4], lean[:, 4:] = [128 + 80, 128, 128 + 99, 255], [128 - 80, 128, 128 + 99, 255]
    it = replace(plain, normal_map=lean)
    uv = np.array([[[0, 1], [1, 1], [1, 0]], [[0, 1], [1, 0], [0, 0]]], float)
    corners = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 0], [0, 1, 0]]], float)
    lights = np.array([[0.7, 0, 0.7, 2, 2, 2], [0, 0, 1, 0, 0, 0], [0, 0, 1, 0, 0, 0]], float)
    before = it.picture.copy() if it.picture is not None else np.zeros(0)
    bake_normal_map(it, uv, corners, np.array([[0, 0, 1.0]] * 2), lights, np.full((2, 3), 0.3))
    assert it.picture is not None
    assert (it.picture[2:6, 1:3, 0] > before[2:6, 1:3, 0]).all()
    assert (it.picture[2:6, 5:7, 0] < before[2:6, 5:7, 0]).all()
    assert (it.picture[2:6, 1:3, 5] > 128).all()
    assert (it.picture[2:6, 5:7, 5] < 128).all()


def test_triangles_are_told_apart_by_what_they_wear() -> None:
    picture = np.zeros((8, 8, 8), np.uint8)
    picture[:, :3, 3], picture[:, 3:5, 3] = 255, 120
    uv = np.array([[[x, 0.1], [x + 0.1, 0.1], [x, 0.5]] for x in (0.02, 0.3, 0.85, 1.02)])
    sheer, gone = sheer_triangles(picture, uv)
    assert sheer.tolist() == [False, True, True, False]
    assert gone.tolist() == [False, False, True, False]


def test_a_texture_in_a_format_not_read_is_told(tmp_path: Path) -> None:
    glb = Glb()
    glb.document["textures"] = [{"extensions": {"KHR_texture_basisu": {"source": 0}}}]
    glb.material("it", texture=0)
    with pytest.raises(BadInput, match="KTX2"):
        finish_of(read_gltf(glb.write(tmp_path / "a.glb")), 0, flat=False, exposure=EXPOSURE)


@pytest.mark.parametrize(
    ("name", "eyeball", "mouth"),
    [
        ("eyeLeft|mesh|FaceCapHead", True, False),
        ("Eye_L|x|y", True, False),
        ("Armature|Body|Eyes", True, False),
        ("x|CC_Base_Eye|Std_Cornea_R", True, False),
        ("x|EyeLashes|y", False, False),
        ("x|Eyebrows|y", False, False),
        ("Wolf3D_Teeth|m|t", False, True),
        ("x|y|M_GumsTongue", False, True),
        ("Head|Face|Mouth_Skin", False, False),
        ("Monkey|Key|Keyboard", False, False),
    ],
)
def test_parts_by_name(name: str, eyeball: bool, mouth: bool) -> None:
    assert (is_eyeball(name), is_mouth(name)) == (eyeball, mouth)
