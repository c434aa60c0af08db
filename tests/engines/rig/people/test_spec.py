"""person.toml: what is wrong is told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.avatars import BUILT_IN
from visavis.engines.rig.people.spec import hair_colour, read_spec
from visavis.errors import BadInput, TooLarge

NOVA = (BUILT_IN / "nova" / "person.toml").read_text(encoding="utf-8")


def test_the_built_in_people_read_and_differ() -> None:
    nova, milo = (read_spec(BUILT_IN / name / "person.toml") for name in ("nova", "milo"))
    assert nova.hair.style != milo.hair.style
    assert nova.identity != milo.identity
    assert hair_colour(milo.hair).mean() > hair_colour(nova.hair).mean(), "Milo is the grey one"


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("seed = 5", "seed = 5\nwings = 2", "wings: Extra inputs"),
        ("seed = 5", "seed = -5", "seed"),
        ('style = "long-bob"', 'style = "beehive"', r"hair\.style"),
        ("albedo = [0.66, 0.40, 0.295]", "albedo = [0.66, 0.40]", r"skin\.albedo"),
        ("albedo = [0.66, 0.40, 0.295]", "albedo = [nan, 0.40, 0.3]", r"skin\.albedo"),
        ("[rest]", "[rest]\njawWide = 0.1", "'jawWide' is not an ARKit shape"),
        ('"head/head-oval" = 0.6', '"head/head-oval" = 50', "identity"),
        ("locks = 26", "locks = 12000", r"hair\.locks"),
        ("[hair]", "[hair", "is not TOML"),
    ],
)
def test_bad_specs(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert old in NOVA
    path = tmp_path / "person.toml"
    path.write_text(NOVA.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInput, match=what) as caught:
        read_spec(path)
    assert "\n" not in str(caught.value)


def test_missing_and_huge(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_spec(tmp_path / "person.toml")
    (tmp_path / "person.toml").write_bytes(b"#" * 100_000)
    with pytest.raises(TooLarge):
        read_spec(tmp_path / "person.toml")
