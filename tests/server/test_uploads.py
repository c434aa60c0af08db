"""`POST /api/avatars`: whole or not at all, bounded, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.test_avatars import make_bundle, zip_of

from visavis.session import creation
from visavis.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(size=128, fps=30, max_sessions=2, home=tmp_path / "home")


async def test_a_packed_bundle_becomes_an_avatar(server, tmp_path: Path) -> None:
    packed = zip_of(make_bundle(tmp_path / "src"), tmp_path / "iris.zip").read_bytes()
    answer = await server.client.post("/api/avatars?filename=iris.zip", content=packed)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == "/api/avatars/iris"
    assert answer.json() == {"name": "iris", "title": "Iris", "engines": ["rig"], "remarks": []}
    known = (await server.client.get("/api/avatars")).json()["avatars"]
    assert "iris" in [one["name"] for one in known]
    again = await server.client.post("/api/avatars?filename=iris.zip", content=packed)
    assert again.status_code == 400
    assert "is installed" in again.json()["message"]


@pytest.mark.parametrize(
    ("query", "body", "fault"),
    [
        ("filename=x.jpg&consent=me", b"", "nothing an avatar can be made of"),
        ("filename=x.jpg&consent=me", b"hello", "nothing an avatar can be made of"),
        ("filename=face.jpg", b"\xff\xd8\xff\xe0 no consent", "needs `consent`"),
        ("filename=face.jpg&engine=magic", b"\xff\xd8\xff\xe0", "engine"),
        ("filename=face.jpg&colour=red", b"\xff\xd8\xff\xe0", "colour"),
        ("filename=iris.zip", b"PK\x03\x04 damaged", "not a readable zip file"),
        ("filename=../../../etc/iris.zip", b"PK\x03\x04 damaged", "iris.zip is not a readable zip file"),
    ],
)
async def test_what_cannot_be_used_is_told_and_not_kept(server, tmp_path: Path, query: str, body: bytes, fault: str) -> None:
    answer = await server.client.post(f"/api/avatars?{query}", content=body)
    assert answer.status_code == 400, answer.text
    assert fault in answer.json()["message"]
    assert not list((tmp_path / "home").rglob("avatar.toml"))


async def test_a_body_without_end_is_cut_off(server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "MAX_SOURCE_BYTES", 1_000)
    answer = await server.client.post("/api/avatars?filename=iris.zip", content=b"PK\x03\x04" * 1_000)
    assert answer.status_code == 413


async def test_a_new_head_is_described_and_made(server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.engines.rig.store.load_mesh", lambda *_: None)
    offered = (await server.client.get("/api/avatars/head")).json()["properties"]
    assert offered["seed"]["maximum"] == 1_000_000
    answer = await server.client.post(
        "/api/avatars/head", json={"name": "ruth", "choices": {"seed": 7, "age": 60, "skin": None}}
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == "/api/avatars/ruth"
    known = (await server.client.get("/api/avatars")).json()["avatars"]
    assert "ruth" in [one["name"] for one in known]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ({"name": "../x", "choices": {}}, "not a name"),
        ({"name": "nova", "choices": {}}, "built-in"),
        ({"name": "x", "choices": {"age": 7}}, "age"),
        ({"name": "x", "choices": {"wings": 2}}, "wings"),
        ({"name": "x", "choices": {str(n): 1 for n in range(99)}}, "choices"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"choices": {}}, "name"),
    ],
)
async def test_a_head_that_cannot_be_is_told(server, tmp_path: Path, body: dict, fault: str) -> None:
    answer = await server.client.post("/api/avatars/head", json=body)
    assert answer.status_code == 400, answer.text
    assert fault in answer.json()["message"]
    assert not list((tmp_path / "home").rglob("avatar.toml"))


async def test_a_character_becomes_an_avatar(server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.engines.rig.characters.small import plain_character

    from visavis.engines.rig.characters import build

    monkeypatch.setattr(build, "prune", lambda mesh, **_: mesh)
    monkeypatch.setattr(build, "bake", lambda mesh: mesh)
    body = plain_character().to_bytes()
    answer = await server.client.post("/api/avatars?filename=Robin.glb&origin=character", content=body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == "robin"
    assert "Of the 52 shapes 7 are there" in answer.json()["remarks"][0]
    cut = await server.client.post("/api/avatars?filename=cut.glb&origin=character", content=body[:900])
    assert cut.status_code == 400
    assert "cut short" in cut.json()["message"]
