"""Reading glTF: what the format allows is read, what is wrong is refused in one line, nothing else ever happens."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.engines.rig.characters.glb import Glb, pack
from tests.engines.rig.characters.small import plain_character, vrm_character

from visavis.engines.rig.characters.build import read_character
from visavis.engines.rig.characters.gltf import Gltf, read_gltf
from visavis.engines.rig.characters.images import picture_size, read_image
from visavis.errors import BadInput, TooLarge, VisavisError


def read(glb: Glb, folder: Path) -> Gltf:
    return read_gltf(glb.write(folder / "a.glb"))


def test_arrays_with_strides_normalised_numbers_and_sparse_values(tmp_path: Path) -> None:
    glb = Glb()
    packed = np.zeros((4, 8), np.uint16)
    packed[:, :2] = [[0, 65535], [1, 2], [3, 4], [5, 6]]
    view = glb.view(packed.tobytes())
    glb.document["bufferViews"][view]["byteStride"] = 16
    glb.document["accessors"].append(
        {"bufferView": view, "componentType": 5123, "count": 4, "type": "VEC2", "normalized": True}
    )
    glb.document["accessors"].append({"componentType": 5126, "count": 5, "type": "VEC3", "sparse": {
        "count": 2, "indices": {"bufferView": glb.view(np.array([1, 3], np.uint8).tobytes()), "componentType": 5121},
        "values": {"bufferView": glb.view(np.array([[1, 2, 3], [4, 5, 6]], np.float32).tobytes())}}})  # fmt: skip
    gltf = read(glb, tmp_path)
    np.testing.assert_allclose(gltf.array(0, "VEC2")[0], [0, 1])
    sparse = gltf.array(1, "VEC3")
    assert sparse.sum(1).tolist() == [0, 6, 0, 15, 0]


def test_json_with_data_inside_is_the_same(tmp_path: Path) -> None:
    glb = plain_character()
    one = read_character(glb.write(tmp_path / "a.glb"))
    glb.document["buffers"] = [
        {
            "byteLength": len(glb.data),
            "uri": "data:application/octet-stream;base64," + base64.b64encode(bytes(glb.data)).decode(),
        }
    ]
    (tmp_path / "a.gltf").write_text(json.dumps(glb.document))
    other = read_character(tmp_path / "a.gltf")
    assert np.array_equal(one.gathered.positions, other.gathered.positions)


def spoil(glb: Glb, where: str, value: object) -> Glb:
    """Sets `a.0.b` of the document."""
    at = glb.document
    *path, last = where.split(".")
    for key in path:
        at = at[int(key)] if isinstance(at, list) else at[key]
    if isinstance(at, list):
        at[int(last)] = value
    else:
        at[last] = value
    return glb


SPOILT = [
    ("asset.version", "1.0", "glTF '1.0', not 2.0"),
    ("extensionsRequired", ["KHR_draco_mesh_compression"], "Draco"),
    ("extensionsRequired", ["KHR_texture_basisu"], "KTX2"),
    ("extensionsRequired", ["EXT_strange"], "EXT_strange"),
    ("meshes.0.primitives.0.extensions", {"KHR_draco_mesh_compression": {}}, "Draco"),
    ("bufferViews.0.extensions", {"EXT_meshopt_compression": {}}, "meshopt"),
    ("buffers.0.uri", "model.bin", "another file"),
    ("buffers.0.uri", "https://example.org/model.bin", "another file"),
    ("buffers.0.uri", "data:;base64,%%%", "not base64"),
    ("accessors.0.count", 1 << 40, "accessors"),
    ("accessors.0.count", 1 << 30, r"million numbers|vertices"),
    ("accessors.0.count", -3, "accessors"),
    ("accessors.0.count", 10_000, "beyond its data"),
    ("accessors.0.bufferView", 4_000, "no buffer view 4000"),
    ("accessors.0.type", "VEC2", "not VEC3"),
    ("accessors.0.componentType", 9, "componentType"),
    ("bufferViews.0.byteLength", 1 << 30, "beyond its buffer"),
    ("bufferViews.0.byteOffset", 1 << 30, "beyond its buffer"),
    ("meshes.0.primitives.0.attributes.POSITION", 999, "999"),
    ("meshes.0.primitives.0.attributes", {"NORMAL": 0}, "position"),
    ("meshes.0.primitives.0.material", 99, "no material 99"),
    ("meshes.0.primitives.0.targets.0.POSITION", 1, "accessor 1 is"),
    ("nodes.0.mesh", 77, "no mesh 77"),
    ("nodes.0.children", [0], "its own"),
    ("nodes.0.children", [1, 1], "two parents"),
    ("nodes.0.translation", [1e30, 0, 0], "nodes.0.translation"),
    ("nodes.0.translation", [0, 0], "nodes.0.translation"),
    ("nodes.0.skin", 3, None),
    ("scenes.0.nodes", [500], "no node 500"),
    ("textures.0.source", 12, "no image 12"),
    ("images.0.uri", "skin.png", None),
    ("images.0.bufferView", 0, "neither PNG, JPEG nor WebP"),
]


@pytest.mark.parametrize(("where", "value", "fault"), SPOILT)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, where: str, value: object, fault: str | None) -> None:
    path = spoil(plain_character(), where, value)
    text = json.dumps(path.document).encode()
    (tmp_path / "a.glb").write_bytes(pack(text, bytes(path.data)) if "buffers" not in where else pack(text, b""))
    if fault is None:
        draw_all(tmp_path / "a.glb")
        return
    with pytest.raises(BadInput, match=fault) as told:
        draw_all(tmp_path / "a.glb")
    assert "\n" not in str(told.value)


def draw_all(path: Path) -> None:
    """Everything short of baking."""
    from visavis.engines.rig.characters.assemble import assemble
    from visavis.engines.rig.characters.mapping import CharacterFile

    assemble(read_character(path), CharacterFile())


def test_two_nodes_that_contain_each_other(tmp_path: Path) -> None:
    glb = plain_character()
    glb.document["nodes"] += [{"children": [len(glb.document["nodes"]) + 1]}, {"children": [len(glb.document["nodes"])]}]
    with pytest.raises(BadInput, match="its own ancestor"):
        read_character(glb.write(tmp_path / "a.glb"))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_none(tmp_path: Path, value: float) -> None:
    glb = plain_character()
    struct.pack_into("<f", glb.data, 4, value)
    with pytest.raises(BadInput, match="no numbers"):
        read_character(glb.write(tmp_path / "a.glb"))


@pytest.mark.parametrize(
    ("cut", "fault"),
    [
        (lambda d: d[:15], "cut short"),
        (lambda d: d[:2_000], "cut short"),
        (lambda d: d[:4] + struct.pack("<I", 1) + d[8:], "version 1"),
        (lambda d: d[:12] + struct.pack("<I", 0xFFFFFFF0) + d[16:], "beyond the file"),
        (lambda d: d[:16] + b"XXXX" + d[20:], "no JSON"),
        (lambda d: pack(b"{", b""), "no glTF 2.0"),
        (lambda d: pack(b"[" * 100_000, b""), "no glTF 2.0"),
        (lambda d: pack(b'{"asset": {"version": "2.0"}}', b""), "no triangles"),
        (lambda d: pack(b"\xff\xfe", b""), "no glTF 2.0"),
    ],
)
def test_files_cut_or_damaged(tmp_path: Path, cut: Callable[[bytes], bytes], fault: str) -> None:
    (tmp_path / "a.glb").write_bytes(cut(plain_character().to_bytes()))
    with pytest.raises(BadInput, match=fault):
        read_character(tmp_path / "a.glb")


@pytest.mark.parametrize("seed", range(30))
def test_any_damage_is_an_error_of_ours_or_none(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    whole = bytearray((plain_character() if seed % 2 else vrm_character(seed // 2 % 2)).to_bytes())
    length = struct.unpack_from("<I", whole, 12)[0]
    for _ in range(6):
        at = int(rng.integers(20, 20 + length)) if rng.random() < 0.6 else int(rng.integers(0, len(whole)))
        whole[at] = ord(rng.choice(list('0123456789-,{}[]"e.'))) if 20 <= at < 20 + length else int(rng.integers(256))
    (tmp_path / "a.glb").write_bytes(bytes(whole))
    told = ""
    try:
        with np.errstate(all="ignore"):
            draw_all(tmp_path / "a.glb")
    except VisavisError as error:
        told = str(error)
    assert "\n" not in told


def test_pictures_are_measured_before_they_are_decoded(tmp_path: Path) -> None:
    glb = Glb()
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 60_000, 60_000) + b"\x08\x02\x00\x00\x00"
    glb.document["images"] = [{"bufferView": glb.view(bomb)}, {"bufferView": glb.view(bomb[:20] + b"\0\0\0\x04" + bomb[24:])}]
    gltf = read(glb, tmp_path)
    assert picture_size(bomb) == (60_000, 60_000)
    with pytest.raises(TooLarge, match="60000 x 60000"):
        read_image(gltf, 0)
    with pytest.raises(BadInput):
        read_image(gltf, 1)
    assert picture_size(b"\xff\xd8\xff\xe0" + b"\0" * 40) is None


@pytest.mark.parametrize("ending", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("channels", [3, 4])
def test_pictures_of_the_formats_of_gltf_and_webp(tmp_path: Path, ending: str, channels: int) -> None:
    drawn = np.random.default_rng(1).integers(0, 255, (30, 50, channels)).astype(np.uint8)
    for quality in (90, 101):  # WebP above 100 is its lossless kind
        parameters = [cv2.IMWRITE_WEBP_QUALITY, quality] if ending == ".webp" else []
        data = cv2.imencode(ending, drawn, parameters)[1].tobytes()
        assert picture_size(data) == (50, 30)
        glb = Glb()
        glb.document["images"] = [{"bufferView": glb.view(data)}]
        assert read_image(read(glb, tmp_path), 0).shape == (30, 50, 4)


def test_too_many_parts_and_vertices_are_told_before_they_are_read(tmp_path: Path) -> None:
    glb = plain_character()
    head = glb.document["nodes"][0]["mesh"]
    glb.document["nodes"] += [{"mesh": head}] * 5_000
    glb.document["scenes"][0]["nodes"] = list(range(len(glb.document["nodes"])))
    with pytest.raises(TooLarge, match="more than"):
        read_character(glb.write(tmp_path / "a.glb"))
