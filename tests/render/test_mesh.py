"""A mesh file holds what was saved, and nothing else is taken for one."""

import zipfile
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from visavis.errors import BadInput, TooLarge
from visavis.render import mesh as module
from visavis.render.mesh import RenderMesh


def test_a_saved_mesh_comes_back_the_same(person: RenderMesh, tmp_path: Path) -> None:
    person.save(tmp_path / "a.npz")
    back = RenderMesh.load(tmp_path / "a.npz")
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]
    for field in fields(RenderMesh):
        ours, theirs = getattr(person, field.name), getattr(back, field.name)
        assert np.array_equal(ours, theirs), field.name
        assert np.asarray(ours).dtype == np.asarray(theirs).dtype, field.name


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("triangles", np.array([[0, 1, 10**6]], np.int32)),
        ("triangles", np.zeros((0, 3), np.int32)),
        ("positions", np.zeros((5, 3), np.float64)),
        ("part", np.full(3, 1, np.uint8)),
        ("exposure", float("nan")),
        ("distance_m", -1.0),
        ("shape_offsets", np.zeros(53, np.int64)),
        ("eye_ranges", np.array([[0, 5], [5, 9]], np.int32)),
    ],
)
def test_a_mesh_that_does_not_hold_together_is_refused(person: RenderMesh, name: str, value: object) -> None:
    with pytest.raises(BadInput, match="does not hold together"):
        replace(person, **{name: value}).validate()


def test_numbers_that_are_none_are_refused(person: RenderMesh) -> None:
    albedo = person.albedo.copy()
    albedo[3, 1] = np.nan
    with pytest.raises(BadInput, match="albedo"):
        replace(person, albedo=albedo).validate()


def test_a_mesh_beyond_the_bounds_is_refused(person: RenderMesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module._BOUNDS, "v", 100)
    with pytest.raises(TooLarge):
        person.validate()


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04" + bytes(60)])
def test_a_file_that_is_no_mesh_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=r"a\.npz"):
        RenderMesh.load(path)


def test_a_truncated_and_a_foreign_archive_are_refused(person: RenderMesh, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    person.save(path)
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(BadInput):
        RenderMesh.load(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("positions.npy", b"x")
    with pytest.raises(BadInput, match="other fields"):
        RenderMesh.load(path)


def test_pickles_are_not_opened(person: RenderMesh, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays = {f.name: np.asarray(getattr(person, f.name)) for f in fields(RenderMesh)}
    arrays["iris"] = np.array([{"evil": 1}], dtype=object)
    np.savez(path, format=np.int64(1), shapes=np.array(module.SHAPES), **arrays)
    with pytest.raises(BadInput, match="pickle"):
        RenderMesh.load(path)


def test_a_file_that_unpacks_to_too_much_is_refused(
    person: RenderMesh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.save(tmp_path / "a.npz")
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 1000)
    with pytest.raises(TooLarge):
        RenderMesh.load(tmp_path / "a.npz")
