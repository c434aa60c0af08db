"""Making avatars: what is handed over is told by its bytes, and nothing is kept unless it is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.test_avatars import make_bundle, zip_of

from visavis.avatars import Likeness, list_avatars
from visavis.errors import BadInput, NotFound
from visavis.session.creation import Kind, Request, create_avatar, kind_of

SELF_MADE = Likeness(origin="synthetic", statement="Nobody.")


def unheard(doing: str, part: float) -> None:
    del doing, part


@pytest.mark.parametrize(
    ("name", "head", "kind"),
    [
        ("a.jpg", b"\xff\xd8\xff\xe0 and more", Kind.PICTURE),
        ("wrong-name.glb", b"\x89PNG\r\n\x1a\n", Kind.PICTURE),
        ("a.webp", b"RIFF\0\0\0\0WEBPVP8 ", Kind.PICTURE),
        ("a.vrm", b"glTF\x02\0\0\0", Kind.CHARACTER),
        ("a.gltf", b'  {"asset": {}}', Kind.CHARACTER),
        ("a.ply", b"ply\nformat binary", Kind.SPLATS),
        ("a.zip", b"PK\x03\x04", Kind.BUNDLE),
    ],
)
def test_a_source_is_told_by_its_bytes(tmp_path: Path, name: str, head: bytes, kind: Kind) -> None:
    (tmp_path / name).write_bytes(head)
    assert kind_of(tmp_path / name) is kind


def test_a_folder_is_a_bundle_or_a_capture(tmp_path: Path) -> None:
    assert kind_of(make_bundle(tmp_path / "iris")) is Kind.BUNDLE
    assert kind_of(tmp_path) is Kind.CAPTURE


@pytest.mark.parametrize("body", [b"", b"hello", b"\0" * 64, b"<html>", b"RIFF\0\0\0\0WAVE"])
def test_anything_else_is_refused_in_words(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "x.bin").write_bytes(body)
    with pytest.raises(BadInput, match="nothing an avatar can be made of"):
        kind_of(tmp_path / "x.bin")
    with pytest.raises(NotFound):
        kind_of(tmp_path / "missing.jpg")


def test_a_bundle_is_installed(tmp_path: Path) -> None:
    packed = zip_of(make_bundle(tmp_path / "src"), tmp_path / "iris.zip")
    avatar, remarks = create_avatar(Request(packed), tmp_path / "home", tmp_path / "cache", unheard)
    assert (avatar.name, remarks) == ("iris", ())
    with pytest.raises(BadInput, match="is installed"):
        create_avatar(Request(packed), tmp_path / "home", tmp_path / "cache", unheard)


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        ({"name": "No Name"}, "not a name"),
        ({"name": "nova"}, "built-in"),
        ({"likeness": None}, "whose face"),
    ],
)
def test_what_cannot_be_made_leaves_nothing(tmp_path: Path, request_: dict, fault: str) -> None:
    (tmp_path / "face.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    given = Request(tmp_path / "face.jpg", **{"likeness": SELF_MADE, **request_})
    with pytest.raises(BadInput, match=fault):
        create_avatar(given, tmp_path / "home", tmp_path / "cache", unheard)
    assert [a.name for a in list_avatars(tmp_path / "home")] == ["milo", "nova"]
