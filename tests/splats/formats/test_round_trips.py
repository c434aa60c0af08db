"""What is written is read again, exact within what the format can hold."""

import dataclasses
import io
import json
import struct
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.needs import shared
from tests.splats.conftest import cloud

from visavis.errors import BadInput
from visavis.splats.cloud import SH_0, Splats, harmonics
from visavis.splats.formats import read_splats, write_splats
from visavis.splats.formats.spz import DISPLAY_STEP


def again(splats: Splats, path: Path) -> Splats:
    write_splats(splats, path)
    return read_splats(path)


def turn_between(a: Splats, b: Splats) -> float:
    """The largest angle in radians between their rotations."""
    return float(2 * np.arccos(np.clip(np.abs((a.rotations.astype(float) * b.rotations).sum(1)), 0, 1)).max())


@pytest.mark.parametrize("degree", [0, 1, 2, 3])
@pytest.mark.parametrize("suffix", [".ply", ".glb"])
def test_float_formats_keep_everything(tmp_path: Path, suffix: str, degree: int) -> None:
    splats = cloud(degree=degree)
    found = again(splats, tmp_path / f"a{suffix}")
    assert found.degree == degree
    assert np.array_equal(found.positions, splats.positions)
    assert np.array_equal(found.sh, splats.sh)
    assert np.allclose(found.rotations, splats.rotations, atol=1e-6)
    assert np.allclose(found.log_scales, splats.log_scales, atol=1e-6)
    assert np.allclose(found.opacity_logits, splats.opacity_logits, atol=1e-4)


@pytest.mark.parametrize("degree", [0, 2, 3])
def test_spz_keeps_its_steps(tmp_path: Path, degree: int) -> None:
    splats = cloud(degree=degree)
    found = again(splats, tmp_path / "a.spz")
    assert np.abs(found.positions - splats.positions).max() <= 0.5 / 4096 + 1e-7
    assert np.abs(found.log_scales - splats.log_scales).max() <= 0.5 / 16 + 1e-5
    assert np.abs(found.opacity - splats.opacity).max() <= 0.5 / 255 + 1e-6
    assert np.abs(found.base_colours - splats.base_colours).max() <= 0.5 * DISPLAY_STEP + 1e-6
    if degree:
        assert np.abs(found.sh[:, 1:] - splats.sh[:, 1:]).max() <= 0.5 / 128 + 1e-6
    assert turn_between(found, splats) < 0.006
    assert np.array_equal(again(found, tmp_path / "b.spz").positions, found.positions)


def test_splat_keeps_its_steps(tmp_path: Path) -> None:
    splats = cloud(degree=0)
    inside = dataclasses.replace(splats, sh=np.clip(splats.sh, -0.49 / SH_0, 0.49 / SH_0))
    order = np.argsort(-(inside.log_scales.sum(1) + np.log(np.maximum(inside.opacity, 1e-9))), kind="stable")
    wanted, found = inside.take(order), again(inside, tmp_path / "a.splat")
    assert np.array_equal(found.positions, wanted.positions)
    assert np.allclose(found.log_scales, wanted.log_scales, atol=1e-5)
    assert np.abs(found.base_colours - wanted.base_colours).max() <= 0.5 / 255 + 1e-6
    assert np.abs(found.opacity - wanted.opacity).max() <= 0.5 / 255 + 1e-6
    assert turn_between(found, wanted) < 0.03


def test_an_unknown_ending_is_refused(tmp_path: Path, splats: Splats) -> None:
    with pytest.raises(BadInput, match=r"Use \.ply"):
        write_splats(splats, tmp_path / "a.obj")
    assert list(tmp_path.iterdir()) == []


