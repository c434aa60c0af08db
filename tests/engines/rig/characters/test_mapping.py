"""From what a character brings to the 52 shapes, and the file that says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.engines.rig.characters.small import ARKIT, plain_character, vrm_character

from visavis.engines.rig.characters.build import Character, read_character
from visavis.engines.rig.characters.expressions import Term
from visavis.engines.rig.characters.mapping import FILE, CharacterFile, View, read_mapping, write_mapping
from visavis.engines.rig.characters.shapes import shape_fields
from visavis.errors import BadInput


def fields_of(character: Character) -> dict[str, np.ndarray]:
    return shape_fields(
        character.gathered, character.sources, character.mapping, character.anatomy, character.nodes, character.bones
    )


def middle_x(character: Character, shape: str) -> float:
    field = fields_of(character)[shape]
    way = np.linalg.norm(field, axis=1)
    return float((character.gathered.positions[:, 0] * way).sum() / way.sum())


def test_own_targets_are_taken_as_they_are(tmp_path: Path) -> None:
    character = read_character(plain_character().write(tmp_path / "a.glb"))
    assert set(character.report.own) == set(ARKIT)
    assert character.mapping["jawOpen"] == (Term("jawOpen"),)
    assert character.mapping["mouthClose"][0].weight < 0  # composed of the open jaw
    assert "tongueOut" in character.report.missing
    assert len(character.report.own) + len(character.report.composed) + len(character.report.missing) == 52


def test_a_target_of_both_sides_is_parted_in_the_middle(tmp_path: Path) -> None:
    glb = plain_character({"mouthSmileLeft": "mouthSmile", "mouthSmileRight": "nothing"})
    primitive = glb.document["meshes"][0]["primitives"][0]
    order = glb.document["meshes"][0]["extras"]["targetNames"]
    left, right = (np.frombuffer(bytes(glb.data), np.float32, count, offset).copy() for offset, count in (
        _place(glb, primitive["targets"][order.index(name)]["POSITION"]) for name in ("mouthSmile", "nothing")))  # fmt: skip
    offset, _ = _place(glb, primitive["targets"][order.index("mouthSmile")]["POSITION"])
    glb.data[offset : offset + left.nbytes] = (left + right).tobytes()
    character = read_character(glb.write(tmp_path / "a.glb"))
    assert character.mapping["mouthSmileLeft"] == (Term("mouthSmile", side="left"),)
    assert middle_x(character, "mouthSmileLeft") > 0.02
    assert middle_x(character, "mouthSmileRight") < -0.02


def _place(glb, accessor: int) -> tuple[int, int]:
    entry = glb.document["accessors"][accessor]
    return glb.document["bufferViews"][entry["bufferView"]]["byteOffset"], entry["count"] * 3


def test_sides_named_as_the_viewer_sees_them_are_exchanged(tmp_path: Path) -> None:
    swapped = {a: a.replace("Left", "@").replace("Right", "Left").replace("@", "Right") for a in ARKIT}
    character = read_character(plain_character(swapped).write(tmp_path / "a.glb"))
    assert "exchanged" in character.remarks[0]
    assert middle_x(character, "eyeBlinkLeft") > 0 > middle_x(character, "eyeBlinkRight")


@pytest.mark.parametrize("version", [0, 1])
def test_vrm_expressions_stand_in_for_arkit(tmp_path: Path, version: int) -> None:
    character = read_character(vrm_character(version).write(tmp_path / "a.vrm"))
    assert character.vrm is not None
    assert character.vrm.version == version
    assert set(character.report.own) == {"eyeBlinkLeft", "eyeBlinkRight"}
    assert character.mapping["jawOpen"][0].source == "vrm:aa"
    assert character.mapping["mouthPucker"][0].source == "vrm:ou"
    assert character.mapping["mouthSmileLeft"] == (Term("vrm:happy", 0.8, "left", "mouth"),)
    assert middle_x(character, "eyeBlinkLeft") > 0  # upright and looking along +Z, whichever way the file looks


def test_oculus_visemes_are_the_fallback(tmp_path: Path) -> None:
    names = {"jawOpen": "viseme_aa", "mouthPucker": "viseme_U", "mouthSmileLeft": "viseme_E", "mouthSmileRight": "viseme_PP"}
    character = read_character(plain_character(names).write(tmp_path / "a.glb"))
    assert character.mapping["jawOpen"][0].source == "viseme_aa"
    assert character.mapping["mouthClose"][0].source == "viseme_PP"
    assert character.mapping["mouthStretchRight"][0] == Term("viseme_E", 0.5, "right", "mouth")


def test_a_file_written_is_read_as_the_same(tmp_path: Path) -> None:
    character = read_character(vrm_character(1).write(tmp_path / "a.vrm"))
    write_mapping(tmp_path / FILE, View(zoom=1.5), character.mapping, character.report, character.sources)
    read = read_mapping(tmp_path / FILE)
    assert read.view.zoom == 1.5
    again = read_character(tmp_path / "a.vrm", read)
    assert again.mapping == character.mapping
    assert again.report == character.report


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("zoom = 1", "zoom: Extra"),
        ("[view]\nzoom = 99.0", "view.zoom"),
        ("[view]\nzoom = 'wide'", "view.zoom"),
        ("[view]\nshading = 'toon'", "view.shading"),
        ("[view]\nturn_deg = nan", "view.turn_deg"),
        ("[shapes]\nsmile = []", "'smile' is not an ARKit shape"),
        ("[shapes]\njawOpen = [{ source = 'x', weight = 1e9 }]", "weight"),
        ("[shapes]\njawOpen = [{ source = 'x', part = 'nose' }]", "part"),
        ("[shapes]\njawOpen = 'x'", "jawOpen"),
        ("[shapes\n", "not TOML"),
        ("\xff", "not TOML"),
        ("#" * 300_000, "larger than"),
    ],
)
def test_a_file_not_in_order_is_told(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / FILE).write_bytes(text.encode("latin-1"))
    with pytest.raises(BadInput, match=fault):
        read_mapping(tmp_path / FILE)


def test_a_term_for_what_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('[shapes]\njawOpen = [{ source = "maw" }]\n')
    with pytest.raises(BadInput, match=r"has no 'maw'.*jawOpen"):
        read_character(plain_character().write(tmp_path / "a.glb"), read_mapping(tmp_path / FILE))


def test_a_face_without_known_names_is_told(tmp_path: Path) -> None:
    unknown = {shape: f"Key {n}" for n, shape in enumerate(ARKIT)}
    with pytest.raises(BadInput, match="nothing moves its face"):
        read_character(plain_character(unknown).write(tmp_path / "a.glb"))
    lines = "".join(f'{shape} = [{{ source = "Key {n}" }}]\n' for n, shape in enumerate(ARKIT))
    (tmp_path / FILE).write_text("[shapes]\n" + lines)
    named = read_character(tmp_path / "a.glb", read_mapping(tmp_path / FILE))
    assert set(named.mapping) == set(ARKIT)


def test_too_few_shapes_are_told(tmp_path: Path) -> None:
    only = {shape: shape if shape.startswith("eyeBlink") else f"Key {n}" for n, shape in enumerate(ARKIT)}
    only["eyeBlinkRight"] = "Key 99"
    with pytest.raises(BadInput, match="only"):
        read_character(
            plain_character(only).write(tmp_path / "a.glb"),
            CharacterFile.model_validate({"shapes": {"eyeBlinkLeft": [{"source": "eyeBlinkLeft"}]}}),
        )
