"""ARKit names in the spellings of many exporters."""

import pytest

from visavis.arkit import SHAPES
from visavis.engines.rig.characters.names import Meaning, meaning_of


def snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_in_the_common_spellings(shape: str) -> None:
    wanted = Meaning("shape", shape)
    short = shape.removesuffix("Left") + "_L" if shape.endswith("Left") else shape.removesuffix("Right") + "_R"
    short = short if shape.endswith(("Left", "Right")) else shape
    for spelling in (shape, shape[0].upper() + shape[1:], shape.lower(), shape.upper(), snake(shape), short, f"BS_{shape}",
                     f"blendShape1.{short}", f"ARKit.{shape}", f"Head_Mesh|{shape}", f"face-{snake(shape)}"):  # fmt: skip
        assert meaning_of(spelling) == wanted, spelling


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("browInnerUp_L", Meaning("half", "browInnerUp", "left")),
        ("cheekPuffRight", Meaning("half", "cheekPuff", "right")),
        ("mouthSmile", Meaning("pair", "mouthSmile")),
        ("eyesClosed", Meaning("pair", "eyeBlink")),
        ("Blink_L", Meaning("shape", "eyeBlinkLeft")),
        ("L_eyeBlink", Meaning("shape", "eyeBlinkLeft")),
        ("mouthLeftSmile", Meaning("shape", "mouthSmileLeft")),
        ("mouthOpen", Meaning("shape", "jawOpen")),
        ("viseme_PP", Meaning("viseme", "PP")),
        ("viseme_I", Meaning("viseme", "ih")),
        ("vrc.v_ou", Meaning("viseme", "ou")),
        ("Fcl_MTH_A", Meaning("viseme", "aa")),
        ("Face.M_F00_000_00_Fcl_BRW_Angry", Meaning("expression", "angry", part="brows")),
        ("Fcl_EYE_Close_R", Meaning("shape", "eyeBlinkRight")),
        ("まばたき", Meaning("pair", "eyeBlink")),
        ("あ", Meaning("viseme", "aa")),
        ("lookUp", Meaning("expression", "lookUp")),
    ],
)
def test_pairs_halves_visemes_and_feelings(name: str, meaning: Meaning) -> None:
    assert meaning_of(name) == meaning


@pytest.mark.parametrize("name", ["", "Basis", "HideHair", "a", "A", "skirt_L", "Key 1", "\x00", "L", "left"])
def test_what_nobody_could_tell(name: str) -> None:
    assert meaning_of(name) is None
