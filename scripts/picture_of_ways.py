"""The README's picture of the engines side by side: `python scripts/picture_of_ways.py PICTURE CHARACTER`.

A drawn person, a picture that talks, a person of splats seen from the side, and somebody's own character, each in the middle of a word.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from visavis.arkit import INDEX
from visavis.avatars import Likeness
from visavis.engines.gaussian import GaussianEngine
from visavis.engines.portrait import PortraitEngine
from visavis.engines.portrait.create import portrait_of
from visavis.render.picture import rgb_from_i420
from visavis.session.creation import Request, create_avatar
from visavis.session.faces import InstalledFaces
from visavis.settings import load_settings
from visavis.types import U8, Engine, FaceFrame

OUT: Final = Path(__file__).resolve().parent.parent / "docs" / "images" / "ways.jpg"
SIZE: Final = 512
WORD: Final = {
    "jawOpen": 0.42,
    "mouthSmile": 0.35,
    "mouthUpperUp": 0.25,
    "mouthLowerDown": 0.35,
    "browInnerUp": 0.25,
    "cheekSquint": 0.2,
}
"""An open vowel, said with a smile; a name without its side stands for both."""


def speaking(yaw: float) -> FaceFrame:
    face = FaceFrame.neutral()
    weights = face.weights.copy()
    for name, weight in WORD.items():
        for side in [name] if name in INDEX else [name + "Left", name + "Right"]:
            weights[INDEX[side]] = weight
    return FaceFrame(0, weights, np.array([yaw, 0.02, 0.03], np.float32), face.head_translation, face.gaze)


def drawn(engine: Engine, yaw: float) -> U8:
    """After a second, when what trails the head has come to rest."""
    for _ in range(30):
        frame = engine.draw(speaking(yaw))
    return rgb_from_i420(frame.i420)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path)
    parser.add_argument("character", type=Path)
    given = parser.parse_args()
    settings = load_settings()
    faces = InstalledFaces(settings.home, settings.cache)
    nova = faces.avatar("nova")
    portrait, _ = portrait_of(given.picture, {}, settings.cache, lambda doing, part: None)
    likeness = Likeness(origin="character", statement="For a picture.")
    wish = Request(given.character, "for-a-picture", likeness=likeness)
    with tempfile.TemporaryDirectory() as home:
        character, _ = create_avatar(wish, Path(home), settings.cache, lambda doing, part: None)
        own = drawn(faces.engine(character, "rig", SIZE), 0.15)
    splats = faces.engine(nova, "gaussian", SIZE)
    assert isinstance(splats, GaussianEngine)
    pictures = [
        drawn(faces.engine(nova, "rig", SIZE), 0.08),
        drawn(PortraitEngine(portrait, size=SIZE), 0.06),
        drawn(splats, -0.45),
        own,
    ]
    cv2.imwrite(str(OUT), np.hstack(pictures)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
