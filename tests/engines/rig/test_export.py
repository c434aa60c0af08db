"""The model that viewers draw from: whole, small, and read by web/test/model.test.ts from the same golden file.

After a change of the layout on purpose: `python tests/engines/rig/test_export.py`.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from visavis.arkit import COUNT, SHAPES
from visavis.engines.rig.export import HEAD, MAGIC, VERSION, export_model
from visavis.render.prepare import Prepared, prepare
from visavis.testing.person import ball_person

GOLDEN = Path(__file__).parents[2] / "golden" / "model.gz"
TYPES = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "i16": np.int16, "f32": np.float32}


def read(data: bytes) -> tuple[dict, dict[str, np.ndarray]]:
    """Head and arrays, as any reader would find them."""
    magic, version, length = HEAD.unpack_from(data)
    assert (magic, version) == (MAGIC, VERSION)
    head = json.loads(data[HEAD.size : HEAD.size + length])
    arrays = {}
    for name, place in head["arrays"].items():
        start = HEAD.size + length + place["at"]
        assert start % 4 == 0, name
        count = int(np.prod(place["shape"]))
        array = np.frombuffer(data, TYPES[place["type"]], count, start).reshape(place["shape"])
        arrays[name] = array * place["unit"] if "unit" in place else array
    return head, arrays


def test_geometry_and_shapes_come_back(ball: Prepared) -> None:
    head, arrays = read(export_model(ball))
    assert head["shapes"] == list(SHAPES)
    assert head["vertices"] == len(ball.positions)
    place = {tuple(p): n for n, p in enumerate(np.round(arrays["positions"], 5).tolist())}
    assert len(place) <= head["vertices"]
    reach = np.abs(ball.positions).max()
    np.testing.assert_allclose(np.sort(arrays["positions"], 0), np.sort(ball.positions, 0), atol=reach / 32_767)
    assert len(arrays["shape_offsets"]) == COUNT + 1
    np.testing.assert_allclose(arrays["shape_deltas"], ball.shape_deltas, atol=np.abs(ball.shape_deltas).max() / 32_767)
    moved = arrays["positions"][arrays["shape_indices"]]
    np.testing.assert_allclose(moved, ball.positions[ball.shape_indices], atol=reach / 32_000)


def test_what_moves_comes_first_and_triangles_stand_in_groups(ball: Prepared) -> None:
    head, arrays = read(export_model(ball))
    for name in ("shape_indices", "bent", "lid_lines", "tongue"):
        assert arrays[name].size == 0 or arrays[name].max() < head["dynamic"], name
    assert sum(group["count"] for group in head["groups"]) == len(ball.triangles)
    assert {group["kind"] for group in head["groups"]} <= {"surface", "strand", "mouth", "eye"}
    assert arrays["triangles"].max() < head["vertices"]


def test_baked_light_follows_its_vertex(ball: Prepared) -> None:
    _, arrays = read(export_model(ball))
    at = [int(np.abs(arrays["positions"] - p).sum(1).argmin()) for p in ball.positions[: ball.shaded : 37]]
    seen = ball.visibility[:, : ball.shaded : 37].astype(int)
    exact = np.abs(arrays["positions"][at] - ball.positions[: ball.shaded : 37]).max(1) < 1e-5
    assert np.abs(arrays["visibility"][:, at].astype(int) - seen)[:, exact].mean() < 3


def test_the_golden_file_is_current() -> None:
    assert gzip.decompress(GOLDEN.read_bytes()) == export_model(plain_ball()), "run: python tests/engines/rig/test_export.py"


def plain_ball() -> Prepared:
    """Without the noise and the iris, which would make the file large."""
    ball = ball_person()
    return prepare(replace(ball, noise=np.zeros_like(ball.noise), iris=np.zeros_like(ball.iris)))


if __name__ == "__main__":
    GOLDEN.write_bytes(gzip.compress(export_model(plain_ball()), 9, mtime=0))
