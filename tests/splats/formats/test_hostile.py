"""Files from strangers: cut short, absurd, or no numbers at all. One clear line each, and nothing large is allocated."""

import gzip
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.splats.conftest import cloud
from tests.splats.formats.test_round_trips import ksplat_file, sog_file

from visavis.errors import BadInput, NotFound
from visavis.splats.formats import read_splats, write_splats

MOST_BYTES = 8 << 20
PLY = "ply\nformat binary_little_endian 1.0\nelement vertex {}\n"
NAMES = "x y z f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 rot_0 rot_1 rot_2 rot_3"
COLUMNS = "".join(f"property float {name}\n" for name in NAMES.split())


def refused(path: Path) -> str:
    """The one line that reading ends in, without much memory being taken."""
    tracemalloc.start()
    try:
        with pytest.raises(BadInput) as caught:
            read_splats(path)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < MOST_BYTES, most
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 300
    return line


@pytest.mark.parametrize("suffix", [".ply", ".splat", ".spz", ".glb", ".ksplat", ".sog"])
@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.97])
def test_cut_short(tmp_path: Path, suffix: str, kept: float) -> None:
    path = tmp_path / f"a{suffix}"
    match suffix:
        case ".ksplat":
            ksplat_file(path, 1)
        case ".sog":
            sog_file(path)
        case _:
            write_splats(cloud(100, 1), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept) | (suffix == ".splat")])
    assert refused(path)


@pytest.mark.parametrize("count", ["0", "2000001", "99999999999", "-4", "1e9", "x"])
def test_ply_counts(tmp_path: Path, count: str) -> None:
    path = tmp_path / "a.ply"
    path.write_bytes((PLY.format(count) + COLUMNS + "end_header\n").encode() + b"\0" * 560)
    assert refused(path)


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("ply\nformat binary_little_endian 1.0\n", "header"),
        (PLY.format(1) + "property list uchar int vertex_indices\nend_header\n", "do not have"),
        (PLY.format(1) + "property float x\nproperty float x\nend_header\n" + "\0" * 8, "twice"),
        (PLY.format(1) + "property float x\nend_header\n" + "\0" * 8, "no column 'y'"),
        ("ply\nformat ascii 1.0\nelement vertex 1\n" + COLUMNS + "end_header\n" + "a " * 14, "no number"),
        ("ply\nformat ebcdic 1.0\nelement vertex 1\n" + COLUMNS + "end_header\n", "known format"),
    ],
)
def test_ply_headers(tmp_path: Path, header: str, fault: str) -> None:
    path = tmp_path / "a.ply"
    path.write_bytes(header.encode())
    assert fault in refused(path)


@pytest.mark.parametrize(
    ("column", "bad"), [(c, b) for c in (0, 6, 10, 13) for b in (np.nan, np.inf, -np.inf)] + [(0, 1e30), (10, 1e30)]
)
def test_values_that_are_no_numbers(tmp_path: Path, column: int, bad: float) -> None:
    path = tmp_path / "a.ply"
    write_splats(cloud(5, 0), path)
    data = bytearray(path.read_bytes())
    start = data.index(b"end_header\n") + 11
    struct.pack_into("<f", data, start + 2 * 17 * 4 + 4 * column, bad)
    path.write_bytes(data)
    assert refused(path)


def test_spz_that_swells(tmp_path: Path) -> None:
    path = tmp_path / "a.spz"
    path.write_bytes(gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 4, 0, 12, 0, 0) + b"\0" * (64 << 20)))
    assert len(read_splats(path)) == 4  # what follows the splats is never unpacked
    path.write_bytes(gzip.compress(struct.pack("<4sIIBBBB", b"NGSP", 3, 1_900_000, 3, 12, 0, 0)))
    assert "ends before" in refused(path)


@pytest.mark.parametrize(("at", "value"), [(4, 9), (8, 1 << 31), (12, 7), (15, 200), (16, 1 << 30)])
def test_spz_4_headers(tmp_path: Path, at: int, value: int) -> None:
    header = bytearray(struct.pack("<4sIIBBBBI12x", b"NGSP", 4, 4, 0, 12, 0, 5, 32)) + b"\1" * 200
    struct.pack_into("<I" if at in {4, 8, 16} else "<B", header, at, value)
    path = tmp_path / "a.spz"
    path.write_bytes(header)
    assert refused(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [(b'"count": 100', b'"count": 1e9'), (b'"type": "VEC3"', b'"type": "MAT9"'), (b'"byteOffset": 0', b'"byteOffset": -9'),
     (b'"nodes": [0]', b'"nodes": [7]'), (b'"mesh": 0', b'"mesh": 9'), (b'"scene": 0', b'"scene": "'),
     (b'"bufferView": 0', b'"bufferView": 90')],
)  # fmt: skip
def test_gltf_that_does_not_hold_together(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / "a.glb"
    write_splats(cloud(100, 0), path)
    size = struct.unpack_from("<I", path.read_bytes(), 12)[0]
    data = path.read_bytes()
    text = data[20 : 20 + size]
    assert old in text
    text = text.replace(old, new, 1)
    text += b" " * (-len(text) % 4)
    path.write_bytes(data[:12] + struct.pack("<I", len(text)) + data[16:20] + text + data[20 + size :])
    assert refused(path)


def test_nodes_in_a_ring(tmp_path: Path) -> None:
    path = tmp_path / "a.gltf"
    path.write_text('{"scenes": [{"nodes": [0]}], "nodes": [{"children": [0]}], "meshes": []}')
    assert "ring" in refused(path)


def test_what_is_no_splat_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    assert "Readable" in refused(tmp_path / "a.txt")
    with pytest.raises(NotFound):
        read_splats(tmp_path / "missing.ply")
