"""The cache of built people: built once, keyed by what they are made of, rebuilt when damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from visavis.avatars import BUILT_IN, Avatar, read_bundle
from visavis.engines.rig.people import build, load_person, mesh_path, store
from visavis.errors import BadInput
from visavis.render.mesh import RenderMesh
from visavis.testing.person import ball_person


@pytest.fixture
def avatar(tmp_path: Path) -> Avatar:
    return read_bundle(Path(shutil.copytree(BUILT_IN / "nova", tmp_path / "nova")))


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The builder replaced by a ball, which is noted."""
    calls: list[str] = []

    def build_ball(_head: object, _spec: object, _progress: object = None) -> RenderMesh:
        calls.append("built")
        return ball_person()

    monkeypatch.setattr(build, "build_person", build_ball)
    monkeypatch.setattr(store, "load_head", lambda *_: None)
    return calls


def test_built_once_then_read(avatar: Avatar, tmp_path: Path, built: list[str]) -> None:
    first = load_person(avatar, tmp_path / "cache")
    second = load_person(avatar, tmp_path / "cache")
    assert built == ["built"]
    assert (first.positions == second.positions).all()
    assert [p.name for p in (tmp_path / "cache" / "people").iterdir()] == [mesh_path(avatar, tmp_path / "cache").name]


def test_a_changed_spec_is_built_anew_and_the_old_mesh_dropped(avatar: Avatar, tmp_path: Path, built: list[str]) -> None:
    load_person(avatar, tmp_path / "cache")
    before = mesh_path(avatar, tmp_path / "cache")
    spec = avatar.asset("rig")
    spec.write_text(spec.read_text().replace("seed = 5", "seed = 6"))
    load_person(avatar, tmp_path / "cache")
    assert built == ["built", "built"]
    assert not before.exists()
    assert mesh_path(avatar, tmp_path / "cache").exists()


def test_a_damaged_mesh_is_built_anew(avatar: Avatar, tmp_path: Path, built: list[str]) -> None:
    load_person(avatar, tmp_path / "cache")
    mesh_path(avatar, tmp_path / "cache").write_bytes(b"PK damaged")
    load_person(avatar, tmp_path / "cache")
    assert built == ["built", "built"]


def test_a_bad_spec_is_told_before_anything_is_built(avatar: Avatar, tmp_path: Path, built: list[str]) -> None:
    avatar.asset("rig").write_text("seed = 'five'\n")
    with pytest.raises(BadInput, match=r"person\.toml"):
        load_person(avatar, tmp_path / "cache")
    assert built == []
    assert not (tmp_path / "cache" / "people").exists()
