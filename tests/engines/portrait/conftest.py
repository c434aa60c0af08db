"""Portraits of the shared pictures, made once."""

from functools import lru_cache

import pytest
from tests import needs
from tests.head_data import head_asset

from visavis import assets
from visavis.engines.portrait.build import build_portrait
from visavis.engines.portrait.portrait import Portrait
from visavis.landmarks.pictures import read_picture
from visavis.settings import load_settings

PICTURES = ("pd_astronaut.png", "art_bouguereau_girl.jpg", "art_monalisa.jpg", "art_pearl_earring.jpg")


@lru_cache(maxsize=4)
def portrait_of(name: str) -> Portrait:
    head_asset()
    if assets.find("landmarks", load_settings().cache) is None:
        needs.missing("assets", "the landmark models are not in the cache: visavis setup")
    portrait, _ = build_portrait(read_picture(needs.shared(f"photos/{name}")), name, load_settings().cache)
    return portrait


@pytest.fixture(params=PICTURES)
def portrait(request: pytest.FixtureRequest) -> Portrait:
    """Each of the shared pictures."""
    return portrait_of(request.param)


@pytest.fixture
def girl() -> Portrait:
    """A face straight to the camera, lips closed."""
    return portrait_of("art_bouguereau_girl.jpg")


@pytest.fixture
def smiling() -> Portrait:
    """A face that smiles with teeth."""
    return portrait_of("pd_astronaut.png")
