"""A portrait's file is read strictly: whatever is wrong with it is said in one line, and nothing of it is used."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from visavis.engines.portrait.portrait import Portrait
from visavis.errors import BadInput


def test_saved_and_read_again(girl: Portrait, tmp_path: Path) -> None:
    girl.save(tmp_path / "a.npz")
    assert (tmp_path / "a.npz").stat().st_size < 5 << 20
    again = Portrait.load(tmp_path / "a.npz")
    assert all(np.array_equal(getattr(again, f.name), getattr(girl, f.name)) for f in fields(girl))


@pytest.mark.parametrize(
    "change",
    [
        {"points": lambda a: np.where(a == a[0], np.nan, a).astype(np.float32)},
        {"points": lambda a: a * np.float32(1e6)},
        {"points": lambda a: a[:-1]},
        {"uv": lambda a: np.full_like(a, np.inf)},
        {"grid_triangles": lambda a: a + 10**8},
        {"face_triangles": lambda a: -a - 1},
        {"face_triangles": lambda a: a[:0]},
        {"mouth_triangles": lambda a: a * 0},
        {"shape_indices": lambda a: a + 2**30},
        {"shape_offsets": lambda a: a[::-1].copy()},
        {"spans": lambda a: a * 0},
        {"spans": lambda a: a + 1},
        {"zones": lambda a: a * 0},
        {"eye_triangles": lambda a: a + 169},
        {"picture": lambda a: a[:100, :100]},
        {"picture": lambda a: a.astype(np.float32)},
        {"left_eye": lambda a: a[:1, :1]},
        {"own": lambda a: a + 5},
        {"camera": lambda a: a * 0},
        {"eye_points": lambda a: a + np.float32(2)},
        {"zones": lambda a: a.astype(object)},
    ],
)
def test_what_is_out_of_order_is_refused(girl: Portrait, tmp_path: Path, change: dict) -> None:
    ((name, alter),) = change.items()
    replace(girl, **{name: alter(getattr(girl, name))}).save(tmp_path / "a.npz")
    with pytest.raises(BadInput) as caught:
        Portrait.load(tmp_path / "a.npz")
    assert "\n" not in str(caught.value)


def test_cut_and_flipped_files(girl: Portrait, tmp_path: Path) -> None:
    girl.save(tmp_path / "a.npz")
    whole = (tmp_path / "a.npz").read_bytes()
    rng = np.random.default_rng(0)
    for i in range(12):
        data = bytearray(whole[: int(rng.integers(1, len(whole)))] if i % 2 else whole)
        for at in rng.integers(0, len(data), 40):
            data[at] ^= 0x5A
        (tmp_path / "b.npz").write_bytes(data)
        with pytest.raises(BadInput):
            Portrait.load(tmp_path / "b.npz")
    for data in (b"", b"PK\x03\x04", b"\x93NUMPY"):
        (tmp_path / "b.npz").write_bytes(data)
        with pytest.raises(BadInput):
            Portrait.load(tmp_path / "b.npz")


def test_missing_and_foreign_arrays(girl: Portrait, tmp_path: Path) -> None:
    arrays = {f.name: getattr(girl, f.name) for f in fields(girl)}
    np.savez(tmp_path / "a.npz", **arrays)
    np.savez(tmp_path / "b.npz", format=np.int32(1), more=np.zeros(3), **arrays)
    np.savez(tmp_path / "c.npz", format=np.int32(99), **arrays)
    for name in "abc":
        with pytest.raises(BadInput, match="another version"):
            Portrait.load(tmp_path / f"{name}.npz")
