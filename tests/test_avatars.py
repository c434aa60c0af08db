"""Bundles: read strictly, bounded, installed whole or not at all."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from visavis import avatars
from visavis.avatars import install_bundle, list_avatars, load_avatar, validate
from visavis.errors import BadInput, NotFound, TooLarge, Unavailable

CARD = """
format = 1
name = "iris"
title = "Iris"
engines = ["rig"]
licence = "CC-BY-4.0"
[likeness]
origin = "synthetic"
statement = "Nobody."
[calibration.gains]
jawOpen = 0.9
[assets]
rig = "person.toml"
"""


def make_bundle(folder: Path, card: str = CARD) -> Path:
    folder.mkdir(parents=True)
    (folder / "avatar.toml").write_text(card, encoding="utf-8")
    (folder / "person.toml").write_text("seed = 1\n", encoding="utf-8")
    return folder


def zip_of(folder: Path, path: Path, prefix: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in folder.rglob("*"):
            archive.write(file, prefix + file.relative_to(folder).as_posix())
    return path


def test_the_built_in_people_load(tmp_path: Path) -> None:
    assert [a.name for a in list_avatars(tmp_path)] == ["milo", "nova"]
    nova = load_avatar("nova", tmp_path)
    assert nova.engines == ("rig", "gaussian")
    assert nova.likeness.origin == "synthetic"
    assert nova.asset("rig").is_file()
    assert load_avatar("milo", tmp_path).voice.variant != nova.voice.variant
    with pytest.raises(BadInput, match="cannot run on diffusion"):
        nova.asset("diffusion")


@pytest.mark.parametrize("prefix", ["", "iris-1.0/"])
def test_a_zip_is_installed_listed_and_loaded(tmp_path: Path, prefix: str) -> None:
    home = tmp_path / "home"
    packed = zip_of(make_bundle(tmp_path / "src"), tmp_path / "iris.zip", prefix)
    assert validate(packed).name == "iris"
    installed = install_bundle(packed, home)
    assert installed.folder == home / "avatars" / "iris"
    assert load_avatar("iris", home).gains == {"jawOpen": 0.9}
    assert [a.name for a in list_avatars(home)] == ["milo", "nova", "iris"]
    with pytest.raises(BadInput, match="is installed"):
        install_bundle(packed, home)
    assert install_bundle(packed, home, replace=True).name == "iris"
    assert sorted(p.name for p in (home / "avatars").iterdir()) == ["iris"]


def test_a_folder_can_be_used_by_its_path_and_installed(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "elsewhere")
    assert load_avatar(folder, tmp_path).title == "Iris"
    assert load_avatar(str(folder), tmp_path).title == "Iris"
    assert install_bundle(folder, tmp_path / "home").folder != folder


def test_names_that_nothing_answers_to(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="Known: milo, nova"):
        load_avatar("nobody", tmp_path)
    for name in ("../nova", "No Such", "x" * 200):
        with pytest.raises(NotFound):
            load_avatar(name, tmp_path)
    packed = zip_of(make_bundle(tmp_path / "src"), tmp_path / "iris.zip")
    with pytest.raises(BadInput, match="packed bundle"):
        load_avatar(packed, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("format = 1", "format = 2", "format"),
        ("format = 1", "format = 1\nextra = 3", "extra: Extra inputs"),
        ('name = "iris"', 'name = "../iris"', "is not a name"),
        ('name = "iris"', 'name = "Iris"', "is not a name"),
        ('name = "iris"', f'name = "{"a" * 65}"', "is not a name"),
        ('name = "iris"', "name = 5", "name: Input should be a valid string"),
        ('["rig"]', '["rig", "rig"]', "named twice"),
        ('["rig"]', '["video"]', "engines"),
        ('["rig"]', "[]", "engines"),
        ('["rig"]', '["rig", "gaussian"]', "no file for the engine 'gaussian'"),
        ('"synthetic"', '"photograph"', "needs `consent`"),
        ("jawOpen = 0.9", "jawWide = 0.9", "'jawWide' is not an ARKit shape"),
        ("jawOpen = 0.9", "jawOpen = 90.0", "gains"),
        ("jawOpen = 0.9", "jawOpen = nan", "gains"),
        ('rig = "person.toml"', 'rig = "../person.toml"', "leave its folder"),
        ('rig = "person.toml"', 'rig = "/etc/passwd"', "leave its folder"),
        ('rig = "person.toml"', 'rig = "missing.toml"', "is missing"),
        ('licence = "CC-BY-4.0"', 'licence = ""', "licence"),
        ("[likeness]", "[likeness", "is not TOML"),
        ("[likeness]", "x = " + "[" * 5000, "is not TOML"),
    ],
)
def test_a_bad_card_is_refused_in_one_line_and_nothing_installed(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert old in CARD
    folder = make_bundle(tmp_path / "src", CARD.replace(old, new))
    with pytest.raises(BadInput, match=what) as caught:
        install_bundle(folder, tmp_path / "home")
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "home" / "avatars").iterdir()) == []
    with pytest.raises(BadInput):
        validate(folder)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "src")
    (folder / "avatar.toml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(BadInput, match="is not TOML"):
        validate(folder)
    (folder / "avatar.toml").write_bytes(b"#" * (avatars.MAX_CARD_BYTES + 1))
    with pytest.raises(TooLarge):
        validate(folder)
    (folder / "avatar.toml").unlink()
    with pytest.raises(BadInput, match=r"has no avatar\.toml"):
        validate(folder)


def test_links_in_a_folder_are_refused(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "src")
    (folder / "secret").symlink_to("/etc/passwd")
    with pytest.raises(BadInput, match="link"):
        install_bundle(folder, tmp_path / "home")


def test_built_in_names_cannot_be_taken(tmp_path: Path) -> None:
    folder = make_bundle(tmp_path / "src", CARD.replace('"iris"', '"nova"'))
    with pytest.raises(BadInput, match="built-in"):
        install_bundle(folder, tmp_path / "home")


def test_a_zip_bomb_and_stray_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_bundle(tmp_path / "src")
    (folder / "zeros").write_bytes(b"0" * 200_000)
    packed = zip_of(folder, tmp_path / "bomb.zip")
    monkeypatch.setattr(avatars, "BOUNDS", replace(avatars.BOUNDS, total_bytes=100_000))
    with pytest.raises(TooLarge):
        install_bundle(packed, tmp_path / "home")
    with pytest.raises(TooLarge):
        install_bundle(folder, tmp_path / "home")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("iris/avatar.toml", CARD)
        archive.writestr("other/file", "x")
    with pytest.raises(BadInput, match="one bundle"):
        install_bundle(tmp_path / "two.zip", tmp_path / "home")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("readme", "x")
    with pytest.raises(BadInput, match=r"holds no avatar\.toml"):
        install_bundle(tmp_path / "none.zip", tmp_path / "home")
    with pytest.raises(NotFound):
        install_bundle(tmp_path / "absent.zip", tmp_path / "home")


def test_a_broken_installed_bundle_is_left_out_of_the_list(tmp_path: Path) -> None:
    make_bundle(avatars.installed_root(tmp_path) / "iris", CARD.replace("format = 1", "format = 7"))
    assert [a.name for a in list_avatars(tmp_path)] == ["milo", "nova"]
    with pytest.raises(BadInput, match="format"):
        load_avatar("iris", tmp_path)


def test_a_folder_that_calls_itself_otherwise(tmp_path: Path) -> None:
    make_bundle(avatars.installed_root(tmp_path) / "other")
    with pytest.raises(BadInput, match="calls itself 'iris'"):
        load_avatar("other", tmp_path)


def test_a_replacement_that_cannot_be_put_in_place_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    install_bundle(make_bundle(tmp_path / "old"), home)
    fresh = make_bundle(tmp_path / "fresh", CARD.replace('"Iris"', '"Iris the second"'))
    real = avatars.os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(source).name == "bundle":
            raise OSError("no room")
        real(source, target)

    monkeypatch.setattr(avatars.os, "replace", failing)
    with pytest.raises(Unavailable, match="no room"):
        install_bundle(fresh, home, replace=True)
    assert load_avatar("iris", home).title == "Iris"