def test_half_a_turn_is_its_own_inverse_and_turns_the_light(splats: Splats) -> None:
    turned = splats.half_turned()
    assert np.array_equal(turned.half_turned().sh, splats.sh)
    directions = np.random.default_rng(1).normal(size=(20, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    seen = harmonics(directions, 3) @ splats.sh[0]
    assert np.allclose(harmonics(directions * [1, -1, -1], 3) @ turned.sh[0], seen, atol=1e-5)
    half = np.diag([1.0, -1, -1])
    assert np.allclose(splats.moved(np.c_[half, np.zeros(3)]).sh, turned.sh, atol=1e-5)


def test_a_squeeze_carries_covariances(splats: Splats) -> None:
    matrix = np.array([[1.2, 0.3, 0, 1], [0, 0.7, 0.1, 2], [0.2, 0, 1.5, 3]])
    moved = splats.moved(matrix)

    def covariances(cloud_: Splats) -> np.ndarray:
        from visavis.splats.cloud import matrices_of

        axes = matrices_of(cloud_.rotations) * cloud_.scales[:, None, :]
        return axes @ np.swapaxes(axes, 1, 2)

    linear = matrix[:, :3]
    assert np.allclose(covariances(moved), linear @ covariances(splats) @ linear.T, rtol=1e-3, atol=1e-8)


def webp(texels: np.ndarray) -> bytes:
    """uint8 [n, 4] RGBA as a picture 16 wide, lossless."""
    high = -(-len(texels) // 16)
    picture = np.zeros((high * 16, 4), np.uint8)
    picture[: len(texels)] = texels
    bgra = np.ascontiguousarray(picture.reshape(high, 16, 4)[..., [2, 1, 0, 3]])
    return cv2.imencode(".webp", bgra, [cv2.IMWRITE_WEBP_QUALITY, 101])[1].tobytes()


def sog_file(path: Path, count: int = 20) -> None:
    """A .sog whose splats lie along x, with codebooks that count upwards."""
    x = np.linspace(0, 65535, count).astype(int)
    opaque = np.full(count, 255)
    zero = np.zeros(count, int)
    book = np.linspace(-6, -1, 256).tolist()
    meta = {
        "version": 2, "count": count, "means": {"mins": [-1, 0, 0], "maxs": [1, 1, 1], "files": ["l.webp", "u.webp"]},
        "scales": {"codebook": book, "files": ["s.webp"]}, "quats": {"files": ["q.webp"]},
        "sh0": {"codebook": np.linspace(-1, 1, 256).tolist(), "files": ["c.webp"]},
    }  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("meta.json", json.dumps(meta))
        archive.writestr("l.webp", webp(np.stack([x & 255, zero, zero, opaque], 1)))
        archive.writestr("u.webp", webp(np.stack([x >> 8, zero, zero, opaque], 1)))
        archive.writestr("s.webp", webp(np.stack([zero + 255, zero + 128, zero, opaque], 1)))
        archive.writestr("q.webp", webp(np.stack([zero + 128, zero + 128, zero + 255, zero + 253], 1)))
        archive.writestr("c.webp", webp(np.stack([zero + 255, zero, zero, zero + 204], 1)))


def test_sog(tmp_path: Path) -> None:
    sog_file(tmp_path / "a.sog")
    found = read_splats(tmp_path / "a.sog")
    along = np.linspace(-1, 1, 20)
    assert np.allclose(found.positions[:, 0], np.sign(along) * np.expm1(np.abs(along)), atol=1e-4)
    assert np.allclose(found.log_scales[0], [-1, -6 + 5 * 128 / 255, -6], atol=1e-5)
    assert np.allclose(found.opacity, 0.8, atol=1e-5)
    assert np.allclose(found.sh[0, 0], [1, -1, -1])
    assert np.allclose(np.abs(found.rotations[0]), [0, 0.7071, 0, 0.7071], atol=0.004)  # z and x, the largest left out


def ksplat_file(path: Path, level: int) -> np.ndarray:
    """A .ksplat of one section with a full bucket of 4 and one of 2; positions are returned in our axes."""
    rng = np.random.default_rng(3)
    at = rng.uniform(-0.9, 0.9, (6, 3))
    centres = np.array([[0.0, 0, 0], [0.5, 0, 0]])
    header, section = bytearray(4096), bytearray(1024)
    header[1] = 1
    struct.pack_into("<I", header, 4, 1)
    struct.pack_into("<I", header, 16, 6)
    struct.pack_into("<H", header, 20, level)
    struct.pack_into("<ff", header, 36, -1.5, 1.5)
    struct.pack_into("<IIIIfH", section, 0, 6, 6, 4, 2, 4.0, 12)
    struct.pack_into("<III", section, 24, 32767, 0, 1)
    struct.pack_into("<IH", section, 36, 1, 1)
    body = io.BytesIO()
    body.write(struct.pack("<I", 2) + centres.astype("<f4").tobytes())
    for i in range(6):
        number = "<f4" if level == 0 else "<f2"
        centre = centres[0 if i < 4 else 1]
        fixed = at[i].astype("<f4") if level == 0 else np.round((at[i] - centre) / (2 / 32767) + 32767).astype("<u2")
        body.write(fixed.tobytes() + np.array([0.1, 0.2, 0.3], number).tobytes() + np.array([1, 0, 0, 0], number).tobytes())
        body.write(bytes([255, 0, 0, 204]))
        rest = np.arange(9) / 10
        body.write(np.round((rest + 1.5) / 3 * 255).astype("u1").tobytes() if level == 2 else rest.astype(number).tobytes())
    struct.pack_into("<I", section, 32, 1)
    path.write_bytes(bytes(header) + bytes(section) + body.getvalue())
    return at * [1, -1, -1]


@pytest.mark.parametrize("level", [0, 1, 2])
def test_ksplat(tmp_path: Path, level: int) -> None:
    wanted = ksplat_file(tmp_path / "a.ksplat", level)
    found = read_splats(tmp_path / "a.ksplat")
    assert np.allclose(found.positions, wanted, atol=1e-4)
    assert np.allclose(found.scales[0], [0.1, 0.2, 0.3], atol=1e-3)
    assert np.allclose(found.opacity, 0.8, atol=1e-5)
    turned = found.half_turned()
    assert np.allclose(turned.sh[0, 1:, 0], [0, 0.1, 0.2], atol=0.01)  # red first, then green
    assert np.allclose(turned.sh[0, 1:, 1], [0.3, 0.4, 0.5], atol=0.01)


@pytest.mark.parametrize(
    ("file", "count", "degree"),
    [("biker.spz", 152_746, 0), ("guitar.compressed.ply", 90_854, 0), ("khr_conformance_matrix.glb", 15, 3), ("minimal-v2.spz", 4, 0),
     ("minimal-v3.spz", 4, 0), ("minimal-v4.spz", 4, 0), ("minimal.splat", 4, 0), ("unitCube-ascii.ply", 20, 0)],
)  # fmt: skip
def test_files_of_others_open(file: str, count: int, degree: int) -> None:
    found = read_splats(shared(f"gaussian/{file}"))
    assert (len(found), found.degree) == (count, degree)
    assert np.allclose(np.linalg.norm(found.rotations, axis=1), 1, atol=1e-5)


def test_the_same_four_splats_in_every_format() -> None:
    third, fourth, plain = (read_splats(shared(f"gaussian/minimal{end}")) for end in ("-v3.spz", "-v4.spz", ".splat"))
    assert np.allclose(third.positions, fourth.positions)
    assert np.allclose(third.rotations, fourth.rotations, atol=1e-6)
    assert np.allclose(plain.positions, fourth.positions, atol=1e-3)
    assert np.allclose(plain.base_colours, fourth.base_colours, atol=DISPLAY_STEP)
