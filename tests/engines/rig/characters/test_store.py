"""Characters and new heads as avatars: made whole, built once, built anew when edited, refused without a trace."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.rig.characters.small import plain_character

from visavis.avatars import Likeness, list_avatars
from visavis.engines.rig import store as rig_store
from visavis.engines.rig.characters import build
from visavis.engines.rig.characters.mapping import FILE
from visavis.engines.rig.store import load_mesh
from visavis.errors import BadInput, VisavisError
from visavis.render.mesh import RenderMesh
from visavis.session.creation import Request, create_avatar, create_head
from visavis.testing.person import ball_person

OURS = Likeness(origin="character", statement="Made for this test.")


def unheard(doing: str, part: float) -> None:
    del doing, part


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Baking and pruning left out; each build is noted."""
    calls: list[str] = []

    def note(mesh: RenderMesh, **_: object) -> RenderMesh:
        calls.append("built")
        return mesh

    monkeypatch.setattr(build, "prune", note)
    monkeypatch.setattr(build, "bake", lambda mesh: mesh)
    return calls


def test_a_character_becomes_an_avatar(tmp_path: Path, built: list[str]) -> None:
    source = plain_character().write(tmp_path / "My Friend.glb")
    request = Request(source, likeness=OURS, options={"zoom": "1.2", "raise": "0.05"})
    avatar, remarks = create_avatar(request, tmp_path / "home", tmp_path / "cache", unheard)
    assert (avatar.name, avatar.engines, avatar.assets) == ("my-friend", ("rig",), {"rig": "character.glb"})
    assert avatar.asset("rig").read_bytes() == source.read_bytes()
    assert "Of the 52 shapes 7 are there" in " ".join(remarks)
    assert "zoom = 1.2" in (avatar.folder / FILE).read_text()
    load_mesh(avatar, tmp_path / "cache")
    assert built == ["built"]  # the one of creating is found again


def test_an_edited_mapping_is_built_anew(tmp_path: Path, built: list[str]) -> None:
    source = plain_character().write(tmp_path / "a.glb")
    avatar, _ = create_avatar(Request(source, "one", likeness=OURS), tmp_path / "home", tmp_path / "cache", unheard)
    mapping = avatar.folder / FILE
    mapping.write_text(mapping.read_text().replace('jawOpen = [{ source = "jawOpen" }]', ""))
    mesh = load_mesh(avatar, tmp_path / "cache")
    assert built == ["built", "built"]
    assert mesh.shape_offsets[18] == mesh.shape_offsets[17]  # jawOpen moves nothing any more
    assert len(list((tmp_path / "cache" / "characters").iterdir())) == 1
    mapping.write_text("[shapes]\njawOpen = [{ source = 'maw' }]\n")
    with pytest.raises(BadInput, match="maw"):
        load_mesh(avatar, tmp_path / "cache")


@pytest.mark.parametrize(
    ("body", "options", "fault"),
    [
        (b"glTF\x02\0\0\0", {}, "cut short"),
        (b"glTF" + b"\0" * 100, {}, "version 0"),
        (None, {"wings": "1"}, "no option 'wings'"),
        (None, {"zoom": "wide"}, "zoom"),
        (None, {"zoom": "nan"}, "zoom"),
    ],
)
def test_what_cannot_be_used_leaves_nothing(
    tmp_path: Path, built: list[str], body: bytes | None, options: dict, fault: str
) -> None:
    source = tmp_path / "a.glb"
    source.write_bytes(plain_character().to_bytes() if body is None else body)
    with pytest.raises(VisavisError, match=fault):
        create_avatar(Request(source, "one", likeness=OURS, options=options), tmp_path / "home", tmp_path / "cache", unheard)
    assert [a.name for a in list_avatars(tmp_path / "home")] == ["milo", "nova"]
    assert built == []


def test_a_new_head_becomes_an_avatar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig_store, "load_mesh", lambda *_: ball_person())
    avatar = create_head({"seed": 7, "age": "60"}, "ruth", tmp_path / "home", tmp_path / "cache", unheard, title="Ruth")
    assert (avatar.title, avatar.licence, avatar.likeness.origin) == ("Ruth", "CC0-1.0", "synthetic")
    assert "age = 60" in avatar.asset("rig").read_text()
    with pytest.raises(BadInput, match="is installed"):
        create_head({"seed": 8}, "ruth", tmp_path / "home", tmp_path / "cache", unheard)
    with pytest.raises(BadInput, match="age"):
        create_head({"age": 7}, "kid", tmp_path / "home", tmp_path / "cache", unheard)
    assert [a.name for a in list_avatars(tmp_path / "home")] == ["milo", "nova", "ruth"]
