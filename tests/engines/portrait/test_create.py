"""From a file to a portrait: what cannot be used is refused in one line, and nothing is left behind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests import needs
from tests.engines.portrait.conftest import portrait_of

from visavis.engines.portrait.create import create_portrait, read_options
from visavis.errors import BadInput
from visavis.settings import load_settings


@pytest.mark.parametrize(
    "options", [{"face": "0"}, {"face": "-1"}, {"face": "x"}, {"face": "9" * 50}, {"face": ""}, {"size": "3"}]
)
def test_options_that_do_not_exist(options: dict[str, str]) -> None:
    with pytest.raises(BadInput) as caught:
        read_options(options)
    assert "\n" not in str(caught.value)


def test_pictures_that_cannot_be_used(tmp_path: Path) -> None:
    cache = load_settings().cache
    portrait_of("art_bouguereau_girl.jpg")  # skips where the data are missing
    noise = np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    small = Image.open(needs.shared("photos/pd_astronaut.png")).convert("RGB").resize((128, 128))
    small.save(tmp_path / "small.png")
    out = tmp_path / "out"
    out.mkdir()
    for name, options, why in (("noise.png", {}, "No face"), ("small.png", {}, "pixels high|No face")):
        with pytest.raises(BadInput, match=why):
            create_portrait(tmp_path / name, out, options, cache)
    with pytest.raises(BadInput, match="1 face, not 2"):
        create_portrait(needs.shared("photos/pd_astronaut.png"), out, {"face": "2"}, cache)
    assert list(out.iterdir()) == []
