"""`visavis create` as a person types it: characters and new heads, or one clear line and nothing left behind."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.engines.rig.characters.small import plain_character

from visavis.cli.create import create
from visavis.errors import VisavisError

WRONG = [
    ({}, "Nothing was given"),
    ({"seed": 3, "name": "x"}, "Nothing was given"),
    ({"head": True}, "needs a name"),
    ({"head": True, "name": "x", "age": 7}, "age: "),
    ({"head": True, "name": "x", "option": ["wings=2"]}, "wings: "),
    ({"head": True, "name": "x", "option": ["wings"]}, "no KEY=VALUE"),
    ({"head": True, "name": "No Name"}, "not a name"),
    ({"source": "it", "head": True, "name": "x"}, "not used"),
    ({"source": "it", "age": 30}, "belong to --head"),
    ({"source": "it", "right": True, "option": ["zoom=99"]}, "zoom: "),
    ({"source": "it", "right": True, "option": ["wings=1"]}, "no option 'wings'"),
]


@pytest.mark.parametrize(("given", "fault"), WRONG)
def test_what_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict, fault: str) -> None:
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    source = plain_character().write(tmp_path / "robin.glb") if "source" in given else None
    with pytest.raises(VisavisError, match=fault):
        create(**{**given, "source": source})
    assert not list(tmp_path.rglob("avatar.toml"))


def test_a_character_is_made_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from visavis.engines.rig.characters import build

    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("VISAVIS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(build, "prune", lambda mesh, **_: mesh)
    monkeypatch.setattr(build, "bake", lambda mesh: mesh)
    create(plain_character().write(tmp_path / "robin.glb"), right=True)
    told = " ".join("".join(capsys.readouterr()).split())
    assert "Of the 52 shapes 7 are there" in told
    assert "robin is ready" in told
    assert (tmp_path / "home" / "avatars" / "robin" / "mapping.toml").is_file()
