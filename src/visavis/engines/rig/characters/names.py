"""Morph targets by name: the 52 ARKit shapes in the spellings that exporters give them, visemes, and VRoid's own names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from visavis.arkit import SHAPES

Side = Literal["left", "right"]
Part = Literal["brows", "eyes", "mouth"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a morph target is.

    kind  "shape": an ARKit shape · "pair": both sides of one · "half": one side of a shape that ARKit gives no sides ·
          "viseme": a sound · "expression": a feeling or a VRM preset, on the whole face or on one part
    """

    kind: Literal["shape", "pair", "half", "viseme", "expression"]
    name: str
    side: Side | None = None
    part: Part | None = None


_VISEMES: Final = ("sil", "PP", "FF", "TH", "DD", "kk", "CH", "SS", "nn", "RR", "aa", "E", "ih", "oh", "ou")
"""The fifteen of Oculus; I, O and U are other spellings of the last three."""
_OF_VRM: Final = {"aa": "aa", "ih": "ih", "ou": "ou", "ee": "E", "oh": "oh"}
_FEELINGS: Final = ("happy", "angry", "sad", "relaxed", "surprised")
_VROID_PART: Final[dict[str, Part]] = {"brw": "brows", "eye": "eyes", "mth": "mouth"}
_VROID: Final = {"joy": "happy", "fun": "relaxed", "sorrow": "sad", "angry": "angry", "surprised": "surprised"}
_JAPANESE: Final = {
    "あ": Meaning("viseme", "aa"), "い": Meaning("viseme", "ih"), "う": Meaning("viseme", "ou"), "え": Meaning("viseme", "E"),
    "お": Meaning("viseme", "oh"), "まばたき": Meaning("pair", "eyeBlink"), "ウィンク": Meaning("shape", "eyeBlinkLeft"),
    "ウィンク右": Meaning("shape", "eyeBlinkRight"), "にこり": Meaning("expression", "happy", part="brows"),
    "怒り": Meaning("expression", "angry", part="brows"), "困る": Meaning("expression", "sad", part="brows"),
    "びっくり": Meaning("expression", "surprised", part="eyes"), "笑い": Meaning("pair", "eyeSquint"),
    "にやり": Meaning("pair", "mouthSmile"), "∧": Meaning("pair", "mouthFrown"),
}  # fmt: skip
"""The names of MikuMikuDance models."""


def stem_of(shape: str) -> tuple[str, Side | None]:
    """An ARKit shape's name without its side, and the side where the shape is one of a pair."""
    for side in SIDES:
        end = side.capitalize()
        if shape.endswith(end) and shape.removesuffix(end) + {"left": "Right", "right": "Left"}[side] in SHAPES:
            stem = shape.removesuffix(end)
            if stem not in {"jaw", "mouth"}:
                return stem, side
    return shape, None


PAIRED: Final = tuple(dict.fromkeys(stem for stem, side in map(stem_of, SHAPES) if side))
UNPAIRED: Final = tuple(shape for shape in SHAPES if stem_of(shape)[1] is None)


@lru_cache(maxsize=1)
def spellings() -> dict[str, Meaning]:
    """Every known spelling, lower case without separators."""
    table: dict[str, Meaning] = {}

    def add(spelling: str, meaning: Meaning) -> None:
        table.setdefault(spelling.lower(), meaning)

    for shape in SHAPES:
        add(shape, Meaning("shape", shape))
    for shape, letter in (("jawLeft", "jawL"), ("jawRight", "jawR"), ("mouthLeft", "mouthL"), ("mouthRight", "mouthR")):
        add(letter, Meaning("shape", shape))
    for stem in PAIRED:
        words = re.findall(r"[A-Z]?[a-z]+", stem)
        for side in SIDES:
            meaning = Meaning("shape", stem + side.capitalize())
            for mark in (side, side[0]):
                add(stem + mark, meaning)
                add(words[0] + mark + "".join(words[1:]), meaning)
                add(mark + stem, meaning)
        add(stem, Meaning("pair", stem))
        add(words[0] + "s" + "".join(words[1:]), Meaning("pair", stem))
    for shape in UNPAIRED:
        for side in SIDES:
            for mark in (side, side[0]):
                add(shape + mark, Meaning("half", shape, side))
    for side in SIDES:
        for mark in (side, side[0]):
            for blink in ("blink", "eyeClose", "eyeClosed", "eyesClosed", "wink"):
                add(blink + mark, Meaning("shape", f"eyeBlink{side.capitalize()}"))
            add("smile" + mark, Meaning("shape", f"mouthSmile{side.capitalize()}"))
    for word, stem in (("blink", "eyeBlink"), ("eyesClosed", "eyeBlink"), ("eyeClose", "eyeBlink"), ("smile", "mouthSmile"),
                       ("frown", "mouthFrown"), ("browsDown", "browDown")):  # fmt: skip
        add(word, Meaning("pair", stem))
    for word, shape in (("mouthOpen", "jawOpen"), ("jawDrop", "jawOpen"), ("tongue", "tongueOut"), ("mouthPuck", "mouthPucker"),
                        ("mouthO", "mouthFunnel"), ("browsUp", "browInnerUp"), ("browInnerUpBoth", "browInnerUp")):  # fmt: skip
        add(word, Meaning("shape", shape))
    _add_sounds_and_feelings(table)
    return table


def _add_sounds_and_feelings(table: dict[str, Meaning]) -> None:
    for viseme in _VISEMES:
        for spelling in {"aa": ("aa", "a"), "ih": ("ih", "i"), "ou": ("ou", "u"), "oh": ("oh", "o"), "E": ("e", "ee")}.get(
            viseme, (viseme,)
        ):
            for prefix in ("viseme", "vrcv", "v", "mouthviseme", "fclmth", "vowel"):
                table.setdefault((prefix + spelling).lower(), Meaning("viseme", viseme))
    for preset, viseme in {**_OF_VRM, "ah": "aa", "eh": "E"}.items():
        table.setdefault(preset.lower(), Meaning("viseme", viseme))
    for feeling in _FEELINGS:
        table.setdefault(feeling, Meaning("expression", feeling))
    for part, place in _VROID_PART.items():
        for word, feeling in _VROID.items():
            table.setdefault(f"fcl{part}{word}", Meaning("expression", feeling, part=place))
    for word, feeling in _VROID.items():
        table.setdefault(f"fclall{word}", Meaning("expression", feeling))
        table.setdefault(word, Meaning("expression", feeling))
    for way in ("Up", "Down", "Left", "Right"):
        for spelling in (f"look{way}", f"eyesLook{way}"):
            table.setdefault(spelling.lower(), Meaning("expression", f"look{way}"))
    table["fcleyeclose"] = Meaning("pair", "eyeBlink")
    table["fcleyeclosel"] = Meaning("shape", "eyeBlinkLeft")
    table["fcleyecloser"] = Meaning("shape", "eyeBlinkRight")


def meaning_of(name: str) -> Meaning | None:
    """What a morph target or expression of this name is; None where nobody could tell.

    Prefixes before a separator are left away, one after the other: `Head_blendShape1.mouthSmile_L` is mouthSmileLeft.
    """
    if name in _JAPANESE:
        return _JAPANESE[name]
    words = [word for word in re.split(r"[^A-Za-z0-9]+", name) if word]
    table = spellings()
    for first in range(len(words)):
        found = table.get("".join(words[first:]).lower())
        if found is not None and (first == 0 or len("".join(words[first:])) > 3 or found.kind == "viseme"):
            return found
    return None
